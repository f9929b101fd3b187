/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of many small things; see pool.h. */
#include "lib/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536

struct pool_block {
	struct pool_block *next;
	_Alignas(max_align_t) char data[];
};

void *pool_alloc(struct pool *pool, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct pool_block *block;
	char *at;

	if (size > PTRDIFF_MAX - BLOCK_BYTES)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!pool->blocks || size > pool->cap - pool->used) {
		size_t cap = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = calloc(1, sizeof(*block) + cap);
		if (!block)
			return NULL;
		block->next = pool->blocks;
		*pool = (struct pool){ block, 0, cap };
	}
	at = pool->blocks->data + pool->used;
	pool->used += size;
	return at;
}

char *pool_text(struct pool *pool, const char *text, size_t len)
{
	char *copy = pool_alloc(pool, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void pool_fini(struct pool *pool)
{
	struct pool_block *block, *next;

	for (block = pool->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	*pool = (struct pool){ 0 };
}
