/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads JSON (RFC 8259); see jsonread.h. */
#include "lib/jsonread.h"

#include <stdlib.h>
#include <string.h>

struct cursor {
	struct jsonread *j;
	size_t at;
};

void jsonread_fini(struct jsonread *j)
{
	free(j->nodes);
	memset(j, 0, sizeof(*j));
}

/* Its number, or JSONREAD_NODES: no room. */
static uint32_t add(struct jsonread *j, enum jsonread_kind kind, size_t at)
{
	size_t cap = j->cap ? j->cap * 2 : 256;
	struct jsonread_node *nodes;

	if (j->n == JSONREAD_NODES)
		return JSONREAD_NODES;
	if (j->n == j->cap) {
		nodes = realloc(j->nodes, cap * sizeof(*nodes));
		if (!nodes)
			return JSONREAD_NODES;
		j->nodes = nodes;
		j->cap = cap;
	}
	j->nodes[j->n] = (struct jsonread_node){ .kind = kind, .at = (uint32_t)at };
	return (uint32_t)j->n++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->j->len && is_blank(c->j->text[c->at]))
		c->at++;
}

/* Whether that character is next, behind blanks; it is taken then. */
static bool take(struct cursor *c, char want)
{
	skip_blanks(c);
	if (c->at == c->j->len || c->j->text[c->at] != want)
		return false;
	c->at++;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Behind the backslash. */
static bool take_escape(struct cursor *c)
{
	const char *at = c->j->text + c->at;
	size_t left = c->j->len - c->at;

	if (!left)
		return false;
	c->at++;
	if (*at != 'u')
		return *at && strchr("\"\\/bfnrt", *at);
	for (size_t i = 1; i <= 4; i++)
		if (i == left || !is_hex(at[i]))
			return false;
	c->at += 4;
	return true;
}

/* Behind the first quote. */
static bool take_string(struct cursor *c)
{
	uint32_t node = add(c->j, JSONREAD_STRING, c->at);
	size_t start = c->at;

	if (node == JSONREAD_NODES)
		return false;
	while (c->at < c->j->len) {
		unsigned char byte = (unsigned char)c->j->text[c->at++];

		if (byte == '"') {
			c->j->nodes[node].len = (uint32_t)(c->at - 1 - start);
			c->j->nodes[node].next = node + 1;
			return true;
		}
		if (byte < 0x20 || (byte == '\\' && !take_escape(c)))
			return false;
	}
	return false;
}

/* What is like a number counts as one: nothing is computed with it that is not digits. */
static bool take_word(struct cursor *c)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *start = c->j->text + c->at;
	uint32_t node = add(c->j, JSONREAD_WORD, c->at);
	size_t left = c->j->len - c->at, len = 0;

	if (node == JSONREAD_NODES)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (strlen(words[i]) <= left && !memcmp(start, words[i], strlen(words[i])))
			len = strlen(words[i]);
	if (!len && left && (*start == '-' || (*start >= '0' && *start <= '9')))
		while (len < left && start[len] && strchr("+-.0123456789eE", start[len]))
			len++;
	c->j->nodes[node].len = (uint32_t)len;
	c->j->nodes[node].next = node + 1;
	c->at += len;
	return len;
}

static bool take_value(struct cursor *c, unsigned int depth);

/* Behind the bracket. */
static bool take_many(struct cursor *c, enum jsonread_kind kind, unsigned int depth)
{
	char close = kind == JSONREAD_OBJECT ? '}' : ']';
	uint32_t node = add(c->j, kind, c->at);
	bool first = true;

	if (node == JSONREAD_NODES || depth == JSONREAD_DEPTH)
		return false;
	while (!take(c, close)) {
		if (!first && !take(c, ','))
			return false;
		if (kind == JSONREAD_OBJECT && (!take(c, '"') || !take_string(c) || !take(c, ':')))
			return false;
		if (!take_value(c, depth + 1))
			return false;
		first = false;
	}
	c->j->nodes[node].next = (uint32_t)c->j->n;
	return true;
}

static bool take_value(struct cursor *c, unsigned int depth)
{
	if (take(c, '{'))
		return take_many(c, JSONREAD_OBJECT, depth);
	if (take(c, '['))
		return take_many(c, JSONREAD_ARRAY, depth);
	if (take(c, '"'))
		return take_string(c);
	return take_word(c);
}

bool jsonread_parse(struct jsonread *j, const char *text, size_t len)
{
	struct cursor c = { .j = j };

	j->text = text;
	j->len = len;
	j->n = 0;
	if (len < UINT32_MAX && take_value(&c, 0)) {
		skip_blanks(&c);
		if (c.at == len)
			return true;
	}
	j->n = 0;
	return false;
}

uint32_t jsonread_member(const struct jsonread *j, uint32_t object, const char *name)
{
	uint32_t at = object + 1;

	if (object >= j->n || j->nodes[object].kind != JSONREAD_OBJECT)
		return 0;
	while (at < j->nodes[object].next) {
		if (jsonread_is(j, at, name))
			return at + 1;
		at = j->nodes[at + 1].next;
	}
	return 0;
}

bool jsonread_u64(const struct jsonread *j, uint32_t node, uint64_t *out)
{
	const struct jsonread_node *n = &j->nodes[node];
	uint64_t value = 0;

	if (node >= j->n || n->kind < JSONREAD_STRING || !n->len)
		return false;
	for (uint32_t i = 0; i < n->len; i++) {
		char c = j->text[n->at + i];

		if (c < '0' || c > '9' || value > UINT64_MAX / 10 ||
		    value * 10 > UINT64_MAX - (uint64_t)(c - '0'))
			return false;
		value = value * 10 + (uint64_t)(c - '0');
	}
	*out = value;
	return true;
}

bool jsonread_is(const struct jsonread *j, uint32_t node, const char *text)
{
	size_t len = strlen(text);

	return node < j->n && j->nodes[node].kind >= JSONREAD_STRING && j->nodes[node].len == len &&
	       !memcmp(j->text + j->nodes[node].at, text, len);
}

static unsigned int hex4(const char *at)
{
	char digits[5] = { at[0], at[1], at[2], at[3] };

	return (unsigned int)strtoul(digits, NULL, 16);
}

/* \u of anything but ASCII stays as it is written: it is as readable as its bytes in hex. */
static void put_escape(struct buf *b, const char *at)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *letter = strchr(letters, *at);
	char c;

	if (*at == 'u' && hex4(at + 1) > 0x7f) {
		buf_bytes(b, at - 1, 6);
		return;
	}
	c = *at == 'u' ? (char)hex4(at + 1) : means[letter - letters];
	/* In what bpfmon writes a backslash stands before the hex of a byte. */
	if (c && c != '\\')
		buf_safe(b, &c, 1);
	else
		buf_str(b, c ? "\\" : "\\x00");
}

void jsonread_safe(const struct jsonread *j, uint32_t node, struct buf *b)
{
	const struct jsonread_node *n = &j->nodes[node];
	const char *at, *end;

	if (node >= j->n || n->kind < JSONREAD_STRING)
		return;
	at = j->text + n->at;
	end = at + n->len;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));

		buf_safe(b, at, (size_t)((escape ? escape : end) - at));
		if (!escape)
			return;
		put_escape(b, escape + 1);
		at = escape + (escape[1] == 'u' ? 6 : 2);
	}
}
