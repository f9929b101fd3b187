/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the files of btfval share: the state of one call, the place in the bytes that is being
 * decoded, and the writers that hide whether JSON or text is written. Only they include it.
 */
#ifndef BPFMON_BTFVAL_WALK_H
#define BPFMON_BTFVAL_WALK_H

#include "btf/btfval.h"

/* Types nest this deep, and as many typedefs follow each other: MAX_RESOLVE_DEPTH of the kernel. */
#define BTFVAL_DEPTH 32
/*
 * Looked at in one call, at most: members, elements, enumerators. Empty types cost no output, so
 * that the limit of bytes alone would let 2^32 of them pass. It is milliseconds.
 */
#define BTFVAL_WORK (1u << 20)
/* Of a name, with its NUL; KSYM_NAME_LEN is 512, of which a line of names needs less. */
#define BTFVAL_NAME 256
/* BPF programs have 64-bit pointers, whatever machine they run on. */
#define BTFVAL_POINTER_BYTES 8

/*
 * The names that the open objects have so far, as hashes: a reader of JSON may refuse a line with
 * the same name twice, and that must be nobody's way past it. Chains, newest first, so that
 * closing an object takes its names out again in reverse.
 */
struct btfval_names {
	struct {
		uint32_t hash;
		uint16_t next;	/* 1 + index; 0: none */
	} list[4096];
	uint16_t heads[512];
	uint32_t count;
	uint32_t first;	/* of the innermost object */
};

struct btfval_walk {
	struct buf *b;
	const struct btf *btf;
	const uint8_t *data;
	const uint8_t *old;	/* text, names_only: put only what differs; or NULL */
	size_t len;		/* of both */
	size_t start;		/* b->len before the call */
	uint32_t work;		/* left of BTFVAL_WORK */
	bool json;
	bool names_only;	/* JSON: no object, the names of its members */
	bool comma;		/* text: like that of struct buf */
	bool left_out;		/* something of the open bracket was */
	const char *name;	/* of what is put next; NULL: none */
	struct btfval_names *names;
	char clean[BTFVAL_NAME + 16];	/* where `name` may be, with "#4096" behind it */
};

/* One value: where it is, and what is around it. */
struct btfval_at {
	const char *member;	/* as the BTF has it; NULL: an element, or the value itself */
	uint32_t index;		/* of an element */
	uint64_t bit;		/* where it begins in the data */
	uint32_t bits;		/* of a bit-field by its member; 0: as many as the type has */
	uint64_t end;		/* the bit that its parent ends at by its type, maybe past len */
	unsigned int depth;
};

/* A type behind its typedefs and qualifiers. */
struct btfval_type {
	const struct btf_type *t;
	uint32_t size;
	uint32_t be_size;	/* of the last __be16, __be32, __be64 on the way; or 0 */
	uint32_t steps;		/* types looked at */
};

/* src/btf/btfval.c */
bool btfval_work(struct btfval_walk *w, uint32_t units);	/* false: a limit is reached, give up */

/* src/btf/btfval_type.c */
bool btfval_resolve(const struct btf *btf, uint32_t type_id, struct btfval_type *type);
const char *btfval_name(const struct btf *btf, uint32_t name_off);	/* never NULL */
bool btfval_is_opaque(const struct btf *btf, const struct btf_type *t);
bool btfval_is_in6(const struct btf *btf, const struct btf_type *t);
bool btfval_is_char(const struct btf *btf, const struct btf_type *t);

/* src/btf/btfval_scalar.c */
/* Which bits of its bytes the value has, as an offset to at->bit and a number; false: malformed. */
bool btfval_extent(const struct btfval_at *at, const struct btfval_type *type, uint32_t *skip,
		   uint32_t *bits);
/* At most 128 bits, low half first. */
void btfval_bits(const uint8_t *data, uint64_t bit, uint32_t bits, uint64_t value[2]);
/* An int, enum, pointer or float of so many bits; false: a limit is reached. */
bool btfval_scalar(struct btfval_walk *w, const struct btfval_type *type, uint64_t bit,
		   uint32_t bits);

/* src/btf/btfval_out.c: all put the name w->name. */
void btfval_open(struct btfval_walk *w, char bracket);
void btfval_close(struct btfval_walk *w, char bracket);
void btfval_put_u64(struct btfval_walk *w, uint64_t value);
void btfval_put_i64(struct btfval_walk *w, int64_t value);
void btfval_put_bool(struct btfval_walk *w, bool value);
void btfval_put_float(struct btfval_walk *w, float value);
void btfval_put_double(struct btfval_walk *w, double value);
void btfval_put_0x(struct btfval_walk *w, const uint64_t value[2]);
void btfval_put_be32(struct btfval_walk *w, uint32_t value);	/* in host order */
/* In quotes, up to a NUL; `cut`: without one the string went on. */
void btfval_put_string(struct btfval_walk *w, const char *s, size_t len, bool cut);
/* What is no string in C: an enumerator, an address. In text without quotes. */
void btfval_put_word(struct btfval_walk *w, const char *word);
/* A name of the BTF as one that breaks neither JSON nor text; returns its hash. */
uint32_t btfval_clean(char out[BTFVAL_NAME], const char *name);

#endif
