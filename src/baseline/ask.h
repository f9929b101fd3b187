/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host as facts, by asking its kernel: src/baseline/ask_*.c. */
#ifndef BPFMON_BASELINE_ASK_H
#define BPFMON_BASELINE_ASK_H

#include "baseline/facts.h"
#include "baseline/sort.h"
#include "inventory/inventory.h"

struct ask_prog {
	uint32_t id, attach_btf_obj, attach_btf;
	char name[EVENT_NAME_BYTES];
	char tag[2 * EVENT_TAG_BYTES + 1];
	uint32_t *maps;
	size_t n_maps;
	bool wanted;
};

struct ask_cgroup {
	uint64_t id;
	char *path;
};

struct ask {
	struct facts facts;
	struct inventory *inv;
	struct ask_prog *progs;
	size_t n_progs;
	struct ask_cgroup *cgroups;
	size_t n_cgroups;
	bool all; /* false: only what belongs to the maps that are wanted */
	int err; /* -ENOMEM */
};

/* Facts of all that there is, FACT_INFO first. The exit status; what is wrong was said. */
int ask_host(struct ask *a, inventory_want *want, void *context, bool all);
void ask_fini(struct ask *a);

/* "" when the kernel does not tell. */
void ask_boot_id(char *out, size_t size);

/* The parts of it. */
void ask_progs(struct ask *a);
void ask_links(struct ask *a);
void ask_cgroups(struct ask *a);
void ask_net(struct ask *a);
void ask_perf(struct ask *a);

const struct ask_prog *ask_prog(const struct ask *a, uint32_t id);
/* "name tag" into the fact, and its id. */
void ask_put_prog(struct ask *a, struct fact *f, uint32_t id);
/* A program at a place; nothing when it is not wanted. */
void ask_attachment(struct ask *a, uint32_t prog, uint32_t attach_type, const char *target,
		    uint64_t position, const char *detail);
/* The name of a type, as "struct config"; "" when it has none. */
struct btf;
void ask_type_name(const struct btf *btf, uint32_t id, char *out, size_t size);

/* How a map's content was read. */
struct ask_end {
	bool unstable; /* it was another at a second reading */
	const char *reason; /* why there is none; NULL: there is */
	int error;
};

/*
 * All entries, as snapshots have them, into the sort, and read a second time to see if they stay.
 * 0, or the negative errno of the sort.
 */
int ask_content(const struct ask *a, const struct inv_map *m, struct sort *sort,
		struct ask_end *end);
/* Bytes of a value as content has it. */
uint64_t ask_value_bytes(const struct inv_map *m);

#endif
