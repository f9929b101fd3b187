/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of local storage, for actors that write and delete it. */
#ifndef BPFMON_ACTORS_STORAGE_BPF_H
#define BPFMON_ACTORS_STORAGE_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inode;
struct file {
	struct inode *f_inode;
};
#pragma clang attribute pop

#define STORAGE(name, type_)				\
	struct {					\
		__uint(type, type_);			\
		__uint(map_flags, BPF_F_NO_PREALLOC);	\
		__type(key, int);			\
		__type(value, __u64);			\
	} name SEC(".maps")

#endif
