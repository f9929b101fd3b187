/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which BPF program an address is in. The code of programs that are gone stays known until other
 * code takes its place: what they wrote may be read later. A record of the code that takes it
 * comes before any of what that code does, so the order of the ring decides. Where a record was
 * missed, a list of what there is replaces it, and times say for which writes it holds.
 */
#ifndef BPFMON_PROGS_H
#define BPFMON_PROGS_H

#include "event.h"

struct progs;

struct progs *progs_new(void);	/* NULL: no memory */
void progs_free(struct progs *progs);

/* The code takes the place of all that overlaps it. False: no memory; then it is not known. */
bool progs_add(struct progs *progs, const struct event_code *code);
/*
 * Around a list of all that there are, each given to progs_add(). What was not known before holds
 * from `since`; what is not among them, up to `until`. Times are the kernel's CLOCK_MONOTONIC, ns.
 */
void progs_begin_list(struct progs *progs, uint64_t since);
void progs_end_list(struct progs *progs, uint64_t until);

/* The program that called from here then, lent until the next change; NULL: none that is known. */
const struct event_prog *progs_find(const struct progs *progs, uint64_t return_address,
				    uint64_t time);

#endif
