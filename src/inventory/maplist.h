/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel's own list of maps adds to that of bpf(2), which a BPF program can falsify: maps
 * that bpf(2) leaves out, and what the maps in a map-in-map must look like.
 */
#ifndef BPFMON_MAPLIST_H
#define BPFMON_MAPLIST_H

#include "inventory/inventory.h"

struct mapiter;

/* Ids as bpf(2) told them. */
struct maplist {
	uint32_t *ids;	/* rising */
	size_t n;
};

/* 0, or -ENOMEM. Of the maps that bpf(2) left out those that are asked for become the inventory's. */
int maplist_gather(struct inventory *inv, const struct mapiter *iter, const struct maplist *told,
		   inventory_want *want, void *context);

#endif
