/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The content of a map, entry by entry. Lookups by bpf(2), in batches or by key, do not mark an
 * element of an LRU map as used: htab_lru_map_lookup_elem_sys() and __htab_map_lookup_batch() leave
 * its reference bit alone ("bpf: add map_lookup_elem_sys_only for lookups from syscall side", 5.2).
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baseline/ask.h"
#include "baseline/snapfile.h"
#include "inventory/mapdump.h"
#include "maptype.h"
#include "out/inventory_out.h"
#include "record/record_fields.h"

struct reading {
	const struct ask *a;
	const struct inv_map *map;
	struct sort *sort; /* NULL: only the sum */
	struct buf entry;
	uint64_t sum[2]; /* of what the entries hash to, in any order */
	int err;
};

/* What it is, in words that hold after a reboot. */
static void put_object(struct buf *b, const struct inventory_object *o)
{
	char name[IF_NAMESIZE] = "";

	if (o->map) {
		buf_str(b, "map ");
		buf_safe(b, o->map->name, EVENT_NAME_BYTES);
		buf_printf(b, " %s, key %u, value %u, entries %u",
			   maptype_name(o->map->type) ?: "?", o->map->key_size, o->map->value_size,
			   o->map->max_entries);
	} else if (o->map_id) {
		buf_str(b, "map");
	}
	if (o->ifindex && if_indextoname(o->ifindex, name)) {
		buf_str(b, "netdev ");
		buf_safe(b, name, sizeof(name));
	} else if (o->ifindex) {
		buf_printf(b, "netdev %u", o->ifindex);
	}
	if (o->qsize)
		buf_printf(b, "cpu %u qsize %u", o->cpu, o->qsize);
	if (!o->prog_id)
		return;
	buf_str(b, b->len ? " program " : "program ");
	if (o->prog) {
		buf_safe(b, o->prog->name, EVENT_NAME_BYTES);
		buf_str(b, " ");
		buf_hex(b, o->prog->tag, sizeof(o->prog->tag));
	}
}

/* FNV-1a of 64 bits: tells chance from change, not one change from another. */
static uint64_t hash(const struct buf *b, uint64_t h)
{
	for (size_t i = 0; i < b->len; i++)
		h = (h ^ (uint8_t)b->data[i]) * 0x100000001b3ull;
	h ^= h >> 32;
	return h * 0x9e3779b97f4a7c15ull;
}

static void take(void *context, const struct mapdump_entry *entry)
{
	struct reading *r = context;
	const struct inventory_dump dump = { .inv = r->a->inv, .map = r->map };
	struct inventory_object o = inventory_object(&dump, entry);
	struct buf *b = &r->entry, text = {};
	uint8_t kind = entry->value_error ? ENTRY_ERROR : o.type ? ENTRY_OBJECT : ENTRY_VALUE;

	if (r->err)
		return;
	b->len = 0;
	buf_bytes(b, &kind, 1);
	buf_bytes(b, entry->key, entry->key_size);
	if (kind == ENTRY_ERROR) {
		put_number(b, (uint64_t)-entry->value_error);
	} else if (kind == ENTRY_OBJECT) {
		put_object(&text, &o);
		put_number(b, o.map_id ?: o.prog_id ?: o.ifindex);
		put_bytes(b, text.data, text.len);
	} else {
		buf_bytes(b, entry->value, ask_value_bytes(r->map));
	}
	b->failed |= text.failed;
	buf_fini(&text);
	if (b->failed) {
		r->err = -ENOMEM;
		return;
	}
	r->sum[0] += hash(b, 0xcbf29ce484222325ull);
	r->sum[1] += hash(b, 0x84222325cbf29ce4ull);
	if (r->sort)
		r->err = sort_add(r->sort, b->data, b->len);
}

uint64_t ask_value_bytes(const struct inv_map *m)
{
	int cpus = libbpf_num_possible_cpus();

	if (!(maptype_percpu() >> (m->type & 63) & 1) || cpus <= 0)
		return m->value_size;
	return ((uint64_t)m->value_size + 7) / 8 * 8 * (uint64_t)cpus;
}

int ask_content(const struct ask *a, const struct inv_map *m, struct sort *sort,
		struct ask_end *end)
{
	struct reading first = { .a = a, .map = m, .sort = sort }, second = { .a = a, .map = m };
	struct mapdump_end how = {};
	int fd;

	*end = (struct ask_end){};
	if (m->key_size + ask_value_bytes(m) + 1 > SNAP_ENTRY_MAX) {
		end->reason = "its values are larger than a snapshot takes";
		return 0;
	}
	fd = inventory_open(m->id);
	if (fd < 0) {
		end->error = fd;
		return 0;
	}
	if (mapdump_read(fd, m, UINT64_MAX, take, &first, &how))
		first.err = -ENOMEM;
	end->reason = how.reason;
	end->error = how.error;
	end->unstable = how.changed;
	if (!first.err && !end->reason && !end->error) {
		if (mapdump_read(fd, m, UINT64_MAX, take, &second, &how))
			first.err = -ENOMEM;
		end->unstable |= how.changed || memcmp(first.sum, second.sum, sizeof(first.sum));
	}
	close(fd);
	buf_fini(&first.entry);
	buf_fini(&second.entry);
	return first.err ?: second.err;
}
