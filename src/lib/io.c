/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* See io.h. */
#include "lib/io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int io_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (n == 0) {
			return -EIO;
		} else if (errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}
