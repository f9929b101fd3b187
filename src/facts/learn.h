/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Learns of maps what no single event tells: from events, and by asking for what there was before.
 * It is kept beside what else is known of the map (src/btf/mapinfo.h) and told with its events.
 *
 * Pins are followed by the hooks on names. Where these are missing, it is looked at whether the
 * files are still there whenever there is something to read.
 */
#ifndef BPFMON_LEARN_H
#define BPFMON_LEARN_H

#include "btf/mapinfo.h"
#include "event.h"
#include "mapids.h"
#include "pins.h"

/* A file on a bpf file system. */
struct learn_file {
	uint32_t dev;		/* as in mountinfo */
	uint64_t number;	/* of its inode */
};

/* Who is asked: the kernel (src/facts/factask.h) or a test. All give 0 or a negative errno. */
struct learn_source {
	/* Calls back for each file on the bpf file systems that are mounted. */
	int (*walk)(void *context,
		    void (*each)(void *to, const char *path, const struct learn_file *file),
		    void *to);
	int (*file)(void *context, const char *path, struct learn_file *file);
	int (*pinned)(void *context, const char *path, uint32_t *map);
	int (*map)(void *context, uint32_t map, struct event_inner *inner);
	/* The maps of a program, to be freed. */
	int (*prog)(void *context, uint32_t prog, uint32_t **maps, uint32_t *n);
	/* -ENOENT: there is none behind it. */
	int (*next_prog)(void *context, uint32_t prog, uint32_t *next);
	void *context;
};

struct learn_opts {
	bool hears_names;	/* of each name that goes or changes */
	bool hears_pins;	/* of each new pin, as EVENT_NAMES */
};

struct learn;

/* What is given is lent. NULL: no memory. */
struct learn *learn_new(const struct learn_source *source, const struct learn_opts *opts,
			struct mapinfo *info, struct mapids *ids, struct pins *pins);
void learn_free(struct learn *l);

/* Once events are reported: what there is. A negative errno: pins of before can't be listed. */
int learn_start(struct learn *l);
/* A map that was there before. */
void learn_listed(struct learn *l, const struct event_map *m, const struct event_inner *inner);

/* Before the event is told. Of map.create, task.process is set. */
void learn_event(struct learn *l, const struct event *e);
/* EVENT_NAMES, after pins_events(); `told`: it made events of it. */
void learn_names(struct learn *l, const struct event *e, bool told);
void learn_loaded(struct learn *l, uint32_t prog);	/* a program is new */

/* Before what was reported is read. */
void learn_look(struct learn *l);
/*
 * Once a second while there is something to read: which programs there are, and pins that came or
 * went unseen. `lost`: changes of names were.
 */
void learn_later(struct learn *l, bool lost);
/* There were more programs than are kept: `users` lack some. */
bool learn_is_full(const struct learn *l);

#endif
