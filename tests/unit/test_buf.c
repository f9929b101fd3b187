/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The buffer's writers: growth, escapes for terminals and JSON, numbers, padding. */
#include "lib/buf.h"

#include <stdlib.h>

#include "test.h"

static struct buf b;

/* The text so far, and an empty buffer. */
static const char *take(void)
{
	static char text[1024];
	size_t len = b.len < sizeof(text) - 1 ? b.len : sizeof(text) - 1;

	if (len)
		memcpy(text, b.data, len);
	text[len] = '\0';
	buf_fini(&b);
	return text;
}

static const char *as_json(const char *bytes, size_t len)
{
	json_bytes(&b, NULL, bytes, len);
	return take();
}

static const char *as_text(const char *bytes, size_t len)
{
	buf_safe(&b, bytes, len);
	return take();
}

static void buf_grows(void)
{
	for (int i = 0; i < 100000; i++)
		buf_str(&b, "0123456789");
	CHECK(!b.failed);
	CHECK_INT(b.len, 1000000);
	CHECK(!memcmp(b.data + 999990, "0123456789", 10));
	take();
	buf_bytes(&b, NULL, 0);
	CHECK_INT(b.len, 0);
	buf_printf(&b, "%s", "");
	CHECK_STR(take(), "");
}

static void buf_failed_stays(void)
{
	b.failed = true;
	buf_str(&b, "x");
	buf_hex(&b, (const uint8_t *)"x", 1);
	buf_pad(&b, 0, 10);
	json_u64(&b, "n", 1);
	CHECK(b.failed);
	CHECK_INT(b.len, 0);
	take();
}

static void buf_hexes(void)
{
	buf_hex(&b, (const uint8_t *)"\x00\x7f\x80\xff", 4);
	CHECK_STR(take(), "007f80ff");
	buf_hex(&b, NULL, 0);
	CHECK_STR(take(), "");
}

static void buf_pads(void)
{
	buf_str(&b, "ab");
	buf_pad(&b, 0, 5);
	CHECK_STR(take(), "ab   ");
	buf_str(&b, "abcdef");
	buf_pad(&b, 0, 5);
	CHECK_STR(take(), "abcdef ");
	buf_str(&b, "x.ab");
	buf_pad(&b, 2, 4);
	buf_str(&b, "|");
	CHECK_STR(take(), "x.ab  |");
}

static void safe_text(void)
{
	CHECK_STR(as_text("plain", 16), "plain");
	CHECK_STR(as_text("a\0b", 3), "a");
	CHECK_STR(as_text("abcdef", 3), "abc");
	CHECK_STR(as_text("\n\r\t\x1b[31m\x7f", 9), "\\x0a\\x0d\\x09\\x1b[31m\\x7f");
	CHECK_STR(as_text("\\x41", 4), "\\\\x41");
	CHECK_STR(as_text("\xc3\xa4\xff", 3), "\\xc3\\xa4\\xff");
	CHECK_STR(as_text("", 16), "");
}

static void json_escapes(void)
{
	CHECK_STR(as_json("plain", 16), "\"plain\"");
	CHECK_STR(as_json("", 16), "\"\"");
	CHECK_STR(as_json("a\0b", 3), "\"a\"");
	CHECK_STR(as_json("abcdef", 3), "\"abc\"");
	CHECK_STR(as_json("\"\\/", 3), "\"\\\"\\\\/\"");
	CHECK_STR(as_json("\1\n\t\x1b\x1f\x7f", 6),
		  "\"\\u0001\\u000a\\u0009\\u001b\\u001f\\u007f\"");
}

static void json_utf8(void)
{
	static const char *const good[] = {
		"\xc2\x80",	    "\xc3\xa4",		"\xdf\xbf",	    "\xe0\xa0\x80",
		"\xe2\x82\xac",	    "\xed\x9f\xbf",	"\xee\x80\x80",	    "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf0\x9f\x90\x9d", "\xf4\x8f\xbf\xbf",
	};
	char want[16];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(want, sizeof(want), "\"%s\"", good[i]);
		CHECK_STR(as_json(good[i], 16), want);
	}
}

