/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on bpf(2) itself. They report what is about a map as a whole (create, open, freeze, pin),
 * and each element command that no hook on a map operation reported: attempts that the kernel
 * refused before it got there, map types without hooks, and all of them where trampolines can not
 * be had.
 *
 * Two sources with the same logic. In full mode security_bpf() tells the command and gives the
 * kernel's own copy of the attributes, and __sys_bpf() the result. In degraded mode the raw
 * tracepoints of the system call boundary do, with the attributes read from user memory.
 *
 *   enter   a slot is claimed for the task: command, attributes, the map behind the descriptor;
 *           what another thread puts into that place later is not what the kernel uses
 *   between hooks on map operations note in the slot that they reported; map_open the map
 *   exit    what is missing is reported; the slot is free again
 */
#include "hook_run.bpf.h"

#include <bpf/bpf_tracing.h>

#define X86_64_BPF 321u		/* __NR_bpf of the 64-bit table */
#define IA32_BPF 357u		/* and of the 32-bit one */

#define CMDS_WHOLE                                                                           \
	(CMD(MAP_CREATE) | CMD(MAP_GET_FD_BY_ID) | CMD(OBJ_GET) | CMD(OBJ_PIN) | CMD(MAP_FREEZE))

static __always_inline bool cmd_is_whole(u32 cmd)
{
	return cmd_in(cmd, CMDS_WHOLE);
}

#define BPF_TRACE_ITER_TYPE 28u /* enum bpf_attach_type */

/* Whether it gives a new descriptor, of a map or of an iterator over one. */
static __always_inline bool cmd_makes_fd(u32 cmd)
{
	return cmd != BPF_OBJ_PIN && cmd != BPF_MAP_FREEZE;
}

static __always_inline bool cmd_is_followed(u32 cmd)
{
	return cmd_in(cmd, CMDS_ELEM | CMDS_BATCH | CMDS_WHOLE | CMDS_RUN);
}

/*
 * bpfmon's own first call: a lookup with a flag word that nobody else knows. It tells the pid
 * that the kernel uses (bpfmon may run in a pid namespace), and what a map's file looks like.
 */
static __noinline int own_call(const void *uattr, bool user, u32 pid)
{
	struct attr_elem attr = {};
	struct file *file;

	read_bytes(&attr, sizeof(attr), sizeof(attr), uattr, user);
	if (attr.flags != cfg_cookie)
		return 0;
	file = file_by_fd(attr.map_fd);
	map_fops = (u64)BPF_CORE_READ(file, f_op);
	own_pid = pid;
	return 0;
}

/* The first word of the attributes: of a command on one element the descriptor of the map. */
static __always_inline u32 first_word(const void *attr, bool user)
{
	u32 word = 0;

	if (!user)
		return *(const u32 *)attr;
	bpf_probe_read_user(&word, sizeof(word), attr);
	return word;
}

/* What is needed of a command that is told of, or may be. */
static __noinline int enter_rest(struct slot *s, const void *attr, bool user)
{
	u32 cmd = s->cmd;

	/* Of an element whoever makes a record of it tells. */
	if (!cmd_in(cmd, CMDS_ELEM | CMDS_BATCH))
		tell_new_process();
	/* A short attribute may end at an unmapped page: less then. A failed read leaves zeros. */
	if ((cmd_is_elem(cmd) ||
	     (!read_bytes(&s->attr, sizeof(s->attr), sizeof(s->attr), attr, user) &&
	      !read_bytes(&s->attr, sizeof(s->attr.words), sizeof(s->attr.words), attr, user))) &&
	    !read_bytes(&s->attr, sizeof(s->attr.elem), sizeof(s->attr.elem), attr, user) &&
	    !read_bytes(&s->attr, sizeof(s->attr.obj), sizeof(s->attr.obj), attr, user))
		read_bytes(&s->attr, sizeof(s->attr.map_id), sizeof(s->attr.map_id), attr, user);
	if (cmd_is_batch(cmd)) {
		s->fd = s->attr.batch.map_fd;
		map_of_fd(s->fd, &s->map, &s->fmode);
	}
	if (cmd == BPF_OBJ_GET)
		__sync_fetch_and_add(&opening_pins, 1);
	if (cmd_is_run(cmd))
		note_run(cmd, user);
	return 0;
}

