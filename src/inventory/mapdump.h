/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The elements of a map, as bpf(2) gives them: for each type the way that it can be read, within
 * bounds. Elements come and go meanwhile; those that were there all the time are told once.
 */
#ifndef BPFMON_MAPDUMP_H
#define BPFMON_MAPDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inv_map;

struct mapdump_entry {
	const uint8_t *key, *value;	/* lent */
	size_t key_size, value_size;
	uint32_t cpus;		/* 0: one value; else so many, each padded to 8 bytes */
	int value_error;	/* a negative errno: there is the key alone */
};

/* How it ended. */
struct mapdump_end {
	uint64_t shown;
	uint64_t left_out;	/* elements behind those that were told */
	bool changed;		/* elements that went away: some may be missing, or be told twice */
	const char *reason;	/* why this type has no elements to show; NULL: it has */
	int error;		/* a negative errno that it ended with; 0: at the end of the map */
};

/* Calls back for each element, `entries` at most. 0, or -ENOMEM. */
int mapdump_read(int fd, const struct inv_map *map, uint64_t entries,
		 void (*each)(void *context, const struct mapdump_entry *entry), void *context,
		 struct mapdump_end *end);
/* The same, and ends where there are more: `left_out` is not 0 then, and no count. */
int mapdump_read_most(int fd, const struct inv_map *map, uint64_t entries,
		      void (*each)(void *context, const struct mapdump_entry *entry), void *context,
		      struct mapdump_end *end);

#endif
