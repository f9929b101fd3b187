/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changes of content: found, explained, held. */
#include "content_kernel.h"

static void finds_a_store(void)
{
	start();
	step();
	CHECK_STR(round_of(), "");
	kernel.now_ns += SECOND / 2;
	store(3, 5, 7);
	CHECK_STR(round_of(), "");	/* held */
	CHECK_INT(maps[3].readings, 3);
	CHECK_STR(round_of(), "3 5 0>7");
	/* the time is when it was found */
	CHECK_INT(kernel.time_ns, 1000000 * SECOND + kernel.now_ns - SECOND);
	/* and who used the map was asked then */
	CHECK_INT(kernel.asked_ns, kernel.now_ns - SECOND);
	CHECK_INT(kernel.asked, 1);
	CHECK_STR(round_of(), "");
	CHECK_INT(kernel.unheld, 0);
}

/* A change and the next: each is told with what was read. */
static void finds_each(void)
{
	start();
	step();
	store(3, 5, 7);
	store(12, 5, 1);
	CHECK_STR(round_of(), "");
	store(3, 5, 8);
	CHECK_STR(round_of(), "3 5 0>7, 12 5 ->1");
	maps[12].present[5] = false;
	store(12, 99, 3);
	CHECK_STR(round_of(), "3 5 7>8");
	CHECK_STR(round_of(), "12 99 ->3, 12 5 1>-");
}

static void explained(void)
{
	start();
	step();
	kernel.now_ns += SECOND / 2;
	store(3, 5, 7);
	wrote(3, &key_5, 0);
	store(12, 1, 1);
	wrote(12, &key_1, 0);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	/* that write explains nothing that comes later, nor a write of another key or map */
	store(3, 5, 8);
	store(12, 5, 1);
	wrote(3, &key_1, 0);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "3 5 7>8, 12 5 ->1");
	/* nor one that was refused */
	store(3, 5, 9);
	wrote(3, &key_5, -EPERM);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "3 5 8>9");
}

/* The value is read before the event of its write comes out of the ring. */
static void on_its_way(void)
{
	struct event late;

	start();
	step();
	kernel.now_ns += SECOND / 2;
	store(3, 5, 7);
	late = event_of(EVENT_MAP_UPDATE, 3, &key_5);
	CHECK_STR(round_of(), "");
	content_event(content, &late);
	CHECK_STR(round_of(), "");
	/* or the event is taken before the store, and that comes after the next reading */
	CHECK_STR(round_of(), "");
	kernel.now_ns += SECOND - CONTENT_EARLY_NS / 2;
	wrote(3, &key_5, 0);
	kernel.now_ns -= SECOND - CONTENT_EARLY_NS / 2;
	CHECK_STR(round_of(), "");
	store(3, 5, 8);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	CHECK_INT(kernel.changes, 0);
}

/* While the ring is not read up to what was found and a moment more, nothing is judged. */
static void not_caught_up(void)
{
	uint64_t found_ns;

	start();
	step();
	store(3, 5, 7);
	CHECK_STR(round_of(), "");
	found_ns = kernel.now_ns;
	kernel.now_ns += SECOND;
	content_step(content, found_ns + CONTENT_HOLD_NS - 1);
	CHECK_STR(told(), "");
	kernel.now_ns += SECOND;
	content_step(content, found_ns + CONTENT_HOLD_NS);
	CHECK_STR(told(), "3 5 0>7");
}

/* A key that was not captured whole may be any; what was lost may have been any map's. */
static void not_sure(void)
{
	struct event cut = { 0 };

	start();
	step();
	kernel.now_ns += SECOND / 2;
	store(3, 5, 7);
	store(12, 5, 7);
	cut = event_of(EVENT_MAP_UPDATE, 3, &key_0);
	cut.key.len = 3;
	content_event(content, &cut);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 5 ->7");
	store(3, 5, 8);
	store(12, 5, 8);
	CHECK_STR(round_of(), "");
	kernel.losses++;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	store(3, 5, 9);
	store(12, 5, 9);
	maps[12].hidden++;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "3 5 8>9");
	/* it is sure again */
	store(12, 5, 10);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 5 9>10");
}

