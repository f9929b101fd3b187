/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hides writes from a monitor: runs inside bpf_get_current_comm(), which the monitor's program
 * calls, and writes a map there. That program is on this CPU already, so the kernel does not run
 * it again for this write.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

volatile __u32 pid;	/* who makes the monitor run; 0: off */
volatile __u64 written;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} hidden SEC(".maps"), open SEC(".maps");

SEC("fentry/bpf_get_current_comm")
int blind(void *ctx)
{
	__u64 value = written;
	__u32 key = 0;

	if (!pid || bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	if (!bpf_map_update_elem(&hidden, &key, &value, BPF_ANY))
		__sync_fetch_and_add(&written, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
