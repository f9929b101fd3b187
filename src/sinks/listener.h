/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A unix socket that others connect to: whose it is, and what is left of one that was there before. */
#ifndef BPFMON_SINKS_LISTENER_H
#define BPFMON_SINKS_LISTENER_H

#include <stddef.h>
#include <sys/stat.h>

struct listener {
	int fd;
	char path[108];		/* as struct sockaddr_un has */
	struct stat at;		/* of the socket that is ours */
};

/*
 * `mode` as chmod(1) takes it in octal; `group` a name or number, "" for none. Until both are
 * set only the owner can connect. 0, or a negative errno with the reason: -EINVAL for what was given.
 */
int listener_open(struct listener *l, const char *path, const char *mode, const char *group,
		  char *why, size_t why_size);
/* Whether it could be, by what is given alone. */
int listener_check(const char *path, const char *mode, const char *group, char *why,
		   size_t why_size);
/* The socket goes, unless another took its place. */
void listener_close(struct listener *l);

#endif
