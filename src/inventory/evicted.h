/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many elements LRU maps pushed out. The kernel keeps no count: a bpfmon that watches does, in a
 * map of its own (WIRE_EVICTED_NAME), which is found by name and shape like any other map.
 */
#ifndef BPFMON_EVICTED_H
#define BPFMON_EVICTED_H

#include <stdbool.h>

#include "bpfmon/wire_evicted.h"
#include "inventory/inventory.h"

struct mapdump_entry;

#define EVICTED_ENTRIES (WIRE_EVICTED + 1)

bool evicted_is(const struct inv_map *map);
/* Takes an element of such a map; `context` are EVICTED_ENTRIES counts. */
void evicted_entry(void *context, const struct mapdump_entry *entry);
/* Of two bpfmons' the counts of that which counts for longer; frees the others. Each may be NULL. */
struct wire_evicted *evicted_longer(struct wire_evicted *a, struct wire_evicted *b);
/* Notes what was counted. A map that shares its count has none; nor has any with `counts` NULL. */
void evicted_put(struct inventory *inv, const struct wire_evicted *counts);

#endif
