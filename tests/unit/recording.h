/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Recordings of the situations, in memory, and what a reader makes of them. */
#ifndef BPFMON_TEST_RECORDING_H
#define BPFMON_TEST_RECORDING_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"
#include "record/replay.h"
#include "situations.h"
#include "test.h"

/* 2026-11-24T19:39:19.123456789Z */
#define NOW_NS 1795549159123456789ull

static const struct out_env env = { .host = "testhost" };
static const struct record_info info = {
	.minor = RECORD_MINOR,
	.cpus = RECORD_CPUS,
	.host = "testhost",
	.kernel = "6.1.0-test",
	.version = "1.2.3",
	.start_ns = NOW_NS,
};

static inline bool never(void)
{
	return false;
}

/* ---- what is recorded ---- */

static const struct event_prog progs[] = {
	{ .id = 31,
	  .type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	  .tag = { 0xa0, 0x4f, 0x5e, 0xef, 0x06, 0xa7, 0xf5, 0x55 },
	  .name = "on_tick",
	  .has_loader = true,
	  .loader_pid = 700,
	  .loader_comm = "mapwriter" },
	{ .id = 32, .type = 999, .name = "sixteen_bytes_ab", .full_name = "sixteen_bytes_abc" },
};

#define MADE_CGROUP                                                 \
	"/system.slice/docker-"                                     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"

/* Of every third event; sent by the second. */
static inline void make_processes(size_t i, struct event *e)
{
	static struct event_process made[2] = {
		{ .exe = "/usr/bin/\"x\"",
		  .exe_deleted = true,
		  .args = "x\0--option\0",
		  .args_len = 11,
		  .args_cut = true,
		  .cgroup = MADE_CGROUP,
		  .has_loginuid = true,
		  .loginuid = 1000,
		  .ns_pid = 7,
		  .n_ancestors = 2,
		  .ancestors = { { 790, "bash" }, { 1, "systemd" } } },
		{ .exe = "/bin/owner", .cgroup = "/" },
	};

	container_parse(MADE_CGROUP, &made[0].container);
	e->task.process = i % 3 ? NULL : &made[0];
	e->task.tracer = i % 3 ? 0 : 4711;
	e->task.started_ns = i % 3 ? 0 : NOW_NS - 1000;
	e->sender.process = e->sender.comm ? &made[1] : NULL;
}

/* Pushes are by the second program; `copy` is to be freed once the event was used. */
static inline void make_event(size_t i, struct event *e, void **copy)
{
	static const struct decode_env decode = {
		.realtime_offset_ns = (int64_t)(NOW_NS - RECORD_TIME_NS),
		.cpus = RECORD_CPUS,
		.bytes = RECORD_BYTES,
	};
	static struct record r;

	situations[i].make(&r);
	*copy = record_copy(&r, r.len);
	if (decode_record(&decode, *copy, r.len, e))
		abort();
	make_processes(i, e);
	if (situations[i].info) {
		static struct event_mapinfo info_made;

		info_made = situations[i].info();
		e->map.info = &info_made;
	}
	if (situations[i].facts) {
		static struct event_mapfacts facts_made;

		facts_made = situations[i].facts();
		facts_made.serial = i % 2 ? i : 0;
		e->map.facts = &facts_made;
	}
	if (e->via == VIA_PROGRAM && !e->program_error)
		e->program = &progs[e->op == OP_PUSH];
}

static const struct hook_report hook_reports_made[] = {
	{ .name = "hash_update", .function = "htab_map_update_elem", .attached = "fexit" },
	{ .name = "map_free",
	  .function = "security_bpf_map_free",
	  .attached = "missing",
	  .why = "no \"such\" function",
	  .loss = "the end of maps",
	  .lost = 7 },
};

static const struct monitor monitors[] = {
	{ .type = MONITOR_START,
	  .time_ns = NOW_NS,
	  .hooks = hook_reports_made,
	  .n_hooks = 2,
	  .mode = "full",
	  .kernel = "6.1.0-test",
	  .version = "1.2.3" },
	{ .type = MONITOR_LOST,
	  .time_ns = NOW_NS,
	  .hooks = hook_reports_made + 1,
	  .n_hooks = 1,
	  .where = "recursion",
	  .map_id = 12,
	  .lost = 7,
	  .since_ns = NOW_NS - 1500000000 },
	{ .type = MONITOR_STOP,
	  .time_ns = NOW_NS,
	  .seen = 1ull << 53,
	  .events = 1000,
	  .filtered = 7,
	  .lost = 7 },
	{ .type = MONITOR_HEARTBEAT,
	  .time_ns = NOW_NS,
	  .seen = 1000,
	  .events = 900,
	  .filtered = 93,
	  .lost = 7,
	  .ring_used = 208,
	  .ring_size = 64 << 20,
	  .uptime_ns = 60000000000,
	  .interval_ns = 10000000000 },
};

