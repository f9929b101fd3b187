/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The writers of decoded values: each knows how its kind of value looks in JSON and in text. */
#include "btf/btfval_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the kernel lets a name have, __btf_name_valid(), without what Rust's types add to it. */
static bool is_name_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '$' || c == '-';
}

uint32_t btfval_clean(char out[BTFVAL_NAME], const char *name)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */
	size_t i;

	for (i = 0; name[i] && i < BTFVAL_NAME - 1; i++) {
		out[i] = is_name_char((unsigned char)name[i]) ? name[i] : '?';
		hash = (hash ^ (unsigned char)out[i]) * 16777619u;
	}
	out[i] = '\0';
	return hash;
}

static void text_name(struct btfval_walk *w)
{
	if (w->comma)
		buf_str(w->b, ", ");
	w->comma = true;
	if (w->name) {
		buf_str(w->b, w->name);
		buf_str(w->b, ": ");
	}
}

void btfval_open(struct btfval_walk *w, char bracket)
{
	if (w->json) {
		json_open(w->b, w->name, bracket);
		return;
	}
	text_name(w);
	buf_bytes(w->b, &bracket, 1);
	w->comma = false;
}

void btfval_close(struct btfval_walk *w, char bracket)
{
	if (w->json) {
		json_close(w->b, bracket);
		return;
	}
	if (w->left_out)
		buf_str(w->b, w->comma ? ", ..." : "...");
	buf_bytes(w->b, &bracket, 1);
	w->comma = true;
}

void btfval_put_u64(struct btfval_walk *w, uint64_t value)
{
	if (w->json) {
		json_u64(w->b, w->name, value);
		return;
	}
	text_name(w);
	buf_u64(w->b, value);
}

void btfval_put_i64(struct btfval_walk *w, int64_t value)
{
	if (w->json) {
		json_i64(w->b, w->name, value);
		return;
	}
	text_name(w);
	buf_printf(w->b, "%lld", (long long)value);
}

void btfval_put_bool(struct btfval_walk *w, bool value)
{
	if (w->json)
		json_bool(w->b, w->name, value);
	else
		btfval_put_word(w, value ? "true" : "false");
}

/* JSON has no word for what is no number. */
static void put_digits(struct btfval_walk *w, const char *digits, bool finite)
{
	if (w->json && finite)
		json_number(w->b, w->name, digits);
	else
		btfval_put_word(w, digits);
}

/* As few digits as give the same number again, of two lengths: 0.1, not 0.10000000000000001. */
void btfval_put_float(struct btfval_walk *w, float value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", (double)value);
	if (strtof(text, NULL) != value)
		snprintf(text, sizeof(text), "%.9g", (double)value);
	put_digits(w, text, __builtin_isfinite(value));
}

void btfval_put_double(struct btfval_walk *w, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	put_digits(w, text, __builtin_isfinite(value));
}

void btfval_put_0x(struct btfval_walk *w, const uint64_t value[2])
{
	char text[40];

	if (value[1])
		snprintf(text, sizeof(text), "0x%llx%016llx", (unsigned long long)value[1],
			 (unsigned long long)value[0]);
	else
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value[0]);
	btfval_put_word(w, text);
}

/* It may be an address or not: a person sees which, a program wants the number. */
void btfval_put_be32(struct btfval_walk *w, uint32_t value)
{
	btfval_put_u64(w, value);
	if (!w->json)
		buf_printf(w->b, " (%u.%u.%u.%u)", value >> 24, value >> 16 & 255, value >> 8 & 255,
			   value & 255);
}

void btfval_put_string(struct btfval_walk *w, const char *s, size_t len, bool cut)
{
	size_t end = strnlen(s, len), n;

	if (w->json) {
		json_bytes(w->b, w->name, s, end);
		return;
	}
	text_name(w);
	buf_str(w->b, "\"");
	for (size_t i = 0; i < end; i += n + 1) {
		/* buf_safe() leaves quotes, and the string would end where it likes. */
		for (n = 0; i + n < end && s[i + n] != '"';)
			n++;
		buf_safe(w->b, s + i, n);
		if (i + n < end)
			buf_str(w->b, "\\\"");
	}
	buf_str(w->b, cut && end == len ? "\"..." : "\"");
}

void btfval_put_word(struct btfval_walk *w, const char *word)
{
	if (w->json) {
		json_string(w->b, w->name, word);
		return;
	}
	text_name(w);
	buf_str(w->b, word);
}
