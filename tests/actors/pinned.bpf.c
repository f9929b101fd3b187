/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A classifier for tc, whose map tc pins by name; it counts packets by protocol in it. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} live_tc_count SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} live_tc_last SEC(".maps");

SEC("tc")
int count(struct __sk_buff *skb)
{
	__u32 protocol = skb->protocol, zero = 0;
	__u64 *old = bpf_map_lookup_elem(&live_tc_count, &protocol);
	__u64 now = old ? *old + 1 : 1;

	bpf_map_update_elem(&live_tc_count, &protocol, &now, BPF_ANY);
	bpf_map_update_elem(&live_tc_last, &zero, &now, BPF_ANY);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
