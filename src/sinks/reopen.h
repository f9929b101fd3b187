/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SIGUSR1: somebody moved the files away, and new ones are to be begun. A thread waits for it. */
#ifndef BPFMON_SINKS_REOPEN_H
#define BPFMON_SINKS_REOPEN_H

struct reopener;

/* From here on the signal kills nobody: it waits for the thread. In what has no thread yet. */
void reopener_block(void);
/* NULL: no memory, or no thread. */
struct reopener *reopener_new(void (*on_signal)(void *context), void *context);
void reopener_free(struct reopener *r);

#endif
