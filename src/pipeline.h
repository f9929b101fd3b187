/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the ring to the sink: reads, decodes, and filters. The only
 * file that knows more than one stage.
 */
#ifndef BPFMON_PIPELINE_H
#define BPFMON_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "load/bpfobj.h"
#include "filter.h"
#include "record/sink.h"
#include "rules/ruleset.h"

struct pipeline_opts {
	const struct filter *filter;
	const char *kernel;	/* its release */
	uint32_t bytes;		/* --bytes */
	uint64_t max_events;	/* --count, 0: no limit */
	uint64_t duration_ns;	/* --duration, 0: no limit */
	uint64_t heartbeat_ns;	/* --heartbeat, 0: none */
	uint64_t check_ns;	/* --check-interval, 0: no detections */
	uint64_t compare_ns;	/* --compare-interval, 0: content is not compared */
	uint64_t compare_bytes;	/* --compare-limit */
	uint32_t summary_after;	/* --summary-after, 0: no summaries */
	/* Asked after each wait and between records. */
	bool (*stop)(void);
	int stop_fd;		/* readable once stop() is true */
	/*
	 * Asked before each wait, by stop_fd, too; may change what `filter` and `rules` point to: then
	 * true. NULL: nothing is asked.
	 */
	bool (*between)(void *context);
	void *context;
	struct ruleset **rules;	/* NULL, or that: there are none */
};

/* Runs until it is stopped. 0, or a negative errno that was already said on stderr. */
int pipeline_run(struct bpfobj *obj, const struct pipeline_opts *opts, struct sink *sink);

#endif
