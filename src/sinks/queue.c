/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A bounded queue and its thread; see queue.h. */
#include "sinks/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "sinks/thread.h"

#define BATCH 256		/* lines that are written at once */
#define WAKE_BYTES (64 * 1024)	/* so much wakes the thread before the source goes quiet */
#define WAIT_NS (50 * 1000 * 1000)
/* What failed is tried again so soon, then each time after twice as long. */
#define RETRY_FIRST_NS (100ull * 1000 * 1000)
#define RETRY_LAST_NS (5000ull * 1000 * 1000)

struct queue {
	struct queue_opts opts;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t work, room;	/* CLOCK_MONOTONIC */
	/* Under the lock; a ring of `cap`, a power of two. */
	struct item **items;
	size_t first, n, cap, bytes;
	bool sleeping, reopen, ending, abandoned, done, closed, failing;
	uint64_t lines, lost;
	struct queue_loss loss;		/* not told yet */
};

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct queue *queue_new(const struct queue_opts *opts)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->opts = *opts;
	pthread_mutex_init(&q->lock, NULL);
	init_cond(&q->work);
	init_cond(&q->room);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	if (q->started) {
		queue_abandon(q);
		pthread_join(q->thread, NULL);
	}
	for (size_t i = 0; i < q->n; i++)
		item_put(q->items[(q->first + i) & (q->cap - 1)]);
	free(q->items);
	pthread_cond_destroy(&q->work);
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* Under the lock. */
static void wait_ns(struct queue *q, pthread_cond_t *cond, uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ns;
	struct timespec t = { (time_t)(until / 1000000000), (long)(until % 1000000000) };

	pthread_cond_timedwait(cond, &q->lock, &t);
}

/* ---- the thread ---- */

static void drop_first(struct queue *q, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct item *item = q->items[q->first];

		q->bytes -= item_bytes(item);
		item_put(item);
		q->first = (q->first + 1) & (q->cap - 1);
	}
	q->n -= n;
	pthread_cond_broadcast(&q->room);
}

/* Without the lock. */
static void say_state(struct queue *q, int err)
{
	if (err == -EPIPE)
		log_info("output %s: the reader is gone", q->opts.label);
	else if (err)
		log_warn("output %s: %s; tried again until it works, %zu KiB are kept meanwhile",
			 q->opts.label, strerror(-err), q->opts.bytes >> 10);
	else
		log_info("output %s: works again", q->opts.label);
}

static void failed(struct queue *q, int err, uint64_t *retry_ns)
{
	bool first = !q->failing;

	q->failing = true;
	if (err == -EPIPE) {
		q->closed = true;
		q->lost += q->n;
		drop_first(q, q->n);
	}
	if (first) {
		pthread_mutex_unlock(&q->lock);
		say_state(q, err);
		pthread_mutex_lock(&q->lock);
	}
	if (!q->closed && !q->abandoned)
		wait_ns(q, &q->work, *retry_ns);
	*retry_ns = *retry_ns * 2 < RETRY_LAST_NS ? *retry_ns * 2 : RETRY_LAST_NS;
}

static void write_some(struct queue *q, uint64_t *retry_ns)
{
	struct item *batch[BATCH];
	size_t n = q->n < BATCH ? q->n : BATCH, done = 0;
	int err;

	for (size_t i = 0; i < n; i++)
		batch[i] = q->items[(q->first + i) & (q->cap - 1)];
	pthread_mutex_unlock(&q->lock);
	err = q->opts.type->write(q->opts.state, batch, n, &done);
	pthread_mutex_lock(&q->lock);
	q->lines += done;
	drop_first(q, done);
	if (done)
		*retry_ns = RETRY_FIRST_NS;
	if (err && err != -ECANCELED) {
		failed(q, err, retry_ns);
	} else if (!err && q->failing) {
		q->failing = false;
		pthread_mutex_unlock(&q->lock);
		say_state(q, 0);
		pthread_mutex_lock(&q->lock);
	}
}

