/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of the processes that events are about: as the kernel told it before the first of
 * them, else from /proc while the process is there.
 */
#ifndef BPFMON_PROCS_H
#define BPFMON_PROCS_H

#include "event.h"

struct procs;

struct procs *procs_new(void);	/* NULL: no memory */
void procs_free(struct procs *procs);

/* EVENT_PROCESS. */
void procs_told(struct procs *procs, const struct event *e);
/* Sets task->process, lent through one more call of this, until the next of any other. */
void procs_find(struct procs *procs, struct event_task *task);

#endif
