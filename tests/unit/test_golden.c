/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records and what is printed for them: one record a situation, decoded and written in each
 * format, held byte for byte against tests/golden/NAME.FORMAT. Runs in the root of the tree.
 *
 * UPDATE=1   writes these files anew, to be read with `git diff` before they are committed
 * SEEDS=DIR  writes the records into DIR, as a start for tests/fuzz/fuzz_decode.c
 */
#include <errno.h>

#include "decode.h"
#include "golden.h"
#include "out/out.h"
#include "situations.h"
#include "test.h"

/* 2026-11-24T19:39:19.123456789Z */
#define NOW_NS 1795549159123456789ull

static const struct out_format *const formats[] = { &out_json, &out_text, &out_ecs, &out_ocsf };
static const struct out_env plain = { .host = "testhost" };
static const struct out_env colored = { .host = "testhost", .color = true };

/* ---- what bpfmon says about itself ---- */

static struct hook_state states[WIRE_HOOK_COUNT];
static struct hook_report reports[WIRE_HOOK_COUNT];

/* All kinds of state: attached the best way, in part, by a fallback, and missing. */
static void start(struct monitor *m)
{
	for (int i = 0; i < WIRE_HOOK_COUNT; i++)
		states[i] = (struct hook_state){ .way = &hooks[i].ways[0] };
	states[WIRE_HOOK_MAP_FREE] = (struct hook_state){
		.why = "security_bpf_map_free: \"not found\"",
	};
	states[WIRE_HOOK_HASH_UPDATE] = (struct hook_state){
		.way = &hooks[WIRE_HOOK_HASH_UPDATE].ways[1],
		.why = "the trampoline is full (E2BIG)",
	};
	states[WIRE_HOOK_LRU_UPDATE] = (struct hook_state){
		.way = &hooks[WIRE_HOOK_LRU_UPDATE].ways[0],
		.incomplete = true,
		.why = "fentry htab_lru_map_update_elem: not attached: Argument list too long",
	};
	hook_reports(states, reports);
	*m = (struct monitor){ .type = MONITOR_START,
			       .hooks = reports,
			       .n_hooks = WIRE_HOOK_COUNT,
			       .mode = "full",
			       .kernel = "6.1.0-test",
			       .version = "1.2.3" };
}

static void lost(struct monitor *m)
{
	*m = (struct monitor){ .type = MONITOR_LOST,
			       .where = "ring",
			       .lost = 12345,
			       .since_ns = NOW_NS - 1500000000 };
}

static void stop(struct monitor *m)
{
	*m = (struct monitor){ .type = MONITOR_STOP,
			       .seen = 1ull << 53,
			       .events = 1000,
			       .filtered = 7,
			       .summaries = 3,
			       .summarized = 999700,
			       .lost = 12345 };
}

static void heartbeat(struct monitor *m)
{
	*m = (struct monitor){ .type = MONITOR_HEARTBEAT,
			       .seen = 1024,
			       .events = 1000,
			       .filtered = 20,
			       .lost = 4,
			       .ring_used = 12345,
			       .ring_size = 64 << 20,
			       .uptime_ns = 60000123456,
			       .interval_ns = 30000000000 };
}

static void outputs(struct monitor *m)
{
	static const struct monitor_output each[] = {
		{ "file /var/log/a\"b.json", "file", 1000, 0, 0 },
		{ "syslog tcp:192.0.2.1:514", "syslog", 990, 7, 16384 },
	};

	stop(m);
	m->outputs = each;
	m->n_outputs = 2;
}

static const struct event_cause causes[] = { { 5 }, { 1ull << 53 } };
static const struct {
	const char *name;
	struct event_alert alert;
} alerts[] = {
	{ "alert",
	  { .rule = "own-map-touched",
	    .reason = "map.update of bpfmon's own map 7 by evil[901]",
	    .severity = SEVERITY_CRITICAL,
	    .causes = causes,
	    .n_causes = 2 } },
	{ "alert_over", { .rule = "traced", .reason = "nobody traces bpfmon" } },
	{ "alert_hostile",
	  { .rule = "a\033[31m rule \"of\" another length than others",
	    .reason = "\xff\n\033]0;x",
	    .severity = SEVERITY_LOW,
	    .causes = causes,
	    .n_causes = 1 } },
	/* Of a rule: the event that fired it is told, too. */
	{ "alert_rule",
	  { .rule = "tail-call-cut",
	    .reason = "evil[901] cut [1]",
	    .severity = SEVERITY_HIGH,
	    .causes = causes,
	    .n_causes = 1,
	    .of = 1 + EVENT_MAP_DELETE,
	    .mitre = "T1562.001,T1574",
	    .count = 3,
	    .suppressed = 4 } },
	{ "alert_rule_held",
	  { .rule = "r", .reason = "4 more", .of = 1 + EVENT_MAP_FREE, .suppressed = 4 } },
};

#define ALERTS (sizeof(alerts) / sizeof(alerts[0]))

