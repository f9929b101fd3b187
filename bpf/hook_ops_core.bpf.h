/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hooks on map operations share: is the map of interest, who called, how the value lies;
 * then a record. Which types a hook is for, and which of them have per-CPU values, comes from the
 * table of map types on the user side, as constants.
 */
#include "fd.bpf.h"

#include <bpf/bpf_tracing.h>

/* What is known of a hooked function, for the constant `how`. */
#define OP_COUNTED 1u	/* a program without helpers counts beside */
#define OP_SYSCALL 2u	/* called by bpf(2), or by the kernel on its own, never by programs */
#define OP_PROBED 4u	/* the verifier does not know that the map is one */
#define OP_OTHERS 8u	/* for the types that no other hook is for */

/* Hooked functions also serve types that they do only a part for (hash_of_maps). */
static __always_inline bool type_is_for(u32 type, const u32 hook)
{
	return type < 64 && cfg_hook_types[hook] >> type & 1;
}

static __always_inline bool type_is_percpu(u32 type)
{
	return type < 64 && cfg_percpu_types >> type & 1;
}

static __always_inline int op_count(struct bpf_map *map, const u32 hook)
{
	u32 id = map->id;

	if (state == STATE_ON && !map_skipped(id) && type_is_for(map->map_type, hook)) {
		__sync_fetch_and_add(&counts[hook].seen, 1);
		__sync_fetch_and_add(&hidden[id & (WIRE_HIDDEN - 1)].seen, 1);
	}
	return 0;
}

/*
 * The frames that a trampoline leaves after its arguments: return value, saved frame pointer,
 * then the caller; where the function is entered by a call from its first bytes there is one more
 * word, an address in the function itself, before the caller's.
 */
static __always_inline u64 caller_of(const u64 *words, u32 hook)
{
	return words[2] - hook_func[hook] < 32 ? words[3] : words[2];
}

static __always_inline u32 caller_is(u64 at)
{
	if (!jit_base || (s32)(at >> 32) != -1)
		return WIRE_FROM_UNKNOWN;
	return at >= jit_base ? WIRE_FROM_PROGRAM : WIRE_FROM_KERNEL;
}

/* BPF_F_CPU and BPF_F_ALL_CPUS of newer kernels: the value given is one, for one CPU or for all. */
#define F_CPU 8u
#define F_ALL_CPUS 16u

/*
 * How the value at e->value lies, from what the function is given in general (e->shape): bpf(2)
 * passes per-CPU values for all CPUs, a program only that of its own CPU.
 */
static __always_inline void elem_value(struct elem *e, u32 type, u32 value_size, u64 flags)
{
	bool percpu = type_is_percpu(type);

	e->value_size = e->value_total = value_size;
	if (e->shape == WIRE_VALUE_ONE && percpu)
		e->shape = WIRE_VALUE_CPU;
	if (e->shape != WIRE_VALUE_CPUS)
		return;
	if (!percpu)
		e->shape = WIRE_VALUE_ONE;
	else if (flags & F_CPU)
		e->shape = WIRE_VALUE_CPU;
	else if (flags & F_ALL_CPUS)
		e->shape = WIRE_VALUE_ONE;
	else
		e->value_total = round_up8(value_size) * cfg_cpus;
}

/* The slot of the bpf(2) command that the operation belongs to, if it does. */
static __always_inline struct slot *op_slot(u32 from)
{
	struct slot *s = from == WIRE_FROM_PROGRAM ? NULL : slot_find(bpf_get_current_pid_tgid());

	return s && s->cmd < CMD_RECEIVE ? s : NULL;
}

/* Who: for bpf(2) also by which descriptor, if this may be its first use. */
static __always_inline void op_who(struct wire_op *op, struct slot *s)
{
	if (!s) {
		op->cmd = WIRE_CMD_NONE;
		op->task.context = context();
		return;
	}
	op->cmd = s->cmd;
	fill_process(&op->task);
	if (!first_use(&op->task, op->map.id))
		return;
	op->fd = slot_fd(s);
	op->fmode = s->fmode;
}

static __always_inline void op_map(struct wire_op *op, struct bpf_map *map, const u32 how)
{
	if (how & OP_PROBED)
		read_map(&op->map, map);
	else
		fill_map(&op->map, map);
}

static __always_inline int op_details(void *ctx, const u32 nargs, struct bpf_map *map,
				      struct elem *e, u64 flags, s32 result, const u32 how)
{
	const bool probed = how & OP_PROBED;
	u32 id = probed ? BPF_CORE_READ(map, id) : map->id;
	u32 type = probed ? BPF_CORE_READ(map, map_type) : map->map_type;
	u64 words[4], caller = 0;
	struct wire_op *op;
	struct slot *s;
	u32 from;

