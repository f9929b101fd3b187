/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All that there is, as facts; see ask.h. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "baseline/ask.h"
#include "baseline/snapfile.h"
#include "cmd/cmd.h"
#include "inventory/pinwalk.h"
#include "lib/log.h"
#include "maptype.h"
#include "version.h"

#define BTF_HASH_TEXT 32 /* of the 64 digits of a SHA-256: enough that none is like another */

void ask_fini(struct ask *a)
{
	facts_fini(&a->facts);
	inventory_free(a->inv);
	for (size_t i = 0; i < a->n_progs; i++)
		free(a->progs[i].maps);
	for (size_t i = 0; i < a->n_cgroups; i++)
		free(a->cgroups[i].path);
	free(a->progs);
	free(a->cgroups);
	*a = (struct ask){};
}

void ask_boot_id(char *out, size_t size)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(out, (int)size, file))
		*out = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (file)
		fclose(file);
}

static void put_info(struct ask *a)
{
	struct fact *f = facts_add(&a->facts, FACT_INFO);
	int cpus = libbpf_num_possible_cpus();
	char boot[64];
	struct timespec ts;
	struct utsname u;

	ask_boot_id(boot, sizeof(boot));
	clock_gettime(CLOCK_REALTIME, &ts);
	uname(&u);
	fact_number(&a->facts, f, ATTR_MINOR, SNAP_MINOR);
	fact_string(&a->facts, f, ATTR_HOST, u.nodename);
	fact_string(&a->facts, f, ATTR_KERNEL, u.release);
	fact_string(&a->facts, f, ATTR_BOOT, boot);
	fact_string(&a->facts, f, ATTR_VERSION, BPFMON_VERSION);
	fact_number(&a->facts, f, ATTR_TIME,
		    (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
	fact_number(&a->facts, f, ATTR_CPUS, cpus > 0 ? (uint64_t)cpus : 0);
}

/* ---- maps ---- */

void ask_type_name(const struct btf *btf, uint32_t id, char *out, size_t size)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *kind = "";

	*out = '\0';
	if (!t)
		return;
	if (btf_is_struct(t))
		kind = "struct ";
	else if (btf_is_union(t))
		kind = "union ";
	snprintf(out, size, "%s%s", kind, btf__name_by_offset(btf, t->name_off) ?: "");
}

static void put_btf(struct ask *a, struct fact *f, const struct inv_map *m)
{
	struct btf *btf = m->btf_id ? btf__load_from_kernel_by_id(m->btf_id) : NULL;
	char text[256];
	const void *raw;
	uint32_t size;

	if (!btf)
		return;
	ask_type_name(btf, m->key_type, text, sizeof(text));
	fact_string(&a->facts, f, ATTR_KEY_TYPE, text);
	ask_type_name(btf, m->value_type, text, sizeof(text));
	fact_string(&a->facts, f, ATTR_VALUE_TYPE, text);
	raw = btf__raw_data(btf, &size);
	if (raw) {
		SHA256Data(raw, size, text);
		text[BTF_HASH_TEXT] = '\0';
		fact_string(&a->facts, f, ATTR_BTF, text);
	}
	btf__free(btf);
}

/* Which programs use it: tells maps of one shape from each other. */
static void put_users(struct ask *a, struct fact *f, const struct inv_map *m)
{
	struct buf b = {};

	for (size_t i = 0; i < m->n_progs; i++) {
		const struct inv_prog *p = &a->inv->progs[m->progs[i]];

		buf_safe(&b, p->name, EVENT_NAME_BYTES);
		buf_str(&b, ",");
	}
	fact_text(&a->facts, f, ATTR_USERS, b.data ?: "", b.len);
	buf_fini(&b);
}

static void put_map(struct ask *a, const struct inv_map *m)
{
	const struct inv_inner *inner = &m->inner;
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct facts *facts = &a->facts;
	struct fact *f = facts_add(facts, FACT_MAP);
	char text[128];
	int fd;

	fact_number(facts, f, ATTR_ID, m->id);
	fact_text(facts, f, ATTR_NAME, m->name, sizeof(m->name));
	fact_number(facts, f, ATTR_TYPE, m->type);
	fact_number(facts, f, ATTR_KEY_SIZE, m->key_size);
	fact_number(facts, f, ATTR_VALUE_SIZE, m->value_size);
	fact_number(facts, f, ATTR_VALUE_BYTES, ask_value_bytes(m));
	fact_number(facts, f, ATTR_MAX_ENTRIES, m->max_entries);
	fact_number(facts, f, ATTR_FLAGS, m->flags);
	fact_number(facts, f, ATTR_FROZEN, m->frozen);
	fact_number(facts, f, ATTR_HIDDEN, m->hidden);
	if (m->has_inner) {
		snprintf(text, sizeof(text), "%s, key %u, value %u, entries %u, flags %#x",
			 maptype_name(inner->type) ?: "?", inner->key_size, inner->value_size,
			 inner->max_entries, inner->flags);
		fact_string(facts, f, ATTR_INNER, text);
	}
	fd = inventory_open(m->id);
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len)) {
		fact_number(facts, f, ATTR_EXTRA, info.map_extra);
		fact_number(facts, f, ATTR_IFINDEX, info.ifindex);
	}
	if (fd >= 0)
		close(fd);
	put_btf(a, f, m);
	put_users(a, f, m);
}