static __always_inline void enter(u32 cmd, const void *attr, bool user)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s;

	if (cmd == BPF_MAP_LOOKUP_ELEM && !own_pid)
		own_call(attr, user, id >> 32);
	if (!cmd_is_followed(cmd))
		return;
	if (state == STATE_OFF || ((u32)(id >> 32) == own_pid && !canary))
		return;
	s = slot_enter(id, cmd);
	if (!s)
		return;	/* its exit finds no slot, and counts */
	s->reached = 0;
	s->early = 0;
	s->opened = 0;
	s->fmode = 0;
	s->map.known = 0;
	s->map.id = 0;
	s->map.address = 0;
	s->objects.now.kind = s->objects.old.kind = WIRE_OBJECT_NONE;
	if (cmd_is_elem(cmd)) {
		s->fd = first_word(attr, user);
		/* Nobody will be told of it: the rest is most of what a command costs. */
		if (map_of_fd(s->fd, &s->map, &s->fmode) && map_skipped(s->map.id)) {
			s->skipped = 1;
			return;
		}
	}
	enter_rest(s, attr, user);
}

/* Batches that give keys back: their -ENOENT means the end of the map, not that nothing was done. */
static __always_inline bool cmd_batch_looks_up(u32 cmd)
{
	return cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH || cmd == BPF_MAP_LOOKUP_BATCH;
}

static __always_inline u32 op_of_cmd(u32 cmd)
{
	if (cmd == BPF_MAP_UPDATE_ELEM || cmd == BPF_MAP_UPDATE_BATCH)
		return WIRE_OP_UPDATE;
	if (cmd == BPF_MAP_DELETE_ELEM || cmd == BPF_MAP_DELETE_BATCH)
		return WIRE_OP_DELETE;
	if (cmd == BPF_MAP_LOOKUP_ELEM || cmd == BPF_MAP_LOOKUP_BATCH)
		return WIRE_OP_LOOKUP;
	return WIRE_OP_LOOKUP_AND_DELETE;
}

/* One element of the running command, number `i` of a batch. Verified once, called for each. */
__attribute__((noinline)) int report_elem(u32 i, s32 result)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());
	struct elem e = { .hook = WIRE_HOOK_SYS_EXIT, .user = true };
	struct wire_op *op;
	u64 flags;

	if (!s)
		return 0;
	e.key_size = s->map.key_size;
	e.shape = type_is_percpu(s->map.type) ? WIRE_VALUE_CPUS : WIRE_VALUE_ONE;
	if (cmd_is_batch(s->cmd)) {
		flags = s->attr.batch.elem_flags;
		elem_value(&e, s->map.type, s->map.value_size, flags);
		/* Which keys a refused lookup was about is known to nobody. */
		if (s->attr.batch.keys && !(result && cmd_batch_looks_up(s->cmd)))
			e.key = (void *)(s->attr.batch.keys + (u64)i * e.key_size);
		if (s->attr.batch.values)
			e.value = (void *)(s->attr.batch.values +
					   (u64)i * (e.shape == WIRE_VALUE_CPUS ? e.value_total :
										  e.value_size));
	} else {
		flags = s->attr.elem.flags;
		elem_value(&e, s->map.type, s->map.value_size, flags);
		e.key = (void *)s->attr.elem.key;
		e.value = (void *)s->attr.elem.value;
	}
	e.op = op_of_cmd(s->cmd);
	if (e.op == WIRE_OP_DELETE || e.op == WIRE_OP_LOOKUP_AND_DELETE) {
		e.value = NULL;
		flags = 0;
	}
	if (e.op == WIRE_OP_LOOKUP && result)
		e.value = NULL;
	__sync_fetch_and_add(&counts[e.hook].seen, 1);
	op = late_begin(&e, (void *)s->map.address, s->map.type, result, false);
	if (!op)
		return 0;
	op->map = s->map;
	op->caller = 0;
	op->flags = flags;
	op->result = result;
	op->has_result = 1;
	op->cmd = s->cmd;
	op->from = WIRE_FROM_SYSCALL;
	fill_process(&op->task);
	if (first_use(&op->task, s->map.id)) {
		op->fd = s->fd;
		op->fmode = s->fmode;
	}
	bpf_ringbuf_submit(op, 0);
	return 0;
}

