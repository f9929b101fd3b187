/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF object from open to close: which programs to load, load, attach in order, arm; and what
 * the user side needs of it afterwards: the ring, the counters, the filter, the lists of maps.
 * The only file that includes the skeleton.
 */
#ifndef BPFMON_BPFOBJ_H
#define BPFMON_BPFOBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/hooks.h"
#include "load/ring.h"
#include "bpfmon/wire.h"

struct bpfobj;

struct bpfobj_opts {
	uint32_t ring_bytes;	/* a power of two, at least one page */
	uint32_t bytes;		/* captured of a key and of a value */
	bool lookups;		/* report lookups by bpf(2), too */
};

/*
 * Loads everything and attaches it, but reports nothing until bpfobj_arm(). 0, or a negative
 * errno with a sentence in `why` that says what was tried and what to do.
 */
int bpfobj_new(const struct bpfobj_opts *opts, struct bpfobj **out, char *why, size_t why_size);
/* Detaches and frees; NULL is fine. */
void bpfobj_free(struct bpfobj *obj);

/*
 * Of each writer so many writes in a second are records, the others are counted (src/summaries.h);
 * 0: all are. False: loads of programs are not seen, and so who is new is not known; then all are.
 */
bool bpfobj_summarize(struct bpfobj *obj, uint32_t after);
/* The table and what goes with it. */
volatile struct wire_summary *bpfobj_summaries(const struct bpfobj *obj);
const volatile __u32 *bpfobj_generation(const struct bpfobj *obj);
const volatile __u64 *bpfobj_summary_news(const struct bpfobj *obj);
volatile __u8 *bpfobj_summary_hot(const struct bpfobj *obj);
/* Writes to a map, and to others in the same slot, that were counted instead of recorded. */
uint64_t bpfobj_summarized(const struct bpfobj *obj, uint32_t map_id);

void bpfobj_arm(struct bpfobj *obj);
/* Whether they are on, and bpfmon known as it was: both are in a map, which others may write. */
bool bpfobj_armed(const struct bpfobj *obj);
/*
 * Writes to a map of bpfmon's own, and has the hooks see it like anybody's write: 0, or a negative
 * errno. Whether an event is of that.
 */
int bpfobj_canary(struct bpfobj *obj);
/* How many of these calls the ring had no room for; nobody's loss. */
uint64_t bpfobj_canary_lost(const struct bpfobj *obj);
bool bpfobj_is_canary(const struct bpfobj *obj, uint32_t map, uint32_t pid);
/* No hook starts a record after this; those under way still end in the ring. */
void bpfobj_disarm(struct bpfobj *obj);

/*
 * Attaches the hooks on demand that maps of these types, a bit each, ask for and that are not yet
 * there. 0, or a negative errno: then the exit of bpf(2) goes on reporting what they would.
 */
int bpfobj_demand(struct bpfobj *obj, uint64_t types);

/* An array of WIRE_HOOK_COUNT. */
const struct hook_state *bpfobj_hooks(const struct bpfobj *obj);
bool bpfobj_full(const struct bpfobj *obj);	/* trampolines are to be had */
struct ring *bpfobj_ring(struct bpfobj *obj);
uint32_t bpfobj_own_pid(const struct bpfobj *obj);	/* as the kernel's programs see it */
uint32_t bpfobj_cpus(const struct bpfobj *obj);		/* possible CPUs */
/* Mapped from the kernel, changing under the reader; an array of WIRE_HOOK_COUNT. */
const volatile struct wire_counts *bpfobj_counts(const struct bpfobj *obj);
/* Records that a hook without a program that counts may have missed; see attach_misses(). */
uint64_t bpfobj_misses(const struct bpfobj *obj, unsigned int hook);
struct attach_program;
/* See attach_program(). */
bool bpfobj_program(const struct bpfobj *obj, unsigned int hook, unsigned int n,
		    struct attach_program *program);
/* Bytes of the ring, and how many of them hold records that are not read yet. */
uint64_t bpfobj_ring_size(const struct bpfobj *obj);
uint64_t bpfobj_ring_used(const struct bpfobj *obj);
/* Whether records about this map are dropped in the kernel. */
void bpfobj_set_verdict(struct bpfobj *obj, uint32_t map_id, bool skip);
/* All are decided anew, by the next event of each. */
void bpfobj_forget_verdicts(struct bpfobj *obj);
bool bpfobj_has_verdict(const struct bpfobj *obj, uint32_t map_id);

/* An array of WIRE_HIDDEN, mapped alike. */
const volatile struct wire_hidden *bpfobj_hidden(const struct bpfobj *obj);

enum bpfobj_list {
	BPFOBJ_MAPS,	/* struct wire_listed: each map on the host */
	BPFOBJ_FILES,	/* struct wire_iter_file: each descriptor of a map that a process has open */
	BPFOBJ_CODE,	/* struct wire_listed_code: each function of each program */
};

/* Calls back for each record; a negative errno when the list can't be read. */
int bpfobj_list(struct bpfobj *obj, enum bpfobj_list list,
		void (*each)(void *context, const void *record), void *context);

#endif
