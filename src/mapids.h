/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Map ids by the address of the kernel's map: when a map is freed, its id is already gone.
 * Knows the maps there are: at start from the list, then from every record that has both.
 */
#ifndef BPFMON_MAPIDS_H
#define BPFMON_MAPIDS_H

#include <stdbool.h>

#include "event.h"

struct mapids;

struct mapids *mapids_new(void);	/* NULL when out of memory */
void mapids_free(struct mapids *ids);

void mapids_add(struct mapids *ids, uint64_t address, uint32_t id);
/*
 * Learns from the event; gives map.free its id and forgets the map. False for the end of a map
 * that nobody knows: its creation failed.
 */
bool mapids_event(struct mapids *ids, struct event *e);

/* Whether this is a map that is known by address and id. */
bool mapids_has(struct mapids *ids, uint64_t address, uint32_t id);

/*
 * The only known map whose id is `slot` modulo `slots`, a power of two; 0: none, or several. `n`
 * is set to how many there are.
 */
uint32_t mapids_in_slot(const struct mapids *ids, uint32_t slot, uint32_t slots, uint32_t *n);

#endif
