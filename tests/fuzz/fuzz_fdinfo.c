/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line of /proc/PID/fdinfo/FD.
 *
 * links: src/fdinfo.c
 */
#include <stdlib.h>
#include <string.h>

#include "fdinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	struct fdinfo info = {};

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	fdinfo_parse(line, &info);
	if (info.map_id && strncmp(line, "map_id:", 7) != 0)
		abort();
	/* One line sets one thing, if any. */
	if (!!info.map_id + !!info.flags + info.frozen + info.has_memory > 1 ||
	    (info.memory && !info.has_memory))
		abort();
	free(line);
	return 0;
}
