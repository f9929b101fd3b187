/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where events end up; see sink.h. */
#include "record/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void sink_fini(struct sink *s)
{
	sinks_free(s->more);
	recorder_free(s->record);
	output_fini(&s->out);
	out_kept_free(s->env.kept);
}

void sink_event(struct sink *s, const struct event *e)
{
	if (s->record)
		recorder_event(s->record, e);
	if (s->more)
		sinks_event(s->more, s->seq, e);
	if (s->tap.event)
		s->tap.event(s->tap.context, e);
	if (s->format) {
		s->format->event(&s->out.buf, &s->env, s->seq, e);
		output_line(&s->out);
	}
	s->seq++;
	if (e->type != EVENT_SUMMARY) {
		s->events++;
		return;
	}
	s->summaries++;
	s->summarized += e->summary.count;
}

/* Written alone, so that what of it is lost is not taken for an event. */
static void put_monitor(struct sink *s, const struct monitor *m)
{
	uint64_t lost;

	output_flush(&s->out);
	lost = s->out.lost;
	s->format->monitor(&s->out.buf, &s->env, s->seq, m);
	output_line(&s->out);
	output_flush(&s->out);
	s->monitors_lost += s->out.lost - lost;
}

void sink_monitor(struct sink *s, const struct monitor *m)
{
	if (s->record)
		recorder_monitor(s->record, m);
	if (s->more)
		sinks_monitor(s->more, s->seq, m);
	if (s->tap.monitor)
		s->tap.monitor(s->tap.context, m);
	if (s->format)
		put_monitor(s, m);
	s->seq++;
}

void sink_flush(struct sink *s)
{
	if (s->record)
		output_flush(recorder_output(s->record));
	if (s->more)
		sinks_flush(s->more);
	output_flush(&s->out);
}

void sink_end(struct sink *s)
{
	if (s->record)
		recorder_end(s->record);
	sink_flush(s);
	if (s->more)
		s->more_lost = !sinks_end(s->more);
}

/* There are other outputs and nothing else. */
static bool only_more(const struct sink *s)
{
	return s->more && !s->format && !s->record;
}

bool sink_ended(const struct sink *s)
{
	return output_ended(&s->out) || (s->record && output_ended(recorder_output(s->record))) ||
	       (only_more(s) && sinks_ended(s->more));
}

bool sink_closed(const struct sink *s)
{
	if (s->more && !sinks_ended(s->more))
		return false;
	return s->record ? recorder_output(s->record)->closed : s->out.closed;
}

struct output *sink_reader(struct sink *s)
{
	return s->format || !s->record ? &s->out : recorder_output(s->record);
}

bool sink_failed(const struct sink *s)
{
	return s->out.error || s->more_lost || (s->record && recorder_output(s->record)->error);
}

bool sink_error(const struct sink *s, char *why, size_t why_size)
{
	int err = s->record ? recorder_output(s->record)->error : 0;

	if (err)
		snprintf(why, why_size,
			 "cannot write %s: %s; %" PRIu64
			 " events lost, what is before can be replayed",
			 s->record_name, strerror(-err), sink_lost(s));
	else if (s->out.error)
		snprintf(why, why_size, "cannot write events: %s; %" PRIu64 " events lost",
			 strerror(-s->out.error), sink_lost(s));
	else if (s->more_lost)
		snprintf(why, why_size, "not all lines reached each output");
	return sink_failed(s);
}

/* Of the events that were given to the format, the recording or both: not in each of them. */
static uint64_t not_written(const struct sink *s)
{
	uint64_t printed = s->out.lost - s->monitors_lost;
	uint64_t recorded = s->record ? recorder_output(s->record)->lost : 0;

	return printed > recorded ? printed : recorded;
}

uint64_t sink_lost(const struct sink *s)
{
	return s->missed + not_written(s);
}

uint64_t sink_written(const struct sink *s)
{
	uint64_t lost = not_written(s);

	/* Summaries may be among what was lost. */
	return s->events > lost ? s->events - lost : 0;
}
