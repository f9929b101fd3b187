/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads snapshots; see snapfile.h. A snapshot is anybody's bytes: every length and number that the
 * rest relies on is checked here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "baseline/snapfile.h"
#include "baseline/sort.h"
#include "maptype.h"
#include "record/replay_fields.h"

struct snap_reader {
	struct blocks in;
	bool begun;
	struct facts facts;
	size_t *maps; /* which of the facts are maps */
	size_t n_maps;
	uint64_t fact_bytes, blocks;
	uint32_t map; /* whose entries are read; `any_map`: there was one */
	bool any_map;
	size_t key_size;
	uint64_t value_bytes;
	bool is_index;
	struct buf data; /* of entries: from `at` not read yet */
	size_t at;
	struct buf key; /* of the entry before: keys rise */
	char why[512];
};

struct snap_reader *snap_reader_new(blocks_source *source, void *context)
{
	struct snap_reader *r = calloc(1, sizeof(*r));

	if (r) {
		r->in.source = source;
		r->in.context = context;
	}
	return r;
}

void snap_reader_free(struct snap_reader *r)
{
	if (!r)
		return;
	blocks_fini(&r->in);
	facts_fini(&r->facts);
	buf_fini(&r->data);
	buf_fini(&r->key);
	free(r->maps);
	free(r);
}

uint32_t snap_map(const struct snap_reader *r)
{
	return r->map;
}

struct facts *snap_facts(struct snap_reader *r)
{
	return &r->facts;
}

const char *snap_why(const struct snap_reader *r)
{
	return r->why;
}

static enum snap_item __attribute__((format(printf, 2, 3)))
bad(struct snap_reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, sizeof(r->why), format, args);
	va_end(args);
	return SNAP_ITEM_BAD;
}

static enum snap_item damaged(struct snap_reader *r, const char *what)
{
	return bad(r, "damaged at byte %" PRIu64 " (%s): copy it again from where it was made",
		   r->in.offset, what);
}

static enum snap_item failed(struct snap_reader *r, int err)
{
	bad(r, "cannot be read: %s", strerror(-err));
	return SNAP_ITEM_FAILED;
}

static enum snap_item cut_off(struct snap_reader *r)
{
	return bad(
		r,
		"cut off at byte %" PRIu64
		": bpfmon snapshot did not end, the disk was full, or only a part was copied; make it anew",
		r->in.offset + (r->in.end - r->in.start));
}

/* ---- entries ---- */

bool snap_parse(const uint8_t *data, size_t len, size_t key_size, uint64_t value_bytes,
		struct snap_parts *out, size_t *used)
{
	struct bytes rest, text;

	if (len < 1 || len - 1 < key_size)
		return false;
	*out = (struct snap_parts){ .kind = data[0], .key = data + 1 };
	rest = (struct bytes){ data + 1 + key_size, data + len };
	if (out->kind == ENTRY_VALUE) {
		if ((uint64_t)(rest.end - rest.at) < value_bytes)
			return false;
		out->value = rest.at;
		out->value_len = value_bytes;
		*used = 1 + key_size + value_bytes;
		return true;
	}
	if (!get_number(&rest, &out->number))
		return false;
	if (out->kind == ENTRY_OBJECT) {
		if (!get_bytes(&rest, &text))
			return false;
		out->value = text.at;
		out->value_len = (size_t)(text.end - text.at);
	}
	*used = (size_t)(rest.at - data);
	return true;
}

/* An entry if it is there; END: not yet. */
static enum snap_item entry(struct snap_reader *r, const uint8_t **out, size_t *len)
{
	size_t left = r->data.len - r->at, used;
	struct snap_parts parts;
	const uint8_t *data;

