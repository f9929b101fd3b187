/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Output formats: one file each, one row in table.c. A format puts one line, with its newline,
 * into a buffer; where the bytes go is not its business.
 */
#ifndef BPFMON_OUT_H
#define BPFMON_OUT_H

#include "event.h"
#include "hooks.h"
#include "lib/buf.h"

struct out_env {
	const char *host;
	bool color;
};

/* What bpfmon says about itself. */
enum monitor_type { MONITOR_START, MONITOR_LOST, MONITOR_STOP };

struct monitor {
	enum monitor_type type;
	uint64_t time_ns;	/* CLOCK_REALTIME */
	/* start */
	const struct hook_state *hooks;
	const char *mode, *kernel, *version;
	/* lost */
	const char *where;	/* "ring", "table", "descriptor", "batch", "recursion", ... */
	const uint64_t *lost_by_hook;	/* WIRE_HOOK_COUNT of them; NULL: of no hook */
	uint32_t map_id;	/* recursion: the map that was written; 0: not known */
	uint64_t lost;		/* also stop: in all */
	uint64_t since_ns;	/* CLOCK_REALTIME */
	/* stop: totals */
	uint64_t seen, events, filtered;
};

struct out_format {
	const char *name;
	void (*event)(struct buf *b, const struct out_env *env, uint64_t seq,
		      const struct event *e);
	void (*monitor)(struct buf *b, const struct out_env *env, uint64_t seq,
			const struct monitor *m);
};

extern const struct out_format out_text, out_json;

/* NULL when there is no such format. */
const struct out_format *out_find(const char *name);
/* "text, json" for messages. */
const char *out_names(void);

/* The rows of `hooks` as members of a JSON array, for monitor.start and `bpfmon features`. */
void out_json_hooks(struct buf *b, const struct hook_state *states);

#endif
