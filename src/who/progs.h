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

/*
 * A record of code that was loaded at `time`; it takes the place of all that overlaps it. If it is
 * older than the last list and not in it, it is gone, and what the list has there may have come
 * without a record: it is not taken then. Times are the kernel's CLOCK_MONOTONIC, ns. False: no
 * memory; then it is not known.
 */
bool progs_add(struct progs *progs, const struct event_code *code, uint64_t time);
/*
 * Around a list of all that there are. What was not known before holds from `since`, or, if its
 * record comes, from there; what is not among them, up to `until`.
 */
void progs_begin_list(struct progs *progs, uint64_t since);
bool progs_list(struct progs *progs, const struct event_code *code);
void progs_end_list(struct progs *progs, uint64_t until);

/* What is given is copied. The whole name of a program, lent as below; NULL: none is known. */
const char *progs_full_name(const struct progs *progs, uint32_t id);

/* The program that called from here then, lent until the next change; NULL: none that is known. */
const struct event_prog *progs_find(const struct progs *progs, uint64_t return_address,
				    uint64_t time);

#endif
