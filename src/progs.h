/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which BPF program an address is in. The code of programs that are gone stays known until other
 * code takes its place: what they wrote may be read later. A record of the code that takes it
 * comes before any of what that code does, so the order of the ring decides.
 */
#ifndef BPFMON_PROGS_H
#define BPFMON_PROGS_H

#include "event.h"

struct progs;

struct progs *progs_new(void);	/* NULL: no memory */
void progs_free(struct progs *progs);

/* The code takes the place of all that overlaps it. False: no memory; then it is not known. */
bool progs_add(struct progs *progs, const struct event_code *code);
/* Before all that there are get added anew: what is not among them is forgotten at the end. */
void progs_begin_list(struct progs *progs);
void progs_end_list(struct progs *progs);

/* The program that called from here, lent until the next change; NULL: none that is known. */
const struct event_prog *progs_find(const struct progs *progs, uint64_t return_address);

#endif
