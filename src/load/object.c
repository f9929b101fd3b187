/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF object's bytes; see object.h. The build makes OBJECT_FILE with gzip. */
#include "load/object.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

__asm__(".pushsection .rodata\n"
	"object_gz: .incbin \"" OBJECT_FILE "\"\n"
	"object_gz_end:\n"
	".set object_gz_length, object_gz_end - 4\n"
	".popsection\n");
/* The last four bytes of a gzip file are the length of what is in it (RFC 1952, ISIZE). */
extern const unsigned char object_gz[], object_gz_end[], object_gz_length[4];

static size_t length(void)
{
	const unsigned char *p = object_gz_length;

	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

void *object_bytes(size_t *size)
{
	z_stream z = { .next_in = (unsigned char *)object_gz,
		       .avail_in = (unsigned int)(object_gz_end - object_gz) };
	unsigned char *bytes = malloc(length());
	int err;

	if (!bytes || inflateInit2(&z, MAX_WBITS + 16) != Z_OK) /* 16: a gzip header */
		goto fail;
	z.next_out = bytes;
	z.avail_out = (unsigned int)length();
	err = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (err != Z_STREAM_END)
		goto fail;
	*size = length();
	return bytes;
fail:
	free(bytes);
	return NULL;
}
