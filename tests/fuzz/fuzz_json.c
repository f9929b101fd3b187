/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes as a JSON string and as text for a terminal: names, commands and paths are anybody's.
 * The string is ASCII or well-formed UTF-8 between two quotes, the text printable ASCII.
 *
 * links: src/lib/buf.c
 */
#include <stdlib.h>

#include "lib/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const unsigned char *s, size_t len)
{
	size_t i = 1;

	if (len < 2 || s[0] != '"' || s[len - 1] != '"')
		abort();
	for (; i < len - 1; i++) {
		if (s[i] < 0x20 || s[i] == 0x7f || s[i] == '"')
			abort();
		/* The writer's only escapes. */
		if (s[i] == '\\') {
			i++;
			if (s[i] != '"' && s[i] != '\\' && s[i] != 'u')
				abort();
		}
	}
	if (i != len - 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf b = { 0 };

	json_bytes(&b, NULL, (const char *)data, size);
	check_json((const unsigned char *)b.data, b.len);
	b.len = 0;
	buf_safe(&b, (const char *)data, size);
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] < 0x20 || b.data[i] == 0x7f)
			abort();
	buf_fini(&b);
	return 0;
}
