/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files that are no store, or were one: each is refused with a reason, none does harm. */
#include <errno.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "store.h"
#include "store/want.h"

static void put_bytes(const char *name, const char *data, size_t len)
{
	FILE *file = fopen(in_dir(name), "we");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		abort();
}

/* Neither reads nor writes it. */
static bool refused(const char *name, const char *word)
{
	struct sinks *s = sinks_new(true, never);
	bool both = !read_store(name, NULL, NULL) && strstr(why, word) &&
		    add_store(s, name, "") == -EINVAL && strstr(why, word);

	sinks_free(s);
	return both;
}

static void no_store(void)
{
	CHECK(!read_store("missing", NULL, NULL));
	CHECK(strstr(why, "No such file or directory"));
	CHECK(!read_store("", NULL, NULL));
	CHECK(strstr(why, "no regular file"));
	CHECK(!mkfifo(in_dir("fifo"), 0600));
	CHECK(!read_store("fifo", NULL, NULL));
	CHECK(strstr(why, "no regular file"));
	put_bytes("text", "{\"v\":1}\n", 8);
	CHECK(refused("text", "no database"));
	/* The writer would make one of it: only a reader has nothing to do with it. */
	put_bytes("blank", "", 0);
	CHECK(!read_store("blank", NULL, NULL));
	CHECK(strstr(why, "empty"));
	CHECK(write_store("blank", "", 0, 3, 0));
	CHECK_INT(lines_of("blank", NULL, NULL), 3);
}

static void other_database(void)
{
	CHECK(change("other", "CREATE TABLE t(x)"));
	CHECK(refused("other", "of another program"));
	CHECK(change("id", "PRAGMA application_id=1"));
	CHECK(refused("id", "of another program"));
}

static void versions(void)
{
	CHECK(write_store("version", "", 0, 3, 0));
	CHECK(change("version", "PRAGMA user_version=2"));
	CHECK(refused("version", "use a newer one"));
	CHECK(change("version", "PRAGMA user_version=0"));
	CHECK(refused("version", "does not say which version"));
	CHECK(change("version", "PRAGMA user_version=1"));
	CHECK_INT(lines_of("version", NULL, NULL), 3);
	/* What SQLite itself adds. */
	CHECK(change("version", "ANALYZE"));
	CHECK_INT(lines_of("version", NULL, NULL), 3);
}

/* What a stranger could have executed when a line is read or written. */
static void other_tables(void)
{
	static const char *const changes[] = {
		"CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END",
		"CREATE VIEW v AS SELECT 1",
		"DROP INDEX event_time",
		"CREATE INDEX more ON event(abs(time))",
		"ALTER TABLE event ADD COLUMN more",
		"ALTER TABLE event RENAME TO e; CREATE VIEW event AS SELECT * FROM e",
		"CREATE TABLE f(x); DROP TABLE event",
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "tables%zu", i);
		CHECK(write_store(name, "", 0, 3, 0));
		CHECK(change(name, changes[i]));
		CHECK(refused(name, "its tables are others"));
	}
}

/* Lines that bpfmon would not write: they are counted, and no terminal sees them. */
static void other_lines(void)
{
	static const char *const changes[] = {
		"UPDATE event SET json = NULL WHERE id = 2", /* refused by NOT NULL */
		"UPDATE event SET json = x'7b7d' WHERE id = 2",
		"UPDATE event SET json = 'x' WHERE id = 2",
		"UPDATE event SET json = '{' || char(27) || '[2J}' WHERE id = 2",
		"UPDATE event SET json = '{}' || char(10) || '{}' WHERE id = 2",
	};
	struct reading r = { .until_ns = INT64_MAX };
	char *text;

	for (size_t i = 1; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct reading json = { .until_ns = INT64_MAX, .json = true };

		CHECK(write_store("lines", "", 0, 3, 0));
		CHECK(change("lines", changes[i]));
		CHECK_INT(lines_of("lines", NULL, &json), 2);
		CHECK_INT(json.bad, 1);
		CHECK(!unlink(in_dir("lines")));
	}
	CHECK(write_store("lines", "", 0, 3, 0));
	CHECK(!change("lines", changes[0]));
	CHECK(change("lines", "UPDATE event SET text = char(27) || '[2J'; "
			      "UPDATE event SET type = x'00', time = 'x' WHERE id = 2; "
			      "UPDATE event SET text = NULL WHERE id = 3"));
	text = read_store("lines", NULL, &r);
	CHECK(text);
	CHECK(!strchr(text, 27));
	CHECK_INT(count_of(text, "\\x1b[2J"), 1);
	CHECK_INT(count_of(text, "map.update\n"), 1);
	free(text);
}

