/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files as outputs: mode, whole lines, rotation by size and age, and files that others moved away. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "sinks.h"

#define SECOND 1000000000ull

static void put_text(const char *name, const char *text)
{
	FILE *file = fopen(in_dir(name), "we");

	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

/* One output of these options takes events, one a second, with `seq` from `first`. */
static bool write_events(const char *name, const char *options, uint64_t first, uint64_t n)
{
	struct sinks *s = sinks_new(true, never);
	bool good = s && !add_file(s, name, options) &&
		    !sinks_start(s, &test_env, why, sizeof(why));

	for (uint64_t seq = first; good && seq < first + n; seq++)
		put_event(s, seq, EVENT_MAP_UPDATE, 8, seq * SECOND);
	good = good && sinks_end(s);
	sinks_free(s);
	return good;
}

static void mode_and_append(void)
{
	struct stat st;

	CHECK(write_events("append", "", 0, 2));
	CHECK(write_events("append", "", 2, 2));
	CHECK(!stat(in_dir("append"), &st));
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(count_in("append", "\n{\"v\":1"), 3);
	CHECK_INT(count_in("append", "\n"), 4);
}

/* Whoever wrote before was killed in a line. */
static void torn_by_others(void)
{
	put_text("torn", "{\"v\":1}\n{\"v\":");
	CHECK(write_events("torn", "", 5, 1));
	CHECK_INT(count_in("torn", "{\"v\":1}\n{\"v\":\n{\"v\":1,\"seq\":5,"), 1);
	CHECK_INT(count_in("torn", "\n"), 3);
}

static void rotates_by_size(void)
{
	char *text;

	/* Lines have some 260 bytes: two in a file. */
	CHECK(write_events("size", ",max-size=700,keep=2", 0, 20));
	CHECK_INT(access(in_dir("size.2"), F_OK), 0);
	CHECK_INT(access(in_dir("size.3"), F_OK), -1);
	CHECK_INT(count_in("size", "\"seq\":19,"), 1);
	CHECK_INT(count_in("size.1", "\"seq\":19,"), 0);
	text = text_of("size.1");
	CHECK(strlen(text) <= 700);
	CHECK(text[strlen(text) - 1] == '\n');
	free(text);
	CHECK_INT(count_in("size", "\n") + count_in("size.1", "\n") + count_in("size.2", "\n"), 6);
}

/* A line that is larger than all: it has a file alone. */
static void larger_than_a_file(void)
{
	CHECK(write_events("large", ",max-size=10,keep=2", 0, 4));
	CHECK_INT(count_in("large", "\"seq\":3,"), 1);
	CHECK_INT(count_in("large.1", "\"seq\":2,"), 1);
	CHECK_INT(count_in("large.2", "\"seq\":1,"), 1);
	CHECK_INT(count_in("large", "\n"), 1);
}

/* By the times of lines: 1 to 10 s, 11 to 20 s, 21 to 25 s. */
static void rotates_by_age(void)
{
	CHECK(write_events("age", ",max-age=10,keep=9", 1, 25));
	CHECK_INT(count_in("age", "\n"), 5);
	CHECK_INT(count_in("age.1", "\n"), 10);
	CHECK_INT(count_in("age.2", "\n"), 10);
	CHECK_INT(count_in("age.2", "\"seq\":10,"), 1);
}

/* A directory stands in the way: nothing is lost for that. */
static void cannot_rotate(void)
{
	CHECK(!mkdir(in_dir("way.1"), 0700));
	CHECK(write_events("way", ",max-size=500,keep=1", 0, 20));
	CHECK_INT(count_in("way", "\n"), 20);
	rmdir(in_dir("way.1"));
}

/* logrotate: moves the file away, then SIGUSR1. Lines go on into the old one until then. */
static void moved_away(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_file(s, "moved", ""), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	sinks_flush(s);
	CHECK(!rename(in_dir("moved"), in_dir("moved.old")));
	kill(getpid(), SIGUSR1);
	while (access(in_dir("moved"), F_OK))
		sched_yield();
	put_event(s, 1, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(count_in("moved", "\"seq\":1,"), 1);
	CHECK_INT(count_in("moved", "\n") + count_in("moved.old", "\n"), 2);
}

/* The same in the moment between the file and the thread that waits for the signal. */
static void moved_at_the_start(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_file(s, "soon", ""), 0);
	CHECK(!rename(in_dir("soon"), in_dir("soon.old")));
	kill(getpid(), SIGUSR1);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	while (access(in_dir("soon"), F_OK))
		sched_yield();
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(count_in("soon", "\"seq\":0,"), 1);
}

static void one_writer(void)
{
	struct sinks *s = sinks_new(true, never);

	CHECK_INT(add_file(s, "one", ""), 0);
	CHECK_INT(add_file(s, "one", ""), -EINVAL);
	CHECK(strstr(why, "another output writes it"));
	sinks_free(s);
	s = sinks_new(true, never);
	CHECK(!mkfifo(in_dir("fifo"), 0600));
	CHECK_INT(add_file(s, "fifo", ""), -EINVAL);
	CHECK(strstr(why, "no regular file"));
	CHECK_INT(add_file(s, "none/file", ""), -EINVAL);
	CHECK(strstr(why, "No such file or directory"));
	sinks_free(s);
}

int main(void)
{
	log_set_level(LOG_ERROR);
	sinks_dir();
	RUN(moved_at_the_start); /* first: the signal is not blocked by another's thread */
	RUN(mode_and_append);
	RUN(torn_by_others);
	RUN(rotates_by_size);
	RUN(larger_than_a_file);
	RUN(rotates_by_age);
	RUN(cannot_rotate);
	RUN(moved_away);
	RUN(one_writer);
	sinks_rmdir();
	return TEST_STATUS();
}
