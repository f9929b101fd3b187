/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs by address: found in their code, replaced by what takes their place, listed anew. */
#include "who/progs.h"

#include <string.h>

#include "test.h"

static struct progs *progs;

static bool add_time(uint64_t start, uint32_t len, uint32_t id, uint64_t time)
{
	struct event_code code = { .start = start, .len = len, .prog = { .id = id } };

	return progs_add(progs, &code, time);
}

static bool add(uint64_t start, uint32_t len, uint32_t id)
{
	return add_time(start, len, id, 1);
}

static bool list(uint64_t start, uint32_t len, uint32_t id)
{
	struct event_code code = { .start = start, .len = len, .prog = { .id = id } };

	return progs_list(progs, &code);
}

/* The id found; 0: none. */
static uint32_t at_time(uint64_t address, uint64_t time)
{
	const struct event_prog *p = progs_find(progs, address, time);

	return p ? p->id : 0;
}

static uint32_t at(uint64_t address)
{
	return at_time(address, 1);
}

static void progs_found(void)
{
	progs = progs_new();
	CHECK(progs);
	CHECK_INT(at(0x1000), 0);
	CHECK(add(0x3000, 0x100, 3));
	CHECK(add(0x1000, 0x100, 1));
	CHECK(add(0x2000, 0x100, 2));
	CHECK(add(0x2100, 0x100, 4));	/* right behind */
	CHECK(add(0x5000, 0, 5));	/* not JITed */
	CHECK(add(UINT64_MAX - 1, 16, 6));
	/* A return address: never the first byte, maybe the one behind the last. */
	CHECK_INT(at(0x1000), 0);
	CHECK_INT(at(0x1001), 1);
	CHECK_INT(at(0x1100), 1);
	CHECK_INT(at(0x1101), 0);
	CHECK_INT(at(0x2100), 2);
	CHECK_INT(at(0x2101), 4);
	CHECK_INT(at(0x3050), 3);
	CHECK_INT(at(0x5001), 0);
	CHECK_INT(at(0), 0);
	CHECK_INT(at(UINT64_MAX), 0);
	progs_free(progs);
}

static void progs_replaced(void)
{
	progs = progs_new();
	for (uint32_t i = 0; i < 1000; i++)
		CHECK(add(0x1000 + i * 0x100, 0x100, i + 1));
	/* Over the end of one, two whole, and the beginning of another. */
	CHECK(add(0x1080, 0x300, 2000));
	CHECK_INT(at(0x1040), 0);
	CHECK_INT(at(0x1100), 2000);
	CHECK_INT(at(0x1380), 2000);
	CHECK_INT(at(0x1381), 0);
	CHECK_INT(at(0x1401), 5);
	CHECK_INT(at(0x1000 + 999 * 0x100 + 1), 1000);
	progs_free(progs);
}

static void progs_named(void)
{
	char name[] = "count_by_tenant_and_mode";
	struct event_code code = { .start = 0x1000,
				   .len = 16,
				   .prog = { .id = 1, .full_name = name } };

	progs = progs_new();
	CHECK(progs_add(progs, &code, 1));
	name[0] = 'm';
	CHECK_STR(progs_find(progs, 0x1001, 1)->full_name, "count_by_tenant_and_mode");
	CHECK_STR(progs_full_name(progs, 1), "count_by_tenant_and_mode");
	CHECK(!progs_full_name(progs, 2));
	CHECK(progs_add(progs, &code, 2));	/* again */
	CHECK_STR(progs_full_name(progs, 1), "mount_by_tenant_and_mode");
	CHECK(add(0x1008, 16, 3));		/* in its place */
	CHECK(!progs_full_name(progs, 1));
	code.start = 0x2000;
	CHECK(progs_add(progs, &code, 3));
	progs_begin_list(progs, 1);
	progs_end_list(progs, 20000000000);	/* long gone */
	CHECK(progs_full_name(progs, 1));
	progs_begin_list(progs, 40000000000);
	progs_end_list(progs, 40000000000);
	CHECK(!progs_full_name(progs, 1));
	progs_free(progs);
}

static void progs_listed(void)
{
	struct event_code code = { .start = 0x1000, .len = 16, .prog = { .id = 1 } };

	progs = progs_new();
	code.prog.has_loader = true;
	code.prog.loader_pid = 77;
	CHECK(progs_add(progs, &code, 1));
	CHECK(add(0x2000, 16, 2));
	progs_begin_list(progs, 200);
	CHECK(list(0x1000, 16, 1));
	CHECK(list(0x3000, 16, 3));
	progs_end_list(progs, 100);
	CHECK_INT(at_time(0x1001, 99), 1);
	CHECK_INT(at_time(0x1001, 300), 1);
	/* Gone, nobody knows when; and come, nobody knows when. */
	CHECK_INT(at_time(0x2001, 100), 2);
	CHECK_INT(at_time(0x2001, 101), 0);
	CHECK_INT(at_time(0x3001, 199), 0);
	CHECK_INT(at_time(0x3001, 200), 3);
	/* The list does not tell who loaded it: what was known stays. */
	CHECK_INT(progs_find(progs, 0x1001, 1)->loader_pid, 77);
	/* Code that is reported after it holds at once; what went long ago is forgotten. */
	CHECK(add_time(0x4000, 16, 4, 201));
	CHECK_INT(at_time(0x4001, 1), 4);
	progs_begin_list(progs, 20000000000);
	CHECK(list(0x1000, 16, 1));
	progs_end_list(progs, 19000000000);
	CHECK_INT(at_time(0x2001, 100), 0);
	CHECK_INT(at_time(0x4001, 19000000000), 4);
	CHECK_INT(at_time(0x4001, 19000000001), 0);
	progs_free(progs);
}

/* A list runs ahead of the ring: the records of what it found, and of what went, come later. */
static void progs_listed_ahead(void)
{
	progs = progs_new();
	progs_begin_list(progs, 200);
	CHECK(list(0x1000, 16, 2));
	CHECK(list(0x2000, 16, 3));
	progs_end_list(progs, 100);
	CHECK_INT(at_time(0x1001, 150), 0);
	/* Gone when the list was made; who has its place now may have no record. */
	CHECK(add_time(0x1000, 16, 1, 120));
	CHECK_INT(at_time(0x1001, 300), 2);
	/* Its own record: it wrote from there on. */
	CHECK(add_time(0x2000, 16, 3, 130));
	CHECK_INT(at_time(0x2001, 140), 3);
	CHECK(add_time(0x1000, 16, 4, 210));
	CHECK_INT(at_time(0x1001, 211), 4);
	progs_free(progs);
}

int main(void)
{
	RUN(progs_found);
	RUN(progs_replaced);
	RUN(progs_named);
	RUN(progs_listed);
	RUN(progs_listed_ahead);
	return TEST_STATUS();
}