	if (!left)
		return SNAP_ITEM_END;
	data = (const uint8_t *)r->data.data + r->at;
	if (data[0] > ENTRY_ERROR)
		return damaged(r, "entry");
	if (!snap_parse(data, left, r->key_size, r->value_bytes, &parts, &used))
		return left > SNAP_ENTRY_MAX ? damaged(r, "entry") : SNAP_ITEM_END;
	if (r->key.len && sort_compare_keys((const uint8_t *)r->key.data, parts.key, r->key_size,
					    r->is_index) >= 0)
		return damaged(r, "order of keys");
	r->key.len = 0;
	buf_bytes(&r->key, parts.key, r->key_size);
	if (r->key.failed)
		return failed(r, -ENOMEM);
	r->at += used;
	*out = data;
	*len = used;
	return SNAP_ITEM_ENTRY;
}

static enum snap_item begin_map(struct snap_reader *r, uint64_t number)
{
	const struct fact *m;

	if (r->any_map && number == r->map)
		return SNAP_ITEM_ENTRY;
	if (r->data.len != r->at)
		return damaged(r, "an entry ends early");
	if (number >= r->n_maps || (r->any_map && number < r->map))
		return damaged(r, "number of a map");
	m = &r->facts.list[r->maps[number]];
	r->map = (uint32_t)number;
	r->any_map = true;
	r->key_size = fact_get_number(m, ATTR_KEY_SIZE);
	r->value_bytes = fact_value_bytes(m);
	r->is_index = maptype_is_array((uint32_t)fact_get_number(m, ATTR_TYPE));
	r->key.len = 0;
	/* One by one: their sum may be more than there is. */
	if (!r->key_size || r->key_size > SNAP_ENTRY_MAX || r->value_bytes > SNAP_ENTRY_MAX ||
	    r->key_size + r->value_bytes + 1 > SNAP_ENTRY_MAX)
		return damaged(r, "size of an entry");
	return SNAP_ITEM_ENTRY;
}

/* ---- blocks ---- */

/* The block's content, inflated behind what `to` has. */
static enum snap_item inflate_block(struct snap_reader *r, struct bytes content, struct buf *to)
{
	uint64_t len;
	uLongf room;
	char *grown;

	if (!get_number(&content, &len) || len > SNAP_RAW_MAX || !len)
		return damaged(r, "length");
	if (to->cap < to->len + len) {
		grown = realloc(to->data, to->len + len);
		if (!grown)
			return failed(r, -ENOMEM);
		to->data = grown;
		to->cap = to->len + len;
	}
	room = (uLongf)len;
	if (uncompress((Bytef *)to->data + to->len, &room, content.at,
		       (uLong)(content.end - content.at)) != Z_OK ||
	    room != len)
		return damaged(r, "compression");
	to->len += len;
	return SNAP_ITEM_ENTRY;
}

static enum snap_item add_facts(struct snap_reader *r, struct bytes in)
{
	r->fact_bytes += (uint64_t)(in.end - in.at);
	if (r->fact_bytes > SNAP_FACTS_MAX)
		return damaged(r, "too many facts");
	while (in.at < in.end) {
		size_t n = r->facts.n, *maps;
		int err = fact_take(&in, &r->facts);

		if (err == -ENOMEM)
			return failed(r, err);
		if (err == -EBADMSG)
			return damaged(r, "fact");
		if (!n && (err || r->facts.list[0].kind != FACT_INFO))
			return damaged(r, "begin");
		if (err || r->facts.list[n].kind != FACT_MAP)
			continue;
		maps = realloc(r->maps, (r->n_maps + 1) * sizeof(*maps));
		if (!maps)
			return failed(r, -ENOMEM);
		r->maps = maps;
		maps[r->n_maps++] = n;
	}
	return SNAP_ITEM_ENTRY;
}

static enum snap_item take_facts(struct snap_reader *r, struct bytes content)
{
	struct buf raw = {};
	enum snap_item item = inflate_block(r, content, &raw);

	if (item == SNAP_ITEM_ENTRY)
		item = add_facts(r, (struct bytes){ (uint8_t *)raw.data,
						    (uint8_t *)raw.data + raw.len });
	buf_fini(&raw);
	return item;
}

static enum snap_item take_entries(struct snap_reader *r, struct bytes content)
{
	struct buf raw = {};
	enum snap_item item;
	struct bytes rest = {};
	uint64_t number = 0;