static void json_not_utf8(void)
{
	static const struct {
		const char *bytes, *want;
	} rows[] = {
		{ "\x80", "\"\\\\x80\"" },
		{ "\xff", "\"\\\\xff\"" },
		{ "\xc0\xaf", "\"\\\\xc0\\\\xaf\"" }, /* overlong */
		{ "\xc1\xbf", "\"\\\\xc1\\\\xbf\"" },
		{ "\xe0\x9f\xbf", "\"\\\\xe0\\\\x9f\\\\xbf\"" },
		{ "\xf0\x8f\xbf\xbf", "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\"" },
		{ "\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"" }, /* surrogate */
		{ "\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"" }, /* past U+10FFFF */
		{ "\xf5\x80\x80\x80", "\"\\\\xf5\\\\x80\\\\x80\\\\x80\"" },
		{ "\xc3", "\"\\\\xc3\"" }, /* cut */
		{ "\xe2\x82", "\"\\\\xe2\\\\x82\"" },
		{ "\xf0\x9f\x90", "\"\\\\xf0\\\\x9f\\\\x90\"" },
		{ "\xc3(", "\"\\\\xc3(\"" },
		{ "\xe2\x82(", "\"\\\\xe2\\\\x82(\"" },
		{ "\xf0\x9f\x90(", "\"\\\\xf0\\\\x9f\\\\x90(\"" },
		{ "a\xc3\xa4\xffz", "\"a\xc3\xa4\\\\xffz\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(as_json(rows[i].bytes, 16), rows[i].want);
}

/* A sequence that `len` cuts must not be read past `len`. */
static void json_cut_at_len(void)
{
	static const char text[] = { 'a', (char)0xe2, (char)0x82, (char)0xac };
	char *exact = malloc(3);

	CHECK(exact);
	memcpy(exact, text, 3);
	json_bytes(&b, NULL, exact, 3);
	free(exact);
	CHECK_STR(take(), "\"a\\\\xe2\\\\x82\"");
	CHECK_STR(as_json(text, 4), "\"a\xe2\x82\xac\"");
}

static void json_numbers(void)
{
	json_open(&b, NULL, '{');
	json_u64(&b, "zero", 0);
	json_u64(&b, "below", (1ull << 53) - 1);
	json_u64(&b, "at", 1ull << 53);
	json_u64(&b, "max", UINT64_MAX);
	json_close(&b, '}');
	CHECK_STR(take(), "{\"zero\":0,\"below\":9007199254740991,\"at\":\"9007199254740992\","
			  "\"max\":\"18446744073709551615\"}");
	json_open(&b, NULL, '[');
	json_i64(&b, NULL, -1);
	json_i64(&b, NULL, 1);
	json_i64(&b, NULL, 1 - (1ll << 53));
	json_i64(&b, NULL, -(1ll << 53));
	json_i64(&b, NULL, INT64_MIN);
	json_i64(&b, NULL, INT64_MAX);
	json_number(&b, NULL, "1.5");
	json_close(&b, ']');
	CHECK_STR(take(), "[-1,1,-9007199254740991,\"-9007199254740992\","
			  "\"-9223372036854775808\",\"9223372036854775807\",1.5]");
}

static void json_nesting(void)
{
	json_open(&b, NULL, '{');
	json_open(&b, "empty", '[');
	json_close(&b, ']');
	json_bool(&b, "yes", true);
	json_open(&b, "list", '[');
	json_string(&b, NULL, "a");
	json_open(&b, NULL, '{');
	json_bool(&b, "no", false);
	json_close(&b, '}');
	json_hex(&b, NULL, (const uint8_t *)"\xab", 1);
	json_close(&b, ']');
	json_hex(&b, "none", NULL, 0);
	json_close(&b, '}');
	CHECK_STR(take(), "{\"empty\":[],\"yes\":true,\"list\":[\"a\",{\"no\":false},\"ab\"],"
			  "\"none\":\"\"}");
}

/* A name of any length, also where the buffer has to grow in it. */
static void json_names(void)
{
	char name[4097], want[2 * sizeof(name) + 32];

	for (size_t len = 0; len < sizeof(name); len = len < 40 ? len + 1 : 2 * len) {
		struct buf one = { 0 };

		memset(name, 'n', len);
		name[len] = '\0';
		json_bool(&one, name, true);
		json_plain(&one, name, "word", 4);
		snprintf(want, sizeof(want), "\"%s\":true,\"%s\":\"word\"", name, name);
		CHECK(one.len == strlen(want) && !memcmp(one.data, want, one.len));
		buf_fini(&one);
	}
}

int main(void)
{
	RUN(buf_grows);
	RUN(buf_failed_stays);
	RUN(buf_hexes);
	RUN(buf_pads);
	RUN(safe_text);
	RUN(json_escapes);
	RUN(json_utf8);
	RUN(json_not_utf8);
	RUN(json_cut_at_len);
	RUN(json_numbers);
	RUN(json_nesting);
	RUN(json_names);
	return TEST_STATUS();
}
