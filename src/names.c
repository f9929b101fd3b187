/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the kernel's numbers; see names.h. Values: include/uapi/linux/bpf.h. */
#include "names.h"

#include <bpf/libbpf.h>
#include <stddef.h>
#include <string.h>

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

/*
 * What the libbpf at hand may not know yet, by the names that later ones have: include/uapi/linux/bpf.h
 * of 7.3.
 */
static const char *const attach_types[] = {
	[44] = "struct_ops",
	[45] = "netfilter",
	[46] = "tcx_ingress",
	[47] = "tcx_egress",
	[48] = "trace_uprobe_multi",
	[49] = "cgroup_unix_connect",
	[50] = "cgroup_unix_sendmsg",
	[51] = "cgroup_unix_recvmsg",
	[52] = "cgroup_unix_getpeername",
	[53] = "cgroup_unix_getsockname",
	[54] = "netkit_primary",
	[55] = "netkit_peer",
	[56] = "trace_kprobe_session",
	[57] = "trace_uprobe_session",
	[58] = "trace_fsession",
};
static const char *const link_types[] = {
	[10] = "netfilter", [11] = "tcx", [12] = "uprobe_multi", [13] = "netkit", [14] = "sockmap",
};
static const char *const prog_types[] = { [32] = "netfilter" };

#define LATER(table, number) \
	((number) < sizeof(table) / sizeof((table)[0]) ? (table)[number] : NULL)

const char *prog_type_name(uint32_t type)
{
	return libbpf_bpf_prog_type_str((enum bpf_prog_type)type) ?: LATER(prog_types, type);
}

const char *attach_type_name(uint32_t type)
{
	return libbpf_bpf_attach_type_str((enum bpf_attach_type)type) ?: LATER(attach_types, type);
}

const char *link_type_name(uint32_t type)
{
	return libbpf_bpf_link_type_str((enum bpf_link_type)type) ?: LATER(link_types, type);
}
