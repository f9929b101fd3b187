/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct event: what every stage after the decoder sees. Pointers lend: they point into the ring
 * record and are valid until the next record is read.
 */
#ifndef BPFMON_EVENT_H
#define BPFMON_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_type {
	EVENT_MAP_CREATE,
	EVENT_MAP_OPEN,
	EVENT_MAP_UPDATE,
	EVENT_MAP_DELETE,
	EVENT_MAP_FREEZE,
	EVENT_MAP_PIN,
	EVENT_MAP_FREE,
	EVENT_MAP_UNPIN,
	EVENT_MAP_CHMOD,	/* of a pin; chown, too */
	EVENT_MAP_MMAP,
	EVENT_MAP_LOOKUP,
	EVENT_FS_CHANGE,	/* a directory of a bpf file system, or a mount */
	EVENT_TYPES,
	/* Not written; see src/pipeline.c. */
	EVENT_SENT,		/* a descriptor went into a unix socket */
	EVENT_NAMES,		/* names changed: src/pins.c makes events of it */
	EVENT_CODE,		/* a program was loaded, or one of its functions */
};

enum event_via {
	VIA_NONE,	/* not an element operation */
	VIA_SYSCALL,
	VIA_BATCH,
	VIA_PROGRAM,
	VIA_KERNEL,	/* a consequence of somebody's act */
	VIA_UNKNOWN,
};

enum event_op { OP_UPDATE, OP_PUSH, OP_DELETE, OP_LOOKUP_AND_DELETE, OP_POP, OP_LOOKUP };

/* How a descriptor came to a process. */
enum event_how {
	HOW_CREATE,
	HOW_ID,
	HOW_PIN,
	HOW_ITERATOR,	/* a bpf iterator link over the map's elements */
	HOW_RECEIVE,	/* SCM_RIGHTS */
	HOW_PIDFD,	/* pidfd_getfd(2) */
	HOW_INHERIT,	/* over fork or exec; seen when used */
	HOW_HELD,	/* open when bpfmon started */
	HOW_OTHER,
	HOWS
};

enum event_context { CONTEXT_NONE, CONTEXT_TASK, CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ, CONTEXT_NMI };

/* What happened to a name: the `op` of pin, unpin, chmod and fs.change. */
enum event_name_op {
	NAME_PIN,
	NAME_OPEN,	/* EVENT_NAMES only: the path of an open by pin */
	NAME_UNLINK,
	NAME_RENAME,
	NAME_REPLACE,
	NAME_LINK,
	NAME_CHMOD,
	NAME_MOUNT,
	NAME_MOVE,
	NAME_UMOUNT,
	NAME_OPS
};

/*
 * Names as the kernel gave them: from the last one up, each followed by a NUL, to the root of the
 * mount if that is given, else of the file system.
 */
struct event_names {
	enum event_name_op op;
	const char *path, *path2;
	size_t path_len, path2_len;
	bool on_bpffs, is_dir, exchange;
	uint32_t mount;			/* as in mountinfo; 0: not given */
	uint32_t dev;			/* as in mountinfo: major << 20 | minor */
};

/* Bytes of a key or value: what was captured of it, and its true size. */
struct event_bytes {
	const uint8_t *data;
	size_t len;	/* bytes captured */
	size_t size;	/* bytes in truth; 0: there is none */
};

enum event_value_shape { VALUE_NONE, VALUE_ONE, VALUE_CPU, VALUE_CPUS };

struct event_task {
	uint32_t pid, tid, uid, cpu;
	const char *comm;	/* at most 16 bytes, maybe without a NUL */
	uint32_t ppid;		/* 0: not known */
	uint32_t exec;		/* how often the process called execve(2) */
	uint64_t start_ns;	/* CLOCK_BOOTTIME; 0: not known, nor are ppid and exec */
};

#define EVENT_NAME_BYTES 16
#define EVENT_TAG_BYTES 8

/* A BPF program. */
struct event_prog {
	uint32_t id, type;
	uint8_t tag[EVENT_TAG_BYTES];
	char name[EVENT_NAME_BYTES];	/* maybe without a NUL */
	/* Who loaded it; has_loader is false when bpfmon started later. */
	bool has_loader;
	uint32_t loader_pid, loader_uid;
	char loader_comm[EVENT_NAME_BYTES];
};

/* Where the code of one function of a program lies. */
struct event_code {
	uint64_t start;
	uint32_t len;		/* bytes; 0: not JITed */
	struct event_prog prog;
};

struct event_map {
	uint32_t id, type, key_size, value_size, max_entries, flags;
	bool known;		/* false: only the id is valid */
	bool frozen;
	const char *name;	/* at most 16 bytes, maybe without a NUL */
	uint64_t address;	/* the kernel's; 0: not known */
};

struct event {
	enum event_type type;
	uint64_t time_ns;	/* CLOCK_REALTIME */
	uint64_t monotonic_ns;	/* CLOCK_MONOTONIC, the kernel's */
	struct event_task task;
	struct event_map map;
	/* update, delete */
	enum event_via via;
	enum event_context context;
	enum event_op op;
	uint64_t flags;
	uint64_t caller;		/* address in the program that wrote; 0: not known */
	const struct event_prog *program;	/* lent; NULL: none, or not known */
	const char *program_error;	/* why the program can't be named; NULL: there is none */
	struct event_bytes key;
	enum event_value_shape shape;
	struct event_bytes value;	/* VALUE_CPUS: all of them, each padded to 8 bytes */
	uint32_t value_cpu;		/* VALUE_CPU */
	uint32_t value_cpus;		/* VALUE_CPUS */
	uint32_t value_bytes_max;	/* VALUE_CPUS: shown at most of each */
	/* also freeze, pin, open */
	bool has_result;
	int result;		/* 0 or a negative errno */
	/* open, create, mmap */
	enum event_how how;
	bool can_read, can_write;
	int fd;			/* -1: none; element commands, freeze, pin: the one used */
	const char *path;	/* pin and open by pin; NULL: not known */
	size_t path_len;
	const char *path2;	/* where a name came from or went to; NULL: nowhere */
	size_t path2_len;
	uint64_t file;		/* address of the kernel's struct file; 0: not known */
	uint64_t list;		/* of the list that it travels in over a unix socket; 0: none */
	uint64_t list_from;	/* EVENT_SENT: of the list that that one is a copy of; 0: of none */
	uint64_t offset, length;	/* mmap: bytes */
	struct event_task sender;	/* comm is NULL when there is none */
	/* pin, unpin, chmod, fs.change */
	enum event_name_op name_op;
	union {
		struct event_names names;	/* EVENT_NAMES */
		struct event_code code;		/* EVENT_CODE */
	};
	struct event_map over;		/* EVENT_NAMES: what was renamed over; known is false: nothing */
	bool has_mode, has_uid, has_gid;
	uint32_t mode, new_uid, new_gid;	/* chmod */
};

/* "map.update" and so on: the names of the event model. */
extern const char *const event_type_names[EVENT_TYPES];

/* The value of one CPU out of VALUE_CPUS: `len` is 0 where the capture ended before it. */
struct event_bytes event_cpu_value(const struct event *e, uint32_t cpu);

#endif
