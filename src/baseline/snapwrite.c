/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes snapshots; see snapfile.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "baseline/snapfile.h"
#include "lib/io.h"
#include "record/record_fields.h"

struct snap_writer {
	int fd;
	struct buf raw, block;
	enum snap_block type; /* of what is in `raw` */
	uint32_t map;
	uint64_t blocks;
	int err;
};

struct snap_writer *snap_writer_new(int fd)
{
	struct record_head head = { SNAP_MAGIC, RECORD_ORDER, SNAP_MAJOR };
	struct snap_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fd = fd;
	w->err = io_write(fd, &head, sizeof(head));
	return w;
}

void snap_writer_free(struct snap_writer *w)
{
	if (!w)
		return;
	buf_fini(&w->raw);
	buf_fini(&w->block);
	free(w);
}

int snap_error(const struct snap_writer *w)
{
	return w->err;
}

static void flush(struct snap_writer *w)
{
	uLongf packed = compressBound(w->raw.len);
	struct record_block_head h = { .type = w->type };
	uint8_t *data = NULL;

	if (!w->raw.len || w->err)
		return;
	w->block.len = 0;
	put_number(&w->block, w->raw.len);
	data = malloc(packed);
	if (!data || w->raw.failed ||
	    compress2(data, &packed, (const Bytef *)w->raw.data, w->raw.len, 1) != Z_OK) {
		free(data);
		w->err = -ENOMEM;
		return;
	}
	buf_bytes(&w->block, data, packed);
	free(data);
	if (w->block.failed) {
		w->err = -ENOMEM;
		return;
	}
	h.len = (uint32_t)w->block.len;
	h.crc = record_crc(&h, w->block.data);
	w->err = io_write(w->fd, &h, sizeof(h));
	if (!w->err)
		w->err = io_write(w->fd, w->block.data, w->block.len);
	w->blocks++;
	w->raw.len = 0;
}

static void begin(struct snap_writer *w, enum snap_block type, uint32_t map)
{
	if (w->type == type && (type != SNAP_ENTRIES || w->map == map) && w->raw.len < SNAP_CHUNK)
		return;
	flush(w);
	w->type = type;
	w->map = map;
}

void snap_put_fact(struct snap_writer *w, const struct fact *f)
{
	begin(w, SNAP_FACTS, 0);
	fact_put(&w->raw, f);
}

void snap_put_entry(struct snap_writer *w, uint32_t map, const uint8_t *entry, size_t len)
{
	while (len && !w->err) {
		size_t n = len < SNAP_CHUNK ? len : SNAP_CHUNK;

		begin(w, SNAP_ENTRIES, map);
		if (!w->raw.len)
			put_number(&w->raw, map);
		buf_bytes(&w->raw, entry, n);
		entry += n;
		len -= n;
	}
}

int snap_end(struct snap_writer *w)
{
	flush(w);
	w->type = SNAP_END;
	put_number(&w->raw, w->blocks);
	flush(w);
	return w->err;
}
