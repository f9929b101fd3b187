/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps that bpfmon processes made for themselves, this one's and another's beside it. What
 * such a process does to its own maps is bookkeeping and not reported; what anybody else does to
 * them, or it to any other map, is. A process counts as bpfmon when it runs the same file as we do.
 */
#ifndef BPFMON_OWNMAPS_H
#define BPFMON_OWNMAPS_H

#include <stdbool.h>

#include "event.h"

struct ownmaps;

/* Finds the bpfmon processes there are. NULL when out of memory. */
struct ownmaps *ownmaps_new(void);
void ownmaps_free(struct ownmaps *own);

/* Learns from the event, and tells whether it is a bpfmon's bookkeeping. */
bool ownmaps_event(struct ownmaps *own, const struct event *e);

/* One line of /proc/PID/fdinfo/FD: true and the id when it says that the descriptor is a map. */
bool ownmaps_parse_fdinfo(const char *line, uint32_t *id);

#endif
