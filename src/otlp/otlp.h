/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parts of the output `otlp`: lines as a request of OTLP over HTTP in JSON, and what waits on disk
 * for a receiver. For one thread at a time.
 */
#ifndef BPFMON_OTLP_H
#define BPFMON_OTLP_H

#include "sinks/item.h"

/* ExportLogsServiceRequest with these lines. */
void otlp_request(struct buf *b, const char *host, struct item *const *items, size_t n);
/* The same, compressed; 0, or a negative errno. */
int otlp_gzip(struct buf *to, const struct buf *from);
/* What an answer says was not taken; 0: nothing, or it says nothing of that. */
uint64_t otlp_rejected(const char *answer, size_t len);

/* A folder of requests, one a file, the oldest with the smallest name: 00000000000000000007.json */
struct spool {
	const char *path;	/* lent */
	uint64_t max_bytes, bytes;
	uint64_t first, next;	/* numbers of files; equal: there are none */
	int fd;			/* of the folder: the lock against a second writer */
};

/* Takes over what is there; makes the folder. 0, or a negative errno; -EBUSY: another has it. */
int spool_open(struct spool *s, const char *path, uint64_t max_bytes);
void spool_close(struct spool *s);
/* -ENOSPC: the bound. */
int spool_put(struct spool *s, const struct buf *request, size_t n);
/* The oldest, and how many lines it has; -ENOENT: there is none. */
int spool_get(struct spool *s, struct buf *request, size_t *n);
/* It is done with. */
void spool_drop(struct spool *s);

#endif
