/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the map types' own operations: every write of a program and every bpf(2) write passes
 * here. The JIT calls these functions directly (do_misc_fixups() in kernel/bpf/verifier.c), so
 * the helpers bpf_map_update_elem() and so on see nothing.
 *
 * Where BPF programs can write, two programs are on each function. NAME_count calls no helper:
 * somebody's program on a helper can not blind it, and the difference of its count to that of
 * NAME, which takes the details, tells that something was hidden. Both run after the function
 * (fexit), for its result. NAME_kprobe is the fallback where no trampoline can be had: it sees
 * writes of most programs, none of bpf(2). Where only bpf(2) can write, there is NAME alone.
 * NAME_old runs before the function, where the value before can be read.
 */
#include "bpfmon/wire_evicted.h"
#include "hook_ops_core.bpf.h"

/* clang-format off */
/*
 * The program: most writes are to maps that nobody watches, and leave here. All that others need,
 * registers to save as well, is in a function of its own (APART), but for hooks whose stack would be
 * too deep on 5.10 then (WITHIN).
 */
#define APART static __noinline
#define WITHIN static __always_inline

#define OP_PROGRAM(name, function, how)								\
	SEC("fexit/" #function)									\
	int BPF_PROG(name, struct bpf_map *map)							\
	{											\
		return op_is_watched(map, how) ? name##_tell(ctx) : 0;				\
	}

/* Functions by their arguments after the map: how a hook on one hands them on. */
#define OP_KEY_VALUE_FLAGS(name, ID, function, op_, shape_, how, where)				\
	where int BPF_PROG(name##_tell, struct bpf_map *map, void *key, void *value, u64 flags,	\
			   long ret)								\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_##op_,			\
				  .shape = shape_, .key = key,					\
				  .value = (shape_) == WIRE_VALUE_NONE ? NULL : value };	\
		return op_details(ctx, 4, map, &e, flags, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

#define OP_FILE_KEY_VALUE_FLAGS(name, ID, function, how)					\
	WITHIN int BPF_PROG(name##_tell, struct bpf_map *map, struct file *file, void *key,	\
			    void *value, u64 flags, long ret)					\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_UPDATE,			\
				  .shape = WIRE_VALUE_CPUS, .key = key, .value = value };	\
		return op_details(ctx, 5, map, &e, flags, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

#define OP_KEY(name, ID, function, how, where)							\
	where int BPF_PROG(name##_tell, struct bpf_map *map, void *key, long ret)		\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_DELETE, .key = key };	\
		return op_details(ctx, 2, map, &e, 0, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

#define OP_KEY_DEFER(name, ID, function, how)							\
	WITHIN int BPF_PROG(name##_tell, struct bpf_map *map, void *key, bool defer, long ret)	\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_DELETE, .key = key };	\
		return op_details(ctx, 3, map, &e, 0, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

#define OP_VALUE_FLAGS(name, ID, function, how)							\
	APART int BPF_PROG(name##_tell, struct bpf_map *map, void *value, u64 flags, long ret)	\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_UPDATE,			\
				  .shape = WIRE_VALUE_ONE, .value = value };			\
		return op_details(ctx, 3, map, &e, flags, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

#define OP_VALUE(name, ID, function, how)							\
	APART int BPF_PROG(name##_tell, struct bpf_map *map, void *value, long ret)		\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID,					\
				  .op = WIRE_OP_LOOKUP_AND_DELETE };				\
		return op_details(ctx, 2, map, &e, 0, ret, how);				\
	}											\
	OP_PROGRAM(name, function, how)

/* A helper, whose arguments are numbers: context, map, key, flags. */
#define OP_HELPER(name, ID, function)								\
	SEC("fexit/" #function)									\
	int BPF_PROG(name, u64 sops, u64 map, u64 key, u64 flags, u64 unused, u64 ret)		\
	{											\
		struct bpf_sock_ops_kern *kern = (void *)sops;					\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_UPDATE,			\
				  .key = (void *)key, .socket = BPF_CORE_READ(kern, sk) };	\
		return op_details(ctx, 5, (void *)map, &e, flags, ret, OP_PROBED | OP_OBJECT);	\
	}

/* On the entry, for the value before; see bpf/old.bpf.h. `shape` is that of a per-CPU element's. */
#define OP_OLD_PROGRAM(name, ID, function)							\
	SEC("fentry/" #function)								\
	int BPF_PROG(name##_old, struct bpf_map *map)						\
	{											\
		return old_is_wanted(map, WIRE_HOOK_##ID) ? name##_old_take(ctx) : 0;		\
	}

#define OP_OLD_KEY_VALUE_FLAGS(name, ID, function, shape)					\
	static __noinline int BPF_PROG(name##_old_take, struct bpf_map *map, void *key,		\
				       void *value, u64 flags)					\
	{											\
		return old_take(ctx, 4, map, key, flags, WIRE_HOOK_##ID, WIRE_OP_UPDATE, shape);	\
	}											\
	OP_OLD_PROGRAM(name, ID, function)

#define OP_OLD_KEY(name, ID, function, nargs)							\
	static __noinline int BPF_PROG(name##_old_take, struct bpf_map *map, void *key)	\
	{											\
		return old_take(ctx, nargs, map, key, 0, WIRE_HOOK_##ID, WIRE_OP_DELETE,	\
				WIRE_VALUE_CPUS);						\
	}											\
	OP_OLD_PROGRAM(name, ID, function)

#define OP_COUNT(name, ID, function)								\
	SEC("fexit/" #function)									\
	int BPF_PROG(name##_count, struct bpf_map *map)						\
	{											\
		return op_count(map, WIRE_HOOK_##ID);						\
	}

#define OP_KPROBE(name, ID, function, op_, shape_, key_, value_, flags_)			\
	SEC("kprobe/" #function)								\
	int name##_kprobe(struct pt_regs *ctx)							\
	{											\
		struct elem e = { .hook = WIRE_HOOK_##ID, .op = WIRE_OP_##op_, .shape = shape_,	\
				  .key = (void *)(key_), .value = (void *)(value_) };		\
		return op_kprobe(ctx, &e, flags_);						\
	}

/* What programs do as well as bpf(2). `shape` is that of the value the function is given. */
#define UPDATE_HOOK(name, ID, function, shape)							\
	OP_COUNT(name, ID, function)								\
	OP_KEY_VALUE_FLAGS(name, ID, function, UPDATE, shape, OP_COUNTED, APART)			\
	OP_KPROBE(name, ID, function, UPDATE, shape, ctx->si, ctx->dx, ctx->cx)

#define DELETE_HOOK(name, ID, function)								\
	OP_COUNT(name, ID, function)								\
	OP_KEY(name, ID, function, OP_COUNTED, APART)							\
	OP_KPROBE(name, ID, function, DELETE, WIRE_VALUE_NONE, ctx->si, 0, 0)

/* The same, with the value before: of a per-CPU element, what is written of it, or all that goes. */
#define UPDATE_OLD_HOOK(name, ID, function, shape)						\
	OP_COUNT(name, ID, function)								\
	OP_OLD_KEY_VALUE_FLAGS(name, ID, function,						\
			       (shape) == WIRE_VALUE_CPUS ? WIRE_VALUE_CPUS : WIRE_VALUE_CPU)	\
	OP_KEY_VALUE_FLAGS(name, ID, function, UPDATE, shape, OP_COUNTED | OP_OLD, APART)		\
	OP_KPROBE(name, ID, function, UPDATE, shape, ctx->si, ctx->dx, ctx->cx)

#define DELETE_OLD_HOOK(name, ID, function)							\
	OP_COUNT(name, ID, function)								\
	OP_OLD_KEY(name, ID, function, 2)							\
	OP_KEY(name, ID, function, OP_COUNTED | OP_OLD, APART)						\
	OP_KPROBE(name, ID, function, DELETE, WIRE_VALUE_NONE, ctx->si, 0, 0)

#define SOCK_DELETE_HOOK(name, ID, function)							\
	OP_COUNT(name, ID, function)								\
	OP_KEY(name, ID, function, OP_COUNTED | OP_OBJECT, WITHIN)					\
	OP_KPROBE(name, ID, function, DELETE, WIRE_VALUE_NONE, ctx->si, 0, 0)

#define PUSH_HOOK(name, ID, function)								\
	OP_COUNT(name, ID, function)								\
	OP_VALUE_FLAGS(name, ID, function, OP_COUNTED)						\
	OP_KPROBE(name, ID, function, UPDATE, WIRE_VALUE_ONE, 0, ctx->si, ctx->dx)

#define POP_HOOK(name, ID, function)								\
	OP_COUNT(name, ID, function)								\
	OP_VALUE(name, ID, function, OP_COUNTED)						\
	OP_KPROBE(name, ID, function, LOOKUP_AND_DELETE, WIRE_VALUE_NONE, 0, 0, 0)

/* What only bpf(2) does. There is no fallback: kprobes do not run there, and its exit reports. */
#define SYS_UPDATE_HOOK(name, ID, function)							\
	OP_KEY_VALUE_FLAGS(name, ID, function, UPDATE, WIRE_VALUE_ONE, OP_SYSCALL, WITHIN)
#define SYS_DELETE_HOOK(name, ID, function)							\
	OP_KEY(name, ID, function, OP_SYSCALL, WITHIN)

/* The same of a map whose values are descriptors: what they stand for is told, too. */
#define OBJECT_UPDATE_HOOK(name, ID, function)							\
	OP_KEY_VALUE_FLAGS(name, ID, function, UPDATE, WIRE_VALUE_ONE, OP_SYSCALL | OP_OBJECT,	\
			   WITHIN)
#define OBJECT_DELETE_HOOK(name, ID, function)							\
	OP_KEY(name, ID, function, OP_SYSCALL | OP_OBJECT, WITHIN)
#define OBJECT_BEFORE(name, ID, function)							\
	SEC("fentry/" #function)								\
	int BPF_PROG(name##_before, struct bpf_map *map, void *key)				\
	{											\
		return object_before(map, WIRE_HOOK_##ID, key);					\
	}
#define ELEMENT_HOOKS(name, ID, update, delete_)						\
	OBJECT_BEFORE(name##_update, ID##_UPDATE, update)					\
	OBJECT_UPDATE_HOOK(name##_update, ID##_UPDATE, update)					\
	OBJECT_BEFORE(name##_delete, ID##_DELETE, delete_)					\
	OBJECT_DELETE_HOOK(name##_delete, ID##_DELETE, delete_)

#define SYS_TAKE_HOOK(name, ID, function)							\
	OP_KEY_VALUE_FLAGS(name, ID, function, LOOKUP_AND_DELETE, WIRE_VALUE_NONE, OP_SYSCALL,	\
			   WITHIN)
#define SYS_TAKE_OLD_HOOK(name, ID, function)							\
	OP_OLD_KEY(name, ID, function, 0)							\
	OP_KEY_VALUE_FLAGS(name, ID, function, LOOKUP_AND_DELETE, WIRE_VALUE_NONE,		\
			   OP_SYSCALL | OP_OLD, APART)

UPDATE_OLD_HOOK(array_update, ARRAY_UPDATE, array_map_update_elem, WIRE_VALUE_ONE)
UPDATE_OLD_HOOK(percpu_array_update, PERCPU_ARRAY_UPDATE, bpf_percpu_array_update, WIRE_VALUE_CPUS)
DELETE_HOOK(array_delete, ARRAY_DELETE, array_map_delete_elem)
UPDATE_OLD_HOOK(hash_update, HASH_UPDATE, htab_map_update_elem, WIRE_VALUE_ONE)
DELETE_OLD_HOOK(hash_delete, HASH_DELETE, htab_map_delete_elem)
SYS_TAKE_OLD_HOOK(hash_pop, HASH_POP, htab_map_lookup_and_delete_elem)
UPDATE_OLD_HOOK(lru_update, LRU_UPDATE, htab_lru_map_update_elem, WIRE_VALUE_ONE)
DELETE_OLD_HOOK(lru_delete, LRU_DELETE, htab_lru_map_delete_elem)
SYS_TAKE_OLD_HOOK(lru_pop, LRU_POP, htab_lru_map_lookup_and_delete_elem)
UPDATE_OLD_HOOK(percpu_hash_sys, PERCPU_HASH_SYS, bpf_percpu_hash_update, WIRE_VALUE_CPUS)
UPDATE_OLD_HOOK(percpu_hash_update, PERCPU_HASH_UPDATE, htab_percpu_map_update_elem, WIRE_VALUE_ONE)
SYS_TAKE_OLD_HOOK(percpu_hash_pop, PERCPU_HASH_POP, htab_percpu_map_lookup_and_delete_elem)
UPDATE_OLD_HOOK(percpu_lru_update, PERCPU_LRU_UPDATE, htab_lru_percpu_map_update_elem, WIRE_VALUE_ONE)
SYS_TAKE_OLD_HOOK(percpu_lru_pop, PERCPU_LRU_POP, htab_lru_percpu_map_lookup_and_delete_elem)

UPDATE_HOOK(rhash_update, RHASH_UPDATE, rhtab_map_update_elem, WIRE_VALUE_ONE)
DELETE_HOOK(rhash_delete, RHASH_DELETE, rhtab_map_delete_elem)
SYS_TAKE_HOOK(rhash_pop, RHASH_POP, rhtab_map_lookup_and_delete_elem)

UPDATE_HOOK(trie_update, TRIE_UPDATE, trie_update_elem, WIRE_VALUE_ONE)
DELETE_HOOK(trie_delete, TRIE_DELETE, trie_delete_elem)
PUSH_HOOK(queue_push, QUEUE_PUSH, queue_stack_map_push_elem)
POP_HOOK(queue_pop, QUEUE_POP, queue_map_pop_elem)
POP_HOOK(stack_pop, STACK_POP, stack_map_pop_elem)
PUSH_HOOK(bloom_push, BLOOM_PUSH, bloom_map_push_elem)

/* A program's value is the kernel's socket. The helpers do not pass the operation. */
OBJECT_UPDATE_HOOK(sock_update_sys, SOCK_UPDATE_SYS, sock_map_update_elem_sys)
OP_COUNT(sock_update, SOCK_UPDATE, sock_map_update_elem)
SEC("fexit/sock_map_update_elem")
int BPF_PROG(sock_update, struct bpf_map *map, void *key, void *value, u64 flags, long ret)
{
	struct elem e = { .hook = WIRE_HOOK_SOCK_UPDATE, .op = WIRE_OP_UPDATE,
			  .shape = WIRE_VALUE_NONE, .key = key, .socket = value };

	return op_details(ctx, 4, map, &e, flags, ret, OP_COUNTED | OP_OBJECT);
}
OP_HELPER(sockmap_helper, SOCKMAP_HELPER, bpf_sock_map_update)
OP_HELPER(sockhash_helper, SOCKHASH_HELPER, bpf_sock_hash_update)
SOCK_DELETE_HOOK(sockmap_delete, SOCKMAP_DELETE, sock_map_delete_elem)
SOCK_DELETE_HOOK(sockhash_delete, SOCKHASH_DELETE, sock_hash_delete_elem)

/*
 * Slots of descriptors. The kernel itself deletes here, too: perf event slots with the descriptor
 * they were set by (perf_event_fd_array_release()), programs with the last user of their array
 * (prog_array_map_clear()).
 */
OP_FILE_KEY_VALUE_FLAGS(fd_array_update, FD_ARRAY_UPDATE, bpf_fd_array_map_update_elem,
			OP_SYSCALL | OP_OBJECT)
OP_KEY_DEFER(fd_array_delete_defer, FD_ARRAY_DELETE, __fd_array_map_delete_elem,
	     OP_SYSCALL | OP_OBJECT)
OBJECT_DELETE_HOOK(fd_array_delete, FD_ARRAY_DELETE, fd_array_map_delete_elem)
OP_FILE_KEY_VALUE_FLAGS(fd_hash_update, FD_HASH_UPDATE, bpf_fd_htab_map_update_elem,
			OP_SYSCALL | OP_OBJECT)
OBJECT_DELETE_HOOK(fd_hash_delete, FD_HASH_DELETE, htab_map_delete_elem)

ELEMENT_HOOKS(devmap, DEVMAP, dev_map_update_elem, dev_map_delete_elem)
ELEMENT_HOOKS(devmap_hash, DEVMAP_HASH, dev_map_hash_update_elem, dev_map_hash_delete_elem)
ELEMENT_HOOKS(cpumap, CPUMAP, cpu_map_update_elem, cpu_map_delete_elem)
ELEMENT_HOOKS(xskmap, XSKMAP, xsk_map_update_elem, xsk_map_delete_elem)
ELEMENT_HOOKS(reuseport, REUSEPORT, bpf_fd_reuseport_array_update_elem, reuseport_array_delete_elem)

/* Local storage by descriptor; by program: below. */
SYS_UPDATE_HOOK(sk_storage_update, SK_STORAGE_UPDATE, bpf_fd_sk_storage_update_elem)
SYS_DELETE_HOOK(sk_storage_delete, SK_STORAGE_DELETE, bpf_fd_sk_storage_delete_elem)
SYS_UPDATE_HOOK(inode_storage_update, INODE_STORAGE_UPDATE, bpf_fd_inode_storage_update_elem)
SYS_DELETE_HOOK(inode_storage_delete, INODE_STORAGE_DELETE, bpf_fd_inode_storage_delete_elem)
SYS_UPDATE_HOOK(task_storage_update, TASK_STORAGE_UPDATE, bpf_pid_task_storage_update_elem)
SYS_DELETE_HOOK(task_storage_delete, TASK_STORAGE_DELETE, bpf_pid_task_storage_delete_elem)
SYS_UPDATE_HOOK(cgrp_storage_update, CGRP_STORAGE_UPDATE, bpf_cgrp_storage_update_elem)
SYS_DELETE_HOOK(cgrp_storage_delete, CGRP_STORAGE_DELETE, bpf_cgrp_storage_delete_elem)

SYS_UPDATE_HOOK(cgroup_storage, CGROUP_STORAGE, cgroup_storage_update_elem)
OP_KEY_VALUE_FLAGS(cgroup_storage_cpu, CGROUP_STORAGE_CPU, bpf_percpu_cgroup_storage_update, UPDATE,
		   WIRE_VALUE_CPUS, OP_SYSCALL, WITHIN)
SYS_DELETE_HOOK(stack_trace_delete, STACK_TRACE_DELETE, stack_map_delete_elem)
SYS_TAKE_HOOK(stack_trace_pop, STACK_TRACE_POP, stack_map_lookup_and_delete_elem)
SYS_UPDATE_HOOK(struct_ops_update, STRUCT_OPS_UPDATE, bpf_struct_ops_map_update_elem)
SYS_DELETE_HOOK(struct_ops_delete, STRUCT_OPS_DELETE, bpf_struct_ops_map_delete_elem)
SYS_UPDATE_HOOK(insn_array_update, INSN_ARRAY_UPDATE, insn_array_update_elem)

/*
 * Every bpf(2) update and each element of such a batch, of any type, passes here before the type's
 * own operation, also of types that nobody had thought of. Inlined or split by the compiler before
 * 6.2 or so. Reports what no other hook does.
 */
OP_FILE_KEY_VALUE_FLAGS(update_value, UPDATE_VALUE, bpf_map_update_value, OP_SYSCALL | OP_OTHERS)
/* clang-format on */

/* ---- local storage of a socket, inode, task or cgroup, by a program's helper ---- */

/*
 * Creation, by bpf_sk_storage_get() and its like with BPF_LOCAL_STORAGE_GET_F_CREATE, and what
 * bpf(2) does, which a hook of its own reports. The storage found is returned, or an error.
 */
static __always_inline int storage_details(struct bpf_local_storage_map *smap, void *value,
					   u64 flags, u64 ret)
{
	struct elem e = { .hook = WIRE_HOOK_STORAGE_UPDATE,
			  .op = WIRE_OP_UPDATE,
			  .shape = WIRE_VALUE_ONE,
			  .value = value };

	return op_from_helper(&smap->map, &e, flags, ret >= (u64)-4095 ? (s32)ret : 0,
			      BPF_MAP_UPDATE_ELEM);
}

SEC("fexit/bpf_local_storage_update")
int BPF_PROG(storage_update, void *owner, struct bpf_local_storage_map *smap, void *value,
	     u64 flags)
{
	u64 ret = 0;

	bpf_get_func_ret(ctx, &ret);
	return storage_details(smap, value, flags, ret);
}

/* Before the argument gfp_flags (b00fa38a9c1c "bpf: Enable non-atomic allocations in local storage", 5.18). */
SEC("fexit/bpf_local_storage_update")
int BPF_PROG(storage_update_4, void *owner, struct bpf_local_storage_map *smap, void *value,
	     u64 flags, u64 ret)
{
	return storage_details(smap, value, flags, ret);
}

/* Before it is gone: which map it is of. */
SEC("fentry/bpf_selem_unlink")
int BPF_PROG(storage_delete, struct bpf_local_storage_elem *selem)
{
	struct elem e = { .hook = WIRE_HOOK_STORAGE_DELETE, .op = WIRE_OP_DELETE };

	return op_from_helper(&selem->sdata.smap->map, &e, 0, 0, BPF_MAP_DELETE_ELEM);
}

/* Verified once, called for each element. */
__attribute__((noinline)) int report_freed(u64 map)
{
	struct elem e = { .hook = WIRE_HOOK_STORAGE_FREE, .op = WIRE_OP_DELETE };

	return op_by_kernel((void *)map, &e);
}

/* An owner goes, and with it what is stored there, one element for each map: 64 are many. */
static __always_inline int storage_freed(struct bpf_local_storage *storage)
{
	struct hlist_node *node = BPF_CORE_READ(storage, list.first);

	for (u32 i = 0; node && i < 64; i++) {
		struct bpf_local_storage_elem *selem =
			(void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);
		struct bpf_local_storage_map *smap = BPF_CORE_READ(selem, sdata.smap);

		report_freed((u64)&smap->map);
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

SEC("fentry/bpf_local_storage_destroy")
int BPF_PROG(storage_free, struct bpf_local_storage *storage)
{
	return storage_freed(storage);
}

SEC("fentry/bpf_local_storage_unlink_nolock")
int BPF_PROG(storage_free_nolock, struct bpf_local_storage *storage)
{
	return storage_freed(storage);
}

SEC("fentry/bpf_sk_storage_free")
int BPF_PROG(storage_free_sk, struct sock *sk)
{
	struct bpf_local_storage *storage = sk->sk_bpf_storage;

	return storage ? storage_freed(storage) : 0;
}

/* Verified once, called for each element. */
__attribute__((noinline)) int report_socket(u64 at, u64 sk)
{
	struct sk_psock_link *link = (void *)at;
	struct wire_objects objects = {};
	struct elem e = { .hook = WIRE_HOOK_SOCK_GONE, .op = WIRE_OP_DELETE, .objects = &objects };
	struct bpf_map *map = BPF_CORE_READ(link, map);
	void *raw = BPF_CORE_READ(link, link_raw);
	u32 index;

	note_socket(&objects.old, (void *)sk);
	if (BPF_CORE_READ(map, map_type) == BPF_MAP_TYPE_SOCKMAP) {
		index = (raw - (void *)BPF_CORE_READ((struct bpf_stab *)map, sks)) / sizeof(void *);
		e.key = &index;
	} else {
		e.key = raw + bpf_core_field_offset(struct bpf_shtab_elem, key);
	}
	e.key_size = BPF_CORE_READ(map, key_size);
	return op_by_kernel(map, &e);
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_EVICTED + 1);
	__type(key, u32);
	__type(value, struct wire_evicted);
} evicted SEC(".maps");

/*
 * Called, with the lock of the list held, for an element whose place another one needs. Counted only.
 * A slot goes to the newest map that has it: an older one that comes back shares it. Two CPUs whose
 * first eviction is at once, which only maps with BPF_F_NO_COMMON_LRU have, may count one for both.
 */
SEC("fexit/htab_lru_map_delete_node")
int BPF_PROG(lru_evict, struct bpf_map *map, void *node, u64 gone)
{
	u32 id = BPF_CORE_READ(map, id), slot = id & (WIRE_EVICTED - 1);
	struct wire_evicted *e = bpf_map_lookup_elem(&evicted, &slot);

	if (!e || !(u8)gone)
		return 0;
	if (e->map < id) {
		e->map = id;
		e->shared = 0;
		e->count = 0;
	} else if (e->map > id) {
		e->shared = 1;
	}
	__sync_fetch_and_add(&e->count, 1);
	return 0;
}

/*
 * A socket leaves every sockmap and sockhash that it is in, because it is closed or disconnected.
 * One is seldom in more than a few; 16 are many.
 */
SEC("fentry/sock_map_remove_links")
int sock_gone(void *ctx)
{
	u64 args[2] = {}; /* struct sock, struct sk_psock: numbers, which a function can be given */
	struct list_head *head, *node;

	bpf_probe_read_kernel(args, sizeof(args), ctx);
	head = (void *)args[1] + bpf_core_field_offset(struct sk_psock, link);
	node = BPF_CORE_READ(head, next);
	for (u32 i = 0; node && node != head && i < 16; i++) {
		report_socket((u64)node - bpf_core_field_offset(struct sk_psock_link, list),
			      args[0]);
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}
