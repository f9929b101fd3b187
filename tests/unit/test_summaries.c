/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts of busy writers as events, from a table as the kernel side leaves it: that sums are exact,
 * whose they are, when an entry is free again; the lines, held against tests/golden/summary*, and
 * that a recording of them is printed alike. UPDATE=1 writes the files anew.
 */
#include "summaries.h"

#include "golden.h"
#include "recording.h"

#define SECOND 1000000000ull
#define MAP 12u
#define UPDATE_OF(map) ((uint64_t)WIRE_OP_UPDATE << 32 | (map))
#define DELETE_OF(map) ((uint64_t)WIRE_OP_DELETE << 32 | (map))
#define ADD 1000	/* two calls in a program */

static struct wire_summary table[WIRE_SUMMARIES];
static __u32 generation;
static __u64 news;
static __u8 hot[WIRE_HIDDEN];
static struct summaries *s;
static struct summaries_clock now;

static struct told {
	struct event e;
	struct event_prog program;
} told[8];
static size_t n_told;
static uint64_t seq;
static struct buf lines;
static struct recorder *recorder;

/* Callers in each 64 KiB are in a program of their own; program 0 is not known. */
static void writer(void *context, struct event *e)
{
	(void)context;
	if (e->caller >> 16)
		e->program = &progs[(e->caller >> 16) - 1];
	else
		e->program_error = "the caller's address is in no program that is known";
}

static void put(void *context, struct event *e)
{
	const struct out_format *const *format = context;

	if (n_told < 8) {
		told[n_told].e = *e;
		if (e->program)
			told[n_told].program = *e->program;
		n_told++;
	}
	if (*format)
		(*format)->event(&lines, &env, seq++, e);
	if (recorder)
		recorder_event(recorder, e);
}

static const struct out_format *printed;

static bool begin(void)
{
	const struct summaries_env e = { table, &generation, hot, &news, writer, put, &printed };

	memset(table, 0, sizeof(table));
	generation = 1;
	n_told = 0;
	seq = 0;
	now = (struct summaries_clock){ 10 * SECOND, 10 * SECOND, (int64_t)(NOW_NS - 10 * SECOND) };
	summaries_free(s);
	s = summaries_new(&e);
	return s;
}

static void writes(size_t at, uint64_t caller, uint64_t what, uint64_t count)
{
	table[at].caller = caller;
	table[at].what = what;
	table[at].generation = generation;
	table[at].window_ns = now.now_ns - SECOND / 2;
	table[at].count += count;
	table[at].first_ns = table[at].first_ns ?: now.now_ns - SECOND / 4;
	table[at].last_ns = now.now_ns - SECOND / 8;
	news++;
}

static void know_map(uint32_t type)
{
	struct event e = { .type = EVENT_MAP_UPDATE,
			   .via = VIA_PROGRAM,
			   .map = { .id = MAP,
				    .type = type,
				    .key_size = 4,
				    .value_size = 8,
				    .max_entries = 16,
				    .known = true,
				    .name = "config\0\0\0\0\0\0\0\0\0" } };

	summaries_event(s, &e);
}

static bool tell(void)
{
	n_told = 0;
	return summaries_tell(s, &now);
}

static void sums(void)
{
	CHECK(begin());
	CHECK(!tell() && !n_told);
	writes(5, 1 << 16, UPDATE_OF(MAP), 1000);
	CHECK(tell());
	CHECK_INT(n_told, 1);
	CHECK_INT(told[0].e.type, EVENT_SUMMARY);
	CHECK_INT(told[0].e.summary.count, 1000);
	CHECK_INT(told[0].e.summary.of, EVENT_MAP_UPDATE);
	CHECK_INT(told[0].e.summary.first_ns, NOW_NS - SECOND / 4);
	CHECK_INT(told[0].e.summary.last_ns, NOW_NS - SECOND / 8);
	CHECK_INT(told[0].program.id, 31);
	CHECK_INT(table[5].first_ns, 0);
	/* only what came since */
	CHECK(!tell());
	table[5].count += 3;
	CHECK(tell());
	CHECK_INT(told[0].e.summary.count, 3);
	CHECK_INT(told[0].e.summary.first_ns, told[0].e.summary.last_ns);
	CHECK_INT(table[5].count, 1003);
}

