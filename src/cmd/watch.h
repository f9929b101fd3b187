/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Settings to a running pipeline: what watch has from its command line, run has from a file. */
#ifndef BPFMON_CMD_WATCH_H
#define BPFMON_CMD_WATCH_H

#include "cmd/options.h"
#include "rules/ruleset.h"

struct watch {
	struct options common;
	uint64_t buffer, duration, heartbeat, check;	/* bytes; seconds */
	uint64_t compare_interval, compare_limit;
	uint64_t summary_after;	/* writes a second; 0: no summaries */
	/* run alone; see struct pipeline_opts */
	struct ruleset **rules;
	bool lookups;		/* rules ask for them */
	bool (*between)(void *context);
	void *context;
	/* In place of options_sink(): the exit status, said why. */
	int (*open_sink)(struct watch *w, const struct record_info *info, struct sink *s);
};

/* Until it is stopped: the exit status. */
int watch_run(struct watch *w);

#endif
