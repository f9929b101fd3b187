/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules make of events: alerts, exceptions, windows, limits, many set, reload. */
#include "rules.h"

#include <sys/mman.h>
#include <unistd.h>

#include "record/replay.h"
#include "rules/seen.h"

#define HEAD "- {name: a, severity: high, text: x, match: {type: write}, "

static void an_alert(void)
{
	struct event e = an_update();

	CHECK_STR(
		compile("- name: a\n"
			"  severity: critical\n"
			"  match: {type: write}\n"
			"  mitre: [T1562.001, T1565]\n"
			"  text: '{process.comm} set {map.name} [{key}] to {value}, was {old}, by {program.name}'"),
		"");
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.rule, "a");
	CHECK_STR(alert.reason, "bpftool set config [1] to 2, was 3, by ?");
	CHECK_STR(alert.mitre, "T1562.001,T1565");
	CHECK_INT(alert.severity, SEVERITY_CRITICAL);
	CHECK_INT(alert.seq, 7);
	CHECK_INT(alert.of, 1 + EVENT_MAP_UPDATE);
	CHECK_INT(ruleset_fired(set, 0), 1);
}

/* Of a program that is loaded: it is in the alert; of one that is not known, nothing. */
static void of_a_program(void)
{
	struct event e = { .type = EVENT_PROG_LOAD,
			   .time_ns = NOW_NS,
			   .task = { .comm = "bpftool" },
			   .run = { .program = { .id = 31, .name = "hidden" } } };

	CHECK_STR(
		compile("- {name: a, severity: low, text: '{program.name}', match: {type: prog.load, program.id: 31}}\n"
			"- {name: b, severity: low, text: x, match: {type: link.detach, program.name: {exists: true}}}\n"),
		"");
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.reason, "hidden");
	CHECK_INT(alert.program, 31);
	e = (struct event){ .type = EVENT_LINK_DETACH, .time_ns = NOW_NS };
	CHECK_INT(ask(&e), 0);
}

static void hostile_names(void)
{
	struct event e = an_update();

	CHECK_STR(
		compile("- {name: a, severity: low, match: {}, text: '{process.comm}|{map.name}'}"),
		"");
	e.task.comm = "\033[2J\nsixteen_byte";
	e.map.name = "{map.id}";
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.reason, "\\x1b[2J\\x0asixteen_byt|{map.id}");
}

/* Alerts of rules are not asked, those of bpfmon's own are where a rule names them. */
static void alerts_as_events(void)
{
	struct event e = { .type = EVENT_ALERT,
			   .time_ns = NOW_NS,
			   .alert = {
				   .rule = "traced", .reason = "r", .severity = SEVERITY_HIGH } };

	CHECK_STR(
		compile("- {name: a, severity: low, text: '{alert.reason}', match: {type: alert, alert.rule: traced}}\n"
			"- {name: any, severity: low, text: x, match: {}}\n"),
		"");
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.reason, "r");
	e.alert.of = 1;
	CHECK_INT(ask(&e), 0);
}

/* One that is not written: the rule's alert has its causes. */
static void in_place_of_an_alert(void)
{
	static const struct event_cause causes[] = { { 41 }, { 42 } };
	struct event e = { .type = EVENT_ALERT,
			   .time_ns = NOW_NS,
			   .alert = { .rule = "own-map-touched",
				      .reason = "why",
				      .severity = SEVERITY_HIGH,
				      .causes = causes,
				      .n_causes = 2 } };

	CHECK_STR(compile("- {name: a, severity: low, text: x, match: {type: alert,"
			  " alert.severity: {not: info}}}"),
		  "");
	CHECK(ruleset_event(set, &e, EVENT_SEQ_NONE, take, NULL));
	CHECK_INT(alert.n, 1);
	CHECK_INT(alert.seq, 41);
	CHECK(ruleset_event(set, &e, 7, take, NULL));
	CHECK_INT(alert.seq, 7);
	e.alert.severity = SEVERITY_INFO;
	CHECK(!ruleset_event(set, &e, EVENT_SEQ_NONE, take, NULL));
	CHECK_INT(alert.n, 2);
}

static void either_match(void)
{
	struct event e = an_update();

	CHECK_STR(
		compile("- {name: a, severity: low, text: x, match: [{map.id: 12}, {map.id: {gt: 1}}, {map.id: 1}]}"),
		"");
	CHECK_INT(ask(&e), 1);
	e.map.id = 2;
	CHECK_INT(ask(&e), 1);
	e.map.id = 0;
	CHECK_INT(ask(&e), 0);
}

