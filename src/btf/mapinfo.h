/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What bpf(2) tells of maps and no record does, above all their BTF: asked for when the first event
 * of a map is to be written, kept until the map is freed or newer maps need the place. A map that is
 * gone by then, or that is not the one of the record, has none. And what was learned of them.
 */
#ifndef BPFMON_MAPINFO_H
#define BPFMON_MAPINFO_H

#include <linux/bpf.h>

#include "event.h"

/*
 * Of these maps what is asked is kept, and of so much BTF; who was asked for longest ago goes first.
 * A program's BTF has some 10 to 500 KiB and is shared by its maps; one of 4 MiB is as large as half
 * the kernel's own. 64 MiB is what bpfmon may take in all.
 */
#define MAPINFO_MAPS 4096
#define MAPINFO_BTF_BYTES (16u << 20)
#define MAPINFO_ONE_BTF_BYTES (4u << 20)
#define MAPINFO_KERNEL_BTF_BYTES (10u << 20)	/* the kernel's: of values of struct_ops */
/* Read in a second, so that maps with large BTF that are written in turn do not stop the reader. */
#define MAPINFO_READ_BYTES (32u << 20)

/* Who is asked: the kernel (src/btf/mapask.h) or a test. Both give 0 or a negative errno. */
struct mapinfo_source {
	int (*map)(void *context, uint32_t id, struct bpf_map_info *info);
	/* The size, and unless data is NULL as many bytes, to be freed. Id 0 is the kernel's own. */
	int (*btf)(void *context, uint32_t btf_id, void **data, uint32_t *size);
	void *context;
};

struct mapinfo;

struct mapinfo *mapinfo_new(const struct mapinfo_source *source);	/* NULL: no memory */
void mapinfo_free(struct mapinfo *mi);

/*
 * Sets m->info and m->facts, lent until the next call. `ask` is false at the end of a map: then only
 * what is kept.
 */
void mapinfo_get(struct mapinfo *mi, struct event_map *m, bool ask);
/* Of anybody's bytes; NULL: not well-formed. */
struct btf *mapinfo_parse_btf(const void *data, uint32_t bytes);
/* The map is gone. */
void mapinfo_drop(struct mapinfo *mi, uint32_t id);

/*
 * What was learned of maps is kept beside, within the same bound, and goes with them. With `make`
 * it begins; NULL: there is none, or no memory. `address` 0: not known. Lent until the next call.
 */
struct mapfacts;
struct mapfacts *mapinfo_facts(struct mapinfo *mi, uint32_t id, uint64_t address, bool make);
void mapinfo_each_facts(struct mapinfo *mi,
			void (*each)(void *context, uint32_t id, struct mapfacts *f),
			void *context);
/* Of so many maps they had to go for newer ones. */
uint64_t mapinfo_forgotten(const struct mapinfo *mi);

#endif
