/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a recording holds of each struct: tables with one row a field, by which the writer
 * (src/record/record.c) and the reader (src/record/replay.c) go. Adding a field is adding a row.
 *
 * In the file a field is its id and its value, both packed (see record.h). What is 0, false or
 * NULL is left out, and what is not in the file reads as that: so 0 must mean "not known", files
 * of before a field stay readable, and a reader skips the fields of after its time. An id is never
 * used again, and neither it nor the kind of its row ever changes.
 */
#ifndef BPFMON_RECORD_FIELDS_H
#define BPFMON_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
	FIELD_NONE,	/* an id that is not, or no longer, in use */
	/* Numbers */
	FIELD_BOOL,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,	/* size_t, too */
	FIELD_INT,
	FIELD_ENUM,	/* below `limit` */
	/*
	 * A pointer to what many events share; `limit`: enum record_shared. Of what is bytes `count`
	 * is the offset of an uint32_t, which tells it from another at the same address.
	 */
	FIELD_SHARED,
	/* Bytes */
	FIELD_NAME,	/* char *, at most 16 bytes, maybe without a NUL */
	FIELD_ARRAY,	/* of `limit` bytes, in the struct itself */
	FIELD_FIXED,	/* a pointer to `limit` bytes */
	FIELD_TEXT,	/* char *, up to its NUL */
	FIELD_BYTES,	/* a pointer, and how many at `count` */
	FIELD_LIST,	/* a pointer to structs of table `of`, and how many at `count` */
	FIELD_ROWS,	/* the same in the struct itself, of at most `limit` */
	/*
	 * A struct in the struct, with a union: the number at `count`, an earlier field below `limit`,
	 * picks its table out of `of`. 0: there is none.
	 */
	FIELD_CHOICE,
};

struct field {
	enum field_kind kind;
	uint32_t offset;	/* in the struct */
	uint32_t count;		/* offset of what tells how many, or which */
	uint32_t limit;
	const struct field_table *of;
};

/* The id of a field is its place in `rows`. */
struct field_table {
	const struct field *rows;
	size_t n;
	size_t struct_bytes;
};

/*
 * What many events share is written once, before the first of them. A new kind goes to the end;
 * what is part of a thing of another kind comes before that.
 */
enum record_shared {
	SHARED_PROG,
	SHARED_BTF,
	SHARED_MAPINFO,
	SHARED_PROCESS,
	SHARED_MAPFACTS,
	SHARED_KINDS
};

struct shared_kind {
	const struct field_table *fields;	/* NULL: it is not a struct with fields, but bytes */
	/*
	 * What tells a thing from others in place of all its fields, none of which is shared; 0:
	 * nothing does. May be NULL.
	 */
	uint64_t (*serial)(const void *thing);
	/* After reading, with a number that no other thing was read with; may be NULL. */
	void (*complete)(void *thing, uint64_t serial);
	/*
	 * The bytes of a thing, and back: NULL when they can't be read; close() frees that, or what
	 * complete() made.
	 */
	const void *(*bytes)(const void *thing, uint32_t *size);
	void *(*open)(const void *bytes, size_t size);
	void (*close)(void *thing);
};

/* By enum record_shared. */
extern const struct shared_kind record_shared[SHARED_KINDS];
extern const struct field_table record_info_fields, record_event_fields, record_monitor_fields,
	record_end_fields;

static inline bool field_is_number(enum field_kind kind)
{
	return kind >= FIELD_BOOL && kind <= FIELD_SHARED;
}

struct buf;

/* Into a block: a number, or how many bytes and these. */
void put_number(struct buf *b, uint64_t n);
void put_bytes(struct buf *b, const void *data, size_t len);

#endif
