/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps that bpfmon processes made for themselves, this one's and another's beside it. What
 * such a process does to its own maps is bookkeeping and not reported, nor that it opens others by
 * id to read what they are; what anybody else does to them, or another bpfmon to any other map, is.
 * The same holds of their programs and links, which are asked for by the process that has them.
 * A process counts as bpfmon when it runs the same file as we do.
 */
#ifndef BPFMON_OWNMAPS_H
#define BPFMON_OWNMAPS_H

#include <stdbool.h>

#include "event.h"

struct ownmaps;

/* Finds the bpfmon processes there are. NULL when out of memory. */
struct ownmaps *ownmaps_new(void);
void ownmaps_free(struct ownmaps *own);
/* This process has made more of them, which no event tells. */
void ownmaps_look(struct ownmaps *own);

/* An EVENT_CODE: it is this process's if that loads it. */
void ownmaps_loaded(struct ownmaps *own, uint32_t own_pid, const struct event *e);

enum ownmaps_is {
	OWNMAPS_OTHER,		/* of no concern here */
	OWNMAPS_BOOKKEEPING,	/* what a bpfmon does to its own, or asks of others */
	OWNMAPS_TOUCHED,	/* somebody else does something to what this bpfmon made */
};

/* Learns from the event, and tells what it is. `own_pid`: ours, as events have it. */
enum ownmaps_is ownmaps_event(struct ownmaps *own, uint32_t own_pid, const struct event *e);
/* Whether this bpfmon made the map. */
bool ownmaps_ours(struct ownmaps *own, uint32_t own_pid, uint32_t map);

/* Whether it is one that a bpfmon made for itself. */
bool ownmaps_has(const struct ownmaps *own, uint32_t map);
bool ownmaps_has_program(const struct ownmaps *own, uint32_t program);

#endif