/* Elements that lie elsewhere than before are the same; one that is told twice makes it untrue. */
static void moved(void)
{
	start();
	for (uint32_t i = 0; i < 50; i++)
		store(12, i * 2, i);
	step();
	maps[12].first = 31;
	CHECK_STR(round_of(), "");
	maps[12].first = 50;
	store(12, 44, 1);
	store(12, 45, 1);
	maps[12].present[46] = false;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 44 22>1, 12 45 ->1, 12 46 23>-");
	maps[12].twice = true;
	store(12, 44, 2);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	CHECK_INT(content_stats(content).skipped, 2);
	maps[12].twice = false;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 44 1>2");
	maps[12].err = -EAGAIN;
	store(12, 44, 3);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	maps[12].err = 0;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 44 2>3");
}

static void lru_evicts(void)
{
	start();
	maps[12].is.type = BPF_MAP_TYPE_LRU_HASH;
	store(12, 1, 1);
	store(12, 2, 2);
	step();
	maps[12].present[1] = false;
	store(12, 2, 3);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 2 2>3");
}

/* While its table is made larger a reading may lack some: only values are sure. */
static void rhash_moves(void)
{
	start();
	maps[12].is.type = 35;
	store(12, 1, 1);
	store(12, 2, 2);
	step();
	maps[12].present[1] = false;
	store(12, 2, 3);
	CHECK_STR(round_of(), "");
	maps[12].present[1] = true;
	store(12, 3, 3);
	CHECK_STR(round_of(), "12 2 2>3");
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
}

/* The bits behind a prefix are as they were given last: they are no part of the key. */
static void trie_has_prefixes(void)
{
	struct event e;
	uint8_t key[8];

	start();
	maps[12].is.type = BPF_MAP_TYPE_LPM_TRIE;
	maps[12].is.key_size = sizeof(key);
	store(12, 10, 1);
	store(12, 20, 2);
	step();
	maps[12].behind = 7;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	/* written and deleted with other bits than are in it */
	e = event_of(EVENT_MAP_UPDATE, 12, NULL);
	prefix_of(10, 9, key);
	e.key = (struct event_bytes){ key, sizeof(key), sizeof(key) };
	content_event(content, &e);
	prefix_of(20, 9, key);
	e.type = EVENT_MAP_DELETE;
	content_event(content, &e);
	store(12, 10, 3);
	maps[12].present[20] = false;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	/* what no hook of such a kernel sees */
	store(12, 10, 4);
	store(12, 30, 5);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 10 3>4, 12 30 ->5");
	maps[12].present[30] = false;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 30 5>-");
}

/* Of a queue the next element is known, and any push or pop explains what became of it. */
static void queue_has_a_head(void)
{
	struct event e;

	start();
	maps[12].is.type = BPF_MAP_TYPE_QUEUE;
	maps[12].is.key_size = 0;
	step();
	store(12, 0, 4);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 0 ->4");
	store(12, 0, 5);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "12 0 4>5");
	e = event_of(EVENT_MAP_DELETE, 12, NULL);
	e.key = (struct event_bytes){ 0 };
	content_event(content, &e);
	maps[12].present[0] = false;
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "");
	store(12, 0, 6);
	CHECK_STR(round_of(), "");
	maps[12].present[0] = false;
	CHECK_STR(round_of(), "12 0 ->6");
	CHECK_STR(round_of(), "12 0 6>-");
}

/* Slots for descriptors: empty at first, also in an array; what the kernel takes from one is told. */
static void slots(void)
{
	start();
	store(12, 1, 1);
	step();
	make(5, 16);
	memset(maps[5].present, 0, sizeof(maps[5].present));
	maps[5].is.type = BPF_MAP_TYPE_DEVMAP;
	content_event(content, &(struct event){ .type = EVENT_MAP_CREATE,
						.monotonic_ns = kernel.now_ns,
						.map = { .id = 5, .known = true } });
	store(5, 5, 2);
	wrote(5, &key_5, 0);
	store(5, 1, 3);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "5 1 ->3");
	maps[5].present[5] = false;
	round_of();
	CHECK_STR(round_of(), "5 5 2>-");
	maps[5].present[1] = false;
	wrote(5, &key_1, 0);
	round_of();
	CHECK_STR(round_of(), "");
}

