/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which events a user asked for: good and bad words, and what passes. */
#include "filter.h"

#include <errno.h>
#include <fnmatch.h>

#include "test.h"

static struct filter f;
static char why[256];

static const char comm[EVENT_NAME_BYTES] = "bpftool";
static const char name[EVENT_NAME_BYTES] = "config";

static struct event event(enum event_type type)
{
	return (struct event){
		.type = type,
		.task = { .pid = 812, .tid = 813, .comm = comm },
		.map = { .id = 12, .known = true, .name = name },
	};
}

static bool passes(enum event_type type)
{
	struct event e = event(type);

	return filter_event(&f, &e);
}

static bool update_passes(void)
{
	return passes(EVENT_MAP_UPDATE);
}

static void start(void)
{
	filter_init(&f);
	why[0] = '\0';
}

static int map(const char *word)
{
	return filter_add_map(&f.only, word, why, sizeof(why));
}

static int except(const char *words)
{
	static char buffer[256];

	snprintf(buffer, sizeof(buffer), "%s", words);
	return filter_add_except(&f, buffer, why, sizeof(why));
}

static int types(const char *words)
{
	static char buffer[256];

	snprintf(buffer, sizeof(buffer), "%s", words);
	return filter_set_types(&f, buffer, why, sizeof(why));
}

static void empty_passes_all(void)
{
	start();
	for (int t = 0; t < EVENT_TYPES; t++)
		CHECK(passes((enum event_type)t) == (t != EVENT_MAP_LOOKUP));
	CHECK(!filter_reads(&f));
	CHECK_INT(types("read,open"), 0);
	CHECK(filter_reads(&f) && passes(EVENT_MAP_LOOKUP) && passes(EVENT_MAP_MMAP));
	CHECK(!passes(EVENT_MAP_UPDATE));
	start();
	CHECK_INT(types("fs.change"), 0);
	CHECK(passes(EVENT_FS_CHANGE) && !passes(EVENT_MAP_PIN));
	CHECK_INT(types("change"), 0);
	CHECK(passes(EVENT_MAP_CHANGE) && !passes(EVENT_FS_CHANGE));
	start();
	CHECK_INT(types("alert"), 0);
	CHECK(passes(EVENT_ALERT) && !passes(EVENT_MAP_UPDATE));
	/* Whatever else is asked for: it is about all of it. */
	start();
	CHECK_INT(filter_add_map(&f.only, "none_such", why, sizeof(why)), 0);
	CHECK_INT(filter_add_pid(&f.only, "1", why, sizeof(why)), 0);
	CHECK(passes(EVENT_ALERT) && !passes(EVENT_MAP_UPDATE));
}

