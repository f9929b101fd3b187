/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of many small things that live and end together. */
#ifndef BPFMON_POOL_H
#define BPFMON_POOL_H

#include <stddef.h>

struct pool {
	struct pool_block *blocks;
	size_t used, cap;	/* of the newest block */
};

/* Zeroed; NULL: no memory. */
void *pool_alloc(struct pool *pool, size_t size);
/* A copy with a NUL behind it. */
char *pool_text(struct pool *pool, const char *text, size_t len);
void pool_fini(struct pool *pool);

#endif
