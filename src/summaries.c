/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts of busy writers to events; see summaries.h. */
#include "summaries.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"

/* Who has not written for so long is forgotten; a writer that comes again is a new one. */
#define IDLE_NS 2000000000ull
/* A hook that found the entry before it was taken away has long counted by then. */
#define LEAVE_NS 1000000000ull

#define MAPS 4096	/* by id modulo this; of what has no place only the id is told */

struct owner {
	uint64_t caller, what;
};

struct entry {
	uint64_t told;		/* of its count */
	struct owner owner;	/* that is leaving since left_ns; caller 0: none is */
	uint64_t left_ns;
};

struct map {
	struct event_map map;
	char name[EVENT_NAME_BYTES];
};

/* What was counted for one place in a program. */
struct found {
	struct owner owner;
	uint64_t count, first_ns, last_ns;	/* CLOCK_MONOTONIC */
	bool has_program;
	struct event_prog program;
	const char *error;
};

struct summaries {
	struct summaries_env env;
	struct entry entries[WIRE_SUMMARIES];
	struct map maps[MAPS];
	struct found found[WIRE_SUMMARIES];
	size_t n_found;
	bool hot[WIRE_HIDDEN];	/* maps that something was counted of */
	bool waits;		/* something was counted that can't be told yet */
	uint64_t news;
};

struct summaries *summaries_new(const struct summaries_env *env)
{
	struct summaries *s = calloc(1, sizeof(*s));

	if (s)
		s->env = *env;
	return s;
}

void summaries_free(struct summaries *s)
{
	free(s);
}

void summaries_event(struct summaries *s, const struct event *e)
{
	struct map *m = &s->maps[e->map.id % MAPS];

	if (e->via != VIA_PROGRAM || !e->map.known)
		return;
	m->map = e->map;
	m->map.info = NULL;
	m->map.facts = NULL;
	memcpy(m->name, e->map.name, sizeof(m->name));
}

/* ---- from the table ---- */

/* What is new in an entry. False: it can't be told yet. */
static bool take(struct summaries *s, size_t i, const struct owner *owner, uint64_t known_ns)
{
	volatile struct wire_summary *w = &s->env.table[i];
	struct entry *entry = &s->entries[i];
	uint64_t first = w->first_ns, count = w->count, last = w->last_ns;
	struct found *f;

	if (count != entry->told)
		s->hot[owner->what & (WIRE_HIDDEN - 1)] = true;
	if (count != entry->told && (first ? first : last) > known_ns) {
		s->waits = true;
		return false;
	}
	/* Before the count is read: what is counted later is news again. */
	w->first_ns = 0;
	__sync_synchronize();
	count = w->count;
	last = w->last_ns;
	if (count == entry->told)
		return true;
	f = &s->found[s->n_found++];
	*f = (struct found){ .owner = *owner,
			     .count = count - entry->told,
			     .first_ns = first && first < last ? first : last,
			     .last_ns = last };
	entry->told = count;
	return true;
}

static bool is_idle(const struct summaries *s, size_t i, uint64_t now)
{
	const volatile struct wire_summary *w = &s->env.table[i];

	return w->generation != *s->env.generation ||
	       (int64_t)(now - w->window_ns) > (int64_t)IDLE_NS;
}

static void look(struct summaries *s, size_t i, const struct summaries_clock *clock)
{
	volatile struct wire_summary *w = &s->env.table[i];
	struct entry *entry = &s->entries[i];
	struct owner owner = { w->caller, w->what };

	if (entry->owner.caller) {
		if (!take(s, i, &entry->owner, clock->known_ns) ||
		    clock->now_ns - entry->left_ns < LEAVE_NS)
			return;
		entry->owner.caller = 0;
		__sync_fetch_and_sub(&w->lock, 1);
		return;
	}
	if (!owner.caller)
		return;
	take(s, i, &owner, clock->known_ns);
	if (!is_idle(s, i, clock->now_ns))
		return;
	/* Nobody finds it any more, and nobody gets it before the lock is given back. */
	__sync_fetch_and_add(&w->lock, 1);
	w->caller = 0;
	entry->owner = owner;
	entry->left_ns = clock->now_ns;
}

