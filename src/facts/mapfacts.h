/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was learned of one map: when it was created and by whom, where it is pinned, which programs
 * use it, which maps it is in. Kept as events show it, put together anew only after a change.
 */
#ifndef BPFMON_MAPFACTS_H
#define BPFMON_MAPFACTS_H

#include "event.h"

/*
 * Of all pins of a map together, and of its creator's file. Pins beyond that are counted. A map
 * takes 1.5 KiB as a rule; 16 KiB if all bytes of both are such as JSON escapes.
 */
#define MAPFACTS_PATH_BYTES 1024

struct mapfacts;

struct mapfacts *mapfacts_new(void);	/* NULL: no memory */
void mapfacts_free(struct mapfacts *f);

void mapfacts_created(struct mapfacts *f, const struct event *e);
void mapfacts_inner(struct mapfacts *f, const struct event_inner *inner);
bool mapfacts_has_inner(const struct mapfacts *f);

/* The programs that use it: `n` in all, of which the first are at `ids`. */
void mapfacts_users(struct mapfacts *f, const uint32_t *ids, uint32_t n);
void mapfacts_add_parent(struct mapfacts *f, uint32_t id);
void mapfacts_drop_parent(struct mapfacts *f, uint32_t id);

/*
 * A pin: a name of a file system, by its device and its path from the root of that, which stay
 * when mounts change; and as it is told, the path here.
 */
struct mapfacts_pin {
	uint32_t dev;		/* as in mountinfo: major << 20 | minor */
	uint64_t file;		/* number of its inode; 0: not known */
	const char *inner, *path;
};

/* Takes a copy; one that is there already is replaced. */
void mapfacts_add_pin(struct mapfacts *f, const struct mapfacts_pin *pin);
void mapfacts_drop_pin(struct mapfacts *f, uint32_t dev, const char *inner);
void mapfacts_drop_pins(struct mapfacts *f);
/*
 * Of each pin: true and it becomes what is in `pin` then, lent until the next call; false and it is
 * dropped.
 */
typedef bool mapfacts_edit(void *context, struct mapfacts_pin *pin);
void mapfacts_edit_pins(struct mapfacts *f, mapfacts_edit *edit, void *context);
/* Pins of before may have been forgotten: none is told until the next mapfacts_drop_pins(). */
void mapfacts_doubt_pins(struct mapfacts *f);

/* NULL: nothing is known. Lent until the next change. `serials` counts what was put together. */
const struct event_mapfacts *mapfacts_get(struct mapfacts *f, uint64_t *serials);

#endif
