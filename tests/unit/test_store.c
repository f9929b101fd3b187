/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The local store: what was written is read, bounds by size and age, who else has the file. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "store.h"
#include "store/want.h"

static void write_and_read(void)
{
	struct reading r = { .until_ns = INT64_MAX };
	struct stat st;
	char *text;

	CHECK(write_store("first", "", 0, 2500, 0));
	CHECK(!stat(in_dir("first"), &st));
	CHECK_INT(st.st_mode & 07777, 0600);
	text = read_store("first", NULL, NULL);
	CHECK(text);
	CHECK_INT(count_of(text, "\n"), 2500);
	CHECK_INT(count_of(text,
			   "\"time\":\"1970-01-01T00:00:01.000000000Z\",\"type\":\"map.delete\""),
		  1);
	for (int seq = 0; seq < 2500; seq++) {
		char word[64];

		snprintf(word, sizeof(word), "{\"v\":1,\"seq\":%d,", seq);
		CHECK_INT(count_of(text, word), 1);
	}
	free(text);
	text = read_store("first", NULL, &r);
	CHECK_INT(count_of(text, "\n"), 2500);
	CHECK(!strncmp(text, "1970-01-01 00:00:00.000  update  test[7] ", 41));
	free(text);
}

/* Runs are numbered, and go on behind each other. */
static void appends(void)
{
	sqlite3 *db;
	int64_t n;

	CHECK(write_store("append", "", 0, 3, 0));
	CHECK(write_store("append", "", 0, 3, 0));
	CHECK_INT(lines_of("append", NULL, NULL), 6);
	CHECK_INT(store_open_read(in_dir("append"), &db, why, sizeof(why)), 0);
	CHECK_INT(store_ask(db, "SELECT count(DISTINCT run * 1000 + seq) FROM event", &n), 0);
	CHECK_INT(n, 6);
	CHECK_INT(store_ask(db, "SELECT max(id) FROM event WHERE run = 2", &n), 0);
	CHECK_INT(n, 6);
	sqlite3_close(db);
}

static struct want wants(const char *map, const char *actor, const char *types)
{
	struct want w = { 0 };
	char list[64];

	if (map)
		want_map(&w, map, why, sizeof(why));
	if (actor)
		want_actor(&w, actor, why, sizeof(why));
	snprintf(list, sizeof(list), "%s", types ?: "");
	if (types)
		want_types(&w, list, why, sizeof(why));
	return w;
}

static void filters(void)
{
	static const struct {
		const char *map, *actor, *types;
		int lines;
	} cases[] = {
		{ "8", NULL, NULL, 20 },
		{ "9", NULL, NULL, 0 },
		{ "config", NULL, NULL, 20 },
		{ "con*", NULL, NULL, 20 },
		{ "conf", NULL, NULL, 0 },
		{ NULL, "7", NULL, 20 },
		{ NULL, "8", NULL, 0 },
		{ NULL, "pid=7", NULL, 20 },
		{ NULL, "comm=t?st", NULL, 20 },
		{ NULL, "test", NULL, 20 },
		{ NULL, "prog=test", NULL, 0 },
		{ NULL, "prog=7", NULL, 0 },
		{ NULL, "/usr/bin/test", NULL, 0 },
		{ NULL, NULL, "delete", 10 },
		{ NULL, NULL, "write", 20 },
		{ NULL, NULL, "monitor", 0 },
		{ "8", "7", "map.update", 10 },
		{ NULL, NULL, "monitor.stop,update", 10 },
	};

	CHECK(write_store("filters", "", 0, 20, 0));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct want w = wants(cases[i].map, cases[i].actor, cases[i].types);
		long long lines = lines_of("filters", &w, NULL);

		if (lines != cases[i].lines)
			FAIL("case %zu: %lld lines, not %d", i, lines, cases[i].lines);
	}
}

