/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of map types: each is one row with its name, how its keys and values lie and what they
 * stand for, and the hooks on its operations. Everything else that depends on the type asks here.
 */
#ifndef BPFMON_MAPTYPE_H
#define BPFMON_MAPTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfmon/wire.h"

/* Who does what: each has its kernel function, and so its hook. */
enum maptype_op {
	MAPTYPE_SYS_UPDATE,	/* by bpf(2); push, too */
	MAPTYPE_SYS_DELETE,
	MAPTYPE_SYS_TAKE,	/* lookup-and-delete, pop */
	MAPTYPE_PROG_UPDATE,	/* by a BPF program's helper */
	MAPTYPE_PROG_DELETE,
	MAPTYPE_PROG_TAKE,
	MAPTYPE_OPS
};

#define MAPTYPE_ARRAY 1u	/* keys are 32-bit indexes */
#define MAPTYPE_PERCPU 2u	/* a value for each CPU */
#define MAPTYPE_QUEUE 4u	/* no keys: push and pop */
#define MAPTYPE_STORES 8u	/* programs also store into values or memory, past every function */
/*
 * What is in it can be read without a trace, and is compared: src/content/content.h. Not prog_array:
 * it is emptied with its last descriptor, and ours must never be that one.
 */
#define MAPTYPE_COMPARED 16u
#define MAPTYPE_EVICTS 32u	/* elements go when others need their place */
#define MAPTYPE_MOVES 64u	/* a reading may miss elements, while the table is made larger */
#define MAPTYPE_PREFIX 128u	/* keys are prefixes: what is behind their length does not count */

struct maptype {
	const char *name;	/* bpftool's; NULL: not known here */
	unsigned int shape;	/* MAPTYPE_* */
	const char *key;	/* what a key stands for, NULL: the owner's own */
	const char *value;
	/* By enum maptype_op: 0 where there is no such operation, or none with a hook. */
	uint8_t hooks[MAPTYPE_OPS];
};

/* Never NULL: a type without a row has no name and no hooks. */
const struct maptype *maptype_find(uint32_t type);
uint32_t maptype_count(void);	/* rows: types 0 to this, exclusive */

const char *maptype_name(uint32_t type);	/* NULL: not known here */
bool maptype_is_array(uint32_t type);
bool maptype_is_queue(uint32_t type);
bool maptype_has(uint32_t type, unsigned int shape);	/* any of MAPTYPE_* */

/* The types, a bit each, that `hook` is on an operation of. */
uint64_t maptype_served_by(enum wire_hook hook);
uint64_t maptype_percpu(void);

#endif
