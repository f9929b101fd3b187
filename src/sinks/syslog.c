/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syslog by RFC 5424: datagrams to a local socket or over UDP (RFC 5426), or a stream over TCP with
 * the length before each message (RFC 6587). Over TCP a line is done with when the other machine
 * has acknowledged it; what was not is sent again over the next connection.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sinks/address.h"
#include "sinks/peer.h"
#include "sinks/syslog_line.h"
#include "sinks/type.h"

#define PORT 514
#define FLIGHT_MAX 256		/* lines that are sent and not acknowledged */
#define ACK_FIRST_MS 1
#define ACK_LAST_MS 32		/* how often it is asked for, in the end */

struct state {
	struct peer peer;
	struct syslog_header header;
	struct buf buf;		/* one message */
	size_t sent;		/* TCP: bytes of it */
	/* TCP: lines that are sent, the first of the queue first: where in the stream each ends. */
	uint64_t ends[FLIGHT_MAX], sent_bytes;
	size_t in_flight;
};

static int make_message(struct state *s, const struct item *i, bool cut)
{
	s->buf.len = 0;
	s->buf.failed = false;
	syslog_line(&s->buf, &s->header, i, cut);
	return s->buf.failed ? -ENOMEM : 0;
}

/* ---- datagrams ---- */

static int send_datagram(struct state *s, const struct item *i, bool cut)
{
	struct iovec vec;
	struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1 };
	int err = make_message(s, i, cut);

	if (err)
		return err;
	vec = (struct iovec){ s->buf.data, s->buf.len };
	err = peer_send(&s->peer, &message);
	return err == -EMSGSIZE && !cut ? send_datagram(s, i, true) : err;
}

static int write_datagrams(struct state *s, struct item **items, size_t n, size_t *done)
{
	int err = peer_connect(&s->peer);

	while (!err && *done < n) {
		err = send_datagram(s, items[*done], false);
		*done += !err;
	}
	return err;
}

/* ---- TCP ---- */

static int disconnect(struct state *s, int err)
{
	peer_close(&s->peer);
	s->in_flight = 0;
	s->sent_bytes = 0;
	s->sent = 0;
	s->buf.len = 0;
	return err;
}

/* Lines that the other machine has. */
static size_t reap(struct state *s)
{
	int waiting = 0;
	uint64_t acked;
	size_t n = 0;

	if (!s->in_flight || ioctl(s->peer.fd, SIOCOUTQ, &waiting))
		return 0;
	acked = s->sent_bytes - (uint64_t)waiting;
	while (n < s->in_flight && s->ends[n] <= acked)
		n++;
	s->in_flight -= n;
	memmove(s->ends, s->ends + n, s->in_flight * sizeof(s->ends[0]));
	return n;
}

static int frame(struct state *s, const struct item *i)
{
	char length[24];
	size_t len;
	int err = make_message(s, i, false);

	if (err)
		return err;
	len = (size_t)snprintf(length, sizeof(length), "%zu ", s->buf.len);
	buf_bytes(&s->buf, length, len);
	if (s->buf.failed)
		return -ENOMEM;
	/* To the front. */
	memmove(s->buf.data + len, s->buf.data, s->buf.len - len);
	memcpy(s->buf.data, length, len);
	return 0;
}

/* One whole message, however long the other takes. */
static int send_framed(struct state *s, const struct item *i)
{
	int err = frame(s, i);

	for (s->sent = 0; !err && s->sent < s->buf.len;) {
		ssize_t n =
			send(s->peer.fd, s->buf.data + s->sent, s->buf.len - s->sent, MSG_NOSIGNAL);

		if (n > 0) {
			s->sent += (size_t)n;
			s->sent_bytes += (uint64_t)n;
		} else if (errno == EAGAIN) {
			err = peer_wait(&s->peer, POLLOUT, -1);
			err = err < 0 ? err : 0;
		} else if (errno != EINTR) {
			/* It may come back: EPIPE would be the end of the output. */
			err = errno == EPIPE ? -ECONNRESET : -errno;
		}
	}
	if (!err)
		s->ends[s->in_flight++] = s->sent_bytes;
	return err;
}

