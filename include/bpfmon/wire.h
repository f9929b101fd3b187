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

#include <linux/bpf.h>
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
/* clang-format off */
#define WIRE_HOOKS(X)			\
	X(SYS_ENTER, sys_enter)	\
	X(SYS_EXIT, sys_exit)	\
	X(MAP_OPEN, map_open)	\
	X(MAP_FREE, map_free)	\
	X(UPDATE_VALUE, update_value)	\
	X(ARRAY_UPDATE, array_update)	\
	X(PERCPU_ARRAY_UPDATE, percpu_array_update)	\
	X(ARRAY_DELETE, array_delete)	\
	X(HASH_UPDATE, hash_update)	\
	X(HASH_DELETE, hash_delete)	\
	X(HASH_POP, hash_pop)	\
	X(LRU_UPDATE, lru_update)	\
	X(LRU_DELETE, lru_delete)	\
	X(LRU_POP, lru_pop)	\
	X(PERCPU_HASH_SYS, percpu_hash_sys)	\
	X(PERCPU_HASH_UPDATE, percpu_hash_update)	\
	X(PERCPU_HASH_POP, percpu_hash_pop)	\
	X(PERCPU_LRU_UPDATE, percpu_lru_update)	\
	X(PERCPU_LRU_POP, percpu_lru_pop)	\
	X(RHASH_UPDATE, rhash_update)	\
	X(RHASH_DELETE, rhash_delete)	\
	X(RHASH_POP, rhash_pop)	\
	X(TRIE_UPDATE, trie_update)	\
	X(TRIE_DELETE, trie_delete)	\
	X(QUEUE_PUSH, queue_push)	\
	X(QUEUE_POP, queue_pop)	\
	X(STACK_POP, stack_pop)	\
	X(BLOOM_PUSH, bloom_push)	\
	X(SOCK_UPDATE_SYS, sock_update_sys)	\
	X(SOCK_UPDATE, sock_update)	\
	X(SOCKMAP_HELPER, sockmap_helper)	\
	X(SOCKHASH_HELPER, sockhash_helper)	\
	X(SOCKMAP_DELETE, sockmap_delete)	\
	X(SOCKHASH_DELETE, sockhash_delete)	\
	X(SOCK_GONE, sock_gone)	\
	X(STORAGE_UPDATE, storage_update)	\
	X(STORAGE_DELETE, storage_delete)	\
	X(STORAGE_FREE, storage_free)	\
	X(FD_ARRAY_UPDATE, fd_array_update)	\
	X(FD_ARRAY_DELETE, fd_array_delete)	\
	X(FD_HASH_UPDATE, fd_hash_update)	\
	X(DEVMAP_UPDATE, devmap_update)	\
	X(DEVMAP_DELETE, devmap_delete)	\
	X(DEVMAP_HASH_UPDATE, devmap_hash_update)	\
	X(DEVMAP_HASH_DELETE, devmap_hash_delete)	\
	X(CPUMAP_UPDATE, cpumap_update)	\
	X(CPUMAP_DELETE, cpumap_delete)	\
	X(XSKMAP_UPDATE, xskmap_update)	\
	X(XSKMAP_DELETE, xskmap_delete)	\
	X(REUSEPORT_UPDATE, reuseport_update)	\
	X(REUSEPORT_DELETE, reuseport_delete)	\
	X(SK_STORAGE_UPDATE, sk_storage_update)	\
	X(SK_STORAGE_DELETE, sk_storage_delete)	\
	X(INODE_STORAGE_UPDATE, inode_storage_update)	\
	X(INODE_STORAGE_DELETE, inode_storage_delete)	\
	X(TASK_STORAGE_UPDATE, task_storage_update)	\
	X(TASK_STORAGE_DELETE, task_storage_delete)	\
	X(CGRP_STORAGE_UPDATE, cgrp_storage_update)	\
	X(CGRP_STORAGE_DELETE, cgrp_storage_delete)	\
	X(CGROUP_STORAGE, cgroup_storage)	\
	X(CGROUP_STORAGE_CPU, cgroup_storage_cpu)	\
	X(STACK_TRACE_DELETE, stack_trace_delete)	\
	X(STACK_TRACE_POP, stack_trace_pop)	\
	X(STRUCT_OPS_UPDATE, struct_ops_update)	\
	X(STRUCT_OPS_DELETE, struct_ops_delete)	\
	X(INSN_ARRAY_UPDATE, insn_array_update)	\
	X(MAP_MMAP, map_mmap)	\
	X(FD_SENT, fd_sent)	\
	X(FD_TAKING, fd_taking)	\
	X(FD_TAKEN, fd_taken)	\
	X(FD_PIDFD, fd_pidfd)	\
	X(PIN_UNLINK, pin_unlink)	\
	X(PIN_RENAME, pin_rename)	\
	X(PIN_LINK, pin_link)	\
	X(PIN_CHMOD, pin_chmod)	\
	X(FS_MOUNT, fs_mount)	\
	X(FS_MOVE, fs_move)	\
	X(FS_UMOUNT, fs_umount)	\
	X(FD_QUEUED, fd_queued)	\
	X(MMAP_REFUSED, mmap_refused)	\
	X(PIN_MADE, pin_made)	\
	X(PIN_OPENED, pin_opened)	\
	X(PROG_LOAD, prog_load)
