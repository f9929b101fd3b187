/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writers that write too often to be told of write by write: a program's writes to a map past the
 * first `summary_after` in a second are counted, by the place in its code that calls the operation,
 * and src/summaries.c tells the counts about once a second.
 *
 * The table is changed by pointer, without a lock on a writer's way: `count` only rises, by atomic
 * adds, and the user side remembers how much of it was told. Who finds no entry and no room for one
 * is told of as ever.
 */
#ifndef BPFMON_SUMMARY_BPF_H
#define BPFMON_SUMMARY_BPF_H

#include "process.bpf.h"

#define SECOND_NS 1000000000

/* Writes in a second that have events of their own; 0: all. Set before `state`. */
volatile __u32 summary_after;

/*
 * Programs loaded so far. It is in the key: code of a program that is gone may make room for that of
 * another, which then is a new writer in the same second.
 */
volatile __u32 summary_generation;

/* Rises when there is something new to tell. */
volatile __u64 summary_news;

struct wire_summary summaries[WIRE_SUMMARIES] __attribute__((aligned(64)));

/* What was counted instead of told, by map as hidden[]: content that changed is explained by it. */
__u64 summarized[WIRE_HIDDEN];

/*
 * Maps, by the same, that somebody writes to so often: only there the entry of a write looks who
 * writes. The user side sets it back.
 */
__u8 summary_hot[WIRE_HIDDEN];

/* Neighbours that are looked at, too, before a writer goes without. */
#define SUMMARY_TRIES 4

static __always_inline struct wire_summary *summary_at(u64 hash, u32 try)
{
	u64 i = ((hash >> 40) + try) & (WIRE_SUMMARIES - 1);

	opaque(i);
	return &summaries[i & (WIRE_SUMMARIES - 1)];
}

/* `what`: id of the map, and enum wire_op_kind in the upper half. */
static __always_inline u64 summary_hash(u64 what, u64 caller, u32 generation)
{
	return mix(what ^ caller << 24 ^ (u64)generation << 36);
}

static __always_inline struct wire_summary *summary_find(u64 hash, u64 what, u64 caller,
							 u32 generation)
{
#pragma unroll
	for (u32 try = 0; try < SUMMARY_TRIES; try++) {
		struct wire_summary *s = summary_at(hash, try);

		if (s->caller == caller && s->what == what && s->generation == generation)
			return s;
	}
	return NULL;
}

/* A free entry; who comes at the same moment goes without. `caller` is set last: then it is found. */
static __always_inline bool summary_claim(struct wire_summary *s, u64 what, u64 caller,
					  u32 generation)
{
	bool claimed = false;

	if (s->caller)
		return false;
	__sync_fetch_and_add(&s->lock, 1);
	if (*(volatile u32 *)&s->lock == 1 && !*(volatile u64 *)&s->caller) {
		s->what = what;
		s->generation = generation;
		s->window_ns = bpf_ktime_get_ns();
		s->writes = 1;
		s->first_ns = 0;
		*(volatile u64 *)&s->caller = caller;
		claimed = true;
	}
	__sync_fetch_and_add(&s->lock, -1);
	return claimed;
}

static __always_inline void summary_count(struct wire_summary *s, u64 what)
{
	u32 slot = what & (WIRE_HIDDEN - 1);

	if (!s->first_ns) {
		s->first_ns = s->last_ns;
		summary_hot[slot] = 1;
		__sync_fetch_and_add(&summary_news, 1);
	}
	__sync_fetch_and_add(&s->count, 1);
	__sync_fetch_and_add(&summarized[slot], 1);
}

/*
 * On the entry: the number of the entry that the write will be counted in if it succeeds, or
 * WIRE_SUMMARIES. Then all that costs is done, but for the count.
 */
__attribute__((noinline)) int summary_busy(u64 what, u64 caller)
{
	u32 generation = summary_generation;
	u64 hash = summary_hash(what, caller, generation), now;
	struct wire_summary *s = summary_find(hash, what, caller, generation);

	if (!s || s->writes < summary_after)
		return WIRE_SUMMARIES;
	now = bpf_ktime_get_ns();
	/* Signed: the clock of another CPU may be ahead. */
	if ((__s64)(now - s->window_ns) >= SECOND_NS)
		return WIRE_SUMMARIES;
	s->last_ns = now;
	return s - summaries;
}

/* On the return, of an entry that summary_busy() gave; false: it has another owner by now. */
static __always_inline bool summary_taken(u64 i, u64 what)
{
	struct wire_summary *s;

	opaque(i);
	s = &summaries[i & (WIRE_SUMMARIES - 1)];
	if (s->what != what)
		return false;
	summary_count(s, what);
	return true;
}

/* On the return of a write that succeeded: whether it was counted, and is not to be told of. */
__attribute__((noinline)) int summary_take(u64 what, u64 caller)
{
	u32 generation = summary_generation;
	u64 hash = summary_hash(what, caller, generation), now;
	struct wire_summary *s = summary_find(hash, what, caller, generation);

	if (!s) {
#pragma unroll
		for (u32 try = 0; try < SUMMARY_TRIES; try++)
			if (summary_claim(summary_at(hash, try), what, caller, generation))
				return 0;
		return 0;
	}
	now = bpf_ktime_get_ns();
	/* Signed: the clock of another CPU may be ahead. */
	if ((__s64)(now - s->window_ns) >= SECOND_NS) {
		s->window_ns = now;
		s->writes = 1;
		return 0;
	}
	if (s->writes < summary_after) {
		__sync_fetch_and_add(&s->writes, 1);
		return 0;
	}
	s->last_ns = now;
	summary_count(s, what);
	return 1;
}

/*
 * The frame that a trampoline leaves after its arguments: return value, saved frame pointer, then
 * the caller; where the function is entered by a call from its first bytes there is one more word,
 * an address in the function itself, before the caller's.
 */
static __always_inline u64 caller_of(const void *ctx, const u32 nargs, u32 hook)
{
	u64 words[2];

	read_words(words, ctx + 8 * (nargs + 2));
	return words[0] - hook_func[hook] < 32 ? words[1] : words[0];
}

static __always_inline u32 caller_is(u64 at)
{
	if (!jit_base || (s32)(at >> 32) != -1)
		return WIRE_FROM_UNKNOWN;
	return at >= jit_base ? WIRE_FROM_PROGRAM : WIRE_FROM_KERNEL;
}

static __always_inline u64 summary_what(u32 map_id, u32 op)
{
	return (u64)op << 32 | map_id;
}

#endif
