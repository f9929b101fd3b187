/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A unix socket that gives lines to whoever connects, from then on: first the monitor.start that was
 * written, which tells the hooks. Each reader has a queue and a thread of its own, so that one that
 * does not read hurts nobody; what it missed is told in its lines, as monitor.lost with `where` output.
 *
 *   socat -u UNIX-CONNECT:/run/bpfmon/bpfmon.sock - | jq .type
 */
#include "sinks/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "sinks/listener.h"
#include "sinks/peer.h"
#include "sinks/queue.h"
#include "sinks/thread.h"

#define CLIENTS 32			/* a thread each */

struct client {
	struct peer peer;	/* its fd, and what ends waiting for it */
	size_t written;		/* of the item that is in work */
	struct queue *queue;
};

struct state {
	pthread_t thread;
	bool started;
	struct listener listener;
	int end_fd;		/* readable: the thread is to end */
	size_t bytes;		/* of a client's queue */
	uint64_t linger_ns;	/* at the end, for what is on its way to all of them */
	const struct out_format *format;
	const struct out_env *env;
	pthread_mutex_t lock;
	/* Under the lock: */
	struct client *clients[CLIENTS];	/* NULL: a free place */
	struct item *hello;	/* the first monitor.start; NULL: not written yet */
};

static void wake(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0) {
		/* Full: it is readable already. */
	}
}

/* ---- a client's thread ---- */

static int send_item(struct client *c, const struct item *i)
{
	while (c->written < i->len) {
		ssize_t n = send(c->peer.fd, i->text + c->written, i->len - c->written,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		int err = n < 0 ? -errno : 0;

		if (err == -EAGAIN)
			err = peer_wait(&c->peer, POLLOUT, -1);
		if (err == -ECANCELED)
			return err;
		/* Whatever it is: it connects again, and this is over. */
		if (err < 0 && err != -EINTR)
			return -EPIPE;
		c->written += n > 0 ? (size_t)n : 0;
	}
	c->written = 0;
	return 0;
}

static int write_client(void *client, struct item **items, size_t n, size_t *done)
{
	int err = 0;

	while (*done < n && !err) {
		err = send_item(client, items[*done]);
		*done += !err;
	}
	return err;
}

static const struct sinks_type client_type = { .write = write_client };

static void free_client(struct client *c)
{
	struct queue_stats stats = { 0 };

	if (c->queue)
		queue_stats(c->queue, &stats);
	if (stats.lost && !stats.closed)
		log_warn("output socket: a reader missed %" PRIu64 " lines", stats.lost);
	if (c->peer.wake_fd >= 0)
		wake(c->peer.wake_fd);
	queue_free(c->queue);
	if (c->peer.wake_fd >= 0)
		close(c->peer.wake_fd);
	peer_close(&c->peer);
	free(c);
}

/* Takes the descriptor. NULL: no memory, or no thread. */
static struct client *new_client(const struct state *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->peer.fd = fd;
	c->peer.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->peer.wake_fd >= 0)
		c->queue = queue_new(&(struct queue_opts){ .type = &client_type,
							   .state = c,
							   .label = "socket",
							   .bytes = s->bytes,
							   .wake_fd = c->peer.wake_fd });
	if (c->queue && !queue_start(c->queue))
		return c;
	free_client(c);
	return NULL;
}

/* ---- the thread that has the listener ---- */

