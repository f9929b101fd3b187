/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which process runs, and whether it was told of: once, before the first record that it is in,
 * because it may be gone when that record is read. bpf/hook_process.bpf.h tells.
 */
#ifndef BPFMON_PROCESS_BPF_H
#define BPFMON_PROCESS_BPF_H

#include "emit.bpf.h"

static __always_inline u64 mix(u64 n)
{
	n *= 0x9e3779b97f4a7c15ull;
	return n ^ n >> 32;
}

/* The process that runs, as struct wire_task has it. */
struct process {
	u64 start_ns;
	u64 who;
	u32 exec;
	u32 ppid;
	u32 tracer;
};

/*
 * Pids come again, a pid with its start does not; execve(2) makes another process of it, and so
 * does, for what is told of it, another cgroup.
 */
static __always_inline u64 who_is(const struct process *p)
{
	u64 pid = bpf_get_current_pid_tgid() >> 32;
	u64 who = mix(p->start_ns ^ (u64)p->exec << 48 ^ pid);

	return mix(who ^ bpf_get_current_cgroup_id()) | 1;
}

static __always_inline void read_process(struct process *p)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *t = distrust(bpf_get_current_task_btf(), cfg_cast_task);

		p->start_ns = t->group_leader->start_boottime;
		p->exec = t->self_exec_id;
		p->ppid = t->real_parent->tgid;
		p->tracer = t->ptrace ? t->parent->tgid : 0;
	} else {
		struct task_struct *t = (void *)bpf_get_current_task();
		u64 tracer;

		p->start_ns = BPF_CORE_READ(t, group_leader, start_boottime);
		p->exec = BPF_CORE_READ(t, self_exec_id);
		p->ppid = BPF_CORE_READ(t, real_parent, tgid);
		tracer = BPF_CORE_READ(t, ptrace) ? BPF_CORE_READ(t, parent, tgid) : 0;
		forget(tracer);
		p->tracer = tracer;
	}
	p->who = who_is(p);
}

static __always_inline void put_process(struct wire_task *task, const struct process *p)
{
	task->start_ns = p->start_ns;
	task->exec = p->exec;
	task->ppid = p->ppid;
	task->who = p->who;
	task->tracer = p->tracer;
}

static __always_inline void fill_process(struct wire_task *task)
{
	struct process p;

	read_process(&p);
	put_process(task, &p);
}

/* Whether this process may use this map for the first time; see users[]. */
static __always_inline bool first_use(const struct wire_task *task, u32 map_id)
{
	u64 who = mix(task->who ^ map_id);
	u64 *user = &users[who & (USERS - 1)];

	if (*user == who)
		return false;
	*user = who;
	return true;
}

/* Of the node of a cgroup; NULL: it is the root. */
static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	return bpf_core_field_exists(node->parent) ? BPF_CORE_READ(node, parent) :
						     BPF_CORE_READ(node, __parent);
}

/*
 * To be called before a record about the running process is reserved. What tells of it is long,
 * and would be verified with each of the many programs that call it. So it is a program of its
 * own, on a helper that hardly anybody uses: these arguments make that return at once.
 */
#define TELL_DEV 0x6d6f6e2e62706600ull /* more than a dev_t */

static __always_inline void tell_process(const struct process *p)
{
	struct bpf_pidns_info none;

	if (told[p->who >> 32 & (WIRE_PROCESSES - 1)] != p->who)
		bpf_get_ns_current_pid_tgid(TELL_DEV, 0, &none, sizeof(none));
}

static __always_inline void tell_new_process(void)
{
	struct process p;

	read_process(&p);
	tell_process(&p);
}

#endif
