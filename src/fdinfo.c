/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of fdinfo; see fdinfo.h. Written by bpf_map_show_fdinfo() of kernel/bpf/syscall.c. */
#include "fdinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "name:\t123\n", the number in `base`. */
static bool number(const char *line, const char *name, int base, uint64_t *out)
{
	size_t len = strlen(name);
	unsigned long long n;
	char *end;

	if (strncmp(line, name, len) != 0 || line[len] < '0' || line[len] > '9')
		return false;
	errno = 0;
	n = strtoull(line + len, &end, base);
	if (errno || (*end && *end != '\n'))
		return false;
	*out = n;
	return true;
}

void fdinfo_parse(const char *line, struct fdinfo *out)
{
	uint64_t n;

	if (number(line, "flags:\t", 8, &n) && n <= UINT32_MAX) {
		out->flags = (uint32_t)n;
	} else if (number(line, "map_id:\t", 10, &n) && n <= UINT32_MAX) {
		out->map_id = (uint32_t)n;
	} else if (number(line, "prog_id:\t", 10, &n) && n <= UINT32_MAX) {
		out->prog_id = (uint32_t)n;
	} else if (number(line, "link_id:\t", 10, &n) && n <= UINT32_MAX) {
		out->link_id = (uint32_t)n;
	} else if (number(line, "frozen:\t", 10, &n)) {
		out->frozen = n;
	} else if (number(line, "memlock:\t", 10, &n)) {
		out->memory = n;
		out->has_memory = true;
	}
}

int fdinfo_read(const char *path, struct fdinfo *out)
{
	char text[1024], *line, *save = NULL;	/* a map's has some 200 bytes */
	struct fdinfo info = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		fdinfo_parse(line, &info);
	*out = info;
	return 0;
}
