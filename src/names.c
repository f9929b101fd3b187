/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the kernel's numbers; see names.h. Values: include/uapi/linux/bpf.h. */
#include "names.h"

#include <stddef.h>
#include <string.h>

#define SHAPE_ARRAY 1	/* keys are 32-bit indexes */
#define SHAPE_PERCPU 2	/* a value for each CPU */

struct maptype {
	const char *name;
	unsigned int shape;
};

static const struct maptype maptypes[] = {
	[0] = { "unspec", 0 },
	[1] = { "hash", 0 },
	[2] = { "array", SHAPE_ARRAY },
	[3] = { "prog_array", SHAPE_ARRAY },
	[4] = { "perf_event_array", SHAPE_ARRAY },
	[5] = { "percpu_hash", SHAPE_PERCPU },
	[6] = { "percpu_array", SHAPE_ARRAY | SHAPE_PERCPU },
	[7] = { "stack_trace", 0 },
	[8] = { "cgroup_array", SHAPE_ARRAY },
	[9] = { "lru_hash", 0 },
	[10] = { "lru_percpu_hash", SHAPE_PERCPU },
	[11] = { "lpm_trie", 0 },
	[12] = { "array_of_maps", SHAPE_ARRAY },
	[13] = { "hash_of_maps", 0 },
	[14] = { "devmap", SHAPE_ARRAY },
	[15] = { "sockmap", SHAPE_ARRAY },
	[16] = { "cpumap", SHAPE_ARRAY },
	[17] = { "xskmap", SHAPE_ARRAY },
	[18] = { "sockhash", 0 },
	[19] = { "cgroup_storage", 0 },
	[20] = { "reuseport_sockarray", SHAPE_ARRAY },
	[21] = { "percpu_cgroup_storage", SHAPE_PERCPU },
	[22] = { "queue", 0 },
	[23] = { "stack", 0 },
	[24] = { "sk_storage", 0 },
	[25] = { "devmap_hash", 0 },
	[26] = { "struct_ops", 0 },
	[27] = { "ringbuf", 0 },
	[28] = { "inode_storage", 0 },
	[29] = { "task_storage", 0 },
	[30] = { "bloom_filter", 0 },
	[31] = { "user_ringbuf", 0 },
	[32] = { "cgrp_storage", 0 },
	[33] = { "arena", 0 },
	[34] = { "insn_array", SHAPE_ARRAY },
	[35] = { "rhash", 0 },
};

static const struct maptype *maptype_find(uint32_t type)
{
	static const struct maptype unknown = { NULL, 0 };

	return type < sizeof(maptypes) / sizeof(maptypes[0]) ? &maptypes[type] : &unknown;
}

const char *maptype_name(uint32_t type)
{
	return maptype_find(type)->name;
}

bool maptype_is_array(uint32_t type)
{
	return maptype_find(type)->shape & SHAPE_ARRAY;
}

bool maptype_is_percpu(uint32_t type)
{
	return maptype_find(type)->shape & SHAPE_PERCPU;
}

const struct flag_name map_flag_names[] = {
	{ 1u << 0, "BPF_F_NO_PREALLOC" },
	{ 1u << 1, "BPF_F_NO_COMMON_LRU" },
	{ 1u << 2, "BPF_F_NUMA_NODE" },
	{ 1u << 3, "BPF_F_RDONLY" },
	{ 1u << 4, "BPF_F_WRONLY" },
	{ 1u << 5, "BPF_F_STACK_BUILD_ID" },
	{ 1u << 6, "BPF_F_ZERO_SEED" },
	{ 1u << 7, "BPF_F_RDONLY_PROG" },
	{ 1u << 8, "BPF_F_WRONLY_PROG" },
	{ 1u << 9, "BPF_F_CLONE" },
	{ 1u << 10, "BPF_F_MMAPABLE" },
	{ 1u << 11, "BPF_F_PRESERVE_ELEMS" },
	{ 1u << 12, "BPF_F_INNER_MAP" },
	{ 1u << 13, "BPF_F_LINK" },
	{ 1u << 14, "BPF_F_PATH_FD" },
	{ 1u << 15, "BPF_F_VTYPE_BTF_OBJ_FD" },
	{ 1u << 16, "BPF_F_TOKEN_FD" },
	{ 1u << 17, "BPF_F_SEGV_ON_FAULT" },
	{ 1u << 18, "BPF_F_NO_USER_CONV" },
	{ 1u << 19, "BPF_F_RB_OVERWRITE" },
	{ 0, NULL },
};

const struct flag_name update_flag_names[] = {
	{ 1, "BPF_NOEXIST" },
	{ 2, "BPF_EXIST" },
	{ 4, "BPF_F_LOCK" },
	{ UPDATE_F_CPU, "BPF_F_CPU" },
	{ UPDATE_F_ALL_CPUS, "BPF_F_ALL_CPUS" },
	{ 0, NULL },
};

const char *error_name(int negative_errno)
{
	/* 524 is ENOTSUPP, which the kernel keeps to itself but lets out of bpf(2). */
	return negative_errno == -524 ? "ENOTSUPP" : strerrorname_np(-negative_errno);
}
