/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A request to the port of metrics, and the same bytes as an address.
 *
 * links: src/sinks/http_parse.c src/sinks/address.c src/size.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/address.h"
#include "sinks/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_storage address;
	char *text = malloc(size + 1), *exact = malloc(size ? size : 1);

	memcpy(text, data, size);
	memcpy(exact, data, size);
	text[size] = '\0';
	/* What was an answer stays one when more comes. */
	if (size > 1 && http_parse(exact, size - 1) > HTTP_METHOD &&
	    http_parse(exact, size) == HTTP_MORE)
		abort();
	http_parse(exact, size);
	if (address_parse(text, 0, &address))
		address_is_loopback(&address);
	free(text);
	free(exact);
	return 0;
}
