/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Asks the kernel what is in maps and who uses them; see ask.h. Locks, timers and kernel pointers in
 * values read as zeros: bpf_map_copy_value() and the batch commands clear them, see
 * check_and_init_map_value() of include/linux/bpf.h. So they never differ.
 */
#include "content/ask.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inventory/mapdump.h"
#include "inventory/mapholders.h"
#include "inventory/mapiter.h"
#include "maptype.h"

struct content_ask {
	bool asked;		/* whether there are iterators */
	struct mapiter *iter;
};

struct content_ask *content_ask_new(void)
{
	return calloc(1, sizeof(struct content_ask));
}

void content_ask_free(struct content_ask *ask)
{
	if (!ask)
		return;
	mapiter_free(ask->iter);
	free(ask);
}

int content_ask_possible(void)
{
	uint32_t id = 0;

	return bpf_map_get_next_id(id, &id) && errno != ENOENT ? -errno : 0;
}

bool content_ask_next(uint32_t *id)
{
	return !bpf_map_get_next_id(*id, id);
}

int content_ask_map(uint32_t id, struct inv_map *out)
{
	int fd = inventory_open(id), err;

	if (fd < 0)
		return fd;
	err = inventory_read(fd, out);
	close(fd);
	return err;
}

static void take(void *context, const struct mapdump_entry *entry)
{
	struct reading *r = context;

	/* An element that can't be read: all of it is wanted, or nothing. */
	if (entry->value_error)
		r->err = r->err ? r->err : -EAGAIN;
	else
		reading_add(r, entry->key, entry->value);
}

/* Of a queue or a stack bpf(2) gives the element that is next, and leaves it there: a peek. */
static int read_next(int fd, const struct inv_map *map, struct reading *into)
{
	uint8_t *value = malloc(map->value_size);
	int err = value ? 0 : -ENOMEM;

	if (!err && bpf_map_lookup_elem(fd, NULL, value))
		err = -errno;
	else if (!err)
		reading_add(into, value, value); /* with a key of no bytes */
	free(value);
	return err == -ENOENT ? 0 : err;
}

int content_ask_read(const struct inv_map *map, struct reading *into)
{
	uint64_t most = into->max_bytes / (into->key_size + into->value_bytes);
	struct mapdump_end end = {};
	int fd = inventory_open(map->id), err;

	if (fd < 0)
		return fd;
	if (maptype_is_queue(map->type))
		err = read_next(fd, map, into);
	else
		err = mapdump_read_most(fd, map, most, take, into, &end);
	close(fd);
	if (err || into->err)
		return err ? err : into->err;
	if (end.left_out)
		return -E2BIG;
	return end.changed ? -EAGAIN : end.error;
}

/* Each once, by rising id. */
static int add_map(struct inventory *inv, const struct inv_map *map)
{
	struct inv_map *maps;
	size_t at = inv->n_maps;

	if (inventory_find(inv, map->id))
		return 0;
	maps = inventory_grow(inv->maps, inv->n_maps, sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	inv->maps = maps;
	for (; at && maps[at - 1].id > map->id; at--)
		maps[at] = maps[at - 1];
	maps[at] = (struct inv_map){ .id = map->id };
	inv->n_maps++;
	return 0;
}

struct inventory *content_ask_users(struct content_ask *ask, const struct content_change *changes,
				    size_t n)
{
	struct inventory *inv = calloc(1, sizeof(*inv));
	int err = inv ? 0 : -ENOMEM;

	if (!ask->asked)
		ask->iter = mapiter_new();
	ask->asked = true;
	for (size_t i = 0; !err && i < n; i++)
		err = add_map(inv, changes[i].map);
	if (!err)
		err = inventory_users(inv);
	/* Where that fails the programs are known all the same. */
	if (!err && ask->iter && mapholders_mapped(inv, ask->iter) == -ENOMEM)
		err = -ENOMEM;
	if (!err)
		return inv;
	inventory_free(inv);
	return NULL;
}