	if (state == STATE_OFF || !id || map_skipped(id))
		return 0;
	if (how & OP_OTHERS ? type < 64 && updates_covered >> type & 1 :
			      !type_is_for(type, e->hook))
		return 0;
	if (how & OP_SYSCALL) {
		s = op_slot(WIRE_FROM_KERNEL);
		from = s ? WIRE_FROM_KERNEL : WIRE_FROM_ITSELF;
		if (!s && result)
			return 0;	/* the kernel tries every slot of an array, empty ones too */
	} else {
		if (!bpf_probe_read_kernel(words, sizeof(words), ctx + 8 * nargs))
			caller = caller_of(words, e->hook);
		from = caller_is(caller);
		s = op_slot(from);
	}
	e->key_size = probed ? BPF_CORE_READ(map, key_size) : map->key_size;
	elem_value(e, type, probed ? BPF_CORE_READ(map, value_size) : map->value_size, flags);
	if (how & OP_COUNTED)
		__sync_fetch_and_add(&hidden[id & (WIRE_HIDDEN - 1)].taken, 1);
	else
		__sync_fetch_and_add(&counts[e->hook].seen, 1);
	if (s)
		s->reached++;
	if (s && how & OP_OTHERS)
		s->early++;
	op = elem_begin(e, how & OP_SYSCALL);
	if (!op)
		return 0;
	op_map(op, map, how);
	op->caller = caller;
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->from = from;
	op_who(op, s);
	bpf_ringbuf_submit(op, 0);
	return 0;
}

static __always_inline int op_kprobe(struct pt_regs *ctx, struct elem *e, u64 flags)
{
	struct bpf_map *map = (void *)ctx->di;
	u32 type = BPF_CORE_READ(map, map_type), id = BPF_CORE_READ(map, id);
	struct wire_op *op;
	u64 caller = 0;

	if (state == STATE_OFF || !id || map_skipped(id) || !type_is_for(type, e->hook))
		return 0;
	bpf_probe_read_kernel(&caller, sizeof(caller), (void *)ctx->sp);
	e->key_size = BPF_CORE_READ(map, key_size);
	elem_value(e, type, BPF_CORE_READ(map, value_size), flags);
	__sync_fetch_and_add(&counts[e->hook].seen, 1);
	op = elem_begin(e, false);
	if (!op)
		return 0;
	read_map(&op->map, map);
	op->caller = caller;
	op->flags = flags;
	op->result = 0;
	op->has_result = 0;
	op->from = caller_is(caller);
	op_who(op, NULL);	/* kprobes do not run in bpf(2) */
	op->task.context = WIRE_CONTEXT_UNKNOWN;	/* the breakpoint itself looks like an NMI */
	bpf_ringbuf_submit(op, 0);
	return 0;
}

/* The task is in this bpf(2) command on this map: then the hook on that command reports. */
static __always_inline bool in_command(u32 id, u32 cmd)
{
	struct slot *s = op_slot(WIRE_FROM_KERNEL);

	return s && (s->cmd == cmd || cmd_is_batch(s->cmd)) && s->map.id == id;
}

static __always_inline int op_emit(struct bpf_map *map, struct elem *e, u64 flags, s32 result,
				   u32 from)
{
	struct wire_op *op;

	__sync_fetch_and_add(&counts[e->hook].seen, 1);
	e->value_size = e->value_total = e->value ? BPF_CORE_READ(map, value_size) : 0;
	op = elem_begin(e, true);
	if (!op)
		return 0;
	read_map(&op->map, map);
	op->caller = 0;
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->from = from;
	op->cmd = WIRE_CMD_NONE;
	op->task.context = context();
	bpf_ringbuf_submit(op, 0);
	return 0;
}

/* Called by a helper of programs, in kernel text, or for the bpf(2) command `cmd`. */
static __always_inline int op_from_helper(struct bpf_map *map, struct elem *e, u64 flags,
					  s32 result, u32 cmd)
{
	u32 id = map->id;

	if (state == STATE_OFF || !id || map_skipped(id) || in_command(id, cmd))
		return 0;
	return op_emit(map, e, flags, result, WIRE_FROM_HELPER);
}

static __always_inline int op_by_kernel(struct bpf_map *map, struct elem *e)
{
	u32 id = BPF_CORE_READ(map, id);

	if (state == STATE_OFF || !id || map_skipped(id))
		return 0;
	return op_emit(map, e, 0, 0, WIRE_FROM_ITSELF);
}