/* Nobody sends us anything: what can be read is the end. */
static int look_for_end(struct state *s, int timeout_ms)
{
	int got = peer_wait(&s->peer, POLLIN | POLLRDHUP, timeout_ms);
	char data[256];

	if (got <= 0)
		return got;
	if (!(got & (POLLRDHUP | POLLHUP | POLLERR)) && recv(s->peer.fd, data, sizeof(data), 0) > 0)
		return 0;
	return -ECONNRESET;
}

static int write_stream(struct state *s, struct item **items, size_t n, size_t *done)
{
	int err = peer_connect(&s->peer), wait_ms = ACK_FIRST_MS;

	if (err)
		return err;
	/* It may have gone since the last time: then what was not acknowledged is sent anew. */
	err = look_for_end(s, 0);
	*done = reap(s);
	if (err == -ECONNRESET) {
		disconnect(s, err);
		err = peer_connect(&s->peer);
		if (err)
			return err;
	}
	while (!err && *done + s->in_flight < n && s->in_flight < FLIGHT_MAX)
		err = send_framed(s, items[*done + s->in_flight]);
	while (!err && !*done) {
		err = look_for_end(s, wait_ms);
		*done += reap(s);
		wait_ms = wait_ms < ACK_LAST_MS ? wait_ms * 2 : wait_ms;
	}
	return err ? disconnect(s, err) : 0;
}

static int write_syslog(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;

	return s->peer.type == SOCK_DGRAM ? write_datagrams(s, items, n, done) :
					    write_stream(s, items, n, done);
}

/* ---- options ---- */

static bool set_peer(struct peer *p, const char *to)
{
	if (*to == '/')
		return peer_set_path(p, to);
	if (!strncmp(to, "tcp:", 4))
		p->type = SOCK_STREAM;
	else if (strncmp(to, "udp:", 4))
		return false;
	p->len = address_parse(to + 4, PORT, &p->address);
	return p->len;
}

static int set_options(struct state *s, const struct sinks_open *o)
{
	const char *to = sinks_text(o->values, "to"), *facility = sinks_text(o->values, "facility");
	char host[256] = "";

	if (!set_peer(&s->peer, to)) {
		snprintf(
			o->why, o->why_size,
			"output syslog: to '%.100s': give a socket's path, udp:ADDRESS[:PORT] or tcp:ADDRESS[:PORT], the address in numbers",
			to);
		return -EINVAL;
	}
	if (!syslog_facility(facility, &s->header.facility)) {
		snprintf(
			o->why, o->why_size,
			"output syslog: no facility '%.32s': give daemon, authpriv, local0 to local7, ...",
			facility);
		return -EINVAL;
	}
	gethostname(host, sizeof(host) - 1);
	syslog_word(s->header.host, sizeof(s->header.host), host);
	syslog_word(s->header.app, sizeof(s->header.app), sinks_text(o->values, "identifier"));
	s->header.pid = (uint32_t)getpid();
	snprintf(o->label, SINKS_LABEL, "syslog %s", to);
	return 0;
}

static int check(const struct sinks_open *o)
{
	struct state s = {};

	return set_options(&s, o);
}

static int open_syslog(const struct sinks_open *o, void **state)
{
	struct state *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		snprintf(o->why, o->why_size, "output syslog: no memory");
		return -ENOMEM;
	}
	s->peer.fd = -1;
	s->peer.type = SOCK_DGRAM;
	s->peer.wake_fd = o->wake_fd;
	err = set_options(s, o);
	if (err)
		free(s);
	else
		*state = s;
	return err;
}

static void close_syslog(void *state)
{
	struct state *s = state;

	peer_close(&s->peer);
	buf_fini(&s->buf);
	free(s);
}

static const struct sinks_option options[] = {
	{ "to", SINKS_TEXT, "/dev/log", "a socket's path, udp:ADDRESS[:PORT] or tcp:ADDRESS[:PORT]",
	  0, 0 },
	{ "facility", SINKS_TEXT, "daemon", "as syslog(3) names them: daemon, authpriv, local0", 0,
	  0 },
	{ "identifier", SINKS_TEXT, "bpfmon", "APP-NAME", 0, 0 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_syslog = {
	.name = "syslog",
	.help = "syslog of RFC 5424: a local socket, UDP or TCP",
	.format = "json",
	.options = options,
	.check = check,
	.open = open_syslog,
	.write = write_syslog,
	.close = close_syslog,
};
