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
	X(PROG_LOAD, prog_load)	\
	X(PROCESS_TELL, process_tell)	\
	X(OBJECT_PROG, object_prog)	\
	X(OBJECT_MAP, object_map)	\
	X(OBJECT_PERF, object_perf)	\
	X(OBJECT_CGROUP, object_cgroup)	\
	X(OBJECT_SOCKMAP, object_sockmap)	\
	X(OBJECT_SOCKHASH, object_sockhash)	\
	X(OBJECT_SOCK_OLD, object_sock_old)	\
	X(FD_HASH_DELETE, fd_hash_delete)	\
	X(PROG_UNLOAD, prog_unload)	\
	X(LINK_FREE, link_free)	\
	X(XDP_SET, xdp_set)	\
	X(PERF_SET, perf_set)	\
	X(TC_SET, tc_set)	\
	X(TC_CLEAR, tc_clear)	\
	X(LRU_EVICT, lru_evict)

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
	WIRE_PROCESS = 7,	/* struct wire_process: before the first record of a process */
	WIRE_RUN = 8,	/* struct wire_run: what programs there are, and where they run, changed */
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
	/* The process behind the task. */
	__u64 start_ns;	/* CLOCK_BOOTTIME; 0: not taken */
	__u32 exec;	/* how often it called execve(2) */
	__u32 ppid;
	__u64 who;	/* a hash of pid, start, exec and cgroup; 0: not taken */
	__u32 tracer;	/* pid of who traces the task, ptrace(2); 0: nobody */
	__u32 pad2;
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

/* What a map is, without its id and name. */
struct wire_inner {
	__u32 type;		/* 0: none */
	__u32 key_size;		/* bytes */
	__u32 value_size;	/* bytes */
	__u32 max_entries;
	__u32 flags;
	__u32 pad;
};

/* A map, and what the maps in it must look like if it is a map-in-map. */
struct wire_listed {
	struct wire_map map;	/* from bpf/inventory.bpf.c without its address */
	struct wire_inner inner;
};

/* The value before an update or delete. */
enum wire_old {
	WIRE_OLD_UNKNOWN,	/* not read */
	WIRE_OLD_READ,
	WIRE_OLD_NONE,		/* there was no such element */
	WIRE_OLDS
};

/* What a value that is a descriptor stands for. */
enum wire_object_kind {
	WIRE_OBJECT_NONE,	/* not known, or nothing */
	WIRE_OBJECT_PROGRAM,
	WIRE_OBJECT_MAP,
	WIRE_OBJECT_PERF_EVENT,
	WIRE_OBJECT_CGROUP,
	WIRE_OBJECT_SOCKET,
	WIRE_OBJECT_NETDEV,
	WIRE_OBJECT_CPU,
	WIRE_OBJECT_KINDS
};

/* A program or a map. */
struct wire_named {
	__u32 id;		/* 0: there is none */
	__u32 type;
	char name[WIRE_NAME_BYTES];
};

struct wire_object {
	__u32 kind;		/* enum wire_object_kind */
	__u32 number;		/* netdev, AF_XDP socket: ifindex or 0; CPU: its number */
	union {
		struct wire_named named;	/* program, map */
		struct {
			__u64 config;
			__u32 type;
			__s32 cpu;		/* -1: any */
		} perf;
		struct {
			__u64 id;
			__u64 node;		/* address of its kernfs_node */
			__u32 path_len;
			__u32 has_path;
		} cgroup;
		struct {
			__u16 family;		/* AF_* */
			__u16 protocol;		/* IPPROTO_* */
			__u16 local_port;
			__u16 remote_port;
			__u32 queue;		/* AF_XDP */
			__u8 local[16];		/* 4 of them with AF_INET */
			__u8 remote[16];
		} socket;
		struct {
			struct wire_named program;	/* that runs behind the redirection */
			char name[WIRE_NAME_BYTES];	/* netdev */
			__u32 qsize;			/* CPU */
		} target;
	};
};

/*
 * The object of the value, and of the one that it replaced or that was deleted. In a record about
 * a cgroup_array a path for each follows, of WIRE_CGROUP_ROOM bytes: names from the last one up to
 * the root, a NUL after each.
 */
struct wire_objects {
	struct wire_object now;
	struct wire_object old;
};

#define WIRE_CGROUP_NAME 128	/* a longer name, or path, is not told */
#define WIRE_CGROUP_ROOM 512
#define WIRE_CGROUP_LEVELS 16

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
	__u32 old_off;		/* offset in data[] of the value before */
	__u32 old_len;		/* bytes captured, over all CPUs */
	__u8 old;		/* enum wire_old */
	__u8 old_shape;		/* enum wire_shape */
	__u8 old_pad[2];
	__u32 objects_off;	/* offset of struct wire_objects in data[]; 0: there is none */
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
	struct wire_inner inner;	/* create: of the maps in it */
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
 * A place in a program's code that writes to a map; see bpf/summary.bpf.h. 4096 writers at a time are
 * many more than a host has that write in the same seconds; the others get no summary.
 */
#define WIRE_SUMMARIES 4096

