/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where events end up: written in a format, recorded, or both. Gives them their `seq`, which
 * rises by 1 with each that is written, whatever was left out before.
 */
#ifndef BPFMON_SINK_H
#define BPFMON_SINK_H

#include "out/out.h"
#include "output.h"
#include "record/record.h"
#include "sinks/sinks.h"

/* Who takes events for something else than lines. */
struct sink_tap {
	void (*event)(void *context, const struct event *e);
	void (*monitor)(void *context, const struct monitor *m);
	void *context;
};

struct sink {
	const struct out_format *format;	/* NULL: nothing is printed */
	struct out_env env;
	struct output out;		/* of the format */
	struct recorder *record;	/* NULL: nothing is recorded */
	const char *record_name;	/* for messages; lent */
	struct sinks *more;	/* other outputs; NULL: there are none */
	struct sink_tap tap;	/* functions NULL: nobody */
	bool more_lost;		/* at the end: not all of it was written there */
	uint64_t seq, events;
	uint64_t summaries, summarized;	/* lines, and writes counted in them: no events */
	uint64_t missed;		/* events that came when no more could be written */
	uint64_t monitors_lost;	/* lines of `out` that could not be written and are no events */
};

void sink_fini(struct sink *s);

void sink_event(struct sink *s, const struct event *e);
void sink_monitor(struct sink *s, const struct monitor *m);
void sink_flush(struct sink *s);
/* After the last. */
void sink_end(struct sink *s);

/* No more can be written: the reader is gone, or there was an error. */
bool sink_ended(const struct sink *s);
/* Nobody reads any of it. */
bool sink_closed(const struct sink *s);
/* The output whose reader may go away while nothing is written. */
struct output *sink_reader(struct sink *s);
/* An error ended it. */
bool sink_failed(const struct sink *s);
/* The same, with what could not be written in `why`, for a person. */
bool sink_error(const struct sink *s, char *why, size_t why_size);
uint64_t sink_lost(const struct sink *s);
/* Events that are where they were to go; those that are not are among the lost. */
uint64_t sink_written(const struct sink *s);

#endif
