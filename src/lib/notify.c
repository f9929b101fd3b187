/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Datagrams to the service manager; see notify.h. */
#include "lib/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_send(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd, err = 0;

	if (!len)
		return 0;
	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(to.sun_path))
		return -EAFNOSUPPORT;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';	/* an abstract name ends with its length */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A whole number, or 0. */
static uint64_t number(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	uint64_t n;

	if (!text || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	return errno || *end ? 0 : n;
}

uint64_t notify_watchdog_ns(void)
{
	uint64_t usec = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");

	if (pid && pid != (uint64_t)getpid())
		return 0;
	return usec > UINT64_MAX / 1000 ? 0 : usec * 1000;
}
