/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the blocks that recordings and snapshots consist of: length, type, checksum, content; see
 * record.h. What a block means is its reader's business.
 */
#ifndef BPFMON_BLOCKS_H
#define BPFMON_BLOCKS_H

#include <stdint.h>
#include <sys/types.h>

#include "record/record.h"

/* As read(2): 0 is the end. A negative errno; -ECANCELED: stop. */
typedef ssize_t blocks_source(void *context, void *data, size_t size);

struct bytes {
	const uint8_t *at, *end;
};

struct blocks {
	blocks_source *source;
	void *context;
	char *data;		/* what was read, and not used yet: start to end */
	size_t cap, start, end;
	uint64_t offset;	/* of `start` in the file */
	struct record_block_head head;	/* of the current block */
	size_t block_bytes;		/* of it, head and content; 0: there is none */
};

void blocks_fini(struct blocks *b);
/* Reads until there are so many bytes: 1, 0 if there are fewer, or a negative errno. */
int blocks_fill(struct blocks *b, size_t want);
void blocks_drop(struct blocks *b, size_t n);
/*
 * The next block's head and content; the one before is dropped. 1; 0: cut off; a negative errno,
 * of which -EBADMSG sets `what` is wrong.
 */
int blocks_next(struct blocks *b, struct bytes *content, const char **what);

#endif
