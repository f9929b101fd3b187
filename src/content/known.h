/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of one map whose content is compared: what was read last, when which key was
 * written since, and the differences that wait for what may explain them.
 */
#ifndef BPFMON_KNOWN_H
#define BPFMON_KNOWN_H

#include "content/reading.h"
#include "event.h"
#include "inventory/inventory.h"

/* Who used the maps of some differences when these were found. */
struct users {
	size_t differences;
	struct inventory *inv;	/* NULL: not known */
};

/* A difference: its bytes are the key, the old value, the new. */
struct held {
	uint64_t since_ns;	/* CLOCK_MONOTONIC: the reading before began */
	uint64_t found_ns;	/* CLOCK_MONOTONIC */
	uint64_t time_ns;	/* CLOCK_REALTIME, of the same */
	struct inv_map map;	/* which may be gone when it is reported */
	struct users *users;	/* NULL: nobody was asked */
	struct difference what;
	size_t size;
	uint8_t bytes[];
};

struct known {
	struct known *next;	/* in its chain */
	size_t at;		/* in the list of all */
	struct inv_map map;
	size_t value_bytes;	/* of all CPUs */
	uint64_t seed;		/* of hashes */
	bool read_once;
	bool fresh;		/* made while we watch: what was in it then is known */
	bool too_large;
	bool gone;		/* could not be read in the round before */
	uint32_t rest;		/* rounds that it is left alone */
	uint32_t skips;		/* in a row */
	uint32_t reported;	/* rounds in a row in which something was */
	uint64_t listed_ns;	/* its map.create may come until then; 0: it does not */
	uint64_t begun_ns;	/* of the reading */
	uint64_t writes;	/* recorded since */
	uint64_t hidden;	/* as at the last look */
	uint64_t whole_ns;	/* any key may have been written then */
	struct reading reading;
	/* When a key that hashes to each was written last. */
	uint64_t *marks;
	size_t n_marks;		/* a power of two */
	struct held **held;
	size_t n_held;
};

/* Types that can be read without a trace; but for what nobody can change. */
bool known_can_be(const struct inv_map *map);
/* Every index has an element, zero at first; in arrays of descriptors one comes and goes. */
bool known_is_array(const struct known *k);
/* READING_*: what of elements that come and go a reading tells for certain. */
unsigned int known_tells(const struct known *k);
/* Gives each key of a reading the bytes that stand for it: of prefixes there are several. */
void known_settle_keys(const struct known *k, struct reading *r);

/* NULL: no memory. An array that does not fit into `max_bytes` will not be read. */
struct known *known_new(const struct inv_map *map, uint32_t cpus, size_t max_bytes, uint64_t seed);
void known_free(struct known *k);
size_t known_bytes(const struct known *k);	/* that it takes */

/* It was read, from `begun_ns` on; takes over what `r` has. */
void known_set_reading(struct known *k, const struct reading *r, uint64_t begun_ns);
/* Nothing is known of what is in it. */
void known_forget(struct known *k);

/* A write that was recorded. */
void known_mark(struct known *k, const struct event *e);
/* Whether the key may have been written by what was recorded after `from_ns`. */
bool known_is_marked(const struct known *k, const uint8_t *key, uint64_t from_ns);

/* One difference more: NULL: no memory. */
struct held *known_hold(struct known *k, const struct difference *d);
void held_free(struct held *h);
size_t held_bytes(const struct held *h);

#endif
