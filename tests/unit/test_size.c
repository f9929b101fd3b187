/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the command line: units, edges, overflow. */
#include "size.h"

#include "test.h"

static void size_good(void)
{
	static const struct {
		const char *word;
		uint64_t n;
	} rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "64K", 65536 },
		{ "64k", 65536 },
		{ "1M", 1048576 },
		{ "1m", 1048576 },
		{ "1G", 1ull << 30 },
		{ "2g", 2ull << 30 },
		{ "0K", 0 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18014398509481983K", 18014398509481983ull << 10 },
		{ "17179869183G", 17179869183ull << 30 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 99;

		if (!size_parse(rows[i].word, &n) || n != rows[i].n)
			FAIL("'%s' is %" PRIu64, rows[i].word, n);
	}
}

static void size_bad(void)
{
	static const char *const words[] = {
		"",
		" 1",
		"-1",
		"+1",
		"K",
		"1T",
		"1KB",
		"1 K",
		"1K ",
		"1 ",
		"0x10",
		"1.5",
		"1e3",
		"abc",
		"1\n",
		"1\x0b",
		"1,000",
		"18446744073709551616",
		"99999999999999999999999",
		"18014398509481984K",
		"17179869184G",
		"17592186044416M",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t n = 99;

		if (size_parse(words[i], &n))
			FAIL("'%s' was taken as %" PRIu64, words[i], n);
		if (n != 99)
			FAIL("'%s' was refused but changed the output", words[i]);
	}
}

static void size_powers(void)
{
	CHECK_INT(size_power_of_two(0), 1);
	CHECK_INT(size_power_of_two(1), 1);
	CHECK_INT(size_power_of_two(2), 2);
	CHECK_INT(size_power_of_two(3), 4);
	CHECK_INT(size_power_of_two(65536), 65536);
	CHECK_INT(size_power_of_two(65537), 131072);
	CHECK(size_power_of_two((1ull << 62) + 1) == 1ull << 63);
	CHECK(size_power_of_two(1ull << 63) == 1ull << 63);
}

int main(void)
{
	RUN(size_good);
	RUN(size_bad);
	RUN(size_powers);
	return TEST_STATUS();
}
