/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random writes, each after a lookup: what bpfmon says that the value was is held against what
 * this read. `before SYSCALLS PROGRAMS [SEED]`: how many by bpf(2), how many by a BPF program.
 * Prints a line for each: id of the map, what was done, by whom, on which CPU, the key, the value
 * as looked up before ("-": there was none), the result.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/before.skel.h"
#include "mapid.h"

#define KEYS 20		/* different keys of a map, so that most come again */
#define ENTRIES 64
#define MAPS 64
#define CPUS_MAX 64

struct map {
	int fd;
	uint32_t id, type, key_size, value_size, total;	/* total: of a lookup, over all CPUs */
};

static uint64_t seed = 1;
static int cpus;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33) % n;
}

static bool is_array(const struct map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool is_percpu(const struct map *m)
{
	return m->type == BPF_MAP_TYPE_PERCPU_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       m->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static void describe(struct map *m)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(m->fd, &info, &len)) {
		perror("before: info");
		exit(1);
	}
	m->id = info.id;
	m->type = info.type;
	m->key_size = info.key_size;
	m->value_size = info.value_size;
	m->total = is_percpu(m) ? (uint32_t)cpus * ((m->value_size + 7) & ~7u) : m->value_size;
}

static void make(struct map *m, enum bpf_map_type type, uint32_t key_size, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);

	m->fd = bpf_map_create(type, "before", key_size, 1 + random_below(64), ENTRIES, &opts);
	if (m->fd < 0) {
		perror("before: map");
		exit(1);
	}
	describe(m);
}

static size_t make_all(struct map maps[MAPS])
{
	static const uint32_t key_sizes[] = { 1, 4, 7, 8, 12, 16, 33, 64 };
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		make(&maps[n++], BPF_MAP_TYPE_ARRAY, 4, i == 1 ? BPF_F_MMAPABLE : 0);
		make(&maps[n++], BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0);
	}
	for (size_t i = 0; i < sizeof(key_sizes) / sizeof(key_sizes[0]); i++) {
		make(&maps[n++], BPF_MAP_TYPE_HASH, key_sizes[i], 0);
		make(&maps[n++], BPF_MAP_TYPE_HASH, key_sizes[i], BPF_F_NO_PREALLOC);
		make(&maps[n++], BPF_MAP_TYPE_LRU_HASH, key_sizes[i], 0);
		make(&maps[n++], BPF_MAP_TYPE_PERCPU_HASH, key_sizes[i], 0);
		make(&maps[n++], BPF_MAP_TYPE_PERCPU_HASH, key_sizes[i], BPF_F_NO_PREALLOC);
		make(&maps[n++], BPF_MAP_TYPE_LRU_PERCPU_HASH, key_sizes[i], 0);
	}
	return n;
}

static void random_key(const struct map *m, uint8_t *key)
{
	uint32_t index = random_below(KEYS);

	/* Bytes that differ in each place, from a number that comes again. */
	for (uint32_t i = 0; i < m->key_size; i++)
		key[i] = (uint8_t)(index * 37 + i * i);
	if (is_array(m))
		memcpy(key, &index, sizeof(index));
}

static void print_hex(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", bytes[i]);
}

static void print_write(const struct map *m, const char *what, const char *by, int cpu,
			const uint8_t *key, const uint8_t *old, int result)
{
	printf("%u %s %s %d ", m->id, what, by, cpu);
	print_hex(key, m->key_size);
	printf(" ");
	if (old)
		print_hex(old, m->total);
	else
		printf("-");
	printf(" %d\n", result);
}

static void by_syscall(const struct map *m)
{
	static uint8_t old[CPUS_MAX * 64], value[CPUS_MAX * 64], key[64], gone[CPUS_MAX * 64];
	static const uint64_t flags[] = { BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST };
	uint32_t what = random_below(8);
	const char *name = "update";
	bool found;
	int err;

	random_key(m, key);
	for (uint32_t i = 0; i < m->total; i++)
		value[i] = (uint8_t)random_below(256);
	found = !bpf_map_lookup_elem(m->fd, key, old);
	if (what < 5) {
		err = bpf_map_update_elem(m->fd, key, value, flags[random_below(4)]);
	} else if (what < 7 || is_array(m)) {
		name = "delete";
		err = bpf_map_delete_elem(m->fd, key);
	} else {
		name = "lookup_and_delete";
		err = bpf_map_lookup_and_delete_elem(m->fd, key, gone);
	}
	print_write(m, name, "syscall", 0, key, found ? old : NULL, err);
}

static void by_program(struct before_bpf *skel, const struct map *m, uint32_t number, int cpu)
{
	char packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	static uint8_t old[CPUS_MAX * 64], key[64];
	uint32_t what = random_below(3);
	bool found;

	random_key(m, key);
	memcpy(skel->bss->key, key, m->key_size);
	for (uint32_t i = 0; i < m->value_size; i++)
		skel->bss->value[i] = (uint8_t)random_below(256);
	skel->bss->which = number;
	skel->bss->removes = !what;
	skel->bss->flags = BPF_ANY;
	found = !bpf_map_lookup_elem(m->fd, key, old);
	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.before), &opts)) {
		perror("before: run");
		exit(1);
	}
	print_write(m, what ? "update" : "delete", "program", cpu, key, found ? old : NULL,
		    (int)skel->bss->result);
}

static int pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct map maps[MAPS], written[6];
	struct before_bpf *skel;
	struct bpf_map *map;
	size_t n, i = 0;

	cpus = libbpf_num_possible_cpus();
	if (argc < 3 || cpus < 1 || cpus > CPUS_MAX)
		return 2;
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	n = make_all(maps);
	skel = before_bpf__open_and_load();
	if (!skel) {
		perror("before: load");
		return 1;
	}
	bpf_object__for_each_map (map, skel->obj) {
		if (bpf_map__is_internal(map))
			continue;
		written[i].fd = bpf_map__fd(map);
		describe(&written[i++]);
	}
	for (unsigned long left = strtoul(argv[1], NULL, 10); left; left--)
		by_syscall(&maps[random_below((uint32_t)n)]);
	for (unsigned long left = strtoul(argv[2], NULL, 10); left; left--) {
		int cpu = (int)random_below((uint32_t)cpus);
		uint32_t number = random_below(6);

		if (!pin_to_cpu(cpu))
			by_program(skel, &written[number], number, cpu);
	}
	before_bpf__destroy(skel);
	return 0;
}
