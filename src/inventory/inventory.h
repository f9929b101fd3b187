/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps on this host at one moment, as plain structures. src/inventory/gather.c has the maps and programs
 * from bpf(2), src/inventory/mapholders.c the processes, src/inventory/pinwalk.c the pins. Those who show it
 * (src/out/inventory_*.c) or judge it (src/inventory/findings.c) ask no kernel.
 */
#ifndef BPFMON_INVENTORY_H
#define BPFMON_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* A name of a map on a bpf file system. */
struct inv_pin {
	char *path;	/* of another mount namespace: by way of /proc/PID/root */
	uint32_t mode, uid, gid;
	uint32_t dir_mode, dir_uid;	/* of the directory that it is in */
	uint32_t search;	/* what the modes of all directories above it on its file system share */
};

/* A process that has the map open, or its memory mapped. */
struct inv_process {
	uint32_t pid, uid;		/* uid: UINT32_MAX when not known */
	char comm[EVENT_NAME_BYTES];
	uint32_t fds, mmaps;		/* how many */
	uint32_t fd_mode, mmap_mode;	/* all of them together: INV_READ, INV_WRITE */
};

#define INV_READ 1u
#define INV_WRITE 2u

struct inv_prog {
	uint32_t id, type, uid;		/* uid: who loaded it */
	uint32_t btf_id, func_type;	/* of its first function; btf_id 0: none */
	uint8_t tag[EVENT_TAG_BYTES];
	char name[EVENT_NAME_BYTES];
	char *full_name;		/* as that of maps */
};

/* What the maps in a map-in-map look like. */
struct inv_inner {
	uint32_t type, key_size, value_size, max_entries, flags;
};

struct inv_map {
	uint32_t id, type, key_size, value_size, max_entries, flags;
	char name[EVENT_NAME_BYTES];
	char *full_name;		/* that `name` is a cut of; NULL: not known, or not asked */
	bool frozen;
	bool hidden;			/* the kernel has it, and bpf(2) does not list it */
	bool has_memory, has_inner;
	uint64_t memory;		/* bytes */
	/* Elements that an LRU map pushed out, counted by a bpfmon that watches; see evicted.h. */
	uint64_t evicted;
	uint64_t evicted_since_ns;	/* of the wall clock; 0: not counted */
	uint32_t btf_id, key_type, value_type;	/* 0: none */
	uint32_t vmlinux_value_type;	/* struct_ops: in the kernel's own BTF; 0: none */
	uint32_t vmlinux_btf_id;	/* or in that of a module, since 6.9; 0: not told */
	struct inv_inner inner;
	struct inv_pin *pins;
	size_t n_pins;
	uint32_t *progs;		/* indexes into the inventory's */
	size_t n_progs;
	struct inv_process *processes;
	size_t n_processes;
	uint32_t *parents;		/* ids of the map-in-maps that hold it */
	size_t n_parents;
};

struct inventory {
	struct inv_map *maps;		/* by rising id */
	size_t n_maps;
	struct inv_prog *progs;		/* by rising id */
	size_t n_progs;
	/* What could not be told, for a person; lists of what is absent. */
	char **gaps;
	size_t n_gaps;
};

/* Whether a map is asked for; NULL: all are. */
typedef bool inventory_want(void *context, uint32_t id, const char *name);

/*
 * Gathers. 0, or a negative errno with a sentence in `why` when nothing could be gathered. What is
 * missing in part is among the gaps.
 */
int inventory_new(inventory_want *want, void *context, struct inventory **out, char *why,
		  size_t why_size);
void inventory_free(struct inventory *inv);

/* Completes what names can be; each that was cut costs a look into its BTF. */
void inventory_full_names(struct inventory *inv);

/* The same map as events have it; its name is lent. */
struct event_map inventory_event_map(const struct inv_map *m);
/* NULL: not in the list. */
struct inv_map *inventory_find(const struct inventory *inv, uint32_t id);
const struct inv_prog *inventory_prog(const struct inventory *inv, uint32_t id);

/* ---- for those who gather ---- */

/*
 * Room for one more of `size` bytes behind the `n` in the list, zeroed; NULL: no memory. Lists
 * grow at the powers of two, so they need no capacity beside them.
 */
void *inventory_grow(void *list, size_t n, size_t size);

void inventory_gap(struct inventory *inv, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Opens a map to read it; a negative errno. */
int inventory_open(uint32_t id);
/* What the map behind a descriptor is; 0, or a negative errno. */
int inventory_read(int fd, struct inv_map *out);

/* Which programs use the maps that are in it; 0, or -ENOMEM. */
int inventory_users(struct inventory *inv);

#endif
