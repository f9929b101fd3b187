/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * As much of HTTP as a scrape needs: one GET or HEAD a connection, answered and closed. Libraries
 * for it can't be linked into one static file on every distribution.
 */
#ifndef BPFMON_SINKS_HTTP_H
#define BPFMON_SINKS_HTTP_H

#include "lib/buf.h"

#define HTTP_REQUEST_MAX 8192	/* a longer request is refused */

enum http_request {
	HTTP_MORE,		/* not all of it is here yet */
	HTTP_BAD,		/* is none */
	HTTP_METHOD,		/* neither GET nor HEAD */
	HTTP_ELSEWHERE,		/* for another path than /metrics */
	HTTP_METRICS,
	HTTP_METRICS_HEAD,
};

/* What bytes from a stranger ask for. */
enum http_request http_parse(const char *data, size_t len);

/* Whether one can listen there, by its words alone. */
int http_check(const char *where, bool allow_remote, char *why, size_t why_size);
/* A listening socket of "PORT", "ADDRESS:PORT" or "[ADDRESS]:PORT"; -errno with the reason. */
int http_listen(const char *where, bool allow_remote, char *why, size_t why_size);
/*
 * Answers one connection of the socket. `body` is asked for the text; at most two seconds, or until
 * wake_fd is readable.
 */
void http_answer(int listener, int wake_fd, void (*body)(void *context, struct buf *b),
		 void *context);

#endif
