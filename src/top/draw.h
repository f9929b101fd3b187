/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the pages of a frame are put together with: nobody but src/top/frame*.c includes it. */
#ifndef BPFMON_TOP_DRAW_H
#define BPFMON_TOP_DRAW_H

#include "top/frame.h"

#define DRAW_WORD 32

struct draw {
	struct top *top;
	struct top_view *view;
	top_put_line *put;
	void *context;
	unsigned int lines, room;	/* lines put; that there is room for in all */
	/* The line in work: what does not fit is left out. */
	char text[4 * TOP_WIDTH_MAX];
	size_t len;
	unsigned int columns;
};

void draw_text(struct draw *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Blanks up to a column. */
void draw_to(struct draw *d, unsigned int column);
/* The writes of the last seconds, one column each. */
void draw_spark(struct draw *d, const struct top_map *m, unsigned int seconds);
/* Puts the line in work, if there is room. */
void draw_end(struct draw *d, enum top_style style);
unsigned int draw_left(const struct draw *d);	/* lines */

/* Into their own buffers: 12.3, 1234, 12.3k; 12s, 3m; "-" for none. */
const char *draw_rate(char to[DRAW_WORD], uint64_t tenths);
const char *draw_sum(char to[DRAW_WORD], uint64_t tenths);	/* 12.3/s, 0/s */
const char *draw_age(char to[DRAW_WORD], const struct top *t, uint64_t ns);
const char *draw_clock(char to[DRAW_WORD], uint64_t ns);

/* ---- the pages ---- */

void draw_map(struct draw *d);
void draw_health(struct draw *d);
void draw_help(struct draw *d);

#endif
