/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was seen, written and lost; see accounts.h. */
#include "accounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

#define NO_HOOK WIRE_HOOK_COUNT

static const char *const where_names[WHERES] = {
	[WHERE_RING] = "ring",	   [WHERE_TABLE] = "table",   [WHERE_DESCRIPTOR] = "descriptor",
	[WHERE_BATCH] = "batch",   [WHERE_EXIT] = "exit",     [WHERE_RECURSION] = "recursion",
	[WHERE_RECORD] = "record", [WHERE_OUTPUT] = "output", [WHERE_COMPARE] = "compare",
};

void accounts_init(struct accounts *a, struct bpfobj *obj, struct sink *sink,
		   const struct mapids *ids)
{
	*a = (struct accounts){ .obj = obj, .sink = sink, .ids = ids };
	a->skipped_seq = EVENT_SEQ_NONE;
	for (unsigned int w = 0; w < WHERES; w++)
		a->since_ns[w] = clock_ns(CLOCK_REALTIME);
}

void accounts_map(struct accounts *a, uint32_t id)
{
	a->slot_map[id & (WIRE_HIDDEN - 1)] = id;
}

static void put_monitor(struct accounts *a, struct monitor *m)
{
	m->time_ns = clock_ns(CLOCK_REALTIME);
	sink_monitor(a->sink, m);
}

/* What was lost since the start, by place and hook. */
static void count_lost(struct accounts *a, uint64_t lost[WHERES][WIRE_HOOK_COUNT + 1], bool final)
{
	const volatile struct wire_counts *c = bpfobj_counts(a->obj);

	memset(lost, 0, sizeof(a->reported));
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		uint64_t taken = c[i].taken, seen = c[i].seen;
		/* A write seen in the last second may still be on its way to the details. */
		uint64_t due = final ? seen : a->seen_before[i];

		for (unsigned int why = 0; why < WIRE_LOSS_COUNT; why++)
			lost[why][i] = c[i].lost[why];
		if (due > taken)
			lost[WHERE_RECURSION][i] = due - taken;
		lost[WHERE_EXIT][i] += bpfobj_misses(a->obj, i);
		a->seen_before[i] = seen;
	}
	lost[WHERE_RECORD][NO_HOOK] = a->malformed;
	lost[WHERE_OUTPUT][NO_HOOK] = sink_lost(a->sink);
	lost[WHERE_COMPARE][NO_HOOK] = a->unheld;
}

uint64_t accounts_records_lost(const struct accounts *a)
{
	const volatile struct wire_counts *c = bpfobj_counts(a->obj);
	uint64_t lost = 0;

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		for (unsigned int why = 0; why < WIRE_LOSS_COUNT; why++)
			lost += c[i].lost[why];
	return lost;
}

uint64_t accounts_losses(const struct accounts *a)
{
	uint64_t lost = a->malformed + accounts_records_lost(a);

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		lost += bpfobj_misses(a->obj, i) + a->reported[WHERE_RECURSION][i];
	return lost;
}

uint64_t accounts_hidden(const struct accounts *a, uint32_t id)
{
	const volatile struct wire_hidden *h = &bpfobj_hidden(a->obj)[id & (WIRE_HIDDEN - 1)];
	uint64_t taken = h->taken, seen = h->seen;

	return seen > taken ? seen - taken : 0;
}

static const char *lost_hint(unsigned int where)
{
	if (where == WHERE_RING)
		return "; a larger --buffer holds more";
	if (where == WHERE_COMPARE)
		return "; too much changes past every hook: leave maps out with -x map=MAP";
	if (where == WHERE_RECURSION)
		return "; a program hid writes from bpfmon, or ran inside it";
	return "";
}

/* `by_hook` NULL: of no hook. */
static void put_lost(struct accounts *a, unsigned int where, const uint64_t *by_hook,
		     struct monitor *m)
{
	struct hook_report reports[WIRE_HOOK_COUNT];
	char map[32] = "";

	for (unsigned int i = 0; by_hook && i < WIRE_HOOK_COUNT; i++)
		if (by_hook[i])
			reports[m->n_hooks++] =
				(struct hook_report){ .name = hooks[i].name, .lost = by_hook[i] };
	m->hooks = reports;
	m->type = MONITOR_LOST;
	m->where = where_names[where];
	m->since_ns = a->since_ns[where];
	if (where == WHERE_RECURSION || where == WHERE_EXIT)
		a->skipped_seq = a->sink->seq;
	put_monitor(a, m);
	if (m->map_id)
		snprintf(map, sizeof(map), " on map %u", m->map_id);
	log_warn("%" PRIu64 " events lost (%s)%s%s", m->lost, m->where, map, lost_hint(where));
	a->lost += m->lost;
}

