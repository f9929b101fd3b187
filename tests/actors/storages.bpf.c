/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Local storage by the helpers of programs: each program creates one of its owner, finds it again,
 * which changes nothing, and deletes it, ROUNDS times; or leaves the last to go with the owner.
 */
#include "storage.bpf.h"

#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct cgroup;
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct task_struct {
	struct css_set *cgroups;
};
#pragma clang attribute pop

STORAGE(of_task, BPF_MAP_TYPE_TASK_STORAGE);
STORAGE(of_inode, BPF_MAP_TYPE_INODE_STORAGE);
STORAGE(of_cgroup, 32 /* BPF_MAP_TYPE_CGRP_STORAGE */);

volatile __u64 pid_tgid;
volatile __u32 left;
volatile bool leave;	/* do not delete the last */
volatile __u64 created, deleted;

static __always_inline bool ours(void)
{
	if (!left || bpf_get_current_pid_tgid() != pid_tgid)
		return false;
	left--;
	return true;
}

#define ROUND(get, delete, map, owner) \
	do { \
		__u64 value = created + 1; \
		if (get(map, owner, &value, BPF_LOCAL_STORAGE_GET_F_CREATE)) \
			created++; \
		get(map, owner, &value, BPF_LOCAL_STORAGE_GET_F_CREATE); \
		if ((left || !leave) && !delete (map, owner)) \
			deleted++; \
	} while (0)

SEC("tp_btf/sys_enter")
int s_task(void *ctx)
{
	struct task_struct *task;

	if (!ours())
		return 0;
	task = bpf_get_current_task_btf();
	ROUND(bpf_task_storage_get, bpf_task_storage_delete, &of_task, task);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(s_inode, struct file *file)
{
	if (ours())
		ROUND(bpf_inode_storage_get, bpf_inode_storage_delete, &of_inode, file->f_inode);
	return 0;
}

/* Helpers of 6.2, not in this libbpf's header. */
static void *(*cgrp_storage_get)(void *map, struct cgroup *cgroup, void *value,
				 __u64 flags) = (void *)210;
static long (*cgrp_storage_delete)(void *map, struct cgroup *cgroup) = (void *)211;

SEC("tp_btf/sys_enter")
int s_cgroup(void *ctx)
{
	struct task_struct *task;

	if (!ours())
		return 0;
	task = bpf_get_current_task_btf();
	ROUND(cgrp_storage_get, cgrp_storage_delete, &of_cgroup, task->cgroups->dfl_cgrp);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
