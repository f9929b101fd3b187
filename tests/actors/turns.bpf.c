/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that write in turn, each its own id: by itself, in a function of its own, behind a tail
 * call. turns_ext.bpf.c takes the place of that function.
 */
#include <linux/bpf.h>

#include "turns.bpf.h"

__u32 id_direct, id_sub, id_tail;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

SEC("socket")
int direct(struct __sk_buff *skb)
{
	put(id_direct);
	return 0;
}

__attribute__((noinline)) int deep(int x)
{
	put(id_sub);
	return x + 1;
}

SEC("socket")
int sub(struct __sk_buff *skb)
{
	return deep(skb->len);
}

SEC("socket")
int tail(struct __sk_buff *skb)
{
	put(id_tail);
	return 0;
}

SEC("socket")
int caller(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &next, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
