/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the inventory looks, as text and as JSON. Pure: pieces are appended to a buffer, where the
 * bytes go is not their business.
 */
#ifndef BPFMON_OUT_INVENTORY_H
#define BPFMON_OUT_INVENTORY_H

#include "inventory/inventory.h"
#include "lib/buf.h"
#include "inventory/mapdump.h"

struct btf;

/* What the elements of one map are shown with. */
struct inventory_dump {
	const struct inventory *inv;	/* names what lies in the map */
	const struct inv_map *map;
	const struct btf *btf;		/* NULL: keys and values are shown as bytes */
	uint32_t key_type, value_type;	/* in it; 0: none */
	uint32_t bytes;			/* of each key and value, at most */
};

/* What an element's value stands for, in maps of such values. */
struct inventory_object {
	const char *type;	/* "map", "program", "netdev", "cpu"; NULL: nothing but itself */
	uint32_t map_id;
	const struct inv_map *map;	/* NULL: not in the inventory */
	uint32_t prog_id;		/* also of netdev and cpu; 0: none */
	const struct inv_prog *prog;	/* NULL: gone */
	uint32_t ifindex, cpu, qsize;
};

struct inventory_object inventory_object(const struct inventory_dump *dump,
					 const struct mapdump_entry *entry);

/* An unsigned number that has the size of one; false: it has not. */
bool inventory_number(const uint8_t *data, size_t size, uint64_t *number);

/* A table of all, with long lists cut. */
void inventory_text_list(struct buf *b, const struct inventory *inv);
/* All that is known of one map, its findings last. */
void inventory_text_map(struct buf *b, const struct inventory *inv, const struct inv_map *map);
void inventory_text_entry(struct buf *b, const struct inventory_dump *dump,
			  const struct mapdump_entry *entry);
void inventory_text_end(struct buf *b, const struct mapdump_end *end);

/*
 * One object, one line: open, then entries in an array between begin and end if the content is
 * asked for, then close.
 */
void inventory_json_open(struct buf *b, const struct inventory *inv, const struct inv_map *map);
void inventory_json_begin(struct buf *b);
void inventory_json_entry(struct buf *b, const struct inventory_dump *dump,
			  const struct mapdump_entry *entry);
void inventory_json_end(struct buf *b, const struct mapdump_end *end);
void inventory_json_close(struct buf *b);

#endif
