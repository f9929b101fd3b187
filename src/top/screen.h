/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The terminal: whole frames onto it, keys from it. screen.c does it by ncurses;
 * src/without/ncursesw.c is there where there is none.
 */
#ifndef BPFMON_TOP_SCREEN_H
#define BPFMON_TOP_SCREEN_H

#include "top/frame.h"

#define SCREEN_NO_KEY (-1)

/* False: this program has none. */
bool screen_there(void);
/* 0, or -EINVAL: the terminal's type is not known. */
int screen_open(bool color);
/* Of one that is open: whether it shows UTF-8. */
bool screen_utf8(void);
/* As it was before. */
void screen_close(void);
void screen_size(unsigned int *width, unsigned int *height);
void screen_begin(void);
void screen_line(void *context, enum top_style style, const char *text, size_t len);
void screen_end(void);
/* A character or enum top_key; SCREEN_NO_KEY: none was pressed. */
int screen_key(void);

#endif
