/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The socket of a scrape and its answer; see http.h. */
#include "sinks/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "sinks/address.h"

#define ANSWER_NS (2ull * 1000 * 1000 * 1000)	/* one that takes longer gets no answer */

static int parse(const char *where, bool allow_remote, struct sockaddr_storage *address,
		 socklen_t *len, char *why, size_t why_size)
{
	*len = address_parse(where, 0, address);
	if (!*len) {
		snprintf(
			why, why_size,
			"output prometheus: listen '%.64s': give PORT, ADDRESS:PORT or [ADDRESS]:PORT, in numbers",
			where);
		return -EINVAL;
	}
	if (!allow_remote && !address_is_loopback(address)) {
		snprintf(
			why, why_size,
			"output prometheus: others could reach %.64s, and there is no password: give 127.0.0.1, or allow-remote=yes",
			where);
		return -EINVAL;
	}
	return 0;
}

int http_check(const char *where, bool allow_remote, char *why, size_t why_size)
{
	struct sockaddr_storage address;
	socklen_t len;

	return parse(where, allow_remote, &address, &len, why, why_size);
}

int http_listen(const char *where, bool allow_remote, char *why, size_t why_size)
{
	struct sockaddr_storage address;
	socklen_t len;
	const int yes = 1;
	int fd, err = parse(where, allow_remote, &address, &len, why, why_size);

	if (err)
		return err;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (!bind(fd, (struct sockaddr *)&address, len) && !listen(fd, 16))
			return fd;
	}
	err = -errno;
	snprintf(why, why_size, "output prometheus: cannot listen on %.64s: %s; give another port",
		 where, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err == -EADDRINUSE || err == -EADDRNOTAVAIL ? -EINVAL : err;
}

/* Until the descriptor is ready; false: it took too long, or this is the end. */
static bool wait_for(int fd, short events, int wake_fd, uint64_t until_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct pollfd fds[] = {
		{ .fd = fd, .events = events },
		{ .fd = wake_fd, .events = POLLIN },
	};

	if (now >= until_ns)
		return false;
	poll(fds, 2, (int)((until_ns - now) / 1000000) + 1);
	return fds[0].revents && !fds[1].revents;
}

static enum http_request read_request(int fd, int wake_fd, uint64_t until_ns)
{
	char data[HTTP_REQUEST_MAX];
	enum http_request asked = HTTP_MORE;
	size_t len = 0;

	while (asked == HTTP_MORE && wait_for(fd, POLLIN, wake_fd, until_ns)) {
		ssize_t n = recv(fd, data + len, sizeof(data) - len, 0);

		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			break;
		len += n > 0 ? (size_t)n : 0;
		asked = http_parse(data, len);
	}
	return asked;
}

static void send_all(int fd, int wake_fd, const struct buf *b, uint64_t until_ns)
{
	size_t done = 0;

	while (done < b->len && wait_for(fd, POLLOUT, wake_fd, until_ns)) {
		ssize_t n = send(fd, b->data + done, b->len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

static void put_answer(struct buf *b, const char *status, const struct buf *body, bool head)
{
	buf_printf(b,
		   "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
		   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
		   status, body->len);
	if (!head)
		buf_bytes(b, body->data, body->len);
}

void http_answer(int listener, int wake_fd, void (*body)(void *context, struct buf *b),
		 void *context)
{
	static const char *const statuses[] = {
		[HTTP_BAD] = "400 Bad Request",	    [HTTP_METHOD] = "405 Method Not Allowed",
		[HTTP_ELSEWHERE] = "404 Not Found", [HTTP_METRICS] = "200 OK",
		[HTTP_METRICS_HEAD] = "200 OK",
	};
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + ANSWER_NS;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct buf answer = { 0 }, text = { 0 };
	enum http_request asked;

	if (fd < 0) {
		/* Too many descriptors, perhaps: not again at once. */
		poll(&(struct pollfd){ .fd = wake_fd, .events = POLLIN }, 1, 100);
		return;
	}
	asked = read_request(fd, wake_fd, until_ns);
	if (asked == HTTP_METRICS || asked == HTTP_METRICS_HEAD)
		body(context, &text);
	else if (asked != HTTP_MORE)
		buf_printf(&text, "%s: metrics are at /metrics\n", statuses[asked]);
	if (asked != HTTP_MORE) {
		put_answer(&answer, statuses[asked], &text, asked == HTTP_METRICS_HEAD);
		if (!answer.failed && !text.failed)
			send_all(fd, wake_fd, &answer, until_ns);
	}
	buf_fini(&answer);
	buf_fini(&text);
	close(fd);
}
