/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Points in time as a person gives them: each form, and what is none. */
#include <stdlib.h>
#include <time.h>

#include "store/when.h"
#include "test.h"

#define SECOND 1000000000ll
/* 2026-11-27 12:00:00 in Berlin, a Friday; there the clocks went back on 2026-10-25. */
#define NOW (1795777200 * SECOND)
#define MIDNIGHT (1795734000 * SECOND)

/* -1: it is none. */
static int64_t when(const char *word)
{
	int64_t ns;

	return when_parse(word, NOW, &ns) ? ns : -1;
}

static void names(void)
{
	CHECK_INT(when("now"), NOW);
	CHECK_INT(when("today"), MIDNIGHT);
	CHECK_INT(when("yesterday"), MIDNIGHT - 86400 * SECOND);
	CHECK_INT(when("tomorrow"), MIDNIGHT + 86400 * SECOND);
}

static void dates(void)
{
	CHECK_INT(when("2026-11-27"), MIDNIGHT);
	CHECK_INT(when("2026-11-27 12:00"), NOW);
	CHECK_INT(when("2026-11-27 12:00:01"), NOW + SECOND);
	CHECK_INT(when("2026-11-27 12:00:01.25"), NOW + SECOND + SECOND / 4);
	CHECK_INT(when("2026-11-27T12:00:00.000000001"), NOW + 1);
	CHECK_INT(when("12:00"), NOW);
	CHECK_INT(when("00:00:01"), MIDNIGHT + SECOND);
	CHECK_INT(when("2026-1-2 3:04"), 1767319440 * SECOND);
	/* Summer time: one hour less behind. */
	CHECK_INT(when("2026-07-01"), 1782856800 * SECOND);
	CHECK_INT(when("2024-02-29 23:59:60"), 1709247600 * SECOND);
	CHECK_INT(when("1970-01-01 01:00"), 0);
}

static void zones(void)
{
	CHECK_INT(when("2026-11-27T11:00:00Z"), NOW);
	CHECK_INT(when("2026-11-27T11:00:00.000000001Z"), NOW + 1);
	CHECK_INT(when("2026-11-27 11:00:00 UTC"), NOW);
	CHECK_INT(when("2026-11-27 UTC"), NOW - 11 * 3600 * SECOND);
	CHECK_INT(when("11:00 UTC"), NOW);
	CHECK_INT(when("2026-11-27T16:30:00+05:30"), NOW);
	CHECK_INT(when("2026-11-27T06:00:00-0500"), NOW);
}

static void relative(void)
{
	CHECK_INT(when("-1h"), NOW - 3600 * SECOND);
	CHECK_INT(when("+1h"), NOW + 3600 * SECOND);
	CHECK_INT(when("-1h30min"), NOW - 5400 * SECOND);
	CHECK_INT(when("1h 30 min ago"), NOW - 5400 * SECOND);
	CHECK_INT(when("90 ago"), NOW - 90 * SECOND);
	CHECK_INT(when("-90"), NOW - 90 * SECOND);
	CHECK_INT(when("- 1.5h"), NOW - 5400 * SECOND);
	CHECK_INT(when("3 days ago"), NOW - 3 * 86400 * SECOND);
	CHECK_INT(when("-2weeks"), NOW - 14 * 86400 * SECOND);
	CHECK_INT(when("-1M"), NOW - 2629800 * SECOND);
	CHECK_INT(when("-1y"), NOW - 31557600 * SECOND);
	CHECK_INT(when("-250ms"), NOW - SECOND / 4);
	CHECK_INT(when("-2us"), NOW - 2000);
}

static void seconds(void)
{
	CHECK_INT(when("@0"), 0);
	CHECK_INT(when("@1795777200"), NOW);
	CHECK_INT(when("@1795777200.5"), NOW + SECOND / 2);
	CHECK_INT(when("@1795777200.0000000019"), NOW + 1);
}

static void none(void)
{
	static const char *const words[] = {
		"",
		"x",
		"1",
		"12:",
		"12:60",
		"24:00",
		"12:00:61",
		"2026-13-01",
		"2026-00-01",
		"2026-02-30",
		"2026-11-31",
		"2026-11-27x",
		"2026-11-27 ",
		"2026-11-27 x",
		"2026-11-27 12",
		"26-11-27",
		"20260-11-27",
		"2026-11-27T",
		"1969-12-31",
		"9999-01-01",
		"@",
		"@x",
		"@1.",
		"@99999999999999",
		"@9300000000",
		"-",
		"+",
		"-1parsec",
		"-1h x",
		"1h",
		"ago",
		"1h ago ago",
		"-1h ago",
		"--1h",
		"-999999999999y",
		"-200y",
		"+999y",
		"12:00.5",
		"12:00:01.",
		"2026-11-27 11:00 CET",
		"2026-11-27T11:00+1",
		"2026-11-27T11:00+25:00",
		"2026-11-27T11:00+01:60",
		"todayx",
		"now ",
		"1970-01-01 00:00",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (when(words[i]) != -1)
			FAIL("'%s' is taken as %lld", words[i], (long long)when(words[i]));
}

int main(void)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	RUN(names);
	RUN(dates);
	RUN(zones);
	RUN(relative);
	RUN(seconds);
	RUN(none);
	return TEST_STATUS();
}
