/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Statements that read a store; see read.h. Whatever is in it may be a stranger's: a line is shown
 * if it is one.
 */
#include "store/read.h"

#include <string.h>
#include <time.h>

#define LINES 1000 /* at once */

/* What want_matches() needs, in the order of struct want_row. */
#define WANTED "wanted(type, map_name, comm, exe, prog_name, map_id, pid, prog_id)"
#define IN_TIME "FROM event WHERE time <= ?1 AND time >= ?2 AND (?3 OR " WANTED ")"

enum { SELECT_TIME, SELECT_ID, SELECT_TYPE, SELECT_LINE };

static const char *text_of(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_TEXT ? (const char *)sqlite3_value_text(v) : NULL;
}

static void wanted(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	struct want_row row = {
		.type = text_of(argv[0]),
		.map_name = text_of(argv[1]),
		.comm = text_of(argv[2]),
		.exe = text_of(argv[3]),
		.prog_name = text_of(argv[4]),
		.map_id = sqlite3_value_int64(argv[5]),
		.pid = sqlite3_value_int64(argv[6]),
		.prog_id = sqlite3_value_int64(argv[7]),
	};

	(void)argc;
	sqlite3_result_int(context, want_matches(sqlite3_user_data(context), &row));
}

static void bind_range(const struct reading *r, sqlite3_stmt *stmt, int64_t since_ns)
{
	sqlite3_bind_int64(stmt, 1, r->until_ns);
	sqlite3_bind_int64(stmt, 2, since_ns);
	sqlite3_bind_int(stmt, 3, want_all(r->want));
}

/* Of the newest: behind which they begin. All are shown where there are fewer. */
static int find_last(struct reading *r)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(r->db,
				    "SELECT time, id " IN_TIME
				    " ORDER BY time DESC, id DESC LIMIT 1 OFFSET ?4",
				    -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	bind_range(r, stmt, r->since_ns);
	sqlite3_bind_int64(stmt, 4, (int64_t)r->last);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		r->after_ns = sqlite3_column_int64(stmt, 0);
		r->after_id = sqlite3_column_int64(stmt, 1);
	}
	return sqlite3_finalize(stmt);
}

int read_begin(struct reading *r)
{
	const char *sql = r->json ? "SELECT time, id, type, json " IN_TIME
				    " AND (time, id) > (?4, ?5) ORDER BY time, id LIMIT ?6" :
				    "SELECT time, id, type, text " IN_TIME
				    " AND (time, id) > (?4, ?5) ORDER BY time, id LIMIT ?6";
	int rc = sqlite3_create_function(r->db, "wanted", 8,
					 SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC,
					 (void *)r->want, wanted, NULL, NULL);

	r->after_ns = r->since_ns;
	r->after_id = INT64_MIN;
	r->bad = 0;
	r->stmt = NULL;
	if (rc == SQLITE_OK && r->last)
		rc = find_last(r);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db, sql, -1, &r->stmt, NULL);
	return rc;
}

void read_end(struct reading *r)
{
	sqlite3_finalize(r->stmt);
	r->stmt = NULL;
}

/* ---- lines ---- */

/* JSON has no control characters, and text only ASCII: no terminal is fed what it would act on. */
static bool put_json(struct buf *b, const char *json)
{
	size_t len = json ? strlen(json) : 0;

	if (len < 2 || json[0] != '{' || json[len - 1] != '}')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)json[i] < 0x20)
			return false;
	buf_bytes(b, json, len);
	buf_str(b, "\n");
	return true;
}

static bool put_time(struct buf *b, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (ns < 0 || !localtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		return false;
	buf_printf(b, "%s.%03d  ", text, (int)(ns / 1000000 % 1000));
	return true;
}

static bool put_text(struct buf *b, int64_t ns, const char *type, const char *text)
{
	if (!type || !put_time(b, ns))
		return false;
	buf_safe(b, text ?: type, strlen(text ?: type));
	buf_str(b, "\n");
	return true;
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_TEXT ?
		       (const char *)sqlite3_column_text(stmt, column) :
		       NULL;
}

static void put_row(struct reading *r, struct buf *b)
{
	const char *line = column_text(r->stmt, SELECT_LINE);
	bool good = r->json ? put_json(b, line) :
			      put_text(b, r->after_ns, column_text(r->stmt, SELECT_TYPE), line);

	r->bad += !good;
}

int read_some(struct reading *r, struct buf *b, bool *more)
{
	int n = 0, rc;

	/* Where it goes on is what the index is asked for: (time, id) alone would begin anew. */
	bind_range(r, r->stmt, r->after_ns);
	sqlite3_bind_int64(r->stmt, 4, r->after_ns);
	sqlite3_bind_int64(r->stmt, 5, r->after_id);
	sqlite3_bind_int(r->stmt, 6, LINES);
	while ((rc = sqlite3_step(r->stmt)) == SQLITE_ROW) {
		int64_t ns = sqlite3_column_int64(r->stmt, SELECT_TIME),
			id = sqlite3_column_int64(r->stmt, SELECT_ID);

		/* In a damaged index it might go on in circles. */
		if (ns < r->after_ns || (ns == r->after_ns && id <= r->after_id)) {
			rc = SQLITE_CORRUPT;
			break;
		}
		r->after_ns = ns;
		r->after_id = id;
		put_row(r, b);
		n++;
	}
	sqlite3_reset(r->stmt);
	*more = n == LINES;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
