/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What counts as a bpfmon's own map: lines of fdinfo, and events of and about this process. */
#include "ownmaps.h"

#include <unistd.h>

#include "test.h"

static void fdinfo_lines(void)
{
	uint32_t id = 99;

	CHECK(ownmaps_parse_fdinfo("map_id:\t12\n", &id));
	CHECK_INT(id, 12);
	CHECK(ownmaps_parse_fdinfo("map_id:\t4294967295\n", &id));
	CHECK_INT(id, UINT32_MAX);
	CHECK(ownmaps_parse_fdinfo("map_id:\t7", &id));
	CHECK_INT(id, 7);
}

static void fdinfo_other_lines(void)
{
	static const char *const lines[] = {
		"",
		"\n",
		"pos:\t0\n",
		"map_type:\t2\n",
		"map_id:\n",
		"map_id:\t\n",
		"map_id:\tx\n",
		"map_id:\t0\n",
		" map_id:\t1\n",
		"xmap_id:\t1\n",
		"prog_id:\t5\n",
		"map_id",
		"owner_map_id:\t3\n",
		"map_extra:\t0x0\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		uint32_t id = 99;

		if (ownmaps_parse_fdinfo(lines[i], &id))
			FAIL("line %zu was taken for map %u", i, id);
		CHECK_INT(id, 99);
	}
}

static void own_events(void)
{
	struct ownmaps *own = ownmaps_new();
	uint32_t me = (uint32_t)getpid();
	struct event e = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000001 } };
	bool created, updated, by_other, freed, reused;

	CHECK(own);
	e.task.pid = me;
	created = ownmaps_event(own, &e);
	e.type = EVENT_MAP_UPDATE;
	updated = ownmaps_event(own, &e);
	e.task.pid = 1;
	by_other = ownmaps_event(own, &e);
	e.type = EVENT_MAP_FREE;
	freed = ownmaps_event(own, &e);
	e.type = EVENT_MAP_UPDATE;
	e.task.pid = me;
	reused = ownmaps_event(own, &e);
	ownmaps_free(own);
	CHECK(created);
	CHECK(updated);
	CHECK(!by_other);
	CHECK(freed);
	CHECK(!reused);
}

static void own_not_others(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000002 } };
	bool created, updated;

	CHECK(own);
	e.task.pid = (uint32_t)getppid();
	created = ownmaps_event(own, &e);
	/* bpfmon's writes to a map of somebody else are reported */
	e.type = EVENT_MAP_UPDATE;
	e.task.pid = (uint32_t)getpid();
	updated = ownmaps_event(own, &e);
	ownmaps_free(own);
	ownmaps_free(NULL);
	CHECK(!created);
	CHECK(!updated);
}

static void own_many(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_CREATE };
	uint32_t n = 0;

	CHECK(own);
	e.task.pid = (uint32_t)getpid();
	for (e.map.id = 4000000000; e.map.id < 4000000100; e.map.id++)
		n += ownmaps_event(own, &e);
	e.type = EVENT_MAP_FREE;
	for (e.map.id = 4000000000; e.map.id < 4000000100; e.map.id++)
		n += ownmaps_event(own, &e);
	ownmaps_free(own);
	CHECK_INT(n, 200);
}

int main(void)
{
	RUN(fdinfo_lines);
	RUN(fdinfo_other_lines);
	RUN(own_events);
	RUN(own_not_others);
	RUN(own_many);
	return TEST_STATUS();
}
