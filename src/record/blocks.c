/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads blocks; see blocks.h. */
#include "record/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES (256 * 1024)	/* at least, at a time, where there is as much */

void blocks_fini(struct blocks *b)
{
	free(b->data);
	*b = (struct blocks){};
}

int blocks_fill(struct blocks *b, size_t want)
{
	ssize_t n;

	if (b->end - b->start >= want)
		return 1;
	if (b->start)
		memmove(b->data, b->data + b->start, b->end - b->start);
	b->end -= b->start;
	b->start = 0;
	while (b->end < want) {
		/* Not all at once: the length of a block may be a lie. */
		if (b->cap - b->end < READ_BYTES) {
			size_t cap = 2 * b->cap + READ_BYTES;
			char *data = realloc(b->data, cap);

			if (!data)
				return -ENOMEM;
			b->data = data;
			b->cap = cap;
		}
		n = b->source(b->context, b->data + b->end, b->cap - b->end);
		if (n <= 0)
			return (int)n;
		b->end += (size_t)n;
	}
	return 1;
}

void blocks_drop(struct blocks *b, size_t n)
{
	b->start += n;
	b->offset += n;
	b->block_bytes = 0;
}

int blocks_next(struct blocks *b, struct bytes *content, const char **what)
{
	int ok;

	blocks_drop(b, b->block_bytes);
	ok = blocks_fill(b, sizeof(b->head));
	if (ok <= 0)
		return ok;
	memcpy(&b->head, b->data + b->start, sizeof(b->head));
	*what = "length";
	if (b->head.len > RECORD_BLOCK_MAX)
		return -EBADMSG;
	ok = blocks_fill(b, sizeof(b->head) + b->head.len);
	if (ok <= 0)
		return ok;
	b->block_bytes = sizeof(b->head) + b->head.len;
	content->at = (const uint8_t *)b->data + b->start + sizeof(b->head);
	content->end = content->at + b->head.len;
	*what = "checksum";
	return b->head.crc == record_crc(&b->head, content->at) ? 1 : -EBADMSG;
}
