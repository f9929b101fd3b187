/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The wish to stop; see stop.h. */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sinks/reopen.h"

static volatile sig_atomic_t stop_signals;
static volatile sig_atomic_t reload_signals;
static int stop_event = -1;

/* To be called by a handler. */
static void wake(void)
{
	const uint64_t one = 1;
	int saved = errno;

	if (write(stop_event, &one, sizeof(one)) < 0) {
		/* Full: it is readable already. */
	}
	errno = saved;
}

static void on_signal(int number)
{
	(void)number;
	if (stop_signals < 2)
		stop_signals++;
	wake();
}

static void on_reload(int number)
{
	(void)number;
	reload_signals = 1;
	wake();
}

int stop_init(void)
{
	/* Without SA_RESTART: a write that nobody reads must end. */
	struct sigaction action = { .sa_handler = on_signal };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	/* What is sent while it still starts is for the files that it will open. */
	reopener_block();
	stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_event < 0)
		return -errno;
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

void stop_hup_reloads(void)
{
	struct sigaction action = { .sa_handler = on_reload };

	sigaction(SIGHUP, &action, NULL);
}

bool stop_reload(void)
{
	uint64_t n;

	if (!reload_signals)
		return false;
	/*
	 * One that comes from here on is another, and the caller asks again. A wish to stop, whose
	 * wake-up this may take, is asked for before each wait.
	 */
	reload_signals = 0;
	if (read(stop_event, &n, sizeof(n)) < 0) {
		/* Empty: it was taken with the last. */
	}
	return true;
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
