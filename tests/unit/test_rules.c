/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Matches of rules: fields, operators, lists, and what is wrong with them. */
#include "rules.h"

#include <errno.h>

#include "rules/pattern.h"
#include "situations_btf.h"

static void fields_of_an_update(void)
{
	static const char *const hold[] = {
		"type: map.update",
		"type: [write]",
		"type: {not: map.delete}",
		"via: syscall",
		"result: 0",
		"map.name: config",
		"map.name: 'con*'",
		"map.id: 12",
		"map.type: hash",
		"map.pin: /sys/fs/bpf/b",
		"map.pins: '/sys/*/a'",
		"map.frozen: false",
		"map.creator.comm: sensor",
		"map.creator.exe: '*/sensor'",
		"map.creator.pid: 700",
		"process.pid: 812",
		"process.tid: 813",
		"process.uid: 1000",
		"process.comm: bpftool",
		"process.exe: /usr/sbin/bpftool",
		"process.args: map",
		"process.cgroup: /user.*",
		"key: '01000000'",
		"key: '01 00*'",
		"key.number: 1",
		"value.number: 2",
		"old.number: 3",
		"key.size: 4",
		"existed: true",
		"flip: false",
	};
	struct event e = an_update();

	for (size_t i = 0; i < sizeof(hold) / sizeof(hold[0]); i++) {
		const char *got = fires(hold[i], &e);

		if (strcmp(got, "yes") != 0)
			FAIL("%s: %s", hold[i], got);
	}
}

static void fields_that_differ(void)
{
	static const char *const fail[] = {
		"type: map.delete",
		"via: batch",
		"result: EPERM",
		"map.name: confi",
		"map.name: {equals: 'con*'}",
		"map.id: 13",
		"map.type: array",
		"map.pin: /sys/fs/bpf/c",
		"process.uid: 0",
		"process.args: list",
		"key: '0100000000'",
		"key: '02*'",
		"value.number: 3",
		"existed: false",
		"program.name: '*'",
		"path: '*'",
		"how: id",
		"process.container: '*'",
		"process.exe: {exists: false}",
		"value.btf.mode: 1",
		"alert.rule: x",
	};
	struct event e = an_update();

	for (size_t i = 0; i < sizeof(fail) / sizeof(fail[0]); i++) {
		const char *got = fires(fail[i], &e);

		if (strcmp(got, "no") != 0)
			FAIL("%s: %s", fail[i], got);
	}
}

static void operators(void)
{
	struct event e = an_update();

	CHECK_STR(fires("map.name: [a, config]", &e), "yes");
	CHECK_STR(fires("map.name: {in: [a, b]}", &e), "no");
	CHECK_STR(fires("map.name: {not: [a, b]}", &e), "yes");
	CHECK_STR(fires("map.name: {not: {glob: 'c*'}}", &e), "no");
	CHECK_STR(fires("process.uid: {ge: 1000, lt: 1001}", &e), "yes");
	CHECK_STR(fires("process.uid: {gt: 1000}", &e), "no");
	CHECK_STR(fires("process.uid: {le: 999}", &e), "no");
	CHECK_STR(fires("process.exe: {same_as: map.creator.exe}", &e), "no");
	CHECK_STR(fires("process.exe: {not: {same_as: map.creator.exe}}", &e), "yes");
	CHECK_STR(fires("process.pid: {same_as: process.tid}", &e), "no");
	CHECK_STR(fires("program.id: {exists: false}", &e), "yes");
	/* What is not known is none of those that are named. */
	CHECK_STR(fires("program.name: {not: x}", &e), "yes");
	e.map.facts = NULL;
	CHECK_STR(fires("process.exe: {not: {same_as: map.creator.exe}}", &e), "yes");
}

static void changes(void)
{
	struct event e = an_update();

	CHECK_STR(fires("value: {from: '03000000', to: '02000000'}", &e), "yes");
	CHECK_STR(fires("value.number: {from: 3, to: 2}", &e), "yes");
	CHECK_STR(fires("value.number: {from: 3}", &e), "yes");
	CHECK_STR(fires("value.number: {to: 2}", &e), "yes");
	CHECK_STR(fires("value.number: {from: 2}", &e), "no");
	CHECK_STR(fires("value.number: {to: 4}", &e), "no");
	CHECK_STR(fires("value: {changed: true}", &e), "yes");
	CHECK_STR(fires("value: {changed: false}", &e), "no");
	e.old.data = value_bytes;
	CHECK_STR(fires("value.number: {to: 2}", &e), "no");
	CHECK_STR(fires("value: {changed: true}", &e), "no");
	CHECK_STR(fires("value: {changed: false}", &e), "yes");
	e.old_state = OLD_UNKNOWN;
	CHECK_STR(fires("value: {changed: true}", &e), "no");
	CHECK_STR(fires("value.number: {to: 2}", &e), "no");
}

