/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map "evicted", in which bpfmon's kernel side counts and which `bpfmon maps`, another process,
 * reads: how many elements LRU maps pushed out, an entry for the maps of one slot, id modulo
 * WIRE_EVICTED. The entry behind these has in `count` since when, in nanoseconds of the wall clock;
 * 0: nothing is counted.
 */
#ifndef BPFMON_WIRE_EVICTED_H
#define BPFMON_WIRE_EVICTED_H

#include <linux/types.h>

#define WIRE_EVICTED 4096
#define WIRE_EVICTED_NAME "evicted"

struct wire_evicted {
	__u32 map;	/* id; 0: none yet */
	__u32 shared;	/* it is the count of several maps that there are */
	__u64 count;
};

#endif
