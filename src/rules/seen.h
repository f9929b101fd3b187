/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When something was seen, by a key: of a fixed size, so that nothing is allocated for an event. Of
 * keys that share a place the one that was used longest ago is forgotten.
 */
#ifndef BPFMON_RULES_SEEN_H
#define BPFMON_RULES_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen;

/* Room for so many keys, a power of two from 4, and of each so many times. NULL: no memory. */
struct seen *seen_new(size_t keys, size_t times);
void seen_free(struct seen *s);

/* The last time of the key; 0: never, or forgotten. */
uint64_t seen_last(const struct seen *s, uint64_t key);
void seen_note(struct seen *s, uint64_t key, uint64_t time_ns);
/* Notes it. Whether it is one of as many as there are times within the window; they start anew. */
bool seen_burst(struct seen *s, uint64_t key, uint64_t time_ns, uint64_t window_ns);
/* Notes it, unless as many as there are times lie within the window: false then. */
bool seen_allow(struct seen *s, uint64_t key, uint64_t time_ns, uint64_t window_ns);

#endif
