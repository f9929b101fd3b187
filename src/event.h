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

#include "who/container.h"

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
	EVENT_ALERT,		/* what is set beside `alert`: see struct event_alert */
	EVENT_MAP_CHANGE,	/* of content, that no event explains: src/content/content.h */
	/* What programs there are, and where they run: `run` tells. */
	EVENT_PROG_LOAD,
	EVENT_PROG_UNLOAD,
	EVENT_PROG_ATTACH,
	EVENT_PROG_DETACH,
	EVENT_LINK_CREATE,
	EVENT_LINK_UPDATE,
	EVENT_LINK_DETACH,
	EVENT_SUMMARY,		/* of writes that were counted: src/summaries.h */
	EVENT_TYPES,
	/* Not written; see src/pipeline.c. */
	EVENT_SENT,		/* a descriptor went into a unix socket */
	EVENT_NAMES,		/* names changed: src/pins.c makes events of it */
	EVENT_CODE,		/* a program was loaded, or one of its functions */
	EVENT_PROCESS,		/* what is told of a process once: src/who/procs.c keeps it */
	EVENT_HANDLE,		/* a program or a link was opened by its id: `run` has only that */
};

enum event_via {
	VIA_NONE,	/* not an element operation */
	VIA_SYSCALL,
	VIA_BATCH,
	VIA_PROGRAM,
	VIA_KERNEL,	/* a consequence of somebody's act */
	VIA_UNKNOWN,
	/* EVENT_MAP_CHANGE: by a store */
	VIA_POINTER,	/* of a BPF program */
	VIA_MMAP,	/* into mapped memory */
	VIAS
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

/* What is known of the value before: OLD_NONE is that there was no such element. */
enum event_old { OLD_UNKNOWN, OLD_READ, OLD_NONE };
#define EVENT_NAME_BYTES 16
#define EVENT_TAG_BYTES 8
#define EVENT_SEQ_NONE UINT64_MAX	/* that event was not written */
#define EVENT_ANCESTORS 16

struct event_ancestor {
	uint32_t pid;
	char comm[EVENT_NAME_BYTES];	/* maybe without a NUL */
};

/* What is known of a process beyond its task. NULL and 0 are not known. */
struct event_process {
	uint64_t serial;	/* once given, never given to anything else; 0: none */
	const char *exe;	/* from the root of its mount namespace */
	bool exe_deleted;
	const char *args;	/* each followed by a NUL */
	size_t args_len;
	bool args_cut;
	const char *cgroup;	/* from the root of the cgroup2 hierarchy */
	bool has_loginuid;
	uint32_t loginuid;
	uint32_t ns_pid;	/* in its own pid namespace, if that is not the initial one */
	size_t n_ancestors;	/* the parent first */
	struct event_ancestor ancestors[EVENT_ANCESTORS];
	struct container container;
};

struct event_task {
	uint32_t pid, tid, uid, cpu;
	const char *comm;	/* at most 16 bytes, maybe without a NUL */
	uint32_t ppid;		/* 0: not known */
	uint32_t exec;		/* how often the process called execve(2) */
	uint32_t tracer;	/* who has it under ptrace(2); 0: nobody, or not known */
	uint64_t start_ns;	/* CLOCK_BOOTTIME; 0: not known, nor are ppid, exec and tracer */
	uint64_t started_ns;	/* the same, CLOCK_REALTIME */
	uint64_t who;		/* a hash of the process; 0: none */
	const struct event_process *process;	/* lent; NULL: not known */
};

/* EVENT_PROCESS: as the kernel tells it. */
struct event_told {
	const char *exe, *cgroup;	/* names as those of struct event_names */
	size_t exe_len, cgroup_len;
	bool has_cgroup;		/* without names: the root */
	struct event_process process;	/* but for exe, cgroup, container */
};

/* A BPF program. */
struct event_prog {
	uint32_t id, type;
	uint8_t tag[EVENT_TAG_BYTES];
	char name[EVENT_NAME_BYTES];	/* maybe without a NUL */
	const char *full_name;		/* that `name` is a cut of; NULL: of none that is known */
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

struct btf;

/* What bpf(2) tells of a map and no record does: how its keys and values are to be read. */
struct event_mapinfo {
	uint32_t btf_id;		/* 0: the map has none */
	const struct btf *btf;		/* of the types; NULL: none, or it could not be read */
	uint32_t key_type, value_type;	/* in btf; 0: none */
	const char *full_name;		/* that `name` is a cut of; NULL: of none that is known */
};

/* Of each at most so many are told by name; the rest is counted. */
#define EVENT_PINS 16
#define EVENT_USERS 16
#define EVENT_PARENTS 16

struct event_pin {
	const char *path;
};

struct event_id {
	uint32_t id;
};

/* What the maps in a map-in-map look like; type 0: not known. */
struct event_inner {
	uint32_t type, key_size, value_size, max_entries, flags;
};

/*
 * What was learned of a map from what happened to it, the same in many events. It does not change:
 * when something else becomes known there is another one, with another serial.
 */
struct event_mapfacts {
	uint64_t serial;	/* 0: none */
	const char *json;	/* all below as members of an open object, a comma first; or NULL */
	size_t json_len;
	uint64_t created_ns;	/* CLOCK_REALTIME; 0: that was not seen, and the creator is not known */
	uint32_t creator_pid;
	char creator_comm[EVENT_NAME_BYTES];	/* maybe without a NUL */
	const char *creator_exe;		/* NULL: not known */
	size_t n_pins, n_users, n_parents;
	struct event_pin pins[EVENT_PINS];	/* where it is pinned */
	uint32_t pins_more;			/* and at so many other paths */
	struct event_id users[EVENT_USERS];	/* programs that use it */
	uint32_t users_more;
	struct event_inner inner;
	struct event_id parents[EVENT_PARENTS];	/* maps that it was put into */
	bool parents_cut;			/* and into others */
};

struct event_map {
	uint32_t id, type, key_size, value_size, max_entries, flags;
	bool known;		/* false: only the id is valid */
	bool frozen;
	const char *name;	/* at most 16 bytes, maybe without a NUL */
	uint64_t address;	/* the kernel's; 0: not known */
	const struct event_mapinfo *info;	/* lent by src/btf/mapinfo.h; NULL: not known */
	const struct event_mapfacts *facts;	/* the same; NULL: there are none */
};

/* What a value that is a descriptor stands for. */
enum event_object_kind {
	OBJECT_NONE,
	OBJECT_PROGRAM,
	OBJECT_MAP,
	OBJECT_PERF_EVENT,
	OBJECT_CGROUP,
	OBJECT_SOCKET,
	OBJECT_NETDEV,
	OBJECT_CPU,
};

struct event_named {
	uint32_t id, type;	/* id 0: there is none */
	const char *name;	/* at most 16 bytes, maybe without a NUL */
};

struct event_object {
	enum event_object_kind kind;
	union {
		struct event_named named;	/* program, map */
		struct {
			uint64_t config;
			uint32_t type;
			int cpu;		/* -1: any */
		} perf;
		struct {
			uint64_t id;
			const char *names;	/* from the last up to the root; NULL: not known */
			size_t names_len;
		} cgroup;
		struct {
			uint16_t family, protocol, local_port, remote_port;
			const uint8_t *local, *remote;	/* 4 or 16 bytes, by family */
			uint32_t ifindex, queue;	/* AF_XDP */
		} socket;
		struct {
			uint32_t number;		/* ifindex, or the CPU's */
			uint32_t qsize;			/* CPU */
			const char *name;		/* of the device, at most 16 bytes */
			struct event_named program;	/* that runs there */
		} target;				/* netdev, CPU */
	};
};

enum event_severity {
	SEVERITY_INFO,	/* also: what was bad is over */
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES
};

#define EVENT_CAUSES 64	/* at most, of one alert */

/* What caused an alert: a line before it, by its `seq`. */
struct event_cause {
	uint64_t seq;
};

/*
 * Of a detection of bpfmon's own only `type` and `time_ns` of the event are set beside this. Of a
 * user's rule `of` tells so, and task, map and program are those of the event that fired it.
 */
struct event_alert {
	const char *rule, *reason;	/* both are always there */
	enum event_severity severity;
	const struct event_cause *causes;
	size_t n_causes;
	uint32_t of;			/* 1 + enum event_type; 0: not of a rule */
	const char *mitre;		/* ids of ATT&CK, a comma between; NULL: none are given */
	uint64_t count;			/* events that it took; 0: one */
	uint64_t suppressed;		/* alerts of the rule since its last, that its limit held back */
};

/* Who may have changed a map that no event tells of. */
struct event_suspect_prog {
	uint32_t id, type;
	char name[EVENT_NAME_BYTES];
};

struct event_suspect {
	uint32_t pid;
	char comm[EVENT_NAME_BYTES];
};

/* Where in a value that is not captured whole it differs from the one before. */
struct event_differs {
	uint64_t offset;
	struct event_bytes now, old;	/* from the first byte that differs to the last */
};

/* A map that a program uses. */
struct event_used {
	uint32_t id;
	char name[EVENT_NAME_BYTES];	/* maybe without a NUL */
};

/* prog.*, link.*; what it is about beside `object`: the cgroup, map, program or device. */
struct event_run {
	struct event_prog program;	/* id 0: that was refused, or is not known */
	struct event_prog old_program;	/* that it replaces; id 0: none */
	uint32_t link_id, link_type;	/* id 0: none, or not known */
	bool has_attach_type;
	uint32_t attach_type;
	const char *name;		/* of the tracepoint, function or place in tc; NULL: none */
	const struct event_used *maps;	/* of the program, lent */
	size_t n_maps;
	uint32_t maps_more;		/* and so many others */
};

/* Writes of one program to one map that have no events of their own. */
struct event_summary {
	enum event_type of;		/* what they would have been */
	uint64_t count;
	uint64_t first_ns, last_ns;	/* CLOCK_REALTIME */
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
	enum event_old old_state;
	enum event_value_shape old_shape;
	struct event_bytes old;		/* before, as value; OLD_READ */
	uint32_t value_cpu;		/* VALUE_CPU */
	uint32_t value_cpus;		/* VALUE_CPUS */
	uint32_t value_bytes_max;	/* VALUE_CPUS: shown at most of each */
	bool flip;			/* puts back what the event `flip_seq` changed */
	uint64_t flip_seq, flip_ns;	/* and how long ago that was; EVENT_SEQ_NONE */
	struct event_object object;	/* behind the value */
	struct event_object old_object;	/* behind that which was replaced or deleted */
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
	struct event_inner inner;	/* create */
	/* pin, unpin, chmod, fs.change */
	enum event_name_op name_op;
	union {
		struct event_names names;	/* EVENT_NAMES */
		struct event_code code;		/* EVENT_CODE */
		struct event_told told;		/* EVENT_PROCESS */
	};
	struct event_map over;		/* EVENT_NAMES: what was renamed over; known is false: nothing */
	/* change */
	struct event_differs differs;	/* of size 0: it is in value and old */
	const struct event_suspect_prog *suspect_progs;	/* lent; that use the map */
	size_t n_suspect_progs;
	const struct event_suspect *suspects;	/* lent; that have it mapped to write */
	size_t n_suspects;
	bool suspects_cut;		/* there are more */
	bool has_mode, has_uid, has_gid;
	uint32_t mode, new_uid, new_gid;	/* chmod */
	struct event_alert alert;
	struct event_run run;
	struct event_summary summary;
};

/* "map.update" and so on: the names of the event model. */
extern const char *const event_type_names[EVENT_TYPES];
extern const char *const event_severity_names[SEVERITIES];
/* NULL: not told. */
extern const char *const event_via_names[VIAS];
extern const char *const event_op_names[OP_LOOKUP + 1];	/* updates and lookups say it by type */
extern const char *const event_how_names[HOWS];
extern const char *const event_context_names[CONTEXT_NMI + 1];
extern const char *const event_name_op_names[NAME_OPS];

/* Whether it is about a program or a link, not about a map. */
bool event_is_run(const struct event *e);
/* The program that wrote, or that an event_is_run() is about; NULL: none, or it is not known. */
const struct event_prog *event_program(const struct event *e);
/*
 * Whether somebody did it: a kernel worker frees maps, whose a change is nobody saw, and programs that
 * write so much do so in many processes.
 */
bool event_has_actor(enum event_type type);
/* What it counts for: a summary stands for many writes. */
uint64_t event_count(const struct event *e);

/*
 * The value of one CPU out of `values`, of shape VALUE_CPUS: `len` is 0 where the capture ended
 * before it.
 */
struct event_bytes event_cpu_value(const struct event *e, const struct event_bytes *values,
				   uint32_t cpu);

#endif
