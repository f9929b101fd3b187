/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks put in place and taken away by their plan: which programs of an object are loaded, each
 * attached, many at the same time, and what can't be is sent its next way.
 */
#ifndef BPFMON_ATTACH_H
#define BPFMON_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "load/plan.h"

struct bpf_link;
struct bpf_object;

struct attach {
	struct plan plan;
	struct bpf_link *links[WIRE_HOOK_COUNT][HOOK_PROGRAMS];
	int programs[WIRE_HOOK_COUNT][HOOK_PROGRAMS];	/* descriptors, or -1 */
};

struct attach_program {
	uint32_t id;		/* of what its link runs; 0: the link can't be asked */
	int err;		/* why; a negative errno */
	uint64_t misses;	/* see attach_misses() */
};

void attach_init(struct attach *a, const struct feat *feat);
/* Only the programs of these hooks get loaded. */
void attach_choose(struct attach *a, struct bpf_object *in, const bool chosen[WIRE_HOOK_COUNT]);
/* 0, or the negative errno of the program that could not be attached. */
int attach_hook(struct attach *a, struct bpf_object *in, unsigned int hook);
/* Attaches the chosen hooks. How many of them have to go on to their next way. */
int attach_chosen(struct attach *a, struct bpf_object *in, const bool chosen[WIRE_HOOK_COUNT]);
/*
 * How often the kernel skipped the hook's first program because it was at work on the same CPU
 * already, for a task that was preempted or interrupted meanwhile. Before 5.12 it skips none.
 */
uint64_t attach_misses(const struct attach *a, unsigned int hook);
/* Program `n` of a hook, as the kernel tells it now. False: there is none. */
bool attach_program(const struct attach *a, unsigned int hook, unsigned int n,
		    struct attach_program *program);
/* Takes all away. */
void attach_end(struct attach *a);

#endif
