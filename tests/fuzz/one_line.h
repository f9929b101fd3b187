/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds of every event that a format writes: it is one line without control bytes. */
#ifndef BPFMON_FUZZ_ONE_LINE_H
#define BPFMON_FUZZ_ONE_LINE_H

#include <stdlib.h>

#include "out/out.h"

static inline void write_event(const struct out_format *format, const struct event *e)
{
	static const struct out_env env = { .host = "h" };
	struct buf b = { 0 };

	format->event(&b, &env, 1, e);
	for (size_t i = 0; i + 1 < b.len; i++)
		if ((unsigned char)b.data[i] < 0x20 || b.data[i] == 0x7f)
			abort();
	if (!b.len || b.data[b.len - 1] != '\n')
		abort();
	buf_fini(&b);
}

#endif
