/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values by BTF: each kind in both formats, cut bytes, differences. */
#include "btfvalues.h"

/* ---- kinds ---- */

static void integers(void)
{
	int i16, u128, i8, u24;

	begin();
	i8 = btf__add_int(btf, "signed char", 1, BTF_INT_SIGNED);
	i16 = btf__add_int(btf, "short", 2, BTF_INT_SIGNED);
	u128 = btf__add_int(btf, "unsigned __int128", 16, 0);
	CHECK_STR(json(u8, "\xff", 1), "255");
	CHECK_STR(json(i8, "\xff", 1), "-1");
	CHECK_STR(json(character, "A", 1), "65");
	CHECK_STR(json(u16, "\x01\x02", 2), "513");
	CHECK_STR(json(i16, "\x00\x80", 2), "-32768");
	CHECK_STR(json(u32, "\xff\xff\xff\xff", 4), "4294967295");
	CHECK_STR(json(s32, "\xff\xff\xff\xff", 4), "-1");
	CHECK_STR(json(u64, "\xff\xff\xff\xff\xff\xff\x1f\0", 8), "9007199254740991");
	CHECK_STR(json(u64, "\0\0\0\0\0\0\x20\0", 8), "\"9007199254740992\"");
	CHECK_STR(json(s64, "\x01\0\0\0\0\0\xe0\xff", 8), "-9007199254740991");
	CHECK_STR(json(s64, "\0\0\0\0\0\0\0\x80", 8), "\"-9223372036854775808\"");
	CHECK_STR(text(s64, "\0\0\0\0\0\0\0\x80", 8), "-9223372036854775808");
	CHECK_STR(text(u64, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), "18446744073709551615");
	CHECK_STR(json(u128, "\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16),
		  "\"0x20000000000000001\"");
	CHECK_STR(text(u128, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "0x1");
	/* btf__add_int() takes no 3 bytes; 24 bits of 4 there are. */
	u24 = btf__add_int(btf, "odd", 4, 0);
	*(uint32_t *)((struct btf_type *)btf__type_by_id(btf, (uint32_t)u24) + 1) = 24;
	CHECK_STR(json(u24, "\x01\x02\x03\xff", 4), "197121");
}

static void bools_floats_pointers(void)
{
	int boolean, f32, f64, f128, ptr;
	float f = 0.1f;
	double d = -0.1;

	begin();
	boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	f32 = btf__add_float(btf, "float", 4);
	f64 = btf__add_float(btf, "double", 8);
	f128 = btf__add_float(btf, "long double", 16);
	ptr = btf__add_ptr(btf, 0);
	CHECK_STR(json(boolean, "\0", 1), "false");
	CHECK_STR(json(boolean, "\2", 1), "true");
	CHECK_STR(text(boolean, "\1", 1), "true");
	CHECK_STR(json(f32, &f, 4), "0.1");
	CHECK_STR(json(f64, &d, 8), "-0.1");
	d = 1.0 / 3;
	CHECK_STR(text(f64, &d, 8), "0.33333333333333331");
	d = __builtin_inf();
	CHECK_STR(json(f64, &d, 8), "\"inf\"");
	CHECK_STR(text(f64, &d, 8), "inf");
	f = __builtin_nanf("");
	CHECK_STR(json(f32, &f, 4), "\"nan\"");
	CHECK_STR(json(f128, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "\"0x1\"");
	CHECK_STR(json(ptr, "\0\x10\0\0\0\x88\xff\xff", 8), "\"0xffff880000001000\"");
	CHECK_STR(text(ptr, "\0\0\0\0\0\0\0\0", 8), "0x0");
	CHECK_INT(btfval_size(btf, (uint32_t)ptr), 8);
}

/* No value, but types that libbpf takes the size of a pointer from. */
static void pointers_have_8_bytes(void)
{
	int ptr;

	begin();
	btf__free(btf);
	btf = btf__new_empty();
	btf__add_int(btf, "long", 4, BTF_INT_SIGNED);
	ptr = btf__add_ptr(btf, 1);
	CHECK_INT(btfval_size(btf, (uint32_t)ptr), 8);
	CHECK_STR(json(ptr, "\1\0\0\0\1\0\0\0", 8), "\"0x100000001\"");
}

static void typedefs(void)
{
	int t;

	begin();
	t = btf__add_const(btf, btf__add_volatile(btf, btf__add_typedef(btf, "mine", s32)));
	t = btf__add_type_tag(btf, "tag", btf__add_typedef(btf, "outer", t));
	CHECK_STR(json(t, "\xfe\xff\xff\xff", 4), "-2");
	CHECK_INT(btfval_size(btf, (uint32_t)t), 4);
	t = btf__add_restrict(btf, btf__add_ptr(btf, t));
	CHECK_STR(json(t, "\1\0\0\0\0\0\0\0", 8), "\"0x1\"");
}

static void addresses(void)
{
	static const uint8_t v6[16] = { 0xfe, 0x80, [15] = 1 };
	int be16, be32, be64, in6, bytes, s;

	begin();
	bytes = array(u8, 16);
	be16 = btf__add_typedef(btf, "__be16", u16);
	be32 = btf__add_typedef(btf, "addr", btf__add_typedef(btf, "__be32", u32));
	be64 = btf__add_typedef(btf, "__be64", u64);
	CHECK_STR(json(be16, "\x01\xbb", 2), "443");
	CHECK_STR(text(be16, "\x01\xbb", 2), "443");
	CHECK_STR(json(be32, "\x0a\0\0\x01", 4), "167772161");
	CHECK_STR(text(be32, "\x0a\0\0\x01", 4), "167772161 (10.0.0.1)");
	CHECK_STR(json(be64, "\0\0\0\0\0\0\1\2", 8), "258");
	in6 = btf__add_struct(btf, "in6_addr", 16);
	btf__add_field(btf, "bytes", bytes, 0, 0);
	CHECK_STR(json(in6, v6, 16), "\"fe80::1\"");
	CHECK_STR(text(in6, v6, 16), "fe80::1");
	CHECK_STR(json(in6, v6, 15), "");
	s = btf__add_struct(btf, "in_addr", 4);
	btf__add_field(btf, "s_addr", be32, 0, 0);
	CHECK_STR(text(s, "\x7f\0\0\1", 4), "{s_addr: 2130706433 (127.0.0.1)}");
	/* The name alone makes no address. */
	in6 = btf__add_struct(btf, "in6_addr", 4);
	btf__add_field(btf, "a", u32, 0, 0);
	CHECK_STR(json(in6, "\1\0\0\0", 4), "{\"a\":1}");
}

static void enums(void)
{
	int e32, e8, e64, s64_enum, s;

	begin();
	e32 = btf__add_enum(btf, "e", 4);
	btf__add_enum_value(btf, "ZERO", 0);
	btf__add_enum_value(btf, "ONE", 1);
	btf__add_enum_value(btf, "MINUS", -1);
	CHECK_STR(json(e32, "\1\0\0\0", 4), "\"ONE\"");
	CHECK_STR(text(e32, "\1\0\0\0", 4), "ONE");
	CHECK_STR(json(e32, "\xff\xff\xff\xff", 4), "\"MINUS\"");
	CHECK_STR(json(e32, "\7\0\0\0", 4), "7");
	e8 = btf__add_enum(btf, "small", 1);
	btf__add_enum_value(btf, "HIGH", 200);
	btf__add_enum_value(btf, "LOW", -2);
	CHECK_STR(json(e8, "\xc8", 1), "\"HIGH\"");
	CHECK_STR(json(e8, "\xfe", 1), "\"LOW\"");
	CHECK_STR(json(e8, "\x80", 1), "-128");
	e64 = btf__add_enum64(btf, "big", 8, false);
	btf__add_enum64_value(btf, "TOP", 1ull << 63);
	btf__add_enum64_value(btf, "NEXT", 1ull << 32);
	CHECK_STR(json(e64, "\0\0\0\0\0\0\0\x80", 8), "\"TOP\"");
	CHECK_STR(json(e64, "\0\0\0\0\1\0\0\0", 8), "\"NEXT\"");
	CHECK_STR(json(e64, "\1\0\0\0\1\0\0\0", 8), "4294967297");
	s64_enum = btf__add_enum64(btf, "signed", 8, true);
	CHECK_STR(json(s64_enum, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), "-1");
	s = btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "a", e32, 0, 2);
	btf__add_field(btf, "b", e32, 2, 3);
	CHECK_STR(json(s, "\x1d\0\0\0", 4), "{\"a\":\"ONE\",\"b\":\"MINUS\"}");
}

static void strings(void)
{
	int c8, gcc, rows;

	begin();
	c8 = array(character, 8);
	CHECK_STR(json(c8, "abc\0xyz", 8), "\"abc\"");
	CHECK_STR(json(c8, "abcdefgh", 8), "\"abcdefgh\"");
	CHECK_STR(json(c8, "a\"\\\n\xff\xc3\xa4", 8), "\"a\\\"\\\\\\u000a\\\\xff\xc3\xa4\"");
	CHECK_STR(text(c8, "a\"\\\n\xff\"\"", 8), "\"a\\\"\\\\\\x0a\\xff\\\"\\\"\"");
	CHECK_STR(json(c8, "abcdefgh", 3), "\"abc\"");
	CHECK_STR(text(c8, "abcdefgh", 3), "\"abc\"...");
	CHECK_STR(text(c8, "ab\0defgh", 3), "\"ab\"");
	rows = array(c8, 2);
	CHECK_STR(json(rows, "one\0\0\0\0\0two\0\0\0\0\0", 16), "[\"one\",\"two\"]");
	CHECK_STR(json(array(character, 0), "x", 1), "\"\"");
	CHECK_STR(json(array(u8, 3), "abc", 3), "[97,98,99]");
	gcc = btf__add_int(btf, "unsigned char", 1, BTF_INT_CHAR);
	CHECK_STR(json(array(gcc, 2), "ab", 2), "[97,98]");
}

static void arrays(void)
{
	int grid, none, s;

	begin();
	none = array(u32, 0);
	grid = array(array(array(u8, 2), 1), 3);
	CHECK_STR(json(grid, "\1\2\3\4\5\6", 6), "[[[1,2]],[[3,4]],[[5,6]]]");
	CHECK_STR(text(grid, "\1\2\3\4\5\6", 6), "[[[1, 2]], [[3, 4]], [[5, 6]]]");
	CHECK_INT(btfval_size(btf, (uint32_t)grid), 6);
	s = btf__add_struct(btf, "s", 2);
	btf__add_field(btf, "a", u8, 0, 0);
	btf__add_field(btf, "b", u8, 8, 0);
	btf__add_field(btf, "tail", none, 16, 0);
	CHECK_STR(json(array(s, 2), "\1\2\3\4", 4),
		  "[{\"a\":1,\"b\":2,\"tail\":[]},{\"a\":3,\"b\":4,\"tail\":[]}]");
}

static void structs(void)
{
	int in_union, anon_struct, anon_union, bytes, s;

	begin();
	bytes = array(u8, 4);
	in_union = btf__add_union(btf, "un", 4);
	btf__add_field(btf, "n", u32, 0, 0);
	btf__add_field(btf, "bytes", bytes, 0, 0);
	anon_struct = btf__add_struct(btf, NULL, 2);
	btf__add_field(btf, "x", u8, 0, 0);
	btf__add_field(btf, "y", u8, 8, 0);
	anon_union = btf__add_union(btf, NULL, 2);
	btf__add_field(btf, NULL, anon_struct, 0, 0);
	btf__add_field(btf, "xy", u16, 0, 0);
	s = btf__add_struct(btf, "s", 12);
	btf__add_field(btf, "a", u32, 0, 0);
	btf__add_field(btf, "u", in_union, 32, 0);
	btf__add_field(btf, NULL, anon_union, 64, 0);
	btf__add_field(btf, "z", u16, 80, 0);
	CHECK_STR(
		json(s, "\1\0\0\0\2\0\0\0\3\4\5\0", 12),
		"{\"a\":1,\"u\":{\"n\":2,\"bytes\":[2,0,0,0]},\"x\":3,\"y\":4,\"xy\":1027,\"z\":5}");
	CHECK_STR(text(s, "\1\0\0\0\2\0\0\0\3\4\5\0", 12),
		  "{a: 1, u: {n: 2, bytes: [2, 0, 0, 0]}, x: 3, y: 4, xy: 1027, z: 5}");
	CHECK_STR(json(btf__add_struct(btf, "empty", 0), "", 1), "{}");
}

static void bit_fields(void)
{
	int s, old, six, boolean;

	begin();
	boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	s = btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "a", u32, 0, 3);
	btf__add_field(btf, "b", s32, 3, 7);
	btf__add_field(btf, "on", boolean, 10, 1);
	btf__add_field(btf, "rest", u32, 11, 21);
	/* 5, -3, 1, 0x1aaaaa */
	CHECK_STR(json(s, "\xed\x57\x55\xd5", 4),
		  "{\"a\":5,\"b\":-3,\"on\":true,\"rest\":1747626}");
	/* In bytes that are there in part, too. */
	CHECK_STR(json(s, "\xed\x57", 2), "{\"a\":5,\"b\":-3,\"on\":true}");
	CHECK_STR(text(s, "\xed\x57", 2), "{a: 5, b: -3, on: true, ...}");
	CHECK_STR(diff(s, "\xed\x57\x55\xd5", 4, "\xee\x57\x55\xd5"), "{a: 5, ...}");
	/* The old way: an int of 6 bits from bit 2 on, and no kind_flag. */
	six = btf__add_int(btf, "six", 4, BTF_INT_SIGNED);
	*(uint32_t *)((struct btf_type *)btf__type_by_id(btf, (uint32_t)six) + 1) =
		BTF_INT_SIGNED << 24 | 2 << 16 | 6;
	old = btf__add_struct(btf, "old", 8);
	btf__add_field(btf, "c", six, 0, 0);
	btf__add_field(btf, "d", six, 8, 0);
	move_member(old, 1, 6);
	CHECK_STR(json(old, "\xfc\x01\0\0\0\0\0\0", 8), "{\"c\":-1,\"d\":1}");
}

static void kernel_internals(void)
{
	int timer, opaque, s, other;

	begin();
	opaque = array(u64, 2);
	timer = btf__add_struct(btf, "bpf_timer", 16);
	btf__add_field(btf, "__opaque", opaque, 0, 0);
	s = btf__add_struct(btf, "s", 20);
	btf__add_field(btf, "t", timer, 0, 0);
	btf__add_field(btf, "n", u32, 128, 0);
	CHECK_STR(json(s, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 20),
		  "{\"t\":\"<bpf_timer>\",\"n\":1}");
	CHECK_STR(text(s, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 20),
		  "{t: <bpf_timer>, n: 1}");
	other = btf__add_struct(btf, "bpf_other", 4);
	btf__add_field(btf, "n", u32, 0, 0);
	CHECK_STR(json(other, "\1\0\0\0", 4), "{\"n\":1}");
}

static void sections(void)
{
	int first, second, section;

	begin();
	first = btf__add_var(btf, "counter", BTF_VAR_GLOBAL_ALLOCATED, u64);
	second = btf__add_var(btf, "name", BTF_VAR_STATIC, array(character, 4));
	section = btf__add_datasec(btf, ".bss", 12);
	btf__add_datasec_var_info(btf, first, 0, 8);
	btf__add_datasec_var_info(btf, second, 8, 4);
	CHECK_STR(json(section, "\5\0\0\0\0\0\0\0abc", 12), "{\"counter\":5,\"name\":\"abc\"}");
	CHECK_STR(diff(section, "\5\0\0\0\0\0\0\0abc", 12, "\4\0\0\0\0\0\0\0abc"),
		  "{counter: 5, ...}");
}

static void no_values(void)
{
	int fwd, func;

	begin();
	fwd = btf__add_fwd(btf, "f", BTF_FWD_STRUCT);
	func = btf__add_func_proto(btf, 0);
	CHECK_STR(json(0, "abcd", 4), "");
	CHECK_STR(json(1000, "abcd", 4), "");
	CHECK_STR(json(fwd, "abcd", 4), "");
	CHECK_STR(json(func, "abcd", 4), "");
	CHECK_STR(json(array(fwd, 4), "abcd", 4), "");
	CHECK_STR(json(u32, "", 0), "");
	CHECK_STR(json(u32, "abc", 3), "");
	CHECK_INT(btfval_size(btf, (uint32_t)fwd), 0);
	CHECK_INT(btfval_size(btf, 0), 0);
	CHECK_INT(btfval_size(btf, 1000), 0);
	CHECK(!btfval_json(&b, NULL, btf, (uint32_t)u32, NULL, 0));
}

/* ---- where the value goes ---- */

static void stands_in_its_line(void)
{
	begin();
	json_open(&b, NULL, '{');
	CHECK(btfval_json(&b, "first", btf, (uint32_t)u8, (const uint8_t *)"\1", 1));
	CHECK(!btfval_json(&b, "none", btf, 0, (const uint8_t *)"\1", 1));
	CHECK(btfval_json(&b, "second", btf, (uint32_t)array(u8, 2), (const uint8_t *)"\1\2", 2));
	json_close(&b, '}');
	CHECK_STR(take(true), "{\"first\":1,\"second\":[1,2]}");
	/* The bytes behind the type are padding. */
	CHECK_STR(json(u8, "\1\2\3", 3), "1");
}

/* ---- cut and different ---- */

static int make_mixed(void)
{
	int inner, list, word, s;

	begin();
	list = array(u16, 2);
	word = array(character, 4);
	inner = btf__add_struct(btf, "inner", 4);
	btf__add_field(btf, "p", u16, 0, 0);
	btf__add_field(btf, "q", u16, 16, 0);
	s = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "a", u32, 0, 0);
	btf__add_field(btf, "in", inner, 32, 0);
	btf__add_field(btf, "list", list, 64, 0);
	btf__add_field(btf, "s", word, 96, 0);
	return s;
}

