/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The journal, by its native protocol: a datagram of fields for each line, or where that is too
 * long the same in a sealed memfd. (libsystemd, which knows it, can't be linked statically, and one
 * of the distributions does not have it.) https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 *
 * MESSAGE=update  bpftool[812]              map 12 config (array)  [0] = 1  was 0
 * PRIORITY=6
 * SYSLOG_IDENTIFIER=bpfmon
 * BPFMON_TYPE=map.update
 * BPFMON_MAP_ID=12
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/io.h"
#include "names.h"
#include "sinks/peer.h"
#include "sinks/type.h"

#define TIME_COLUMN 14	/* "21:41:54.343  " of text: the journal has a time of its own */

struct state {
	struct peer peer;
	const char *identifier;	/* lent */
	bool is_text;
	struct buf buf;
};

/* A value of several lines, or of any bytes, has its length before it in place of the '='. */
static void field(struct buf *b, const char *name, const char *value, size_t len)
{
	uint64_t size = htole64(len);

	buf_str(b, name);
	if (memchr(value, '\n', len)) {
		buf_str(b, "\n");
		buf_bytes(b, &size, sizeof(size));
	} else {
		buf_str(b, "=");
	}
	buf_bytes(b, value, len);
	buf_str(b, "\n");
}

static void text_field(struct buf *b, const char *name, const char *value)
{
	if (*value)
		field(b, name, value, strlen(value));
}

static void number_field(struct buf *b, const char *name, uint64_t value)
{
	buf_printf(b, "%s=%" PRIu64 "\n", name, value);
}

static void put_message(struct buf *b, const struct state *s, const struct item *i)
{
	size_t skip = s->is_text && i->len > TIME_COLUMN ? TIME_COLUMN : 0;
	size_t len = i->len - skip;

	if (len && i->text[i->len - 1] == '\n')
		len--;
	field(b, "MESSAGE", i->text + skip, len);
}

static void put_fields(struct buf *b, const struct state *s, const struct item *i)
{
	const struct item_about *a = &i->about;
	const char *error;

	put_message(b, s, i);
	number_field(b, "PRIORITY", a->priority);
	text_field(b, "SYSLOG_IDENTIFIER", s->identifier);
	text_field(b, "BPFMON_TYPE", a->type);
	number_field(b, "BPFMON_SEQ", a->seq);
	number_field(b, "BPFMON_TIME_NS", a->time_ns);
	if (a->map_id)
		number_field(b, "BPFMON_MAP_ID", a->map_id);
	text_field(b, "BPFMON_MAP_NAME", a->map_name);
	if (a->has_task) {
		number_field(b, "BPFMON_PID", a->pid);
		number_field(b, "BPFMON_UID", a->uid);
	}
	text_field(b, "BPFMON_COMM", a->comm);
	if (a->prog_id)
		number_field(b, "BPFMON_PROG_ID", a->prog_id);
	text_field(b, "BPFMON_PROG_NAME", a->prog_name);
	text_field(b, "BPFMON_RULE", a->rule);
	if (!a->has_result)
		return;
	error = a->result < 0 ? error_name(a->result) : "0";
	if (error)
		text_field(b, "BPFMON_RESULT", error);
	else
		number_field(b, "BPFMON_RESULT", (uint64_t)-a->result);
}

/* Sealed, so that its reader can rely on what it maps. */
static int sealed_memory(const struct buf *b)
{
	int fd = memfd_create("bpfmon-line", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;

	if (fd < 0)
		return -errno;
	err = io_write(fd, b->data, b->len);
	if (!err &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int send_memory(struct state *s)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = sealed_memory(&s->buf), err;

	if (fd < 0)
		return fd;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	err = peer_send(&s->peer, &message);
	close(fd);
	return err;
}

static int send_line(struct state *s, const struct item *i)
{
	struct iovec vec;
	struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1 };
	int err;

	s->buf.len = 0;
	s->buf.failed = false;
	put_fields(&s->buf, s, i);
	if (s->buf.failed)
		return -ENOMEM;
	vec = (struct iovec){ s->buf.data, s->buf.len };
	err = peer_send(&s->peer, &message);
	return err == -EMSGSIZE || err == -ENOBUFS ? send_memory(s) : err;
}

static int write_journald(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;
	int err = peer_connect(&s->peer);

	while (!err && *done < n) {
		err = send_line(s, items[*done]);
		*done += !err;
	}
	return err;
}

static int check(const struct sinks_open *o)
{
	const char *path = sinks_text(o->values, "path");
	struct peer peer = {};

	if (peer_set_path(&peer, path))
		return 0;
	snprintf(o->why, o->why_size, "output journald: path '%s' is too long for a socket", path);
	return -EINVAL;
}

static int open_journald(const struct sinks_open *o, void **state)
{
	const char *path = sinks_text(o->values, "path"), *format = sinks_text(o->values, "format");
	struct state *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(o->why, o->why_size, "output journald: no memory");
		return -ENOMEM;
	}
	s->peer.fd = -1;
	s->peer.type = SOCK_DGRAM;
	s->peer.wake_fd = o->wake_fd;
	s->identifier = sinks_text(o->values, "identifier");
	s->is_text = !*format || !strcmp(format, "text");
	peer_set_path(&s->peer, path);
	snprintf(o->label, SINKS_LABEL, "journald %s", path);
	*state = s;
	return 0;
}

static void close_journald(void *state)
{
	struct state *s = state;

	peer_close(&s->peer);
	buf_fini(&s->buf);
	free(s);
}

static const struct sinks_option options[] = {
	{ "path", SINKS_TEXT, "/run/systemd/journal/socket", "socket of the journal", 0, 0 },
	{ "identifier", SINKS_TEXT, "bpfmon", "SYSLOG_IDENTIFIER: what journalctl -t asks for", 0,
	  0 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_journald = {
	.name = "journald",
	.help = "the journal of systemd, with fields",
	.format = "text",
	.options = options,
	.check = check,
	.open = open_journald,
	.write = write_journald,
	.close = close_journald,
};
