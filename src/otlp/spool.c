/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that wait on disk; see otlp.h. A file is there as a whole or not at all: it is written
 * under another name first. What is left at the end is sent by the next one that runs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"
#include "otlp/otlp.h"

#define NAME "%020" PRIu64 ".json"
#define NAME_BYTES 25
#define HEAD_BYTES 11 /* "0000000256\n": how many lines there are */
#define NUMBERS 1000000000000000000u /* a file of somebody else could have a larger one */
#define BLOCK 4096 /* what a file takes at least */

static uint64_t taken(uint64_t size)
{
	return (size + BLOCK - 1) / BLOCK * BLOCK;
}

static int name_of(const struct spool *s, uint64_t number, const char *more, char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/" NAME "%s", s->path, number, more);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static bool number_of(const char *name, uint64_t *number)
{
	char *end;

	if (strlen(name) != NAME_BYTES || strspn(name, "0123456789") != 20)
		return false;
	*number = strtoull(name, &end, 10);
	return !strcmp(end, ".json") && *number < NUMBERS;
}

/* One that was not whole when its writer was killed. */
static bool is_half(const char *name)
{
	return strlen(name) == NAME_BYTES + strlen(".new") && strspn(name, "0123456789") == 20 &&
	       !strcmp(name + 20, ".json.new");
}

/* What there is from s->first on. Numbers may be missing. */
static int look(struct spool *s)
{
	uint64_t number, first = UINT64_MAX;
	DIR *dir = opendir(s->path);
	struct dirent *e;
	struct stat st;

	if (!dir)
		return -errno;
	s->bytes = 0;
	while ((e = readdir(dir))) {
		if (is_half(e->d_name))
			unlinkat(dirfd(dir), e->d_name, 0);
		if (!number_of(e->d_name, &number) || number < s->first ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		s->bytes += taken((uint64_t)st.st_size);
		first = number < first ? number : first;
		s->next = number + 1 > s->next ? number + 1 : s->next;
	}
	closedir(dir);
	s->first = first < s->next ? first : s->next;
	return 0;
}

int spool_open(struct spool *s, const char *path, uint64_t max_bytes)
{
	int err = 0;

	*s = (struct spool){ .path = path, .max_bytes = max_bytes };
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	if (flock(s->fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	err = err ?: look(s);
	if (err)
		spool_close(s);
	return err;
}

void spool_close(struct spool *s)
{
	close(s->fd);
}

int spool_put(struct spool *s, const struct buf *request, size_t n)
{
	char path[PATH_MAX], work[PATH_MAX], head[HEAD_BYTES + 1];
	int err = name_of(s, s->next, "", path) ?: name_of(s, s->next, ".new", work), fd;
	uint64_t size = taken(request->len + HEAD_BYTES);

	if (err)
		return err;
	if (s->bytes + size > s->max_bytes)
		return -ENOSPC;
	fd = open(work, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	snprintf(head, sizeof(head), "%010u\n", (unsigned int)n);
	err = io_write(fd, head, HEAD_BYTES) ?: io_write(fd, request->data, request->len);
	close(fd);
	if (!err && rename(work, path))
		err = -errno;
	if (err) {
		unlink(work);
		return err;
	}
	s->bytes += size;
	s->next++;
	return 0;
}

/* The whole of it into the buffer, but for its head. */
static int read_file(const char *path, struct buf *request, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), err = 0;
	char piece[16384], head[HEAD_BYTES + 1] = "";
	ssize_t got;

	if (fd < 0)
		return -errno;
	if (read(fd, head, HEAD_BYTES) != HEAD_BYTES || head[HEAD_BYTES - 1] != '\n')
		err = -EBADMSG;
	*n = strtoul(head, NULL, 10);
	request->len = 0;
	while (!err && (got = read(fd, piece, sizeof(piece))) > 0)
		buf_bytes(request, piece, (size_t)got);
	if (!err && got < 0)
		err = -errno;
	close(fd);
	return err;
}

int spool_get(struct spool *s, struct buf *request, size_t *n)
{
	char path[PATH_MAX];

	while (s->first < s->next) {
		int err = name_of(s, s->first, "", path) ?: read_file(path, request, n);

		/* Somebody removed it, or made one of his own. */
		if (err == -EBADMSG || err == -ELOOP)
			spool_drop(s);
		else if (err != -ENOENT)
			return err;
		else if ((err = look(s)))
			return err;
	}
	s->bytes = 0;
	return -ENOENT;
}

void spool_drop(struct spool *s)
{
	char path[PATH_MAX];
	struct stat st;

	if (!name_of(s, s->first, "", path)) {
		if (!stat(path, &st) && s->bytes >= taken((uint64_t)st.st_size))
			s->bytes -= taken((uint64_t)st.st_size);
		unlink(path);
	}
	s->first++;
}
