/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that the BPF side writes into the ring and the user side reads, the list of hooks
 * that both sides number alike, and the limits they share. Nothing else belongs here.
 *
 * Layouts use fixed-size types with explicit padding; the assertions at the end hold both
 * compilers to it. A new record kind goes to the END of enum wire_kind; numbers are never reused.
 */
#ifndef BPFMON_WIRE_H
#define BPFMON_WIRE_H

#include <linux/types.h>

#define WIRE_NAME_BYTES 16	/* BPF_OBJ_NAME_LEN and TASK_COMM_LEN of the kernel */
#define WIRE_PATH_BYTES 4096	/* PATH_MAX of the kernel */
#define WIRE_BYTES_MAX 4096	/* largest --bytes: of a key and of a value */
#define WIRE_VALUE_BYTES 8192	/* captured at most of a per-CPU value, all CPUs together */
#define WIRE_BATCH_MAX 8192	/* elements of one batch that a bpf(2) hook reports one by one */
#define WIRE_VERDICTS 65536	/* slots of the map filter, by id modulo this */

/*
 * Every hook: the name that `bpfmon features` prints, and what the hook stands for. One list, so
 * that counters, records and tables on both sides agree.
 */
#define WIRE_HOOKS(X)			\
	X(SYS_ENTER, sys_enter)		\
	X(SYS_EXIT, sys_exit)		\
	X(MAP_OPEN, map_open)		\
	X(MAP_FREE, map_free)		\
	X(ARRAY_UPDATE, array_update)	\
	X(PERCPU_ARRAY_UPDATE, percpu_array_update)		\
	X(ARRAY_DELETE, array_delete)	\
	X(HASH_UPDATE, hash_update)	\
	X(HASH_DELETE, hash_delete)	\
	X(HASH_POP, hash_pop)		\
	X(LRU_UPDATE, lru_update)	\
	X(LRU_DELETE, lru_delete)	\
	X(LRU_POP, lru_pop)		\
	X(PERCPU_HASH_SYS, percpu_hash_sys)			\
	X(PERCPU_HASH_UPDATE, percpu_hash_update)		\
	X(PERCPU_HASH_POP, percpu_hash_pop)			\
	X(PERCPU_LRU_UPDATE, percpu_lru_update)			\
	X(PERCPU_LRU_POP, percpu_lru_pop)

/* clang-format off */
enum wire_hook {
#define WIRE_HOOK_ENUM(id, name) WIRE_HOOK_##id,
	WIRE_HOOKS(WIRE_HOOK_ENUM)
#undef WIRE_HOOK_ENUM
	WIRE_HOOK_COUNT
};
/* clang-format on */

/* Why a record could not be delivered. */
enum wire_loss {
	WIRE_LOSS_RING,		/* the ring was full */
	WIRE_LOSS_TABLE,	/* the table of tasks inside bpf(2) had no place */
	WIRE_LOSS_DESCRIPTOR,	/* a command's descriptor was closed before the command ended */
	WIRE_LOSS_BATCH,	/* elements of a batch past WIRE_BATCH_MAX */
	WIRE_LOSS_COUNT
};

/* What one hook has counted since it was attached. A cache line each: writers on many CPUs. */
struct wire_counts {
	__u64 seen;			/* by the program that calls no helper */
	__u64 taken;			/* by the program that takes the details */
	__u64 lost[WIRE_LOSS_COUNT];	/* of those taken, what did not get into the ring */
	__u64 pad[2];
};

enum wire_kind {
	WIRE_OP = 1,	/* struct wire_op: an element was, or would have been, written or removed */
	WIRE_CMD = 2,	/* struct wire_cmd: a bpf(2) command on a map as a whole */
	WIRE_FREE = 3,	/* struct wire_cmd: the map is gone, and its id with it; only map counts */
};

enum wire_op_kind { WIRE_OP_UPDATE, WIRE_OP_DELETE, WIRE_OP_LOOKUP_AND_DELETE, WIRE_OP_KINDS };

