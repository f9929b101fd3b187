/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A request of HTTP/1.0 or 1.1, from a stranger; see http.h. Fields of the header are not used. */
#include <string.h>

#include "sinks/http.h"

static bool is(const char *word, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(word, want, len);
}

/* "GET /metrics HTTP/1.1", without the end of the line. */
static enum http_request parse_line(const char *line, size_t len)
{
	const char *path = memchr(line, ' ', len), *version, *query;
	size_t method_len, path_len, left;
	bool head;

	if (!path || path == line)
		return HTTP_BAD;
	method_len = (size_t)(path - line);
	path++;
	left = len - method_len - 1;
	version = memchr(path, ' ', left);
	if (!version || version == path || *path != '/')
		return HTTP_BAD;
	path_len = (size_t)(version - path);
	version++;
	left -= path_len + 1;
	if (!is(version, left, "HTTP/1.1") && !is(version, left, "HTTP/1.0"))
		return HTTP_BAD;
	head = is(line, method_len, "HEAD");
	if (!head && !is(line, method_len, "GET"))
		return HTTP_METHOD;
	query = memchr(path, '?', path_len);
	if (query)
		path_len = (size_t)(query - path);
	if (!is(path, path_len, "/metrics"))
		return HTTP_ELSEWHERE;
	return head ? HTTP_METRICS_HEAD : HTTP_METRICS;
}

enum http_request http_parse(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n", 2);

	if (memchr(data, '\0', len))
		return HTTP_BAD;
	if (!end || !memmem(end, len - (size_t)(end - data), "\r\n\r\n", 4))
		return len < HTTP_REQUEST_MAX ? HTTP_MORE : HTTP_BAD;
	return parse_line(data, (size_t)(end - data));
}
