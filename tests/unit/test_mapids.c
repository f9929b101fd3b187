/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Map ids by address: learned from events, given back at the end of a map, then forgotten. */
#include "mapids.h"

#include "test.h"

static struct event event(enum event_type type, uint64_t address, uint32_t id)
{
	return (struct event){ .type = type, .map = { .id = id, .address = address } };
}

static void ids_free_known(void)
{
	struct mapids *ids = mapids_new();
	struct event update = event(EVENT_MAP_UPDATE, 0x1000, 7);
	struct event first = event(EVENT_MAP_FREE, 0x1000, 0), second = first;
	bool learned, known, again;

	CHECK(ids);
	learned = mapids_event(ids, &update);
	known = mapids_event(ids, &first);
	again = mapids_event(ids, &second);
	mapids_free(ids);
	CHECK(learned);
	CHECK(known);
	CHECK_INT(first.map.id, 7);
	CHECK(!again);
}

static void ids_free_unknown(void)
{
	struct mapids *ids = mapids_new();
	struct event e = event(EVENT_MAP_FREE, 0x2000, 0);
	bool known;

	CHECK(ids);
	mapids_add(ids, 0x1000, 7);
	mapids_add(ids, 0, 8);
	mapids_add(ids, 0x2000, 0);
	known = mapids_event(ids, &e);
	mapids_free(ids);
	mapids_free(NULL);
	CHECK(!known);
}

/* The kernel gives the same address to another map. */
static void ids_address_again(void)
{
	struct mapids *ids = mapids_new();
	struct event e = event(EVENT_MAP_FREE, 0x1000, 0);
	bool known;

	CHECK(ids);
	mapids_add(ids, 0x1000, 7);
	mapids_add(ids, 0x1000, 8);
	known = mapids_event(ids, &e);
	mapids_free(ids);
	CHECK(known);
	CHECK_INT(e.map.id, 8);
}

static void ids_many(void)
{
	struct mapids *ids = mapids_new();
	uint32_t good = 0;

	CHECK(ids);
	for (uint32_t id = 1; id <= 1000; id++)
		mapids_add(ids, 0xffff888000000000 + id * 0x400, id);
	for (uint32_t id = 1; id <= 1000; id++) {
		struct event e = event(EVENT_MAP_FREE, 0xffff888000000000 + id * 0x400, 0);

		good += mapids_event(ids, &e) && e.map.id == id;
	}
	mapids_free(ids);
	CHECK_INT(good, 1000);
}

static void ids_in_slot(void)
{
	struct mapids *ids = mapids_new();
	uint32_t n;

	CHECK(ids);
	mapids_add(ids, 0x1000, 7);
	mapids_add(ids, 0x2000, 8);
	mapids_add(ids, 0x3000, 7 + 4096);
	CHECK_INT(mapids_in_slot(ids, 8, 4096, &n), 8);
	CHECK_INT(n, 1);
	CHECK_INT(mapids_in_slot(ids, 7, 4096, &n), 0);
	CHECK_INT(n, 2);
	CHECK_INT(mapids_in_slot(ids, 9, 4096, &n), 0);
	CHECK_INT(n, 0);
	CHECK(mapids_has(ids, 0x1000, 7) && !mapids_has(ids, 0x1000, 8));
	mapids_free(ids);
}

int main(void)
{
	RUN(ids_free_known);
	RUN(ids_free_unknown);
	RUN(ids_address_again);
	RUN(ids_many);
	RUN(ids_in_slot);
	return TEST_STATUS();
}
