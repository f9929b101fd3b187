/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the service manager is told, to a socket of this test. */
#include "lib/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

/* A socket of that name, '@' for the byte 0. */
static int listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, len);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&at,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		return -1;
	return fd;
}

static void notify_told(void)
{
	char folder[] = "/tmp/notify-XXXXXX", path[64], abstract[64], got[64] = "";
	const char *names[] = { path, abstract };

	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(abstract, sizeof(abstract), "@%s", folder);
	for (size_t i = 0; i < 2; i++) {
		int fd = listen_at(names[i]);

		CHECK(fd >= 0);
		setenv("NOTIFY_SOCKET", names[i], 1);
		CHECK_INT(notify_send("READY=1"), 0);
		CHECK_INT(recv(fd, got, sizeof(got) - 1, 0), 7);
		CHECK_STR(got, "READY=1");
		/* a manager that does not read holds up nobody */
		for (int n = 0, err = 0; !err; n++) {
			err = notify_send("WATCHDOG=1");
			CHECK(!err || (n && err == -EAGAIN));
		}
		close(fd);
		CHECK_INT(notify_send("READY=1"), -ECONNREFUSED);
	}
	unlink(path);
	rmdir(folder);
	CHECK_INT(notify_send("READY=1"), -ECONNREFUSED);	/* still the abstract one */
	setenv("NOTIFY_SOCKET", path, 1);
	CHECK_INT(notify_send("READY=1"), -ENOENT);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	CHECK_INT(notify_send("READY=1"), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "", 1);
	CHECK_INT(notify_send("READY=1"), 0);
	unsetenv("NOTIFY_SOCKET");
	CHECK_INT(notify_send("READY=1"), 0);
}

static void notify_watchdog(void)
{
	static const char *const odd[] = {
		"", "x", "-1", "5x", "99999999999999999999", "18446744073709551615"
	};
	char pid[16];

	CHECK_INT(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	CHECK_INT(notify_watchdog_ns(), 30000000000);
	setenv("WATCHDOG_PID", "1", 1);
	CHECK_INT(notify_watchdog_ns(), 0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_PID", pid, 1);
	CHECK_INT(notify_watchdog_ns(), 30000000000);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		setenv("WATCHDOG_USEC", odd[i], 1);
		CHECK_INT(notify_watchdog_ns(), 0);
	}
}

int main(void)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	RUN(notify_told);
	RUN(notify_watchdog);
	return TEST_STATUS();
}
