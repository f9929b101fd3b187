/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space and the programs in the kernel tell each other while they run, in memory that both
 * have; see bpfobj.h.
 */
#include "load/bpfobj.h"

#include <time.h>

#include "load/bpfobj_inside.h"

uint64_t bpfobj_ring_size(const struct bpfobj *obj)
{
	return obj->ring.size;
}

uint64_t bpfobj_ring_used(const struct bpfobj *obj)
{
	return ring_used(&obj->ring);
}

bool bpfobj_summarize(struct bpfobj *obj, uint32_t after)
{
	bool can = obj->attach.plan.states[WIRE_HOOK_PROG_LOAD].way;

	obj->skel->bss->summary_after = can ? after : 0;
	return can || !after;
}

volatile struct wire_summary *bpfobj_summaries(const struct bpfobj *obj)
{
	return obj->skel->bss->summaries;
}

const volatile __u32 *bpfobj_generation(const struct bpfobj *obj)
{
	return &obj->skel->bss->summary_generation;
}

const volatile __u64 *bpfobj_summary_news(const struct bpfobj *obj)
{
	return &obj->skel->bss->summary_news;
}

volatile __u8 *bpfobj_summary_hot(const struct bpfobj *obj)
{
	return obj->skel->bss->summary_hot;
}

uint64_t bpfobj_summarized(const struct bpfobj *obj, uint32_t map_id)
{
	const volatile struct bpfmon_bpf__bss *bss = obj->skel->bss;

	return bss->summarized[map_id & (WIRE_HIDDEN - 1)];
}

void bpfobj_arm(struct bpfobj *obj)
{
	obj->unseen_mmaps = obj->ring.mapped - obj->skel->bss->own_mmaps;
	obj->skel->bss->state = 1; /* STATE_ON */
}

bool bpfobj_armed(const struct bpfobj *obj)
{
	const volatile struct bpfmon_bpf__bss *bss = obj->skel->bss;

	return bss->state == 1 && bss->own_pid == obj->own_pid;
}

void bpfobj_disarm(struct bpfobj *obj)
{
	const struct timespec under_way = { .tv_nsec = 10 * 1000 * 1000 };

	obj->skel->bss->state = 2; /* STATE_ENDING */
	nanosleep(&under_way, NULL);
	obj->skel->bss->state = 0; /* STATE_OFF */
	nanosleep(&under_way, NULL);
}

uint64_t bpfobj_canary_lost(const struct bpfobj *obj)
{
	const volatile struct bpfmon_bpf__bss *bss = obj->skel->bss;

	return bss->canary_lost;
}

const struct hook_state *bpfobj_hooks(const struct bpfobj *obj)
{
	return obj->attach.plan.states;
}

bool bpfobj_full(const struct bpfobj *obj)
{
	return obj->attach.plan.states[WIRE_HOOK_SYS_ENTER].way->kind == ATTACH_FENTRY;
}

struct ring *bpfobj_ring(struct bpfobj *obj)
{
	return &obj->ring;
}

uint32_t bpfobj_own_pid(const struct bpfobj *obj)
{
	return obj->own_pid;
}

uint32_t bpfobj_cpus(const struct bpfobj *obj)
{
	return obj->cpus;
}

const volatile struct wire_counts *bpfobj_counts(const struct bpfobj *obj)
{
	return obj->skel->bss->counts;
}

const volatile struct wire_hidden *bpfobj_hidden(const struct bpfobj *obj)
{
	return obj->skel->bss->hidden;
}

static volatile __u64 *verdict_slot(const struct bpfobj *obj, uint32_t map_id)
{
	return &obj->skel->bss->verdicts[map_id & (WIRE_VERDICTS - 1)];
}

void bpfobj_set_verdict(struct bpfobj *obj, uint32_t map_id, bool skip)
{
	*verdict_slot(obj, map_id) = (uint64_t)map_id << 32 | skip;
}

void bpfobj_forget_verdicts(struct bpfobj *obj)
{
	for (uint32_t i = 0; i < WIRE_VERDICTS; i++)
		*verdict_slot(obj, i) = 0;
}

bool bpfobj_has_verdict(const struct bpfobj *obj, uint32_t map_id)
{
	return *verdict_slot(obj, map_id) >> 32 == map_id;
}
