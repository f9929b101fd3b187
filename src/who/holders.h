/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which process is known to hold which map, and who sent which descriptor over a unix socket.
 * What a process uses without being known to have got it, it has inherited.
 */
#ifndef BPFMON_HOLDERS_H
#define BPFMON_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"

struct holders;

struct holders *holders_new(void);	/* NULL: no memory */
void holders_free(struct holders *h);

/*
 * The process of `task` has a descriptor of the map. Whether that is news: an execve(2) since then
 * makes it news again. True as well when there is no memory to note it.
 */
bool holders_add(struct holders *h, uint32_t map_id, const struct event_task *task);
void holders_drop_map(struct holders *h, uint32_t map_id);

/*
 * Senders by file and the list that it travels in; the oldest give way when there are many. A list
 * that is a copy of another, list_from, has that one's sender, not `task`.
 */
void holders_sent(struct holders *h, const struct event *e);
/* False: not seen being sent. `comm` lends until the next holders_sent(). */
bool holders_sender(const struct holders *h, uint64_t file, uint64_t list,
		    struct event_task *sender);

#endif
