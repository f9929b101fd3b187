/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which maps each program uses, by the ids of both. */
#ifndef BPFMON_PROGMAPS_H
#define BPFMON_PROGMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some 40 bytes each, and 4 for each map: 5 MiB where all use 64, which few do. */
#define PROGMAPS_MAX 16384

struct progmaps;

struct progmaps *progmaps_new(void);	/* NULL: no memory */
void progmaps_free(struct progmaps *p);

/*
 * The maps of a program, taken over. `young`: it may get more in a moment (BPF_PROG_BIND_MAP), so it
 * is not taken as known by progmaps_see(). False: no room; `maps` is freed.
 */
bool progmaps_set(struct progmaps *p, uint32_t prog, uint32_t *maps, uint32_t n, bool young);

/* Around a list of all programs: progmaps_see() tells whether the maps of one are known. */
void progmaps_begin(struct progmaps *p);
bool progmaps_see(struct progmaps *p, uint32_t prog);
/* Removes those that were not seen; calls back for each map of theirs, after that. */
void progmaps_end(struct progmaps *p, void (*each)(void *context, uint32_t map), void *context);

/* How many programs use a map; the first `room` of them, by rising id, into `ids`. */
uint32_t progmaps_users(const struct progmaps *p, uint32_t map, uint32_t *ids, uint32_t room);

#endif
