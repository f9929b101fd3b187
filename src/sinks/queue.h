/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The queue of one output, bounded in bytes, and the thread that empties it. Counts what there is
 * no room for; from then on takes nothing until the loss is told, in its place, which it is when the
 * queue is half empty, so that it is told once for many lines.
 */
#ifndef BPFMON_SINKS_QUEUE_H
#define BPFMON_SINKS_QUEUE_H

#include "sinks/type.h"

struct queue;

struct queue_opts {
	const struct sinks_type *type;
	void *state;		/* the type's; lent */
	const char *label;	/* for messages; lent */
	size_t bytes;		/* the bound, of what is in and being written */
	int wake_fd;		/* an eventfd that ends waiting for a reader; lent */
};

struct queue_stats {
	uint64_t lines, lost;	/* written; what there was no room for, or nobody to read */
	uint64_t bytes;		/* in the queue */
	bool closed, failing;
};

struct queue *queue_new(const struct queue_opts *opts);
/* Ends the thread; what is left in it is lost, and counted no more. */
void queue_free(struct queue *q);
int queue_start(struct queue *q);	/* 0 or a negative errno */

/* False: no room or a loss that is not told yet, and it was counted as lost. */
bool queue_put(struct queue *q, struct item *i);
/* The same with room or without: for the few lines about the whole. */
void queue_put_always(struct queue *q, struct item *i);
/* A line that could not even be made. */
void queue_lose(struct queue *q, uint64_t seq, uint64_t time_ns);
/* Waits for room; false: there is none yet after some milliseconds. */
bool queue_wait(struct queue *q, const struct item *i);

/*
 * A loss that is over and has not been told: how many, the first's seq and time. `now`: whether it
 * is over or not.
 */
struct queue_loss {
	uint64_t lost, seq, since_ns;
};

bool queue_loss(struct queue *q, bool now, struct queue_loss *loss);

void queue_flush(struct queue *q);	/* wakes the thread if there is something */
void queue_reopen(struct queue *q);
/* No more comes. */
void queue_end(struct queue *q);
/* Whether all was written; waits up to some milliseconds for it. */
bool queue_done(struct queue *q);
/* The thread is to stop at once: wake_fd is readable by then. What is left counts as lost. */
void queue_abandon(struct queue *q);
void queue_stats(struct queue *q, struct queue_stats *stats);

#endif
