/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In place of src/top/screen.c where there is no ncurses: no screen. It takes 280 KB, and its terminfo
 * alone 110, of a static file that may have 2 MiB.
 */
#include "top/screen.h"

#include <errno.h>

bool screen_there(void)
{
	return false;
}

int screen_open(bool color)
{
	(void)color;
	return -ENOSYS;
}

bool screen_utf8(void)
{
	return false;
}

void screen_close(void)
{
}

void screen_size(unsigned int *width, unsigned int *height)
{
	*width = *height = 0;
}

void screen_begin(void)
{
}

void screen_line(void *context, enum top_style style, const char *text, size_t len)
{
	(void)context;
	(void)style;
	(void)text;
	(void)len;
}

void screen_end(void)
{
}

int screen_key(void)
{
	return SCREEN_NO_KEY;
}
