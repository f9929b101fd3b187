/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs each test of the kernel's test_maps.c in a process of its own and says how it ended, so
 * that one which fails does not hide the others: tests/selftests/fetch puts PICK() around the
 * calls.
 */
#ifndef PICK_H
#define PICK_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PICK_SECONDS 120 /* for one test; then it ends by SIGALRM */

/* true in the child, which then runs the test and leaves */
static int pick_child(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		perror("fork");
	else if (!pid)
		alarm(PICK_SECONDS);
	return !pid;
}

static void pick_wait(const char *name)
{
	int status = -1;

	wait(&status);
	printf("result %s %d %d\n", name, WEXITSTATUS(status), WTERMSIG(status));
	fflush(stdout);
}

#define PICK(name, call)		\
	do {				\
		if (pick_child()) {	\
			call;		\
			exit(0);	\
		}			\
		pick_wait(#name);	\
	} while (0)

#endif
