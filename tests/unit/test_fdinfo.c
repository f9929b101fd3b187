/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of /proc/PID/fdinfo/FD about a map. */
#include "fdinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

/* As 6.18 writes it. */
static const char *const lines[] = {
	"pos:\t0\n",	     "flags:\t02000002\n",   "mnt_id:\t15\n",	 "ino:\t8\n",
	"map_type:\t2\n",    "key_size:\t4\n",	     "value_size:\t8\n", "max_entries:\t16\n",
	"map_flags:\t0x0\n", "map_extra:\t0x0\n",    "memlock:\t440\n",	 "map_id:\t56769\n",
	"frozen:\t1\n",	     "owner_prog_type:\t1\n"
};

static void fdinfo_map(void)
{
	struct fdinfo info = {};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fdinfo_parse(lines[i], &info);
	CHECK_INT(info.map_id, 56769);
	CHECK_INT(info.flags, 02000002);
	CHECK(info.frozen);
	CHECK(info.has_memory);
	CHECK_INT(info.memory, 440);
}

static void fdinfo_odd(void)
{
	static const char *const odd[] = { "",
					   "map_id:",
					   "map_id:\t",
					   "map_id:\t-1",
					   "map_id:\t4294967296",
					   "map_id:\t7 8",
					   "memlock:\tx",
					   "frozen:\t+1",
					   "flags:\t8",
					   "memlock:\t18446744073709551616" };
	struct fdinfo info = {};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		fdinfo_parse(odd[i], &info);
	CHECK(!info.map_id && !info.flags && !info.frozen && !info.has_memory);
	fdinfo_parse("map_id:\t4294967295", &info);
	CHECK_INT(info.map_id, UINT32_MAX);
	CHECK(!info.prog_id && !info.link_id);
	fdinfo_parse("prog_id:\t12\n", &info);
	fdinfo_parse("link_id:\t13\n", &info);
	CHECK(info.prog_id == 12 && info.link_id == 13);
}

static void fdinfo_ids(void)
{
	struct fdinfo info = {};

	fdinfo_parse("map_id:\t12\n", &info);
	CHECK_INT(info.map_id, 12);
	fdinfo_parse("map_id:\t4294967295\n", &info);
	CHECK_INT(info.map_id, UINT32_MAX);
	fdinfo_parse("map_id:\t7", &info);
	CHECK_INT(info.map_id, 7);
}

static void fdinfo_other_lines(void)
{
	static const char *const others[] = {
		"",
		"\n",
		"pos:\t0\n",
		"map_type:\t2\n",
		"map_id:\n",
		"map_id:\t\n",
		"map_id:\tx\n",
		" map_id:\t1\n",
		"xmap_id:\t1\n",
		"prog_id:\t5\n",
		"map_id",
		"owner_map_id:\t3\n",
		"map_extra:\t0x0\n",
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct fdinfo info = { .map_id = 99 };

		fdinfo_parse(others[i], &info);
		if (info.map_id != 99)
			FAIL("line %zu was taken for map %u", i, info.map_id);
	}
}

/* A file with more than a map has is read as far as it goes; one that is not there is an error. */
static void fdinfo_file(void)
{
	char path[] = "/tmp/fdinfo-XXXXXX";
	int fd = mkstemp(path);
	struct fdinfo info = { .map_id = 9 };

	CHECK(fd >= 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK(write(fd, lines[i], strlen(lines[i])) > 0);
	for (size_t i = 0; i < 200; i++)
		CHECK(write(fd, "inotify wd:1\n", 13) > 0);
	close(fd);
	CHECK_INT(fdinfo_read(path, &info), 0);
	CHECK_INT(info.map_id, 56769);
	unlink(path);
	CHECK_INT(fdinfo_read(path, &info), -ENOENT);
	CHECK_INT(info.map_id, 56769);
}

int main(void)
{
	RUN(fdinfo_map);
	RUN(fdinfo_odd);
	RUN(fdinfo_ids);
	RUN(fdinfo_other_lines);
	RUN(fdinfo_file);
	return TEST_STATUS();
}