static const struct {
	const char *name;
	void (*make)(struct monitor *m);
} monitors[] = {
	{ "monitor_start", start },	{ "monitor_lost", lost },
	{ "monitor_stop", stop },	{ "monitor_heartbeat", heartbeat },
	{ "monitor_outputs", outputs },
};

#define MONITORS (sizeof(monitors) / sizeof(monitors[0]))

/* ---- printing and comparing ---- */

static size_t current;			/* the row that the running test is about */
static const struct out_format *format;	/* and the format */

/* A number as `seq`, the same in each run, so that a file tells which row made it. */
static int print_event(struct buf *b, const struct out_env *env)
{
	static const struct decode_env decode = {
		.realtime_offset_ns = (int64_t)(NOW_NS - RECORD_TIME_NS),
		.boot_offset_ns = (int64_t)(NOW_NS - RECORD_TIME_NS),
		.cpus = RECORD_CPUS,
		.bytes = RECORD_BYTES,
	};
	static const struct event_prog on_tick = {
		.id = 31,
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.tag = { 0xa0, 0x4f, 0x5e, 0xef, 0x06, 0xa7, 0xf5, 0x55 },
		.name = "on_tick",
		.has_loader = true,
		.loader_pid = 700,
		.loader_comm = "mapwriter",
	};
	static const struct event_process details = {
		.exe = "/usr/sbin/bpf\"tool\033",
		.exe_deleted = true,
		.args = "bpftool\0map\0\0\xff\"",
		.args_len = 15,
		.args_cut = true,
		.cgroup = "/kubepods.slice",
		.has_loginuid = true,
		.loginuid = 1000,
		.ns_pid = 1,
		.n_ancestors = 2,
		.ancestors = { { 790, "bash" }, { 1, "systemd\n" } },
		.container = { .id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			       .pod = "1a2b3c4d-0000-4444-8888-0123456789ab",
			       .runtime = "cri-o" },
	};
	static struct record r;
	struct event_mapfacts facts;
	struct event_mapinfo info;
	struct event e;
	void *copy;
	int err;

	situations[current].make(&r);
	copy = record_copy(&r, r.len);
	err = decode_record(&decode, copy, r.len, &e);
	if (!err && e.caller)
		e.program = &on_tick;
	if (!err && situations[current].info) {
		info = situations[current].info();
		e.map.info = &info;
	}
	if (!err && situations[current].facts) {
		facts = situations[current].facts();
		e.map.facts = &facts;
	}
	if (!err && e.task.who)
		e.task.process = &details;
	if (!err)
		format->event(b, env, 7, &e);
	free(copy);
	return err;
}

static void print_monitor(struct buf *b)
{
	struct monitor m;

	monitors[current].make(&m);
	m.time_ns = NOW_NS;
	format->monitor(b, &plain, 7, &m);
}

/* One line, and nothing that a terminal obeys. */
static bool is_one_line(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		if ((c < 0x20 || c == 0x7f) && !(c == '\n' && i == b->len - 1))
			return false;
	}
	return b->len && b->data[b->len - 1] == '\n';
}

static void golden_event(void)
{
	struct buf b = { 0 };
	int err = print_event(&b, &plain);
	bool line = is_one_line(&b);
	const char *why = err ? strerror(-err) :
				golden_compare(situations[current].name, format->name, &b);

	buf_fini(&b);
	if (*why)
		FAIL("%s", why);
	CHECK(line);
}

static void golden_alert(void)
{
	struct event e = { .type = EVENT_ALERT, .time_ns = NOW_NS, .alert = alerts[current].alert };
	struct buf b = { 0 };
	static const struct event_prog prog = { .id = 31,
						.name = "count_by_tenant",
						.full_name = "count_by_tenant_\"and\033_mode" };
	const char *why;
	bool line;

	if (e.alert.of && e.alert.n_causes) {
		e.task = (struct event_task){ .pid = 901, .tid = 901, .comm = "evil" };
		e.map = (struct event_map){ .id = 12, .known = true, .name = "tails" };
		e.program = &prog;
	}
	format->event(&b, &plain, 7, &e);
	line = is_one_line(&b);
	why = golden_compare(alerts[current].name, format->name, &b);
	buf_fini(&b);
	if (*why)
		FAIL("%s", why);
	CHECK(line);
}

static void golden_monitor(void)
{
	struct buf b = { 0 };
	const char *why;
	bool line;

	print_monitor(&b);
	line = is_one_line(&b) || (!b.len && format == &out_text);
	why = golden_compare(monitors[current].name, format->name, &b);
	buf_fini(&b);
	if (*why)
		FAIL("%s", why);
	CHECK(line);
}

