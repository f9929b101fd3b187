/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what a bpf iterator program writes; see iterate.h. */
#include "iterate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

int iterate(struct bpf_program *prog, size_t record_size,
	    void (*each)(void *context, const void *record), void *context)
{
	char chunk[4096];
	size_t have = 0;
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd, err = 0;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	while ((n = read(fd, chunk + have, sizeof(chunk) - have)) > 0) {
		size_t at = 0;

		have += (size_t)n;
		for (; have - at >= record_size; at += record_size)
			each(context, chunk + at);
		have -= at;
		memmove(chunk, chunk + at, have);
	}
	if (n < 0)
		err = -errno;
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}
