/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets to counterparts; see peer.h. */
#include "sinks/peer.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 10000	/* then it counts as unreachable, and is tried again */

bool peer_set_path(struct peer *p, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&p->address;
	size_t len = strlen(path);

	if (!len || len >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, len + 1);
	p->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return true;
}

int peer_wait(const struct peer *p, short events, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = p->fd, .events = events },
		{ .fd = p->wake_fd, .events = POLLIN },
	};

	if (poll(fds, 2, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	return fds[1].revents ? -ECANCELED : fds[0].revents;
}

static int finish_connect(struct peer *p)
{
	int got = peer_wait(p, POLLOUT, CONNECT_MS), err = 0;
	socklen_t len = sizeof(err);

	if (got <= 0)
		return got ? got : -ETIMEDOUT;
	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return -err;
}

int peer_connect(struct peer *p)
{
	int err = 0;

	if (p->fd >= 0)
		return 0;
	p->fd = socket(p->address.ss_family, p->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	if (connect(p->fd, (struct sockaddr *)&p->address, p->len))
		err = errno == EINPROGRESS ? finish_connect(p) : -errno;
	if (err)
		peer_close(p);
	return err;
}

void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

int peer_send(struct peer *p, const struct msghdr *message)
{
	int err;

	for (;;) {
		if (sendmsg(p->fd, message, MSG_NOSIGNAL) >= 0)
			return 0;
		err = -errno;
		if (err == -EAGAIN)
			err = peer_wait(p, POLLOUT, -1);
		/* Of a network's error the socket is free after it was told once. */
		if (err < 0 && err != -EINTR)
			break;
	}
	if (err != -EMSGSIZE && err != -ENOBUFS && err != -ECANCELED)
		peer_close(p);
	/* It may come back: EPIPE would be the end of the output. */
	return err == -EPIPE ? -ECONNRESET : err;
}
