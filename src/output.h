/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where lines, or the blocks of a recording, go: gathers them and writes them to a descriptor, when there is much of it
 * or when the source has gone quiet. A closed reader is an end, not an error; anything else that
 * can't be written is said once and what is lost is counted.
 */
#ifndef BPFMON_OUTPUT_H
#define BPFMON_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct output {
	int fd;
	struct buf buf;
	uint64_t lost;		/* lines that could not be written; of a recording: events */
	/* How many of these begin and end in the data, from a start of one. */
	uint64_t (*count)(const char *data, size_t len);
	bool closed;		/* the reader is gone */
	int error;		/* 0, or the negative errno that ended it */
	/* A second request to stop ends a write that nobody reads. */
	bool (*give_up)(void);
};

void output_init(struct output *out, int fd, bool (*give_up)(void));
void output_fini(struct output *out);

/* After a line or block was put into out->buf. */
void output_line(struct output *out);
void output_flush(struct output *out);
/* No more can be written. */
bool output_ended(const struct output *out);

#endif
