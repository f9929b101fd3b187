/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which BPF program wrote; see writers.h. */
#include "writers.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "lib/log.h"
#include "progs.h"

struct writers {
	struct bpfobj *obj;
	struct progs *progs;
	uint64_t missed;	/* loads, when programs were last listed */
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
	progs_add(w->progs, &c);
}

void writers_list(struct writers *w)
{
	int err;

	progs_begin_list(w->progs);
	err = bpfobj_list(w->obj, BPFOBJ_CODE, each_code, w);
	progs_end_list(w->progs);
	if (err)
		log_warn("cannot list programs (%s): those that run already are not named",
			 strerror(-err));
}

/* Loads that were not reported: the ring was full, or somebody hid them. */
static uint64_t loads_missed(const struct writers *w)
{
	const volatile struct wire_counts *c = &bpfobj_counts(w->obj)[WIRE_HOOK_PROG_LOAD];
	uint64_t seen = c->seen, taken = c->taken;

	return c->lost[WIRE_LOSS_RING] + (seen > taken ? seen - taken : 0);
}

void writers_loaded(struct writers *w, const struct event *e)
{
	progs_add(w->progs, &e->code);
}

void writers_event(struct writers *w, struct event *e)
{
	uint64_t missed;

	if (!e->caller)
		return;
	if (!bpfobj_hooks(w->obj)[WIRE_HOOK_PROG_LOAD].way) {
		e->program_error = "loads of programs can not be followed on this kernel";
		return;
	}
	missed = loads_missed(w);
	if (missed != w->missed) {
		w->missed = missed;
		writers_list(w);
	}
	e->program = progs_find(w->progs, e->caller);
	if (!e->program)
		e->program_error = "the caller's address is in no program that is known";
}