/* One line for each map, program and kind, from however many places it calls. */
static void together(void)
{
	CHECK(begin());
	writes(9, 1 << 16, UPDATE_OF(MAP), 1);
	writes(8, (1 << 16) + ADD, UPDATE_OF(MAP), 20);
	writes(7, 2 << 16, UPDATE_OF(MAP), 300);
	writes(6, 1 << 16, DELETE_OF(MAP), 4000);
	writes(5, 1 << 16, UPDATE_OF(MAP + 1), 50000);
	table[8].first_ns = now.now_ns - SECOND;
	table[9].last_ns = now.now_ns;
	CHECK(tell());
	CHECK_INT(n_told, 4);
	CHECK_INT(told[0].e.summary.count, 21);
	CHECK_INT(told[0].e.summary.first_ns, NOW_NS - SECOND);
	CHECK_INT(told[0].e.summary.last_ns, NOW_NS);
	CHECK_INT(told[1].e.summary.count, 4000);
	CHECK_INT(told[1].e.summary.of, EVENT_MAP_DELETE);
	CHECK_INT(told[2].program.id, 32);
	CHECK_INT(told[3].e.map.id, MAP + 1);
	/* who is not known is not taken for somebody else who is not */
	writes(1, 100, UPDATE_OF(MAP), 1);
	writes(2, 200, UPDATE_OF(MAP), 1);
	CHECK(tell());
	CHECK_INT(n_told, 2);
	CHECK(!told[0].e.program && told[0].e.program_error);
}

/* A writer whose load may not have been read of: later, and not as anybody else's. */
static void not_yet_known(void)
{
	CHECK(begin());
	writes(5, 1 << 16, UPDATE_OF(MAP), 10);
	now.known_ns = now.now_ns - SECOND / 2;
	CHECK(tell());
	CHECK_INT(n_told, 0);
	CHECK(table[5].first_ns);
	/* it is still news */
	summaries_tell_news(s, &now);
	CHECK_INT(n_told, 0);
	now.known_ns = now.now_ns - SECOND / 4;
	summaries_tell_news(s, &now);
	CHECK_INT(n_told, 1);
	writes(5, 1 << 16, UPDATE_OF(MAP), 10);
	now.known_ns = now.now_ns - SECOND / 2;
	CHECK(tell() && !n_told);
	/* nor is the entry given to another before */
	now.now_ns += 5 * SECOND;
	CHECK(tell() && !n_told);
	now.now_ns += 5 * SECOND;
	CHECK(tell() && !n_told && !table[5].caller && table[5].lock == 1);
	now.known_ns = UINT64_MAX;
	CHECK(tell());
	CHECK_INT(told[0].e.summary.count, 10);
	CHECK_INT(table[5].lock, 0);
}

/* Who is idle, or was there before a program was loaded, leaves; its place is given in two steps. */
static void leaves(void)
{
	CHECK(begin());
	writes(5, 1 << 16, UPDATE_OF(MAP), 10);
	writes(6, 2 << 16, UPDATE_OF(MAP), 10);
	CHECK(tell());
	generation++;
	table[6].generation = generation;
	CHECK(!tell());
	CHECK(!table[5].caller && table[5].lock == 1);
	CHECK(table[6].caller && !table[6].lock);
	/* a write that had found it before */
	table[5].count += 2;
	CHECK(tell());
	CHECK_INT(told[0].e.summary.count, 2);
	CHECK_INT(told[0].program.id, 31);
	CHECK_INT(table[5].lock, 1);
	now.now_ns += SECOND;
	now.known_ns = now.now_ns;
	CHECK(!tell());
	CHECK_INT(table[5].lock, 0);
	CHECK(table[6].caller);
	/* the next owner counts from there */
	writes(5, 2 << 16, DELETE_OF(MAP), 7);
	CHECK(tell());
	CHECK_INT(told[0].e.summary.count, 7);
	CHECK_INT(told[0].program.id, 32);
	now.now_ns += 3 * SECOND;
	CHECK(!tell());
	CHECK(!table[5].caller && !table[6].caller);
}

