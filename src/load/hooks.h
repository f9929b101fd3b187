/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of hooks: for each, the ways to attach it, best first, and what is not seen without
 * it. What a kernel really gives is found by attaching (src/load/bpfobj.c), never by its version.
 */
#ifndef BPFMON_HOOKS_H
#define BPFMON_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfmon/wire.h"

enum attach_kind { ATTACH_FENTRY, ATTACH_FEXIT, ATTACH_KPROBE, ATTACH_TRACEPOINT };

extern const char *const attach_kind_names[];

#define HOOK_WAYS 3
#define HOOK_PROGRAMS 3
#define HOOK_EXTRA 2	/* of these, one that the hook can do without */

struct hook_way {
	enum attach_kind kind;
	const char *function;	/* kernel function or tracepoint; NULL ends the ways */
	/*
	 * The programs, by name. The second may be missing on a kernel without its function. The
	 * third only adds to events of the first.
	 */
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

/* Functions that programs of a hook are attached to beside the hook's own; ended by NULL. */
extern const char *const hook_functions_beside[];
#define HOOK_IA32_BPF "__ia32_sys_bpf"	/* the 32-bit entry, which is not in every kernel */

/* Functions that bpfmon's programs call: who is on one of them can see, and some can change, what they read. */
extern const char *const hook_helpers[];
/* What no hook can show, on any kernel; ended by NULL. */
extern const char *const never_seen[];

/* What became of a hook on this kernel. */
struct hook_state {
	const struct hook_way *way;	/* NULL: not attached */
	bool idle;			/* on demand, and nothing demanded it yet */
	bool absent;			/* the kernel has no map type that it is for */
	bool incomplete;		/* attached, but for its program HOOK_EXTRA */
	char why[192];			/* why no better way; empty: the first was taken */
};

/* "fexit", "kprobe", ..., or why it is not attached. */
const char *hook_attached(const struct hook_state *state);

/* What a user does not see because of this state, or NULL. */
const char *hook_loss(const struct hook *hook, const struct hook_state *state);

/* What is told of a hook: words only, so that a recording can hold it. */
struct hook_report {
	const char *name, *function;
	const char *attached;
	const char *why, *loss;	/* NULL: nothing to say */
	uint64_t lost;		/* monitor.lost: events */
};

/* The state of each hook, in the order of the table; lends from `states`. */
void hook_reports(const struct hook_state *states, struct hook_report reports[WIRE_HOOK_COUNT]);

#endif