/* clang-format on */

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
	WIRE_LOSS_DESCRIPTOR,	/* a command's map was freed, or put behind its descriptor, while it ran */
	WIRE_LOSS_BATCH,	/* elements of a batch past WIRE_BATCH_MAX */
	WIRE_LOSS_EXIT,		/* the exit of bpf(2) found bpfmon at work on its CPU, for another task */
	WIRE_LOSS_COUNT
};

/* What one hook has counted since it was attached. A cache line each: writers on many CPUs. */
struct wire_counts {
	__u64 seen;			/* by the program that calls no helper */
	__u64 taken;			/* by the program that takes the details */
	__u64 lost[WIRE_LOSS_COUNT];	/* of those taken, what did not get into the ring */
	__u64 pad[1];
};

enum wire_kind {
	WIRE_OP = 1,	/* struct wire_op: an element was, or would have been, written or removed */
	WIRE_CMD = 2,	/* struct wire_cmd: a bpf(2) command on a map as a whole */
	WIRE_FREE = 3,	/* struct wire_cmd: the map is gone, and its id with it; only map counts */
	WIRE_FD = 4,	/* struct wire_fd: a map's descriptor went to another process, or its memory */
	WIRE_FS = 5,	/* struct wire_fs: a name on a bpf file system, or a mount, changed */
	WIRE_PROG = 6,	/* struct wire_prog: code of a program that was loaded */
};

enum wire_op_kind {
	WIRE_OP_UPDATE,
	WIRE_OP_DELETE,
	WIRE_OP_LOOKUP_AND_DELETE,
	WIRE_OP_LOOKUP,
	WIRE_OP_KINDS
};

