/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls bpf(2) while another thread changes what the call is given: race TYPE OP HOW ROUNDS. TYPE is
 * hash, array, lpm_trie or queue; OP update, delete, take or batch; HOW what changes: attr (the
 * descriptor and the pointers in the attributes, the key, the value) or table (what the descriptor
 * is). There are two maps. After each call both are looked at, so it is known what the kernel did.
 * Prints the maps' ids, then each write in order: {"map":ID,"op":OP,"key":HEX,"value":HEX}, last in
 * how many of the calls something was changed meanwhile: {"raced":N}.
 */
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kind {
	const char *name;
	__u32 type, key_size, flags;
};

static const struct kind kinds[] = {
	{ "hash", BPF_MAP_TYPE_HASH, 8, 0 },
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 0 },
	{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC },
	{ "queue", BPF_MAP_TYPE_QUEUE, 0, 0 },
};

/* Prefix length and address of a trie; the first word alone is an index. */
static const __u32 keys[2][2] = { { 0, 32 }, { 1, 32 } };

static const struct kind *kind;
static int maps[2];
static __u32 ids[2];
static int shared_fd; /* the racing call's */
static bool by_table, gives_value;
static atomic_bool done;
static atomic_uint flips;
static unsigned int raced;

/* What the racing call is given. */
static union bpf_attr attr;
static volatile __u32 key_buf[2][2][2]; /* for two buffers, two keys (a batch's) of two words */
static volatile __u64 value_buf[2][2];

static int bpf(int cmd, union bpf_attr *a)
{
	return (int)syscall(SYS_bpf, cmd, a, sizeof(*a));
}

/* In the type's order: a trie's prefix length comes first, an index is the first word. */
static void put_key(volatile __u32 *out, int n)
{
	bool trie = kind->type == BPF_MAP_TYPE_LPM_TRIE;

	out[0] = keys[n][trie];
	out[1] = keys[n][!trie];
}

/* The two threads on a CPU each, else they may run by turns; where there is one, they do. */
static void take_cpu(int nr)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(nr, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *flip(void *unused)
{
	volatile union bpf_attr *a = &attr;

	take_cpu(1);

	for (__u64 n = 0; !done; n++) {
		if (by_table) {
			dup2(maps[n & 1], shared_fd);
			flips++;
			continue;
		}
		a->map_fd = (__u32)maps[n & 1];
		put_key(key_buf[0][0], n >> 1 & 1);
		put_key(key_buf[1][0], n >> 2 & 1);
		value_buf[0][0] = n + 1;
		value_buf[1][0] = n + 1000000001;
		if (kind->key_size)
			a->key = (__u64)key_buf[n >> 3 & 1];
		if (gives_value)
			a->value = (__u64)value_buf[n >> 4 & 1];
		flips++;
	}
	return unused;
}

/* The same for a batch, whose attributes are others. */
static void *flip_batch(void *unused)
{
	volatile union bpf_attr *a = &attr;

	take_cpu(1);

	for (__u64 n = 0; !done; n++) {
		a->batch.map_fd = (__u32)maps[n & 1];
		put_key(key_buf[0][0], n >> 1 & 1);
		put_key(key_buf[0][1], n >> 2 & 1);
		value_buf[0][0] = n + 1;
		value_buf[0][1] = n + 1000000001;
		flips++;
	}
	return unused;
}

/* The call that all is about. */
static void race(int cmd)
{
	unsigned int before = flips;

	bpf(cmd, &attr);
	raced += flips != before;
}

/* A call that nothing changes. */
static int steady(int cmd, int map, int key, __u64 *value)
{
	__u32 k[2];
	union bpf_attr a = { .map_fd = (__u32)maps[map], .value = (__u64)value };

	put_key(k, key);
	if (kind->key_size)
		a.key = (__u64)k;
	if (cmd == BPF_MAP_DELETE_ELEM)
		a.value = 0;
	return bpf(cmd, &a);
}

static void tell(int map, const char *op, int key, const __u64 *value)
{
	__u32 k[2];

	put_key(k, key);
	printf("{\"map\":%u,\"op\":\"%s\",\"key\":\"", ids[map], op);
	for (__u32 i = 0; i < kind->key_size; i++)
		printf("%02x", ((unsigned char *)k)[i]);
	printf("\",\"value\":\"");
	for (__u32 i = 0; value && i < 8; i++)
		printf("%02x", ((const unsigned char *)value)[i]);
	printf("\"}\n");
}

static int n_keys(void)
{
	return kind->key_size ? 2 : 1;
}

static void put(int map, int key, __u64 value)
{
	if (!steady(BPF_MAP_UPDATE_ELEM, map, key, &value))
		tell(map, kind->key_size ? "update" : "push", key, &value);
}

/* Empties both maps; what the racing call left is told first, before what removes it. */
static void settle(const char *op)
{
	__u64 value;

	for (int i = 0; i < 2 * n_keys(); i++)
		if (!steady(BPF_MAP_LOOKUP_ELEM, i & 1, i >> 1, &value) && value && op)
			tell(i & 1, op, i >> 1, &value);
	for (int i = 0; i < 2 * n_keys(); i++) {
		if (steady(BPF_MAP_LOOKUP_ELEM, i & 1, i >> 1, &value) || !value)
			continue;
		if (kind->type == BPF_MAP_TYPE_ARRAY)
			put(i & 1, i >> 1, 0);
		else if (kind->key_size && !steady(BPF_MAP_DELETE_ELEM, i & 1, i >> 1, NULL))
			tell(i & 1, "delete", i >> 1, NULL);
		else if (!kind->key_size &&
			 !steady(BPF_MAP_LOOKUP_AND_DELETE_ELEM, i & 1, i >> 1, &value))
			tell(i & 1, "pop", i >> 1, NULL);
	}
}

static void round_update(void)
{
	race(BPF_MAP_UPDATE_ELEM);
	settle(kind->key_size ? "update" : "push");
}

static void round_batch(void)
{
	((volatile union bpf_attr *)&attr)->batch.count = 2;
	race(BPF_MAP_UPDATE_BATCH);
	settle("update");
}

/* Both maps are full before; who lacks a key is who was written. */
static void round_remove(int cmd, const char *op)
{
	__u64 value;

	for (int i = 0; i < 2 * n_keys(); i++)
		put(i & 1, i >> 1, 7);
	race(cmd);
	for (int i = 0; i < 2 * n_keys(); i++)
		if (steady(BPF_MAP_LOOKUP_ELEM, i & 1, i >> 1, &value))
			tell(i & 1, op, i >> 1, NULL);
	settle(NULL);
}

static int make(int n)
{
	union bpf_attr a = { .map_type = kind->type,
			     .key_size = kind->key_size,
			     .value_size = 8,
			     .max_entries = 4,
			     .map_flags = kind->flags,
			     .map_name = "race" };
	struct bpf_map_info info = {};
	union bpf_attr b = {};

	maps[n] = bpf(BPF_MAP_CREATE, &a);
	if (maps[n] < 0)
		return -1;
	b.info.bpf_fd = (__u32)maps[n];
	b.info.info_len = sizeof(info);
	b.info.info = (__u64)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &b))
		return -1;
	ids[n] = info.id;
	return 0;
}

