/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes or deletes one element of one of these maps, as the actor says. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

struct key {
	__u32 index;
	__u8 rest[3];	/* hashes: a key of 7 bytes */
} __attribute__((packed));

struct value {
	__u8 bytes[20];
};

#define MAP(name, kind, key_type)		\
	struct {				\
		__uint(type, kind);		\
		__uint(max_entries, 64);	\
		__type(key, key_type);		\
		__type(value, struct value);	\
	} name SEC(".maps")

MAP(w_array, BPF_MAP_TYPE_ARRAY, __u32);
MAP(w_percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u32);
MAP(w_hash, BPF_MAP_TYPE_HASH, struct key);
MAP(w_lru, BPF_MAP_TYPE_LRU_HASH, struct key);
MAP(w_percpu, BPF_MAP_TYPE_PERCPU_HASH, struct key);
MAP(w_lru_percpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, struct key);

/* Set by the actor. */
__u8 key[sizeof(struct key)];
__u8 value[sizeof(struct value)];
__u32 which;
__u32 removes;
__u64 flags;
__s64 result;

/* The verifier wants to know each map. */
#define WRITE(number, map) \
	if (which == (number)) \
	result = removes ? bpf_map_delete_elem(&map, &key) : \
			   bpf_map_update_elem(&map, &key, &value, flags)

SEC("tc")
int before(void *ctx)
{
	WRITE(0, w_array);
	WRITE(1, w_percpu_array);
	WRITE(2, w_hash);
	WRITE(3, w_lru);
	WRITE(4, w_percpu);
	WRITE(5, w_lru_percpu);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