struct wire_summary {
	__u64 caller;		/* return address in the program; 0: the entry is free, or is being freed */
	__u64 what;		/* enum wire_op_kind << 32 | id of the map */
	__u64 window_ns;	/* CLOCK_MONOTONIC: a second begins */
	__u64 count;		/* of writes without a record; never falls, whoever has the entry */
	__u64 first_ns;		/* of these, since the user side set it to 0 */
	__u64 last_ns;
	__u32 generation;	/* programs loaded when the writer came */
	__u32 writes;		/* with a record, in this second */
	__u32 lock;		/* who raised it to 1 may change the owner */
	__u32 pad;
};

#define WIRE_FULL_NAME 128	/* a longer one is cut, as bpftool does it */

/*
 * The code of one function of a program, its own or a subprogram's. The iterator over programs
 * begins with these as well, that over maps writes struct wire_listed.
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
	char full_name[WIRE_FULL_NAME];	/* by BTF, where `name` is a cut of it; or empty */
};

#define WIRE_FUNCTION_NAME 64	/* a longer one is cut: none that bpfmon hooks is so long */

/* What the iterator over programs writes of each function of a program. */
struct wire_listed_code {
	struct wire_code code;
	__u32 attach_type;	/* enum bpf_attach_type, that it was loaded for */
	__u32 pad;
	char function[WIRE_FUNCTION_NAME];	/* with the first: of the kernel, that it is for; or empty */
};

struct wire_prog {
	struct wire_hdr hdr;
	struct wire_task task;	/* who loads it */
	struct wire_code code;
};

/*
 * What is told of a process once, in the slot `task.who` >> 32 modulo WIRE_PROCESSES, from which
 * it takes another one. Names are those of struct wire_fs: from the last one up, a NUL after each.
 */
#define WIRE_PROCESSES 8192
#define WIRE_NAMES_BYTES 1024	/* at most; a name may begin at the last of them */
#define WIRE_NAMES_SLACK 256	/* of a name and its NUL: NAME_MAX of include/uapi/linux/limits.h */
#define WIRE_EXE_DEPTH 28	/* names and mounts */
#define WIRE_CGROUP_DEPTH 16
#define WIRE_ARGS_BYTES 1024
#define WIRE_ANCESTORS 16

#define WIRE_PROCESS_EXE_DELETED 1u
#define WIRE_PROCESS_ARGS_CUT 2u	/* there are more */
#define WIRE_PROCESS_CGROUP 4u		/* cgroup is all of it; without names: the root */

struct wire_ancestor {
	__u32 pid;
	char comm[WIRE_NAME_BYTES];
};

struct wire_process {
	struct wire_hdr hdr;
	struct wire_task task;
	__u32 flags;		/* WIRE_PROCESS_* */
	__u32 loginuid;		/* (__u32)-1: none */
	__u32 ns_pid;		/* in its own pid namespace; 0: that is the initial one */
	__u32 ancestors;	/* the parent first */
	__u32 exe_len;		/* 0: not known, or longer */
	__u32 cgroup_len;
	__u32 args_len;		/* each ends in a NUL, as in /proc/PID/cmdline */
	__u32 pad;
	struct wire_ancestor ancestor[WIRE_ANCESTORS];
	char exe[WIRE_NAMES_BYTES + WIRE_NAMES_SLACK];
	char cgroup[WIRE_NAMES_BYTES + WIRE_NAMES_SLACK];
	char args[WIRE_ARGS_BYTES];
};

#define WIRE_ASSERT(what) _Static_assert(what, #what)
WIRE_ASSERT(sizeof(struct wire_counts) == 64);
WIRE_ASSERT(sizeof(struct wire_hdr) == 16);
WIRE_ASSERT(sizeof(struct wire_task) == 64);
WIRE_ASSERT(sizeof(struct wire_map) == 56);
WIRE_ASSERT(sizeof(struct wire_object) == 56);
WIRE_ASSERT(sizeof(struct wire_op) == 208);
WIRE_ASSERT(sizeof(struct wire_cmd) == 184);
WIRE_ASSERT(sizeof(struct wire_fd) == 216);
WIRE_ASSERT(sizeof(struct wire_fs) == 232 + 2 * WIRE_FS_PATH_BYTES);
WIRE_ASSERT(sizeof(struct wire_iter_file) == 128);
WIRE_ASSERT(sizeof(struct wire_hidden) == 16);
WIRE_ASSERT(sizeof(struct wire_summary) == 64);
WIRE_ASSERT(sizeof(struct wire_code) == 56 + WIRE_FULL_NAME);
WIRE_ASSERT(sizeof(struct wire_listed_code) == 56 + WIRE_FULL_NAME + 8 + WIRE_FUNCTION_NAME);
WIRE_ASSERT(sizeof(struct wire_prog) == 136 + WIRE_FULL_NAME);
WIRE_ASSERT(sizeof(struct wire_process) == 112 + 320 + 3 * 1024 + 2 * 256);

/* ---- what bpf/inventory.bpf.c writes: no record of the ring ---- */

enum wire_holder_kind {
	WIRE_HOLDER_FD,
	WIRE_HOLDER_MMAP,
	WIRE_HOLDER_CUT,	/* the process has more mappings than were looked at */
};

/* A descriptor of a map, or a mapping of its memory. */
struct wire_holder {
	__u32 map;		/* its id */
	__u32 pid;
	__u32 uid;
	__u32 kind;		/* enum wire_holder_kind */
	__u32 mode;		/* read 1, write 2 */
	char comm[WIRE_NAME_BYTES];
};

#include "bpfmon/wire_run.h"

#endif
