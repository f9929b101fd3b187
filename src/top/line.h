/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines of bpfmon's JSON into the model. They come from a socket, a pipe or a recording, so a line may
 * be anything: what is none of bpfmon's is counted and left out.
 */
#ifndef BPFMON_TOP_LINE_H
#define BPFMON_TOP_LINE_H

#include "lib/jsonread.h"
#include "top/model.h"

#define TOP_LINE_MAX (4u << 20)	/* a longer line is left out */

struct top_lines {
	struct top *top;
	struct jsonread json;
	struct buf rest;		/* of a line that has not ended */
	bool too_long;			/* that one */
	struct buf actor, key, value, text;
	/* Called with the time of each event before the model gets it; NULL: nobody is. */
	void (*before)(void *context, uint64_t time_ns);
	void *context;
};

void top_lines_init(struct top_lines *l, struct top *t);
void top_lines_fini(struct top_lines *l);
/* They come from another bpfmon from here on: what is known of maps stays, of the other one goes. */
void top_lines_again(struct top_lines *l, uint64_t now_ns);
/* Bytes as they come. */
void top_lines_put(struct top_lines *l, const char *data, size_t len);

#endif
