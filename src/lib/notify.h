/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a service manager is told: sd_notify(3), whose protocol is meant to be spoken without its
 * library, which can't be linked statically. Without a NOTIFY_SOCKET nothing is done.
 */
#ifndef BPFMON_NOTIFY_H
#define BPFMON_NOTIFY_H

#include <stdint.h>

/*
 * "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=...", or several lines of such. 0 or -errno;
 * -EAGAIN: the manager does not read, and it is not waited for.
 */
int notify_send(const char *state);
/* How often the manager wants WATCHDOG=1 at least; 0: it does not. */
uint64_t notify_watchdog_ns(void);

#endif
