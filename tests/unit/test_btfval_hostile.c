/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values by BTF that nobody honest makes: outside, without end, too much, badly named. */
#include "btfvalues.h"

static void outside_of_the_struct(void)
{
	int s, nested, big, real;

	begin();
	real = btf__add_float(btf, "float", 4);
	s = btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "a", u32, 16, 0);
	CHECK_STR(json(s, "abcdefgh", 8), "");
	s = btf__add_struct(btf, "far", 4);
	btf__add_field(btf, "a", u32, 0xfffffff8, 0);
	CHECK_STR(json(s, "abcdefgh", 8), "");
	big = btf__add_struct(btf, "big", 8);
	btf__add_field(btf, "a", u64, 0, 0);
	nested = btf__add_struct(btf, "nested", 4);
	btf__add_field(btf, NULL, big, 0, 0);
	CHECK_STR(json(nested, "abcdefgh", 8), "");
	/* Structs and floats of some bits, or not at a byte. */
	s = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "a", big, 0, 0);
	move_member(s, 0, 4);
	CHECK_STR(json(s, "abcdefghabcdefgh", 16), "");
	s = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "a", big, 0, 4);
	CHECK_STR(json(s, "abcdefghabcdefgh", 16), "");
	s = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "a", real, 0, 0);
	move_member(s, 0, 4);
	CHECK_STR(json(s, "abcdefghabcdefgh", 16), "");
	/* More bits than the type has. */
	s = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "a", u8, 0, 9);
	CHECK_STR(json(s, "abcdefghabcdefgh", 16), "");
}

static void without_end(void)
{
	int loop, s, arr, deep, one;

	begin();
	loop = btf__type_cnt(btf);
	loop = btf__add_typedef(btf, "loop", loop);
	CHECK_STR(json(loop, "abcd", 4), "");
	CHECK_INT(btfval_size(btf, (uint32_t)loop), 0);
	s = btf__add_struct(btf, "self", 4);
	btf__add_field(btf, "next", s, 0, 0);
	CHECK_STR(json(s, "abcd", 4), "");
	s = btf__add_struct(btf, "self", 0);
	btf__add_field(btf, NULL, s, 0, 0);
	btf__add_field(btf, NULL, s, 0, 0);
	CHECK_STR(json(s, "abcd", 4), "");
	arr = btf__type_cnt(btf);
	arr = btf__add_array(btf, u32, arr, 1);
	CHECK_STR(json(arr, "abcd", 4), "");
	/* 31 structs in each other are fine, 40 are not. */
	deep = u8;
	for (int i = 0; i < 40; i++) {
		one = btf__add_struct(btf, "deep", 1);
		btf__add_field(btf, "d", deep, 0, 0);
		deep = one;
		if (i == 30)
			CHECK(strncmp(json(deep, "\1", 1), "{\"d\":{\"d\":", 10) == 0);
	}
	CHECK_STR(json(deep, "\1", 1), "");
}

/* A tree of empty structs: 2^31 of them, and nothing to write. */
static void too_much_work(void)
{
	int s = 0, inner = 0;

	begin();
	for (int i = 0; i < 31; i++) {
		s = btf__add_struct(btf, "tree", 0);
		for (int j = 0; inner && j < 2; j++)
			btf__add_field(btf, NULL, inner, 0, 0);
		inner = s;
	}
	CHECK_STR(json(s, "a", 1), "");
	CHECK_STR(text(s, "a", 1), "");
}

static void too_much_text(void)
{
	size_t len = 70000;
	uint8_t *data = calloc(1, len);
	bool ok;
	int empty;

	begin();
	CHECK(data);
	CHECK_STR(json(array(u8, 70000), data, len), "");
	CHECK_STR(json(array(character, 0xffffffff), "ab", 2), "\"ab\"");
	CHECK_STR(json(array(array(u32, 65536), 65536), "abcd", 4), "");
	empty = btf__add_struct(btf, "empty", 0);
	CHECK_STR(json(array(empty, 0xffffffff), "abcd", 4), "[]");
	memset(data, '\n', len);
	ok = btfval_json(&b, NULL, btf, (uint32_t)array(character, 70000), data, len);
	CHECK_STR(take(ok), "");
	ok = btfval_json(&b, NULL, btf, (uint32_t)array(character, 12000), data, 12000);
	CHECK_STR(take(ok), "");
	/* A long array is fine when the string in it is short. */
	data[3] = '\0';
	ok = btfval_text(&b, btf, (uint32_t)array(character, 70000), data, len, NULL);
	CHECK_STR(take(ok), "\"\\x0a\\x0a\\x0a\"");
	free(data);
}

