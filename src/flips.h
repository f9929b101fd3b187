/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values that are put back: an element is changed, and within a minute it is again what it was.
 * So looks what blinds a sensor for a moment, or lets somebody past a filter. Stated only from
 * values that were read whole at the moment of each write; events in between may be missing.
 *
 * Of each element the first change and the last ones are remembered, each for a minute: what is put
 * back is also what somebody else wrote a moment before. In all at most 65536 changes, and 16 MiB of
 * keys and values; the oldest go. The table beside takes 7 MiB at most.
 */
#ifndef BPFMON_FLIPS_H
#define BPFMON_FLIPS_H

#include <stddef.h>

#include "event.h"

#define FLIPS_MAX 65536u
#define FLIPS_OF_ELEMENT 4u	/* a way back over more than that is not followed */
#define FLIPS_BYTES_MAX ((size_t)16 << 20)
#define FLIPS_NS (60 * 1000000000ull)

struct flips;

struct flips *flips_new(void);
void flips_free(struct flips *f);

/* An event about to be written as `seq`: sets `flip` in it if it puts a value back. */
void flips_event(struct flips *f, struct event *e, uint64_t seq);

/* The map is gone, or another has its id now. */
void flips_drop_map(struct flips *f, uint32_t map_id);

/* What is remembered now, for tests. */
size_t flips_count(const struct flips *f);
size_t flips_bytes(const struct flips *f);

#endif
