/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A socket to whoever takes lines, which may be slow, or go and come back. Nothing here blocks. */
#ifndef BPFMON_SINKS_PEER_H
#define BPFMON_SINKS_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct peer {
	struct sockaddr_storage address;
	socklen_t len;
	int type;	/* SOCK_DGRAM, SOCK_STREAM */
	int wake_fd;	/* readable: wait no more */
	int fd;		/* -1: not connected */
};

/* False: too long for a socket's path. */
bool peer_set_path(struct peer *p, const char *path);
/* Connects if it is not. 0, or a negative errno; -ECANCELED: by wake_fd. */
int peer_connect(struct peer *p);
void peer_close(struct peer *p);
/*
 * Until there is one of `events`, as poll(2): what there is, 0 after timeout_ms (-1: no end), or
 * -ECANCELED.
 */
int peer_wait(const struct peer *p, short events, int timeout_ms);
/* One datagram. 0 or a negative errno; after it is gone or was never there it is closed. */
int peer_send(struct peer *p, const struct msghdr *message);

#endif
