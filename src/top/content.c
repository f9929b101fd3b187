/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The content of a map into the model; see content.h. */
#include "top/content.h"

#include <string.h>

#include "top/value.h"

struct reading {
	struct jsonread json;
	struct buf key, value;
};

static const char *bytes_of(const struct jsonread *j, uint32_t node, struct buf *b)
{
	b->len = 0;
	top_bytes(j, node, b);
	buf_bytes(b, "", 1);
	return b->failed ? "" : b->data;
}

static const char *word_of(const struct jsonread *j, uint32_t node, struct buf *b)
{
	b->len = 0;
	jsonread_safe(j, node, b);
	buf_bytes(b, "", 1);
	return b->failed ? "" : b->data;
}

static void put_entry(struct reading *r, struct top_detail *d, uint32_t entry)
{
	const struct jsonread *j = &r->json;
	uint32_t value = jsonread_member(j, entry, "value");
	const char *key = bytes_of(j, jsonread_member(j, entry, "key"), &r->key);

	/* One that can't be read has an error in its place. */
	top_read(d, key,
		 value ? bytes_of(j, value, &r->value) :
			 word_of(j, jsonread_member(j, entry, "value_error"), &r->value));
}

static void put_entries(struct reading *r, struct top_detail *d, uint64_t now_ns)
{
	const struct jsonread *j = &r->json;
	uint32_t entries = jsonread_member(j, 0, "entries");
	uint64_t left_out = 0;

	if (!entries || j->nodes[entries].kind != JSONREAD_ARRAY)
		return;
	top_read_begin(d, now_ns);
	for (uint32_t at = entries + 1; at < j->nodes[entries].next; at = j->nodes[at].next)
		put_entry(r, d, at);
	if (jsonread_u64(j, jsonread_member(j, 0, "left_out"), &left_out))
		d->left_out += left_out;
	top_copy(d->none, sizeof(d->none),
		 word_of(j, jsonread_member(j, 0, "no_entries"), &r->key));
}

bool top_content(struct top *t, uint32_t id, const char *text, size_t len)
{
	const struct top_map *m = top_find(t, id);
	struct reading r = { .json = { 0 } };
	bool good;

	good = m && m->detail && jsonread_parse(&r.json, text, len);
	if (good)
		put_entries(&r, m->detail, t->now_ns);
	jsonread_fini(&r.json);
	buf_fini(&r.key);
	buf_fini(&r.value);
	return good;
}
