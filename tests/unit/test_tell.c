/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changes as events: what they say, held against tests/golden/change*, how they came about and who
 * is suspected; and that a recording of them is printed as the same lines. Runs in the root of the
 * tree; UPDATE=1 writes the files anew.
 */
#include "content/tell.h"

#include "golden.h"
#include "recording.h"

#define BIG 4096

static struct tell t;
static struct inv_map map;
static struct inventory users;
static uint8_t old[BIG], value[BIG];
static struct content_change change;

static void start(void)
{
	static struct inv_prog using[] = {
		{ .id = 31, .type = BPF_PROG_TYPE_RAW_TRACEPOINT, .name = "on_tick" },
		{ .id = 32, .type = 999, .name = "\"x\033" },
	};
	static struct inv_process processes[] = {
		{ .pid = 812, .comm = "owner", .mmaps = 1, .mmap_mode = INV_READ | INV_WRITE },
		{ .pid = 813, .comm = "reader", .mmaps = 1, .mmap_mode = INV_READ },
		{ .pid = 814, .comm = "holder", .fds = 1, .fd_mode = INV_READ | INV_WRITE },
		{ .pid = 815, .comm = "other\n", .mmaps = 2, .mmap_mode = INV_WRITE },
	};
	static uint32_t used_by[] = { 0, 1 };

	t = (struct tell){ .cpus = 2, .bytes = 16, .helpers_seen = true };
	map = (struct inv_map){ .id = 12,
				.type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 8,
				.max_entries = 16,
				.flags = BPF_F_MMAPABLE,
				.name = "config",
				.progs = used_by,
				.n_progs = 2,
				.processes = processes,
				.n_processes = 4 };
	users = (struct inventory){ .maps = &map, .n_maps = 1, .progs = using, .n_progs = 2 };
	memset(old, 0, sizeof(old));
	memset(value, 0, sizeof(value));
	value[0] = 7;
	change = (struct content_change){
		&map, NOW_NS, { (const uint8_t *)"\2\0\0\0", old, value }, &users
	};
}

/* ---- situations ---- */

static void by_pointer(void)
{
	map.n_processes = 0;
}

static void by_mmap(void)
{
	map.n_progs = 0;
}

static void by_either(void)
{
}

static void inserted(void)
{
	map.type = BPF_MAP_TYPE_HASH;
	map.flags = 0;
	map.n_processes = 0;
	change.what.old = NULL;
}

static void gone(void)
{
	inserted();
	change.what.old = old;
	change.what.value = NULL;
}

/* The end of a value that is longer than what is shown. */
static void large(void)
{
	map.value_size = BIG;
	memset(value + BIG - 20, 0xee, 18);
	value[0] = 0;
}

static void percpu(void)
{
	map.type = BPF_MAP_TYPE_PERCPU_ARRAY;
	map.value_size = 20;
	map.n_processes = 0;
	value[24 + 18] = 1;
}

static void unknown(void)
{
	map.n_progs = map.n_processes = 0;
	map.flags = 0;
}

/* No program can store there, and nobody can map it. Who used it is asked by its id alone. */
static void slot(void)
{
	static struct inv_map used;

	used = map;
	used.type = 0;
	users.maps = &used;
	map.type = BPF_MAP_TYPE_DEVMAP;
	map.flags = 0;
	map.value_size = 4;
	old[0] = 31;
}

