/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes have which maps open or mapped, put into the inventory: from iterators, which
 * open nothing, or from /proc where there are none. This process is left out.
 */
#ifndef BPFMON_MAPHOLDERS_H
#define BPFMON_MAPHOLDERS_H

#include "inventory/inventory.h"

struct mapiter;

/* 0, or -ENOMEM. What could not be told becomes a gap. `iter` is NULL where there are none. */
int mapholders_gather(struct inventory *inv, const struct mapiter *iter);
/* Only who has them mapped; 0, or a negative errno. */
int mapholders_mapped(struct inventory *inv, const struct mapiter *iter);

#endif
