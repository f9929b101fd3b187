/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One reading of a map's content: keys and values, packed, within a bound; and what differs between
 * two of them. Elements that lie where they lay before are found at once, others by a table that is
 * made when it is first needed.
 */
#ifndef BPFMON_READING_H
#define BPFMON_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reading {
	size_t key_size, value_bytes;	/* value: of all CPUs */
	size_t max_bytes;
	uint64_t seed;			/* of hashes: keys are a stranger's, who must not choose places */
	uint8_t *data;
	size_t n, room;			/* elements */
	uint32_t *places;		/* element + 1 by hash of the key, while two are compared */
	size_t n_places;		/* a power of two */
	int err;			/* -E2BIG, -ENOMEM: what came after was left out */
};

void reading_init(struct reading *r, size_t key_size, size_t value_bytes, size_t max_bytes,
		  uint64_t seed);
void reading_fini(struct reading *r);
/* Room for so many, if they fit. */
void reading_reserve(struct reading *r, size_t n);
/* No more room than is used. */
void reading_trim(struct reading *r);
void reading_add(struct reading *r, const void *key, const void *value);
/* Each index below `n` with a value of zeros: an array as it is made. */
void reading_add_zeros(struct reading *r, uint32_t n);
/* What went wrong with it: its `err`, or -EAGAIN when a key is there twice. */
int reading_check(struct reading *r);
size_t reading_bytes(const struct reading *r);

/* What became of one key; NULL: there was, or is, no such element. All three are lent. */
struct difference {
	const uint8_t *key, *old, *value;
};

#define READING_NEW 1u	/* also elements that were not there before */
#define READING_GONE 2u	/* and those that are no longer there */

/*
 * Calls back for each value that differs, and for what READING_* of `which` say. 0, -ENOMEM, or
 * -EAGAIN when a key is twice in `now`: then it was read while its elements moved, and nothing was
 * called.
 */
int reading_compare(struct reading *before, struct reading *now, unsigned int which,
		    void (*each)(void *context, const struct difference *d), void *context);

/* To change its keys in place, each as long as all. */
void reading_each_key(struct reading *r, void (*each)(uint8_t *key, size_t size));

uint64_t reading_hash(uint64_t seed, const void *key, size_t size);

#endif
