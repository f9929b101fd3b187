/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How threads of outputs begin; see thread.h. */
#include "sinks/thread.h"

#include <signal.h>

int sinks_thread(pthread_t *thread, void *(*run)(void *), void *context)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}