/*
 * Elements `from` up to `to`, at most CHUNK of them. A function of its own, so that the verifier
 * walks two short loops instead of one of WIRE_BATCH_MAX rounds, which 5.10 needs half a minute for.
 */
#define CHUNK 128u

__attribute__((noinline)) int report_chunk(u32 from, u32 to)
{
	for (u32 i = 0; i < CHUNK && from + i < to; i++)
		report_elem(from + i, 0);
	return 0;
}

/*
 * What of a batch no hook on an operation saw: all; or the middle, when the type's own hook was
 * being attached: bpf_map_update_value() reported what came before it was meant to, the hook what
 * came after it did. What was done is in the count that the kernel wrote back.
 */
static __always_inline void exit_batch(struct slot *s, s32 ret)
{
	u32 done = 0, from = s->early, to, i;
	bool whole = !ret || (ret == -2 && cmd_batch_looks_up(s->cmd));

	/* A program that calls bpf(2) has its attributes in the kernel. */
	if (bpf_probe_read_user(&done, sizeof(done),
				(void *)(s->uattr + offsetof(struct attr_batch, count))))
		done = s->attr.batch.count;
	if (!whole && done >= s->attr.batch.count)
		done = 0;
	to = done + !whole - (s->reached - s->early);
	if ((s32)to < 0)
		return;
	for (i = 0; i < WIRE_BATCH_MAX / CHUNK && from + i * CHUNK < to; i++)
		report_chunk(from + i * CHUNK, to < done ? to : done);
	if (to > from && to - from > WIRE_BATCH_MAX)
		lose(WIRE_HOOK_SYS_EXIT, WIRE_LOSS_BATCH, to - from - WIRE_BATCH_MAX);
	if (to > done)
		report_elem(done, ret);
}

static __always_inline void exit_elem(struct slot *s, s32 ret)
{
	struct bpf_map *map = (void *)s->map.address;
	u32 id = s->map.id;

	if (id && map_skipped(id))
		return;
	/* Freed by now, or put there after bpf(2) was entered. */
	if (!id || BPF_CORE_READ(map, id) != id) {
		if (!ret)	/* refused: there never was a map, EBADF */
			lose(WIRE_HOOK_SYS_EXIT, WIRE_LOSS_DESCRIPTOR, 1);
		return;
	}
	tell_new_process();
	read_map(&s->map, map);
	if (cmd_is_batch(s->cmd))
		exit_batch(s, ret);
	else
		report_elem(0, ret);
}

static __always_inline struct wire_cmd *cmd_reserve(u32 hook, u32 kind, bool path)
{
	struct wire_cmd *c;

	__sync_fetch_and_add(&counts[hook].seen, 1);
	__sync_fetch_and_add(&counts[hook].taken, 1);
	c = path ? bpf_ringbuf_reserve(&events, sizeof(*c) + WIRE_PATH_BYTES, 0) :
		   bpf_ringbuf_reserve(&events, sizeof(*c), 0);
	if (!c) {
		count_lost(hook, WIRE_LOSS_RING, 1);
		return NULL;
	}
	c->hdr.size = path ? sizeof(*c) + WIRE_PATH_BYTES : sizeof(*c);
	c->hdr.kind = kind;
	c->hdr.hook = hook;
	c->path_len = 0;
	c->pad = 0;
	__builtin_memset(&c->inner, 0, sizeof(c->inner));
	c->fd = -1;
	c->fmode = 0;
	c->result = 0;
	c->cmd = WIRE_CMD_NONE;
	fill_task(&c->hdr, &c->task);
	return c;
}

static __always_inline void fill_cmd(struct wire_cmd *c, const struct slot *s, s32 fd, s32 ret)
{
	c->map = s->map;
	c->cmd = s->cmd;
	c->fmode = s->fmode;
	c->fd = fd;
	c->result = ret < 0 ? ret : 0;
	fill_process(&c->task);
}

