/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stores in the directory of sinks.h: written by the output, read as a query reads them. */
#ifndef BPFMON_TEST_STORE_H
#define BPFMON_TEST_STORE_H

#include "sinks.h"
#include "store/read.h"

#define SECOND 1000000000ull

/* "sqlite,path=DIR/NAME" and more. 0, or what sinks_add_word() says. */
static inline int add_store(struct sinks *s, const char *name, const char *more)
{
	char word[256];

	snprintf(word, sizeof(word), "sqlite,path=%s%s", in_dir(name), more);
	return sinks_add_word(s, word, why, sizeof(why));
}

/* One event a second, with `seq` from `first`, each with a value of so many bytes. */
static inline bool write_store(const char *name, const char *options, uint64_t first, uint64_t n,
			       size_t value_bytes)
{
	static const uint8_t value[4096];
	struct sinks *s = sinks_new(true, never);
	bool good = s && !add_store(s, name, options) &&
		    !sinks_start(s, &test_env, why, sizeof(why));

	for (uint64_t seq = first; good && seq < first + n; seq++) {
		struct event e = { .type = seq % 2 ? EVENT_MAP_DELETE : EVENT_MAP_UPDATE,
				   .time_ns = seq * SECOND,
				   .task = { .pid = 7, .tid = 7, .comm = "test" },
				   .map = { .id = 8, .known = true, .name = "config" },
				   .via = VIA_SYSCALL,
				   .fd = -1 };

		e.value = (struct event_bytes){ value, value_bytes, value_bytes };
		e.shape = value_bytes ? VALUE_ONE : VALUE_NONE;
		sinks_event(s, seq, &e);
	}
	good = good && sinks_end(s);
	sinks_free(s);
	return good;
}

/* What a query prints, to be freed; NULL: `why` says why not. */
static inline char *read_store(const char *name, const struct want *want, struct reading *more)
{
	struct reading none = { .until_ns = INT64_MAX, .json = true }, *r = more ?: &none;
	static const struct want all;
	struct buf b = {};
	bool go_on = true;
	int rc;

	r->want = want ?: &all;
	if (store_open_read(in_dir(name), &r->db, why, sizeof(why)))
		return NULL;
	rc = read_begin(r);
	while (rc == SQLITE_OK && go_on)
		rc = read_some(r, &b, &go_on);
	if (rc != SQLITE_OK)
		snprintf(why, sizeof(why), "%s", sqlite3_errmsg(r->db));
	read_end(r);
	sqlite3_close(r->db);
	buf_bytes(&b, "", 1);
	if (rc == SQLITE_OK)
		return b.data;
	buf_fini(&b);
	return NULL;
}

static inline size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	while (text && (text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

/* How many lines a query prints; -1: it fails. */
static inline long long lines_of(const char *name, const struct want *want, struct reading *more)
{
	char *text = read_store(name, want, more);
	long long n = text ? (long long)count_of(text, "\n") : -1;

	free(text);
	return n;
}

/* As another program does it. */
static inline bool change(const char *name, const char *sql)
{
	sqlite3 *db;
	bool good = sqlite3_open(in_dir(name), &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_close(db);
	return good;
}

#endif
