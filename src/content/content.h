/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is in maps, held against what was in them: stores through a pointer or into mapped memory
 * call no function of the kernel, so no hook sees them, nor do some kernels let hooks see what BPF
 * programs write to tries, queues and stacks. Maps are read again and again, and a difference that no
 * recorded write explains is reported. Of a queue and a stack it is the next element that is read.
 *
 * A difference is held for one round. When the map is read next, the ring has been emptied, and
 * what was on its way has come: if a write of the key was recorded since a moment before the
 * earlier reading, or something was lost that may have been one, it is explained and dropped.
 * Wrong reports are worse than late ones, and than none where writes are recorded all the time.
 *
 * Rounds come at the interval asked for, or so much later that they take 1 % of one core. What is
 * kept is bounded. Pure: the kernel and the clocks are the source's.
 */
#ifndef BPFMON_CONTENT_H
#define BPFMON_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "content/reading.h"
#include "event.h"
#include "inventory/inventory.h"

/*
 * How long before its store an event may have been taken: the writer may lose its CPU between. A
 * writer that waits for 50 others waits this long.
 */
#define CONTENT_EARLY_NS 250000000ull
/* How long after its store an event may come, where it is taken on return from bpf(2). */
#define CONTENT_HOLD_NS 500000000ull
#define CONTENT_SHARE 100	/* of the time, one part is for rounds */
#define CONTENT_SLICE_NS 5000000ull	/* of CPU: the ring waits no longer */
/* Of one map at a time: what differs beside is counted. A line each is more than is read. */
#define CONTENT_HELD_MAX 256
/* A hash that is written so often in a second is read less often. */
#define CONTENT_BUSY 10000
#define CONTENT_BUSY_ROUNDS 8
/*
 * A map with something to report in so many rounds in a row, as counters of BPF programs have it, is
 * read in one round of that many more from then on: else they would be all that is reported.
 */
#define CONTENT_RESTLESS 8
#define CONTENT_RESTLESS_ROUNDS 64
/* After so many rounds a map that was too large is looked at again. */
#define CONTENT_REST_ROUNDS 60

struct content_opts {
	uint64_t interval_ns;
	size_t map_bytes;	/* of keys and values that are read of one map */
	size_t all_bytes;	/* that are kept of all, with what belongs to them */
	uint32_t cpus;		/* possible ones */
	uint64_t seed;		/* of hashes, that nobody knows */
	bool every_round;	/* also what always changes */
};

/* A difference that nothing explains. All is lent. */
struct content_change {
	const struct inv_map *map;
	uint64_t time_ns;	/* CLOCK_REALTIME, when it was first read */
	struct difference what;
	const struct inventory *users;	/* of the map then; NULL: not known */
};

struct content_source {
	/* The next map above *id; false: there is none. */
	bool (*next)(void *context, uint32_t *id);
	/* What it is. 0, or a negative errno: gone, or not to be compared. */
	int (*map)(void *context, uint32_t id, struct inv_map *out);
	/* All its elements. 0, -ENOENT: it is gone, -E2BIG, or another errno: not now. */
	int (*read)(void *context, const struct inv_map *map, struct reading *into);
	/* Of all maps: rises with each event that was lost. */
	uint64_t (*losses)(void *context);
	/* Of one map: writes that were counted and not recorded, maybe only not yet. */
	uint64_t (*hidden)(void *context, uint32_t id);
	uint64_t (*clock)(void *context, clockid_t clock);
	/* Who uses these maps: of differences that were just found. NULL: not known. */
	struct inventory *(*users)(void *context, const struct content_change *changes, size_t n);
	void (*report)(void *context, const struct content_change *changes, size_t n);
	/* Differences that there was no room to hold. */
	void (*unheld)(void *context, uint64_t n);
	void *context;
};

struct content_stats {
	uint64_t maps;		/* that are compared now */
	uint64_t too_large;	/* of them: not, for now */
	uint64_t rounds;
	uint64_t interval_ns;	/* from one to the next, at last */
	uint64_t skipped;	/* readings: written too often, or elements that moved */
	uint64_t bytes;		/* kept */
	uint32_t restless;	/* the map that was found to change always last; 0: none */
};

struct content;

/* NULL: no memory. */
struct content *content_new(const struct content_opts *opts, const struct content_source *source);
void content_free(struct content *c);

/* Of each event that the pipeline sees, in order; of a map's end before that is told. */
void content_event(struct content *c, const struct event *e);

/* CLOCK_MONOTONIC of the next step; UINT64_MAX: not before there is a map to compare. */
uint64_t content_due(const struct content *c);
/*
 * A part of a round if one is due. Everything that was in the ring at `caught_ns` (CLOCK_MONOTONIC)
 * was given to content_event().
 */
void content_step(struct content *c, uint64_t caught_ns);
/* Nothing comes any more: what was held long enough is judged. */
void content_end(struct content *c);

struct content_stats content_stats(const struct content *c);

#endif
