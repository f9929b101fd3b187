/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the lines of `bpfmon top` come from: the socket of a bpfmon that runs, or a process of its own
 * that watches or replays. So what draws never waits for what attaches, and needs no rights.
 */
#ifndef BPFMON_TOP_SOURCE_H
#define BPFMON_TOP_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

struct source {
	int fd;		/* lines of JSON; -1: closed */
	int messages;	/* what the process says on stderr; -1: none */
	pid_t child;	/* 0: none */
};

/* 0 or a negative errno. */
int source_socket(struct source *s, const char *path);
/* A process that runs a command; argv ends with NULL. 0 or a negative errno. */
int source_child(struct source *s, int (*run)(int argc, char **argv), int argc, char **argv);
/* Ends it and waits for that; the exit status of the process, 0 where there was none. */
int source_end(struct source *s);

#endif
