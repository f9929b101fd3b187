/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where lines and blocks go; see output.h. */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES (64 * 1024)	/* a pipe's default size: more would only wait there */

static uint64_t count_lines(const char *data, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n';
	return n;
}

void output_init(struct output *out, int fd, bool (*give_up)(void))
{
	memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->give_up = give_up;
	out->count = count_lines;
}

void output_fini(struct output *out)
{
	buf_fini(&out->buf);
}

bool output_ended(const struct output *out)
{
	return out->closed || out->error;
}

void output_line(struct output *out)
{
	if (out->buf.failed)
		out->error = -ENOMEM;
	if (out->buf.len >= FLUSH_BYTES || out->error)
		output_flush(out);
}

static void fail(struct output *out, int error)
{
	if (error == EPIPE)
		out->closed = true;
	else
		out->error = -error;
}

void output_flush(struct output *out)
{
	size_t done = 0;

	while (!output_ended(out) && done < out->buf.len) {
		ssize_t n = write(out->fd, out->buf.data + done, out->buf.len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = out->fd, .events = POLLOUT };

			poll(&wait, 1, 1000);
		} else if (errno != EINTR) {
			fail(out, errno);
		}
		if (done < out->buf.len && out->give_up())
			out->closed = true;
	}
	if (done < out->buf.len)
		out->lost +=
			out->count(out->buf.data, out->buf.len) - out->count(out->buf.data, done);
	out->buf.len = 0;
	out->buf.failed = false;
}