static void bad_words(void)
{
	struct want w = { 0 };
	char none[] = "nothing", empty[] = ",";

	CHECK_INT(want_map(&w, "0", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_map(&w, "", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_map(&w, "4294967296", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_map(&w, "/sys/fs/bpf/x", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_actor(&w, "pid=x", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_actor(&w, "exe=", why, sizeof(why)), -EINVAL);
	CHECK_INT(want_types(&w, none, why, sizeof(why)), -EINVAL);
	CHECK_INT(want_types(&w, empty, why, sizeof(why)), -EINVAL);
	CHECK(want_all(&w));
	for (int i = 0; i < WANT_MAX; i++)
		CHECK_INT(want_map(&w, "m*", why, sizeof(why)), 0);
	CHECK_INT(want_map(&w, "m*", why, sizeof(why)), -EINVAL);
}

static void ranges(void)
{
	struct reading r = { .since_ns = 5 * SECOND, .until_ns = 9 * SECOND, .json = true };
	char *text;

	CHECK(write_store("ranges", "", 0, 2500, 0));
	text = read_store("ranges", NULL, &r);
	CHECK_INT(count_of(text, "\n"), 5);
	CHECK_INT(count_of(text, "\"seq\":5,") + count_of(text, "\"seq\":9,"), 2);
	free(text);
	r.last = 2;
	text = read_store("ranges", NULL, &r);
	CHECK_INT(count_of(text, "\n"), 2);
	CHECK_INT(count_of(text, "\"seq\":8,") + count_of(text, "\"seq\":9,"), 2);
	free(text);
	r = (struct reading){ .until_ns = INT64_MAX, .last = 2000 };
	CHECK_INT(lines_of("ranges", NULL, &r), 2000);
	r.last = 2500;
	CHECK_INT(lines_of("ranges", NULL, &r), 2500);
	r.last = 9999;
	CHECK_INT(lines_of("ranges", NULL, &r), 2500);
}

/* What was read is not gone through again for what comes next. */
static void reads_once(void)
{
	static const struct want all;
	struct reading r = { .want = &all, .until_ns = INT64_MAX };
	struct buf b = {};
	bool more = true;
	int steps;

	CHECK(write_store("once", "", 0, 20000, 0));
	CHECK_INT(store_open_read(in_dir("once"), &r.db, why, sizeof(why)), 0);
	CHECK_INT(read_begin(&r), SQLITE_OK);
	while (more)
		CHECK_INT(read_some(&r, &b, &more), SQLITE_OK);
	steps = sqlite3_stmt_status(r.stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
	read_end(&r);
	sqlite3_close(r.db);
	buf_bytes(&b, "", 1);
	CHECK_INT(count_of(b.data, "\n"), 20000);
	buf_fini(&b);
	if (steps > 20000 * 50)
		FAIL("%d steps", steps);
}

/* Far more comes than it may have: the newest stay, and the file is never larger. */
static void bounded_by_size(void)
{
	struct reading r = { .until_ns = INT64_MAX, .last = 1, .json = true };
	struct stat st;
	long long lines;
	char *text;

	for (uint64_t first = 0; first < 20000; first += 4000) {
		CHECK(write_store("size", ",max-size=4M", first, 4000, 500));
		CHECK(!stat(in_dir("size"), &st));
		CHECK(st.st_size <= 4 << 20);
	}
	lines = lines_of("size", NULL, NULL);
	if (lines < 500 || lines >= 4000)
		FAIL("%lld lines", lines);
	CHECK(st.st_size > 3 << 20);
	text = read_store("size", NULL, &r);
	CHECK_INT(count_of(text, "\"seq\":19999,"), 1);
	free(text);
	r = (struct reading){ .until_ns = INT64_MAX,
			      .since_ns = (int64_t)((20000 - (uint64_t)lines) * SECOND) };
	CHECK_INT(lines_of("size", NULL, &r), lines);
	/* A batch that is larger than all that it may have. */
	CHECK(write_store("size", ",max-size=4M", 0, 600, 4096));
	CHECK(!stat(in_dir("size"), &st));
	CHECK(st.st_size <= 4 << 20);
}

static void bounded_by_age(void)
{
	CHECK(write_store("age", ",max-age=100", 0, 1000, 0));
	CHECK_INT(lines_of("age", NULL, NULL), 101);
	CHECK(write_store("age", ",max-age=100", 5000, 1, 0));
	CHECK_INT(lines_of("age", NULL, NULL), 1);
}

/* logrotate's way. What the old one has is whole without anything beside it. */
static void moved_away(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_store(s, "moved", ""), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	sinks_flush(s);
	while (lines_of("moved", NULL, NULL) != 1)
		sched_yield();
	CHECK(!rename(in_dir("moved"), in_dir("moved.old")));
	kill(getpid(), SIGUSR1);
	while (access(in_dir("moved"), F_OK))
		sched_yield();
	put_event(s, 1, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(lines_of("moved", NULL, NULL), 1);
	CHECK_INT(lines_of("moved.old", NULL, NULL), 1);
}

/* Without a signal: what comes then is in a new one. */
static void removed(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_store(s, "removed", ""), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	sinks_flush(s);
	while (lines_of("removed", NULL, NULL) != 1)
		sched_yield();
	CHECK(!unlink(in_dir("removed")));
	put_event(s, 1, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(lines_of("removed", NULL, NULL), 1);
}

static void one_writer(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_store(s, "one", ""), 0);
	CHECK_INT(add_store(s, "one", ""), -EINVAL);
	CHECK(strstr(why, "another bpfmon writes to it"));
	CHECK_INT(add_store(s, "format", ",format=json"), -EINVAL);
	CHECK(strstr(why, "can't be chosen"));
	CHECK_INT(add_store(s, "none/store", ""), -EINVAL);
	CHECK(strstr(why, "No such file or directory"));
	CHECK_INT(add_store(s, "", ""), -EINVAL);
	CHECK(!mkfifo(in_dir("fifo"), 0600));
	CHECK_INT(add_store(s, "fifo", ""), -EINVAL);
	CHECK(strstr(why, "no regular file"));
	sinks_free(s);
}

/* Another program has it for longer than is waited for: it is tried again, and nothing is lost. */
static void locked_by_others(void)
{
	struct sinks *s = sinks_new(true, never);
	sqlite3 *db;

	CHECK(write_store("locked", "", 0, 1, 0));
	CHECK_INT(sqlite3_open(in_dir("locked"), &db), SQLITE_OK);
	CHECK_INT(add_store(s, "locked", ""), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	CHECK_INT(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put_event(s, 1, EVENT_MAP_UPDATE, 8, 1);
	sinks_flush(s);
	sleep(3);
	CHECK_INT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	CHECK(sinks_end(s));
	sinks_free(s);
	sqlite3_close(db);
	CHECK_INT(lines_of("locked", NULL, NULL), 2);
}

/* A transaction that a reader holds keeps nobody from writing, and sees nothing of it. */
static void read_meanwhile(void)
{
	sqlite3 *db;
	int64_t before, n;

	CHECK(write_store("meanwhile", "", 0, 10, 0));
	CHECK_INT(store_open_read(in_dir("meanwhile"), &db, why, sizeof(why)), 0);
	CHECK_INT(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(store_ask(db, "SELECT count(*) FROM event", &before), SQLITE_OK);
	CHECK(write_store("meanwhile", "", 10, 1000, 0));
	CHECK_INT(store_ask(db, "SELECT count(*) FROM event", &n), SQLITE_OK);
	CHECK_INT(n, before);
	CHECK_INT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(store_ask(db, "SELECT count(*) FROM event", &n), SQLITE_OK);
	CHECK_INT(n, 1010);
	sqlite3_close(db);
}

int main(void)
{
	log_set_level(LOG_ERROR);
	sinks_dir();
	RUN(write_and_read);
	RUN(appends);
	RUN(filters);
	RUN(bad_words);
	RUN(ranges);
	RUN(reads_once);
	RUN(bounded_by_size);
	RUN(bounded_by_age);
	RUN(moved_away);
	RUN(removed);
	RUN(one_writer);
	RUN(locked_by_others);
	RUN(read_meanwhile);
	sinks_rmdir();
	return TEST_STATUS();
}
