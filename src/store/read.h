/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines out of a store, in the order of time, some at once: between two calls nothing is held, so
 * that a reader who is slow does not hold up who writes.
 */
#ifndef BPFMON_STORE_READ_H
#define BPFMON_STORE_READ_H

#include "lib/buf.h"
#include "store/store.h"
#include "store/want.h"

struct reading {
	sqlite3 *db;			/* lent */
	const struct want *want;	/* lent */
	int64_t since_ns, until_ns;	/* both are in */
	uint64_t last;			/* only so many, the newest; 0: all */
	bool json;
	/* Set by read_begin() and read_some(). */
	sqlite3_stmt *stmt;
	int64_t after_ns, after_id;	/* the last that was read */
	uint64_t bad;			/* lines that are not as bpfmon writes them, left out */
};

/* SQLITE_OK, or what failed: sqlite3_errmsg() says it. */
int read_begin(struct reading *r);
/* Puts more lines into `b`; *more: there may be others. */
int read_some(struct reading *r, struct buf *b, bool *more);
void read_end(struct reading *r);

#endif
