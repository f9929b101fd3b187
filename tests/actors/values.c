/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes the maps of values.bpf.c, and some with BTF that clang 14 does not make. A line of JSON for
 * each: {"name":"v_bits","id":12}, or why this kernel has no such map. Holds them until stdin is
 * closed.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actors/values.skel.h"
#include "mapid.h"

static void say(const char *name, int fd)
{
	if (fd < 0)
		printf("{\"name\":\"%s\",\"skip\":\"%s\"}\n", name, strerror(-fd));
	else
		printf("{\"name\":\"%s\",\"id\":%u}\n", name, map_id(fd));
}

/* One map alone, or those of the sections: what a kernel refuses must not take others with it. */
static void load(const char *name)
{
	struct values_bpf *skel = values_bpf__open();
	bool sections = !strcmp(name, "sections");
	struct bpf_map *map;
	int err;

	if (!skel) {
		say(name, -errno);
		return;
	}
	bpf_object__for_each_map (map, skel->obj)
		if (!bpf_map__is_internal(map))
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), name));
	err = values_bpf__load(skel);
	bpf_object__for_each_map (map, skel->obj)
		if (sections ? bpf_map__is_internal(map) : !strcmp(bpf_map__name(map), name))
			say(bpf_map__name(map), err ? err : bpf_map__fd(map));
}

/* ---- maps with BTF of our own ---- */

/* enum big and enum small, of 64 bits without and with sign */
static int enum64(struct btf *btf)
{
	int big = btf__add_enum64(btf, "big", 8, false), small, value;

	btf__add_enum64_value(btf, "BIG", 1ull << 40);
	btf__add_enum64_value(btf, "BIGGEST", ~0ull);
	small = btf__add_enum64(btf, "small", 8, true);
	btf__add_enum64_value(btf, "MINUS", (__u64)-5);
	value = btf__add_struct(btf, "enums64", 16);
	btf__add_field(btf, "big_enum", big, 0, 0);
	btf__add_field(btf, "small_enum", small, 64, 0);
	return value;
}

/* A pointer that programs keep there, and a number. */
static int kptr(struct btf *btf, const char *tag)
{
	int u64 = btf__add_int(btf, "unsigned long long", 8, 0), task, ptr, value;

	task = btf__add_struct(btf, "task_struct", 8);
	btf__add_field(btf, "pid", u64, 0, 0);
	ptr = btf__add_ptr(btf, btf__add_type_tag(btf, tag, task));
	value = btf__add_struct(btf, "kernel_pointer", 16);
	btf__add_field(btf, "task_ptr", ptr, 0, 0);
	btf__add_field(btf, "count", u64, 64, 0);
	return value;
}

static int kptr_old(struct btf *btf)
{
	return kptr(btf, "kptr");	/* up to 6.3 */
}

static int kptr_new(struct btf *btf)
{
	return kptr(btf, "kptr_untrusted");
}

static int make(const char *name, int (*value)(struct btf *btf))
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	struct btf *btf = btf__new_empty();
	int err;

	opts.btf_key_type_id = (__u32)btf__add_int(btf, "unsigned int", 4, 0);
	opts.btf_value_type_id = (__u32)value(btf);
	err = btf__load_into_kernel(btf);
	opts.btf_fd = (__u32)btf__fd(btf);
	return err ? err : bpf_map_create(BPF_MAP_TYPE_HASH, name, 4, 16, 64, &opts);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int main(void)
{
	static const char *const names[] = {
		"v_integers", "v_bits",	     "v_enums",	   "v_nested",
		"v_strings",  "v_addresses", "v_pointers", "v_lock",
		"v_timer",    "v_typedef",   "v_array",	   "v_sessions_by_tuple",
		"v_percpu",   "v_plain",     "sections",
	};
	char byte;
	int fd;

	libbpf_set_print(quiet);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		load(names[i]);
	say("v_enum64", make("v_enum64", enum64));
	fd = make("v_kptr", kptr_new);
	say("v_kptr", fd < 0 ? make("v_kptr", kptr_old) : fd);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
