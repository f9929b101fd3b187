/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of the types with elements of their own, with BTF for key and value; one program uses all. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct key {
	__u32 prefix;	/* as lpm_trie wants it */
	__u8 address[4];
};

struct value {
	__u64 counter;
	__s32 balance;
	__u16 ports[3];
	__u8 low : 3, high : 5;
	struct {
		__s64 seconds;
		__u32 part;
	} time;
	union {
		__u32 word;
		__u8 bytes[4];
	} both;
};

#define MAP(name_, type_, key_, flags_)      \
	struct {                             \
		__uint(type, type_);         \
		__type(key, key_);           \
		__type(value, struct value); \
		__uint(max_entries, 64);     \
		__uint(map_flags, flags_);   \
	} name_ SEC(".maps")

MAP(t_hash, BPF_MAP_TYPE_HASH, struct key, 0);
MAP(t_array, BPF_MAP_TYPE_ARRAY, __u32, BPF_F_RDONLY_PROG);
MAP(t_lru, BPF_MAP_TYPE_LRU_HASH, struct key, 0);
MAP(t_cpu_hash, BPF_MAP_TYPE_PERCPU_HASH, struct key, 0);
MAP(t_cpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, 0);
MAP(t_cpu_lru, BPF_MAP_TYPE_LRU_PERCPU_HASH, struct key, 0);
MAP(t_lpm, BPF_MAP_TYPE_LPM_TRIE, struct key, BPF_F_NO_PREALLOC);

SEC("socket")
int uses_all(struct __sk_buff *skb)
{
	struct key key = {};
	__u32 index = 0;

	return bpf_map_lookup_elem(&t_hash, &key) || bpf_map_lookup_elem(&t_array, &index) ||
	       bpf_map_lookup_elem(&t_lru, &key) || bpf_map_lookup_elem(&t_cpu_hash, &key) ||
	       bpf_map_lookup_elem(&t_cpu_array, &index) || bpf_map_lookup_elem(&t_cpu_lru, &key) ||
	       bpf_map_lookup_elem(&t_lpm, &key);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