/* Whose code called the map operation, told by its return address. */
enum wire_from {
	WIRE_FROM_UNKNOWN,
	WIRE_FROM_KERNEL,	/* kernel text: bpf(2), or a program that the interpreter runs */
	WIRE_FROM_PROGRAM,	/* a JITed BPF program */
	WIRE_FROM_SYSCALL,	/* seen at the end of bpf(2), not at the operation */
	WIRE_FROM_COUNT
};

/* How the captured value is laid out. */
enum wire_shape {
	WIRE_VALUE_NONE,	/* no value: delete, or an attempt refused before it was read */
	WIRE_VALUE_ONE,		/* one value */
	WIRE_VALUE_CPU,		/* the value of one CPU, `cpu` */
	WIRE_VALUE_CPUS,	/* one value for each possible CPU, each padded to 8 bytes */
	WIRE_VALUE_SHAPES
};

#define WIRE_CMD_NONE 0xffffffffu	/* not inside a bpf(2) command that is followed */

struct wire_hdr {
	__u32 size;	/* bytes of the whole record, slack included */
	__u16 kind;	/* enum wire_kind */
	__u16 hook;	/* enum wire_hook */
	__u64 time_ns;	/* CLOCK_MONOTONIC */
};

struct wire_task {
	__u32 pid;	/* thread group, in the initial pid namespace */
	__u32 tid;
	__u32 uid;	/* in the initial user namespace */
	__u32 cpu;
	char comm[WIRE_NAME_BYTES];
};

struct wire_map {
	__u32 id;
	__u32 type;
	__u32 key_size;		/* bytes */
	__u32 value_size;	/* bytes */
	__u32 max_entries;
	__u32 flags;		/* BPF_F_* of map creation */
	__u32 frozen;
	__u32 known;		/* 0: only the id is valid */
	char name[WIRE_NAME_BYTES];
	__u64 address;		/* of struct bpf_map: names the map once its id is gone */
};

struct wire_op {
	struct wire_hdr hdr;
	struct wire_task task;
	struct wire_map map;
	__u64 caller[4];	/* the 32 bytes after the hook's arguments; kprobe: [2] only */
	__u64 flags;		/* of the operation; of the element in a batch */
	__s32 result;		/* 0 or a negative errno; valid if has_result */
	__u32 cmd;		/* enum bpf_cmd that the task is in, or WIRE_CMD_NONE */
	__u8 op;		/* enum wire_op_kind */
	__u8 from;		/* enum wire_from */
	__u8 shape;		/* enum wire_shape */
	__u8 has_result;
	__u32 key_size;		/* true size; 0: no key was given or read */
	__u32 value_size;	/* true size of one value */
	__u32 key_len;		/* bytes captured, at data[0] */
	__u32 value_off;	/* offset of the value in data[] */
	__u32 value_len;	/* bytes captured, over all CPUs */
	__u8 data[];
};

struct wire_cmd {
	struct wire_hdr hdr;
	struct wire_task task;
	struct wire_map map;
	__u32 cmd;		/* enum bpf_cmd, or WIRE_CMD_NONE */
	__s32 result;		/* 0 or a negative errno */
	__s32 fd;		/* the new descriptor, or -1 */
	__u32 fmode;		/* FMODE_READ 1, FMODE_WRITE 2 */
	__u32 path_len;		/* bytes in path[], without a NUL */
	__u32 pad;
	char path[];
};

/*
 * One program as the iterator at start-up reports it; read from the iterator's descriptor. Maps
 * come as struct wire_map.
 */
struct wire_iter_prog {
	__u64 func;		/* address of the JITed code, 0 without JIT */
	__u64 target;		/* address of the kernel function that it is about to hook, or 0 */
	__u32 id;
	__u32 len;		/* bytes of JITed code */
};

#define WIRE_ASSERT(what) _Static_assert(what, #what)
WIRE_ASSERT(sizeof(struct wire_counts) == 64);
WIRE_ASSERT(sizeof(struct wire_hdr) == 16);
WIRE_ASSERT(sizeof(struct wire_task) == 32);
WIRE_ASSERT(sizeof(struct wire_map) == 56);
WIRE_ASSERT(sizeof(struct wire_op) == 176);
WIRE_ASSERT(sizeof(struct wire_cmd) == 128);
WIRE_ASSERT(sizeof(struct wire_iter_prog) == 24);

#endif
