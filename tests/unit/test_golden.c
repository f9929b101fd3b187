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
#include "out/out.h"
#include "situations.h"
#include "test.h"

#define GOLDEN "tests/golden"
/* 2026-11-24T19:39:19.123456789Z */
#define NOW_NS 1795549159123456789ull

static const struct out_format *const formats[] = { &out_json, &out_text };
static const struct out_env plain = { .host = "testhost" };
static const struct out_env colored = { .host = "testhost", .color = true };

/* ---- what bpfmon says about itself ---- */

static struct hook_state states[WIRE_HOOK_COUNT];

/* All three kinds of state: attached the best way, by a fallback, and missing. */
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
	*m = (struct monitor){ .type = MONITOR_START,
			       .hooks = states,
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
			       .lost = 12345 };
}

static const struct {
	const char *name;
	void (*make)(struct monitor *m);
} monitors[] = {
	{ "monitor_start", start },
	{ "monitor_lost", lost },
	{ "monitor_stop", stop },
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
	static struct record r;
	struct event e;
	void *copy;
	int err;

	situations[current].make(&r);
	copy = record_copy(&r, r.len);
	err = decode_record(&decode, copy, r.len, &e);
	if (!err && e.caller)
		e.program = &on_tick;
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

/* "" when the text is that of the file; else what is wrong. */
static const char *compare(const char *name, const struct buf *b)
{
	static char why[1024];
	static char golden[65536];
	char path[256];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", GOLDEN, name, format->name);
	file = fopen(path, getenv("UPDATE") ? "we" : "re");
	snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
	if (!file)
		return why;
	if (getenv("UPDATE")) {
		len = b->len ? fwrite(b->data, 1, b->len, file) : 0;
		return fclose(file) || len != b->len ? why : "";
	}
	len = fread(golden, 1, sizeof(golden), file);
	fclose(file);
	if (len == b->len && (!len || !memcmp(golden, b->data, len)))
		return "";
	snprintf(why, sizeof(why), "not as in %s; it is now: %.*s", path, (int)b->len,
		 b->data ? b->data : "");
	why[strcspn(why, "\n")] = '\0';
	return why;
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
	const char *why = err ? strerror(-err) : compare(situations[current].name, &b);

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
	why = compare(monitors[current].name, &b);
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
	}
	RUN(color_only_adds);
	return TEST_STATUS();
}
