/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A line on its way to outputs: its text, the same in all queues of one format, and what an output
 * with fields of its own tells beside the text. Owned by all who hold it: item_get, item_put.
 */
#ifndef BPFMON_SINKS_ITEM_H
#define BPFMON_SINKS_ITEM_H

#include <stdatomic.h>

#include "out/out.h"

/* As syslog(3) numbers them. */
enum item_priority {
	ITEM_CRITICAL = 2,
	ITEM_ERROR = 3,
	ITEM_WARNING = 4,
	ITEM_NOTICE = 5,
	ITEM_INFO = 6,
};

/* Names are whole and end with a NUL; "" and 0 are not known. */
struct item_about {
	uint64_t time_ns;	/* CLOCK_REALTIME */
	uint64_t seq;
	const char *type;	/* of the event model; static */
	enum item_priority priority;
	uint32_t map_id, pid, uid, prog_id;
	bool has_task, has_result;
	int result;		/* 0 or a negative errno */
	char map_name[EVENT_NAME_BYTES + 1], comm[EVENT_NAME_BYTES + 1],
		prog_name[EVENT_NAME_BYTES + 1];
	char rule[64];		/* alert: cut where longer */
};

struct item {
	atomic_uint refs;
	struct item_about about;
	size_t len;
	char text[];		/* with its newline */
};

/* The fields of an event, and of what bpfmon says about itself. */
void item_about_event(struct item_about *about, uint64_t seq, const struct event *e);
void item_about_monitor(struct item_about *about, uint64_t seq, const struct monitor *m);

/* NULL: no memory. The caller holds it. */
struct item *item_new(const struct item_about *about, const char *text, size_t len);
/* A monitor.lost of an output, with the `seq` of the first that is missing; NULL: no memory. */
struct item *item_new_lost(const struct out_format *format, const struct out_env *env, uint64_t seq,
			   uint64_t lost, uint64_t since_ns);
struct item *item_get(struct item *i);
void item_put(struct item *i);	/* takes NULL */
/* What it takes of memory. */
size_t item_bytes(const struct item *i);

#endif
