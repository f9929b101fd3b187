/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that write one map as often as they are run, and count beside what they did. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct written {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} busy SEC(".maps"), busy_other SEC(".maps");

/* One call of a program writes the one or the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct written);
} either SEC(".maps") = { .values = { &busy, &busy_other } };

/* By pointer: no write that anybody could count but this. Numbers as in busy.c. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} oracle SEC(".maps");

enum { FIRST, SECOND, FAILED, DELETED, INNER };

/* Of the next writes: BPF_NOEXIST makes them fail. */
__u64 flags;
/* Which of `either`. */
__u32 which;

static __always_inline void count(__u32 who)
{
	__u64 *n = bpf_map_lookup_elem(&oracle, &who);

	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline void put(__u32 who)
{
	__u32 key = 1;
	__u64 value = who;

	count(bpf_map_update_elem(&busy, &key, &value, flags) ? FAILED : who);
}

SEC("socket")
int first(struct __sk_buff *skb)
{
	put(FIRST);
	return 0;
}

SEC("socket")
int second(struct __sk_buff *skb)
{
	put(SECOND);
	return 0;
}

/* Writes again what it deletes. */
SEC("socket")
int deletes(struct __sk_buff *skb)
{
	__u32 key = 1;

	put(SECOND);
	count(bpf_map_delete_elem(&busy, &key) ? FAILED : DELETED);
	return 0;
}

SEC("socket")
int inner(struct __sk_buff *skb)
{
	__u32 at = which, key = 1;
	void *map = bpf_map_lookup_elem(&either, &at);
	__u64 value = INNER;

	if (map && !bpf_map_update_elem(map, &key, &value, BPF_ANY))
		count(INNER);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
