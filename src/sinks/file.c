/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that lines are appended to: whole lines only, whatever fails. It is rotated here by size
 * or age (FILE.1 is the youngest of those before), or by somebody else, who then sends SIGUSR1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/log.h"
#include "sinks/type.h"

struct state {
	const char *path;	/* lent */
	uint64_t max_bytes, max_age_ns, keep;	/* 0: no limit */
	int fd;			/* -1: to be opened */
	uint64_t size;		/* of whole lines */
	uint64_t begun_ns;	/* CLOCK_REALTIME, of the first line; 0: there is none */
	bool told_rotation;	/* that it failed */
	struct buf buf;
};

static uint64_t birth_ns(int fd, const struct stat *st)
{
	struct statx x;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &x) && x.stx_mask & STATX_BTIME)
		return (uint64_t)x.stx_btime.tv_sec * 1000000000 + x.stx_btime.tv_nsec;
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
}

/* A line that whoever wrote before did not end would swallow our first. */
static int end_last_line(int fd, uint64_t *size)
{
	char last;

	if (!*size || pread(fd, &last, 1, (off_t)*size - 1) != 1 || last == '\n')
		return 0;
	++*size;
	return io_write(fd, "\n", 1);
}

static int open_file(struct state *s)
{
	/* It is read for its last byte alone. Not blocking: a pipe is refused, not waited for. */
	int fd = open(s->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		      0600);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -ENOTSUP;
	else if (flock(fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!err) {
		s->size = (uint64_t)st.st_size;
		s->begun_ns = st.st_size ? birth_ns(fd, &st) : 0;
		err = end_last_line(fd, &s->size);
	}
	if (err)
		close(fd);
	else
		s->fd = fd;
	return err;
}

static int open_state(const struct sinks_open *o, void **state)
{
	const char *path = sinks_text(o->values, "path");
	struct state *s;
	int err;

	s = calloc(1, sizeof(*s));
	err = s ? 0 : -ENOMEM;
	if (s) {
		s->fd = -1;
		s->path = path;
		s->max_bytes = sinks_number(o->values, "max-size");
		s->max_age_ns = sinks_number(o->values, "max-age") * 1000000000;
		s->keep = sinks_number(o->values, "keep");
		err = open_file(s);
	}
	snprintf(o->label, SINKS_LABEL, "file %s", path);
	if (!err) {
		*state = s;
		return 0;
	}
	free(s);
	snprintf(o->why, o->why_size, "output file: cannot open %s: %s", path,
		 err == -EBUSY	 ? "another output writes it; give another path" :
		 err == -ENOTSUP ? "it is no regular file; for a pipe use stdout" :
				   strerror(-err));
	return -EINVAL;
}

static void close_file(struct state *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void rotated_name(char *name, size_t size, const char *path, uint64_t number)
{
	if (number)
		snprintf(name, size, "%s.%llu", path, (unsigned long long)number);
	else
		snprintf(name, size, "%s", path);
}

/* FILE.2 becomes FILE.3, FILE.1 becomes FILE.2, FILE becomes FILE.1; the last is replaced. */
static int rotate(struct state *s)
{
	size_t size = strlen(s->path) + 24;
	char *from = malloc(size), *to = malloc(size);
	int err = from && to ? 0 : -ENOMEM;

	for (uint64_t i = s->keep; !err && i; i--) {
		rotated_name(from, size, s->path, i - 1);
		rotated_name(to, size, s->path, i);
		if (rename(from, to) && errno != ENOENT)
			err = -errno;
	}
	free(from);
	free(to);
	if (!err) {
		s->told_rotation = false;
		close_file(s);
		return open_file(s);
	}
	if (!s->told_rotation)
		log_warn("output file %s: cannot rotate: %s; it grows", s->path, strerror(-err));
	s->told_rotation = true;
	return 0;
}

/*
 * By the time of lines, not of the clock: an empty file is never rotated, and each file holds what
 * happened in its time.
 */
static bool is_full(const struct state *s, const struct item *i)
{
	uint64_t size = s->size + s->buf.len;

	if (!size)
		return false;
	if (s->max_bytes && size + i->len > s->max_bytes)
		return true;
	return s->max_age_ns && s->begun_ns && i->about.time_ns > s->begun_ns &&
	       i->about.time_ns - s->begun_ns >= s->max_age_ns;
}

/* All that was gathered, or nothing of it. */
static int write_gathered(struct state *s)
{
	int err = s->buf.failed ? -ENOMEM : io_write(s->fd, s->buf.data, s->buf.len);

	if (!err)
		s->size += s->buf.len;
	else if (ftruncate(s->fd, (off_t)s->size))
		log_warn("output file %s: its last line may be cut: %s", s->path, strerror(errno));
	s->buf.len = 0;
	s->buf.failed = false;
	return err;
}

static int write_file(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;
	size_t gathered = 0;
	int err = s->fd < 0 ? open_file(s) : 0;
	bool rotates = true;

	for (size_t i = 0; !err && i < n; i++) {
		if (rotates && is_full(s, items[i])) {
			err = write_gathered(s);
			*done += err ? 0 : gathered;
			gathered = 0;
			err = err ?: rotate(s);
			if (err)
				break;
			rotates = !s->told_rotation;
		}
		if (!s->begun_ns)
			s->begun_ns = items[i]->about.time_ns;
		buf_bytes(&s->buf, items[i]->text, items[i]->len);
		gathered++;
	}
	if (!err) {
		err = write_gathered(s);
		*done += err ? 0 : gathered;
	}
	s->buf.len = 0;
	return err;
}

static void reopen_file(void *state)
{
	struct state *s = state;
	int err;

	close_file(s);
	err = open_file(s);
	if (err)
		log_warn("output file %s: cannot reopen: %s", s->path, strerror(-err));
}

static void close_state(void *state)
{
	struct state *s = state;

	close_file(s);
	buf_fini(&s->buf);
	free(s);
}

static const struct sinks_option options[] = {
	{ "path", SINKS_TEXT, "", "the file; made with mode 0600, else appended to", 0, 0 },
	{ "max-size", SINKS_NUMBER, "0", "bytes at which a new file is begun; 0: never", 0,
	  1ull << 50 },
	{ "max-age", SINKS_NUMBER, "0", "seconds of lines that a file holds; 0: all", 0,
	  10 * 366 * 86400 },
	{ "keep", SINKS_NUMBER, "5", "how many files before are kept, as FILE.1, FILE.2, ...", 1,
	  1000 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_file = {
	.name = "file",
	.help = "a file, rotated by size or age, or by logrotate and SIGUSR1",
	.format = "json",
	.options = options,
	.open = open_state,
	.write = write_file,
	.reopen = reopen_file,
	.close = close_state,
};