static void cut_bytes(void)
{
	static const char data[] = "\1\0\0\0\2\0\3\0\4\0\5\0abc";
	int s = make_mixed();

	CHECK_STR(json(s, data, 16),
		  "{\"a\":1,\"in\":{\"p\":2,\"q\":3},\"list\":[4,5],\"s\":\"abc\"}");
	CHECK_STR(json(s, data, 14),
		  "{\"a\":1,\"in\":{\"p\":2,\"q\":3},\"list\":[4,5],\"s\":\"ab\"}");
	CHECK_STR(json(s, data, 12), "{\"a\":1,\"in\":{\"p\":2,\"q\":3},\"list\":[4,5]}");
	CHECK_STR(json(s, data, 11), "{\"a\":1,\"in\":{\"p\":2,\"q\":3},\"list\":[4]}");
	CHECK_STR(json(s, data, 9), "{\"a\":1,\"in\":{\"p\":2,\"q\":3},\"list\":[]}");
	CHECK_STR(json(s, data, 7), "{\"a\":1,\"in\":{\"p\":2}}");
	CHECK_STR(json(s, data, 3), "{}");
	CHECK_STR(text(s, data, 11), "{a: 1, in: {p: 2, q: 3}, list: [4, ...], ...}");
	CHECK_STR(text(s, data, 7), "{a: 1, in: {p: 2, ...}, ...}");
	CHECK_STR(text(s, data, 3), "{...}");
}

