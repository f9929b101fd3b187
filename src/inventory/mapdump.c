/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The elements of a map; see mapdump.h. */
#include "inventory/mapdump.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "maptype.h"

#define BATCH_BYTES (1u << 20)	/* of keys and values asked for at once */
#define BATCH_MAX 1024u
#define RHASH 35	/* BPF_MAP_TYPE_RHASH, which older headers lack */

struct dump {
	int fd;
	const struct inv_map *map;
	uint64_t entries;
	bool most;		/* what is behind them is not counted */
	void (*each)(void *context, const struct mapdump_entry *entry);
	void *context;
	struct mapdump_end *end;
	uint32_t cpus;		/* 0: one value */
	size_t value_bytes;	/* of all CPUs */
};

static const char *reason_of(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *reason;
	} reasons[] = {
		{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "the kernel does not tell what lies in it" },
		{ BPF_MAP_TYPE_CGROUP_ARRAY, "the kernel does not tell what lies in it" },
		{ BPF_MAP_TYPE_XSKMAP, "the kernel does not tell what lies in it" },
		{ BPF_MAP_TYPE_QUEUE, "a queue can be emptied, but not listed" },
		{ BPF_MAP_TYPE_STACK, "a stack can be emptied, but not listed" },
		{ BPF_MAP_TYPE_BLOOM_FILTER, "a bloom filter can be asked, but not listed" },
		{ BPF_MAP_TYPE_RINGBUF, "a ring buffer has no elements" },
		{ BPF_MAP_TYPE_USER_RINGBUF, "a ring buffer has no elements" },
		{ BPF_MAP_TYPE_SK_STORAGE,
		  "its elements lie with sockets, which bpf(2) can't list" },
		{ BPF_MAP_TYPE_INODE_STORAGE,
		  "its elements lie with inodes, which bpf(2) can't list" },
		{ BPF_MAP_TYPE_TASK_STORAGE,
		  "its elements lie with tasks, which bpf(2) can't list" },
		{ 32, "its elements lie with cgroups, which bpf(2) can't list" },
		{ 33, "an arena is memory without elements" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].type == type)
			return reasons[i].reason;
	return NULL;
}

static void tell(struct dump *d, const void *key, const void *value, int value_error)
{
	const struct mapdump_entry entry = {
		.key = key,
		.value = value,
		.key_size = d->map->key_size,
		.value_size = d->map->value_size,
		.cpus = d->cpus,
		.value_error = value_error,
	};

	if (d->end->shown == d->entries) {
		d->end->left_out++;
		return;
	}
	d->end->shown++;
	d->each(d->context, &entry);
}

static bool is_enough(const struct dump *d)
{
	return d->most && d->end->left_out;
}

/* One that is not there is none; one that can't be read has a key. */
static void look_up(struct dump *d, const void *key, void *value)
{
	if (!bpf_map_lookup_elem(d->fd, key, value))
		tell(d, key, value, 0);
	else if (errno != ENOENT)
		tell(d, key, NULL, -errno);
}

static bool has_buckets(uint32_t type)
{
	return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int dump_indexes(struct dump *d)
{
	bool all_there = d->map->type == BPF_MAP_TYPE_ARRAY ||
			 d->map->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	uint8_t *value = malloc(d->value_bytes);

	if (!value)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->map->max_entries; i++) {
		if (all_there && d->end->shown == d->entries) {
			d->end->left_out = d->map->max_entries - i;
			break;
		}
		look_up(d, &i, value);
	}
	free(value);
	return 0;
}

/*
 * From one key to the next. When the last one is deleted meanwhile, the kernel begins anew: told
 * by the first key that comes again, and by more steps than the map has room for.
 */
static int dump_keys(struct dump *d)
{
	size_t size = d->map->key_size;
	uint64_t steps = d->map->max_entries ? d->map->max_entries : UINT32_MAX;
	uint8_t *keys = calloc(3, size), *value = malloc(d->value_bytes);
	uint8_t *first = keys, *key = keys + size, *next = keys + 2 * size, *swap;
	bool begun = false;
	int err = 0;

	if (!keys || !value)
		err = -ENOMEM;
	while (!err && !is_enough(d) && !bpf_map_get_next_key(d->fd, begun ? key : NULL, next)) {
		if (begun && (!memcmp(next, first, size) || !--steps)) {
			d->end->changed = true;
			goto out;
		}
		if (!begun)
			memcpy(first, next, size);
		begun = true;
		look_up(d, next, value);
		swap = key;
		key = next;
		next = swap;
	}
	if (!err && !is_enough(d) && errno != ENOENT)
		d->end->error = -errno;
out:
	free(keys);
	free(value);
	return err;
}