/* Colour adds escape sequences of its own and changes nothing else. */
static void color_only_adds(void)
{
	format = &out_text;
	for (current = 0; current < SITUATIONS; current++) {
		struct buf with = { 0 }, without = { 0 };
		size_t len = 0;
		bool same;

		print_event(&with, &colored);
		print_event(&without, &plain);
		for (size_t i = 0; i < with.len; i++) {
			if (with.data[i] == '\033')
				while (with.data[i] != 'm')
					i++;
			else
				with.data[len++] = with.data[i];
		}
		same = len < with.len && len == without.len &&
		       !memcmp(with.data, without.data, len);
		buf_fini(&with);
		buf_fini(&without);
		if (!same)
			FAIL("%s", situations[current].name);
	}
}

/*
 * What is kept of a process and a map is what would be written: a line of each event with the texts
 * of those before kept, and without. Each differs from one before in one thing that is told.
 */
static void check_kept(const struct event *events, size_t n)
{
	struct out_env with = { .host = "h", .kept = out_kept_new() }, without = { .host = "h" };
	struct buf b = { 0 }, want = { 0 };
	bool same = with.kept != NULL;

	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++) {
			b.len = want.len = 0;
			out_json.event(&b, &with, 1, &events[i]);
			out_json.event(&want, &without, 1, &events[i]);
			same = same && b.len == want.len && !memcmp(b.data, want.data, b.len);
		}
	}
	out_kept_free(with.kept);
	buf_fini(&b);
	buf_fini(&want);
	CHECK(same);
}

static void processes_kept(void)
{
	static const struct event_process processes[] = {
		{ .serial = 1, .exe = "/bin/a" },
		{ .serial = 1025, .exe = "/bin/b" },
		{ .exe = "/bin/c" },
		{ .exe = "/bin/d" },
	};
	const struct event_task task = { .pid = 7, .tid = 7, .comm = "a", .process = processes };
	struct event events[13];

	for (size_t i = 0; i < 13; i++)
		events[i] = (struct event){ .type = EVENT_MAP_UPDATE, .fd = -1, .task = task };
	events[1].task.tid = 8;
	events[2].task.comm = "b";
	events[3].task.uid = 1;
	events[4].task.ppid = 1;
	events[5].task.started_ns = 1;
	events[6].task.started_ns = 2;
	events[7].task.tracer = 9;
	events[8].task.pid = 8;
	events[9].task.process = &processes[1];
	events[10].task.process = &processes[2];
	events[11].task.process = &processes[3];
	events[12].task.process = NULL;
	check_kept(events, 13);
}

static void maps_kept(void)
{
	static const struct event_mapinfo infos[] = {
		{ .btf_id = 1 },
		{ .btf_id = 2 },
		{ .btf_id = 1, .full_name = "a_longer_name_of_it" },
	};
	static const struct event_mapfacts facts[] = {
		{ .serial = 1, .json = ",\"users\":[1]", .json_len = 12 },
		{ .serial = 2, .n_users = 1, .users = { { 2 } } },
	};
	struct event events[14];

	for (size_t i = 0; i < 14; i++)
		events[i] = (struct event){ .type = EVENT_MAP_UPDATE,
					    .fd = -1,
					    .task = { .pid = 7, .comm = "a" },
					    .map = { .id = 5, .known = true, .name = "m" } };
	events[1].map.id = 6;
	events[2].map.type = 2;
	events[3].map.key_size = 1;
	events[4].map.value_size = 1;
	events[5].map.max_entries = 1;
	events[6].map.flags = 1;
	events[7].map.frozen = true;
	events[8].map.name = "n";
	events[9].map.info = &infos[0];
	events[10].map.info = &infos[1];
	events[11].map.info = &infos[2];
	events[12].map.facts = &facts[0];
	events[13].map.facts = &facts[1];
	check_kept(events, 14);
	events[13].map.known = false;
	check_kept(events + 12, 2);
}

static int write_seeds(const char *dir)
{
	static struct record r;
	char path[4096];

	for (current = 0; current < SITUATIONS; current++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", dir, situations[current].name);
		file = fopen(path, "we");
		situations[current].make(&r);
		if (!file || fwrite(r.bytes, r.len, 1, file) != 1 || fclose(file)) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

int main(void)
{
	char name[128];

	if (getenv("SEEDS"))
		return write_seeds(getenv("SEEDS"));
	setenv("TZ", "UTC", 1);
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		format = formats[f];
		for (current = 0; current < SITUATIONS; current++) {
			snprintf(name, sizeof(name), "golden/%s.%s", situations[current].name,
				 format->name);
			test_run(name, golden_event);
		}
		for (current = 0; current < MONITORS; current++) {
			snprintf(name, sizeof(name), "golden/%s.%s", monitors[current].name,
				 format->name);
			test_run(name, golden_monitor);
		}
		for (current = 0; current < ALERTS; current++) {
			snprintf(name, sizeof(name), "golden/%s.%s", alerts[current].name,
				 format->name);
			test_run(name, golden_alert);
		}
	}
	RUN(color_only_adds);
	RUN(processes_kept);
	RUN(maps_kept);
	return TEST_STATUS();
}
