/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Points in time as a person gives them to journalctl, systemd.time(7), and as our JSON has them.
 * Local time where no zone is given. Asks no clock.
 */
#ifndef BPFMON_STORE_WHEN_H
#define BPFMON_STORE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define WHEN_FORMS \
	"give it as '2026-11-24 21:41', '21:41:54', yesterday, -2h, '3 days ago' or @SECONDS"

/* `now_ns` and *ns are ns since 1970. False: it is none. */
bool when_parse(const char *word, uint64_t now_ns, int64_t *ns);

#endif
