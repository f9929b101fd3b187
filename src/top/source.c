/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where lines come from; see source.h. */
#include "top/source.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sinks/peer.h"

static const struct source none = { .fd = -1, .messages = -1 };

int source_socket(struct source *s, const char *path)
{
	struct peer peer = { .type = SOCK_STREAM };
	int err = 0;

	*s = none;
	if (!peer_set_path(&peer, path))
		return -ENAMETOOLONG;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&peer.address, peer.len))
		err = -errno;
	if (err && s->fd >= 0)
		close(s->fd);
	if (err)
		s->fd = -1;
	return err;
}

/* In the new process. Without its parent it would have no reader, and attached hooks. */
static void be_child(const int lines[2], const int messages[2], pid_t parent,
		     int (*run)(int argc, char **argv), int argc, char **argv)
{
	/* What it wants to know of signals it says itself. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(lines[1], STDOUT_FILENO) < 0 ||
	    dup2(messages[1], STDERR_FILENO) < 0)
		_exit(1);
	for (int i = 0; i < 2; i++) {
		close(lines[i]);
		close(messages[i]);
	}
	optind = 0;	/* getopt(3): begins anew */
	exit(run(argc, argv));
}

int source_child(struct source *s, int (*run)(int argc, char **argv), int argc, char **argv)
{
	int lines[2], messages[2], err;
	pid_t parent = getpid();

	*s = none;
	if (pipe2(lines, O_CLOEXEC))
		return -errno;
	if (pipe2(messages, O_CLOEXEC)) {
		err = -errno;
		close(lines[0]);
		close(lines[1]);
		return err;
	}
	fflush(NULL);
	s->child = fork();
	err = s->child < 0 ? -errno : 0;
	if (!s->child)
		be_child(lines, messages, parent, run, argc, argv);
	close(lines[1]);
	close(messages[1]);
	s->fd = lines[0];
	s->messages = messages[0];
	if (err) {
		s->child = 0;
		source_end(s);
	}
	return err;
}

int source_end(struct source *s)
{
	int status = 0;

	/* A reader that is gone ends it, and a signal, if it has nothing to write. */
	if (s->fd >= 0)
		close(s->fd);
	if (s->messages >= 0)
		close(s->messages);
	if (s->child) {
		kill(s->child, SIGTERM);
		while (waitpid(s->child, &status, 0) < 0 && errno == EINTR)
			;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	*s = none;
	return status;
}
