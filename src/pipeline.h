/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the ring to the output: reads, decodes, filters, writes, and keeps the accounts. The only
 * file that knows more than one stage.
 */
#ifndef BPFMON_PIPELINE_H
#define BPFMON_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfobj.h"
#include "filter.h"
#include "out/out.h"
#include "output.h"

struct pipeline_opts {
	const struct filter *filter;
	const struct out_format *format;
	bool color;
	uint32_t bytes;		/* --bytes */
	uint64_t max_events;	/* --count, 0: no limit */
	uint64_t duration_ns;	/* --duration, 0: no limit */
	/* Asked after each wait and between records. */
	bool (*stop)(void);
	bool (*give_up)(void);
	int stop_fd;		/* readable once stop() is true */
};

/* Runs until it is stopped. 0, or a negative errno that was already said on stderr. */
int pipeline_run(struct bpfobj *obj, const struct pipeline_opts *opts, int fd);

#endif
