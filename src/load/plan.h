/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which way each hook of the table in hooks.h takes on this kernel: first by what the kernel says
 * of itself, then by what failed. Loads and attaches nothing.
 */
#ifndef BPFMON_PLAN_H
#define BPFMON_PLAN_H

#include "load/hooks.h"

struct feat;

struct plan {
	const struct feat *feat;
	struct hook_state states[WIRE_HOOK_COUNT];	/* as others see it, once it is carried out */
	unsigned int way[WIRE_HOOK_COUNT];	/* index into hooks[].ways; HOOK_WAYS: none left */
};

/* `feat` must outlive the plan. */
void plan_init(struct plan *plan, const struct feat *feat);

/* NULL: none is left. */
const struct hook_way *plan_way(const struct plan *plan, unsigned int hook);
/* Goes on to the hook's next way and notes why; err: a negative errno, or 0. */
void plan_next(struct plan *plan, unsigned int hook, const char *what, int err);

#endif
