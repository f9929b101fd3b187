/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that bpfmon query is given. Whatever is in it, what is printed are lines: JSON without
 * control characters, text of ASCII.
 *
 * links: src/store/db.c src/store/read.c src/store/want.c src/filter.c src/event.c src/size.c
 * links: src/lib/buf.c src/lib/io.c -lsqlite3
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "out/out.h"
#include "store/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const monitor_type_names[MONITOR_TYPES] = { "monitor.start", "monitor.lost",
							"monitor.stop", "monitor.heartbeat" };

static char path[64];

static void clean_up(void)
{
	static const char *const more[] = { "", "-wal", "-shm", "-journal" };
	char name[80];

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, more[i]);
		unlink(name);
	}
}

static void check(const struct buf *b, bool json)
{
	size_t begin = 0;

	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		if (c != '\n') {
			if (c < ' ' || (!json && c > '~'))
				abort();
			continue;
		}
		if (json && (b->data[begin] != '{' || b->data[i - 1] != '}'))
			abort();
		begin = i + 1;
	}
	if (begin != b->len)
		abort();
}

static void show(sqlite3 *db, const struct want *want, bool json, uint64_t last)
{
	struct reading r = {
		.db = db, .want = want, .until_ns = INT64_MAX, .json = json, .last = last
	};
	struct buf b = { 0 };
	bool more = true;
	int rc = read_begin(&r);

	while (rc == SQLITE_OK && more)
		rc = read_some(&r, &b, &more);
	read_end(&r);
	check(&b, json);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct want all, map = { .maps = { { .name = "c*" } }, .n_maps = 1 };
	char why[256];
	sqlite3 *db;
	int fd;

	if (!path[0]) {
		snprintf(path, sizeof(path), "/dev/shm/bpfmon-fuzz-%d", getpid());
		atexit(clean_up);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, data, size))
		exit(1);
	close(fd);
	if (!store_open_read(path, &db, why, sizeof(why))) {
		show(db, &all, true, 0);
		show(db, &map, false, 2);
		sqlite3_close(db);
	}
	return 0;
}
