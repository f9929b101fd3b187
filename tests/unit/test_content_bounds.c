/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which maps are compared, how often, and within what bounds. */
#include "content_kernel.h"

static void which_maps(void)
{
	start();
	make(4, 4);
	maps[4].is.type = BPF_MAP_TYPE_PROG_ARRAY;
	make(5, 4);
	maps[5].is.frozen = true;
	maps[5].is.flags = BPF_F_RDONLY_PROG;
	make(6, 4);
	maps[6].is.frozen = true;
	step();
	CHECK_INT(content_stats(content).maps, 3);
	CHECK_INT(maps[4].readings + maps[5].readings, 0);
	CHECK_INT(maps[6].readings, 1);
}

/* Each slot for a descriptor costs a call. */
static void many_slots(void)
{
	start();
	for (uint32_t id = 4; id < 6; id++) {
		make(id, ELEMENTS);
		maps[id].is.type = BPF_MAP_TYPE_DEVMAP;
		memset(maps[id].present, 0, sizeof(maps[id].present));
	}
	maps[5].is.max_entries = 16385;
	step();
	CHECK_INT(maps[4].readings, 1);
	CHECK_INT(maps[5].readings, 0);
}

/* One of sockets is read by their cookies: where these fit. */
static void sockets(void)
{
	start();
	make(4, 4);
	maps[4].is.type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
	make(5, 4);
	maps[5].is.type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY;
	maps[5].is.value_size = 4;
	step();
	CHECK_INT(maps[4].readings, 1);
	CHECK_INT(maps[5].readings, 0);
}

/* Nothing runs while there is no map, until there may be one. */
static void no_map(void)
{
	struct event e = { .type = EVENT_MAP_OPEN, .map = { .id = 3 } };

	start_with(1 << 20, 16 << 20);
	step();
	CHECK(content_due(content) == UINT64_MAX);
	CHECK_INT(content_stats(content).rounds, 0);
	make(3, 16);
	content_event(content, &e);
	CHECK(content_due(content) != UINT64_MAX);
	round_of();
	CHECK_INT(content_stats(content).rounds, 1);
}

/* A map that is too large is left alone, and looked at again later. */
static void bounded(void)
{
	start_with(ELEMENTS * 12 - 1, 60000);
	make(3, ELEMENTS);
	make(12, ELEMENTS);
	for (uint32_t i = 0; i < ELEMENTS; i++)
		store(12, i, i);
	step();
	CHECK_INT(content_stats(content).too_large, 2);
	maps[12].present[7] = false;
	for (int i = 0; i < CONTENT_REST_ROUNDS; i++)
		CHECK_STR(round_of(), "");
	CHECK_INT(maps[12].readings, 1);
	round_of();
	CHECK_INT(maps[12].readings, 2);
	CHECK_INT(maps[3].readings, 0);	/* an array's size is known before */
	CHECK_INT(content_stats(content).too_large, 1);
	CHECK(content_stats(content).bytes <= 60000);
	store(12, 8, 1);
	round_of();
	CHECK_STR(round_of(), "12 8 8>1");
	/* it grows again */
	store(12, 7, 1);
	round_of();
	CHECK_INT(content_stats(content).too_large, 2);
	/* all of them together */
	start_with(1 << 20, 60000);
	for (uint32_t id = 1; id < 10; id++)
		make(id, ELEMENTS);
	step();
	CHECK(content_stats(content).bytes <= 60000);
	CHECK(content_stats(content).maps < 9);
	CHECK(content_stats(content).too_large > 0);
}

