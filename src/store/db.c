/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The database: how it is made, opened, and known to be a store and nothing else; see store.h.
 *
 * It is in WAL mode, which lets many read while one writes. Its -wal and -shm are left beside it at
 * the end, the first of them empty: without a -shm only who may write to the folder could read.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"

#define APPLICATION_ID 0x62706d6e	/* "bpmn"; PRAGMA application_id */
#define BUSY_MS 2000			/* somebody with another program may write for a moment */
#define WAL_BYTES "4194304"		/* that it is cut down to when it was longer */
#define CELL_BYTES (16 << 20)		/* no line is longer; a damaged file may claim it */

/*
 * In the order of their names. `id` rises in the order of writing, `run` by 1 with each start of
 * bpfmon: (run, seq) names a line for good. `time` is ns since 1970. The columns that a query asks
 * for are before the lines, which it then need not read.
 */
static const struct {
	const char *name, *sql;
} schema[] = {
	{ "event",
	  "CREATE TABLE event(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, "
	  "time INTEGER NOT NULL, type TEXT NOT NULL, map_id INTEGER, map_name TEXT, pid INTEGER, "
	  "uid INTEGER, comm TEXT, exe TEXT, prog_id INTEGER, prog_name TEXT, "
	  "json TEXT NOT NULL, text TEXT)" },
	{ "event_time", "CREATE INDEX event_time ON event(time)" },
};

#define SCHEMA (sizeof(schema) / sizeof(schema[0]))

enum known { KNOWN_STORE, KNOWN_BLANK, KNOWN_BAD };

int store_ask(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*number = 0;
	if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	return rc == SQLITE_OK ? sqlite3_finalize(stmt) : rc;
}

/* ---- opening ---- */

/* As a URI: a name like ":memory:" is a file, too. Absolute ones begin with an empty host. */
static char *make_uri(const char *path, const char *more)
{
	struct buf b = { 0 };

	buf_str(&b, *path == '/' ? "file://" : "file:./");
	for (; *path; path++)
		if (strchr("%?#", *path))
			buf_printf(&b, "%%%02x", (unsigned char)*path);
		else
			buf_bytes(&b, path, 1);
	buf_bytes(&b, more, strlen(more) + 1);
	if (!b.failed)
		return b.data;
	buf_fini(&b);
	return NULL;
}

/* What a file could have SQLite do beside reading is switched off. */
static void distrust(sqlite3 *db)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },	       { SQLITE_DBCONFIG_DQS_DDL, 0 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		sqlite3_db_config(db, options[i].option, options[i].value, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, CELL_BYTES);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_exec(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", NULL, NULL, NULL);
}

static int open_db(const char *path, const char *more, int flags, sqlite3 **db)
{
	char *uri = make_uri(path, more);
	int rc = uri ? sqlite3_open_v2(uri, db,
				       flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
					       SQLITE_OPEN_PRIVATECACHE,
				       NULL) :
		       SQLITE_NOMEM;

	free(uri);
	if (rc == SQLITE_OK)
		distrust(*db);
	return rc;
}

static int say_file(int err, const char *path, char *why, size_t why_size)
{
	snprintf(why, why_size, "cannot open %s: %s", path,
		 err == -EBUSY	 ? "another bpfmon writes to it; give another path" :
		 err == -ENOTSUP ? "it is no regular file" :
				   strerror(-err));
	return -EINVAL;
}

static int open_file(const char *path, int flags)
{
	/* Not blocking: a pipe is refused, not waited for. */
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -ENOTSUP;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* ---- what it is ---- */

/* Whether it has what a store has, and nothing else that could be meant. */
static int compare_schema(sqlite3 *db, bool *same, bool *empty)
{
	sqlite3_stmt *stmt;
	size_t i = 0;
	int rc = sqlite3_prepare_v2(db,
				    "SELECT name, sql FROM sqlite_master "
				    "WHERE name NOT GLOB 'sqlite_*' ORDER BY name",
				    -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	*same = true;
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0),
			   *sql = (const char *)sqlite3_column_text(stmt, 1);

		*same &= i < SCHEMA && name && sql && !strcmp(name, schema[i].name) &&
			 !strcmp(sql, schema[i].sql);
		i++;
	}
	*empty = !i;
	*same &= i == SCHEMA;
	return sqlite3_finalize(stmt);
}

/* `rc`: what SQLite said, for the caller that may have another way. */
static enum known know(sqlite3 *db, const char *path, int *rc, char *why, size_t why_size)
{
	int64_t application = 0, version = 0;
	bool same = false, empty = false;

	*rc = compare_schema(db, &same, &empty);
	if (*rc == SQLITE_OK)
		*rc = store_ask(db, "PRAGMA application_id", &application);
	if (*rc == SQLITE_OK)
		*rc = store_ask(db, "PRAGMA user_version", &version);
	if (*rc == SQLITE_NOTADB)
		snprintf(why, why_size, "%s is no store of bpfmon: it is no database of SQLite",
			 path);
	else if (*rc != SQLITE_OK)
		snprintf(why, why_size, "cannot read %s: %s", path, sqlite3_errmsg(db));
	else if (empty && !application && !version)
		return KNOWN_BLANK;
	else if (application != APPLICATION_ID)
		snprintf(why, why_size,
			 "%s is no store of bpfmon but a database of another program", path);
	else if (version > STORE_VERSION)
		snprintf(why, why_size,
			 "%s has version %lld of the schema, this bpfmon knows %d: use a newer one",
			 path, (long long)version, STORE_VERSION);
	else if (version < 1)
		snprintf(why, why_size, "%s does not say which version of the schema it has", path);
	else if (!same)
		snprintf(why, why_size, "%s is no store of bpfmon: its tables are others", path);
	else
		return KNOWN_STORE;
	return KNOWN_BAD;
}

/* ---- to write ---- */

/* In one transaction: a blank file is made to a store or stays blank. */
static int make_store(sqlite3 *db)
{
	char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s; %s; PRAGMA application_id=%d; "
				    "PRAGMA user_version=%d; COMMIT",
				    schema[0].sql, schema[1].sql, APPLICATION_ID, STORE_VERSION);
	int rc = sql ? sqlite3_exec(db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	return rc;
}

/* The order of writes is kept when the machine crashes, too; the last seconds may be gone then. */
static int set_up(sqlite3 *db)
{
	int persist = 1;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	return sqlite3_exec(db,
			    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
			    "PRAGMA secure_delete=OFF; PRAGMA journal_size_limit=" WAL_BYTES,
			    NULL, NULL, NULL);
}

int store_open_write(const char *path, sqlite3 **db, int *fd, char *why, size_t why_size)
{
	enum known known;
	int rc;

	*db = NULL;
	*fd = open_file(path, O_RDWR | O_CREAT);
	if (*fd < 0)
		return say_file(*fd, path, why, why_size);
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		int err = errno == EWOULDBLOCK ? -EBUSY : -errno;

		close(*fd);
		return say_file(err, path, why, why_size);
	}
	rc = open_db(path, "", SQLITE_OPEN_READWRITE, db);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(*db, BUSY_MS);
		known = know(*db, path, &rc, why, why_size);
		if (known == KNOWN_BAD) {
			sqlite3_close(*db);
			close(*fd);
			return -EINVAL;
		}
		if (known == KNOWN_BLANK)
			rc = make_store(*db);
	}
	if (rc == SQLITE_OK)
		rc = set_up(*db);
	if (rc == SQLITE_OK)
		return 0;
	snprintf(why, why_size, "cannot write to %s: %s", path,
		 *db ? sqlite3_errmsg(*db) : sqlite3_errstr(rc));
	store_close_write(*db, *fd);
	return rc == SQLITE_NOMEM ? -ENOMEM : -EINVAL;
}

