/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The model of bpfmon top: rates, bounds, and what goes when there is no room. */
#include "toplines.h"

static void write_map(uint32_t id, uint64_t at_ns, const char *actor, const char *key)
{
	struct top_write w = { .op = "update",
			       .actor = actor,
			       .key = key,
			       .value = "v",
			       .text = "t",
			       .by = TOP_BY_USER,
			       .count = 1,
			       .first_ns = at_ns,
			       .last_ns = at_ns };

	top_write(top, top_map(top, id, at_ns), &w);
}

static void rates(void)
{
	const struct top_map *m;

	top_begin();
	top->first_ns = T0 * NS;
	for (unsigned int i = 0; i < 100; i++)
		write_map(1, T0 * NS + i * NS / 10, "a", "k");
	m = top_find(top, 1);
	/* In the middle of a second its writes are of half a second. */
	top_tick(top, (T0 + 9) * NS + NS / 2);
	CHECK_INT(top_rate(top, m, TOP_BY_USER), 10 * 50 / 4.5 + 0.5);
	top_tick(top, (T0 + 10) * NS);
	CHECK_INT(top_rate(top, m, TOP_BY_USER), 100);
	CHECK_INT(top_rate(top, m, TOP_BY_PROG), 0);
	top_tick(top, (T0 + 12) * NS);
	CHECK_INT(top_rate(top, m, TOP_BY_USER), 50);
	top_tick(top, (T0 + 20) * NS);
	CHECK_INT(top_rate(top, m, TOP_BY_USER), 0);
	CHECK_INT(top_second(top, m, 11), 10);
	top_tick(top, (T0 + 100) * NS);
	CHECK_INT(top_second(top, m, 59), 0);
	top_over();
}

/* A second after the start it is what there was in that second. */
static void rate_at_the_start(void)
{
	top_begin();
	top->first_ns = T0 * NS + NS / 2;
	for (unsigned int i = 0; i < 10; i++)
		write_map(1, T0 * NS + NS / 2 + i * NS / 10, "a", "k");
	top_tick(top, (T0 + 1) * NS);
	CHECK_INT(top_rate(top, top_find(top, 1), TOP_BY_USER), 100);
	top_tick(top, (T0 + 1) * NS + NS / 2);
	CHECK_INT(top_rate(top, top_find(top, 1), TOP_BY_USER), 100);
	top_over();
}

/* Somebody set the clock: back by a little, and by much. */
static void clock_set(void)
{
	const struct top_map *m;

	top_begin();
	write_map(1, (T0 + 1000) * NS, "a", "k");
	write_map(1, (T0 + 990) * NS, "a", "k");
	m = top_find(top, 1);
	top_tick(top, (T0 + 1000) * NS);
	CHECK_INT(top_second(top, m, 0), 1);
	CHECK_INT(top_second(top, m, 10), 1);
	write_map(1, T0 * NS, "a", "k");
	top_tick(top, T0 * NS);
	CHECK_INT(top_second(top, m, 0), 1);
	CHECK_INT(top_total(m), 3);
	top_over();
}

static void many_maps(void)
{
	top_begin();
	for (uint32_t id = 1; id <= TOP_MAPS; id++)
		write_map(id, T0 * NS + id, "a", "k");
	CHECK_INT(top->n_maps, TOP_MAPS);
	CHECK_INT(top->n_details, TOP_DETAILS);
	CHECK_INT(top->forgotten, 0);
	/* One that is gone makes room before one that is not. */
	top_find(top, 77)->gone_ns = T0 * NS;
	write_map(TOP_MAPS + 1, (T0 + 1) * NS, "a", "k");
	CHECK(!top_find(top, 77));
	CHECK_INT(top->forgotten, 0);
	/* Then the one that was written longest ago; not the one that is looked at. */
	top_show(top, 1);
	write_map(TOP_MAPS + 2, (T0 + 1) * NS, "a", "k");
	CHECK(top_find(top, 1) && !top_find(top, 2));
	CHECK_INT(top->forgotten, 1);
	CHECK_INT(top->n_maps, TOP_MAPS);
	top_over();
}

/* Details are of the maps written last, and of the one that is looked at. */
static void details(void)
{
	top_begin();
	write_map(1, T0 * NS, "a", "k");
	write_map(2, T0 * NS, "a", "k");
	top_show(top, 1);
	for (uint32_t id = 3; id < 3 + TOP_DETAILS; id++)
		write_map(id, T0 * NS, "a", "k");
	CHECK(top_find(top, 1)->detail && top_find(top, 1)->detail->n_changes == 1);
	CHECK(!top_find(top, 2)->detail);
	CHECK_INT(top->n_details, TOP_DETAILS);
	/* Which begins anew when it is written again. */
	write_map(2, T0 * NS, "a", "k");
	CHECK_INT(top_find(top, 2)->detail->n_changes, 1);
	top_over();
}

static void many_elements(void)
{
	const struct top_detail *d;
	char key[16];

	top_begin();
	for (unsigned int i = 0; i < TOP_ELEMENTS + 5; i++) {
		snprintf(key, sizeof(key), "%u", i);
		write_map(1, T0 * NS, "a", key);
	}
	d = top_find(top, 1)->detail;
	CHECK_INT(d->n_elements, TOP_ELEMENTS);
	CHECK_INT(d->elements_more, 5);
	CHECK_STR(d->elements[0].key, "5");
	CHECK_INT(d->n_changes, TOP_ELEMENTS + 5);
	top_over();
}

static void many_writers(void)
{
	const struct top_map *m;
	uint64_t sum = 0;
	char name[16];

	top_begin();
	for (unsigned int i = 0; i < 100; i++) {
		write_map(1, T0 * NS + i, "busy", "k");
		snprintf(name, sizeof(name), "w%u", i);
		write_map(1, T0 * NS + i, name, "k");
	}
	m = top_find(top, 1);
	CHECK_INT(m->n_writers, TOP_WRITERS);
	for (size_t i = 0; i < m->n_writers; i++)
		sum += m->writers[i].count;
	CHECK_INT(sum + m->others, 200);
	CHECK_STR(m->writers[0].name, "busy");
	CHECK_INT(m->writers[0].count, 100);
	top_over();
}

static void gone_maps(void)
{
	top_begin();
	write_map(1, T0 * NS, "a", "k");
	write_map(2, T0 * NS, "a", "k");
	top_find(top, 1)->gone_ns = T0 * NS;
	top_tick(top, T0 * NS + TOP_GONE_NS);
	CHECK(top_find(top, 1));
	top_tick(top, T0 * NS + TOP_GONE_NS + 1);
	CHECK(!top_find(top, 1) && top_find(top, 2));
	top_over();
}

static void long_text(void)
{
	char to[8];

	top_copy(to, sizeof(to), "1234567");
	CHECK_STR(to, "1234567");
	top_copy(to, sizeof(to), "12345678");
	CHECK_STR(to, "12345..");
	top_copy(to, sizeof(to), "");
	CHECK_STR(to, "");
}

int main(void)
{
	RUN(rates);
	RUN(rate_at_the_start);
	RUN(clock_set);
	RUN(many_maps);
	RUN(details);
	RUN(many_elements);
	RUN(many_writers);
	RUN(gone_maps);
	RUN(long_text);
	return TEST_STATUS();
}
