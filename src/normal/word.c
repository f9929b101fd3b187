/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words of YAML that are patterns of rules; see word.h. */
#include "normal/word.h"

#include <string.h>
#include <strings.h>

#define HEX_RUN 12	/* a word of so many hex digits with a number among them is an id */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Bytes of the character at s; 0: that is none. */
static size_t character(const char *s, size_t left)
{
	return (unsigned char)*s < 0x80 ? 1 : utf8_len((const unsigned char *)s, left);
}

bool word_has_digit(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_digit(text[i]))
			return true;
	return false;
}

bool word_is_utf8(const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = character(text + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

/* ---- what is replaced ---- */

static size_t digits_at(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(text[n]))
		n++;
	return n;
}

/* "9f86d081884c", "550e8400-e29b-41d4-a716-446655440000": its length; 0: none begins here. */
static size_t id_at(const char *text, size_t at, size_t len)
{
	size_t n = 0, hex = 0, digits = 0;

	if (at && is_hex(text[at - 1]))
		return 0;
	for (; at + n < len; n++) {
		char c = text[at + n];

		if (!is_hex(c) && !(c == '-' && n && at + n + 1 < len && is_hex(text[at + n + 1])))
			break;
		hex += is_hex(c);
		digits += is_digit(c);
	}
	return hex >= HEX_RUN && digits ? n : 0;
}

/* Whether the unit whose name begins at `text` is made for one start: systemd.scope(5), systemd-run(1). */
static bool is_transient(const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len;

	return (n > 6 && !memcmp(text + n - 6, ".scope", 6)) || (n > 4 && !memcmp(text, "run-", 4));
}

struct wording {
	const char *text;
	size_t len, at;
	enum word_as as;
	bool transient;		/* the part of the cgroup's path that this is in */
};

/* Puts a pattern for what is at w->at, and steps over it; false: it stands for itself. */
static bool put_numbers(struct buf *b, struct wording *w)
{
	const char *text = w->text + w->at;
	size_t n = digits_at(text, w->len - w->at);

	if (w->as == WORD_CGROUP && (!w->at || text[-1] == '/'))
		w->transient = is_transient(text, w->len - w->at);
	if (w->as == WORD_CGROUP && id_at(w->text, w->at, w->len)) {
		buf_str(b, "[0-9a-f]*");
		w->at += id_at(w->text, w->at, w->len);
		return true;
	}
	if (!n || w->as == WORD_EXACT || (w->as == WORD_CGROUP && !w->transient))
		return false;
	buf_str(b, w->as == WORD_SHAPE ? "[0-9]" : "[0-9]*");
	w->at += w->as == WORD_SHAPE ? 1 : n;
	return true;
}

/* ---- the word ---- */

static uint32_t code_point(const unsigned char *s, size_t n)
{
	uint32_t code = n == 2 ? s[0] & 0x1f : n == 3 ? s[0] & 0x0f : s[0] & 0x07;

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

static void put_one(struct buf *b, struct wording *w)
{
	const unsigned char *s = (const unsigned char *)w->text + w->at;
	size_t n = character(w->text + w->at, w->len - w->at);

	w->at += n ? n : 1;
	if (!n)
		buf_str(b, "[!\\x01-\\x7f]");	/* any byte that is no ASCII */
	else if (n > 1)
		buf_printf(b, "\\U%08x", code_point(s, n));
	else if (*s < 0x20 || *s == 0x7f)
		buf_printf(b, "\\x%02x", *s);
	else if (strchr("*?[\\", *s))
		buf_printf(b, *s == '\\' ? "\\\\\\\\" : "\\\\%c", *s);
	else if (*s == '$' && w->at == 1)
		buf_str(b, "\\\\$");	/* the name of no list */
	else
		buf_printf(b, *s == '"' ? "\\\"" : "%c", *s);
}

/* What no reader of YAML takes for anything else than text. */
static bool is_plain(const char *text, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/0123456789._-";
	static const char *const others[] = { "y",   "n",    "yes",   "no",  "on",
					      "off", "true", "false", "null" };

	for (size_t i = 0; i < len; i++)
		if (!text[i] || !strchr(letters, text[i]))
			return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (len == strlen(others[i]) && !strncasecmp(text, others[i], len))
			return false;
	return len && strchr(letters, text[0]) <= strchr(letters, '/');
}

void word_put(struct buf *b, const char *text, size_t len, enum word_as as)
{
	struct wording w = { .text = text, .len = len, .as = as };
	size_t start = b->len;

	buf_str(b, "\"");
	while (w.at < len)
		if (!put_numbers(b, &w))
			put_one(b, &w);
	/* One without anything to escape needs no quotes. */
	if (!b->failed && is_plain(b->data + start + 1, b->len - start - 1)) {
		memmove(b->data + start, b->data + start + 1, b->len - start - 1);
		b->len--;
		return;
	}
	buf_str(b, "\"");
}