/*
 * Hashes go bucket by bucket, which a deletion does not disturb; tries and rhash from key to key, as
 * dump_keys() does, and begin anew when one goes: told by keys that come twice, and here by more
 * elements than there is room for. A trie is asked for the longest prefix: an element that goes
 * between the kernel's two steps is told with the value of a shorter one.
 *
 * `cursors` has room for two, by which the kernel knows where it was. -ENOTSUP: this kernel, or this
 * map, has no such command.
 */
static int dump_batches_from(struct dump *d, uint8_t *cursors, size_t cursor_size)
{
	size_t each = d->map->key_size + d->value_bytes;
	uint32_t room = BATCH_BYTES / each < BATCH_MAX ? (uint32_t)(BATCH_BYTES / each) + 1 :
							 BATCH_MAX;
	uint8_t *buffer = NULL, *values, *grown, *in = cursors, *out = cursors + cursor_size;
	bool begun = false;
	uint32_t n;
	int err = 0;

	/* With one more than there can be the first answer is the last. */
	if (d->map->max_entries < room)
		room = d->map->max_entries + 1;
	for (;;) {
		grown = realloc(buffer, room * each);
		if (!grown) {
			err = -ENOMEM;
			break;
		}
		buffer = grown;
		values = buffer + (size_t)room * d->map->key_size;
		n = room;
		err = bpf_map_lookup_batch(d->fd, begun ? in : NULL, out, buffer, values, &n,
					   NULL) ?
			      -errno :
			      0;
		/* A bucket with more than there is room for. */
		if (err == -ENOSPC && room < UINT32_MAX / 2) {
			room *= 2;
			continue;
		}
		if (err && err != -ENOENT)
			break;
		for (uint32_t i = 0; i < n; i++)
			tell(d, buffer + (size_t)i * d->map->key_size, values + i * d->value_bytes,
			     0);
		memcpy(in, out, cursor_size);
		begun = true;
		if (d->end->shown > d->map->max_entries && !has_buckets(d->map->type))
			d->end->changed = true;
		if (err || is_enough(d) || d->end->changed)
			break;
	}
	free(buffer);
	if (err == -ENOENT || err == -ENOMEM)
		return err == -ENOMEM ? err : 0;
	if (!begun)
		return -ENOTSUP;
	d->end->error = err;
	return 0;
}

static int dump_batches(struct dump *d)
{
	/* A bucket's number, or a key. */
	size_t size = d->map->key_size > sizeof(uint32_t) ? d->map->key_size : sizeof(uint32_t);
	uint8_t *cursors = calloc(2, size);
	int err = cursors ? dump_batches_from(d, cursors, size) : -ENOMEM;

	free(cursors);
	return err;
}

/*
 * Hashes by bucket; arrays by index, and only whole: a part is counted without being read. Others
 * only where keys that come twice are noticed.
 */
static bool has_batches(const struct dump *d)
{
	switch (d->map->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return d->entries >= d->map->max_entries;
	case BPF_MAP_TYPE_LPM_TRIE:
	case RHASH:
		return d->most;
	default:
		return has_buckets(d->map->type);
	}
}

static int dump(struct dump *d)
{
	const struct inv_map *map = d->map;
	struct mapdump_end *end = d->end;
	int err = -ENOTSUP;

	*end = (struct mapdump_end){ .reason = reason_of(map->type) };
	if (!end->reason && !map->key_size)
		end->reason = "it has no keys";
	if (end->reason)
		return 0;
	if (maptype_percpu() >> (map->type & 63) & 1) {
		err = libbpf_num_possible_cpus();
		if (err <= 0) {
			end->error = err ? err : -ENOENT;
			return 0;
		}
		d->cpus = (uint32_t)err;
		d->value_bytes = (d->value_bytes + 7) / 8 * 8 * d->cpus;
		err = -ENOTSUP;
	}
	if (has_batches(d))
		err = dump_batches(d);
	if (err != -ENOTSUP)
		return err;
	return maptype_is_array(map->type) && map->key_size == sizeof(uint32_t) ? dump_indexes(d) :
										  dump_keys(d);
}

int mapdump_read(int fd, const struct inv_map *map, uint64_t entries,
		 void (*each)(void *context, const struct mapdump_entry *entry), void *context,
		 struct mapdump_end *end)
{
	struct dump d = { fd, map, entries, false, each, context, end, 0, map->value_size };

	return dump(&d);
}

int mapdump_read_most(int fd, const struct inv_map *map, uint64_t entries,
		      void (*each)(void *context, const struct mapdump_entry *entry), void *context,
		      struct mapdump_end *end)
{
	struct dump d = { fd, map, entries, true, each, context, end, 0, map->value_size };

	return dump(&d);
}