/* The map of a slot of hidden[]; 0 where it may be one of several. */
static uint32_t hidden_map(const struct accounts *a, uint32_t slot)
{
	uint32_t n, id = mapids_in_slot(a->ids, slot, WIRE_HIDDEN, &n);

	return n ? id : a->slot_map[slot];
}

/* What was hidden, by map. Which hooks missed it is told as well while it is one map's. */
static void put_hidden(struct accounts *a, const uint64_t *by_hook, uint64_t sum, bool final)
{
	const volatile struct wire_hidden *h = bpfobj_hidden(a->obj);
	uint64_t rest = sum;

	for (uint32_t slot = 0; slot < WIRE_HIDDEN; slot++) {
		uint64_t taken = h[slot].taken, seen = h[slot].seen;
		uint64_t due = final ? seen : a->hidden_before[slot], lost;

		a->hidden_before[slot] = seen;
		lost = due > taken ? due - taken : 0;
		if (lost <= a->hidden_reported[slot] || !rest)
			continue;
		lost -= a->hidden_reported[slot];
		lost = lost < rest ? lost : rest;
		a->hidden_reported[slot] += lost;
		rest -= lost;
		put_lost(a, WHERE_RECURSION, lost == sum ? by_hook : NULL,
			 &(struct monitor){ .map_id = hidden_map(a, slot), .lost = lost });
	}
	if (rest)
		put_lost(a, WHERE_RECURSION, rest == sum ? by_hook : NULL,
			 &(struct monitor){ .lost = rest });
}

void accounts_look(struct accounts *a, bool final)
{
	uint64_t lost[WHERES][WIRE_HOOK_COUNT + 1];

	count_lost(a, lost, final);
	for (unsigned int w = 0; w < WHERES; w++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i <= NO_HOOK; i++) {
			uint64_t more = lost[w][i] - a->reported[w][i];

			if (lost[w][i] < a->reported[w][i])
				more = 0;	/* late, not lost: the details came after all */
			a->reported[w][i] += more;
			lost[w][i] = more;
			sum += more;
		}
		if (w == WHERE_RECURSION)
			put_hidden(a, lost[w], sum, final);
		else if (sum)
			put_lost(a, w, lost[w], &(struct monitor){ .lost = sum });
		if (sum)
			a->since_ns[w] = clock_ns(CLOCK_REALTIME);
	}
}

static struct monitor totals(const struct accounts *a, enum monitor_type type)
{
	const volatile struct wire_counts *c = bpfobj_counts(a->obj);
	struct monitor m = { .type = type,
			     .events = sink_written(a->sink),
			     .filtered = a->filtered,
			     .summaries = a->sink->summaries,
			     .summarized = a->sink->summarized,
			     .lost = a->lost,
			     .compared = { a->compared.maps, a->compared.too_large,
					   a->compared.rounds, a->compared.interval_ns,
					   a->compared.skipped } };

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		m.seen += (c[i].seen > c[i].taken ? c[i].seen : c[i].taken) +
			  a->reported[WHERE_EXIT][i] - c[i].lost[WIRE_LOSS_EXIT];
	/* What is told in summaries has a sum of its own. */
	m.seen += a->derived;
	m.seen -= a->sink->summarized;
	if (a->sink->more)
		m.outputs = sinks_outputs(a->sink->more, &m.n_outputs);
	return m;
}

void accounts_heartbeat(struct accounts *a, uint64_t uptime_ns, uint64_t interval_ns)
{
	struct monitor m = totals(a, MONITOR_HEARTBEAT);

	m.ring_used = bpfobj_ring_used(a->obj);
	m.ring_size = bpfobj_ring_size(a->obj);
	m.uptime_ns = uptime_ns;
	m.interval_ns = interval_ns;
	put_monitor(a, &m);
}

void accounts_stop(struct accounts *a)
{
	struct monitor m = totals(a, MONITOR_STOP);

	put_monitor(a, &m);
	log_info("%" PRIu64 " events, %" PRIu64 " left out, %" PRIu64 " lost, %" PRIu64
		 " more in %" PRIu64 " summaries",
		 m.events, m.filtered, m.lost, m.summarized, m.summaries);
}