/* What can't be listed, or only be emptied, is not read. */
static void other_types(void)
{
	start();
	maps[12].is.type = BPF_MAP_TYPE_BLOOM_FILTER;
	maps[12].is.key_size = 0;
	maps[3].is.type = BPF_MAP_TYPE_PROG_ARRAY;
	step();
	CHECK_STR(round_of(), "");
	CHECK_INT(maps[3].readings + maps[12].readings, 0);
}

/* What was in a map that is made while we watch is known: nothing. */
static void made(void)
{
	struct event e;

	start();
	step();
	make(4, 16);
	make(13, 16);
	make(14, 16);
	for (uint32_t id = 4; id < 15; id += id == 4 ? 9 : 1) {
		e = event_of(EVENT_MAP_CREATE, id, NULL);
		if (id != 14)	/* that one is found by its id */
			content_event(content, &e);
	}
	store(4, 1, 1);
	store(4, 5, 1);
	wrote(4, &key_5, 0);
	store(13, 1, 1);
	store(14, 1, 1);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "4 1 0>1, 13 1 ->1");
	CHECK_INT(content_stats(content).maps, 5);
}

/* Also if it is listed before the event that made it has come out of the ring. */
static void made_unheard(void)
{
	struct event e;

	start();
	step();
	kernel.now_ns += SECOND;
	make(13, 16);
	store(13, 1, 1);
	e = event_of(EVENT_MAP_CREATE, 13, NULL);
	content_step(content, kernel.now_ns - 1);
	CHECK_INT(maps[13].readings, 0);
	content_event(content, &e);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "13 1 ->1");
	/* where it never comes, what it holds then is what it held */
	kernel.now_ns += SECOND;
	make(14, 16);
	store(14, 1, 1);
	content_step(content, kernel.now_ns - 1);
	CHECK_STR(round_of(), "");
	store(14, 1, 2);
	CHECK_STR(round_of(), "");
	CHECK_STR(round_of(), "14 1 1>2");
}

static void freed(void)
{
	struct event e;

	start();
	make(4, 16);
	step();
	store(3, 5, 7);
	store(4, 5, 7);
	CHECK_STR(round_of(), "");
	/* behind the last of its writes */
	e = event_of(EVENT_MAP_FREE, 3, NULL);
	content_event(content, &e);
	CHECK_STR(told(), "3 5 0>7");
	maps[3].is.id = 0;
	/* its end is not seen */
	maps[4].is.id = 0;
	CHECK_STR(round_of(), "4 5 0>7");
	CHECK_INT(content_stats(content).maps, 2);
	CHECK_STR(round_of(), "");
	CHECK_INT(content_stats(content).maps, 1);
}

static void at_the_end(void)
{
	start();
	step();
	store(3, 5, 7);
	CHECK_STR(round_of(), "");
	kernel.now_ns += CONTENT_HOLD_NS;
	content_end(content);
	CHECK_STR(told(), "3 5 0>7");
	start();
	step();
	store(3, 5, 7);
	CHECK_STR(round_of(), "");
	kernel.now_ns += CONTENT_HOLD_NS - 1;
	content_end(content);
	CHECK_STR(told(), "");
}

int main(void)
{
	RUN(finds_a_store);
	RUN(finds_each);
	RUN(explained);
	RUN(on_its_way);
	RUN(not_caught_up);
	RUN(not_sure);
	RUN(moved);
	RUN(lru_evicts);
	RUN(rhash_moves);
	RUN(trie_has_prefixes);
	RUN(queue_has_a_head);
	RUN(slots);
	RUN(other_types);
	RUN(made);
	RUN(made_unheard);
	RUN(freed);
	RUN(at_the_end);
	content_free(content);
	buf_fini(&kernel.told);
	return TEST_STATUS();
}
