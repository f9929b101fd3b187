/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When something was seen; see seen.h. */
#include "rules/seen.h"

#include <stdlib.h>

#define WAYS 4	/* keys that share a place */

struct slot {
	uint64_t key;
	uint64_t used;	/* the turn it was used last; 0: empty */
	size_t n, at;	/* times that are there, and where the next goes */
};

struct seen {
	struct slot *slots;
	uint64_t *times;
	size_t n_times, mask;
	uint64_t turn;
};

struct seen *seen_new(size_t keys, size_t times)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->slots = calloc(keys, sizeof(*s->slots));
	s->times = calloc(keys * times, sizeof(*s->times));
	s->n_times = times;
	s->mask = keys / WAYS - 1;
	if (s->slots && s->times)
		return s;
	seen_free(s);
	return NULL;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s->times);
	free(s);
}

static struct slot *first_way(const struct seen *s, uint64_t key)
{
	return &s->slots[((key ^ key >> 32) & s->mask) * WAYS];
}

static struct slot *find(const struct seen *s, uint64_t key)
{
	struct slot *slot = first_way(s, key);

	for (size_t i = 0; i < WAYS; i++)
		if (slot[i].used && slot[i].key == key)
			return &slot[i];
	return NULL;
}

static struct slot *take(struct seen *s, uint64_t key)
{
	struct slot *slot = find(s, key), *ways = first_way(s, key);

	if (!slot) {
		slot = ways;
		for (size_t i = 1; i < WAYS; i++)
			if (ways[i].used < slot->used)
				slot = &ways[i];
		*slot = (struct slot){ .key = key };
	}
	slot->used = ++s->turn;
	return slot;
}

static uint64_t *times_of(const struct seen *s, const struct slot *slot)
{
	return &s->times[(size_t)(slot - s->slots) * s->n_times];
}

uint64_t seen_last(const struct seen *s, uint64_t key)
{
	const struct slot *slot = find(s, key);

	if (!slot || !slot->n)
		return 0;
	return times_of(s, slot)[(slot->at + s->n_times - 1) % s->n_times];
}

void seen_note(struct seen *s, uint64_t key, uint64_t time_ns)
{
	struct slot *slot = take(s, key);

	times_of(s, slot)[slot->at] = time_ns;
	slot->at = (slot->at + 1) % s->n_times;
	slot->n += slot->n < s->n_times;
}

bool seen_burst(struct seen *s, uint64_t key, uint64_t time_ns, uint64_t window_ns)
{
	struct slot *slot;
	uint64_t oldest;

	seen_note(s, key, time_ns);
	slot = find(s, key);
	oldest = times_of(s, slot)[slot->at];	/* the next place is the oldest one */
	if (slot->n < s->n_times || time_ns - oldest > window_ns)
		return false;
	slot->n = 0;
	return true;
}

bool seen_allow(struct seen *s, uint64_t key, uint64_t time_ns, uint64_t window_ns)
{
	const struct slot *slot = find(s, key);

	if (slot && slot->n == s->n_times && time_ns - times_of(s, slot)[slot->at] <= window_ns)
		return false;
	seen_note(s, key, time_ns);
	return true;
}