static const struct {
	const char *name;
	void (*make)(void);
} rows[] = {
	{ "change_pointer", by_pointer }, { "change_mmap", by_mmap },
	{ "change_either", by_either },	  { "change_inserted", inserted },
	{ "change_gone", gone },	  { "change_large", large },
	{ "change_percpu", percpu },	  { "change_unknown", unknown },
	{ "change_slot", slot },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct out_format *const formats[] = { &out_json, &out_text };
static size_t current;
static const struct out_format *format;

static struct event made(void)
{
	struct event e;

	tell_change(&t, &change, &e);
	return e;
}

/* ---- tests ---- */

static void golden(void)
{
	struct buf b = { 0 };
	struct event e;
	const char *why;

	start();
	rows[current].make();
	e = made();
	format->event(&b, &env, 7, &e);
	why = golden_compare(rows[current].name, format->name, &b);
	buf_fini(&b);
	if (*why)
		FAIL("%s", why);
}

static void stop_monitor(struct monitor *m)
{
	*m = (struct monitor){ .type = MONITOR_STOP,
			       .time_ns = NOW_NS,
			       .compared = { 3, 1, 100, 2500000000, 7 } };
}

/* Recorded, then replayed. */
static void round_trip(void)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	struct recorder *r = recorder_new(dup(fd), &info, never);
	struct buf now = { 0 }, later = { 0 };
	struct outcome o;
	struct monitor m;
	struct file f;
	struct event e;
	bool same;

	for (size_t i = 0; i < ROWS; i++) {
		start();
		rows[i].make();
		e = made();
		format->event(&now, &env, i, &e);
		recorder_event(r, &e);
	}
	stop_monitor(&m);
	recorder_monitor(r, &m);
	format->monitor(&now, &env, ROWS, &m);
	recorder_end(r);
	recorder_free(r);
	f = slurp(fd);
	o = replay(f, &later, format);
	free(f.data);
	same = now.len == later.len && !memcmp(now.data, later.data, now.len);
	if (!same)
		test_fail(__FILE__, __LINE__, "%.*s replayed as %.*s", (int)now.len, now.data,
			  (int)later.len, later.data);
	buf_fini(&now);
	buf_fini(&later);
	CHECK_INT(o.item, REPLAY_END);
	CHECK_INT(o.skipped, 0);
}

static void vias(void)
{
	struct event e;

	start();
	CHECK_INT(made().via, VIA_POINTER);
	/* what programs write by helpers is not recorded: it may have been that */
	t.helpers_seen = false;
	CHECK_INT(made().via, VIA_UNKNOWN);
	map.n_progs = 0;
	CHECK_INT(made().via, VIA_MMAP);
	/* who it was has gone since */
	map.n_processes = 0;
	CHECK_INT(made().via, VIA_UNKNOWN);
	/* that one only reads, that one holds a descriptor */
	start();
	map.n_progs = 0;
	map.processes++;
	map.n_processes = 2;
	CHECK_INT(made().via, VIA_UNKNOWN);
	/* no store makes an element, or takes one away */
	start();
	inserted();
	CHECK_INT(made().via, VIA_UNKNOWN);
	gone();
	CHECK_INT(made().via, VIA_UNKNOWN);
	start();
	slot();
	e = made();
	CHECK_INT(e.via, VIA_UNKNOWN);
	CHECK_INT(e.n_suspects + e.n_suspect_progs, 0);
	start();
	change.users = NULL;
	e = made();
	CHECK_INT(e.via, VIA_UNKNOWN);
	CHECK_INT(e.n_suspects + e.n_suspect_progs, 0);
}

static void suspects_cut(void)
{
	static struct inv_process many[TELL_SUSPECTS + 2];
	static struct inv_prog using[TELL_SUSPECTS + 1];
	static uint32_t used_by[TELL_SUSPECTS + 1];
	struct event e;

	start();
	for (uint32_t i = 0; i < TELL_SUSPECTS + 2; i++)
		many[i] = (struct inv_process){ .pid = i,
						.mmaps = 1,
						.mmap_mode = i ? INV_WRITE : 0 };
	map.processes = many;
	map.n_processes = TELL_SUSPECTS + 1;
	e = made();
	CHECK(!e.suspects_cut);
	CHECK_INT(e.n_suspects, TELL_SUSPECTS);
	map.n_processes++;
	e = made();
	CHECK(e.suspects_cut);
	CHECK_INT(e.n_suspects, TELL_SUSPECTS);
	map.n_processes = 0;
	for (uint32_t i = 0; i < TELL_SUSPECTS + 1; i++)
		used_by[i] = i;
	users.progs = using;
	map.progs = used_by;
	map.n_progs = TELL_SUSPECTS + 1;
	e = made();
	CHECK(e.suspects_cut);
	CHECK_INT(e.n_suspect_progs, TELL_SUSPECTS);
}

int main(void)
{
	char name[128];

	setenv("TZ", "UTC", 1);
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		format = formats[f];
		for (current = 0; current < ROWS; current++) {
			snprintf(name, sizeof(name), "golden/%s.%s", rows[current].name,
				 format->name);
			test_run(name, golden);
		}
		snprintf(name, sizeof(name), "round_trip.%s", format->name);
		test_run(name, round_trip);
	}
	RUN(vias);
	RUN(suspects_cut);
	return TEST_STATUS();
}