/* ---- to events ---- */

static void name_writer(struct summaries *s, struct found *f)
{
	struct event e = { .caller = f->owner.caller, .monotonic_ns = f->last_ns };

	s->env.writer(s->env.context, &e);
	f->has_program = e.program;
	if (e.program)
		f->program = *e.program;
	f->error = e.program_error;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* Those of one event beside each other, in an order that does not depend on addresses if it can. */
static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = COMPARE((uint32_t)x->owner.what, (uint32_t)y->owner.what);

	if (!order)
		order = COMPARE(x->program.id, y->program.id);
	if (!order)
		order = COMPARE(x->owner.what, y->owner.what);
	if (!order && !x->has_program)
		order = COMPARE(x->owner.caller, y->owner.caller);
	return order;
}

static void add_up(struct summaries *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_found; i++)
		name_writer(s, &s->found[i]);
	qsort(s->found, s->n_found, sizeof(*s->found), compare_found);
	for (size_t i = 0; i < s->n_found; i++) {
		struct found *f = &s->found[i], *to = kept ? &s->found[kept - 1] : NULL;

		if (!to || compare_found(to, f)) {
			s->found[kept++] = *f;
			continue;
		}
		to->count += f->count;
		to->first_ns = to->first_ns < f->first_ns ? to->first_ns : f->first_ns;
		to->last_ns = to->last_ns > f->last_ns ? to->last_ns : f->last_ns;
	}
	s->n_found = kept;
}

static void put(struct summaries *s, const struct found *f, const struct summaries_clock *clock)
{
	static const char nobody[EVENT_NAME_BYTES];
	uint32_t id = (uint32_t)f->owner.what;
	uint64_t offset = (uint64_t)clock->realtime_offset_ns;
	struct map *m = &s->maps[id % MAPS];
	struct event e = {
		.type = EVENT_SUMMARY,
		/* It may have been written while this was read. */
		.time_ns = (clock->now_ns > f->last_ns ? clock->now_ns : f->last_ns) + offset,
		.monotonic_ns = f->last_ns,
		.task.comm = nobody,
		.map.id = id,
		.map.name = nobody,
		.via = VIA_PROGRAM,
		.has_result = true,	/* what fails is not counted here */
		.program = f->has_program ? &f->program : NULL,
		.program_error = f->error,
		.fd = -1,
		.summary = { .count = f->count,
			     .first_ns = f->first_ns + offset,
			     .last_ns = f->last_ns + offset },
	};

	if (m->map.id == id) {
		e.map = m->map;
		e.map.name = m->name;
	}
	/* The table can be written by whoever is root: what it says of a kind is not trusted. */
	if (decode_kind((uint32_t)(f->owner.what >> 32), e.map.type, &e.summary.of, &e.op) ||
	    e.summary.of == EVENT_MAP_LOOKUP) {
		e.summary.of = EVENT_MAP_UPDATE;
		e.op = OP_UPDATE;
	}
	s->env.put(s->env.context, &e);
}

bool summaries_tell(struct summaries *s, const struct summaries_clock *clock)
{
	uint64_t news = *s->env.news;
	bool any;

	s->n_found = 0;
	s->waits = false;
	memset(s->hot, 0, sizeof(s->hot));
	for (size_t i = 0; i < WIRE_SUMMARIES; i++)
		look(s, i, clock);
	for (size_t i = 0; i < WIRE_HIDDEN; i++)
		if (s->env.hot[i] && !s->hot[i])
			s->env.hot[i] = 0;
	/* What waits is news up to when it is told. */
	if (!s->waits)
		s->news = news;
	add_up(s);
	any = s->n_found || s->waits;
	for (size_t i = 0; i < s->n_found; i++)
		put(s, &s->found[i], clock);
	return any;
}

void summaries_tell_news(struct summaries *s, const struct summaries_clock *clock)
{
	if (s->news != *s->env.news)
		summaries_tell(s, clock);
}