static void bad_names(void)
{
	char name[600], want[700];
	int s, anon, e;

	begin();
	anon = btf__add_struct(btf, NULL, 1);
	btf__add_field(btf, "a", u8, 0, 0);
	s = btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "a\",\"b\n", u8, 0, 0);
	btf__add_field(btf, "a", u8, 8, 0);
	btf__add_field(btf, NULL, anon, 16, 0);
	btf__add_field(btf, NULL, u8, 24, 0);
	btf__add_field(btf, NULL, u8, 24, 0);
	CHECK_STR(json(s, "\1\2\3\4", 4),
		  "{\"a???b?\":1,\"a\":2,\"a#3\":3,\"(anon)\":4,\"(anon)#5\":4}");
	CHECK_STR(text(s, "\1\2\3\4", 4), "{a???b?: 1, a: 2, a#3: 3, (anon): 4, (anon)#5: 4}");
	/* The same name again in another object is no second one. */
	CHECK_STR(json(array(anon, 3), "\1\2\3", 3), "[{\"a\":1},{\"a\":2},{\"a\":3}]");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	s = btf__add_struct(btf, "s", 2);
	btf__add_field(btf, name, u8, 0, 0);
	btf__add_field(btf, name, u8, 8, 0);
	snprintf(want, sizeof(want), "{\"%.255s\":1,\"%.255s#2\":2}", name, name);
	CHECK_STR(json(s, "\1\2", 2), want);
	e = btf__add_enum(btf, "e", 1);
	btf__add_enum_value(btf, "x\"\033y", 1);
	CHECK_STR(json(e, "\1", 1), "\"x??y\"");
	CHECK_STR(text(e, "\1", 1), "x??y");
	/* An offset behind the strings. */
	s = btf__add_struct(btf, "s", 1);
	btf__add_field(btf, "m", u8, 0, 0);
	btf_members(btf__type_by_id(btf, (uint32_t)s))->name_off = 0x7fffffff;
	CHECK_STR(json(s, "\1", 1), "{\"(anon)\":1}");
}

static void many_names(void)
{
	uint8_t data[5000] = { 0 };
	char name[16];
	int s;
	bool ok;

	begin();
	s = btf__add_struct(btf, "s", sizeof(data));
	for (uint32_t i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		btf__add_field(btf, name, u8, 8 * i, 0);
	}
	ok = btfval_json(&b, NULL, btf, (uint32_t)s, data, sizeof(data));
	CHECK(ok);
	b.data[b.len - 1] = '\0';
	CHECK_STR(strrchr(b.data, ','), ",\"m3999\":0");
	CHECK(!memchr(b.data, '#', b.len));
	b.len = 0;
	for (uint32_t i = 4000; i < 5000; i++)
		btf__add_field(btf, "m", u8, 8 * i, 0);
	CHECK_STR(json(s, data, sizeof(data)), "");
}

static void memory_failed(void)
{
	begin();
	b.failed = true;
	CHECK(!btfval_json(&b, NULL, btf, (uint32_t)u8, (const uint8_t *)"\1", 1));
	CHECK_INT(b.len, 0);
	b.failed = false;
}

int main(void)
{
	RUN(outside_of_the_struct);
	RUN(without_end);
	RUN(too_much_work);
	RUN(too_much_text);
	RUN(bad_names);
	RUN(many_names);
	RUN(memory_failed);
	btf__free(btf);
	buf_fini(&b);
	return TEST_STATUS();
}
