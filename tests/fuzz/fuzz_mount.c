/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One line of mountinfo, and the same bytes as names of a path.
 *
 * links: src/pins.c
 */
#include <stdlib.h>
#include <string.h>

#include "pins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), out[300];
	struct pins_mount m;
	size_t len;

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	if (pins_parse_mount(line, &m)) {
		if (strlen(m.path) > size || strlen(m.root) > size)
			abort();
		pins_mount_fini(&m);
	}
	/* The decoder lets only names pass that end with a NUL. */
	len = pins_path("/root", line, size + 1, out, sizeof(out));
	if (len >= sizeof(out) || (len && out[0] != '/'))
		abort();
	free(line);
	return 0;
}
