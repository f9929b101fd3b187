/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps and programs that bpf(2) lists, and what belongs to each; see inventory.h. */
#include "inventory/inventory.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdinfo.h"
#include "inventory/evicted.h"
#include "inventory/mapdump.h"
#include "inventory/mapholders.h"
#include "inventory/mapiter.h"
#include "inventory/maplist.h"
#include "inventory/pinwalk.h"

/* Of one map-in-map: what is behind that may lie in it unseen, and is then said. */
#define INNER_MAPS_MAX 65536

/*
 * btf_vmlinux_id came in the place of a hole ("bpf: pass btf object id in bpf_map_info.", 6.9):
 * older headers have no name for it, older kernels leave it 0.
 */
#define VMLINUX_BTF_ID (offsetof(struct bpf_map_info, map_extra) - sizeof(uint32_t))

#define PROG_MAPS 64	/* most programs use fewer maps; more are asked for again */

struct gather {
	struct inventory *inv;
	inventory_want *want;
	void *context;
	struct inv_map *outer;	/* the map-in-maps, wanted or not */
	size_t n_outer;
	struct maplist told;
	struct wire_evicted *evicted;	/* by a bpfmon that watches; NULL: there is none */
};

int inventory_open(uint32_t id)
{
	LIBBPF_OPTS(bpf_get_fd_by_id_opts, opts, .open_flags = BPF_F_RDONLY);
	int fd = bpf_map_get_fd_by_id_opts(id, &opts);

	return fd < 0 ? -errno : fd;
}

/* ---- maps ---- */

int inventory_read(int fd, struct inv_map *m)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct fdinfo more;
	char path[64];
	int err;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	/* What the structure has no room for. */
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	err = fdinfo_read(path, &more);
	if (err)
		return err;
	*m = (struct inv_map){
		.id = info.id,
		.type = info.type,
		.key_size = info.key_size,
		.value_size = info.value_size,
		.max_entries = info.max_entries,
		.flags = info.map_flags,
		.btf_id = info.btf_id,
		.key_type = info.btf_key_type_id,
		.value_type = info.btf_value_type_id,
		.vmlinux_value_type = info.btf_vmlinux_value_type_id,
		.frozen = more.frozen,
		.has_memory = more.has_memory,
		.memory = more.memory,
	};
	memcpy(m->name, info.name, sizeof(m->name));
	memcpy(&m->vmlinux_btf_id, (char *)&info + VMLINUX_BTF_ID, sizeof(m->vmlinux_btf_id));
	return 0;
}

static int add_map(struct gather *g, const struct inv_map *m)
{
	struct inventory *inv = g->inv;
	void *grown;

	if (m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS) {
		grown = inventory_grow(g->outer, g->n_outer, sizeof(*m));
		if (!grown)
			return -ENOMEM;
		g->outer = grown;
		g->outer[g->n_outer++] = *m;
	}
	if (g->want && !g->want(g->context, m->id, m->name))
		return 0;
	grown = inventory_grow(inv->maps, inv->n_maps, sizeof(*m));
	if (!grown)
		return -ENOMEM;
	inv->maps = grown;
	inv->maps[inv->n_maps++] = *m;
	return 0;
}

/* 0, or -ENOMEM. */
static int read_evicted(struct gather *g, int fd, const struct inv_map *m)
{
	struct wire_evicted *counts = calloc(EVICTED_ENTRIES, sizeof(*counts));
	struct mapdump_end end = {};

	if (!counts || mapdump_read(fd, m, EVICTED_ENTRIES, evicted_entry, counts, &end)) {
		free(counts);
		return -ENOMEM;
	}
	if (end.error)
		inventory_gap(g->inv, "what LRU maps pushed out is not known: map %u: %s", m->id,
			      strerror(-end.error));
	g->evicted = evicted_longer(g->evicted, counts);
	return 0;
}