static void prepare(bool batch, bool deletes)
{
	gives_value = !deletes;
	put_key(key_buf[0][0], 0);
	put_key(key_buf[0][1], 1);
	put_key(key_buf[1][0], 1);
	value_buf[0][0] = value_buf[0][1] = value_buf[1][0] = 9;
	shared_fd = dup(maps[0]);
	if (batch) {
		attr.batch.keys = (__u64)key_buf[0];
		attr.batch.values = (__u64)value_buf[0];
		attr.batch.map_fd = (__u32)shared_fd;
	} else {
		attr.map_fd = (__u32)shared_fd;
		attr.key = kind->key_size ? (__u64)key_buf[0] : 0;
		attr.value = gives_value ? (__u64)value_buf[0] : 0;
	}
}

/* Also where both threads have one CPU, no two rounds are alike. */
static void await_flips(unsigned int n)
{
	unsigned int start = flips;

	while (flips - start < n)
		sched_yield();
}

int main(int argc, char **argv)
{
	bool batch = argc == 5 && !strcmp(argv[2], "batch");
	pthread_t thread;

	for (size_t i = 0; argc == 5 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	if (!kind)
		return 2;
	if (make(0) || make(1))
		return 1;
	by_table = !strcmp(argv[3], "table");
	printf("{\"maps\":[%u,%u]}\n", ids[0], ids[1]);
	take_cpu(0);
	prepare(batch, !strcmp(argv[2], "delete"));
	if (pthread_create(&thread, NULL, batch && !by_table ? flip_batch : flip, NULL))
		return 1;
	for (long n = strtol(argv[4], NULL, 10); n > 0; n--) {
		await_flips(1 + (unsigned int)n * 7 % 61);
		if (batch)
			round_batch();
		else if (!strcmp(argv[2], "delete"))
			round_remove(BPF_MAP_DELETE_ELEM, "delete");
		else if (!strcmp(argv[2], "take"))
			round_remove(BPF_MAP_LOOKUP_AND_DELETE_ELEM,
				     kind->key_size ? "lookup_and_delete" : "pop");
		else
			round_update();
	}
	done = true;
	pthread_join(thread, NULL);
	printf("{\"raced\":%u}\n", raced);
	return 0;
}
