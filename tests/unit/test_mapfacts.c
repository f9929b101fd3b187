/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is learned of one map: it comes, changes, goes, and has a bound. */
#include "facts/mapfacts.h"

#include <stdlib.h>

#include "facts/progmaps.h"
#include "test.h"

static uint64_t serials;

/* What is told, as JSON. */
static const char *told(struct mapfacts *f)
{
	static char text[8192];
	const struct event_mapfacts *t = mapfacts_get(f, &serials);

	snprintf(text, sizeof(text), "%.*s", t ? (int)t->json_len : 0, t ? t->json : "");
	return text;
}

static void add(struct mapfacts *f, uint32_t dev, const char *inner, const char *path)
{
	mapfacts_add_pin(f, &(struct mapfacts_pin){ dev, 0, inner, path });
}

static void learned(void)
{
	struct event_process p = { .exe = "/bin/maker" };
	struct event e = { .time_ns = 1795549159123456789ull,
			   .task = { .pid = 7, .comm = "maker", .process = &p } };
	struct event_inner inner = { 2, 4, 8, 1, 0 };
	uint32_t users[] = { 3, 5 };
	struct mapfacts *f = mapfacts_new();
	uint64_t before;

	CHECK(f);
	CHECK(!mapfacts_get(f, &serials));
	mapfacts_created(f, &e);
	p.exe = NULL;	/* was lent */
	CHECK_STR(told(f), ",\"created\":\"2026-11-24T19:39:19.123456789Z\","
			   "\"creator\":{\"pid\":7,\"comm\":\"maker\",\"exe\":\"/bin/maker\"}");
	before = serials;
	told(f);
	CHECK_INT(serials, before);	/* nothing changed */
	mapfacts_created(f, &e);
	CHECK_STR(told(f), ",\"created\":\"2026-11-24T19:39:19.123456789Z\","
			   "\"creator\":{\"pid\":7,\"comm\":\"maker\"}");
	CHECK_INT(mapfacts_get(f, &serials)->serial, before + 1);
	mapfacts_free(f);

	f = mapfacts_new();
	mapfacts_users(f, users, 2);
	CHECK_STR(told(f), ",\"users\":[3,5]");
	before = serials;
	mapfacts_users(f, users, 2);
	told(f);
	CHECK_INT(serials, before);
	mapfacts_users(f, users, 0);
	CHECK(!mapfacts_get(f, &serials));
	CHECK(!mapfacts_has_inner(f));
	mapfacts_inner(f, &inner);
	CHECK(mapfacts_has_inner(f));
	CHECK_STR(told(f), ",\"inner\":{\"type\":\"array\",\"key_size\":4,\"value_size\":8,"
			   "\"max_entries\":1,\"flags\":[]}");
	mapfacts_free(f);
	mapfacts_free(NULL);
}

static void parents(void)
{
	struct mapfacts *f = mapfacts_new();

	mapfacts_add_parent(f, 12);
	mapfacts_add_parent(f, 13);
	mapfacts_add_parent(f, 12);
	CHECK_STR(told(f), ",\"parents\":[12,13]");
	mapfacts_drop_parent(f, 12);
	mapfacts_drop_parent(f, 14);
	CHECK_STR(told(f), ",\"parents\":[13]");
	for (uint32_t id = 100; id < 200; id++)
		mapfacts_add_parent(f, id);
	CHECK_INT(mapfacts_get(f, &serials)->n_parents, EVENT_PARENTS);
	CHECK(mapfacts_get(f, &serials)->parents_cut);
	mapfacts_free(f);
}

static void pins(void)
{
	struct mapfacts *f = mapfacts_new();

	add(f, 31, "/a", "/sys/fs/bpf/a");
	add(f, 31, "/b", "/sys/fs/bpf/b");
	add(f, 32, "/a", "/mnt/a");
	add(f, 31, "/b", "/sys/fs/bpf/b");	/* once more: it is one */
	CHECK_STR(told(f), ",\"pins\":[\"/sys/fs/bpf/a\",\"/mnt/a\",\"/sys/fs/bpf/b\"]");
	mapfacts_drop_pin(f, 31, "/a");
	mapfacts_drop_pin(f, 31, "/never");
	CHECK_STR(told(f), ",\"pins\":[\"/mnt/a\",\"/sys/fs/bpf/b\"]");
	mapfacts_doubt_pins(f);
	CHECK(!mapfacts_get(f, &serials));
	mapfacts_drop_pins(f);
	CHECK(!mapfacts_get(f, &serials));
	add(f, 31, "/a", "/sys/fs/bpf/a");
	CHECK_STR(told(f), ",\"pins\":[\"/sys/fs/bpf/a\"]");
	mapfacts_free(f);
}

static bool edit(void *context, struct mapfacts_pin *pin)
{
	if (!strcmp(pin->inner, "/stays"))
		return true;
	if (!strcmp(pin->inner, "/goes"))
		return false;
	pin->inner = "/moved";
	pin->path = context;
	return true;
}

