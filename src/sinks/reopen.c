/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A thread that waits for SIGUSR1; see reopen.h. */
#include "sinks/reopen.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sinks/thread.h"

struct reopener {
	pthread_t thread;
	atomic_bool ending;
	void (*on_signal)(void *context);
	void *context;
};

static void *wait_for_signals(void *context)
{
	struct reopener *r = context;
	sigset_t wanted;
	int number;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	while (!sigwait(&wanted, &number) && !atomic_load(&r->ending))
		r->on_signal(r->context);
	return NULL;
}

void reopener_block(void)
{
	sigset_t own;

	sigemptyset(&own);
	sigaddset(&own, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &own, NULL);
}

struct reopener *reopener_new(void (*on_signal)(void *context), void *context)
{
	struct reopener *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return NULL;
	r->on_signal = on_signal;
	r->context = context;
	err = sinks_thread(&r->thread, wait_for_signals, r);
	if (!err)
		return r;
	free(r);
	return NULL;
}

void reopener_free(struct reopener *r)
{
	if (!r)
		return;
	atomic_store(&r->ending, true);
	pthread_kill(r->thread, SIGUSR1);
	pthread_join(r->thread, NULL);
	free(r);
}
