/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A word of bpfmon query as a time, a map, an actor and a list of types; then what was asked for is
 * asked about a row. A time that is taken is one that a store could have.
 *
 * links: src/store/when.c src/store/want.c src/filter.c src/event.c src/size.c
 */
#include <stdlib.h>
#include <string.h>

#include "out/out.h"
#include "store/want.h"
#include "store/when.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const monitor_type_names[MONITOR_TYPES] = { "monitor.start", "monitor.lost",
							"monitor.stop", "monitor.heartbeat" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct want_row row = { .type = "map.update",
					     .map_name = "a_map_with_a_long_name",
					     .comm = "bpftool",
					     .exe = "/usr/sbin/bpftool",
					     .map_id = 7,
					     .pid = 7 };
	char *word = malloc(size + 1), *list = malloc(size + 1), why[64];
	struct want *w = calloc(1, sizeof(*w));
	int64_t ns = -1;

	memcpy(word, data, size);
	word[size] = '\0';
	memcpy(list, word, size + 1);
	if (when_parse(word, 1795777200000000000, &ns) != (ns >= 0))
		abort();
	if (!want_map(w, word, why, sizeof(why)) + !want_actor(w, word, why, sizeof(why)) +
		    !want_types(w, list, why, sizeof(why)) ==
	    want_all(w))
		abort();
	want_matches(w, &row);
	free(w);
	free(list);
	free(word);
	return 0;
}
