/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words to addresses; see address.h. */
#include "sinks/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "size.h"

#define ADDRESS_MAX 64

static bool parse_port(const char *word, unsigned int *port)
{
	uint64_t n;

	if (strspn(word, "0123456789") != strlen(word) || !size_parse(word, &n) || !n || n > 65535)
		return false;
	*port = (unsigned int)n;
	return true;
}

/* Cuts the word: the address before, the port behind. */
static bool split(const char *word, char address[ADDRESS_MAX], const char **port)
{
	const char *begin = word, *end;

	if (*word == '[') {
		begin++;
		end = strchr(begin, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : NULL;
	} else {
		end = strrchr(word, ':');
		/* Several colons without brackets: an address of IPv6 alone. */
		if (end && strchr(word, ':') != end)
			end = NULL;
		*port = end ? end + 1 : NULL;
		end = end ? end : strchr(word, '\0');
	}
	if (end - begin >= ADDRESS_MAX)
		return false;
	snprintf(address, ADDRESS_MAX, "%.*s", (int)(end - begin), begin);
	return true;
}

socklen_t address_parse(const char *word, unsigned int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char address[ADDRESS_MAX] = "";
	const char *port_word = NULL;

	memset(out, 0, sizeof(*out));
	if (parse_port(word, &port))
		snprintf(address, sizeof(address), "127.0.0.1");
	else if (!split(word, address, &port_word) || (port_word && !parse_port(port_word, &port)))
		return 0;
	if (!port)
		return 0;
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return sizeof(*six);
	}
	return 0;
}

bool address_is_loopback(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;

	if (a->ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return a->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}
