/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A word of --output: cut up, then its keys and values checked by a table of options.
 *
 * links: src/sinks/values.c src/size.c
 */
#include <stdlib.h>
#include <string.h>

#include "sinks/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sinks_option options[] = {
	{ "path", SINKS_TEXT, "", "", 0, 0 },
	{ "size", SINKS_NUMBER, "5K", "", 1, 1 << 30 },
	{ "yes", SINKS_YES, "no", "", 0, 0 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_option sinks_options[] = {
	{ "events", SINKS_LIST, "", "", 0, 0 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sinks_type type = { .name = "file", .options = options };
	struct sinks_pair pairs[SINKS_PAIRS];
	struct sinks_values v;
	char *text = malloc(size + 1), why[64];
	size_t n;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!values_cut(text, pairs, &n, why, sizeof(why)) &&
	    !values_init(&v, &type, pairs, n, why, sizeof(why))) {
		uint64_t number = sinks_number(&v, "size");

		if (number < 1 || number > 1 << 30 || !sinks_text(&v, "path"))
			abort();
		sinks_yes(&v, "yes");
		values_fini(&v);
	}
	free(text);
	return 0;
}
