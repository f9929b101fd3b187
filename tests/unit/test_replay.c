/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Recordings: what is written comes back as it was, in every format. tests/golden/recording-1 was
 * written by the first version, and is to be readable for ever. Runs in the root of the tree.
 *
 * UPDATE=1       writes tests/golden/recording-1.jsonl anew, what it is printed as
 * RECORDING=FILE writes a recording of every situation; SEEDS=DIR one of each, as a start for
 *                tests/fuzz/fuzz_replay.c
 */
#include <errno.h>

#include "recording.h"

#define GOLDEN "tests/golden/recording-1"
static const struct out_format *const formats[] = { &out_json, &out_text };
/* ---- tests ---- */

static size_t current;
static const struct out_format *format;

/* One situation, printed at once and replayed: the same bytes. */
static void round_trip(void)
{
	struct file f = recorded(&info, current, 1);
	struct buf now = { 0 }, later = { 0 };
	struct outcome o = replay(f, &later, format);
	bool same;

	print(&now, format, current, 1);
	same = now.len == later.len && !memcmp(now.data, later.data, now.len);
	if (!same)
		test_fail(__FILE__, __LINE__, "%.*s replayed as %.*s", (int)now.len, now.data,
			  (int)later.len, later.data);
	buf_fini(&now);
	buf_fini(&later);
	free(f.data);
	CHECK_INT(o.item, REPLAY_END);
	CHECK_INT(o.skipped, 0);
}

static void all_at_once(void)
{
	struct file f = recorded(&info, 0, SITUATIONS);
	struct buf now = { 0 }, later = { 0 };
	bool same = true;

	for (size_t piece = 1; piece < f.len && same; piece = piece * 3 + 1) {
		f.piece = piece;
		now.len = later.len = 0;
		print(&now, &out_json, 0, SITUATIONS);
		same = replay(f, &later, &out_json).item == REPLAY_END && now.len == later.len &&
		       !memcmp(now.data, later.data, now.len);
	}
	buf_fini(&now);
	buf_fini(&later);
	free(f.data);
	CHECK(same);
}

/* Each program that wrote is the right one, also when more take turns than there are places. */
static void many_programs(void)
{
	enum { PROGS = 3 * RECORD_PLACES, EVENTS = 2 * PROGS };
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct recorder *r = recorder_new(dup(fd), &info, never);
	struct event_prog p = { .name = "p" };
	struct replay *reader;
	struct record_info read;
	struct event e;
	struct monitor m;
	struct file f;
	void *copy;
	int right = 0;

	make_event(6, &e, &copy);
	for (uint32_t i = 0; i < EVENTS; i++) {
		p.id = 1 + i * 7 % PROGS;
		e.program = &p;
		e.value_cpu = p.id;
		recorder_event(r, &e);
	}
	recorder_end(r);
	recorder_free(r);
	free(copy);
	f = slurp(fd);
	reader = replay_new(read_file, &f);
	replay_begin(reader, &read);
	while (replay_next(reader, &e, &m) == REPLAY_EVENT)
		right += e.program && e.program->id == e.value_cpu;
	CHECK_INT(right, EVENTS);
	replay_free(reader);
	free(f.data);
}

/* What events share is written once. */
static void written_once(void)
{
	struct file f = recorded(&info, 0, SITUATIONS);
	size_t at = sizeof(struct record_head);
	int shared = 0;

	for (; at < f.len; at = next_block(f, at))
		shared += block_at(f, at)->type == BLOCK_SHARED;
	free(f.data);
	/* Two programs, six maps, one BTF, two processes, what was learned: six times of seven. */
	CHECK_INT(shared, 17);
}

/* What can't be written is counted, by events: not by blocks, nor by newlines in them. */
static void full_disk(void)
{
	struct recorder *r = recorder_new(open("/dev/full", O_WRONLY | O_CLOEXEC), &info, never);
	struct event e;
	void *copy;
	uint64_t lost;
	int error;

	make_event(0, &e, &copy);
	recorder_monitor(r, &monitors[0]);
	for (int i = 0; i < 5; i++)
		recorder_event(r, &e);
	recorder_end(r);
	lost = recorder_output(r)->lost;
	error = recorder_output(r)->error;
	recorder_free(r);
	free(copy);
	CHECK_INT(lost, 5);
	CHECK_INT(error, -ENOSPC);
}

/* A recording of the first version, in the tree: byte for byte the same output. */
static void golden(void)
{
	int fd = open(GOLDEN, O_RDONLY | O_CLOEXEC);
	FILE *want = fopen(GOLDEN ".jsonl", getenv("UPDATE") ? "w+e" : "re");
	static char text[65536];
	struct buf b = { 0 };
	struct outcome o;
	struct file f;
	size_t len;
	bool same;

	CHECK(fd >= 0 && want);
	f = slurp(fd);
	o = replay(f, &b, &out_json);
	if (getenv("UPDATE")) {
		fwrite(b.data, 1, b.len, want);
		rewind(want);
	}
	len = fread(text, 1, sizeof(text), want);
	fclose(want);
	same = len == b.len && !memcmp(text, b.data, len);
	buf_fini(&b);
	free(f.data);
	CHECK_STR(o.why, "");
	CHECK_INT(o.item, REPLAY_END);
	CHECK_INT(o.events, 58);
	CHECK(same);
}

static int write_recording(const char *path, size_t first, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0) {
		perror(path);
		return 1;
	}
	record(fd, &info, first, n);
	return 0;
}

int main(void)
{
	char name[4096];

	if (getenv("RECORDING"))
		return write_recording(getenv("RECORDING"), 0, SITUATIONS);
	for (current = 0; getenv("SEEDS") && current < SITUATIONS; current++) {
		snprintf(name, sizeof(name), "%s/%s", getenv("SEEDS"), situations[current].name);
		if (write_recording(name, current, 1))
			return 1;
	}
	setenv("TZ", "UTC", 1);
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		format = formats[f];
		for (current = 0; current < SITUATIONS; current++) {
			snprintf(name, sizeof(name), "round_trip/%s.%s", situations[current].name,
				 format->name);
			test_run(name, round_trip);
		}
	}
	RUN(all_at_once);
	RUN(many_programs);
	RUN(written_once);
	RUN(full_disk);
	RUN(golden);
	return TEST_STATUS();
}
