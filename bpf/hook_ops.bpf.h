/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the map types' own operations: every write of a program and every bpf(2) write passes
 * here. The JIT calls these functions directly (do_misc_fixups() in kernel/bpf/verifier.c), so
 * the helpers bpf_map_update_elem() and so on see nothing.
 *
 * Two programs on each function. NAME_count calls no helper: somebody's program on a helper can
 * not blind it, and the difference of its count to that of NAME, which takes the details, tells
 * that something was hidden. Both run after the function (fexit), for its result. NAME_kprobe is
 * the fallback where no trampoline can be had: it sees writes of most programs, none of bpf(2).
 */
#include "emit.bpf.h"

#include <bpf/bpf_tracing.h>

/* These functions also serve types that they do not describe fully (hash_of_maps). */
static __always_inline bool type_is_ours(u32 type)
{
	const u64 types = 1u << BPF_MAP_TYPE_HASH | 1u << BPF_MAP_TYPE_ARRAY |
			  1u << BPF_MAP_TYPE_PERCPU_HASH | 1u << BPF_MAP_TYPE_PERCPU_ARRAY |
			  1u << BPF_MAP_TYPE_LRU_HASH | 1u << BPF_MAP_TYPE_LRU_PERCPU_HASH;

	return type < 64 && types >> type & 1;
}

static __always_inline int op_count(struct bpf_map *map, u32 hook)
{
	if (state == STATE_ON && !map_skipped(map->id) && type_is_ours(map->map_type))
		__sync_fetch_and_add(&counts[hook].seen, 1);
	return 0;
}

/*
 * The frames that a trampoline leaves after its arguments: return value, saved frame pointer,
 * then the caller; where the function is entered by a call from its first bytes there is one more
 * word, an address in the function itself, before the caller's.
 */
static __always_inline u32 caller_is(const u64 *words, u32 hook)
{
	u64 at = words[2];

	if (at - hook_func[hook] < 32)
		at = words[3];
	if (!jit_base || (s32)(at >> 32) != -1)
		return WIRE_FROM_UNKNOWN;
	return at >= jit_base ? WIRE_FROM_PROGRAM : WIRE_FROM_KERNEL;
}

/* BPF_F_CPU and BPF_F_ALL_CPUS of newer kernels: the value given is one, for one CPU or for all. */
#define F_CPU 8u
#define F_ALL_CPUS 16u

