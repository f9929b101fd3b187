/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes a hook of a monitor run inside itself. A program deletes inode storage; the hook on that
 * calls bpf_get_current_comm(), and inside of that another program deletes task storage, which the
 * same hook is for. It is at work on this CPU already, so the kernel skips it.
 */
#include "storage.bpf.h"

#include <bpf/bpf_tracing.h>

struct task_struct;

STORAGE(outer, BPF_MAP_TYPE_INODE_STORAGE);
STORAGE(inner, BPF_MAP_TYPE_TASK_STORAGE);

volatile __u32 pid;	/* 0: off */
volatile __u32 left;
volatile __u32 in_delete;
volatile __u64 outer_deleted, inner_deleted;

SEC("lsm/file_open")
int BPF_PROG(delete_outer, struct file *file)
{
	__u64 value = 0;

	if (!left || bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	left--;
	if (!bpf_inode_storage_get(&outer, file->f_inode, &value, BPF_LOCAL_STORAGE_GET_F_CREATE))
		return 0;
	in_delete = 1;
	if (!bpf_inode_storage_delete(&outer, file->f_inode))
		outer_deleted++;
	in_delete = 0;
	return 0;
}

SEC("fentry/bpf_get_current_comm")
int delete_inner(void *ctx)
{
	struct task_struct *task;
	__u64 value = 0;

	if (!in_delete || bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	task = bpf_get_current_task_btf();
	if (bpf_task_storage_get(&inner, task, &value, BPF_LOCAL_STORAGE_GET_F_CREATE) &&
	    !bpf_task_storage_delete(&inner, task))
		inner_deleted++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
