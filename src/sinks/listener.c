/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A unix socket that listens; see listener.h. */
#include "sinks/listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sinks/peer.h"

#define WAITING 16	/* that may connect at once */

static int fail(int err, const char *what, const char *word, char *why, size_t why_size)
{
	snprintf(why, why_size, "output socket: %s %.108s: %s", what, word, strerror(-err));
	return err;
}

static int parse_mode(const char *word, mode_t *mode, char *why, size_t why_size)
{
	char *end;
	unsigned long n = strtoul(word, &end, 8);

	*mode = (mode_t)n;
	if (*word && !*end && n <= 0777)
		return 0;
	snprintf(why, why_size, "output socket: mode '%.32s': give an octal number, such as 0660",
		 word);
	return -EINVAL;
}

static bool parse_gid(const char *word, const char *end_with, gid_t *gid)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*gid = (gid_t)n;
	return end != word && strchr(end_with, *end) && n < UINT32_MAX;
}

/* A line is NAME:PASSWORD:GID:MEMBERS. Other places than the file one static program can't ask. */
static bool is_group(const char *line, const char *name, gid_t *gid)
{
	size_t len = strlen(name);
	const char *password;

	if (strncmp(line, name, len) || line[len] != ':')
		return false;
	password = strchr(line + len + 1, ':');
	return password && parse_gid(password + 1, ":", gid);
}

static int find_group(const char *word, gid_t *gid, char *why, size_t why_size)
{
	char line[4096];
	FILE *file;
	bool found = false;

	if (parse_gid(word, "", gid))
		return 0;
	file = fopen("/etc/group", "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = is_group(line, word, gid);
	if (file)
		fclose(file);
	if (found)
		return 0;
	snprintf(why, why_size,
		 "output socket: no group '%.64s' in /etc/group: give one, or its number", word);
	return -EINVAL;
}

/* A socket that nobody listens on any more. */
static bool is_stale(const struct peer *p, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	bool stale;

	stale = fd >= 0 && !lstat(path, &st) && S_ISSOCK(st.st_mode) &&
		connect(fd, (const struct sockaddr *)&p->address, p->len) && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return stale;
}

/* Its own folder is made, those above it are there. */
static void make_folder(const char *path)
{
	char folder[108];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	if (mkdir(folder, 0755) && errno != EEXIST) {
		/* bind(2) will say that it is not there. */
	}
}

static int bind_to(const struct listener *l, const struct peer *p)
{
	/* The mode of the file is that of the socket: only its owner may connect, at first. */
	if (fchmod(l->fd, 0600))
		return -errno;
	if (!bind(l->fd, (const struct sockaddr *)&p->address, p->len))
		return 0;
	if (errno != EADDRINUSE || !is_stale(p, l->path))
		return -errno;
	unlink(l->path);
	return bind(l->fd, (const struct sockaddr *)&p->address, p->len) ? -errno : 0;
}

/* What listener_open() is given, as the kernel takes it. */
struct parsed {
	struct peer peer;
	mode_t bits;
	gid_t gid;
};

static int parse(struct parsed *p, const char *path, const char *mode, const char *group, char *why,
		 size_t why_size)
{
	*p = (struct parsed){ .peer.type = SOCK_STREAM };
	if (!peer_set_path(&p->peer, path)) {
		snprintf(why, why_size, "output socket: path '%.32s...': at most 107 bytes", path);
		return -EINVAL;
	}
	return parse_mode(mode, &p->bits, why, why_size) ||
			       (*group && find_group(group, &p->gid, why, why_size)) ?
		       -EINVAL :
		       0;
}

int listener_check(const char *path, const char *mode, const char *group, char *why,
		   size_t why_size)
{
	struct parsed p;

	return parse(&p, path, mode, group, why, why_size);
}

int listener_open(struct listener *l, const char *path, const char *mode, const char *group,
		  char *why, size_t why_size)
{
	struct parsed p;
	int err;

	l->fd = -1;
	err = parse(&p, path, mode, group, why, why_size);
	if (err)
		return err;
	snprintf(l->path, sizeof(l->path), "%s", path);
	make_folder(path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail(-errno, "cannot make", path, why, why_size);
	err = bind_to(l, &p.peer);
	if (err) {
		fail(err, "cannot listen at", path, why, why_size);
		close(l->fd);
		l->fd = -1;
		return -EINVAL;
	}
	/* At once: one that does not listen would be taken for one that was left. */
	if (listen(l->fd, WAITING) || stat(path, &l->at) ||
	    (*group && lchown(path, (uid_t)-1, p.gid)) || chmod(path, p.bits)) {
		err = fail(-errno, "cannot give mode and group to", path, why, why_size);
		listener_close(l);
	}
	return err;
}

void listener_close(struct listener *l)
{
	struct stat now;

	if (l->fd < 0)
		return;
	close(l->fd);
	l->fd = -1;
	if (!lstat(l->path, &now) && now.st_dev == l->at.st_dev && now.st_ino == l->at.st_ino)
		unlink(l->path);
}