/* struct rule of situations_btf.h. */
static void members(void)
{
	static const uint8_t value[24] = { 10, 0,   0,	 1,   0,   80, 0, 0, 2, 0, 0,
					   0,  'd', 'r', 'o', 'p', 0,  0, 0, 0, 9 };
	static const uint8_t old[24] = { 10, 0, 0, 1, 0, 80, 0, 0, 1 };
	const struct event_mapinfo info = {
		.btf_id = 7, .btf = situation_btf(), .key_type = TYPE_U32, .value_type = TYPE_RULE
	};
	struct event e = an_update();

	e.map.info = &info;
	e.value = (struct event_bytes){ value, 24, 24 };
	e.old = (struct event_bytes){ old, 24, 24 };
	CHECK_STR(fires("key.btf: 1", &e), "yes");
	CHECK_STR(fires("value.btf.mode: ENFORCE", &e), "yes");
	CHECK_STR(fires("value.btf.mode: 2", &e), "yes");
	CHECK_STR(fires("value.btf.mode: {from: LEARN, to: ENFORCE}", &e), "yes");
	CHECK_STR(fires("value.btf.mode: {from: OFF}", &e), "no");
	CHECK_STR(fires("value.btf.name: 'dr?p'", &e), "yes");
	CHECK_STR(fires("value.btf.port: 80", &e), "yes");
	CHECK_STR(fires("value.btf.source: {ge: 167772161}", &e), "yes");
	CHECK_STR(fires("value.btf.hits: {gt: 8}", &e), "yes");
	CHECK_STR(fires("value.btf.none: {exists: true}", &e), "no");
	CHECK_STR(fires("value.btf.hits.more: {exists: true}", &e), "no");
	/* Cut before it. */
	e.value.len = 20;
	CHECK_STR(fires("value.btf.hits: {exists: true}", &e), "no");
}

static void what_is_wrong(void)
{
	static const struct {
		const char *match, *said;
	} wrong[] = {
		{ "map.nam: x", "unknown field 'map.nam'" },
		{ "type: map.x", "'map.x' is no event type" },
		{ "via: sysc", "'sysc' is no via, one of syscall, " },
		{ "map.type: hsh", "no type of map" },
		{ "map.id: x", "'x' is not a number" },
		{ "flip: 1", "true or false is expected" },
		{ "key: '0'", "two digits a byte" },
		{ "map.name: {is: x}", "unknown operator 'is'" },
		{ "map.name: {lt: 1}", "no number that could be compared" },
		{ "map.id: {lt: x}", "a number is expected" },
		{ "map.name: {}", "no operator" },
		{ "map.name: [[a]]", "a list, one word or number is expected" },
		{ "map.name: $none", "no list 'none'" },
		{ "map.name: {changed: true}", "of value, value.number or value.btf" },
		{ "map.name: {same_as: x}", "unknown field 'x'" },
		{ "map.name: {not: {glob: a, in: b}}", "one is expected" },
		{ "map.name:", "is expected" },
	};
	struct event e = an_update();

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *got = fires(wrong[i].match, &e);

		if (!strstr(got, wrong[i].said) || strncmp(got, "r.yaml:1:", 9) != 0)
			FAIL("%s: \"%s\"", wrong[i].match, got);
	}
}

static void lists(void)
{
	struct event e = an_update();

	CHECK_STR(compile("lists: {good: [x, '*tool']}\n"
			  "rules: [{name: a, severity: low, text: x,\n"
			  "         match: {process.comm: {not: $good}}},\n"
			  "        {name: b, severity: low, text: x,\n"
			  "         match: {process.comm: [y, $good]}}]"),
		  "");
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.rule, "b");
	CHECK(strstr(compile("lists: {good: x}\nrules: []"), "'good' is one word, a list is"));
	CHECK(strstr(compile("lists: {a: []}\nmore: []\nrules: []"), "unknown key 'more'"));
}

static bool globs(const char *glob, const char *text)
{
	return glob_match(glob, strlen(glob), text, strlen(text));
}

static void glob_edges(void)
{
	CHECK(globs("*", ""));
	CHECK(globs("a*b*c", "aXbYbZc"));
	CHECK(!globs("a*b", "abc"));
	CHECK(globs("?", "x"));
	CHECK(!globs("?", ""));
	CHECK(globs("[a-c]x", "bx"));
	CHECK(!globs("[!a-c]x", "bx"));
	CHECK(globs("[]]", "]"));
	CHECK(globs("[", "["));
	CHECK(globs("a[", "a["));
	CHECK(globs("\\*", "*"));
	CHECK(!globs("\\*", "x"));
	CHECK(globs("\\", "\\"));
	CHECK(globs("*/bpf/*", "/sys/fs/bpf/x"));
	CHECK(!globs("", "x"));
}

int main(void)
{
	RUN(fields_of_an_update);
	RUN(fields_that_differ);
	RUN(operators);
	RUN(changes);
	RUN(members);
	RUN(what_is_wrong);
	RUN(lists);
	RUN(glob_edges);
	forget();
	return TEST_STATUS();
}