static void edited(void)
{
	static char longer[MAPFACTS_PATH_BYTES];
	struct mapfacts *f = mapfacts_new();
	uint64_t before;

	add(f, 1, "/stays", "/stays");
	told(f);
	before = serials;
	mapfacts_edit_pins(f, edit, NULL);
	told(f);
	CHECK_INT(serials, before);
	add(f, 1, "/goes", "/goes");
	add(f, 1, "/moves", "/moves");
	mapfacts_edit_pins(f, edit, (char *)"/there");
	CHECK_STR(told(f), ",\"pins\":[\"/stays\",\"/there\"]");
	mapfacts_drop_pin(f, 1, "/moved");
	CHECK_STR(told(f), ",\"pins\":[\"/stays\"]");
	/* What it would become has no room: it is counted. */
	memset(longer, 'x', sizeof(longer) - 1);
	add(f, 1, "/moves", "/moves");
	mapfacts_edit_pins(f, edit, longer);
	CHECK_STR(told(f), ",\"pins\":[\"/stays\"],\"pins_more\":1");
	mapfacts_free(f);
}

/* So many paths and bytes are kept; more are counted, and those that go are uncounted. */
static void bound(void)
{
	struct mapfacts *f = mapfacts_new();
	uint32_t users[EVENT_USERS] = { 1, 2, 3 };
	char path[600];

	for (int i = 0; i < EVENT_PINS + 3; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		add(f, 1, path, path);
	}
	CHECK_INT(mapfacts_get(f, &serials)->n_pins, EVENT_PINS);
	CHECK_INT(mapfacts_get(f, &serials)->pins_more, 3);
	mapfacts_drop_pin(f, 1, "/18");
	mapfacts_drop_pin(f, 1, "/0");
	CHECK_INT(mapfacts_get(f, &serials)->n_pins, EVENT_PINS - 1);
	CHECK_INT(mapfacts_get(f, &serials)->pins_more, 2);
	mapfacts_drop_pins(f);
	memset(path, 'x', sizeof(path));
	path[300] = '\0';
	add(f, 1, path, path);
	CHECK_INT(mapfacts_get(f, &serials)->n_pins, 1);
	path[299] = '\0';
	add(f, 1, path, path);
	CHECK_INT(mapfacts_get(f, &serials)->n_pins, 1);
	CHECK_INT(mapfacts_get(f, &serials)->pins_more, 1);
	add(f, 1, "/short", "/short");
	CHECK_INT(mapfacts_get(f, &serials)->n_pins, 2);
	mapfacts_users(f, users, 1000);
	CHECK_INT(mapfacts_get(f, &serials)->n_users, EVENT_USERS);
	CHECK_INT(mapfacts_get(f, &serials)->users_more, 1000 - EVENT_USERS);
	mapfacts_free(f);
}

/* ---- programs ---- */

static uint32_t *ids(uint32_t a, uint32_t b)
{
	uint32_t *list = calloc(2, sizeof(*list));

	if (!list)
		abort();
	list[0] = a;
	list[1] = b;
	return list;
}

static char gone[64];

static void note_gone(void *context, uint32_t map)
{
	struct progmaps *p = context;
	uint32_t id;

	/* It is no user any more when this is called. */
	snprintf(gone + strlen(gone), sizeof(gone) - strlen(gone), "%u:%u ", map,
		 progmaps_users(p, map, &id, 1));
}

static void programs(void)
{
	struct progmaps *p = progmaps_new();
	uint32_t users[2] = { 0 };

	CHECK(p);
	CHECK(progmaps_set(p, 31, ids(7, 8), 2, false));
	CHECK(progmaps_set(p, 20, ids(7, 9), 2, true));
	CHECK(progmaps_set(p, 40, ids(7, 0), 1, false));
	CHECK_INT(progmaps_users(p, 7, users, 2), 3);
	CHECK_INT(users[0], 20);
	CHECK_INT(users[1], 31);
	CHECK_INT(progmaps_users(p, 10, users, 2), 0);
	progmaps_begin(p);
	CHECK(!progmaps_see(p, 20));	/* young: to be asked for again */
	CHECK(progmaps_see(p, 31));
	CHECK(!progmaps_see(p, 32));
	CHECK(progmaps_set(p, 20, ids(9, 10), 2, false));
	progmaps_end(p, note_gone, p);
	CHECK_STR(gone, "7:1 ");
	CHECK_INT(progmaps_users(p, 10, users, 2), 1);
	progmaps_begin(p);
	CHECK(progmaps_see(p, 20));
	gone[0] = '\0';
	progmaps_end(p, note_gone, p);
	CHECK_STR(gone, "7:0 8:0 ");
	for (uint32_t id = 100; id < 100 + PROGMAPS_MAX - 1; id++)
		CHECK(progmaps_set(p, id, ids(1, 2), 2, false));
	CHECK(!progmaps_set(p, 50, ids(1, 2), 2, false));
	CHECK(progmaps_set(p, 100, ids(3, 4), 2, false));
	progmaps_free(p);
	progmaps_free(NULL);
}

int main(void)
{
	RUN(learned);
	RUN(parents);
	RUN(pins);
	RUN(edited);
	RUN(bound);
	RUN(programs);
	return TEST_STATUS();
}
