/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of hooks: for each, the ways to attach it, best first, and what is not seen without
 * it. What a kernel really gives is found by attaching (src/bpfobj.c), never by its version.
 */
#ifndef BPFMON_HOOKS_H
#define BPFMON_HOOKS_H

#include <stdbool.h>

#include "bpfmon/wire.h"

enum attach_kind { ATTACH_FENTRY, ATTACH_FEXIT, ATTACH_KPROBE, ATTACH_TRACEPOINT };

extern const char *const attach_kind_names[];

#define HOOK_WAYS 3
#define HOOK_PROGRAMS 2

struct hook_way {
	enum attach_kind kind;
	const char *function;	/* kernel function or tracepoint; NULL ends the ways */
	/* The programs, by name. The second may be missing on a kernel without its function. */
	const char *programs[HOOK_PROGRAMS];
	const char *loss;	/* what this way misses, NULL: nothing */
	int args;		/* only if the function has so many, by BTF; 0: however many */
};

struct hook {
	const char *name;
	const char *missing;	/* what is not seen without the hook; NULL: sys_exit reports it then */
	struct hook_way ways[HOOK_WAYS];
	/*
	 * Attached only once there is a map of a type that it is for. Nothing is lost by that: only
	 * bpf(2) writes these types, and its exit reports what no hook on an operation did.
	 */
	bool on_demand;
	/* What it misses nothing else counts or reports. */
	bool miss_loses;
};

extern const struct hook hooks[WIRE_HOOK_COUNT];

/* What no hook can show, on any kernel; ended by NULL. */
extern const char *const never_seen[];

/* What became of a hook on this kernel. */
struct hook_state {
	const struct hook_way *way;	/* NULL: not attached */
	bool idle;			/* on demand, and nothing demanded it yet */
	bool absent;			/* the kernel has no map type that it is for */
	char why[192];			/* why no better way; empty: the first was taken */
};

/* "fexit", "kprobe", ..., or why it is not attached. */
const char *hook_attached(const struct hook_state *state);

/* What a user does not see because of this state, or NULL. */
const char *hook_loss(const struct hook *hook, const struct hook_state *state);

#endif
