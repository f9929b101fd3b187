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
#include <stdio.h>

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

/*
 * What pins are kept by: the device of their file system and the path from its root. Where that is
 * in this mount namespace, and back; of each 0: nowhere, or it does not fit.
 */
size_t pins_show(const struct pins *pins, uint32_t dev, const char *inner, char *out, size_t room);
size_t pins_inner(const struct pins *pins, uint32_t dev, const char *path, char *out, size_t room);
bool pins_mounted(const struct pins *pins, uint32_t dev);
/* The file system whose last mount went with the last pins_events(); 0: none. */
uint32_t pins_gone(const struct pins *pins);
/*
 * Reads what is mounted now; pins_take_mounts() from lines as in /proc/self/mountinfo, and of another
 * mount namespace, or NULL, whose mounts only name things. A mount that is not there any more is
 * still known by its id until its umount is told.
 */
void pins_read_mounts(struct pins *pins);
void pins_take_mounts(struct pins *pins, FILE *mountinfo, FILE *elsewhere);

/* A path from the kernel's names, below `root`. Returns its length; out has `room` bytes. */
size_t pins_path(const char *root, const char *names, size_t names_len, char *out, size_t room);

/* A mount, as a line of mountinfo tells. */
struct pins_mount {
	uint32_t id, dev;	/* dev: major << 20 | minor */
	bool is_bpffs;
	bool ended;		/* not mounted any more */
	bool elsewhere;		/* in another mount namespace */
	char *path;		/* to be freed */
	char *root;		/* what of the file system is mounted there; to be freed */
};

/* False: not such a line, or no memory. */
bool pins_parse_mount(const char *line, struct pins_mount *out);
void pins_mount_fini(struct pins_mount *m);

#endif
