/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wish to stop; see stop.h. */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signals;
static int stop_event = -1;

static void on_signal(int number)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)number;
	if (stop_signals < 2)
		stop_signals++;
	if (write(stop_event, &one, sizeof(one)) < 0) {
		/* Full: it is readable already. */
	}
	errno = saved;
}

int stop_init(void)
{
	/* Without SA_RESTART: a write that nobody reads must end. */
	struct sigaction action = { .sa_handler = on_signal };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_event < 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

bool stop_asked(void)
{
	return stop_signals > 0;
}

bool stop_insisted(void)
{
	return stop_signals > 1;
}

int stop_fd(void)
{
	return stop_event;
}
