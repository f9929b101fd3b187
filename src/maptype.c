/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of map types; see maptype.h. Numbers: enum bpf_map_type of include/uapi/linux/bpf.h. */
#include "maptype.h"

#include <stddef.h>

#define H(hook) WIRE_HOOK_##hook
#define SYS(update, delete, take) \
	[MAPTYPE_SYS_UPDATE] = update, [MAPTYPE_SYS_DELETE] = delete, [MAPTYPE_SYS_TAKE] = take
#define PROG(update, delete, take) \
	[MAPTYPE_PROG_UPDATE] = update, [MAPTYPE_PROG_DELETE] = delete, [MAPTYPE_PROG_TAKE] = take

/* clang-format off */
#define ARRAY MAPTYPE_ARRAY
#define PERCPU MAPTYPE_PERCPU
#define QUEUE MAPTYPE_QUEUE
#define STORES MAPTYPE_STORES
#define COMPARED MAPTYPE_COMPARED
#define EVICTS MAPTYPE_EVICTS

static const struct maptype maptypes[] = {
	[0] = { "unspec", 0, NULL, NULL, {} },
	[1] = { "hash", STORES | COMPARED, NULL, NULL, {
		SYS(H(HASH_UPDATE), H(HASH_DELETE), H(HASH_POP)),
		PROG(H(HASH_UPDATE), H(HASH_DELETE), 0) } },
	[2] = { "array", ARRAY | STORES | COMPARED, "index", NULL, {
		SYS(H(ARRAY_UPDATE), H(ARRAY_DELETE), 0),
		PROG(H(ARRAY_UPDATE), H(ARRAY_DELETE), 0) } },
	[3] = { "prog_array", ARRAY, "index", "program descriptor", {
		SYS(H(FD_ARRAY_UPDATE), H(FD_ARRAY_DELETE), 0) } },
	[4] = { "perf_event_array", ARRAY, "index", "perf event descriptor", {
		SYS(H(FD_ARRAY_UPDATE), H(FD_ARRAY_DELETE), 0) } },
	[5] = { "percpu_hash", PERCPU | STORES | COMPARED, NULL, NULL, {
		SYS(H(PERCPU_HASH_SYS), H(HASH_DELETE), H(PERCPU_HASH_POP)),
		PROG(H(PERCPU_HASH_UPDATE), H(HASH_DELETE), 0) } },
	[6] = { "percpu_array", ARRAY | PERCPU | STORES | COMPARED, "index", NULL, {
		SYS(H(PERCPU_ARRAY_UPDATE), H(ARRAY_DELETE), 0),
		PROG(H(ARRAY_UPDATE), H(ARRAY_DELETE), 0) } },
	[7] = { "stack_trace", 0, "stack id", "instruction addresses", {
		SYS(0, H(STACK_TRACE_DELETE), H(STACK_TRACE_POP)) } },
	[8] = { "cgroup_array", ARRAY, "index", "cgroup descriptor", {
		SYS(H(FD_ARRAY_UPDATE), H(FD_ARRAY_DELETE), 0) } },
	[9] = { "lru_hash", STORES | COMPARED | EVICTS, NULL, NULL, {
		SYS(H(LRU_UPDATE), H(LRU_DELETE), H(LRU_POP)),
		PROG(H(LRU_UPDATE), H(LRU_DELETE), 0) } },
	[10] = { "lru_percpu_hash", PERCPU | STORES | COMPARED | EVICTS, NULL, NULL, {
		SYS(H(PERCPU_HASH_SYS), H(LRU_DELETE), H(PERCPU_LRU_POP)),
		PROG(H(PERCPU_LRU_UPDATE), H(LRU_DELETE), 0) } },
	[11] = { "lpm_trie", STORES | COMPARED | MAPTYPE_PREFIX, "prefix length and prefix", NULL, {
		SYS(H(TRIE_UPDATE), H(TRIE_DELETE), 0),
		PROG(H(TRIE_UPDATE), H(TRIE_DELETE), 0) } },
	[12] = { "array_of_maps", ARRAY | COMPARED, "index", "map descriptor", {
		SYS(H(FD_ARRAY_UPDATE), H(FD_ARRAY_DELETE), 0) } },
	[13] = { "hash_of_maps", COMPARED, NULL, "map descriptor", {
		SYS(H(FD_HASH_UPDATE), H(FD_HASH_DELETE), 0) } },
	[14] = { "devmap", ARRAY | COMPARED, "index", "ifindex, program descriptor", {
		SYS(H(DEVMAP_UPDATE), H(DEVMAP_DELETE), 0) } },
	[15] = { "sockmap", ARRAY, "index", "socket descriptor", {
		SYS(H(SOCK_UPDATE_SYS), H(SOCKMAP_DELETE), 0),
		PROG(H(SOCK_UPDATE), H(SOCKMAP_DELETE), 0) } },
	[16] = { "cpumap", ARRAY | COMPARED, "CPU", "queue size, program descriptor", {
		SYS(H(CPUMAP_UPDATE), H(CPUMAP_DELETE), 0) } },
	[17] = { "xskmap", ARRAY, "index", "AF_XDP socket descriptor", {
		SYS(H(XSKMAP_UPDATE), H(XSKMAP_DELETE), 0) } },
	[18] = { "sockhash", 0, NULL, "socket descriptor", {
		SYS(H(SOCK_UPDATE_SYS), H(SOCKHASH_DELETE), 0),
		PROG(H(SOCK_UPDATE), H(SOCKHASH_DELETE), 0) } },
	[19] = { "cgroup_storage", STORES, "cgroup inode, attach type", NULL, {
		SYS(H(CGROUP_STORAGE), 0, 0) } },
	[20] = { "reuseport_sockarray", ARRAY | COMPARED, "index", "socket descriptor", {
		SYS(H(REUSEPORT_UPDATE), H(REUSEPORT_DELETE), 0) } },
	[21] = { "percpu_cgroup_storage", PERCPU | STORES, "cgroup inode, attach type", NULL, {
		SYS(H(CGROUP_STORAGE_CPU), 0, 0) } },
	[22] = { "queue", QUEUE | COMPARED, NULL, NULL, {
		SYS(H(QUEUE_PUSH), 0, H(QUEUE_POP)),
		PROG(H(QUEUE_PUSH), 0, H(QUEUE_POP)) } },
	[23] = { "stack", QUEUE | COMPARED, NULL, NULL, {
		SYS(H(QUEUE_PUSH), 0, H(STACK_POP)),
		PROG(H(QUEUE_PUSH), 0, H(STACK_POP)) } },
	[24] = { "sk_storage", STORES, "socket descriptor", NULL, {
		SYS(H(SK_STORAGE_UPDATE), H(SK_STORAGE_DELETE), 0),
		PROG(H(STORAGE_UPDATE), H(STORAGE_DELETE), 0) } },
	[25] = { "devmap_hash", COMPARED, NULL, "ifindex, program descriptor", {
		SYS(H(DEVMAP_HASH_UPDATE), H(DEVMAP_HASH_DELETE), 0) } },
	[26] = { "struct_ops", 0, NULL, "functions of the structure", {
		SYS(H(STRUCT_OPS_UPDATE), H(STRUCT_OPS_DELETE), 0) } },
	[27] = { "ringbuf", STORES, NULL, NULL, {} },
	[28] = { "inode_storage", STORES, "file descriptor", NULL, {
		SYS(H(INODE_STORAGE_UPDATE), H(INODE_STORAGE_DELETE), 0),
		PROG(H(STORAGE_UPDATE), H(STORAGE_DELETE), 0) } },
	[29] = { "task_storage", STORES, "pidfd", NULL, {
		SYS(H(TASK_STORAGE_UPDATE), H(TASK_STORAGE_DELETE), 0),
		PROG(H(STORAGE_UPDATE), H(STORAGE_DELETE), 0) } },
	[30] = { "bloom_filter", QUEUE, NULL, NULL, {
		SYS(H(BLOOM_PUSH), 0, 0),
		PROG(H(BLOOM_PUSH), 0, 0) } },
	[31] = { "user_ringbuf", STORES, NULL, NULL, {} },
	[32] = { "cgrp_storage", STORES, "cgroup descriptor", NULL, {
		SYS(H(CGRP_STORAGE_UPDATE), H(CGRP_STORAGE_DELETE), 0),
		PROG(H(STORAGE_UPDATE), H(STORAGE_DELETE), 0) } },
	[33] = { "arena", STORES, NULL, NULL, {} },
	[34] = { "insn_array", ARRAY, "index", "instruction offset", {
		SYS(H(INSN_ARRAY_UPDATE), 0, 0) } },
	[35] = { "rhash", STORES | COMPARED | MAPTYPE_MOVES, NULL, NULL, {
		SYS(H(RHASH_UPDATE), H(RHASH_DELETE), H(RHASH_POP)),
		PROG(H(RHASH_UPDATE), H(RHASH_DELETE), 0) } },
};
/* clang-format on */

