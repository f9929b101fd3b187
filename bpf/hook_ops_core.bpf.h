/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hooks on map operations share: is the map of interest, who called, how the value lies;
 * then a record. Which types a hook is for, and which of them have per-CPU values, comes from the
 * table of map types on the user side, as constants.
 */
#include "fd.bpf.h"
#include "old.bpf.h"
#include "object.bpf.h"

#include <bpf/bpf_tracing.h>

/* What is known of a hooked function, for the constant `how`. */
#define OP_COUNTED 1u	/* a program without helpers counts beside */
#define OP_SYSCALL 2u	/* called by bpf(2), or by the kernel on its own, never by programs */
#define OP_PROBED 4u	/* the verifier does not know that the map is one */
#define OP_OTHERS 8u	/* for the types that no other hook is for */
#define OP_OLD 16u	/* a program on its entry takes the value before */
#define OP_OBJECT 32u	/* values are descriptors, of which objects are told */

static __always_inline int op_count(struct bpf_map *map, const u32 hook)
{
	u32 id = map->id;

	if (!map_skipped(id) && state == STATE_ON && type_is_for(map->map_type, hook)) {
		__sync_fetch_and_add(&counts[hook].seen, 1);
		__sync_fetch_and_add(&hidden[id & (WIRE_HIDDEN - 1)].seen, 1);
	}
	return 0;
}

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

/* Of the bpf(2) command that the operation belongs to, what its record has of it. */
struct op_cmd {
	u64 cmd;	/* WIRE_CMD_NONE: of none */
	u64 fd, fmode;
};

static __always_inline void op_cmd(struct op_cmd *c, const struct slot *s)
{
	c->cmd = s ? s->cmd : WIRE_CMD_NONE;
	c->fd = s ? s->fd : 0;
	c->fmode = s ? s->fmode : 0;
	forget(c->cmd);
	forget(c->fd);
	forget(c->fmode);
}

/* Who: for bpf(2) also by which descriptor, if this may be its first use. */
static __always_inline void op_who(struct wire_op *op, const struct op_cmd *c,
				   const struct process *p)
{
	put_process(&op->task, p);
	op->cmd = c->cmd;
	if (op->cmd == WIRE_CMD_NONE) {
		op->task.context = context();
		return;
	}
	if (!first_use(&op->task, op->map.id))
		return;
	op->fd = c->fd;
	op->fmode = c->fmode;
}

static __always_inline void op_map(struct wire_op *op, struct bpf_map *map, const u32 how)
{
	if (how & OP_PROBED)
		read_map(&op->map, map);
	else
		fill_map(&op->map, map);
}

/* Where no hook on the type's own operation was. */
static __always_inline struct wire_op *late_begin(struct elem *e, struct bpf_map *map, u32 type,
						  s32 result, const bool rare)
{
	struct wire_objects objects = {};

	if (e->op != WIRE_OP_UPDATE || !type_is_for(type, WIRE_HOOK_FD_ARRAY_UPDATE))
		return elem_begin(e, rare, false);
	if (!result)
		object_late(&objects.now, map, type, e);
	e->objects = &objects;
	return object_begin(e, type);
}

/* A write that has no record, but is in a summary. */
static __always_inline int op_counted(u32 hook, u32 id, const u32 how)
{
	if (how & OP_COUNTED)
		__sync_fetch_and_add(&hidden[id & (WIRE_HIDDEN - 1)].taken, 1);
	else
		__sync_fetch_and_add(&counts[hook].seen, 1);
	__sync_fetch_and_add(&counts[hook].taken, 1);
	return 0;
}

/* op_details() asks for itself where more than a record depends on it. */
#define OP_ASKS (OP_PROBED | OP_OBJECT)

static __always_inline bool op_is_watched(const struct bpf_map *map, const u32 how)
{
	u32 id;

	if (how & OP_ASKS)
		return true;
	id = map->id;
	return !map_skipped(id) && id && state != STATE_OFF;
}

static __always_inline int op_details(void *ctx, const u32 nargs, struct bpf_map *map,
				      struct elem *e, u64 flags, s32 result, const u32 how)
{
	const bool probed = how & OP_PROBED;
	struct wire_objects objects;
	u32 id = probed ? BPF_CORE_READ(map, id) : map->id;
	u32 type = probed ? BPF_CORE_READ(map, map_type) : map->map_type;
	u64 caller = 0;
	struct old *old = NULL;
	struct process process;
	struct wire_op *op;
	struct op_cmd cmd;
	struct slot *s;
	u64 from;