static void exceptions(void)
{
	struct event e = an_update();

	CHECK_STR(compile(HEAD
			  "exceptions: [{process.uid: 0}, {process.comm: bpftool, map.id: 13}]}"),
		  "");
	CHECK_INT(ask(&e), 1);
	e.map.id = 13;
	CHECK_INT(ask(&e), 0);
	e.task.comm = "other";
	CHECK_INT(ask(&e), 1);
	e.task.uid = 0;
	CHECK_INT(ask(&e), 0);
}

static void a_threshold(void)
{
	struct event e = an_update();

	CHECK_STR(compile(HEAD "threshold: {count: 3, seconds: 10, per: [map.id, process.pid]}}"),
		  "");
	for (int i = 0; i < 2; i++)
		CHECK_INT(ask(&e), 0);
	e.map.id = 13;
	CHECK_INT(ask(&e), 0);
	e.map.id = 12;
	e.time_ns += 10 * SECOND;
	CHECK_INT(ask(&e), 1);
	CHECK_INT(alert.count, 3);
	/* They start anew, and those of before are too old. */
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&e), 0);
	e.time_ns += 11 * SECOND;
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&e), 1);
}

static void an_after(void)
{
	struct event pin = an_update(), unpin = an_update();

	CHECK_STR(compile("- {name: a, severity: low, text: x, match: {type: map.pin},\n"
			  "   after: {match: {type: map.unpin}, seconds: 60, same: [path]}}"),
		  "");
	pin.type = EVENT_MAP_PIN;
	unpin.type = EVENT_MAP_UNPIN;
	pin.path = unpin.path = "/sys/fs/bpf/a";
	pin.path_len = unpin.path_len = strlen(pin.path);
	CHECK_INT(ask(&pin), 0);
	CHECK_INT(ask(&unpin), 0);
	CHECK_INT(ask(&pin), 1);
	pin.path_len--;
	CHECK_INT(ask(&pin), 0);
	pin.path_len++;
	pin.time_ns += 61 * SECOND;
	CHECK_INT(ask(&pin), 0);
}

static void a_first(void)
{
	static const struct event_process other = { .serial = 6, .exe = "/tmp/evil" };
	struct event e = an_update();

	CHECK_STR(compile(HEAD "first: {of: process.exe, per: map.id}}"), "");
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&e), 0);
	e.task.process = &other;
	CHECK_INT(ask(&e), 1);
	CHECK_INT(ask(&e), 0);
	e.map.id = 13;
	CHECK_INT(ask(&e), 0);
}

static void a_limit(void)
{
	struct event e = an_update();

	CHECK_STR(compile(HEAD "rate_limit: {count: 2, seconds: 10, per: map.id}}"), "");
	CHECK_INT(ask(&e), 1);
	CHECK_INT(ask(&e), 1);
	for (int i = 0; i < 5; i++)
		CHECK_INT(ask(&e), 0);
	e.map.id = 13;
	CHECK_INT(ask(&e), 1);
	CHECK_INT(alert.suppressed, 5);
	CHECK_INT(ruleset_fired(set, 0), 8);
	e.map.id = 12;
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ruleset_due_ns(set), NOW_NS + 10 * SECOND);
	ruleset_tick(set, NOW_NS + 9 * SECOND, take, NULL);
	CHECK_INT(alert.n, 3);
	ruleset_tick(set, NOW_NS + 10 * SECOND, take, NULL);
	CHECK_INT(alert.n, 4);
	CHECK_INT(alert.suppressed, 1);
	CHECK_STR(alert.reason, "1 more, held back by rate_limit");
	CHECK_INT(ruleset_due_ns(set), 0);
	CHECK_INT(ask(&e), 0);
	ruleset_end(set, take, NULL);
	CHECK_INT(alert.n, 5);
}

/* Of a map and a process the answer is kept: what changes must be asked anew. */
static void what_is_kept(void)
{
	struct event e = an_update();
	struct event_mapfacts more = facts;
	char comm[] = "bpftool";

	CHECK_STR(compile("- {name: a, severity: low, text: x, match: {process.comm: evil}}\n"
			  "- {name: b, severity: low, text: x, match: {map.pin: /x}}\n"
			  "- {name: c, severity: low, text: x, match: {map.frozen: true}}"),
		  "");
	e.task.comm = comm;
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&e), 0);
	memcpy(comm, "evil", 5);
	CHECK_INT(ask(&e), 1);
	more.serial++;
	more.pins[0].path = "/x";
	e.map.facts = &more;
	CHECK_INT(ask(&e), 2);
	e.map.frozen = true;
	CHECK_INT(ask(&e), 3);
	/* It is nobody's act. */
	e.type = EVENT_MAP_FREE;
	CHECK_INT(ask(&e), 2);
}

