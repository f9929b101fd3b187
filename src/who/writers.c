/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which BPF program wrote; see writers.h. */
#include "who/writers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "who/progs.h"

struct writers {
	struct bpfobj *obj;
	struct progs *progs;
	uint64_t missed;	/* loads, when programs were last listed */
	uint64_t followed;	/* CLOCK_MONOTONIC, ns: no load was missed up to here */
};

struct writers *writers_new(struct bpfobj *obj)
{
	struct writers *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->obj = obj;
	w->progs = progs_new();
	if (w->progs)
		return w;
	free(w);
	return NULL;
}

void writers_free(struct writers *w)
{
	if (!w)
		return;
	progs_free(w->progs);
	free(w);
}

static void each_code(void *context, const void *code)
{
	struct writers *w = context;
	struct event_code c;

	decode_code(code, &c);
	progs_list(w->progs, &c);
}

static void list(struct writers *w, uint64_t since)
{
	int err;

	progs_begin_list(w->progs, since);
	err = bpfobj_list(w->obj, BPFOBJ_CODE, each_code, w);
	progs_end_list(w->progs, w->followed);
	if (err)
		log_warn("cannot list programs (%s): those that run already are not named",
			 strerror(-err));
}

void writers_list(struct writers *w)
{
	list(w, 0);
}

/* Loads that were not reported: the ring was full, or somebody hid them. */
static uint64_t loads_missed(const struct writers *w)
{
	const volatile struct wire_counts *c = &bpfobj_counts(w->obj)[WIRE_HOOK_PROG_LOAD];
	uint64_t seen = c->seen, taken = c->taken;

	return c->lost[WIRE_LOSS_RING] + (seen > taken ? seen - taken : 0);
}

/*
 * A load under way is counted a moment before it is reported: a difference that goes away was
 * none. A program that is missed must be known before what it does is named, so this waits.
 */
static bool load_missed(struct writers *w)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t missed = loads_missed(w);

	for (int i = 0; missed != w->missed && i < 10; i++) {
		nanosleep(&pause, NULL);
		missed = loads_missed(w);
	}
	if (missed == w->missed)
		return false;
	w->missed = missed;
	return true;
}

void writers_loaded(struct writers *w, const struct event *e)
{
	progs_add(w->progs, &e->code, e->monotonic_ns);
}

static void complete(struct writers *w, struct event_prog *p)
{
	if (p->name[sizeof(p->name) - 2])
		p->full_name = progs_full_name(w->progs, p->id);
}

void writers_run(struct writers *w, struct event *e)
{
	complete(w, &e->run.program);
	complete(w, &e->run.old_program);
}

void writers_event(struct writers *w, struct event *e)
{
	if (!e->caller)
		return;
	if (!bpfobj_hooks(w->obj)[WIRE_HOOK_PROG_LOAD].way) {
		e->program_error = "loads of programs can not be followed on this kernel";
		return;
	}
	if (load_missed(w))
		list(w, clock_ns(CLOCK_MONOTONIC));
	else if (w->followed < e->monotonic_ns)
		w->followed = e->monotonic_ns;
	e->program = progs_find(w->progs, e->caller, e->monotonic_ns);
	if (!e->program)
		e->program_error = "the caller's address is in no program that is known";
}
