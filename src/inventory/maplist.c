/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own list of maps; see maplist.h. */
#include "inventory/maplist.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfmon/wire.h"
#include "inventory/mapiter.h"

struct missing {
	struct wire_map map;
	bool again;	/* was there in the second run, too */
};

struct gather {
	struct inventory *inv;
	const struct maplist *told;
	struct missing *missing;
	size_t n_missing;
	int err;
};

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Whether bpf(2) lists it: then, or now, as a map that came since. */
static bool is_told(const struct maplist *told, uint32_t id)
{
	uint32_t next;

	if (told->n && bsearch(&id, told->ids, told->n, sizeof(id), compare_ids))
		return true;
	return !bpf_map_get_next_id(id - 1, &next) && next == id;
}

static void first_run(void *context, const void *record)
{
	const struct wire_listed *listed = record;
	const struct wire_inner *inner = &listed->inner;
	struct inv_map *m;
	struct gather *g = context;
	struct missing *missing;

	m = inventory_find(g->inv, listed->map.id);
	if (m && inner->type) {
		m->has_inner = true;
		m->inner = (struct inv_inner){ inner->type, inner->key_size, inner->value_size,
					       inner->max_entries, inner->flags };
	}
	if (m || !listed->map.id || is_told(g->told, listed->map.id))
		return;
	missing = inventory_grow(g->missing, g->n_missing, sizeof(*missing));
	if (!missing) {
		g->err = -ENOMEM;
		return;
	}
	g->missing = missing;
	missing[g->n_missing++].map = listed->map;
}

/* One that went away between the two lists is not in the kernel's any more. */
static void second_run(void *context, const void *record)
{
	const struct wire_listed *listed = record;
	struct gather *g = context;

	for (size_t i = 0; i < g->n_missing; i++)
		g->missing[i].again |= g->missing[i].map.id == listed->map.id;
}

static int add_hidden(struct inventory *inv, const struct wire_map *map)
{
	struct inv_map m = { .id = map->id,
			     .type = map->type,
			     .key_size = map->key_size,
			     .value_size = map->value_size,
			     .max_entries = map->max_entries,
			     .flags = map->flags,
			     .frozen = map->frozen };
	struct inv_map *maps = inventory_grow(inv->maps, inv->n_maps, sizeof(*maps));
	int fd = inventory_open(map->id);
	size_t at = inv->n_maps;

	memcpy(m.name, map->name, sizeof(m.name));
	if (fd >= 0) {
		inventory_read(fd, &m);
		close(fd);
	}
	m.id = map->id;
	m.hidden = true;
	if (!maps)
		return -ENOMEM;
	inv->maps = maps;
	while (at && maps[at - 1].id > m.id)
		at--;
	memmove(maps + at + 1, maps + at, (inv->n_maps - at) * sizeof(*maps));
	maps[at] = m;
	inv->n_maps++;
	return 0;
}

int maplist_gather(struct inventory *inv, const struct mapiter *iter, const struct maplist *told,
		   inventory_want *want, void *context)
{
	struct gather g = { .inv = inv, .told = told };
	int err = mapiter_run(iter, MAPITER_MAPS, first_run, &g);

	if (!err && g.n_missing)
		err = mapiter_run(iter, MAPITER_MAPS, second_run, &g);
	if (err)
		inventory_gap(inv, "maps that bpf(2) hides are not known: %s", strerror(-err));
	for (size_t i = 0; !err && !g.err && i < g.n_missing; i++) {
		const struct wire_map *map = &g.missing[i].map;

		if (g.missing[i].again && (!want || want(context, map->id, map->name)))
			g.err = add_hidden(inv, map);
	}
	free(g.missing);
	return g.err;
}