static void add_client(struct state *s)
{
	int fd = accept4(s->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;
	size_t i = 0;

	if (fd < 0) {
		/* Too many descriptors, perhaps: not again at once. */
		poll(&(struct pollfd){ .fd = s->end_fd, .events = POLLIN }, 1, 100);
		return;
	}
	while (i < CLIENTS && s->clients[i])
		i++;
	if (i == CLIENTS) {
		log_warn("output socket: more than %d readers: one more was sent away", CLIENTS);
		close(fd);
		return;
	}
	pthread_mutex_lock(&s->lock);
	c = new_client(s, fd);
	if (c && s->hello) {
		queue_put_always(c->queue, s->hello);
		queue_flush(c->queue);
	}
	s->clients[i] = c;
	pthread_mutex_unlock(&s->lock);
}

static void remove_client(struct state *s, size_t i)
{
	struct client *c;

	pthread_mutex_lock(&s->lock);
	c = s->clients[i];
	s->clients[i] = NULL;
	pthread_mutex_unlock(&s->lock);
	free_client(c);
}

static void *run(void *context)
{
	struct state *s = context;
	struct pollfd fds[CLIENTS + 2];

	for (;;) {
		/* Only this thread adds and removes. Of clients their end is told without asking. */
		for (size_t i = 0; i < CLIENTS; i++)
			fds[i] = (struct pollfd){ .fd = s->clients[i] ? s->clients[i]->peer.fd :
									-1 };
		fds[CLIENTS] = (struct pollfd){ .fd = s->listener.fd, .events = POLLIN };
		fds[CLIENTS + 1] = (struct pollfd){ .fd = s->end_fd, .events = POLLIN };
		poll(fds, CLIENTS + 2, -1);
		if (fds[CLIENTS + 1].revents)
			return NULL;
		for (size_t i = 0; i < CLIENTS; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				remove_client(s, i);
		if (fds[CLIENTS].revents)
			add_client(s);
	}
}

/* ---- lines ---- */

static void tell_loss(const struct state *s, struct client *c, bool now)
{
	struct queue_loss loss;
	struct item *item;

	if (!queue_loss(c->queue, now, &loss))
		return;
	item = item_new_lost(s->format, s->env, loss.seq, loss.lost, loss.since_ns);
	if (item)
		queue_put_always(c->queue, item);
	item_put(item);
}

/* To all queues: nobody is waited for. */
static int write_socket(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++)
		if (!s->hello && items[i]->about.type == monitor_type_names[MONITOR_START])
			s->hello = item_get(items[i]);
	for (size_t at = 0; at < CLIENTS; at++) {
		if (!s->clients[at])
			continue;
		for (size_t i = 0; i < n; i++) {
			tell_loss(s, s->clients[at], false);
			queue_put(s->clients[at]->queue, items[i]);
		}
		queue_flush(s->clients[at]->queue);
	}
	pthread_mutex_unlock(&s->lock);
	*done = n;
	return 0;
}

/* ---- begin and end ---- */

static void free_state(struct state *s)
{
	listener_close(&s->listener);
	if (s->end_fd >= 0)
		close(s->end_fd);
	item_put(s->hello);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int check(const struct sinks_open *o)
{
	return listener_check(sinks_text(o->values, "path"), sinks_text(o->values, "mode"),
			      sinks_text(o->values, "group"), o->why, o->why_size);
}

static int open_socket(const struct sinks_open *o, void **state)
{
	const char *path = sinks_text(o->values, "path");
	struct state *s = calloc(1, sizeof(*s));
	int err;

	snprintf(o->why, o->why_size, "output socket: cannot start");
	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	s->bytes = sinks_number(o->values, "client-queue");
	s->linger_ns = sinks_number(o->values, "linger") * 1000000000;
	s->format = o->format;
	s->env = o->env;
	s->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->listener.fd = -1;
	err = s->end_fd < 0 ? -errno :
			      listener_open(&s->listener, path, sinks_text(o->values, "mode"),
					    sinks_text(o->values, "group"), o->why, o->why_size);
	if (err) {
		free_state(s);
		return err;
	}
	snprintf(o->label, SINKS_LABEL, "socket %s", path);
	*state = s;
	return 0;
}

static int start_socket(void *state)
{
	struct state *s = state;
	int err = sinks_thread(&s->thread, run, s);

	s->started = !err;
	return err;
}

/* Nobody puts lines any more. Those who read get what is theirs, all within the time it has. */
static void close_socket(void *state)
{
	struct state *s = state;
	uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + s->linger_ns;

	wake(s->end_fd);
	if (s->started)
		pthread_join(s->thread, NULL);
	for (size_t i = 0; i < CLIENTS; i++) {
		if (!s->clients[i])
			continue;
		tell_loss(s, s->clients[i], true);
		queue_end(s->clients[i]->queue);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		if (!s->clients[i])
			continue;
		while (!queue_done(s->clients[i]->queue) && clock_ns(CLOCK_MONOTONIC) < end_ns)
			;
		free_client(s->clients[i]);
	}
	free_state(s);
}

static const struct sinks_option options[] = {
	{ "path", SINKS_TEXT, SOCKET_DEFAULT, "where it listens", 0, 0 },
	{ "mode", SINKS_TEXT, "0600", "who may connect: 0660 lets the group", 0, 0 },
	{ "group", SINKS_TEXT, "", "whose group it is, by name or number", 0, 0 },
	{ "client-queue", SINKS_NUMBER, "4M", "bytes of lines that are kept for each reader",
	  64 << 10, 1 << 30 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_socket = {
	.name = "socket",
	.help = "lines to whoever connects to a unix socket",
	.format = "json",
	.options = options,
	.check = check,
	.open = open_socket,
	.start = start_socket,
	.write = write_socket,
	.close = close_socket,
};
