/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Details of maps, by id, newest use first; see mapinfo.h. */
#include "btf/mapinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btfval.h"
#include "lib/clock.h"
#include "btf/mapname.h"
#include "facts/mapfacts.h"

#define HEADS 1024	/* chains: with all maps four entries each */

/* One for each BTF, however many maps have it. */
struct shared_btf {
	struct shared_btf *next;
	uint32_t id, bytes;
	uint32_t users;		/* entries */
	struct btf *btf;	/* NULL: not well-formed, or too large */
};

struct entry {
	struct entry *next;		/* in its chain */
	struct entry *older, *newer;	/* by use */
	uint32_t id;
	uint64_t address;		/* as in the records; 0: not known yet */
	bool asked;
	bool known;			/* info is valid; else there was nobody to ask */
	struct event_mapinfo info;
	struct shared_btf *shared;	/* NULL: none */
	struct mapfacts *facts;		/* NULL: none */
};

struct mapinfo {
	const struct mapinfo_source *source;
	struct entry *heads[HEADS];
	struct entry *oldest, *newest;
	uint32_t count;
	struct shared_btf *btfs;
	uint64_t btf_bytes;
	uint64_t second_ns;	/* CLOCK_MONOTONIC; since when bytes are counted as read */
	uint64_t read_bytes;
	uint64_t serials, forgotten;	/* of facts */
};

struct mapinfo *mapinfo_new(const struct mapinfo_source *source)
{
	struct mapinfo *mi = calloc(1, sizeof(*mi));

	if (mi)
		mi->source = source;
	return mi;
}

/* ---- entries ---- */

static struct entry *find(struct mapinfo *mi, uint32_t id)
{
	struct entry *e = mi->heads[id % HEADS];

	while (e && e->id != id)
		e = e->next;
	return e;
}

static void unlink_use(struct mapinfo *mi, struct entry *e)
{
	*(e->older ? &e->older->newer : &mi->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &mi->newest) = e->older;
}

static void link_newest(struct mapinfo *mi, struct entry *e)
{
	e->newer = NULL;
	e->older = mi->newest;
	*(e->older ? &e->older->newer : &mi->oldest) = e;
	mi->newest = e;
}

static void release_btf(struct mapinfo *mi, struct shared_btf *shared)
{
	struct shared_btf **at = &mi->btfs;

	if (!shared || --shared->users)
		return;
	while (*at != shared)
		at = &(*at)->next;
	*at = shared->next;
	mi->btf_bytes -= shared->bytes;
	btf__free(shared->btf);
	free(shared);
}

static void drop(struct mapinfo *mi, struct entry *e)
{
	struct entry **at = &mi->heads[e->id % HEADS];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_use(mi, e);
	release_btf(mi, e->shared);
	mapfacts_free(e->facts);
	free(e);
	mi->count--;
}

/* What can be asked again goes, what was learned stays. */
static void forget_info(struct mapinfo *mi, struct entry *e)
{
	release_btf(mi, e->shared);
	e->shared = NULL;
	e->info = (struct event_mapinfo){ 0 };
	e->asked = e->known = false;
}

/* Never the newest: its BTF alone is less than the bound. */
static void make_room(struct mapinfo *mi)
{
	struct entry *e, *newer;

	while (mi->count > MAPINFO_MAPS) {
		mi->forgotten += mi->oldest->facts != NULL;
		drop(mi, mi->oldest);
	}
	for (e = mi->oldest; mi->btf_bytes > MAPINFO_BTF_BYTES && e != mi->newest; e = newer) {
		newer = e->newer;
		if (e->facts)
			forget_info(mi, e);
		else
			drop(mi, e);
	}
}

/* NULL: there is none, or no memory to make one. */
static struct entry *get_entry(struct mapinfo *mi, uint32_t id, uint64_t address, bool make)
{
	struct entry *e = find(mi, id);

	/* The end of the map that had this id before was not seen. */
	if (e && e->address && address && e->address != address) {
		drop(mi, e);
		e = NULL;
	}
	if (e) {
		e->address = e->address ?: address;
		if (e != mi->newest) {
			unlink_use(mi, e);
			link_newest(mi, e);
		}
		return e;
	}
	e = make ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return NULL;
	e->id = id;
	e->address = address;
	e->next = mi->heads[id % HEADS];
	mi->heads[id % HEADS] = e;
	link_newest(mi, e);
	mi->count++;
	make_room(mi);
	return e;
}

void mapinfo_drop(struct mapinfo *mi, uint32_t id)
{
	struct entry *e = find(mi, id);

	if (e)
		drop(mi, e);
}

void mapinfo_free(struct mapinfo *mi)
{
	if (!mi)
		return;
	while (mi->oldest)
		drop(mi, mi->oldest);
	free(mi);
}

/* ---- BTF ---- */

static bool may_read(struct mapinfo *mi, uint32_t bytes)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - mi->second_ns >= 1000000000) {
		mi->second_ns = now;
		mi->read_bytes = 0;
	}
	if (mi->read_bytes + bytes > MAPINFO_READ_BYTES)
		return false;
	mi->read_bytes += bytes;
	return true;
}

/* Types lie aligned, which an odd length of the header would prevent. */
struct btf *mapinfo_parse_btf(const void *data, uint32_t bytes)
{
	struct btf *btf = btf__new(data, bytes);

	if (btf && (uintptr_t)btf__type_by_id(btf, 1) % _Alignof(struct btf_type)) {
		btf__free(btf);
		return NULL;
	}
	return btf;
}