static char many_text[512 * 1024];

static void many_rules(void)
{
	struct event e = an_update();
	size_t at = 0;
	char name[16];

	for (int i = 0; i < 1000; i++)
		at += (size_t)snprintf(
			many_text + at, sizeof(many_text) - at,
			"- {name: r%d, severity: low, text: x, match: {map.name: m%d}}\n", i, i);
	CHECK_STR(compile(many_text), "");
	CHECK_INT(ruleset_count(set), 1000);
	for (int i = 0; i < 1000; i += 37) {
		snprintf(name, sizeof(name), "m%d", i);
		e.map.name = name;
		e.map.id = (uint32_t)i + 1;
		CHECK_INT(ask(&e), 1);
		CHECK_INT(strtol(alert.rule + 1, NULL, 10), i);
	}
}

static void wrong_rules(void)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{ "- {name: a, severity: low, text: x}", "1:3: a rule without 'match'" },
		{ "- {name: a, severity: bad, text: x, match: {}}", "severity 'bad', one of info" },
		{ "- {name: 'a b', severity: low, text: x, match: {}}", "'a b' is no name" },
		{ "- {name: a, severity: low, text: 'x {', match: {}}", "{FIELD} is expected" },
		{ "- {name: a, severity: low, text: '{no}', match: {}}", "unknown field 'no'" },
		{ HEAD "mitre: x}", "'x' is no technique" },
		{ HEAD "mitre: [T15]}", "'T15' is no technique" },
		{ HEAD "rate_limit: {count: 0, seconds: 1}}", "'count' is 0, a number from 1" },
		{ HEAD "rate_limit: {count: 1}}", "has no 'seconds'" },
		{ HEAD "threshold: {seconds: 1}}", "has no 'count'" },
		{ HEAD "threshold: {count: 1, second: 1}}", "unknown key 'second' in 'threshold'" },
		{ HEAD "after: {seconds: 1}}", "has no 'match'" },
		{ HEAD "first: {of: map.id}}", "needs both" },
		{ HEAD "first: {of: [map.id, map.id, map.id, map.id, map.id], per: map.id}}",
		  "more than 4" },
		{ HEAD "typo: x}", "unknown key 'typo' of a rule" },
		{ HEAD "exceptions: {}}", "a list is expected" },
		{ HEAD "}\n" HEAD "}", "2:10: a second rule 'a', the first is in r.yaml, line 1" },
		{ "x", "a list is expected" },
		{ "rules: {}", "a list is expected" },
		{ "lists: {}", "no 'rules'" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!strstr(compile(wrong[i].text), wrong[i].said))
			FAIL("%s: \"%s\"", wrong[i].text, error.text);
}

/* A rule that is the same goes on, one that is not starts anew. */
static void reload(void)
{
	static const char limited[] = HEAD
		"rate_limit: {count: 1, seconds: 10}}\n"
		"- {name: b, severity: low, text: x, match: {map.id: 12},\n"
		"   rate_limit: {count: 1, seconds: 10}}";
	static const char other[] = HEAD
		"rate_limit: {count: 1, seconds: 10}}\n"
		"- {name: b, severity: high, text: x, match: {map.id: 12},\n"
		"   rate_limit: {count: 1, seconds: 10}}";
	struct tree_file *old_file;
	struct event e = an_update();
	struct ruleset *old;

	CHECK_STR(compile(limited), "");
	CHECK_INT(ask(&e), 2);
	CHECK_INT(ask(&e), 0);
	old = set;
	old_file = file;
	set = NULL;
	file = NULL;
	CHECK_STR(compile(other), "");
	ruleset_take_over(set, old);
	ruleset_free(old);
	tree_free(old_file);
	CHECK_INT(ask(&e), 1);
	CHECK_STR(alert.rule, "b");
	ruleset_end(set, take, NULL);
	CHECK_STR(alert.rule, "a");
	CHECK_INT(alert.suppressed, 2);
}

/* ---- recordings ---- */

static struct recorder *recorder;
static struct buf lines;

static bool never(void)
{
	return false;
}

static void put_line(struct buf *b, const struct event *e)
{
	static const struct out_env env = { .host = "h" };

	out_json.event(b, &env, 1, e);
}

