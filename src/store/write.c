/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The store as an output: some lines in one transaction, in which the oldest make room by size and
 * age, so that a reader and whoever comes after a crash see all of it or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "sinks/type.h"
#include "store/pack.h"
#include "store/store.h"

#define PAGE_BYTES 4096
#define PAGES_KEPT 16		/* for what is not in the estimate: inner pages, the index */
#define DELETED_BY_AGE 1024	/* at once: more than come at once, so that it catches up */
#define SECOND 1000000000ll

enum statement { INSERT, PAGES_USED, DROP_OLDEST, DROP_BEFORE, STATEMENTS };

static const char *const sqls[STATEMENTS] = {
	/* What was written is not written again: after a failure the same line has the same id. */
	[INSERT] = "INSERT OR IGNORE INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PAGES_USED] = "SELECT (SELECT page_count FROM pragma_page_count) - "
		       "(SELECT freelist_count FROM pragma_freelist_count)",
	[DROP_OLDEST] = "DELETE FROM event WHERE id < (SELECT min(id) FROM event) + ?",
	[DROP_BEFORE] = "DELETE FROM event WHERE id IN "
			"(SELECT id FROM event WHERE time < ? ORDER BY time LIMIT ?)",
};

struct state {
	const char *path;	/* lent */
	uint64_t max_bytes;
	int64_t max_age_ns;	/* 0: no limit */
	sqlite3 *db;		/* NULL: to be opened */
	int fd;
	sqlite3_stmt *stmts[STATEMENTS];
	int64_t next_id, run;
	bool told;		/* what failed */
};

/* ---- opening ---- */

static void close_store(struct state *s)
{
	if (!s->db)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->stmts[i]);
	memset(s->stmts, 0, sizeof(s->stmts));
	store_close_write(s->db, s->fd);
	s->db = NULL;
}

