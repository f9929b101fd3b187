/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which members or variables of a value changed. */
#include "btfvalues.h"

static const char *changed(int type, const void *data, size_t len, const void *old)
{
	uint8_t *copy = exact(data, len), *old_copy = exact(old, len);
	bool ok = btfval_changed(&b, NULL, btf, (uint32_t)type, copy, len, old_copy);

	free(copy);
	free(old_copy);
	return take(ok);
}

static void members(void)
{
	int pair, type;

	begin();
	pair = btf__add_struct(btf, "pair", 8);
	btf__add_field(btf, "a", u32, 0, 0);
	btf__add_field(btf, "b", u32, 32, 0);
	type = btf__add_struct(btf, "s", 16);
	btf__add_field(btf, "first", u32, 0, 0);
	btf__add_field(btf, "", pair, 32, 0);
	btf__add_field(btf, "last", u16, 96, 0);
	CHECK_STR(changed(type, "AAAABBBBCCCCDDDD", 16, "AAAABBBBCCCCDDDD"), "[]");
	CHECK_STR(changed(type, "AAA.BBBBCCCCDDDD", 16, "AAAABBBBCCCCDDDD"), "[\"first\"]");
	CHECK_STR(changed(type, "AAAABBBBCC.CDDDD", 16, "AAAABBBBCCCCDDDD"), "[\"b\"]");
	CHECK_STR(changed(type, ".AAAB.BB.CCC.DDD", 16, "AAAABBBBCCCCDDDD"),
		  "[\"first\",\"a\",\"b\",\"last\"]");
	/* Padding has no name. */
	CHECK_STR(changed(type, "AAAABBBBCCCCDD..", 16, "AAAABBBBCCCCDDDD"), "[]");
	/* As far as there are bytes. */
	CHECK_STR(changed(type, ".AAAB.B", 7, "AAAABBB"), "[\"first\"]");
}

static void nested(void)
{
	int pair, list, type;

	begin();
	pair = btf__add_struct(btf, "pair", 2);
	btf__add_field(btf, "a", u8, 0, 0);
	btf__add_field(btf, "b", u8, 8, 0);
	list = array(pair, 2);
	type = btf__add_struct(btf, "s", 6);
	btf__add_field(btf, "pairs", list, 0, 0);
	btf__add_field(btf, "pair", pair, 32, 0);
	CHECK_STR(changed(type, "abc.ef", 6, "abcdef"), "[\"pairs\"]");
	CHECK_STR(changed(type, "abcde.", 6, "abcdef"), "[\"pair\"]");
	/* An array that is cut changed, if its beginning did. */
	CHECK_STR(changed(type, ".b", 2, "ab"), "[\"pairs\"]");
	CHECK_STR(changed(type, "ab", 2, "ab"), "[]");
}

static void bit_fields(void)
{
	int type;

	begin();
	type = btf__add_struct(btf, "s", 4);
	btf__add_field(btf, "a", u32, 0, 3);
	btf__add_field(btf, "b", u32, 3, 9);
	btf__add_field(btf, "c", u32, 12, 20);
	CHECK_STR(changed(type, "\x0f\0\0\0", 4, "\x07\0\0\0"), "[\"b\"]");
	CHECK_STR(changed(type, "\x0f\0\0\x80", 4, "\x0e\0\0\0"), "[\"a\",\"c\"]");
}

static void variables(void)
{
	int a, c, section;

	begin();
	a = btf__add_var(btf, "enabled", BTF_VAR_GLOBAL_ALLOCATED, u32);
	c = btf__add_var(btf, "seen", BTF_VAR_STATIC, u64);
	section = btf__add_datasec(btf, ".bss", 16);
	btf__add_datasec_var_info(btf, a, 0, 4);
	btf__add_datasec_var_info(btf, c, 8, 8);
	CHECK_STR(changed(section, "AAAA....BBBBBBBB", 16, "AAAA____BBBBBBB."), "[\"seen\"]");
	CHECK_STR(changed(section, "A.AA....BBBBBBB.", 16, "AAAA____BBBBBBBB"),
		  "[\"enabled\",\"seen\"]");
	CHECK_INT(btfval_changed(&b, "changed", btf, (uint32_t)section, (const uint8_t *)"AAAA", 4,
				 (const uint8_t *)"BBBB"),
		  true);
	CHECK_STR(take(true), "\"changed\":[\"enabled\"]");
}

static void without_members(void)
{
	int in6, lock;

	begin();
	in6 = btf__add_struct(btf, "in6_addr", 16);
	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	CHECK_STR(changed(u32, "aaaa", 4, "bbbb"), "");
	CHECK_STR(changed(array(u8, 4), "aaaa", 4, "bbbb"), "");
	CHECK_STR(changed(in6, "aaaaaaaaaaaaaaaa", 16, "bbbbbbbbbbbbbbbb"), "");
	CHECK_STR(changed(lock, "aaaa", 4, "bbbb"), "");
	CHECK_STR(changed(4711, "aaaa", 4, "bbbb"), "");
	CHECK_STR(changed(in6, "", 0, ""), "");
}

/* As in btfval_json(), whichever of both changed. */
static void same_names(void)
{
	int type;

	begin();
	type = btf__add_struct(btf, "s", 3);
	btf__add_field(btf, "x", u8, 0, 0);
	btf__add_field(btf, "x", u8, 8, 0);
	btf__add_field(btf, "", u8, 16, 0);
	CHECK_STR(json(type, "abc", 3), "{\"x\":97,\"x#2\":98,\"(anon)\":99}");
	CHECK_STR(changed(type, "a.c", 3, "abc"), "[\"x#2\"]");
	CHECK_STR(changed(type, ".bc", 3, "abc"), "[\"x\"]");
	CHECK_STR(changed(type, "ab.", 3, "abc"), "[\"(anon)\"]");
}

int main(void)
{
	RUN(members);
	RUN(nested);
	RUN(bit_fields);
	RUN(variables);
	RUN(without_members);
	RUN(same_names);
	btf__free(btf);
	buf_fini(&b);
	return TEST_STATUS();
}