void store_close_write(sqlite3 *db, int fd)
{
	if (db)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(db);
	close(fd);
}

/* ---- to read ---- */

/* Whether there is something in the file beside it of that name. */
static bool has_beside(const char *path, const char *more)
{
	size_t size = strlen(path) + strlen(more) + 1;
	char *name = malloc(size);
	struct stat st;
	bool has = true;

	if (name) {
		snprintf(name, size, "%s%s", path, more);
		has = stat(name, &st) ? errno != ENOENT : st.st_size > 0;
	}
	free(name);
	return has;
}

/*
 * Where a -shm is missing and can't be made, the database alone is read if that is all there is: of
 * a store that nobody writes.
 */
static int open_alone(const char *path, sqlite3 **db, char *why, size_t why_size)
{
	sqlite3_close(*db);
	*db = NULL;
	if (has_beside(path, "-journal"))
		snprintf(
			why, why_size,
			"%s is no store of bpfmon yet: who made it was ended meanwhile; the next to "
			"write to it goes on",
			path);
	else if (has_beside(path, "-wal"))
		snprintf(
			why, why_size,
			"cannot read %s: what is in %s-wal needs %s-shm, which cannot be opened or "
			"made",
			path, path, path);
	else
		return open_db(path, "?immutable=1", SQLITE_OPEN_READONLY, db);
	return SQLITE_CANTOPEN;
}

int store_open_read(const char *path, sqlite3 **db, char *why, size_t why_size)
{
	int fd = open_file(path, O_RDONLY), rc, other;
	enum known known = KNOWN_BAD;

	*db = NULL;
	if (fd < 0)
		return say_file(fd, path, why, why_size);
	close(fd);
	rc = open_db(path, "", SQLITE_OPEN_READONLY, db);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(*db, BUSY_MS);
		known = know(*db, path, &rc, why, why_size);
	} else {
		snprintf(why, why_size, "cannot open %s: %s", path, sqlite3_errstr(rc));
	}
	if (rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) {
		other = open_alone(path, db, why, why_size);
		known = other == SQLITE_OK ? know(*db, path, &rc, why, why_size) : KNOWN_BAD;
	}
	if (known == KNOWN_STORE)
		return 0;
	if (known == KNOWN_BLANK)
		snprintf(why, why_size, "%s is no store of bpfmon yet: it is empty", path);
	sqlite3_close(*db);
	*db = NULL;
	return -EINVAL;
}