static void differences(void)
{
	static const char now[] = "\1\0\0\0\2\0\3\0\4\0\5\0abc",
			  before[] = "\1\0\0\0\2\0\7\0\4\0\6\0abd";
	int s = make_mixed(), grid;

	CHECK_STR(diff(s, now, 16, before),
		  "{in: {q: 3, ...}, list: {[1]: 5, ...}, s: \"abc\", ...}");
	CHECK_STR(diff(s, now, 12, before), "{in: {q: 3, ...}, list: {[1]: 5, ...}, ...}");
	CHECK_STR(diff(s, now, 16, now), "{...}");
	CHECK_STR(diff(s, now, 16, "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7"),
		  "{a: 1, in: {p: 2, q: 3}, list: {[0]: 4, [1]: 5}, s: \"abc\"}");
	/* The value itself is always said. */
	CHECK_STR(diff(u32, "\1\0\0\0", 4, "\1\0\0\0"), "1");
	grid = array(array(u8, 2), 2);
	CHECK_STR(diff(grid, "\1\2\3\4", 4, "\1\2\3\5"), "{[1]: {[1]: 4, ...}, ...}");
}

int main(void)
{
	RUN(integers);
	RUN(bools_floats_pointers);
	RUN(pointers_have_8_bytes);
	RUN(typedefs);
	RUN(addresses);
	RUN(enums);
	RUN(strings);
	RUN(arrays);
	RUN(structs);
	RUN(bit_fields);
	RUN(kernel_internals);
	RUN(sections);
	RUN(no_values);
	RUN(stands_in_its_line);
	RUN(cut_bytes);
	RUN(differences);
	btf__free(btf);
	buf_fini(&b);
	return TEST_STATUS();
}