static uint32_t random_u32(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33);
}

/*
 * A whole store with bytes changed, or cut: read up to where it makes no sense. The content may be
 * wrong then, but no line is half.
 */
static void damaged(void)
{
	static char whole[1 << 20], copy[sizeof(whole)];
	FILE *file;
	size_t len;
	int read = 0, failed = 0;

	CHECK(write_store("whole", "", 0, 500, 100));
	file = fopen(in_dir("whole"), "re");
	CHECK(file);
	len = fread(whole, 1, sizeof(whole), file);
	fclose(file);
	CHECK(len > 100000 && len < sizeof(whole));
	for (int i = 0; i < 600; i++) {
		size_t cut = i % 5 ? len : random_u32() % len;
		/* The first page has what the rest is read by. */
		size_t range = i % 3 ? cut : cut < 4096 ? cut : 4096;
		char *text;

		memcpy(copy, whole, len);
		for (unsigned int n = random_u32() % 20; range && n; n--)
			copy[random_u32() % range] = (char)random_u32();
		put_bytes("damaged", copy, cut);
		text = read_store("damaged", NULL, NULL);
		read += text != NULL;
		failed += !text;
		if (text && *text)
			CHECK(text[strlen(text) - 1] == '\n');
		free(text);
		unlink(in_dir("damaged"));
	}
	CHECK(read > 50 && failed > 50);
}

/* The same of a log that was not yet taken over: only whole transactions of it count. */
static void damaged_log(void)
{
	static char log[1 << 20];
	sqlite3 *db;
	FILE *file;
	size_t len;

	CHECK(write_store("log", "", 0, 10, 0));
	CHECK_INT(sqlite3_open(in_dir("log"), &db), SQLITE_OK);
	CHECK_INT(
		sqlite3_exec(db,
			     "PRAGMA wal_autocheckpoint=0; BEGIN; DELETE FROM event WHERE id < 6; "
			     "COMMIT; DELETE FROM event WHERE id = 6",
			     NULL, NULL, NULL),
		SQLITE_OK);
	file = fopen(in_dir("log-wal"), "re");
	CHECK(file);
	len = fread(log, 1, sizeof(log), file);
	fclose(file);
	sqlite3_close(db);
	CHECK(len > 8000);
	for (int i = 0; i < 200; i++) {
		struct reading r = { .until_ns = INT64_MAX, .json = true };
		size_t at = random_u32() % len;
		long long lines;

		CHECK(!unlink(in_dir("log")) || i);
		unlink(in_dir("log-shm"));
		unlink(in_dir("log-wal"));
		CHECK(write_store("log", "", 0, 10, 0));
		log[at] ^= 1;
		put_bytes("log-wal", log, i % 4 ? len : at);
		log[at] ^= 1;
		lines = lines_of("log", NULL, &r);
		if (lines != 10 && lines != 5 && lines != 4)
			FAIL("%lld lines with the log changed at %zu: %s", lines, at, why);
	}
}

/* Nobody writes to it, and the folder can't be written to: the database alone is read. */
static void alone(void)
{
	CHECK(write_store("alone", "", 0, 3, 0));
	CHECK(!unlink(in_dir("alone-shm")));
	CHECK(!unlink(in_dir("alone-wal")));
	CHECK_INT(lines_of("alone", NULL, NULL), 3);
}

/* A name is a name, whatever SQLite could take it for. */
static void names(void)
{
	static const char *const words[] = { ":memory:", "a?mode=memory", "a%20b", "a#b", "a b" };
	char here[256];

	CHECK(getcwd(here, sizeof(here)));
	CHECK(!chdir(dir));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		sqlite3 *db = NULL;
		int fd;

		CHECK(write_store(words[i], "", 0, 3, 0));
		CHECK_INT(lines_of(words[i], NULL, NULL), 3);
		CHECK_INT(store_open_write(words[i], &db, &fd, why, sizeof(why)), 0);
		store_close_write(db, fd);
	}
	CHECK(!chdir(here));
}

int main(void)
{
	log_set_level(LOG_ERROR);
	sinks_dir();
	RUN(no_store);
	RUN(other_database);
	RUN(versions);
	RUN(other_tables);
	RUN(other_lines);
	RUN(damaged);
	RUN(damaged_log);
	RUN(alone);
	RUN(names);
	sinks_rmdir();
	return TEST_STATUS();
}