static __always_inline void report_cmd(struct slot *s, s32 fd, s32 ret)
{
	struct wire_cmd *c;
	long len;

	if (map_skipped(s->map.id))
		return;
	if (s->cmd != BPF_OBJ_GET && s->cmd != BPF_OBJ_PIN) {
		c = cmd_reserve(WIRE_HOOK_SYS_EXIT, WIRE_CMD, false);
		if (!c)
			return;
		fill_cmd(c, s, fd, ret);
		if (s->cmd == BPF_MAP_CREATE)
			read_inner(&c->inner, (void *)s->map.address);
	} else {
		c = cmd_reserve(WIRE_HOOK_SYS_EXIT, WIRE_CMD, true);
		if (!c)
			return;
		fill_cmd(c, s, fd, ret);
		len = bpf_probe_read_user_str(c->path, WIRE_PATH_BYTES,
					      (void *)s->attr.obj.pathname);
		if (len > 0)
			c->path_len = len - 1;
	}
	bpf_ringbuf_submit(c, 0);
}

/* create, open, pin, freeze: the map from what map_open noted, else through the descriptor. */
static __always_inline void exit_whole(struct slot *s, s32 ret)
{
	bool makes_fd = cmd_makes_fd(s->cmd);
	s32 fd = ret >= 0 ? ret : -1;

	if (s->cmd == BPF_OBJ_PIN)
		fd = s->attr.obj.bpf_fd;
	else if (s->cmd == BPF_MAP_FREEZE)
		fd = s->attr.elem.map_fd;
	if (makes_fd && ret < 0) {
		if (s->cmd == BPF_MAP_CREATE)
			return;	/* there is no map */
		if (!s->opened && s->cmd == BPF_MAP_GET_FD_BY_ID && ret == -1) {
			s->map.id = s->attr.map_id;
			s->map.known = 0;
			s->fmode = 0;
		} else if (!s->opened) {
			return;
		}
	} else if (!makes_fd || !s->opened) {
		if (!map_by_fd(fd, &s->map, &s->fmode))
			return;	/* a program's or a link's */
	}
	report_cmd(s, fd, ret);
}

/* An iterator link over a map's elements: whoever holds it reads, and its program can write. */
static __always_inline void exit_link(struct slot *s, s32 ret)
{
	struct bpf_iter_link *link;
	struct bpf_map *map;
	struct file *file;
	struct wire_fd *r;

	if (ret < 0 || s->attr.link.attach_type != BPF_TRACE_ITER_TYPE)
		return;
	file = file_by_fd(ret);
	link = BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(link, link.type) != BPF_LINK_TYPE_ITER)
		return;
	map = BPF_CORE_READ(link, aux.map);
	if (!map || map_skipped(BPF_CORE_READ(map, id)))
		return;
	r = fd_begin(WIRE_HOOK_SYS_EXIT, WIRE_FD_ITERATOR);
	if (!r)
		return;
	read_map(&r->map, map);
	r->fd = ret;
	r->fmode = 3;
	fill_process(&r->task);
	bpf_ringbuf_submit(r, 0);
}

static __always_inline void exit_slot(struct slot *s, s32 ret)
{
	if (cmd_is_whole(s->cmd)) {
		exit_whole(s, ret);
	} else if (cmd_is_run(s->cmd)) {
		report_run(ret);
		if (s->cmd == BPF_LINK_CREATE)
			exit_link(s, ret);
	} else if (!s->reached || cmd_is_batch(s->cmd)) {
		exit_elem(s, ret);
	}
	if (s->cmd == BPF_OBJ_GET)
		__sync_fetch_and_add(&opening_pins, -1);
}

/*
 * The end of any bpf(2) command. A task that is refused before security_bpf(), as the unprivileged
 * are, has no slot yet. One whose slot another task took is counted.
 */
static __noinline int exit_rest(u32 cmd, u64 uattr, s32 ret)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s = slot_find(id);

	if (!s && ret == -1) {
		enter(cmd, (void *)uattr, true);
		s = slot_find(id);
	}
	if (s && s->cmd < CMD_RECEIVE) {
		s->uattr = uattr;
		if (!s->skipped)
			exit_slot(s, ret);
		slot_free(id, s);
	} else if (state == STATE_ON && ret >= 0 && cmd_is_followed(cmd) &&
		   (u32)(id >> 32) != own_pid) {
		lose(WIRE_HOOK_SYS_EXIT, WIRE_LOSS_TABLE, 1);
	}
	return 0;
}

/* The exit of a command that nobody is told of. */
static __always_inline bool exit_skipped(void)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s = slot_find(id);

	if (!s || !s->skipped)
		return false;
	slot_free(id, s);
	return true;
}

/* ---- full mode ---- */