static int gather_maps(struct gather *g)
{
	uint32_t id = 0, *ids;
	struct inv_map m;
	bool no_memory;
	int fd, err;

	while (!bpf_map_get_next_id(id, &id)) {
		ids = inventory_grow(g->told.ids, g->told.n, sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		g->told.ids = ids;
		ids[g->told.n++] = id;
		fd = inventory_open(id);
		if (fd == -ENOENT)
			continue;	/* gone since */
		err = fd < 0 ? fd : inventory_read(fd, &m);
		no_memory = !err && evicted_is(&m) && read_evicted(g, fd, &m);
		if (fd >= 0)
			close(fd);
		if (err)
			inventory_gap(g->inv, "map %u cannot be read: %s", id, strerror(-err));
		else if (no_memory || add_map(g, &m))
			return -ENOMEM;
	}
	return errno == ENOENT ? 0 : -errno;
}

/* ---- programs ---- */

static int add_user(struct inv_map *m, uint32_t prog)
{
	uint32_t *progs = inventory_grow(m->progs, m->n_progs, sizeof(*progs));

	if (!progs)
		return -ENOMEM;
	m->progs = progs;
	progs[m->n_progs++] = prog;
	return 0;
}

/* Its maps' ids, to be freed, and how many; its first function; NULL: no memory, or `err` is set. */
static uint32_t *read_prog(int fd, struct bpf_prog_info *info, struct bpf_func_info *func, int *err)
{
	uint32_t n = PROG_MAPS, len, *ids = NULL, *grown;

	for (;;) {
		grown = realloc(ids, n * sizeof(*ids));
		if (!grown)
			break;
		ids = grown;
		memset(info, 0, sizeof(*info));
		info->nr_func_info = 1;
		info->func_info_rec_size = sizeof(*func);
		info->func_info = (uintptr_t)func;
		info->map_ids = (uintptr_t)ids;
		info->nr_map_ids = n;
		len = sizeof(*info);
		if (bpf_obj_get_info_by_fd(fd, info, &len)) {
			*err = -errno;
			break;
		}
		if (info->nr_map_ids <= n)
			return ids;
		n = info->nr_map_ids;
	}
	free(ids);
	return NULL;
}

static int add_prog(struct inventory *inv, int fd, uint32_t id)
{
	struct inv_prog *progs = inventory_grow(inv->progs, inv->n_progs, sizeof(*progs)), *p;
	struct bpf_func_info func = {};
	struct bpf_prog_info info;
	struct inv_map *m;
	int err = 0;
	uint32_t *ids;

	if (!progs)
		return -ENOMEM;
	inv->progs = progs;
	ids = read_prog(fd, &info, &func, &err);
	if (!ids) {
		if (err)
			inventory_gap(inv, "program %u cannot be read: %s", id, strerror(-err));
		return err ? 0 : -ENOMEM;
	}
	p = &progs[inv->n_progs];
	p->id = id;
	p->type = info.type;
	p->uid = info.created_by_uid;
	memcpy(p->tag, info.tag, sizeof(p->tag));
	memcpy(p->name, info.name, sizeof(p->name));
	p->btf_id = info.nr_func_info ? info.btf_id : 0;
	p->func_type = func.type_id;
	for (uint32_t i = 0; !err && i < info.nr_map_ids; i++) {
		m = inventory_find(inv, ids[i]);
		err = m ? add_user(m, (uint32_t)inv->n_progs) : 0;
	}
	inv->n_progs++;
	free(ids);
	return err;
}

int inventory_users(struct inventory *inv)
{
	uint32_t id = 0;
	int fd, err = 0;

	while (!err && !bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0 && errno != ENOENT)
			inventory_gap(inv, "program %u cannot be read: %s", id, strerror(errno));
		if (fd < 0)
			continue;
		err = add_prog(inv, fd, id);
		close(fd);
	}
	return err;
}

/* ---- map-in-map ---- */

struct parent {
	struct inventory *inv;
	uint32_t id;
	int err;
};

static void add_parent(void *context, const struct mapdump_entry *entry)
{
	struct parent *parent = context;
	uint32_t id, *parents;
	struct inv_map *m;

	if (entry->value_error || entry->value_size < sizeof(id))
		return;
	memcpy(&id, entry->value, sizeof(id));
	m = inventory_find(parent->inv, id);
	/* In the list once, however often it lies in there. */
	if (!m || (m->n_parents && m->parents[m->n_parents - 1] == parent->id))
		return;
	parents = inventory_grow(m->parents, m->n_parents, sizeof(*parents));
	if (!parents) {
		parent->err = -ENOMEM;
		return;
	}
	m->parents = parents;
	parents[m->n_parents++] = parent->id;
}

static int gather_parents(struct gather *g)
{
	struct parent parent = { .inv = g->inv };

	for (size_t i = 0; !parent.err && i < g->n_outer; i++) {
		struct mapdump_end end = {};
		int fd = inventory_open(g->outer[i].id);

		parent.id = g->outer[i].id;
		if (fd == -ENOENT)
			continue;
		if (fd < 0) {
			inventory_gap(g->inv, "map %u cannot be read: %s", parent.id,
				      strerror(-fd));
			continue;
		}
		if (mapdump_read(fd, &g->outer[i], INNER_MAPS_MAX, add_parent, &parent, &end))
			parent.err = -ENOMEM;
		close(fd);
		if (end.error || end.left_out)
			inventory_gap(g->inv, "map %u holds more maps than could be read",
				      parent.id);
	}
	return parent.err;
}

/* ---- all of it ---- */

int inventory_new(inventory_want *want, void *context, struct inventory **out, char *why,
		  size_t why_size)
{
	struct gather g = { .want = want, .context = context };
	struct mapiter *iter = NULL;
	int err = -ENOMEM;

	g.inv = calloc(1, sizeof(*g.inv));
	if (!g.inv)
		goto out;
	err = gather_maps(&g);
	if (err)
		goto out;
	/* In this order: programs and processes of maps that came since are not asked for. */
	iter = mapiter_new();
	if (iter)
		err = maplist_gather(g.inv, iter, &g.told, want, context);
	evicted_put(g.inv, g.evicted);
	if (!err)
		err = inventory_users(g.inv);
	if (!err)
		err = gather_parents(&g);
	if (!err)
		err = pinwalk_gather(g.inv);
	if (!err)
		err = mapholders_gather(g.inv, iter);
out:
	mapiter_free(iter);
	free(g.outer);
	free(g.told.ids);
	free(g.evicted);
	if (!err) {
		*out = g.inv;
		return 0;
	}
	inventory_free(g.inv);
	if (err == -EPERM)
		snprintf(why, why_size,
			 "not permitted to list maps; run as root, or with CAP_SYS_ADMIN");
	else
		snprintf(why, why_size, "cannot list maps: %s", strerror(-err));
	return err;
}