/* Whose code called the map operation, told by its return address. */
enum wire_from {
	WIRE_FROM_UNKNOWN,
	WIRE_FROM_KERNEL,	/* kernel text: bpf(2), or a program that the interpreter runs */
	WIRE_FROM_PROGRAM,	/* a JITed BPF program */
	WIRE_FROM_SYSCALL,	/* seen at the end of bpf(2), not at the operation */
	WIRE_FROM_ITSELF,	/* the kernel, as a consequence of somebody's act */
	WIRE_FROM_HELPER,	/* a helper that only programs call; which program is not known */
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

/* In what a program ran that was not bpf(2): enum wire_context. */
enum wire_context {
	WIRE_CONTEXT_UNKNOWN,
	WIRE_CONTEXT_TASK,
	WIRE_CONTEXT_SOFTIRQ,
	WIRE_CONTEXT_HARDIRQ,
	WIRE_CONTEXT_NMI,
	WIRE_CONTEXTS
};

struct wire_task {
	__u32 pid;	/* thread group, in the initial pid namespace */
	__u32 tid;
	__u32 uid;	/* in the initial user namespace */
	__u16 cpu;
	__u8 context;	/* enum wire_context */
	__u8 pad;
	char comm[WIRE_NAME_BYTES];
	/* The process behind the task; not taken when a program wrote. */
	__u64 start_ns;	/* CLOCK_BOOTTIME; 0: not taken */
	__u32 exec;	/* how often it called execve(2) */
	__u32 ppid;
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
	__u64 caller;		/* return address into who called the operation; 0: not known */
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
	__s32 fd;		/* bpf(2): the descriptor used, if this may be its first use; else -1 */
	__u32 fmode;		/* of fd: FMODE_READ 1, FMODE_WRITE 2 */
	__u8 data[];
};

struct wire_cmd {
	struct wire_hdr hdr;
	struct wire_task task;
	struct wire_map map;
	__u32 cmd;		/* enum bpf_cmd, or WIRE_CMD_NONE */
	__s32 result;		/* 0 or a negative errno */
	__s32 fd;		/* the new descriptor; freeze and pin: the one used; or -1 */
	__u32 fmode;		/* FMODE_READ 1, FMODE_WRITE 2 */
	__u32 path_len;		/* bytes in path[], without a NUL */
	__u32 pad;
	char path[];
};

enum wire_fd_kind {
	WIRE_FD_SENT,		/* over a unix socket; `list` and `file` name it to its receiver */
	WIRE_FD_RECEIVED,	/* from a unix socket */
	WIRE_FD_OTHER,		/* received, but neither from a socket nor by pidfd_getfd(2) */
	WIRE_FD_PIDFD,		/* by pidfd_getfd(2), from process `from` */
	WIRE_FD_ITERATOR,	/* a bpf iterator link over the map's elements */
	WIRE_FD_MMAP,		/* mapped: offset, length */
	WIRE_FD_KINDS
};

struct wire_fd {
	struct wire_hdr hdr;
	struct wire_task task;
	struct wire_map map;
	__u32 what;		/* enum wire_fd_kind */
	__s32 result;		/* 0 or a negative errno */
	__s32 fd;		/* -1: not known */
	__u32 fmode;		/* FMODE_READ 1, FMODE_WRITE 2; mmap: VM_READ 1, VM_WRITE 2 */
	__u64 file;		/* address of struct file */
	__u64 list;		/* address of the struct scm_fp_list it travels in; 0: none */
	__u64 list_from;	/* the list that this one is a copy of; 0: of none */
	__u64 offset;		/* bytes */
	__u64 length;		/* bytes */
	__u32 from;		/* pid; 0: not known */
	__u32 from_uid;
	char from_comm[WIRE_NAME_BYTES];
};

enum wire_fs_kind {
	WIRE_FS_UNLINK,
	WIRE_FS_RENAME,		/* path to path2 */
	WIRE_FS_LINK,		/* path is the old name, path2 the new one */
	WIRE_FS_CHMOD,
	WIRE_FS_MOUNT,
	WIRE_FS_MOVE_MOUNT,
	WIRE_FS_UMOUNT,
	WIRE_FS_PIN,		/* BPF_OBJ_PIN made path; the record of the command follows */
	WIRE_FS_OPEN,		/* BPF_OBJ_GET found path; the same */
	WIRE_FS_KINDS
};

#define WIRE_FS_BPF 1u		/* on a bpf file system; else a mount anywhere */
#define WIRE_FS_DIR 2u		/* a directory */
#define WIRE_FS_MODE 4u		/* chmod: mode is set */
#define WIRE_FS_UID 8u		/* chown: uid is set */
#define WIRE_FS_GID 16u		/* chown: gid is set */
#define WIRE_FS_RESULT 32u	/* result is known */
#define WIRE_FS_EXCHANGE 64u	/* rename: the two names changed places */

#define WIRE_FS_PATH_BYTES 1024

/*
 * A path as the kernel holds it, from its end: each name followed by a NUL, the last directory
 * first. Longer than fits, or deeper than WIRE_FS_DEPTH: cut, at the front.
 */
#define WIRE_FS_DEPTH 24

struct wire_fs {
	struct wire_hdr hdr;
	struct wire_task task;
	struct wire_map map;	/* of the pin; known is 0 when there is none */
	struct wire_map over;	/* of the pin that a rename replaced */
	__u32 what;		/* enum wire_fs_kind */
	__s32 result;
	__u32 flags;		/* WIRE_FS_* */
	__u32 dev;		/* of the file system, as the kernel keeps it: major << 20 | minor */
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 path_len;
	__u32 path2_len;
	__u32 mount;		/* id of the mount that path is below, as in mountinfo; 0: of the file system */
	char path[WIRE_FS_PATH_BYTES];
	char path2[WIRE_FS_PATH_BYTES];
};

/* A descriptor of a map that was open before; read from an iterator's descriptor. */
struct wire_iter_file {
	struct wire_map map;
	struct wire_task task;
	__u32 fd;
	__u32 fmode;
};

/*
 * What was counted for the maps of one slot, id modulo WIRE_HIDDEN: writes by programs that call
 * no helper, and by those beside them that take details. A difference is what was hidden.
 */
#define WIRE_HIDDEN 4096

struct wire_hidden {
	__u64 seen;
	__u64 taken;
};

/*
 * The code of one function of a program, its own or a subprogram's. The iterator over programs
 * writes these as well, that over maps struct wire_map.
 */
struct wire_code {
	__u64 func;		/* address of the JITed code; the interpreter's without JIT */
	__u64 target;		/* address of the kernel function that it is about to hook, or 0 */
	__u32 id;		/* of the program */
	__u32 len;		/* bytes of JITed code, 0 without JIT */
	__u32 type;
	__u32 pad;
	__u8 tag[BPF_TAG_SIZE];
	char name[WIRE_NAME_BYTES];
};

struct wire_prog {
	struct wire_hdr hdr;
	struct wire_task task;	/* who loads it */
	struct wire_code code;
};

#define WIRE_ASSERT(what) _Static_assert(what, #what)
WIRE_ASSERT(sizeof(struct wire_counts) == 64);
WIRE_ASSERT(sizeof(struct wire_hdr) == 16);
WIRE_ASSERT(sizeof(struct wire_task) == 48);
WIRE_ASSERT(sizeof(struct wire_map) == 56);
WIRE_ASSERT(sizeof(struct wire_op) == 176);
WIRE_ASSERT(sizeof(struct wire_cmd) == 144);
WIRE_ASSERT(sizeof(struct wire_fd) == 200);
WIRE_ASSERT(sizeof(struct wire_fs) == 216 + 2 * WIRE_FS_PATH_BYTES);
WIRE_ASSERT(sizeof(struct wire_iter_file) == 112);
WIRE_ASSERT(sizeof(struct wire_hidden) == 16);
WIRE_ASSERT(sizeof(struct wire_code) == 56);
WIRE_ASSERT(sizeof(struct wire_prog) == 120);

#endif
