/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* event_cpu_value(): one CPU's value out of all, with padding and truncation. */
#include "event.h"

#include "test.h"

static uint8_t bytes[64];

static struct event cpus(uint32_t size, size_t captured, uint32_t max)
{
	struct event e = {
		.shape = VALUE_CPUS,
		.map = { .value_size = size },
		.value_cpus = 4,
		.value = { bytes, captured, 64 },
		.value_bytes_max = max,
	};

	return e;
}

/* A check cannot be in a function that gives something back; so it is in this one's text. */
static const char *show(const struct event *e, uint32_t cpu)
{
	static char text[64];
	struct event_bytes one = event_cpu_value(e, &e->value, cpu);
	int at = one.data ? (int)(one.data - bytes) : -1;

	snprintf(text, sizeof(text), "%zu of %zu at %d", one.len, one.size, at);
	return text;
}

static void cpu_value_padded(void)
{
	struct event e = cpus(5, 32, 64);

	CHECK_STR(show(&e, 0), "5 of 5 at 0");
	CHECK_STR(show(&e, 1), "5 of 5 at 8");
	CHECK_STR(show(&e, 3), "5 of 5 at 24");
	CHECK_STR(show(&e, 4), "0 of 5 at -1");
	CHECK_STR(show(&e, UINT32_MAX), "0 of 5 at -1");
	e = cpus(8, 32, 64);
	CHECK_STR(show(&e, 3), "8 of 8 at 24");
	e = cpus(9, 64, 64);
	CHECK_STR(show(&e, 1), "9 of 9 at 16");
}

static void cpu_value_cut(void)
{
	struct event e = cpus(16, 19, 64);

	CHECK_STR(show(&e, 0), "16 of 16 at 0");
	CHECK_STR(show(&e, 1), "3 of 16 at 16");
	CHECK_STR(show(&e, 2), "0 of 16 at -1");
	/* what is shown at most of each is less than what was captured */
	e = cpus(16, 64, 4);
	CHECK_STR(show(&e, 0), "4 of 16 at 0");
	CHECK_STR(show(&e, 3), "4 of 16 at 48");
	e = cpus(16, 64, 0);
	CHECK_STR(show(&e, 3), "0 of 16 at 48");
}

static void cpu_value_huge(void)
{
	struct event e = cpus(UINT32_MAX, 64, 64);

	CHECK_STR(show(&e, 0), "64 of 4294967295 at 0");
	CHECK_STR(show(&e, 3), "0 of 4294967295 at -1");
	e = cpus(0, 0, 64);
	CHECK_STR(show(&e, 0), "0 of 0 at -1");
}

int main(void)
{
	RUN(cpu_value_padded);
	RUN(cpu_value_cut);
	RUN(cpu_value_huge);
	return TEST_STATUS();
}
