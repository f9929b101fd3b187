/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model of bpfmon top and lines for it, at seconds after a moment. */
#ifndef BPFMON_TEST_TOPLINES_H
#define BPFMON_TEST_TOPLINES_H

#include <stdlib.h>

#include "test.h"
#include "top/frame.h"
#include "top/line.h"

/* 2026-11-24T19:39:19Z */
#define T0 1795549159ull
#define NS 1000000000ull

static struct top *top;
static struct top_lines lines;

static inline void top_begin(void)
{
	top = top_new();
	if (!top)
		abort();
	top_lines_init(&lines, top);
}

static inline void top_over(void)
{
	top_lines_fini(&lines);
	top_free(top);
	top = NULL;
}

/* {"v":1,"time":...,"host":"testhost",MEMBERS} of a moment, given in tenths of seconds. */
static inline void __attribute__((format(printf, 2, 3)))
line_at(uint64_t tenths, const char *format, ...)
{
	char members[4096], line[8192];
	uint64_t second = 19 + tenths / 10;
	va_list args;

	va_start(args, format);
	vsnprintf(members, sizeof(members), format, args);
	va_end(args);
	snprintf(
		line, sizeof(line),
		"{\"v\":1,\"seq\":1,\"time\":\"2026-11-24T19:%02u:%02u.%u00000000Z\",\"host\":\"testhost\",%s}\n",
		(unsigned int)(39 + second / 60), (unsigned int)(second % 60),
		(unsigned int)(tenths % 10), members);
	top_lines_put(&lines, line, strlen(line));
}

#define MAP(id, name, type)                                                                \
	"\"map\":{\"id\":" id ",\"name\":\"" name "\",\"type\":\"" type                    \
	"\",\"key_size\":4,\"value_size\":8,\"max_entries\":16,\"flags\":[],\"frozen\":false}"
#define PROCESS(comm, pid) "\"process\":{\"pid\":" pid ",\"tid\":" pid ",\"comm\":\"" comm "\"}"
#define PROGRAM(id, name) "\"program\":{\"id\":" id ",\"name\":\"" name "\"}"
#define UPDATE "\"type\":\"map.update\","
#define SYSCALL "\"via\":\"syscall\","
#define BY_PROGRAM "\"via\":\"program\","
#define KEY(n) "\"key\":{\"size\":4,\"hex\":\"0" n "000000\",\"number\":" n "}"
#define VALUE(n) "\"value\":{\"size\":8,\"hex\":\"0" n "00000000000000\",\"number\":" n "}"
#define OLD(n) "\"old\":{\"size\":8,\"hex\":\"0" n "00000000000000\",\"number\":" n "}"

static inline void update(uint64_t tenths)
{
	line_at(tenths,
		UPDATE SYSCALL PROCESS("bpftool", "812") "," MAP("12", "config", "array") "," KEY(
			"1") "," VALUE("2") "," OLD("0") ",\"result\":0");
}

#endif
