/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a BPF object consists of, for bpfobj.c and bpfobj_shared.c alone. */
#ifndef BPFMON_LOAD_BPFOBJ_INSIDE_H
#define BPFMON_LOAD_BPFOBJ_INSIDE_H

#include "load/attach.h"
#include "load/ring.h"
#include "load/sections.h"

#include "bpfmon.skel.h"

struct bpfobj {
	struct bpfmon_bpf *skel;
	struct attach attach;
	struct feat *feat;
	struct sections sections;
	struct ring ring;
	uint64_t unseen_mmaps;	/* of the ring, when it was armed */
	uint32_t cpus;
	uint32_t own_pid;	/* as the kernel's programs saw it at the start */
	int canary;		/* the map, or a negative errno */
	uint32_t canary_id;
};

#endif