static void when_there_is_news(void)
{
	CHECK(begin());
	writes(5, 1 << 16, UPDATE_OF(MAP), 10);
	summaries_tell_news(s, &now);
	CHECK_INT(n_told, 1);
	n_told = 0;
	table[5].count++;	/* and nothing said */
	summaries_tell_news(s, &now);
	CHECK_INT(n_told, 0);
	CHECK(tell());
}

/* What whoever is root may write there. */
static void hostile(void)
{
	CHECK(begin());
	writes(0, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	writes(WIRE_SUMMARIES - 1, 1, (uint64_t)WIRE_OP_LOOKUP << 32 | MAP, 1);
	table[0].caller = 1;
	table[0].last_ns = 0;
	table[0].window_ns = UINT64_MAX;
	table[1].count = 7;	/* of nobody */
	CHECK(tell());
	CHECK_INT(n_told, 2);
	CHECK_INT(told[0].e.summary.of, EVENT_MAP_UPDATE);
	CHECK_INT(told[1].e.summary.of, EVENT_MAP_UPDATE);
	CHECK_INT(told[0].e.op, OP_UPDATE);
}

/* ---- lines ---- */

static const struct {
	const char *name;
	uint64_t caller, what, count;
	uint32_t type;
} rows[] = {
	{ "summary", 1 << 16, UPDATE_OF(MAP), 1ull << 53, BPF_MAP_TYPE_ARRAY },
	{ "summary_delete", 1 << 16, DELETE_OF(MAP), 1, BPF_MAP_TYPE_ARRAY },
	{ "summary_unknown", 100, UPDATE_OF(MAP + 1), 4711, BPF_MAP_TYPE_ARRAY },
	{ "summary_pop", 2 << 16, (uint64_t)WIRE_OP_LOOKUP_AND_DELETE << 32 | MAP, 5,
	  BPF_MAP_TYPE_QUEUE },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t current;

static void make_line(void)
{
	know_map(rows[current].type);
	writes(1, rows[current].caller, rows[current].what, rows[current].count);
	tell();
}

static void golden(void)
{
	const char *why;

	lines.len = 0;
	begin();
	seq = 7;
	make_line();
	why = golden_compare(rows[current].name, printed->name, &lines);
	if (*why)
		FAIL("%s", why);
}

static void goldens(void)
{
	static const struct out_format *const formats[] = { &out_json, &out_text, &out_ecs,
							    &out_ocsf };
	char name[256];

	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		printed = formats[f];
		for (current = 0; current < ROWS; current++) {
			snprintf(name, sizeof(name), "golden/%s.%s", rows[current].name,
				 printed->name);
			test_run(name, golden);
		}
	}
	printed = NULL;
}

static void round_trip(void)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct monitor m = {
		.type = MONITOR_STOP, .time_ns = NOW_NS, .summaries = 4, .summarized = 4717
	};
	struct buf later = { 0 };
	struct outcome o;
	struct file f;
	bool same;

	printed = &out_json;
	recorder = recorder_new(dup(fd), &info, never);
	lines.len = 0;
	begin();
	for (current = 0; current < ROWS; current++)
		make_line();
	recorder_monitor(recorder, &m);
	printed->monitor(&lines, &env, seq, &m);
	recorder_end(recorder);
	recorder_free(recorder);
	recorder = NULL;
	f = slurp(fd);
	o = replay(f, &later, printed);
	free(f.data);
	same = lines.len == later.len && !memcmp(lines.data, later.data, lines.len);
	buf_fini(&later);
	printed = NULL;
	lines.len = 0;
	CHECK(same);
	CHECK_INT(o.item, REPLAY_END);
	CHECK_INT(o.skipped, 0);
	CHECK_INT(o.events, 4);
}

int main(void)
{
	RUN(sums);
	RUN(together);
	RUN(not_yet_known);
	RUN(leaves);
	RUN(when_there_is_news);
	RUN(hostile);
	goldens();
	RUN(round_trip);
	summaries_free(s);
	buf_fini(&lines);
	return TEST_STATUS();
}