static void record_alert(void *context, struct event *e)
{
	(void)context;
	recorder_event(recorder, e);
	put_line(&lines, e);
}

static ssize_t read_more(void *context, void *data, size_t size)
{
	return read(*(int *)context, data, size);
}

/* What a replay gives is what was printed at once, also of what was held back. */
static void recorded(void)
{
	static const struct record_info head = {
		.cpus = 2, .host = "h", .kernel = "k", .version = "v"
	};
	int fd = memfd_create("recording", 0);
	struct replay *replay = replay_new(read_more, &fd);
	struct event e = an_update(), got;
	struct record_info info;
	enum replay_item item;
	struct monitor m;
	struct buf again = { 0 };
	size_t n = 0;

	recorder = recorder_new(dup(fd), &head, never);
	CHECK_STR(
		compile("- {name: a, severity: high, text: '{key}', match: {type: write}, mitre: T1562,\n"
			"   rate_limit: {count: 1, seconds: 10}}"),
		"");
	for (int i = 0; i < 3; i++)
		ruleset_event(set, &e, 7, record_alert, NULL);
	ruleset_end(set, record_alert, NULL);
	recorder_end(recorder);
	recorder_free(recorder);
	lseek(fd, 0, SEEK_SET);
	for (item = replay_begin(replay, &info); item == REPLAY_EVENT; n++) {
		item = replay_next(replay, &got, &m);
		if (item == REPLAY_EVENT)
			put_line(&again, &got);
	}
	CHECK_INT(item, REPLAY_END);
	CHECK_INT(n, 3);
	CHECK_INT(again.len, lines.len);
	CHECK(!memcmp(again.data, lines.data, lines.len));
	replay_free(replay);
	buf_fini(&again);
	buf_fini(&lines);
	close(fd);
}

/* A rule that names no type sees a summary; one on writes does not. Who ran the program is not known. */
static void a_summary(void)
{
	static const struct event_prog prog = { .id = 31, .name = "on_tick" };
	static const struct event_prog cut = { .id = 32,
					       .name = "count_by_tenant",
					       .full_name = "count_by_tenant_and_mode" };
	struct event e = an_update();

	CHECK_STR(fires("count: {ge: 0}", &e), "no");
	CHECK_STR(fires("of: map.update", &e), "no");
	e.type = EVENT_SUMMARY;
	e.via = VIA_PROGRAM;
	e.program = &prog;
	e.summary.of = EVENT_MAP_UPDATE;
	e.summary.count = 4711;
	CHECK_STR(fires("type: write", &e), "no");
	CHECK_STR(fires("map.name: config", &e), "yes");
	CHECK_STR(fires("type: monitor.summary, of: map.update, count: {ge: 4711}", &e), "yes");
	CHECK_STR(fires("of: map.delete", &e), "no");
	CHECK_STR(fires("count: {lt: 4711}", &e), "no");
	CHECK_STR(fires("program.name: on_tick", &e), "yes");
	CHECK_STR(fires("process.comm: bpftool", &e), "no");
	e.program = &cut;
	CHECK_STR(fires("program.name: count_by_tenant", &e), "yes");
	CHECK_STR(fires("program.name: count_by_tenant_and_mode", &e), "yes");
	CHECK_STR(fires("program.name: count_by_tenant_and_node", &e), "no");
}

static void seen_forgets_the_oldest(void)
{
	struct seen *s = seen_new(4, 1);

	for (uint64_t key = 1; key <= 4; key++)
		seen_note(s, key, key);
	seen_note(s, 1, 10);
	seen_note(s, 5, 5);
	CHECK_INT(seen_last(s, 1), 10);
	CHECK_INT(seen_last(s, 2), 0);
	CHECK_INT(seen_last(s, 3), 3);
	CHECK_INT(seen_last(s, 5), 5);
	seen_free(s);
}

int main(void)
{
	RUN(an_alert);
	RUN(of_a_program);
	RUN(hostile_names);
	RUN(alerts_as_events);
	RUN(in_place_of_an_alert);
	RUN(either_match);
	RUN(exceptions);
	RUN(a_threshold);
	RUN(an_after);
	RUN(a_first);
	RUN(a_limit);
	RUN(what_is_kept);
	RUN(many_rules);
	RUN(wrong_rules);
	RUN(reload);
	RUN(recorded);
	RUN(a_summary);
	RUN(seen_forgets_the_oldest);
	forget();
	return TEST_STATUS();
}
