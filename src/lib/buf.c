/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A growing buffer, with text, hex and JSON writers; see buf.h. */
#include "lib/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 4096;
	char *data;

	if (b->failed)
		return false;
	while (cap < b->len + more)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

/* The common case is three instructions: a line is put together of a hundred pieces. */
static inline bool buf_room(struct buf *b, size_t more)
{
	return (b->len + more <= b->cap && !b->failed) || buf_grow(b, more);
}

void buf_fini(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void buf_bytes(struct buf *b, const void *data, size_t len)
{
	if (!len || !buf_room(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_str(struct buf *b, const char *s)
{
	buf_bytes(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > 0)
		buf_bytes(b, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

#define U64_DIGITS 20

/* Without printf: numbers are most of a line of JSON. */
void buf_u64(struct buf *b, uint64_t value)
{
	char digits[2 * U64_DIGITS] = "";
	size_t at = U64_DIGITS;

	if (!buf_room(b, U64_DIGITS))
		return;
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	/* As many as there may be: a copy of fixed length is no call. */
	memcpy(b->data + b->len, digits + at, U64_DIGITS);
	b->len += U64_DIGITS - at;
}

void buf_hex(struct buf *b, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	if (!buf_room(b, 2 * len))
		return;
	for (size_t i = 0; i < len; i++) {
		b->data[b->len++] = digits[data[i] >> 4];
		b->data[b->len++] = digits[data[i] & 15];
	}
}

void buf_safe(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len && s[i]; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c >= 0x7f || c == '\\')
			buf_printf(b, c == '\\' ? "\\\\" : "\\x%02x", c);
		else
			buf_bytes(b, &c, 1);
	}
}

void buf_pad(struct buf *b, size_t start, size_t width)
{
	do
		buf_bytes(b, " ", 1);
	while (!b->failed && b->len - start < width);
}

/* ---- JSON ---- */

/* Up to 16 bytes without a call: most names have as many. Both halves may be of the same bytes. */
static inline void copy_name(char *to, const char *from, size_t len)
{
	if (len > 16) {
		memcpy(to, from, len);
	} else if (len >= 8) {
		memcpy(to, from, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = from[i];
	}
}

static void json_name(struct buf *b, const char *name)
{
	size_t len = name ? strlen(name) : 0;
	char *at;

	if (!buf_room(b, len + 4))
		return;
	at = b->data + b->len;
	if (b->comma)
		*at++ = ',';
	b->comma = true;
	if (name) {
		*at++ = '"';
		copy_name(at, name, len);
		at += len;
		*at++ = '"';
		*at++ = ':';
	}
	b->len = (size_t)(at - b->data);
}

/* One byte, as often as a bracket or a quote is written. */
static inline void buf_byte(struct buf *b, char byte)
{
	if (buf_room(b, 1))
		b->data[b->len++] = byte;
}

void json_open(struct buf *b, const char *name, char bracket)
{
	json_name(b, name);
	buf_byte(b, bracket);
	b->comma = false;
}

void json_close(struct buf *b, char bracket)
{
	buf_byte(b, bracket);
	b->comma = true;
}

void json_plain(struct buf *b, const char *name, const char *value, size_t len)
{
	json_name(b, name);
	if (!buf_room(b, len + 2))
		return;
	b->data[b->len++] = '"';
	memcpy(b->data + b->len, value, len);
	b->len += len;
	b->data[b->len++] = '"';
}

void json_string(struct buf *b, const char *name, const char *value)
{
	json_bytes(b, name, value, strlen(value));
}

size_t utf8_len(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last, second_min, second_max, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		if (*s < forms[f].first || *s > forms[f].last || forms[f].len > left)
			continue;
		if (s[1] < forms[f].second_min || s[1] > forms[f].second_max)
			return 0;
		for (size_t i = 2; i < forms[f].len; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		return forms[f].len;
	}
	return 0;
}

/* Bytes that stand for themselves in a string of JSON: ASCII but for \0 to \37, ", \ and \177. */
static const bool is_plain[256] = { [0x20 ... 0x21] = true,
				    [0x23 ... 0x5b] = true,
				    [0x5d ... 0x7e] = true };

void json_bytes(struct buf *b, const char *name, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t i = 0, n;

	json_name(b, name);
	buf_byte(b, '"');
	while (i < len && s[i]) {
		/* What needs no escape, in one piece. */
		for (n = i; n < len && is_plain[s[n]];)
			n++;
		buf_bytes(b, s + i, n - i);
		i = n;
		if (i == len || !s[i])
			break;
		if (s[i] == '"' || s[i] == '\\') {
			buf_printf(b, "\\%c", s[i++]);
		} else if (s[i] < 0x20 || s[i] == 0x7f) {
			buf_printf(b, "\\u%04x", s[i++]);
		} else if ((n = utf8_len(s + i, len - i))) {
			buf_bytes(b, s + i, n);
			i += n;
		} else {
			buf_printf(b, "\\\\x%02x", s[i++]);
		}
	}
	buf_byte(b, '"');
}

void json_u64(struct buf *b, const char *name, uint64_t value)
{
	json_name(b, name);
	if (value >= 1ull << 53)
		buf_byte(b, '"');
	buf_u64(b, value);
	if (value >= 1ull << 53)
		buf_byte(b, '"');
}

void json_i64(struct buf *b, const char *name, int64_t value)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	json_name(b, name);
	if (size >= 1ull << 53)
		buf_byte(b, '"');
	if (value < 0)
		buf_byte(b, '-');
	buf_u64(b, size);
	if (size >= 1ull << 53)
		buf_byte(b, '"');
}

void json_number(struct buf *b, const char *name, const char *digits)
{
	json_name(b, name);
	buf_str(b, digits);
}

void json_bool(struct buf *b, const char *name, bool value)
{
	json_name(b, name);
	buf_str(b, value ? "true" : "false");
}

void json_hex(struct buf *b, const char *name, const uint8_t *data, size_t len)
{
	json_name(b, name);
	buf_byte(b, '"');
	buf_hex(b, data, len);
	buf_byte(b, '"');
}