static int read_btf(struct mapinfo *mi, struct shared_btf *shared)
{
	const struct mapinfo_source *source = mi->source;
	uint32_t max = shared->id ? MAPINFO_ONE_BTF_BYTES : MAPINFO_KERNEL_BTF_BYTES, size = 0;
	void *data = NULL;
	int err = source->btf(source->context, shared->id, NULL, &size);

	if (err || size > max)
		return err;
	if (!may_read(mi, size))
		return -EAGAIN;
	err = source->btf(source->context, shared->id, &data, &size);
	if (err)
		return err;
	shared->btf = mapinfo_parse_btf(data, size);
	free(data);
	/* libbpf keeps the bytes, and at most 5 for each type, which has 12 at least. */
	shared->bytes = shared->btf ? size + size / 2 : 0;
	mi->btf_bytes += shared->bytes;
	return 0;
}

static int share_btf(struct mapinfo *mi, uint32_t id, struct shared_btf **out)
{
	struct shared_btf *s = mi->btfs;
	int err;

	while (s && s->id != id)
		s = s->next;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return -ENOMEM;
		s->id = id;
		err = read_btf(mi, s);
		if (err) {
			free(s);
			return err;
		}
		s->next = mi->btfs;
		mi->btfs = s;
	}
	s->users++;
	*out = s;
	return 0;
}

/* ---- asking ---- */

/* Records name a map by its address, bpf(2) by its id: both must mean the same. */
static bool is_same_map(const struct event_map *m, const struct bpf_map_info *info)
{
	return info->id == m->id && info->type == m->type && info->key_size == m->key_size &&
	       info->value_size == m->value_size &&
	       !strncmp(info->name, m->name, sizeof(info->name));
}

/* A type of another size is not that of the bytes. */
static uint32_t type_of_size(const struct btf *btf, uint32_t type, uint32_t size)
{
	return type && btfval_size(btf, type) == size ? type : 0;
}

static void set_info(struct entry *e, const struct bpf_map_info *info)
{
	const struct btf *btf = e->shared ? e->shared->btf : NULL;

	e->known = true;
	/* The BTF may have gone with the map a moment after it was told: an id of nothing. */
	e->info.btf_id = e->shared ? info->btf_id : 0;
	e->info.btf = btf;
	if (!btf)
		return;
	if (info->btf_vmlinux_value_type_id) {
		e->info.value_type =
			type_of_size(btf, info->btf_vmlinux_value_type_id, info->value_size);
		return;
	}
	e->info.key_type = type_of_size(btf, info->btf_key_type_id, info->key_size);
	e->info.value_type = type_of_size(btf, info->btf_value_type_id, info->value_size);
	e->info.full_name = mapname_complete(btf, info->name, info->type, info->btf_key_type_id,
					     info->btf_value_type_id);
}

/*
 * Elements of a prog_array go when its last descriptor is closed. Ours must not be that one: what
 * programs still use it by would be taken out once more, as our doing.
 */
static bool may_open(const struct event_map *m)
{
	return m->type != BPF_MAP_TYPE_PROG_ARRAY;
}

/* False: not now. */
static bool find_btf(struct mapinfo *mi, const struct bpf_map_info *info, struct shared_btf **out)
{
	/* Types of struct_ops are the kernel's; those of a module are in neither. */
	uint32_t id = info->btf_vmlinux_value_type_id ? 0 : info->btf_id;

	if (!id && !info->btf_vmlinux_value_type_id)
		return true;
	return share_btf(mi, id, out) != -EAGAIN;
}

static void ask_about(struct mapinfo *mi, struct entry *e, const struct event_map *m)
{
	const struct mapinfo_source *source = mi->source;
	struct bpf_map_info info = { 0 };
	int err;

	err = may_open(m) ? source->map(source->context, m->id, &info) : -EPERM;
	e->asked = err || !is_same_map(m, &info) || find_btf(mi, &info, &e->shared);
	if (err || !e->asked || !is_same_map(m, &info))
		return;
	set_info(e, &info);
	make_room(mi);
}

void mapinfo_get(struct mapinfo *mi, struct event_map *m, bool ask)
{
	struct entry *e;

	m->info = NULL;
	m->facts = NULL;
	if (!m->known || !m->id)
		return;
	e = get_entry(mi, m->id, m->address, ask);
	if (!e)
		return;
	if (!e->asked && ask)
		ask_about(mi, e, m);
	if (e->known)
		m->info = &e->info;
	if (e->facts)
		m->facts = mapfacts_get(e->facts, &mi->serials);
}

/* ---- facts ---- */

struct mapfacts *mapinfo_facts(struct mapinfo *mi, uint32_t id, uint64_t address, bool make)
{
	struct entry *e = get_entry(mi, id, address, make);

	if (!e || e->facts || !make)
		return e ? e->facts : NULL;
	e->facts = mapfacts_new();
	if (e->facts && mi->forgotten)
		mapfacts_doubt_pins(e->facts);
	return e->facts;
}

void mapinfo_each_facts(struct mapinfo *mi,
			void (*each)(void *context, uint32_t id, struct mapfacts *f), void *context)
{
	for (struct entry *e = mi->oldest; e; e = e->newer)
		if (e->facts)
			each(context, e->id, e->facts);
}

uint64_t mapinfo_forgotten(const struct mapinfo *mi)
{
	return mi->forgotten;
}
