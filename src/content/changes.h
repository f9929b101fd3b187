/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* map.change for the pipeline: content.h with the kernel as its source, and events as what it tells. */
#ifndef BPFMON_CHANGES_H
#define BPFMON_CHANGES_H

#include "content/content.h"

struct changes_env {
	uint64_t interval_ns;
	uint64_t limit_bytes;	/* of one map; 16 times as much of all */
	uint32_t cpus, bytes;	/* possible CPUs; --bytes */
	bool every_round;	/* as in struct content_opts */
	/* Whether what programs write to maps of a type by helpers is recorded. */
	bool (*helpers_seen)(void *context, uint32_t type);
	/* Whether the map is one of this bpfmon or another; whether it passes the filters. */
	bool (*is_bpfmons)(void *context, uint32_t id);
	bool (*wanted)(void *context, const struct inv_map *map);
	uint64_t (*losses)(void *context);
	uint64_t (*hidden)(void *context, uint32_t id);
	void (*unheld)(void *context, uint64_t n);
	/* As in struct content_source; `put` lends an event. */
	void (*put)(void *context, struct event *e);
	void *context;
};

struct changes;

/* Whether this process may read maps: 0, or a negative errno. */
int changes_possible(void);
struct changes *changes_new(const struct changes_env *env);	/* NULL: no memory */
void changes_free(struct changes *c);

/* As content_event() and so on; NULL: nothing is compared. */
void changes_event(struct changes *c, const struct event *e);
uint64_t changes_due(const struct changes *c);
void changes_step(struct changes *c, uint64_t caught_ns);
/* All of the first round: what there is from now on is held against this. */
void changes_begin(struct changes *c);
void changes_end(struct changes *c);
struct content_stats changes_stats(const struct changes *c);

#endif
