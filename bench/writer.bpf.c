// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The BPF side of bench/writer: updates of elements that exist, many in one run, so that what is
 * measured is the update and not the way into the program.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ENTRIES 16	/* a power of two */
#define PER_RUN 50	/* as in writer.c */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} bench_array SEC(".maps");

/* Keys come into the same buckets each time: with a random seed a run differs by some 5 %. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENTRIES);
	__uint(map_flags, BPF_F_ZERO_SEED);
	__type(key, __u32);
	__type(value, __u64);
} bench_hash SEC(".maps");

/* What bpfmon watches when it does not watch the two above. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_other SEC(".maps");

__u64 failed = 0;

#define UPDATES(map)								\
	__u64 value = 1;							\
\
	for (__u32 i = 0; i < PER_RUN; i++) {					\
		__u32 key = i & (ENTRIES - 1);					\
\
		if (bpf_map_update_elem(&(map), &key, &value, BPF_ANY))		\
			failed++;						\
		value++;							\
	}									\
	return 0

SEC("socket")
int update_array(void *ctx)
{
	UPDATES(bench_array);
}

SEC("socket")
int update_hash(void *ctx)
{
	UPDATES(bench_hash);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
