/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines that several outputs hold; see item.h. */
#include "sinks/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

/* Names come from the kernel, maybe without a NUL. */
static void copy_name(char to[EVENT_NAME_BYTES + 1], const char *name)
{
	size_t n = name ? strnlen(name, EVENT_NAME_BYTES) : 0;

	if (n)
		memcpy(to, name, n);
	to[n] = '\0';
}

static enum item_priority priority_of(const struct event *e)
{
	static const enum item_priority of[SEVERITIES] = {
		[SEVERITY_INFO] = ITEM_INFO,	     [SEVERITY_LOW] = ITEM_NOTICE,
		[SEVERITY_MEDIUM] = ITEM_WARNING,    [SEVERITY_HIGH] = ITEM_ERROR,
		[SEVERITY_CRITICAL] = ITEM_CRITICAL,
	};

	if (e->type == EVENT_ALERT)
		return of[e->alert.severity];
	/* What the kernel refused somebody tried. */
	return e->has_result && e->result < 0 ? ITEM_NOTICE : ITEM_INFO;
}

void item_about_event(struct item_about *about, uint64_t seq, const struct event *e)
{
	memset(about, 0, sizeof(*about));
	about->time_ns = e->time_ns;
	about->seq = seq;
	about->type = event_type_names[e->type];
	about->priority = priority_of(e);
	if (e->type == EVENT_ALERT) {
		snprintf(about->rule, sizeof(about->rule), "%s", e->alert.rule);
		return;
	}
	about->map_id = e->map.id;
	if (e->map.known)
		copy_name(about->map_name, e->map.name);
	/* A kernel worker frees maps; whose a change of content is, nobody saw. */
	if (event_has_actor(e->type) && e->task.comm) {
		about->has_task = true;
		about->pid = e->task.pid;
		about->uid = e->task.uid;
		copy_name(about->comm, e->task.comm);
	}
	if (e->program) {
		about->prog_id = e->program->id;
		copy_name(about->prog_name, e->program->name);
	}
	about->has_result = e->has_result;
	about->result = e->result;
}

void item_about_monitor(struct item_about *about, uint64_t seq, const struct monitor *m)
{
	memset(about, 0, sizeof(*about));
	about->time_ns = m->time_ns;
	about->seq = seq;
	about->type = monitor_type_names[m->type];
	about->priority = m->type == MONITOR_LOST ? ITEM_WARNING : ITEM_INFO;
	about->map_id = m->map_id;
}

struct item *item_new(const struct item_about *about, const char *text, size_t len)
{
	struct item *i = malloc(sizeof(*i) + len);

	if (!i)
		return NULL;
	atomic_init(&i->refs, 1);
	i->about = *about;
	i->len = len;
	if (len)
		memcpy(i->text, text, len);
	return i;
}

struct item *item_new_lost(const struct out_format *format, const struct out_env *env, uint64_t seq,
			   uint64_t lost, uint64_t since_ns)
{
	struct monitor m = { .type = MONITOR_LOST,
			     .where = "output",
			     .lost = lost,
			     .since_ns = since_ns,
			     .time_ns = clock_ns(CLOCK_REALTIME) };
	struct item_about about;
	struct buf b = { 0 };
	struct item *item;

	item_about_monitor(&about, seq, &m);
	format->monitor(&b, env, seq, &m);
	item = b.failed ? NULL : item_new(&about, b.data, b.len);
	buf_fini(&b);
	return item;
}

struct item *item_get(struct item *i)
{
	atomic_fetch_add_explicit(&i->refs, 1, memory_order_relaxed);
	return i;
}

void item_put(struct item *i)
{
	if (i && atomic_fetch_sub_explicit(&i->refs, 1, memory_order_acq_rel) == 1)
		free(i);
}

size_t item_bytes(const struct item *i)
{
	return sizeof(*i) + i->len;
}
