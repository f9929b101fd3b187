/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What normal looks like: who writes to which maps, as events tell it, and a file of rules,
 * bpfmon-rules(5), of it. Maps are known by name and type, or by their pins where they have no name;
 * writers by executable and cgroup or container, programs by name, type and tag. Nothing in it is
 * an id, and what grows with ids and numbers is folded, so that it stays small however long it runs.
 */
#ifndef BPFMON_NORMAL_H
#define BPFMON_NORMAL_H

#include "event.h"
#include "lib/buf.h"

struct normal;

struct normal *normal_new(void);	/* NULL: no memory */
void normal_free(struct normal *n);

void normal_event(struct normal *n, const struct event *e);
/* So many events were not told. */
void normal_lost(struct normal *n, uint64_t lost);

/* Rules that it gives. */
size_t normal_count(const struct normal *n);
/* Writes that were learned. */
uint64_t normal_writes(const struct normal *n);
/* The file; `host` and `kernel` are where it was learned. `b` has failed, where there was no memory. */
void normal_rules(struct normal *n, const char *host, const char *kernel, struct buf *b);

#endif
