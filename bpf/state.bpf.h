/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Everything the programs keep: settings written before load, the maps with the reason for their
 * size, the counters that the user side reads through a mapping, and the filter by map.
 *
 * State is changed by pointer only. A program here must never call a helper that updates or
 * deletes a map element: on kernels without the recursion guard of trampolines (before commit
 * ca06f55b9002 "bpf: Add per-program recursion prevention mechanism", 5.12) a hook that reaches
 * itself panics.
 */
#ifndef BPFMON_STATE_BPF_H
#define BPFMON_STATE_BPF_H

#include "kernel.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpfmon/wire.h>

/* Settings, written by the user side before load; constants to the verifier. */
const volatile __u32 cfg_bytes = 64;	/* captured of a key and of a value, 0 to WIRE_BYTES_MAX */
const volatile __u32 cfg_cpus = 1;	/* possible CPUs: the number of values of a per-CPU element */
const volatile __u64 cfg_cookie;		/* marks bpfmon's own first bpf(2) call, see own_call() */
const volatile bool cfg_lookups;		/* report lookups of bpf(2), too */
/* From the table of map types (src/maptype.c), a bit for each type. */
const volatile __u64 cfg_hook_types[WIRE_HOOK_COUNT];	/* the types whose operation a hook is */
const volatile __u64 cfg_percpu_types;			/* whose elements have a value for each CPU */
/* Where the kernel's BTF has no per-CPU variables (5.10): from kallsyms; 0: not known. */
const volatile __u64 cfg_preempt_count;	/* offset in each CPU's area */
const volatile __u64 cfg_per_cpu_offset;	/* address of __per_cpu_offset[] */
const volatile __u32 cfg_bucket_size;	/* of struct bucket of hash maps, bytes; 0: not known */
/* The count has 8 bits more below those of hardirq (HARDIRQ_DISABLE_BITS, after 7.2). */
const volatile bool cfg_wide_preempt_count;

/* BTF ids of types that a pointer can be cast to, see distrust() in bpf/emit.bpf.h; 0: it can't be. */
const volatile __u32 cfg_cast_task;
const volatile __u32 cfg_cast_map;
const volatile __u32 cfg_cast_file;
const volatile __u32 cfg_cast_words;	/* struct timespec64: two words, and they are numbers */

/*
 * Set once every hook is attached, cleared before the first is detached. In between programs that
 * count have stopped and those that take details have not, so that a write that is under way at
 * the end is never taken for one that was hidden.
 */
#define STATE_OFF 0
#define STATE_ON 1
#define STATE_ENDING 2
volatile __u32 state;

/* Tasks inside BPF_OBJ_GET: while there is none, looking up a path costs next to nothing more. */
volatile __u32 opening_pins;

/* Learned from bpfmon's own first call. */
volatile __u32 own_pid;

/* How often the hook saw bpfmon map memory of a map itself: the others of its own it did not miss. */
__u64 own_mmaps;
volatile bool canary;		/* its call at the moment is watched like anybody's */
__u64 canary_lost;		/* such calls that the ring had no room for */
volatile __u64 map_fops;		/* address of bpf_map_fops: tells a map's file from any other */

/* Kernel text lies below, JITed programs at or above; 0 when not known. */
volatile __u64 jit_base;

/* The kernel's struct btf, for names of functions; 0: not known. */
volatile __u64 vmlinux_btf;

/* Entry address of the function of each hook: the word after it on the stack is the caller. */
volatile __u64 hook_func[WIRE_HOOK_COUNT];

struct wire_counts counts[WIRE_HOOK_COUNT] __attribute__((aligned(64)));

struct wire_hidden hidden[WIRE_HIDDEN];

/*
 * Map types whose bpf(2) updates are reported by hooks on their own operations, as these get
 * attached; bpf_map_update_value() reports the others.
 */
volatile __u64 updates_covered;

/* A hook takes what was noted of an element that the kernel deletes on its own (CMD_GONE). */
volatile bool gone_is_taken;

/*
 * Who has used which map by bpf(2): a process, which execve(2) of it, and the map, hashed. Only
 * what is not found here looks up its descriptor. Two that hash alike take it from each other
 * and look it up more often; 8192 are enough that this is rare.
 */
#define USERS 8192
__u64 users[USERS];

/* Of which processes a struct wire_process was sent, each in the slot that its hash tells. */
__u64 told[WIRE_PROCESSES];

/*
 * Links that bpf(2) detached, by id modulo DETACHED: their end tells nothing new. Of two in one
 * place the earlier one is told twice.
 */
#define DETACHED 4096
__u32 detached_links[DETACHED];

/*
 * The filter by map: a slot for each id modulo WIRE_VERDICTS, written by the user side once it
 * knows whether the map is of interest. `id << 32 | 1` means skip; any other content, also that
 * of another id in the same slot, lets the record through, and the user side decides again.
 */
