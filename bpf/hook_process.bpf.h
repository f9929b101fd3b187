/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is told of a process: file, arguments, cgroup, ancestors. What can't be told here, or was
 * lost, the user side looks for in /proc.
 */
#include "process.bpf.h"

#include <bpf/bpf_tracing.h>

/* ---- the record: names from the last one up, as the kernel chains them ---- */

/*
 * The verifier walks each turn of the loops below, both ways of every branch. Where arithmetic
 * does as well, they have none.
 */

/* All ones, or 0. */
static __always_inline u64 same(const void *a, const void *b)
{
	u64 x = (u64)a ^ (u64)b, minus = -x;

	opaque(minus);	/* clang would make a branch of it again */
	return ((x | minus) >> 63) - 1;
}

static __always_inline void *choose(u64 mask, const void *a, const void *b)
{
	return (void *)(((u64)a & mask) | ((u64)b & ~mask));
}

/* One name at `len` of the names: its bytes. An error makes them longer than any that are taken. */
static __always_inline u64 put_name(char *names, u64 len, const unsigned char *name)
{
	opaque(len);
	return bpf_probe_read_kernel_str(names + (len & (WIRE_NAMES_BYTES - 1)), WIRE_NAMES_SLACK,
					 name) &
	       ~0ull >> 8;
}

static __always_inline u32 names_end(u64 len)
{
	return len <= WIRE_NAMES_BYTES ? len : 0;
}

/* The path of a file, over all mounts to the root. Returns bytes; 0: it does not fit. */
static __always_inline u32 put_file_path(char *names, const struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	u64 len = 0;

	for (u32 i = 0; i < WIRE_EXE_DEPTH; i++) {
		struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		u64 top = same(dentry, BPF_CORE_READ(mnt, mnt_root)) | same(dentry, parent);

		if (top & same(above, mount))
			return names_end(len);
		len += put_name(names, len, BPF_CORE_READ(dentry, d_name.name)) & ~top;
		dentry = choose(top, BPF_CORE_READ(mount, mnt_mountpoint), parent);
		mnt = choose(top, (void *)above + bpf_core_field_offset(struct mount, mnt), mnt);
	}
	return 0;
}

/* The path in the cgroup2 hierarchy, unless it does not fit. */
static __always_inline void put_cgroup(struct wire_process *r, struct kernfs_node *kn)
{
	u64 len = 0;

	r->cgroup_len = 0;
	for (u32 i = 0; i < WIRE_CGROUP_DEPTH; i++) {
		struct kernfs_node *parent = kernfs_parent(kn);

		if (!parent) {
			r->cgroup_len = names_end(len);
			if (len <= WIRE_NAMES_BYTES)
				r->flags |= WIRE_PROCESS_CGROUP;
			return;
		}
		len += put_name(r->cgroup, len, (void *)BPF_CORE_READ(kn, name));
		kn = parent;
	}
}

static __always_inline u32 put_ancestors(struct wire_ancestor *out, struct task_struct *t)
{
	u32 n = 0;

	for (u32 i = 0; i < WIRE_ANCESTORS; i++) {
		u32 pid;

		t = BPF_CORE_READ(t, real_parent, group_leader);
		pid = BPF_CORE_READ(t, tgid);
		if (!pid)
			break;
		out[i].pid = pid;
		BPF_CORE_READ_INTO(&out[i].comm, t, comm);
		n = i + 1;
	}
	return n;
}

static __always_inline u32 pid_in_namespace(struct task_struct *leader)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	u32 level = BPF_CORE_READ(pid, level), nr = 0;
	void *at = (void *)pid + bpf_core_field_offset(struct pid, numbers);

	if (level)
		bpf_probe_read_kernel(&nr, sizeof(nr),
				      at + (u64)level * bpf_core_type_size(struct upid) +
					      bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline void put_args(struct wire_process *r, struct mm_struct *mm)
{
	u64 from = BPF_CORE_READ(mm, arg_start), to = BPF_CORE_READ(mm, arg_end);
	u64 len = to - from;

	if (!mm || to <= from)
		return;
	if (len > WIRE_ARGS_BYTES) {
		len = WIRE_ARGS_BYTES;
		r->flags |= WIRE_PROCESS_ARGS_CUT;
	}
	r->args_len = read_bytes(r->args, len, WIRE_ARGS_BYTES, (void *)from, true);
}

SEC("fentry/bpf_get_ns_current_pid_tgid")
int BPF_PROG(process_tell, u64 dev)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct dentry *exe;
	struct wire_process *r;
	struct mm_struct *mm;
	struct file *file;

	if (state == STATE_OFF || dev != TELL_DEV)
		return 0;
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r)
		return 0;	/* the next of its records tries again */
	r->hdr.size = sizeof(*r);
	r->hdr.kind = WIRE_PROCESS;
	r->hdr.hook = WIRE_HOOK_PROCESS_TELL;
	fill_task(&r->hdr, &r->task);
	fill_process(&r->task);
	r->flags = 0;
	r->args_len = 0;
	mm = BPF_CORE_READ(t, mm);
	file = mm ? BPF_CORE_READ(mm, exe_file) : NULL;
	exe = file ? BPF_CORE_READ(file, f_path.dentry) : NULL;
	r->exe_len = exe ? put_file_path(r->exe, file) : 0;
	if (exe && !BPF_CORE_READ(exe, d_hash.pprev))
		r->flags |= WIRE_PROCESS_EXE_DELETED;	/* d_unhashed() */
	put_cgroup(r, BPF_CORE_READ(t, cgroups, dfl_cgrp, kn));
	r->loginuid = bpf_core_field_exists(t->loginuid) ? BPF_CORE_READ(t, loginuid.val) : -1;
	t = BPF_CORE_READ(t, group_leader);
	r->ns_pid = pid_in_namespace(t);
	r->ancestors = put_ancestors(r->ancestor, t);
	put_args(r, mm);
	told[r->task.who >> 32 & (WIRE_PROCESSES - 1)] = r->task.who;
	bpf_ringbuf_submit(r, 0);
	return 0;
}
