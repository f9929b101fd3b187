/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Entries in order, in memory and by way of a file. */
#include "baseline/sort.h"
#include "test.h"

/* Each key twice, the second time with another value. */
static void check_sorted(size_t memory)
{
	struct sort *s = sort_new(0, 4, true, memory);
	uint32_t record[2], n = 0;
	const uint8_t *at;
	size_t len;

	for (uint32_t round = 1; round <= 2; round++)
		for (uint32_t i = 0; i < 5000; i++) {
			record[0] = i * 7919 % 5000;
			record[1] = round;
			CHECK_INT(sort_add(s, record, sizeof(record)), 0);
		}
	CHECK_INT(sort_end(s), 0);
	for (; sort_next(s, &at, &len) == 1; n++) {
		memcpy(record, at, sizeof(record));
		CHECK_INT(len, sizeof(record));
		CHECK_INT(record[0], n);
		CHECK_INT(record[1], 2);
	}
	CHECK_INT(n, 5000);
	CHECK_INT(sort_repeated(s), 5000);
	sort_free(s);
}

static void sort_in_memory(void)
{
	check_sorted(1u << 20);
}

static void sort_in_file(void)
{
	check_sorted(1u << 13);
}

int main(void)
{
	RUN(sort_in_memory);
	RUN(sort_in_file);
	return TEST_STATUS();
}
