/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changes of names on bpf file systems, and mounts, as events: absolute paths from what the kernel
 * side saw, and which mounts matter. One change may be several events: a rename removes one pin
 * and makes another, and maybe removes what had the new name. And the paths that the kernel found
 * for bpf(2), which may not be those that the caller's memory shows afterwards.
 */
#ifndef BPFMON_PINS_H
#define BPFMON_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct pins;

#define PINS_EVENTS 4	/* at most of one change */

struct pins *pins_new(void);	/* NULL: no memory */
void pins_free(struct pins *pins);

/*
 * The events of an EVENT_NAMES into `out`: how many, maybe none. Their paths lend until the next
 * call. `is_map` tells whether what was read as a map is one.
 */
size_t pins_events(struct pins *pins, const struct event *e,
		   bool (*is_map)(void *context, const struct event_map *map), void *context,
		   struct event out[PINS_EVENTS]);

/*
 * Puts the path that the kernel used, if it told one for this command, into the event of a pin or
 * an open by pin; the path lends until the next call.
 */
void pins_path_used(struct pins *pins, struct event *e);

/* A path from the kernel's names, below `root`. Returns its length; out has `room` bytes. */
size_t pins_path(const char *root, const char *names, size_t names_len, char *out, size_t room);

/* A mount, as a line of mountinfo tells. */
struct pins_mount {
	uint32_t id, dev;	/* dev: major << 20 | minor */
	bool is_bpffs;
	char *path;		/* to be freed */
};

/* False: not such a line, or no memory. */
bool pins_parse_mount(const char *line, struct pins_mount *out);

#endif
