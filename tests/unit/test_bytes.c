/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What bytes mean: decoded, a number, or hex; and what of them changed. */
#include "situations_btf.h"

#include "out/out.h"
#include "test.h"

static struct buf b;

static struct event_bytes bytes_of(const void *data, size_t len, size_t size)
{
	return (struct event_bytes){ data, len, size };
}

static const char *taken(void)
{
	static char text[2][512];
	static int turn;
	char *out = text[turn ^= 1];

	snprintf(out, sizeof(text[0]), "%.*s", (int)b.len, b.data ? b.data : "");
	b.len = 0;
	b.comma = false;
	return out;
}

static const char *json(const struct event_map *m, const void *data, size_t len, size_t size)
{
	struct event_bytes bytes = bytes_of(data, len, size);

	out_json_bytes(&b, m, OUT_VALUE, &bytes);
	return taken();
}

static const char *text(const struct event_map *m, const void *data, size_t len, size_t size)
{
	struct event_bytes bytes = bytes_of(data, len, size);

	out_text_bytes(&b, m, OUT_VALUE, &bytes, NULL);
	return taken();
}

static void numbers(void)
{
	struct event_map m = { 0 };

	CHECK_STR(json(&m, "\xff", 1, 1), "\"size\":1,\"hex\":\"ff\",\"number\":255");
	CHECK_STR(json(&m, "\1\2", 2, 2), "\"size\":2,\"hex\":\"0102\",\"number\":513");
	CHECK_STR(json(&m, "\xff\xff\xff\xff", 4, 4),
		  "\"size\":4,\"hex\":\"ffffffff\",\"number\":4294967295");
	CHECK_STR(json(&m, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 8),
		  "\"size\":8,\"hex\":\"ffffffffffffffff\",\"number\":\"18446744073709551615\"");
	CHECK_STR(text(&m, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 8), "18446744073709551615");
	CHECK_STR(text(&m, "\7", 1, 1), "7");
}

static void no_numbers(void)
{
	struct event_map m = { 0 };

	CHECK_STR(json(&m, "abc", 3, 3), "\"size\":3,\"hex\":\"616263\"");
	CHECK_STR(text(&m, "abc", 3, 3), "616263");
	/* A part of one is none. */
	CHECK_STR(json(&m, "abcd", 4, 8), "\"size\":8,\"hex\":\"61626364\",\"truncated\":true");
	CHECK_STR(text(&m, "abcd", 4, 8), "61626364… of 8 bytes");
	CHECK_STR(json(&m, "", 0, 4), "\"size\":4,\"hex\":\"\",\"truncated\":true");
	CHECK_STR(text(&m, "", 0, 4), "… of 4 bytes");
}

static void decoded(void)
{
	struct event_mapinfo info = situation_info(TYPE_MODE, TYPE_HITS);
	struct event_map m = { .info = &info };
	struct event_bytes key = bytes_of("\1\0\0\0", 4, 4);

	CHECK_STR(json(&m, "\1\0\0\0\2\0\0\0", 8, 8),
		  "\"size\":8,\"hex\":\"0100000002000000\",\"btf\":{\"packets\":1,\"bytes\":2}");
	CHECK_STR(text(&m, "\1\0\0\0\2\0\0\0", 8, 8), "{packets: 1, bytes: 2}");
	CHECK_STR(text(&m, "\1\0\0\0\2", 5, 8), "{packets: 1, ...} of 8 bytes");
	out_text_bytes(&b, &m, OUT_KEY, &key, NULL);
	CHECK_STR(taken(), "LEARN");
	out_json_bytes(&b, &m, OUT_KEY, &key);
	CHECK_STR(taken(), "\"size\":4,\"hex\":\"01000000\",\"btf\":\"LEARN\"");
	/* A type that has no values. */
	info.value_type = TYPE_HOSTILE + 1;
	CHECK_STR(text(&m, "\1\0\0\0", 4, 4), "1");
	info = situation_info(0, 0);
	CHECK_STR(text(&m, "\1\0\0\0", 4, 4), "1");
	/* Only the id: no BTF could be read. */
	info = (struct event_mapinfo){ .btf_id = 7 };
	CHECK_STR(text(&m, "\1\0\0\0", 4, 4), "1");
}

static const char *differs(const struct event_map *m, const char *now, const char *old, size_t len)
{
	struct event_bytes value = bytes_of(now, len, 16), before = bytes_of(old, len, 16);

	out_text_bytes(&b, m, OUT_VALUE, &value, &before);
	return taken();
}

static void differences(void)
{
	struct event_mapinfo info = situation_info(0, TYPE_BSS);
	struct event_map m = { .info = &info }, unknown = { 0 };
	static const char now[] = "\1\0\0\0....\2\0\0\0\0\0\0",
			  old[] = "\1\0\0\0----\3\0\0\0\0\0\0";
	struct event_bytes shorter = bytes_of(old, 8, 16), whole = bytes_of(now, 16, 16);

	CHECK_STR(differs(&m, now, old, 16), "{seen: 2, ...}");
	CHECK_STR(differs(&m, old, now, 16), "{seen: 3, ...}");
	CHECK_STR(differs(&m, now, now, 16), "{...}");
	CHECK_STR(differs(&unknown, "aaaa", "bbbb", 4), "61616161… of 16 bytes");
	/* What was before is known in part: all that is now. */
	out_text_bytes(&b, &m, OUT_VALUE, &whole, &shorter);
	CHECK_STR(taken(), "{enabled: 1, seen: 2}");
}

static const char *changed(const struct event_map *m, const char *now, size_t len, const char *old,
			   size_t old_len)
{
	struct event_bytes value = bytes_of(now, len, 16), before = bytes_of(old, old_len, 16);

	out_json_changed(&b, m, &value, &before);
	return taken();
}

static void changes(void)
{
	struct event_mapinfo info = situation_info(0, TYPE_BSS);
	struct event_map m = { .info = &info }, unknown = { 0 };
	static const char now[] = "\1\0\0\0....\2\0\0\0\0\0\0",
			  old[] = "\1\0\0\0----\3\0\0\0\0\0\0";

	CHECK_STR(changed(&m, now, 16, old, 16), "\"changed\":[\"seen\"]");
	CHECK_STR(changed(&m, now, 16, now, 16), "\"changed\":[]");
	CHECK_STR(changed(&m, now, 8, old, 8), "\"changed\":[]");
	CHECK_STR(changed(&m, now, 16, old, 8), "");
	CHECK_STR(changed(&unknown, now, 16, old, 16), "");
	info.value_type = TYPE_U64;
	CHECK_STR(changed(&m, now, 8, old, 8), "");
}

int main(void)
{
	RUN(numbers);
	RUN(no_numbers);
	RUN(decoded);
	RUN(differences);
	RUN(changes);
	buf_fini(&b);
	return TEST_STATUS();
}
