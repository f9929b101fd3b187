/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Standard output as one output of several. Written in pieces that a pipe takes whole, so that a
 * reader that does not read never holds the end up.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sinks/type.h"

struct state {
	int wake_fd;
	size_t written;	/* of the item that is in work */
};

static int open_stdout(const struct sinks_open *o, void **state)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(o->why, o->why_size, "output stdout: no memory");
		return -ENOMEM;
	}
	s->wake_fd = o->wake_fd;
	*state = s;
	return 0;
}

static int wait_for_room(const struct state *s)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = s->wake_fd, .events = POLLIN },
	};

	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	return fds[1].revents ? -ECANCELED : 0;
}

static int write_item(struct state *s, const struct item *i)
{
	while (s->written < i->len) {
		size_t left = i->len - s->written;
		int err = wait_for_room(s);
		ssize_t n;

		if (err)
			return err;
		n = write(STDOUT_FILENO, i->text + s->written, left < PIPE_BUF ? left : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		s->written += n > 0 ? (size_t)n : 0;
	}
	s->written = 0;
	return 0;
}

static int write_stdout(void *state, struct item **items, size_t n, size_t *done)
{
	int err = 0;

	while (*done < n && !err) {
		err = write_item(state, items[*done]);
		*done += !err;
	}
	return err;
}

static const struct sinks_option options[] = { { NULL, SINKS_TEXT, NULL, NULL, 0, 0 } };

const struct sinks_type sinks_stdout = {
	.name = "stdout",
	.help = "standard output",
	.format = "text",
	.options = options,
	.open = open_stdout,
	.write = write_stdout,
	.close = free,
};