__u64 verdicts[WIRE_VERDICTS];

/* Keeps clang from checking one copy of a value and using another. */
#define opaque(x) asm volatile("" : "+r"(x))

/*
 * Makes the verifier forget what it knows of a number, by adding a 0 that may be anything to it. Ways
 * on which it knows different things of a number are otherwise followed one by one to the end.
 */
volatile __u64 zero;
#define forget(x) asm volatile("%0 += %1" : "+r"(x) : "r"(zero))

/* Hooked functions also serve types that they do only a part for (hash_of_maps). */
static __always_inline bool type_is_for(u32 type, const u32 hook)
{
	return type < 64 && cfg_hook_types[hook] >> type & 1;
}

static __always_inline bool type_is_percpu(u32 type)
{
	return type < 64 && cfg_percpu_types >> type & 1;
}

/* BPF_F_CPU and BPF_F_ALL_CPUS of newer kernels: the value given is one, for one CPU or for all. */
#define F_CPU 8u
#define F_ALL_CPUS 16u

/* The size is set before load (--buffer). */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* The part of union bpf_attr (user API, fixed layout) that the followed commands use. */
struct attr_elem {
	u32 map_fd;
	u64 key;
	u64 value;
	u64 flags;
};

struct attr_batch {
	u64 in_batch;
	u64 out_batch;
	u64 keys;
	u64 values;
	u32 count;
	u32 map_fd;
	u64 elem_flags;
	u64 flags;
};

struct attr_obj {
	u64 pathname;
	u32 bpf_fd;
	u32 file_flags;
};

struct attr_link {
	u32 prog_fd;
	u32 target_fd;
	u32 attach_type;
	u32 flags;
};

struct attr_load {
	u32 prog_type;
	u32 insn_cnt;
	u64 insns;
	u64 license;
	u32 log_level;
	u32 log_size;
	u64 log_buf;
	u32 kern_version;
	u32 prog_flags;
	char prog_name[WIRE_NAME_BYTES];
	u32 prog_ifindex;
	u32 expected_attach_type;
	u32 prog_btf_fd;
	u32 func_info_rec_size;
	u64 func_info;
	u32 func_info_cnt;
	u32 line_info_rec_size;
	u64 line_info;
	u32 line_info_cnt;
	u32 attach_btf_id;
	u32 attach_prog_fd;	/* or of the BTF that the id is of; 0: the kernel's */
};

struct attr_attach {
	u32 target_fd;		/* or ifindex */
	u32 attach_bpf_fd;
	u32 attach_type;
	u32 attach_flags;
	u32 replace_bpf_fd;
};

struct attr_raw_tp {
	u64 name;
	u32 prog_fd;
};

struct attr_link_update {
	u32 link_fd;
	u32 new_prog_fd;
};

union attr {
	struct attr_elem elem;
	struct attr_batch batch;
	struct attr_obj obj;
	struct attr_link link;
	struct attr_load load;
	struct attr_attach attach;
	struct attr_raw_tp raw_tp;
	struct attr_link_update link_update;
	u32 map_id;
	u64 words[7];
};

/* Other places than bpf(2) that a task may be in with a slot. */
#define CMD_RECEIVE 0x10000u	/* taking descriptors from a unix socket */
#define CMD_PIDFD 0x10001u	/* pidfd_getfd(2) */
#define CMD_RENAME 0x10002u	/* rename(2) on a simple file system */
#define CMD_UMOUNT 0x10003u	/* umount(2) */
#define CMD_GONE 0x10004u	/* emptying a slot of descriptors, on its own */

/* A task inside a bpf(2) command. */
struct slot {
	u32 place;	/* of the four that its owner may have */
	u32 cmd;	/* as security_bpf() was given it, or CMD_* */
	u32 skipped;	/* on a map that nobody watches: the attributes are not here */
	u32 fd;		/* commands on elements: of the map */
	u32 fmode;
	u32 opened;	/* security_bpf_map() was called: map and fmode are valid */
	u32 reached;	/* records that hooks on map operations made of this command */
	u32 early;	/* of these, those that bpf_map_update_value() made */
	struct wire_map map;	/* on elements: id and address alone, as security_bpf() found them */
	struct wire_objects objects;	/* noted for the operation that runs; see object.bpf.h */
	union attr attr;	/* the kernel's copy where security_bpf() is hooked */
	u64 uattr;	/* address of the caller's attributes, set at the exit */
	u64 list;	/* CMD_RECEIVE: the struct scm_fp_list */
	u32 mount, dev, on_bpffs;	/* CMD_UMOUNT */
	/* Commands on programs and links: as the descriptors stood at the entry. */
	u64 prog, link;		/* addresses; 0: none */
	struct wire_program program, old_program;
	s32 link_attach_type;	/* of `link`; negative: none */
	char name[WIRE_TARGET_NAME];
};

