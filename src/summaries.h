/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side counted of busy writers instead of telling each write, as events: one for each
 * map, program and kind of write since the last time. Given: its table (struct wire_summary), of
 * which this side frees what nobody uses any more. Pure: the table may be a test's.
 */
#ifndef BPFMON_SUMMARIES_H
#define BPFMON_SUMMARIES_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfmon/wire.h"
#include "event.h"

struct summaries_env {
	volatile struct wire_summary *table;	/* WIRE_SUMMARIES of them */
	const volatile __u32 *generation;
	volatile __u8 *hot;			/* WIRE_HIDDEN: maps that are written so often */
	const volatile __u64 *news;		/* rises when there is something new to tell */
	/* Sets program or program_error of an event from its caller and monotonic_ns. */
	void (*writer)(void *context, struct event *e);
	/* An event to be written; it and what it points to is lent. */
	void (*put)(void *context, struct event *e);
	void *context;
};

struct summaries;

struct summaries *summaries_new(const struct summaries_env *env);	/* NULL: no memory */
void summaries_free(struct summaries *s);

/* Of each event: what the maps are that programs write to. */
void summaries_event(struct summaries *s, const struct event *e);

struct summaries_clock {
	uint64_t now_ns;		/* CLOCK_MONOTONIC */
	/*
	 * Records up to here have been read. A writer that came later may have been loaded later: who
	 * it is, is known when that record has been read as well. UINT64_MAX: there are no more.
	 */
	uint64_t known_ns;
	int64_t realtime_offset_ns;	/* CLOCK_REALTIME less CLOCK_MONOTONIC */
};

/* Tells all that was counted up to now. Whether there is any. */
bool summaries_tell(struct summaries *s, const struct summaries_clock *clock);
/* The same before a map or a program is gone for those who read: nothing is done if nothing is new. */
void summaries_tell_news(struct summaries *s, const struct summaries_clock *clock);

#endif
