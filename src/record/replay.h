/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads recordings; the format is in record.h. A recording is anybody's bytes: every length, number
 * and combination that the rest of bpfmon relies on is checked here. What it gives lends from the
 * reader and is valid until the next call.
 */
#ifndef BPFMON_REPLAY_H
#define BPFMON_REPLAY_H

#include <sys/types.h>

#include "event.h"
#include "out/out.h"
#include "record/blocks.h"

struct replay;

enum replay_item {
	REPLAY_EVENT,
	REPLAY_MONITOR,
	REPLAY_END,
	REPLAY_STOPPED,	/* the source said so */
	REPLAY_BAD,	/* not a recording, damaged or cut off: replay_why() */
	REPLAY_FAILED,	/* it could not be read: replay_why() */
};

typedef blocks_source replay_source;

struct replay *replay_new(replay_source *source, void *context);	/* NULL: no memory */
void replay_free(struct replay *r);

/* First, and once: REPLAY_EVENT when there is an `info`. */
enum replay_item replay_begin(struct replay *r, struct record_info *info);
enum replay_item replay_next(struct replay *r, struct event *e, struct monitor *m);

/* Of the event or monitor event that was read last: its `seq` when it was recorded. */
uint64_t replay_seq(const struct replay *r);
/* What is wrong and what to do, for a person. */
const char *replay_why(const struct replay *r);
/* Blocks of a newer version that this one does not know, or can't tell: left out so far. */
uint64_t replay_skipped(const struct replay *r);
/* What events share and this version can't read: they are shown without it. */
uint64_t replay_unread(const struct replay *r);

#endif