/* Of programs and links: by the maps that the program uses, by it, and by the one it replaces. */
static void programs_and_links(void)
{
	static const struct event_used used[] = { { 12, "config" }, { 13, "sixteen_bytes_ab" } };
	struct event e = { .type = EVENT_LINK_UPDATE, .task = { .pid = 812, .comm = "bpftool" } };

	e.run.maps = used;
	e.run.n_maps = 2;
	e.run.program = (struct event_prog){ .id = 31, .name = "on_tick" };
	e.run.old_program = (struct event_prog){ .id = 30, .name = "before" };
	start();
	CHECK(filter_event(&f, &e));
	CHECK_INT(types("prog"), 0);
	CHECK(filter_event(&f, &e) && passes(EVENT_PROG_LOAD) && !passes(EVENT_MAP_CHANGE));
	CHECK_INT(types("link.create,prog.load"), 0);
	CHECK(!filter_event(&f, &e) && passes(EVENT_PROG_LOAD));
	start();
	CHECK_INT(map("13"), 0);
	CHECK(filter_event(&f, &e));
	e.run.n_maps = 1;
	CHECK(!filter_event(&f, &e));
	CHECK_INT(map("conf*"), 0);
	CHECK(filter_event(&f, &e));
	e.run.n_maps = 0;
	CHECK(!filter_event(&f, &e));
	e.run.maps_more = 1; /* it may be among these */
	CHECK(filter_event(&f, &e));
	start();
	CHECK_INT(filter_add_prog(&f.only, "befor?", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	e.type = EVENT_MAP_UPDATE;
	CHECK(!filter_event(&f, &e));
	e.type = EVENT_PROG_DETACH;
	e.run.old_program.id = 0;
	e.run.old_program.name[0] = '\0';
	CHECK(!filter_event(&f, &e));
	CHECK_INT(filter_add_prog(&f.only, "31", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	CHECK_INT(except("prog=on_*"), 0);
	CHECK(!filter_event(&f, &e));
}

/* A change has no actor: who asks for one gets what it is suspected of, and none leaves it out. */
static void changes_have_suspects(void)
{
	const struct event_suspect processes[] = { { .pid = 811, .comm = "other" },
						   { .pid = 812, .comm = "agent" } };
	const struct event_suspect_prog programs[] = { { .id = 31, .name = "on_tick" } };
	struct event e;

	start();
	CHECK(filter_changes(&f) && passes(EVENT_MAP_CHANGE));
	CHECK_INT(except("comm=*,pid=812,prog=*"), 0);
	CHECK(filter_changes(&f) && passes(EVENT_MAP_CHANGE) && !passes(EVENT_MAP_UPDATE));
	start();
	e = event(EVENT_MAP_CHANGE);
	e.task.pid = 0;
	e.suspects = processes;
	e.n_suspects = 1;
	CHECK_INT(filter_add_pid(&f.only, "812", why, sizeof(why)), 0);
	CHECK(filter_changes(&f) && !filter_event(&f, &e));
	e.n_suspects = 2;
	CHECK(filter_event(&f, &e));
	/* others, or anybody, may have done it */
	e.n_suspects = 1;
	e.suspects_cut = true;
	CHECK(filter_event(&f, &e));
	e.suspects_cut = false;
	e.n_suspects = 0;
	CHECK(filter_event(&f, &e));
	e.suspect_progs = programs;
	e.n_suspect_progs = 1;
	CHECK(!filter_event(&f, &e));
	CHECK_INT(filter_add_prog(&f.only, "on_*", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	start();
	CHECK_INT(filter_add_prog(&f.only, "31", why, sizeof(why)), 0);
	CHECK_INT(filter_add_comm(&f.only, "ag*", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	e.n_suspect_progs = 0;
	e.n_suspects = 1;
	CHECK(!filter_event(&f, &e));
	e.n_suspects = 2;
	CHECK(filter_event(&f, &e));
	start();
	CHECK_INT(types("write"), 0);
	CHECK(filter_changes(&f) && passes(EVENT_MAP_CHANGE));
	CHECK_INT(types("open"), 0);
	CHECK(!filter_changes(&f));
}

/* A name against a glob, as fnmatch(3) has it. */
static void names_as_globs(void)
{
	static const char *const globs[] = { "a",    "ab",    "abc",  "a*",   "*",
					     "a?c",  "a[b]c", "a\\*", "a\\b", "[a]bc",
					     "ab*c", "a[bc",  "b",    "?" };
	static const char names[][EVENT_NAME_BYTES] = { "",	"a",	      "ab",
							"abc",	"abcd",	      "a*",
							"a\\*", "b",	      "a[b]c",
							"a[bc", "ab\xc3\xa4", "0123456789abcde" };

	for (size_t g = 0; g < sizeof(globs) / sizeof(*globs); g++) {
		start();
		CHECK_INT(map(globs[g]), 0);
		for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
			struct event e = { .type = EVENT_MAP_UPDATE };

			e.map = (struct event_map){ .id = 12, .known = true, .name = names[n] };
			if (filter_event(&f, &e) != !fnmatch(globs[g], names[n], 0))
				FAIL("%s, %s", globs[g], names[n]);
		}
	}
}

/* A summary passes where what it stands for does; of processes it knows nothing. */
static void summaries_stand_for_writes(void)
{
	static const struct event_prog prog = { .id = 31, .name = "on_tick" };
	struct event e = { .type = EVENT_SUMMARY,
			   .task.comm = "",
			   .map.id = 12,
			   .program = &prog,
			   .summary.of = EVENT_MAP_DELETE };

	start();
	CHECK(filter_event(&f, &e) && !filter_needs_process(&f));
	CHECK_INT(types("update"), 0);
	CHECK(!filter_event(&f, &e));
	CHECK_INT(types("write"), 0);
	CHECK(filter_event(&f, &e));
	CHECK_INT(types("monitor.summary"), 0);
	CHECK(filter_event(&f, &e) && !passes(EVENT_MAP_DELETE));
	start();
	CHECK_INT(except("comm=*,pid=0"), 0);
	CHECK(filter_event(&f, &e) && filter_needs_process(&f));
	CHECK_INT(except("prog=on_*"), 0);
	CHECK(!filter_event(&f, &e));
	start();
	CHECK_INT(filter_add_prog(&f.only, "31", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e) && !filter_needs_process(&f));
	start();
	CHECK_INT(filter_add_comm(&f.only, "*", why, sizeof(why)), 0);
	CHECK(!filter_event(&f, &e) && filter_needs_process(&f));
	start();
	CHECK_INT(map("13"), 0);
	CHECK(!filter_event(&f, &e));
}

static void map_by_id(void)
{
	start();
	CHECK_INT(map("12"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_ID);
	CHECK(update_passes());
	start();
	CHECK_INT(map("4294967295"), 0);
	CHECK(!update_passes());
	CHECK_INT(map("0012"), 0);
	CHECK(update_passes());
}

static void map_by_bad_id(void)
{
	static const char *const words[] = { "0", "000", "4294967296", "99999999999999999999999" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		start();
		if (!map(words[i]) || f.only.n_maps || !strstr(why, words[i]))
			FAIL("'%s' was taken, or refused with '%s'", words[i], why);
	}
	start();
	CHECK(map("") && why[0]);
}

static void map_by_name(void)
{
	start();
	CHECK_INT(map("config"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_NAME);
	CHECK(update_passes());
	start();
	CHECK_INT(map("confi"), 0);
	CHECK(!update_passes());
	start();
	CHECK_INT(map("12x"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_NAME);
	start();
	CHECK_INT(map("-1"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_NAME);
}

static void map_by_glob(void)
{
	static const struct {
		const char *word;
		bool passes;
	} rows[] = {
		{ "*", true },	    { "con*", true },	    { "*fig", true },
		{ "c?nfig", true }, { "[a-c]onfig", true }, { "[!c]onfig", false },
		{ "*x*", false },   { "conf", false },	    { "con\\fig", true },
		{ "[", false },	    { "CONFIG", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start();
		CHECK_INT(map(rows[i].word), 0);
		if (update_passes() != rows[i].passes)
			FAIL("glob '%s'", rows[i].word);
	}
}

/* The kernel keeps 15 bytes of a name: a longer one without wildcards could never match. */
static void name_too_long(void)
{
	start();
	CHECK_INT(map("0123456789abcde"), 0);
	CHECK_INT(map("0123456789abcdef"), -EINVAL);
	CHECK_INT(map("0123456789abcde*"), 0);
	CHECK_INT(filter_add_comm(&f.only, "0123456789abcdef", why, sizeof(why)), -EINVAL);
	CHECK(strstr(why, "15 bytes"));
}

/* Names of 16 bytes have no NUL, and nothing behind them may be read. */
static void name_without_nul(void)
{
	struct {
		char text[16];
	} full;
	struct event e = event(EVENT_MAP_UPDATE);

	memcpy(full.text, "0123456789abcdef", 16);
	e.map.name = full.text;
	e.task.comm = full.text;
	start();
	CHECK_INT(map("0123456789abcde[f]"), 0);
	CHECK_INT(filter_add_comm(&f.only, "*ef", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	start();
	CHECK_INT(map("0123456789abcdef?"), 0);
	CHECK(!filter_event(&f, &e));
	CHECK(filter_map(&f, 12, full.text, 15) == false);
}

static void unknown_map(void)
{
	struct event e = event(EVENT_MAP_OPEN);

	e.map.known = false;
	start();
	CHECK_INT(map("*"), 0);
	CHECK(!filter_event(&f, &e));
	CHECK_INT(map("12"), 0);
	CHECK(filter_event(&f, &e));
	CHECK_INT(except("map=*"), 0);
	CHECK(filter_event(&f, &e));
}

static void map_by_pin(void)
{
	start();
	CHECK_INT(map("/sys/fs/bpf/config"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_PIN);
	CHECK_STR(f.only.maps[0].text, "/sys/fs/bpf/config");
	CHECK(!update_passes());
	f.only.maps[0].id = 12;
	CHECK(update_passes());
	start();
	CHECK_INT(map("./config"), 0);
	CHECK_INT(f.only.maps[0].kind, MATCH_PIN);
}

static void by_pid(void)
{
	static const char *const bad[] = {
		"",   "x",  "-1",	  "+1",		" 1",
		"1 ", "1x", "2147483648", "4294967296", "99999999999999999999"
	};

	start();
	CHECK_INT(filter_add_pid(&f.only, "812", why, sizeof(why)), 0);
	CHECK(update_passes());
	start();
	/* a thread is not a process */
	CHECK_INT(filter_add_pid(&f.only, "813", why, sizeof(why)), 0);
	CHECK(!update_passes());
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start();
		if (!filter_add_pid(&f.only, bad[i], why, sizeof(why)) || f.only.n_pids || !why[0])
			FAIL("'%s' was taken", bad[i]);
	}
	start();
	CHECK_INT(filter_add_pid(&f.only, "2147483647", why, sizeof(why)), 0);
}

static void by_prog(void)
{
	static const struct event_prog prog = { .id = 31, .name = "on_tick" };
	static const struct event_prog cut = { .id = 32,
					       .name = "count_by_tenant",
					       .full_name = "count_by_tenant_and_mode" };
	static const char *const names[] = { "count_by_tenant", "count_by_tenant_and_mode",
					     "*_mode", "count_by_tenant_and_node", "*_node" };
	struct event e = event(EVENT_MAP_UPDATE);

	filter_init(&f);
	CHECK_INT(filter_add_prog(&f.only, "30", why, sizeof(why)), 0);
	e.program = &prog;
	CHECK(!filter_event(&f, &e));
	CHECK_INT(filter_add_prog(&f.only, "31", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	e.program = NULL;
	CHECK(!filter_event(&f, &e));
	/* One of the actors is enough. */
	CHECK_INT(filter_add_pid(&f.only, "812", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	filter_init(&f);
	CHECK_INT(filter_add_prog(&f.except, "on_*", why, sizeof(why)), 0);
	CHECK(filter_event(&f, &e));
	e.program = &prog;
	CHECK(!filter_event(&f, &e));
	/* The kernel's name, and the whole. */
	e.program = &cut;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		filter_init(&f);
		CHECK_INT(filter_add_prog(&f.only, names[i], why, sizeof(why)), 0);
		CHECK_INT(filter_event(&f, &e), i < 3);
	}
	e.program = NULL;
	CHECK(filter_add_prog(&f.only, "", why, sizeof(why)) && why[0]);
	CHECK(filter_add_prog(&f.only, "0", why, sizeof(why)) && why[0]);
	CHECK(filter_add_prog(&f.only, "4294967296", why, sizeof(why)) && why[0]);
}

static void by_comm(void)
{
	start();
	CHECK_INT(filter_add_comm(&f.only, "bpftool", why, sizeof(why)), 0);
	CHECK(update_passes());
	start();
	CHECK_INT(filter_add_comm(&f.only, "bpf", why, sizeof(why)), 0);
	CHECK(!update_passes());
	CHECK_INT(filter_add_comm(&f.only, "bpf*", why, sizeof(why)), 0);
	CHECK(update_passes());
	CHECK(filter_add_comm(&f.only, "", why, sizeof(why)) && why[0]);
}

static void excepted(void)
{
	static const struct {
		const char *words;
		bool passes;
	} rows[] = {
		{ "map=12", false },
		{ "map=13", true },
		{ "map=con*", false },
		{ "pid=812", false },
		{ "pid=1", true },
		{ "comm=bpftool", false },
		{ "comm=x", true },
		{ "map=1,pid=2,comm=b*", false },
		{ "map=1,pid=2,comm=c*", true },
		{ ",map=12,", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start();
		CHECK_INT(except(rows[i].words), 0);
		if (update_passes() != rows[i].passes)
			FAIL("-x %s", rows[i].words);
	}
	/* what is left out stays out when it is also asked for */
	start();
	CHECK_INT(map("12"), 0);
	CHECK_INT(except("map=config"), 0);
	CHECK(!update_passes());
	CHECK(!filter_map(&f, 12, "config", 6));
}

static void excepted_bad(void)
{
	static const char *const words[] = {
		"",	 ",",	  ",,",	   "12",	   "map",     "map=", "pid=",	"comm=",
		"pid=x", "map=0", "Map=1", "map=1,what=2", "map=1,2", "prog", " map=1",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		start();
		if (!except(words[i]) || !why[0])
			FAIL("'%s' was taken", words[i]);
	}
}

static void types_and_groups(void)
{
	start();
	CHECK_INT(types("write"), 0);
	CHECK(passes(EVENT_MAP_UPDATE) && passes(EVENT_MAP_DELETE));
	CHECK(!passes(EVENT_MAP_OPEN) && !passes(EVENT_MAP_CREATE) && !passes(EVENT_MAP_FREE));
	CHECK_INT(types("open"), 0);
	CHECK(passes(EVENT_MAP_OPEN) && !passes(EVENT_MAP_UPDATE));
	CHECK_INT(types("life"), 0);
	CHECK(passes(EVENT_MAP_CREATE) && passes(EVENT_MAP_FREE) && passes(EVENT_MAP_PIN));
	CHECK(passes(EVENT_MAP_FREEZE) && !passes(EVENT_MAP_OPEN));
	CHECK_INT(types("map.delete,open"), 0);
	CHECK(passes(EVENT_MAP_DELETE) && passes(EVENT_MAP_OPEN) && !passes(EVENT_MAP_UPDATE));
	CHECK_INT(types("pin"), 0);
	CHECK(passes(EVENT_MAP_PIN) && !passes(EVENT_MAP_FREEZE));
	CHECK_INT(types("all"), 0);
	for (int t = 0; t < EVENT_TYPES; t++)
		CHECK(passes((enum event_type)t));
}

static void types_bad(void)
{
	static const char *const words[] = {
		"", ",", "nonsense", "write,nonsense", "map.", "map.map.open", "Write", "write open"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		start();
		if (!types(words[i]) || !why[0])
			FAIL("'%s' was taken", words[i]);
		CHECK(update_passes()); /* unchanged */
	}
}

static void lists_are_full(void)
{
	start();
	for (int i = 0; i < FILTER_MAX; i++) {
		CHECK_INT(map("1"), 0);
		CHECK_INT(filter_add_pid(&f.only, "1", why, sizeof(why)), 0);
		CHECK_INT(filter_add_comm(&f.only, "a", why, sizeof(why)), 0);
	}
	CHECK(map("1"));
	CHECK(strstr(why, "64"));
	CHECK(filter_add_pid(&f.only, "1", why, sizeof(why)));
	CHECK(filter_add_comm(&f.only, "a", why, sizeof(why)));
	CHECK_INT(f.only.n_maps, FILTER_MAX);
	CHECK_INT(f.only.n_pids, FILTER_MAX);
	CHECK_INT(f.only.n_comms, FILTER_MAX);
}

/* A message longer than its room is cut, not written past it. */
static void message_is_cut(void)
{
	char small[8], word[300];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	start();
	CHECK(filter_add_pid(&f.only, word, small, sizeof(small)));
	CHECK_STR(small, "'xxxxxx");
	CHECK(filter_set_types(&f, word, small, sizeof(small)));
}

int main(void)
{
	RUN(empty_passes_all);
	RUN(programs_and_links);
	RUN(changes_have_suspects);
	RUN(summaries_stand_for_writes);
	RUN(map_by_id);
	RUN(map_by_bad_id);
	RUN(map_by_name);
	RUN(map_by_glob);
	RUN(name_too_long);
	RUN(name_without_nul);
	RUN(unknown_map);
	RUN(map_by_pin);
	RUN(by_pid);
	RUN(by_comm);
	RUN(by_prog);
	RUN(excepted);
	RUN(excepted_bad);
	RUN(types_and_groups);
	RUN(types_bad);
	RUN(lists_are_full);
	RUN(message_is_cut);
	RUN(names_as_globs);
	return TEST_STATUS();
}
