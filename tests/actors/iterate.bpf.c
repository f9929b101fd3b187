/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Iterators over the elements of a map, one for each kind of map; they count what they see. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

struct bpf_map;
struct sock;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
} __attribute__((preserve_access_index));

struct bpf_iter__sockmap {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	struct sock *sk;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
} __attribute__((preserve_access_index));

volatile __u64 elements;

SEC("iter/bpf_map_elem")
int map_elem(struct bpf_iter__bpf_map_elem *ctx)
{
	if (ctx->key)
		elements++;
	return 0;
}

SEC("iter/sockmap")
int sockmap(struct bpf_iter__sockmap *ctx)
{
	if (ctx->key)
		elements++;
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int sk_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	if (ctx->value)
		elements++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
