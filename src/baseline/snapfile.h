/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Snapshots as files. The head and the blocks are those of a recording (src/record/record.h), with
 * SNAP_MAGIC; numbers are written as there. The content of each block is the number of its bytes,
 * then these, deflated by zlib.
 *
 *   SNAP_FACTS    facts, whole ones: a number, their kind; how many bytes; their attributes, as
 *                 fields of a recording. Kinds, and attributes with their forms, are in
 *                 src/baseline/facts.h. The first is FACT_INFO.
 *   SNAP_ENTRIES  the number of a map, which is its place among those of FACT_MAP, and bytes of its
 *                 entries, which do not begin and end with the block. Maps come by rising number,
 *                 after the last of SNAP_FACTS that has a map. An entry is a byte, enum snap_entry,
 *                 its key, and then
 *                   ENTRY_VALUE   the value; of a per-CPU map those of all CPUs, each padded to 8
 *                   ENTRY_OBJECT  a number, the id of what is behind it, how many bytes, and these:
 *                                 what it is in words that hold after a reboot
 *                   ENTRY_ERROR   a number, why the value could not be read
 *                 Keys rise: as bytes, or of arrays as numbers.
 *   SNAP_END      how many blocks there are before it; without it the file is cut off.
 *
 * A change that lets an old reader read the rest raises SNAP_MINOR, any other SNAP_MAJOR. The
 * checksums tell damage, not forgery: keep the file, or its SHA-256, where the host can't write.
 */
#ifndef BPFMON_BASELINE_SNAPFILE_H
#define BPFMON_BASELINE_SNAPFILE_H

#include "baseline/facts.h"
#include "record/blocks.h"

#define SNAP_MAGIC \
	"\x8f" \
	"bpfsnap" /* a first byte that no text begins with */
#define SNAP_MAJOR 1u
#define SNAP_MINOR 0u
#define SNAP_CHUNK (256u << 10) /* of entries in one block */
#define SNAP_RAW_MAX (16u << 20) /* of one block, inflated */
#define SNAP_FACTS_MAX (64u << 20) /* of all facts: a hundred thousand maps and programs */
#define SNAP_ENTRY_MAX (256u << 20) /* of one entry; larger ones are told and left out */

enum snap_block { SNAP_FACTS = 1, SNAP_ENTRIES, SNAP_END };
enum snap_entry { ENTRY_VALUE, ENTRY_OBJECT, ENTRY_ERROR };

/* ---- writing ---- */

struct snap_writer;

struct snap_writer *snap_writer_new(int fd); /* lent. NULL: no memory */
void snap_writer_free(struct snap_writer *w);
void snap_put_fact(struct snap_writer *w, const struct fact *f);
/* One of the entries of a map, as above. */
void snap_put_entry(struct snap_writer *w, uint32_t map, const uint8_t *entry, size_t len);
/* After the last. 0, or the negative errno that anything ended with. */
int snap_end(struct snap_writer *w);
int snap_error(const struct snap_writer *w);

/* ---- reading ---- */

struct snap_reader;

enum snap_item {
	SNAP_ITEM_ENTRY, /* of snap_map(), valid until the next call */
	SNAP_ITEM_END,
	SNAP_ITEM_BAD, /* snap_why() */
	SNAP_ITEM_FAILED, /* it could not be read: snap_why() */
};

struct snap_reader *snap_reader_new(blocks_source *source, void *context); /* NULL: no memory */
void snap_reader_free(struct snap_reader *r);
/* The next entry; facts on the way to it are added to snap_facts(). */
enum snap_item snap_next(struct snap_reader *r, const uint8_t **entry, size_t *len);
uint32_t snap_map(const struct snap_reader *r);
/* All that came so far: complete at the end. */
struct facts *snap_facts(struct snap_reader *r);
const char *snap_why(const struct snap_reader *r);

/* The parts of an entry that the reader gave, or that is on its way to a writer. */
struct snap_parts {
	enum snap_entry kind;
	const uint8_t *key, *value; /* value: of ENTRY_VALUE; of ENTRY_OBJECT its text */
	size_t value_len;
	uint64_t number; /* the object's id, or the error */
};

/* False: there are not so many bytes. `used` is set to how many it takes. */
bool snap_parse(const uint8_t *data, size_t len, size_t key_size, uint64_t value_bytes,
		struct snap_parts *out, size_t *used);

#endif
