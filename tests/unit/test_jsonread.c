/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads JSON: what is taken, what is refused, what is found in it. */
#include "lib/jsonread.h"

#include <stdlib.h>

#include "test.h"

static struct jsonread json;

static bool parses(const char *text)
{
	/* A copy of just its size: what reads behind it is found. */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	bool ok;

	memcpy(copy, text, len);
	ok = jsonread_parse(&json, copy, len);
	free(copy);
	return ok;
}

static void taken(void)
{
	static const char *const good[] = {
		"{}",
		"[]",
		" { } ",
		"0",
		"-1.5e+3",
		"true",
		"null",
		"\"\"",
		"[1,[2,{\"a\":[]}],\"x\"]",
		"{\"a\":1,\"b\":{\"c\":false}}",
		"\"\\u00e9\\n\\\\\\\"\\/\"",
		"\t[ 1 , 2 ]\r\n",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!parses(good[i]))
			FAIL("refused: %s", good[i]);
}

static void refused(void)
{
	static const char *const bad[] = {
		"",	" ",	 "{",	    "[",	 "}",		"[1",	    "[1,",   "[1,]",
		"[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",	 "{\"a\":1,}",	"{a:1}",    "{1:1}", "\"",
		"\"a",	"\"\\",	 "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "tru",   "nul",
		"+1",	"x",	 "{} {}",   "[]]",	 "\"\\u1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parses(bad[i]) || json.n)
			FAIL("taken: %s", bad[i]);
}

static bool nested(unsigned int depth)
{
	char text[2 * JSONREAD_DEPTH + 8];

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return jsonread_parse(&json, text, 2 * (size_t)depth);
}

static void depth(void)
{
	CHECK(nested(JSONREAD_DEPTH));
	CHECK(!nested(JSONREAD_DEPTH + 1));
}

static void many_nodes(void)
{
	size_t n = JSONREAD_NODES - 1;
	char *text = malloc(2 * n + 4);

	text[0] = '[';
	for (size_t i = 0; i < n + 1; i++)
		memcpy(text + 1 + 2 * i, "1,", 2);
	text[2 * n] = ']';
	CHECK(jsonread_parse(&json, text, 2 * n + 1));
	CHECK_INT(json.n, JSONREAD_NODES);
	text[2 * n] = ',';
	text[2 * n + 2] = ']';
	CHECK(!jsonread_parse(&json, text, 2 * n + 3));
	free(text);
}

static void members(void)
{
	static const char text[] =
		"{\"x\":[{\"b\":1}],\"a\":{\"b\":7,\"b\":8},\"s\":\"18446744073709551615\","
		"\"m\":-1,\"o\":18446744073709551616,\"e\":\"\"}";
	uint64_t n = 0;

	CHECK(jsonread_parse(&json, text, strlen(text)));
	/* The first of that name; none in what is inside. */
	CHECK(jsonread_u64(&json, jsonread_member(&json, jsonread_member(&json, 0, "a"), "b"), &n));
	CHECK_INT(n, 7);
	CHECK_INT(jsonread_member(&json, 0, "b"), 0);
	CHECK_INT(jsonread_member(&json, jsonread_member(&json, 0, "x"), "b"), 0);
	CHECK_INT(jsonread_member(&json, (uint32_t)json.n, "b"), 0);
	CHECK(jsonread_u64(&json, jsonread_member(&json, 0, "s"), &n));
	CHECK(n == UINT64_MAX);
	CHECK(!jsonread_u64(&json, jsonread_member(&json, 0, "m"), &n));
	CHECK(!jsonread_u64(&json, jsonread_member(&json, 0, "o"), &n));
	CHECK(!jsonread_u64(&json, jsonread_member(&json, 0, "e"), &n));
	CHECK(!jsonread_u64(&json, jsonread_member(&json, 0, "x"), &n));
	CHECK(!jsonread_u64(&json, (uint32_t)json.n, &n));
	CHECK(jsonread_is(&json, jsonread_member(&json, 0, "m"), "-1"));
	CHECK(!jsonread_is(&json, jsonread_member(&json, 0, "m"), "-"));
}

static void shown(const char *text, const char *want)
{
	struct buf b = { 0 };

	CHECK(jsonread_parse(&json, text, strlen(text)));
	jsonread_safe(&json, 0, &b);
	buf_bytes(&b, "", 1);
	CHECK_STR(b.data, want);
	buf_fini(&b);
}

/* What controls a terminal is nowhere in it. */
static void safe(void)
{
	shown("\"eth0\"", "eth0");
	shown("\"a\\nb\\u001b[2Jc\"", "a\\x0ab\\x1b[2Jc");
	shown("\"\\u0000\\u007f\\u009b\"", "\\x00\\x7f\\u009b");
	shown("\"\xc3\xa9\"", "\\xc3\\xa9");
	shown("\"\\\\xff\\/\\\"\"", "\\xff/\"");
	shown("\"\\u0041\\u202e\"", "A\\u202e");
	shown("[1]", "");
}

int main(void)
{
	RUN(taken);
	RUN(refused);
	RUN(depth);
	RUN(many_nodes);
	RUN(members);
	RUN(safe);
	jsonread_fini(&json);
	return TEST_STATUS();
}
