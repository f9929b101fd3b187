/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The accounts: what the hooks saw against what came out of the ring, by place and hook. What is
 * missing becomes monitor.lost, and the sums monitor.stop.
 */
#ifndef BPFMON_ACCOUNTS_H
#define BPFMON_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "content/content.h"
#include "load/bpfobj.h"
#include "mapids.h"
#include "record/sink.h"

/* The first are those of enum wire_loss. */
enum where {
	WHERE_RING = WIRE_LOSS_RING,
	WHERE_TABLE = WIRE_LOSS_TABLE,
	WHERE_DESCRIPTOR = WIRE_LOSS_DESCRIPTOR,
	WHERE_BATCH = WIRE_LOSS_BATCH,
	WHERE_EXIT = WIRE_LOSS_EXIT,
	WHERE_RECURSION = WIRE_LOSS_COUNT,
	WHERE_RECORD,	/* not well-formed */
	WHERE_OUTPUT,
	WHERE_COMPARE,	/* changes of content that there was no room to hold */
	WHERES
};

struct accounts {
	struct bpfobj *obj;
	struct sink *sink;
	const struct mapids *ids;
	/* Counted by the pipeline. */
	uint64_t filtered, malformed;
	uint64_t unheld;	/* changes of content; among the derived, too */
	struct content_stats compared;
	uint64_t derived;	/* events that are not a record's own: held, inherited, of one rename */
	/* By accounts_look(). */
	uint64_t lost;
	uint64_t reported[WHERES][WIRE_HOOK_COUNT + 1];	/* lost, as reported so far; + no hook */
	uint64_t since_ns[WHERES];		/* CLOCK_REALTIME of the last report */
	uint64_t seen_before[WIRE_HOOK_COUNT];	/* at the last look */
	uint64_t hidden_before[WIRE_HIDDEN];	/* the same of hidden[] */
	uint64_t hidden_reported[WIRE_HIDDEN];
	uint32_t slot_map[WIRE_HIDDEN];		/* the last map known of each slot, gone or not */
	uint64_t skipped_seq;	/* of the last monitor.lost of programs that were skipped */
};

/* All three are lent. */
void accounts_init(struct accounts *a, struct bpfobj *obj, struct sink *sink,
		   const struct mapids *ids);
/* There is a map of this id. */
void accounts_map(struct accounts *a, uint32_t id);
/* All that is known to be lost up to now, told or not: it rises. */
uint64_t accounts_losses(const struct accounts *a);
/* Of these, those that the hooks themselves counted: without a system call. */
uint64_t accounts_records_lost(const struct accounts *a);
/* Writes to a map that were counted and have no record, or not yet. */
uint64_t accounts_hidden(const struct accounts *a, uint32_t id);
/* Tells what was lost since the last look; `final`: nothing is on its way any more. */
void accounts_look(struct accounts *a, bool final);
void accounts_stop(struct accounts *a);
/* The sums so far; `interval_ns`: up to the next heartbeat. */
void accounts_heartbeat(struct accounts *a, uint64_t uptime_ns, uint64_t interval_ns);

#endif