/*
 * Slots are found by thread id, with SLOT_TRIES places each. Only tasks inside bpf(2) at the same
 * time compete, so 1024 are many more than needed; if they ever are too few, the command that
 * loses its slot is counted as lost, reason "table".
 */
#define SLOTS 1024
#define SLOT_TRIES 4

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, u32);
	__type(value, struct slot);
} slots SEC(".maps");

/*
 * Whose they are: pid_tgid, 0 when free. The places of one thread id lie together, so that looking
 * at all of them is nothing, and no two threads write to one cache line.
 */
__u64 slot_owners[SLOTS / SLOT_TRIES][64 / sizeof(__u64)] __attribute__((aligned(64)));

static __always_inline volatile u64 *slot_owners_of(u32 tid)
{
	return slot_owners[tid & (SLOTS / SLOT_TRIES - 1)];
}

static __always_inline struct slot *slot_at(u32 tid, u32 try)
{
	u32 i = (tid & (SLOTS / SLOT_TRIES - 1)) * SLOT_TRIES + try;

	return bpf_map_lookup_elem(&slots, &i);
}

/* The slot of the running task, or NULL. */
static __always_inline struct slot *slot_find(u64 pid_tgid)
{
	const volatile u64 *owners = slot_owners_of(pid_tgid);
	u32 try = 0;

	if (owners[0] != pid_tgid) {
		if (owners[1] == pid_tgid)
			try = 1;
		else if (owners[2] == pid_tgid)
			try = 2;
		else if (owners[3] == pid_tgid)
			try = 3;
		else
			return NULL;
		opaque(try);	/* one way to follow, not four */
	}
	return slot_at(pid_tgid, try);
}

/* Of the running task. */
static __always_inline void slot_free(u64 pid_tgid, struct slot *s)
{
	slot_owners_of(pid_tgid)[s->place & (SLOT_TRIES - 1)] = 0;
}

static __always_inline void count_lost(u32 hook, u32 why, u64 n)
{
	if (hook < WIRE_HOOK_COUNT)
		__sync_fetch_and_add(&counts[hook].lost[why], n);
}

/* `n` records that will not be made. */
static __always_inline void lose(u32 hook, u32 why, u64 n)
{
	__sync_fetch_and_add(&counts[hook].seen, n);
	__sync_fetch_and_add(&counts[hook].taken, n);
	count_lost(hook, why, n);
}

#define SLOT_OWN 8u

/* A place for the running task: its own, and SLOT_OWN; else a free one, else SLOT_TRIES. */
__attribute__((noinline)) int slot_place(u64 pid_tgid)
{
	const volatile u64 *owners = slot_owners_of(pid_tgid);
	u32 i;

#pragma unroll
	for (i = 0; i < SLOT_TRIES; i++)
		if (owners[i] == pid_tgid)
			return i | SLOT_OWN;
#pragma unroll
	for (i = 0; i < SLOT_TRIES; i++)
		if (!owners[i])
			break;
	return i;
}

/* What it was in before, of which it did not see the exit. */
static __always_inline void slot_abandon(struct slot *s)
{
	if (s->cmd >= CMD_RECEIVE)
		return;
	lose(WIRE_HOOK_SYS_EXIT, WIRE_LOSS_EXIT, 1);
	if (s->cmd == BPF_OBJ_GET)
		__sync_fetch_and_add(&opening_pins, -1);
}

/*
 * The running task enters bpf(2), or one of CMD_*. NULL when there is no place. If it has one from
 * bpf(2) still, the exit was not seen.
 */
static __always_inline struct slot *slot_enter(u64 pid_tgid, u32 cmd)
{
	volatile u64 *owners = slot_owners_of(pid_tgid);
	struct slot *s;
	u32 place = 0;

	if (owners[0] || owners[1] == pid_tgid || owners[2] == pid_tgid || owners[3] == pid_tgid)
		place = slot_place(pid_tgid);
	opaque(place);
	if (place == SLOT_TRIES)
		return NULL;
	s = slot_at(pid_tgid, place & (SLOT_TRIES - 1));
	if (!s)
		return NULL;
	if (place & SLOT_OWN)
		slot_abandon(s);
	owners[place & (SLOT_TRIES - 1)] = pid_tgid;
	s->place = place & (SLOT_TRIES - 1);
	s->cmd = cmd;
	s->skipped = 0;
	return s;
}

/* Elsewhere than in bpf(2). */
static __always_inline struct slot *slot_mark(u32 cmd)
{
	return slot_enter(bpf_get_current_pid_tgid(), cmd);
}

static __always_inline void slot_unmark(u32 cmd)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s = slot_find(id);

	if (s && s->cmd == cmd)
		slot_free(id, s);
}

static __always_inline bool map_skipped(u32 id)
{
	return verdicts[id & (WIRE_VERDICTS - 1)] == ((u64)id << 32 | 1);
}

#endif
