/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a difference that nothing explains to map.change: what is shown of it, and who is suspected. */
#ifndef BPFMON_TELL_H
#define BPFMON_TELL_H

#include "content/content.h"

#define TELL_SUSPECTS 32	/* of each kind; more is said */

struct tell {
	uint32_t cpus, bytes;	/* possible CPUs; --bytes */
	bool helpers_seen;	/* what programs write by helpers is recorded, so it was none */
	/* Lent to the event that was made last. */
	struct event_suspect_prog progs[TELL_SUSPECTS];
	struct event_suspect processes[TELL_SUSPECTS];
};

void tell_change(struct tell *t, const struct content_change *change, struct event *e);

#endif
