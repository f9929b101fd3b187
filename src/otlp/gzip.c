/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A request as gzip, which RFC 1952 describes and every receiver of OTLP takes. */
#include <errno.h>
#include <zlib.h>

#include "otlp/otlp.h"

#define CHUNK 16384
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib.h: 16 more is a gzip header */

static int deflate_all(z_stream *z, struct buf *to)
{
	unsigned char chunk[CHUNK];
	int done;

	do {
		z->next_out = chunk;
		z->avail_out = sizeof(chunk);
		done = deflate(z, Z_FINISH);
		if (done == Z_STREAM_ERROR)
			return -EINVAL;
		buf_bytes(to, chunk, sizeof(chunk) - z->avail_out);
	} while (done != Z_STREAM_END);
	return to->failed ? -ENOMEM : 0;
}

int otlp_gzip(struct buf *to, const struct buf *from)
{
	z_stream z = { .next_in = (unsigned char *)from->data, .avail_in = (uInt)from->len };
	int err;

	to->len = 0;
	to->failed = false;
	/* The fastest: lines of JSON shrink to a tenth even so. */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	err = deflate_all(&z, to);
	deflateEnd(&z);
	return err;
}