/* ---- pins ---- */

/* What is pinned there, by what its descriptor is called. A link can be opened for writing only. */
static int open_pinned(const char *path, char *what, size_t size)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get_opts(path, &opts);
	char link[64];
	ssize_t n;

	if (fd < 0 && errno == EINVAL)
		fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, what, size - 1);
	what[n > 0 ? n : 0] = '\0';
	return fd;
}

static void each_pin(void *context, const char *path, const struct stat *st, const struct stat *dir)
{
	static const char *const kinds[][2] = { { "anon_inode:bpf-map", "map" },
						{ "anon_inode:bpf-prog", "program" },
						{ "anon_inode:bpf_link", "link" },
						{ "anon_inode:bpf-link", "link" } };
	/* Of each kind the type comes first, then the id. */
	uint32_t words[64] = {}, len = sizeof(words);
	struct ask *a = context;
	const struct ask_prog *p = NULL;
	const struct inv_map *m = NULL;
	const char *kind = NULL;
	char what[64];
	struct fact *f;
	int fd = open_pinned(path, what, sizeof(what));

	if (fd < 0) {
		if (fd != -ENOENT)
			inventory_gap(a->inv, "%s cannot be opened: %s", path, strerror(-fd));
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(what, kinds[i][0]))
			kind = kinds[i][1];
	if (!kind || bpf_obj_get_info_by_fd(fd, words, &len)) {
		close(fd);
		return;
	}
	close(fd);
	if (!strcmp(kind, "map"))
		m = inventory_find(a->inv, words[1]);
	else if (!strcmp(kind, "program"))
		p = ask_prog(a, words[1]);
	else if (!a->all)
		return;
	if ((!strcmp(kind, "map") && !m) || (!a->all && p && !p->wanted))
		return;
	f = facts_add(&a->facts, FACT_PIN);
	fact_string(&a->facts, f, ATTR_PATH, path);
	fact_string(&a->facts, f, ATTR_OBJECT, kind);
	fact_number(&a->facts, f, ATTR_OBJECT_ID, words[1]);
	if (m || p)
		fact_text(&a->facts, f, ATTR_OBJECT_NAME, m ? m->name : p->name, EVENT_NAME_BYTES);
	fact_number(&a->facts, f, ATTR_MODE, st->st_mode & 07777);
	fact_number(&a->facts, f, ATTR_UID, st->st_uid);
	fact_number(&a->facts, f, ATTR_GID, st->st_gid);
	fact_number(&a->facts, f, ATTR_DIR_MODE, dir->st_mode & 07777);
	fact_number(&a->facts, f, ATTR_DIR_UID, dir->st_uid);
}

int ask_host(struct ask *a, inventory_want *want, void *context, bool all)
{
	char why[256];

	*a = (struct ask){ .all = all };
	if (inventory_new(want, context, &a->inv, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
	put_info(a);
	for (size_t i = 0; i < a->inv->n_maps; i++)
		put_map(a, &a->inv->maps[i]);
	/* After the inventory: its own iterators are gone. */
	ask_progs(a);
	ask_cgroups(a);
	ask_links(a);
	ask_net(a);
	ask_perf(a);
	if (pinwalk_files(a->inv, each_pin, a))
		a->err = -ENOMEM;
	if (!a->err && !a->facts.failed)
		return STATUS_DONE;
	log_error("out of memory");
	return STATUS_FAILED;
}