/* What is written in a hash that has grown covers few others. */
static void grown(void)
{
	start();
	make(13, ELEMENTS);
	step();
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		store(13, i, 1);
		wrote(13, &i, 0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_STR(round_of(), "");
	for (uint32_t i = 100; i < 200; i++) {
		store(13, i, 2);
		wrote(13, &i, 0);
	}
	for (uint32_t i = 0; i < 10; i++)
		store(13, i, 2);
	CHECK_STR(round_of(), "");
	round_of();
	CHECK(kernel.changes >= 5 && kernel.changes <= 10);
}

/* Of one map so many differences are held at a time; the others are counted. */
static void flood(void)
{
	start_with(1 << 20, 16 << 20);
	make(3, ELEMENTS);
	step();
	for (uint32_t i = 0; i < ELEMENTS; i++)
		store(3, i, 1);
	round_of();
	CHECK_INT(kernel.unheld, ELEMENTS - CONTENT_HELD_MAX);
	round_of();
	CHECK_INT(kernel.changes, CONTENT_HELD_MAX);
}

static void busy_hash(void)
{
	start();
	store(12, 1, 1);
	step();
	for (int round = 0; round < 2 * CONTENT_BUSY_ROUNDS; round++) {
		for (int i = 0; i < 3 * CONTENT_BUSY * (round + 1); i++)
			wrote(12, &key_1, 0);
		store(12, 1, 2 + (uint64_t)round);
		CHECK_STR(round_of(), "");
	}
	CHECK_INT(maps[12].readings, 3);
	CHECK_INT(content_stats(content).skipped, 2 * CONTENT_BUSY_ROUNDS - 2);
	CHECK_INT(maps[3].readings, 1 + 2 * CONTENT_BUSY_ROUNDS);
	/* what nobody recorded is found all the same */
	store(12, 5, 1);
	for (int round = 0; round < 2 * CONTENT_BUSY_ROUNDS && !kernel.changes; round++) {
		for (int i = 0; i < 10 * CONTENT_BUSY * (round + 1); i++)
			wrote(12, &key_1, 0);
		round_of();
	}
	CHECK_INT(kernel.changes, 1);
}

/* A summary is as many recorded writes, of whatever key. */
static void busy_by_summary(void)
{
	struct event e;

	start();
	store(12, 1, 1);
	step();
	for (int round = 0; round < CONTENT_BUSY_ROUNDS; round++) {
		e = event_of(EVENT_SUMMARY, 12, NULL);
		e.key.size = 0;
		e.summary.of = EVENT_MAP_UPDATE;
		e.summary.count = 3 * CONTENT_BUSY * ((uint64_t)round + 1);
		content_event(content, &e);
		store(12, 1, 2 + (uint64_t)round);
		CHECK_STR(round_of(), "");
	}
	CHECK_INT(content_stats(content).skipped, CONTENT_BUSY_ROUNDS - 1);
	/* and no longer than they are written */
	kernel.now_ns += 10 * SECOND;
	round_of();
	round_of();
	store(12, 1, 100);
	round_of();
	CHECK_STR(round_of(), "12 1 9>100");
}

/* A round of 40 ms comes every 4 s. */
static void one_percent(void)
{
	start();
	kernel.read_cpu_ns = 20000000;
	step();
	CHECK_INT(content_stats(content).interval_ns, 4 * SECOND);
	CHECK_INT(content_due(content) - kernel.now_ns, 4 * SECOND);
	kernel.now_ns += 4 * SECOND;
	/* the ring is read between two maps */
	content_step(content, kernel.now_ns);
	CHECK_INT(maps[3].readings + maps[12].readings, 3);
	content_step(content, kernel.now_ns);
	CHECK_INT(maps[3].readings + maps[12].readings, 4);
	kernel.read_cpu_ns = 1000;
	kernel.now_ns += 4 * SECOND;
	step();
	CHECK_INT(content_stats(content).interval_ns, SECOND);
}

/* What is loaded to ask who it was, once, does not put off the next round; asking does. */
static void asked_first(void)
{
	start();
	step();
	kernel.users_cpu_ns = 700000000;
	store(3, 1, 2);
	CHECK_STR(round_of(), "");
	CHECK_INT(content_stats(content).interval_ns, SECOND);
	round_of();
	CHECK_INT(kernel.changes, 1);
	kernel.users_cpu_ns = 20000000;
	store(3, 1, 3);
	round_of();
	CHECK_INT(content_stats(content).interval_ns, 2 * SECOND);
}

/* How many of so many rounds, in each of which something is stored, report it. */
static uint64_t reports(unsigned int rounds)
{
	start();
	step();
	for (unsigned int round = 0; round < rounds; round++) {
		store(3, 1, 2 + round);
		round_of();
	}
	return kernel.changes;
}

/* A counter does not fill the output; a map that was asked for is told of all the same. */
static void restless(void)
{
	CHECK_INT(reports(200), CONTENT_RESTLESS + 2);
	CHECK_INT(content_stats(content).restless, 3);
	/* when it is quiet for once, it is as any other */
	for (unsigned int round = 0; round < 2 * CONTENT_RESTLESS_ROUNDS; round++)
		round_of();
	kernel.changes = 0;
	store(3, 1, 1);
	round_of();
	round_of();
	CHECK_INT(kernel.changes, 1);
	every_round = true;
	CHECK_INT(reports(200), 199);
	CHECK_INT(content_stats(content).restless, 0);
	every_round = false;
}

int main(void)
{
	RUN(which_maps);
	RUN(many_slots);
	RUN(sockets);
	RUN(no_map);
	RUN(bounded);
	RUN(grown);
	RUN(flood);
	RUN(busy_hash);
	RUN(busy_by_summary);
	RUN(one_percent);
	RUN(asked_first);
	RUN(restless);
	content_free(content);
	buf_fini(&kernel.told);
	return TEST_STATUS();
}
