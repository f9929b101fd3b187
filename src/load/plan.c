/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which way each hook takes; see plan.h. */
#include "load/plan.h"

#include <stdio.h>
#include <string.h>

#include "load/feat.h"
#include "maptype.h"

const struct hook_way *plan_way(const struct plan *plan, unsigned int hook)
{
	unsigned int i = plan->way[hook];

	return i < HOOK_WAYS && hooks[hook].ways[i].function ? &hooks[hook].ways[i] : NULL;
}

void plan_next(struct plan *plan, unsigned int hook, const char *what, int err)
{
	const struct hook_way *way = plan_way(plan, hook);
	struct hook_state *state = &plan->states[hook];

	if (!way)
		return;
	if (!state->why[0] || err)
		snprintf(state->why, sizeof(state->why), "%s %s: %s%s%s",
			 attach_kind_names[way->kind], way->function, what, err ? ": " : "",
			 err ? strerror(-err) : "");
	plan->way[hook]++;
	/* Entry and exit of bpf(2) work together: both by trampoline or both by tracepoint. */
	if (hook == WIRE_HOOK_SYS_ENTER || hook == WIRE_HOOK_SYS_EXIT) {
		unsigned int other = WIRE_HOOK_SYS_ENTER + WIRE_HOOK_SYS_EXIT - hook;
		const struct hook_way *next = plan_way(plan, hook);

		if (next && next->kind != ATTACH_TRACEPOINT)
			return;
		while (plan_way(plan, other) && plan_way(plan, other)->kind != ATTACH_TRACEPOINT)
			plan_next(plan, other, "the other end of bpf(2) is a tracepoint", 0);
	}
}

/* This kernel has none of the types, of which there are some. */
static bool types_absent(const struct plan *plan, uint64_t types)
{
	for (uint32_t t = 0; t < maptype_count(); t++)
		if (types >> t & 1 && feat_has_map_type(plan->feat, t))
			return false;
	return types;
}

/* The ways that can't work by what the kernel says of itself. */
void plan_init(struct plan *plan, const struct feat *feat)
{
	memset(plan, 0, sizeof(*plan));
	plan->feat = feat;

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way;

		if (types_absent(plan, maptype_served_by((enum wire_hook)i))) {
			plan->states[i].absent = true;
			plan->way[i] = HOOK_WAYS;
		}
		while ((way = plan_way(plan, i))) {
			bool trampoline = way->kind == ATTACH_FENTRY || way->kind == ATTACH_FEXIT;

			if (trampoline && feat->fentry_error)
				plan_next(plan, i, "refused by the kernel", feat->fentry_error);
			else if (trampoline && !feat_has_function(feat, way->function))
				plan_next(plan, i, "no such function in the kernel's BTF", 0);
			else if (way->args && feat_function_args(feat, way->function) != way->args)
				plan->way[i]++;	/* another row has this prototype */
			else if (way->kind == ATTACH_KPROBE && feat->kprobe_error)
				plan_next(plan, i, "refused by the kernel", feat->kprobe_error);
			else
				break;
		}
		plan->states[i].idle = hooks[i].on_demand && plan_way(plan, i);
	}
}
