/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One frame as lines of text, each with a style: what the screen shows and what goes to a pipe. All of
 * it is printable ASCII but the sparklines, which are UTF-8 unless the view is ASCII.
 */
#ifndef BPFMON_TOP_FRAME_H
#define BPFMON_TOP_FRAME_H

#include "top/view.h"

enum top_style {
	TOP_PLAIN,
	TOP_TITLE,
	TOP_HEAD,	/* of columns */
	TOP_SELECTED,
	TOP_BAD,	/* to be looked at */
	TOP_DIM,
};

typedef void top_put_line(void *context, enum top_style style, const char *text, size_t len);

/* At most view->height lines of view->width columns. Makes the rows anew. */
void top_frame(struct top *t, struct top_view *v, top_put_line *put, void *context);

#endif