	if (r->at) {
		memmove(r->data.data, r->data.data + r->at, r->data.len - r->at);
		r->data.len -= r->at;
		r->at = 0;
	}
	item = inflate_block(r, content, &raw);
	if (item == SNAP_ITEM_ENTRY)
		rest = (struct bytes){ (uint8_t *)raw.data, (uint8_t *)raw.data + raw.len };
	if (item == SNAP_ITEM_ENTRY && !get_number(&rest, &number))
		item = damaged(r, "number of a map");
	if (item == SNAP_ITEM_ENTRY)
		item = begin_map(r, number);
	if (item == SNAP_ITEM_ENTRY)
		buf_bytes(&r->data, rest.at, (size_t)(rest.end - rest.at));
	buf_fini(&raw);
	return r->data.failed ? failed(r, -ENOMEM) : item;
}

static enum snap_item take_end(struct snap_reader *r, struct bytes content)
{
	struct buf raw = {};
	enum snap_item item = inflate_block(r, content, &raw);
	struct bytes rest = {};
	uint64_t blocks = 0;

	if (item == SNAP_ITEM_ENTRY)
		rest = (struct bytes){ (uint8_t *)raw.data, (uint8_t *)raw.data + raw.len };
	if (item == SNAP_ITEM_ENTRY && (!get_number(&rest, &blocks) || blocks != r->blocks))
		item = damaged(r, "blocks are missing");
	buf_fini(&raw);
	if (item != SNAP_ITEM_ENTRY)
		return item;
	if (!r->facts.n)
		return damaged(r, "begin");
	if (r->data.len != r->at)
		return damaged(r, "an entry ends early");
	blocks_drop(&r->in, r->in.block_bytes);
	return blocks_fill(&r->in, 1) > 0 ? damaged(r, "more after the end") : SNAP_ITEM_END;
}

static enum snap_item begin(struct snap_reader *r)
{
	static const char *const what = "not a snapshot of bpfmon: bpfmon snapshot >FILE makes one";
	struct record_head head;
	int ok = blocks_fill(&r->in, sizeof(head));

	if (ok < 0)
		return failed(r, ok);
	if (!ok)
		return r->in.end >= 8 && !memcmp(r->in.data, SNAP_MAGIC, 8) ? cut_off(r) :
									      bad(r, "%s", what);
	memcpy(&head, r->in.data, sizeof(head));
	if (memcmp(head.magic, SNAP_MAGIC, sizeof(head.magic)))
		return bad(r, "%s", what);
	if (head.order == __builtin_bswap32(RECORD_ORDER))
		return bad(r, "made on a machine of the other byte order");
	if (head.order != RECORD_ORDER)
		return damaged(r, "byte order");
	if (head.major != SNAP_MAJOR)
		return bad(r, "in version %u of the format, and this bpfmon reads version %u",
			   head.major, SNAP_MAJOR);
	blocks_drop(&r->in, sizeof(head));
	r->begun = true;
	return SNAP_ITEM_ENTRY;
}

enum snap_item snap_next(struct snap_reader *r, const uint8_t **out, size_t *len)
{
	enum snap_item item = r->begun ? SNAP_ITEM_ENTRY : begin(r);

	while (item == SNAP_ITEM_ENTRY) {
		const char *what = NULL;
		struct bytes content;
		int ok;

		item = entry(r, out, len);
		if (item != SNAP_ITEM_END)
			return item;
		ok = blocks_next(&r->in, &content, &what);
		if (ok <= 0)
			return ok == -EBADMSG ? damaged(r, what) : ok ? failed(r, ok) : cut_off(r);
		if (r->in.head.type == SNAP_END)
			return take_end(r, content);
		r->blocks++;
		item = r->in.head.type == SNAP_FACTS   ? take_facts(r, content) :
		       r->in.head.type == SNAP_ENTRIES ? take_entries(r, content) :
							 SNAP_ITEM_ENTRY;
	}
	return item;
}
