/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which BPF program wrote: the programs that there are, listed at the start and followed as they
 * get loaded; see src/who/progs.h. A wrong name is worse than none: where a load was missed, all are
 * listed anew before any is named.
 */
#ifndef BPFMON_WRITERS_H
#define BPFMON_WRITERS_H

#include "load/bpfobj.h"
#include "event.h"

struct writers;

struct writers *writers_new(struct bpfobj *obj);	/* NULL: no memory */
void writers_free(struct writers *w);

/* Once loads are reported: the programs that were loaded before. */
void writers_list(struct writers *w);
void writers_loaded(struct writers *w, const struct event *e);	/* an EVENT_CODE */
/* Gives the programs of an event_is_run() their whole names; lent until the next call. */
void writers_run(struct writers *w, struct event *e);
/* Names the program of an event that a program caused, or says why not; lent until the next call. */
void writers_event(struct writers *w, struct event *e);

#endif