static __always_inline bool type_is_percpu(u32 type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

/*
 * How the value at e->value lies, from what the function is given in general (e->shape): bpf(2)
 * passes per-CPU values for all CPUs, a program only that of its own CPU.
 */
static __always_inline void elem_value(struct elem *e, u32 type, u32 value_size, u64 flags)
{
	e->value_size = e->value_total = value_size;
	if (e->shape == WIRE_VALUE_ONE && type_is_percpu(type))
		e->shape = WIRE_VALUE_CPU;
	if (e->shape != WIRE_VALUE_CPUS)
		return;
	if (flags & F_CPU)
		e->shape = WIRE_VALUE_CPU;
	else if (flags & F_ALL_CPUS)
		e->shape = WIRE_VALUE_ONE;
	else
		e->value_total = round_up8(value_size) * cfg_cpus;
}

/* The slot of the bpf(2) command that the operation belongs to, if it does. */
static __always_inline u32 op_cmd(u32 from)
{
	struct slot *s = from == WIRE_FROM_PROGRAM ? NULL : slot_find(bpf_get_current_pid_tgid());

	if (!s)
		return WIRE_CMD_NONE;
	s->reached++;
	return s->cmd;
}

static __always_inline int op_details(void *ctx, u32 nargs, struct bpf_map *map, struct elem *e,
				      u64 flags, s32 result)
{
	struct wire_op *op;
	u64 words[4] = {};
	u32 from, cmd;

	if (state == STATE_OFF || map_skipped(map->id) || !type_is_ours(map->map_type))
		return 0;
	bpf_probe_read_kernel(words, sizeof(words), ctx + 8 * nargs);
	from = caller_is(words, e->hook);
	cmd = op_cmd(from);
	e->key_size = map->key_size;
	elem_value(e, map->map_type, map->value_size, flags);
	op = elem_begin(e);
	if (!op)
		return 0;
	fill_map(&op->map, map);
	__builtin_memcpy(op->caller, words, sizeof(words));
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->cmd = cmd;
	op->from = from;
	bpf_ringbuf_submit(op, 0);
	return 0;
}

static __always_inline int op_kprobe(struct pt_regs *ctx, struct elem *e, u64 flags)
{
	struct bpf_map *map = (void *)ctx->di;
	u32 type = BPF_CORE_READ(map, map_type);
	struct wire_op *op;
	u64 caller = 0;

	if (state == STATE_OFF || map_skipped(BPF_CORE_READ(map, id)) || !type_is_ours(type))
		return 0;
	bpf_probe_read_kernel(&caller, sizeof(caller), (void *)ctx->sp);
	e->key_size = BPF_CORE_READ(map, key_size);
	elem_value(e, type, BPF_CORE_READ(map, value_size), flags);
	__sync_fetch_and_add(&counts[e->hook].seen, 1);
	op = elem_begin(e);
	if (!op)
		return 0;
	read_map(&op->map, map);
	op->caller[0] = op->caller[1] = op->caller[3] = 0;
	op->caller[2] = caller;
	op->flags = flags;
	op->result = 0;
	op->has_result = 0;
	op->from = caller_is(op->caller, e->hook);
	op->cmd = op_cmd(op->from);
	bpf_ringbuf_submit(op, 0);
	return 0;
}

/* clang-format off */
/* Writers of a value: `shape` is that of the value they are given. */
#define UPDATE_HOOK(name, ID, function, shape_)							\
	SEC("fexit/" #function)									\
	int BPF_PROG(name##_count, struct bpf_map *map)						\
	{											\
		return op_count(map, WIRE_HOOK_##ID);						\
	}											\
	SEC("fexit/" #function)									\
	int BPF_PROG(name, struct bpf_map *map, void *key, void *value, u64 flags, long ret)	\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_UPDATE,			\
				  .shape = shape_, .key = key, .value = value };		\
		return op_details(ctx, 4, map, &e, flags, ret);					\
	}											\
	SEC("kprobe/" #function)								\
	int name##_kprobe(struct pt_regs *ctx)							\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_UPDATE,			\
				  .shape = shape_, .key = (void *)ctx->si,			\
				  .value = (void *)ctx->dx };					\
		return op_kprobe(ctx, &e, ctx->cx);						\
	}

#define DELETE_HOOK(name, ID, function)								\
	SEC("fexit/" #function)									\
	int BPF_PROG(name##_count, struct bpf_map *map)						\
	{											\
		return op_count(map, WIRE_HOOK_##ID);						\
	}											\
	SEC("fexit/" #function)									\
	int BPF_PROG(name, struct bpf_map *map, void *key, long ret)				\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_DELETE, .key = key };	\
		return op_details(ctx, 2, map, &e, 0, ret);					\
	}											\
	SEC("kprobe/" #function)								\
	int name##_kprobe(struct pt_regs *ctx)							\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_DELETE,			\
				  .key = (void *)ctx->si };					\
		return op_kprobe(ctx, &e, 0);							\
	}

/* Lookup-and-delete of bpf(2): no fallback, kprobes do not run there. */
#define POP_HOOK(name, ID, function)								\
	SEC("fexit/" #function)									\
	int BPF_PROG(name##_count, struct bpf_map *map)						\
	{											\
		return op_count(map, WIRE_HOOK_##ID);						\
	}											\
	SEC("fexit/" #function)									\
	int BPF_PROG(name, struct bpf_map *map, void *key, void *value, u64 flags, long ret)	\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_LOOKUP_AND_DELETE,	\
				  .key = key };							\
		return op_details(ctx, 4, map, &e, flags, ret);					\
	}

UPDATE_HOOK(array_update, ARRAY_UPDATE, array_map_update_elem, WIRE_VALUE_ONE)
UPDATE_HOOK(percpu_array_update, PERCPU_ARRAY_UPDATE, bpf_percpu_array_update, WIRE_VALUE_CPUS)
DELETE_HOOK(array_delete, ARRAY_DELETE, array_map_delete_elem)
UPDATE_HOOK(hash_update, HASH_UPDATE, htab_map_update_elem, WIRE_VALUE_ONE)
DELETE_HOOK(hash_delete, HASH_DELETE, htab_map_delete_elem)
POP_HOOK(hash_pop, HASH_POP, htab_map_lookup_and_delete_elem)
UPDATE_HOOK(lru_update, LRU_UPDATE, htab_lru_map_update_elem, WIRE_VALUE_ONE)
DELETE_HOOK(lru_delete, LRU_DELETE, htab_lru_map_delete_elem)
POP_HOOK(lru_pop, LRU_POP, htab_lru_map_lookup_and_delete_elem)
UPDATE_HOOK(percpu_hash_sys, PERCPU_HASH_SYS, bpf_percpu_hash_update, WIRE_VALUE_CPUS)
UPDATE_HOOK(percpu_hash_update, PERCPU_HASH_UPDATE, htab_percpu_map_update_elem, WIRE_VALUE_ONE)
POP_HOOK(percpu_hash_pop, PERCPU_HASH_POP, htab_percpu_map_lookup_and_delete_elem)
UPDATE_HOOK(percpu_lru_update, PERCPU_LRU_UPDATE, htab_lru_percpu_map_update_elem, WIRE_VALUE_ONE)
POP_HOOK(percpu_lru_pop, PERCPU_LRU_POP, htab_lru_percpu_map_lookup_and_delete_elem)
/* clang-format on */
