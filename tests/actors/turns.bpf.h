/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs of turns.bpf.c and turns_ext.bpf.c share: the map, and a write. */
#ifndef BPFMON_TURNS_BPF_H
#define BPFMON_TURNS_BPF_H

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} shared SEC(".maps");

static __always_inline void put(__u64 id)
{
	__u32 key = 0;

	bpf_map_update_elem(&shared, &key, &id, 0);
}

#endif
