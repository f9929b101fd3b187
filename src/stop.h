/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wish to stop: SIGINT, SIGTERM or SIGHUP. The first lets everything already in the ring come
 * out; a second one gives up on a reader that does not read.
 */
#ifndef BPFMON_STOP_H
#define BPFMON_STOP_H

#include <stdbool.h>

/* 0 or a negative errno. Also ignores SIGPIPE: a closed reader is told by write(2). */
int stop_init(void);
bool stop_asked(void);
bool stop_insisted(void);
int stop_fd(void);	/* becomes readable with the first signal */

/*
 * From here on SIGHUP is no wish to stop but one to read the configuration again. It, too, makes
 * stop_fd() readable, until stop_reload() has said so; that is asked until it says no.
 */
void stop_hup_reloads(void);
bool stop_reload(void);

#endif
