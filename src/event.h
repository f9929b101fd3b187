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
	EVENT_TYPES
};

enum event_via {
	VIA_NONE,	/* not an element operation */
	VIA_SYSCALL,
	VIA_BATCH,
	VIA_PROGRAM,
	VIA_UNKNOWN,
};

enum event_op { OP_UPDATE, OP_DELETE, OP_LOOKUP_AND_DELETE, OP_POP };

enum event_how { HOW_ID, HOW_PIN };

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
};

struct event_map {
	uint32_t id, type, key_size, value_size, max_entries, flags;
	bool known;		/* false: only the id is valid */
	bool frozen;
	const char *name;	/* at most 16 bytes, maybe without a NUL */
	uint64_t address;	/* the kernel's; 0: not known */
};

#define EVENT_NAME_BYTES 16

struct event {
	enum event_type type;
	uint64_t time_ns;	/* CLOCK_REALTIME */
	struct event_task task;
	struct event_map map;
	/* update, delete */
	enum event_via via;
	enum event_op op;
	uint64_t flags;
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
	/* open, create */
	enum event_how how;
	bool can_read, can_write;
	int fd;			/* -1: none */
	const char *path;	/* pin and open by pin; NULL: not known */
	size_t path_len;
};

/* "map.update" and so on: the names of the event model. */
extern const char *const event_type_names[EVENT_TYPES];

/* The value of one CPU out of VALUE_CPUS: `len` is 0 where the capture ended before it. */
struct event_bytes event_cpu_value(const struct event *e, uint32_t cpu);

#endif
