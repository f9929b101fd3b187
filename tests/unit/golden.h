/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is printed, held byte for byte against tests/golden/NAME.FORMAT. Runs in the root of the
 * tree. UPDATE=1 writes these files anew, to be read with `git diff` before they are committed.
 */
#ifndef BPFMON_TEST_GOLDEN_H
#define BPFMON_TEST_GOLDEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define GOLDEN "tests/golden"

/* "" when the text is that of the file; else what is wrong. */
static inline const char *golden_compare(const char *name, const char *format, const struct buf *b)
{
	static char why[1024];
	static char golden[65536];
	char path[256];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", GOLDEN, name, format);
	file = fopen(path, getenv("UPDATE") ? "we" : "re");
	snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
	if (!file)
		return why;
	if (getenv("UPDATE")) {
		len = b->len ? fwrite(b->data, 1, b->len, file) : 0;
		return fclose(file) || len != b->len ? why : "";
	}
	len = fread(golden, 1, sizeof(golden), file);
	fclose(file);
	if (len == b->len && (!len || !memcmp(golden, b->data, len)))
		return "";
	snprintf(why, sizeof(why), "not as in %s; it is now: %.*s", path, (int)b->len,
		 b->data ? b->data : "");
	why[strcspn(why, "\n")] = '\0';
	return why;
}

#endif