uint32_t maptype_count(void)
{
	return sizeof(maptypes) / sizeof(maptypes[0]);
}

const struct maptype *maptype_find(uint32_t type)
{
	static const struct maptype unknown = { NULL, 0, NULL, NULL, {} };

	return type < maptype_count() ? &maptypes[type] : &unknown;
}

const char *maptype_name(uint32_t type)
{
	return maptype_find(type)->name;
}

bool maptype_has(uint32_t type, unsigned int shape)
{
	return maptype_find(type)->shape & shape;
}

bool maptype_is_array(uint32_t type)
{
	return maptype_has(type, MAPTYPE_ARRAY);
}

bool maptype_is_queue(uint32_t type)
{
	return maptype_has(type, MAPTYPE_QUEUE);
}

uint64_t maptype_served_by(enum wire_hook hook)
{
	/* Beside the operations: helpers that do not pass them, what is behind values, evictions. */
	static const uint64_t beside[WIRE_HOOK_COUNT] = {
		[WIRE_HOOK_SOCKMAP_HELPER] = 1ull << 15,
		[WIRE_HOOK_SOCKHASH_HELPER] = 1ull << 18,
		[WIRE_HOOK_OBJECT_PROG] = 1ull << 3,
		[WIRE_HOOK_OBJECT_MAP] = 1ull << 12 | 1ull << 13,
		[WIRE_HOOK_OBJECT_PERF] = 1ull << 4,
		[WIRE_HOOK_OBJECT_CGROUP] = 1ull << 8,
		[WIRE_HOOK_OBJECT_SOCKMAP] = 1ull << 15,
		[WIRE_HOOK_OBJECT_SOCKHASH] = 1ull << 18,
		[WIRE_HOOK_OBJECT_SOCK_OLD] = 1ull << 15 | 1ull << 18,
		[WIRE_HOOK_LRU_EVICT] = 1ull << 9 | 1ull << 10,
	};
	uint64_t types = beside[hook];

	for (uint32_t t = 0; t < maptype_count(); t++)
		for (unsigned int op = 0; op < MAPTYPE_OPS; op++)
			if (hook && maptypes[t].hooks[op] == hook)
				types |= 1ull << t;
	return types;
}

uint64_t maptype_percpu(void)
{
	uint64_t types = 0;

	for (uint32_t t = 0; t < maptype_count(); t++)
		if (maptypes[t].shape & MAPTYPE_PERCPU)
			types |= 1ull << t;
	return types;
}