SEC("fentry/security_bpf")
int BPF_PROG(sys_enter, int cmd, void *attr)
{
	enter(cmd, attr, false);
	return 0;
}

/*
 * Up from 5.14 (af2ac3e13e45 "bpf: Prepare bpf syscall to be used from kernel and user space.")
 * every way into bpf(2) passes __sys_bpf(int cmd, bpfptr_t uattr, unsigned int size).
 */
SEC("fexit/__sys_bpf")
int sys_exit(void *ctx)
{
	u64 ret = 0, cmd = 0, uattr = 0;

	if (exit_skipped())
		return 0;
	bpf_get_func_ret(ctx, &ret);
	bpf_get_func_arg(ctx, 0, &cmd);
	bpf_get_func_arg(ctx, 1, &uattr);
	return exit_rest(cmd, uattr, ret);
}

/* Command and attributes as the registers of the system call give them. */
static __always_inline void exit_regs(const struct pt_regs *regs, bool ia32, long ret)
{
	if (ia32)
		exit_rest(BPF_CORE_READ(regs, bx), (u32)BPF_CORE_READ(regs, cx), ret);
	else
		exit_rest(BPF_CORE_READ(regs, di), BPF_CORE_READ(regs, si), ret);
}

/* ctx[0] are the registers, in a type that 5.10's BTF only declares. */
static __always_inline int exit_entry(u64 *ctx, bool ia32)
{
	const struct pt_regs *regs = NULL;

	if (exit_skipped())
		return 0;
	bpf_probe_read_kernel(&regs, sizeof(regs), ctx);
	exit_regs(regs, ia32, ctx[1]);
	return 0;
}

/* 5.10 has no __sys_bpf(): the two entries of the system call tables. */
SEC("fexit/__x64_sys_bpf")
int sys_exit_x64(u64 *ctx)
{
	return exit_entry(ctx, false);
}

SEC("fexit/__ia32_sys_bpf")
int sys_exit_ia32(u64 *ctx)
{
	return exit_entry(ctx, true);
}

/* Called when a descriptor for a map is about to be made, and by nothing else. */
SEC("fexit/security_bpf_map")
int BPF_PROG(map_open, struct bpf_map *map, unsigned int fmode)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());

	if (!s)
		return 0;
	fill_map(&s->map, map);
	s->fmode = fmode;
	s->opened = 1;
	return 0;
}

/* ---- degraded mode ---- */

#define TS_COMPAT 2u		/* arch/x86/include/asm/thread_info.h */
#define X32_BIT 0x40000000u	/* __X32_SYSCALL_BIT */

/* The running task's system call is a 32-bit one, with numbers and registers of its own. */
static __always_inline bool in_ia32(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline bool nr_is_bpf(u32 nr, bool ia32)
{
	return ia32 ? nr == IA32_BPF : (nr & ~X32_BIT) == X86_64_BPF;
}

struct sys_enter_ctx {
	const struct pt_regs *regs;
	long nr;
};

SEC("raw_tp/sys_enter")
int sys_enter_raw(struct sys_enter_ctx *ctx)
{
	const struct pt_regs *regs = ctx->regs;
	u32 nr = ctx->nr;
	bool ia32;

	/* Most calls are others: leave before anything is read. */
	if (nr != IA32_BPF && (nr & ~X32_BIT) != X86_64_BPF)
		return 0;
	ia32 = in_ia32();
	if (!nr_is_bpf(nr, ia32))
		return 0;
	if (ia32)
		enter(BPF_CORE_READ(regs, bx), (void *)(u64)(u32)BPF_CORE_READ(regs, cx), true);
	else
		enter(BPF_CORE_READ(regs, di), (void *)BPF_CORE_READ(regs, si), true);
	return 0;
}

struct sys_exit_ctx {
	const struct pt_regs *regs;
	long ret;
};

SEC("raw_tp/sys_exit")
int sys_exit_raw(struct sys_exit_ctx *ctx)
{
	const struct pt_regs *regs = ctx->regs;
	u32 nr = BPF_CORE_READ(regs, orig_ax);
	bool ia32;

	if (nr != IA32_BPF && (nr & ~X32_BIT) != X86_64_BPF)
		return 0;
	ia32 = in_ia32();
	if (nr_is_bpf(nr, ia32) && !exit_skipped())
		exit_regs(regs, ia32, ctx->ret);
	return 0;
}
