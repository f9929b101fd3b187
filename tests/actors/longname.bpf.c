/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs and a map of which the kernel keeps the first 15 bytes of the name; the programs write. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} long_names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} names_of_egress_ports SEC(".maps");

SEC("socket")
int counts_packets_of_ingress(struct __sk_buff *skb)
{
	__u32 key = 1;
	__u64 one = 1;

	bpf_map_update_elem(&long_names, &key, &one, BPF_ANY);
	return 0;
}

static __attribute__((noinline)) int writes_for_it(__u64 value)
{
	__u32 key = 2;

	return bpf_map_update_elem(&long_names, &key, &value, BPF_ANY);
}

SEC("socket")
int counts_packets_of_egress(struct __sk_buff *skb)
{
	writes_for_it(skb->len);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