/* The first line is among what caused it. */
static const struct event_cause causes_made[] = { { 0 }, { 1 }, { 1ull << 60 } };
static const struct event alert_made = {
	.type = EVENT_ALERT,
	.time_ns = NOW_NS,
	.fd = -1,
	.alert = { .rule = "own-map-touched",
		   .reason = "map.update of bpfmon's own map 7 by \"x\"[901]",
		   .severity = SEVERITY_CRITICAL,
		   .causes = causes_made,
		   .n_causes = 3 },
};

/* Situations from `first`, between the monitor events. */
static inline void record(int fd, const struct record_info *head, size_t first, size_t n)
{
	struct recorder *r = recorder_new(fd, head, never);
	struct event e;
	void *copy;

	recorder_monitor(r, &monitors[0]);
	for (size_t i = first; i < first + n; i++) {
		make_event(i, &e, &copy);
		recorder_event(r, &e);
		free(copy);
	}
	recorder_event(r, &alert_made);
	recorder_monitor(r, &monitors[3]);
	recorder_monitor(r, &monitors[1]);
	recorder_monitor(r, &monitors[2]);
	recorder_end(r);
	recorder_free(r);
}

/* The same, printed at once. */
static inline void print(struct buf *b, const struct out_format *format, size_t first, size_t n)
{
	uint64_t seq = 0;
	struct event e;
	void *copy;

	format->monitor(b, &env, seq++, &monitors[0]);
	for (size_t i = first; i < first + n; i++) {
		make_event(i, &e, &copy);
		format->event(b, &env, seq++, &e);
		free(copy);
	}
	format->event(b, &env, seq++, &alert_made);
	format->monitor(b, &env, seq++, &monitors[3]);
	format->monitor(b, &env, seq++, &monitors[1]);
	format->monitor(b, &env, seq++, &monitors[2]);
}

/* ---- recordings in memory ---- */

struct file {
	uint8_t *data;
	size_t len, at;
	size_t piece;	/* bytes that one read gives at most */
};

static inline struct file slurp(int fd)
{
	struct file f = { .piece = SIZE_MAX };
	off_t len = lseek(fd, 0, SEEK_END);

	f.len = len > 0 ? (size_t)len : 0;
	f.data = malloc(f.len + 1);
	if (!f.data || pread(fd, f.data, f.len, 0) != (ssize_t)f.len)
		abort();
	close(fd);
	return f;
}

static inline struct file recorded(const struct record_info *head, size_t first, size_t n)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	record(dup(fd), head, first, n);
	return slurp(fd);
}

static inline ssize_t read_file(void *context, void *data, size_t size)
{
	struct file *f = context;
	size_t n = f->len - f->at;

	n = n < size ? n : size;
	n = n < f->piece ? n : f->piece;
	memcpy(data, f->data + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

struct outcome {
	enum replay_item item;
	size_t events, monitors;
	uint64_t skipped;
	char why[512];
};

/* Everything in it is printed, to `b` unless that is NULL. */
static inline struct outcome replay(struct file f, struct buf *b, const struct out_format *format)
{
	struct replay *r = replay_new(read_file, &f);
	struct outcome o = { 0 };
	struct out_env lines = { .kept = out_kept_new() };
	struct buf dropped = { 0 };
	struct record_info read;
	struct monitor m;
	struct event e;

	o.item = replay_begin(r, &read);
	lines.host = o.item == REPLAY_EVENT ? read.host : NULL;
	while (o.item == REPLAY_EVENT || o.item == REPLAY_MONITOR) {
		uint64_t seq = o.events + o.monitors;

		o.item = replay_next(r, &e, &m);
		dropped.len = 0;
		if (o.item == REPLAY_EVENT) {
			format->event(b ? b : &dropped, &lines, seq, &e);
			o.events++;
		} else if (o.item == REPLAY_MONITOR) {
			format->monitor(b ? b : &dropped, &lines, seq, &m);
			o.monitors++;
		}
	}
	o.skipped = replay_skipped(r);
	snprintf(o.why, sizeof(o.why), "%s", replay_why(r));
	buf_fini(&dropped);
	out_kept_free(lines.kept);
	replay_free(r);
	return o;
}

/* struct record_block_head, anywhere. */
typedef struct __attribute__((packed, may_alias)) {
	uint32_t len, type, crc;
} unaligned_head;

/* The block that begins at `at`. */
static inline unaligned_head *block_at(struct file f, size_t at)
{
	return (unaligned_head *)(f.data + at);
}

static inline size_t next_block(struct file f, size_t at)
{
	return at + sizeof(struct record_block_head) + block_at(f, at)->len;
}

static inline size_t find_block(struct file f, uint32_t type)
{
	size_t at = sizeof(struct record_head);

	while (block_at(f, at)->type != type)
		at = next_block(f, at);
	return at;
}

static inline void seal(struct file f, size_t at)
{
	struct record_block_head h = { .len = block_at(f, at)->len, .type = block_at(f, at)->type };

	block_at(f, at)->crc = record_crc(&h, f.data + at + sizeof(h));
}

#endif
