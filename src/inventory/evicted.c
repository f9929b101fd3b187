/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What LRU maps pushed out; see evicted.h. */
#include "inventory/evicted.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/mapdump.h"
#include "maptype.h"

bool evicted_is(const struct inv_map *map)
{
	return map->type == BPF_MAP_TYPE_ARRAY && map->max_entries == EVICTED_ENTRIES &&
	       map->value_size == sizeof(struct wire_evicted) &&
	       !strcmp(map->name, WIRE_EVICTED_NAME);
}

void evicted_entry(void *context, const struct mapdump_entry *entry)
{
	struct wire_evicted *counts = context;
	uint32_t index;

	memcpy(&index, entry->key, sizeof(index));
	if (!entry->value_error && index < EVICTED_ENTRIES)
		memcpy(&counts[index], entry->value, sizeof(*counts));
}

/* 0: nothing is counted. */
static uint64_t since(const struct wire_evicted *counts)
{
	return counts ? counts[WIRE_EVICTED].count : 0;
}

struct wire_evicted *evicted_longer(struct wire_evicted *a, struct wire_evicted *b)
{
	bool first = since(a) && (!since(b) || since(a) <= since(b));

	free(first ? b : a);
	return first ? a : b;
}

void evicted_put(struct inventory *inv, const struct wire_evicted *counts)
{
	for (size_t i = 0; since(counts) && i < inv->n_maps; i++) {
		struct inv_map *m = &inv->maps[i];
		const struct wire_evicted *e = &counts[m->id & (WIRE_EVICTED - 1)];

		if (!maptype_has(m->type, MAPTYPE_EVICTS) || e->shared || e->map > m->id)
			continue;
		m->evicted_since_ns = since(counts);
		m->evicted = e->map == m->id ? e->count : 0;
	}
}
