/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads JSON, one text at a time, into a list of nodes. The text may be anybody's: what is not JSON,
 * is nested deeper than JSONREAD_DEPTH or has more than JSONREAD_NODES nodes is refused as a whole.
 */
#ifndef BPFMON_JSONREAD_H
#define BPFMON_JSONREAD_H

#include "lib/buf.h"

#define JSONREAD_DEPTH 64
#define JSONREAD_NODES (1u << 20)

enum jsonread_kind { JSONREAD_OBJECT, JSONREAD_ARRAY, JSONREAD_STRING, JSONREAD_WORD };

struct jsonread_node {
	enum jsonread_kind kind;	/* JSONREAD_WORD: a number, true, false or null */
	uint32_t at, len;		/* in the text; a string without its quotes */
	uint32_t next;			/* the node behind it and all that is in it */
};

/* Zeroed at first. Node 0 is the outermost. In an object, names and values take turns. */
struct jsonread {
	const char *text;	/* lent */
	size_t len;
	struct jsonread_node *nodes;
	size_t n, cap;
};

/* False: it is no JSON, or there is no memory; then there are no nodes. */
bool jsonread_parse(struct jsonread *j, const char *text, size_t len);
void jsonread_fini(struct jsonread *j);

/* The value of a member; 0: `object` is none, or has no such member. */
uint32_t jsonread_member(const struct jsonread *j, uint32_t object, const char *name);
/* Of a number without sign and point, also of one in a string. */
bool jsonread_u64(const struct jsonread *j, uint32_t node, uint64_t *out);
/* Whether it is that string, or that word. Escapes are no match. */
bool jsonread_is(const struct jsonread *j, uint32_t node, const char *text);
/* A string or word, as buf_safe() shows it. */
void jsonread_safe(const struct jsonread *j, uint32_t node, struct buf *b);

#endif
