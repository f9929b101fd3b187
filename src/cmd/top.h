/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon top: options and the choice of a source in top.c, frames and the loop in top_run.c. */
#ifndef BPFMON_CMD_TOP_H
#define BPFMON_CMD_TOP_H

#include "lib/buf.h"
#include "top/line.h"
#include "top/source.h"
#include "top/view.h"

struct top_cmd {
	struct top *top;
	struct top_view view;
	struct top_lines lines;
	struct source source;
	struct source reader;	/* bpfmon maps, of the map `reads` */
	struct buf read;	/* what it wrote */
	uint32_t reads;
	struct buf frame;	/* a plain one */
	struct buf messages;	/* that the source's process wrote; the first of them */
	/* options */
	const char *socket, *replay;	/* NULL: not given */
	const char *listens;		/* the socket that is read; NULL: none is */
	bool watch, batch, help;
	uint64_t frames, delay_ns;	/* frames 0: without end */
	bool frames_given;
	int n_words;
	char **words;		/* behind --, for watch or replay */
	/* running */
	bool screen, ended;
	uint64_t last_ns;	/* of a recording: the newest event */
	uint64_t next_ns;	/* frame: by the clock or by the recording; 0: not yet */
	uint64_t drawn;
	char said[TOP_TEXT];	/* room for view.source */
};

/* Until it is to end: draws, and takes lines, messages and keys. The exit status. */
int top_run(struct top_cmd *m);

#endif
