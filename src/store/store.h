/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A store of events: a database of SQLite with one table, which the output `sqlite` writes and
 * `bpfmon query` reads. One writes, any number read meanwhile; whenever the writer is killed, the
 * next one goes on behind its last transaction.
 */
#ifndef BPFMON_STORE_H
#define BPFMON_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_DEFAULT "/var/lib/bpfmon/events.db"
#define STORE_VERSION 1

/*
 * Opens one to write, made with mode 0600 where there is none, and locked against a second writer.
 * *fd holds the lock and outlives *db: to close it would drop the locks that SQLite has on the file.
 * 0, or a negative errno with the reason.
 */
int store_open_write(const char *path, sqlite3 **db, int *fd, char *why, size_t why_size);
void store_close_write(sqlite3 *db, int fd);

/* To read; nothing in it is trusted. -EINVAL: it is no store, and why. */
int store_open_read(const char *path, sqlite3 **db, char *why, size_t why_size);

/* The number that a statement without parameters answers with. SQLITE_OK, or what failed. */
int store_ask(sqlite3 *db, const char *sql, int64_t *number);

#endif