	if (how & OP_OBJECT) {
		__builtin_memset(&objects, 0, sizeof(objects));
		e->objects = &objects;
		if (e->hook == WIRE_HOOK_FD_ARRAY_DELETE)
			objects_of_gone(&objects);
	}
	if (how & OP_ASKS && (state == STATE_OFF || !id || map_skipped(id)))
		return 0;
	if (how & OP_OTHERS ? type < 64 && updates_covered >> type & 1 :
			      !type_is_for(type, e->hook))
		return 0;
	if (how & OP_OLD && !(how & OP_SYSCALL) && old_was_summary(ctx, id, e->op, result))
		return op_counted(e->hook, id, how);
	if (how & OP_SYSCALL) {
		s = op_slot(WIRE_FROM_KERNEL);
		from = s ? WIRE_FROM_KERNEL : WIRE_FROM_ITSELF;
		if (!s && result)
			return 0;	/* the kernel tries every slot of an array, empty ones too */
	} else {
		caller = caller_of(ctx, nargs, e->hook);
		from = caller_is(caller);
		s = op_slot(from);
	}
	if (!(how & (OP_SYSCALL | OP_PROBED | OP_OBJECT)) && summary_after && !result &&
	    from == WIRE_FROM_PROGRAM && summary_take(summary_what(id, e->op), caller)) {
		if (how & OP_OLD)
			old_drop(ctx);
		return op_counted(e->hook, id, how);
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
	if (!(how & OP_OBJECT))
		op_cmd(&cmd, s);
	forget(from);
	read_process(&process);
	tell_process(&process);
	if (how & OP_OLD) {
		old = old_taken(ctx, map, e->key);
		if (!old)
			return 0;
		e->old = old->data;
		e->old_len = old->len;
		e->old_shape = old->shape;
		e->old_state = old->state;
	}
	if (how & OP_OBJECT)
		objects_take(&objects, s, map, id, type, e, result);
	if (how & OP_OBJECT && e->socket && !result)
		note_socket(&objects.now, e->socket);
	if (how & OP_OTHERS)
		op = late_begin(e, map, type, result, how & OP_SYSCALL);
	else
		op = how & OP_OBJECT ? object_begin(e, type) :
				       elem_begin(e, how & OP_SYSCALL, how & OP_OLD);
	if (!op) {
		if (how & OP_OLD)
			old_unlock(old);
		return 0;
	}
	if (how & OP_OLD)
		old_unlock(old);
	op_map(op, map, how);
	op->caller = caller;
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->from = from;
	if (how & OP_OBJECT)	/* no room on the stack for it earlier */
		op_cmd(&cmd, s);
	op_who(op, &cmd, &process);
	bpf_ringbuf_submit(op, 0);
	return 0;
}

static __always_inline int op_kprobe(struct pt_regs *ctx, struct elem *e, u64 flags)
{
	struct bpf_map *map = (void *)ctx->di;
	u32 type = BPF_CORE_READ(map, map_type), id = BPF_CORE_READ(map, id);
	struct process process;
	struct wire_op *op;
	struct op_cmd cmd;
	u64 caller = 0;

	if (state == STATE_OFF || !id || map_skipped(id) || !type_is_for(type, e->hook))
		return 0;
	bpf_probe_read_kernel(&caller, sizeof(caller), (void *)ctx->sp);
	e->key_size = BPF_CORE_READ(map, key_size);
	elem_value(e, type, BPF_CORE_READ(map, value_size), flags);
	__sync_fetch_and_add(&counts[e->hook].seen, 1);
	read_process(&process);
	tell_process(&process);
	op = elem_begin(e, false, false);
	if (!op)
		return 0;
	read_map(&op->map, map);
	op->caller = caller;
	op->flags = flags;
	op->result = 0;
	op->has_result = 0;
	op->from = caller_is(caller);
	op_cmd(&cmd, NULL);	/* kprobes do not run in bpf(2) */
	op_who(op, &cmd, &process);
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
	struct process process;
	struct wire_op *op;
	struct op_cmd cmd;

	__sync_fetch_and_add(&counts[e->hook].seen, 1);
	e->value_size = e->value_total = e->value ? BPF_CORE_READ(map, value_size) : 0;
	read_process(&process);
	tell_process(&process);
	op = e->objects ? object_begin(e, 0) : elem_begin(e, true, false);
	if (!op)
		return 0;
	read_map(&op->map, map);
	op->caller = 0;
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->from = from;
	op_cmd(&cmd, NULL);
	op_who(op, &cmd, &process);
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
