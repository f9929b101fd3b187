/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line of /proc/PID/fdinfo/FD.
 *
 * links: src/ownmaps.c
 */
#include <stdlib.h>
#include <string.h>

#include "ownmaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);
	uint32_t id = 0;

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (ownmaps_parse_fdinfo(line, &id) != (id != 0))
		abort();
	if (id && strncmp(line, "map_id:", 7) != 0)
		abort();
	free(line);
	return 0;
}
