/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files of blocks made of a fuzzer's bytes: read as they are, and with what a stranger can mend. */
#ifndef BPFMON_FUZZ_BLOCKS_H
#define BPFMON_FUZZ_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include "record/record.h"

struct input {
	const uint8_t *data;
	size_t size;
};

static ssize_t source(void *context, void *data, size_t size)
{
	struct input *in = context;
	size_t n = in->size < size ? in->size : size;

	memcpy(data, in->data, n);
	in->data += n;
	in->size -= n;
	return (ssize_t)n;
}

/* A valid head, lengths that fit, right checksums. */
static void repair(uint8_t *data, size_t size, const struct record_head *head)
{
	struct record_block_head h;

	memcpy(data, head, sizeof(*head));
	for (size_t at = sizeof(*head); size - at >= sizeof(h); at += h.len) {
		memcpy(&h, data + at, sizeof(h));
		if (h.len > size - at - sizeof(h))
			h.len = (uint32_t)(size - at - sizeof(h));
		h.crc = record_crc(&h, data + at + sizeof(h));
		memcpy(data + at, &h, sizeof(h));
		at += sizeof(h);
	}
}

/* As it is, and mended if there is room for a head. */
static void read_twice(const uint8_t *data, size_t size, const struct record_head *head,
		       void (*read)(const uint8_t *data, size_t size))
{
	uint8_t *copy;

	read(data, size);
	if (size < sizeof(*head))
		return;
	copy = malloc(size);
	memcpy(copy, data, size);
	repair(copy, size, head);
	read(copy, size);
	free(copy);
}

#endif
