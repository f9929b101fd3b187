/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads of outputs. */
#ifndef BPFMON_SINKS_THREAD_H
#define BPFMON_SINKS_THREAD_H

#include <pthread.h>

/* One that no signal reaches: they are for the main thread, which waits for them. 0, or negative errno. */
int sinks_thread(pthread_t *thread, void *(*run)(void *), void *context);

#endif
