/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Texts of /proc/PID: stat, cgroup, status, and the path of a cgroup.
 *
 * links: src/who/procfs.c src/who/container.c
 */
#include <stdlib.h>
#include <string.h>

#include "who/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_container(const char *path)
{
	struct container c;
	size_t id;

	container_parse(path, &c);
	id = strnlen(c.id, sizeof(c.id));
	if (id == sizeof(c.id) || (c.pod[0] && strlen(c.pod) != CONTAINER_POD_BYTES - 1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct procfs_stat stat;
	const char *cgroup;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	procfs_parse_stat(text, &stat);
	procfs_parse_ns_pid(text);
	parse_container(text);
	cgroup = procfs_parse_cgroup(text);
	if (cgroup && (cgroup < text || cgroup > text + size || *cgroup != '/'))
		abort();
	if (cgroup)
		parse_container(cgroup);
	free(text);
	return 0;
}