static void *run(void *context)
{
	uint64_t retry_ns = RETRY_FIRST_NS;
	struct queue *q = context;

	pthread_mutex_lock(&q->lock);
	while (!q->abandoned) {
		if (q->reopen) {
			q->reopen = false;
			pthread_mutex_unlock(&q->lock);
			if (q->opts.type->reopen)
				q->opts.type->reopen(q->opts.state);
			pthread_mutex_lock(&q->lock);
			continue;
		}
		if (q->n) {
			write_some(q, &retry_ns);
			continue;
		}
		if (q->ending)
			break;
		q->sleeping = true;
		pthread_cond_wait(&q->work, &q->lock);
		q->sleeping = false;
	}
	q->lost += q->n;
	q->done = true;
	pthread_cond_broadcast(&q->room);
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int queue_start(struct queue *q)
{
	int err = sinks_thread(&q->thread, run, q);

	q->started = !err;
	return err;
}

/* ---- those who put ---- */

static bool grow(struct queue *q)
{
	size_t cap = q->cap ? q->cap * 2 : 64;
	struct item **items;

	if (q->n < q->cap)
		return true;
	items = malloc(cap * sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < q->n; i++)
		items[i] = q->items[(q->first + i) & (q->cap - 1)];
	free(q->items);
	q->items = items;
	q->cap = cap;
	q->first = 0;
	return true;
}

static void lose(struct queue *q, uint64_t seq, uint64_t time_ns)
{
	q->lost++;
	if (!q->loss.lost++) {
		q->loss.seq = seq;
		q->loss.since_ns = time_ns;
	}
}

static bool has_room(const struct queue *q, size_t bytes)
{
	if (q->loss.lost)
		return q->bytes <= q->opts.bytes / 2;
	/* One that is larger than all the queue may have it alone. */
	return !q->n || q->bytes + bytes <= q->opts.bytes;
}

static bool put(struct queue *q, struct item *i, bool always)
{
	bool taken;

	pthread_mutex_lock(&q->lock);
	/* While a loss is untold, nothing: a line after it would be read before it. */
	taken = !q->closed && (always || (!q->loss.lost && has_room(q, item_bytes(i)))) && grow(q);
	if (taken) {
		q->items[(q->first + q->n++) & (q->cap - 1)] = item_get(i);
		q->bytes += item_bytes(i);
		if (q->sleeping && q->bytes >= WAKE_BYTES)
			pthread_cond_signal(&q->work);
	} else {
		lose(q, i->about.seq, i->about.time_ns);
	}
	pthread_mutex_unlock(&q->lock);
	return taken;
}

bool queue_put(struct queue *q, struct item *i)
{
	return put(q, i, false);
}

void queue_put_always(struct queue *q, struct item *i)
{
	put(q, i, true);
}

void queue_lose(struct queue *q, uint64_t seq, uint64_t time_ns)
{
	pthread_mutex_lock(&q->lock);
	lose(q, seq, time_ns);
	pthread_mutex_unlock(&q->lock);
}

bool queue_wait(struct queue *q, const struct item *i)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	if (!has_room(q, item_bytes(i)) && !q->closed) {
		pthread_cond_signal(&q->work);
		wait_ns(q, &q->room, WAIT_NS);
	}
	room = has_room(q, item_bytes(i)) || q->closed;
	pthread_mutex_unlock(&q->lock);
	return room;
}

bool queue_loss(struct queue *q, bool now, struct queue_loss *loss)
{
	bool tell;

	pthread_mutex_lock(&q->lock);
	tell = q->loss.lost && !q->closed && (now || q->bytes <= q->opts.bytes / 2);
	if (tell) {
		*loss = q->loss;
		q->loss.lost = 0;
	}
	pthread_mutex_unlock(&q->lock);
	return tell;
}

static void wake(struct queue *q)
{
	if (q->sleeping)
		pthread_cond_signal(&q->work);
}

void queue_flush(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	if (q->n)
		wake(q);
	pthread_mutex_unlock(&q->lock);
}

void queue_reopen(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->reopen = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
}

void queue_end(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ending = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
}

bool queue_done(struct queue *q)
{
	bool done;

	pthread_mutex_lock(&q->lock);
	if (!q->done)
		wait_ns(q, &q->room, WAIT_NS);
	done = q->done;
	pthread_mutex_unlock(&q->lock);
	return done;
}

void queue_abandon(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->abandoned = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
}

void queue_stats(struct queue *q, struct queue_stats *stats)
{
	pthread_mutex_lock(&q->lock);
	*stats = (struct queue_stats){ .lines = q->lines,
				       .lost = q->lost,
				       .bytes = q->bytes,
				       .closed = q->closed,
				       .failing = q->failing };
	pthread_mutex_unlock(&q->lock);
	if (q->opts.type->lost) {
		uint64_t lost = q->opts.type->lost(q->opts.state);

		stats->lines -= lost < stats->lines ? lost : stats->lines;
		stats->lost += lost;
	}
}