static int begin_run(struct state *s)
{
	int64_t last;
	int rc = store_ask(s->db, "SELECT max(id) FROM event", &last);

	if (rc == SQLITE_OK)
		rc = store_ask(s->db, "SELECT max(run) FROM event", &s->run);
	s->next_id = last + 1;
	s->run++;
	for (int i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v3(s->db, sqls[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[i],
					NULL);
	return rc;
}

static int open_store(struct state *s, char *why, size_t why_size)
{
	int err = store_open_write(s->path, &s->db, &s->fd, why, why_size), rc;

	if (err) {
		s->db = NULL;
		return err;
	}
	rc = begin_run(s);
	if (rc == SQLITE_OK)
		return 0;
	snprintf(why, why_size, "cannot write to %s: %s", s->path, sqlite3_errmsg(s->db));
	close_store(s);
	return -EINVAL;
}

static int open_state(const struct sinks_open *o, void **state)
{
	struct state *s = calloc(1, sizeof(*s));
	char why[384];
	int err;

	if (!s) {
		snprintf(o->why, o->why_size, "output sqlite: no memory");
		return -ENOMEM;
	}
	s->path = sinks_text(o->values, "path");
	s->max_bytes = sinks_number(o->values, "max-size");
	s->max_age_ns = (int64_t)sinks_number(o->values, "max-age") * SECOND;
	snprintf(o->label, SINKS_LABEL, "sqlite %s", s->path);
	err = open_store(s, why, sizeof(why));
	if (!err) {
		*state = s;
		return 0;
	}
	free(s);
	snprintf(o->why, o->why_size, "output sqlite: %s", why);
	return err;
}

/* ---- writing ---- */

/* Of a statement that answers with nothing. */
static int run(struct state *s, enum statement which)
{
	int rc = sqlite3_step(s->stmts[which]);

	sqlite3_reset(s->stmts[which]);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int pages_used(struct state *s, uint64_t *pages)
{
	sqlite3_stmt *stmt = s->stmts[PAGES_USED];
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		*pages = (uint64_t)sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/*
 * Pages that are free are used again, so the file stays as it is while as much goes as comes. A
 * page is not always full: half of it is counted on.
 */
static int make_room(struct state *s, uint64_t bytes, size_t n)
{
	uint64_t needed = bytes / (PAGE_BYTES / 2) + PAGES_KEPT, pages = 0,
		 max = s->max_bytes / PAGE_BYTES;
	int rc = pages_used(s, &pages);

	sqlite3_bind_int64(s->stmts[DROP_OLDEST], 1, (int64_t)n);
	while (rc == SQLITE_OK && pages + needed > max) {
		rc = run(s, DROP_OLDEST);
		if (rc != SQLITE_OK || !sqlite3_changes(s->db))
			break;
		rc = pages_used(s, &pages);
	}
	return rc;
}

static int drop_old(struct state *s, uint64_t now_ns)
{
	if (!s->max_age_ns || (int64_t)now_ns < s->max_age_ns)
		return SQLITE_OK;
	sqlite3_bind_int64(s->stmts[DROP_BEFORE], 1, (int64_t)now_ns - s->max_age_ns);
	sqlite3_bind_int64(s->stmts[DROP_BEFORE], 2, DELETED_BY_AGE);
	return run(s, DROP_BEFORE);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, at);
}

static void bind_number(sqlite3_stmt *stmt, int at, uint32_t number, bool known)
{
	if (known)
		sqlite3_bind_int64(stmt, at, number);
	else
		sqlite3_bind_null(stmt, at);
}

static int insert(struct state *s, const struct item *i, int64_t id)
{
	sqlite3_stmt *stmt = s->stmts[INSERT];
	struct packed p;

	if (!pack_read(i->text, i->len, &p))
		return SQLITE_INTERNAL;
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int64(stmt, 2, s->run);
	sqlite3_bind_int64(stmt, 3, (int64_t)i->about.seq);
	sqlite3_bind_int64(stmt, 4, (int64_t)i->about.time_ns);
	bind_text(stmt, 5, i->about.type);
	bind_number(stmt, 6, p.map_id, p.map_id);
	bind_text(stmt, 7, p.map_name);
	bind_number(stmt, 8, p.pid, p.comm);
	bind_number(stmt, 9, p.uid, p.comm);
	bind_text(stmt, 10, p.comm);
	bind_text(stmt, 11, p.exe);
	bind_number(stmt, 12, p.prog_id, p.prog_id);
	bind_text(stmt, 13, p.prog_name);
	bind_text(stmt, 14, p.json);
	bind_text(stmt, 15, p.text);
	return run(s, INSERT);
}

/* So many that they take a quarter of what the store may have, and one at least. */
static size_t cut(const struct state *s, struct item *const *items, size_t n, uint64_t *bytes)
{
	size_t i = 0;

	*bytes = 0;
	while (i < n && (!i || *bytes + items[i]->len <= s->max_bytes / 4))
		*bytes += items[i++]->len;
	return i;
}

static int write_transaction(struct state *s, struct item *const *items, size_t n, uint64_t bytes)
{
	int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = make_room(s, bytes, n);
	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = insert(s, items[i], s->next_id + (int64_t)i);
	if (rc == SQLITE_OK)
		rc = drop_old(s, items[n - 1]->about.time_ns);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

/* As the queue knows errors; what it can't say is said here, once. */
static int failure(struct state *s, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	}
	if (!s->told)
		log_warn("output sqlite %s: %s%s", s->path, sqlite3_errmsg(s->db),
			 rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ?
				 ": move it away and send SIGUSR1, and a new one is begun" :
				 "");
	s->told = true;
	return -EIO;
}

/* Somebody moved it away, or removed it. */
static bool is_gone(const struct state *s)
{
	int gone = 0;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &gone);
	return gone;
}

static int open_again(struct state *s)
{
	char why[384];
	int err;

	close_store(s);
	err = open_store(s, why, sizeof(why));
	if (err && !s->told)
		log_warn("output sqlite: %s", why);
	s->told = err;
	return err ? -EIO : 0;
}

static int write_store(void *state, struct item **items, size_t n, size_t *done)
{
	struct state *s = state;

	if (!s->db || is_gone(s)) {
		int err = open_again(s);

		if (err)
			return err;
	}
	while (*done < n) {
		uint64_t bytes;
		size_t some = cut(s, items + *done, n - *done, &bytes);
		int rc = write_transaction(s, items + *done, some, bytes);

		if (rc != SQLITE_OK) {
			int err = failure(s, rc);

			if (!sqlite3_get_autocommit(s->db))
				sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
			return err;
		}
		s->told = false;
		s->next_id += (int64_t)some;
		*done += some;
	}
	return 0;
}

static void reopen_store(void *state)
{
	open_again(state);
}

static void close_state(void *state)
{
	close_store(state);
	free(state);
}

static const struct sinks_option options[] = {
	{ "path", SINKS_TEXT, STORE_DEFAULT, "the database; made with mode 0600, else added to", 0,
	  0 },
	{ "max-size", SINKS_NUMBER, "1G", "bytes that it takes; the oldest events make room",
	  4 << 20, 1ull << 46 },
	{ "max-age", SINKS_NUMBER, "0", "seconds that events are kept for; 0: as size allows", 0,
	  10 * 366 * 86400 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_sqlite = {
	.name = "sqlite",
	.help = "a local store, which bpfmon query reads; bounded by size and age",
	.own = &pack_format,
	.options = options,
	.open = open_state,
	.write = write_store,
	.reopen = reopen_store,
	.close = close_state,
};
