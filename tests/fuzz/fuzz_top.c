/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines that bpfmon top reads, from a socket that may be anybody's: the first byte chooses a page, the
 * second how the bytes are cut up. What is drawn is as high as the screen, and nothing but text.
 *
 * links: src/lib/buf.c src/lib/jsonread.c src/top/model.c src/top/value.c src/top/line.c
 * links: src/top/view.c src/top/content.c src/top/draw.c src/top/frame.c src/top/frame_pages.c
 */
#include <stdlib.h>

#include "top/content.h"
#include "top/frame.h"
#include "top/line.h"

#define HEIGHT 30

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int lines;

static void put(void *context, enum top_style style, const char *text, size_t len)
{
	(void)context;
	(void)style;
	lines++;
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] >= 0x7f)
			abort();
}

static void check_frame(struct top *t, struct top_view *v)
{
	lines = 0;
	top_frame(t, v, put, NULL);
	if (lines != HEIGHT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct top_view v = { .width = 90, .height = HEIGHT, .ascii = true, .source = "fuzz" };
	struct top *t = top_new();
	struct top_lines l;
	size_t piece;

	if (!t || size < 2)
		goto out;
	top_lines_init(&l, t);
	piece = data[1] ? data[1] : size;
	for (size_t at = 2; at < size; at += piece)
		top_lines_put(&l, (const char *)data + at, size - at < piece ? size - at : piece);
	top_lines_put(&l, "\n", 1);
	top_tick(t, t->first_ns + data[0] * 1000000000ull);
	check_frame(t, &v);
	v.sort = data[0] % TOP_SORTS;
	v.page = data[1] % 3;
	v.map = v.selected;
	top_show(t, v.map);
	check_frame(t, &v);
	/* The same as what is read of a map. */
	top_content(t, v.map, (const char *)data + 2, size - 2);
	check_frame(t, &v);
	top_view_key(&v, t, TOP_KEY_END);
	check_frame(t, &v);
	top_view_fini(&v);
	top_lines_fini(&l);
out:
	top_free(t);
	return 0;
}
