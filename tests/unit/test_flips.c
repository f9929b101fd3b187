/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* flips_event(): what counts as put back, what is remembered of it, and for how long. */
#include "flips.h"

#include <stdlib.h>

#include "names.h"
#include "out/out.h"
#include "test.h"

#define SECOND 1000000000ull

static uint64_t now_ns = 100 * SECOND, seq;
static uint8_t key[4] = "key";

/* An element of map 7, before and after; NULL: not there. `e` is what the last write became. */
static struct event e;

static void make(const char *before, const char *after)
{
	e = (struct event){
		.type = after ? EVENT_MAP_UPDATE : EVENT_MAP_DELETE,
		.monotonic_ns = now_ns,
		.map = { .id = 7, .value_size = 4, .known = true },
		.via = VIA_SYSCALL,
		.key = { key, sizeof(key), sizeof(key) },
		.has_result = true,
		.old_state = before ? OLD_READ : OLD_NONE,
		.value_cpus = 2,
		.value_bytes_max = 64,
	};
	if (before) {
		e.old_shape = VALUE_ONE;
		e.old = (struct event_bytes){ (const uint8_t *)before, 4, 4 };
	}
	if (after) {
		e.shape = VALUE_ONE;
		e.value = (struct event_bytes){ (const uint8_t *)after, 4, 4 };
	}
}

static bool add(struct flips *f)
{
	e.monotonic_ns = now_ns;
	flips_event(f, &e, ++seq);
	return e.flip;
}

static bool write_elem(struct flips *f, const char *before, const char *after)
{
	make(before, after);
	return add(f);
}

static void flips_put_back(void)
{
	struct flips *f = flips_new();
	uint64_t first;

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	first = seq;
	now_ns += 1234567890;
	CHECK(write_elem(f, "bbbb", "aaaa"));
	CHECK_INT(e.flip_seq, first);
	CHECK_INT(e.flip_ns, 1234567890);
	/* that is done with: what comes next is a change of its own */
	CHECK_INT(flips_count(f), 0);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	CHECK(!write_elem(f, "bbbb", "cccc"));
	/* not what it was first, but what it was a moment ago */
	CHECK(write_elem(f, "cccc", "bbbb"));
	CHECK_INT(e.flip_seq, first + 3);
	CHECK(write_elem(f, "bbbb", "aaaa"));
	CHECK_INT(e.flip_seq, first + 2);
	CHECK(!write_elem(f, "aaaa", "aaaa"));
	CHECK_INT(flips_count(f), 0);
	flips_free(f);
	flips_free(NULL);
}

/* The first change stays, and the last ones, whatever was between. */
static void flips_many_changes(void)
{
	static const char *const values[] = { "aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff" };
	struct flips *f = flips_new();

	CHECK(f);
	for (size_t i = 1; i < 6; i++)
		CHECK(!write_elem(f, values[i - 1], values[i]));
	CHECK_INT(flips_count(f), FLIPS_OF_ELEMENT);
	CHECK(!write_elem(f, "ffff", "bbbb")); /* forgotten */
	CHECK(write_elem(f, "bbbb", "eeee"));
	CHECK(write_elem(f, "eeee", "aaaa"));
	CHECK_INT(e.flip_seq, seq - 7);
	CHECK_INT(flips_count(f), 0);
	flips_free(f);
}

static void flips_delete(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	/* taken out and put back */
	CHECK(!write_elem(f, "aaaa", NULL));
	CHECK(!write_elem(f, NULL, "bbbb"));
	CHECK(write_elem(f, "bbbb", "aaaa"));
	/* put in and taken out */
	CHECK(!write_elem(f, NULL, "aaaa"));
	CHECK(write_elem(f, "aaaa", NULL));
	CHECK_INT(e.flip_seq, seq - 1);
	flips_free(f);
}

static void flips_within_a_minute(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	now_ns += FLIPS_NS;
	CHECK(write_elem(f, "bbbb", "aaaa"));
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	now_ns += FLIPS_NS + 1;
	CHECK(!write_elem(f, "bbbb", "aaaa"));
	/* that was a change itself; records of several CPUs are not in order */
	now_ns -= SECOND;
	CHECK(write_elem(f, "aaaa", "bbbb"));
	CHECK_INT(e.flip_ns, 0);
	flips_free(f);
}

/* Only writes that were done, of which all is known. */
static void flips_exact_only(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	make("bbbb", "aaaa");
	e.result = -1;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.has_result = false;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.old_state = OLD_UNKNOWN;
	e.old_shape = VALUE_NONE;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.value.len = 3;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.old.len = 0;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.key.len = 3;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.key.size = e.key.len = 0;
	CHECK(!add(f));
	make("bbbb", "aaaa");
	e.type = EVENT_MAP_LOOKUP;
	CHECK(!add(f));
	CHECK(write_elem(f, "bbbb", "aaaa"));
	flips_free(f);
}

/* Writes that were lost or went past every function make no false statement. */
static void flips_lost(void)
{
	struct flips *f = flips_new();
	uint64_t second;

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	/* lost: it was put back. Then it changes again, and that counts */
	CHECK(!write_elem(f, "aaaa", "cccc"));
	second = seq;
	/* lost: to something else */
	CHECK(write_elem(f, "dddd", "aaaa"));
	CHECK_INT(e.flip_seq, second);
	/* lost: it was put back; what it is now is written once more */
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	CHECK(!write_elem(f, "aaaa", "aaaa"));
	CHECK_INT(flips_count(f), 0);
	flips_free(f);
}

static void flips_of_one_element(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	make("bbbb", "aaaa");
	e.map.id = 8;
	CHECK(!add(f));
	key[0] = 'K';
	CHECK(!write_elem(f, "bbbb", "aaaa"));
	key[0] = 'k';
	make("bbbb", "aaaa");
	e.shape = e.old_shape = VALUE_CPU;
	CHECK(!add(f));
	CHECK(write_elem(f, "bbbb", "aaaa"));
	flips_free(f);
}

/* The value of one CPU is an element of its own; of all, padding does not count. */
static void flips_percpu(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	for (int i = 0; i < 2; i++) {
		make(i ? "bbbb" : "aaaa", i ? "aaaa" : "bbbb");
		e.shape = e.old_shape = VALUE_CPU;
		e.value_cpu = 1;
		CHECK(add(f) == i);
		e.value_cpu = 0;
		CHECK(add(f) == i);
	}
	for (int i = 0; i < 2; i++) {
		make(i ? "bbbb\1\2\3\4bbbb\1\2\3" : "aaaa\0\0\0\0bbbb\0\0\0",
		     i ? "aaaa\5\6\7\1bbbb\5\6\7" : "bbbb\3\3\3\3bbbb\3\3\3");
		e.shape = e.old_shape = VALUE_CPUS;
		e.old.len = e.old.size = e.value.len = e.value.size = 16;
		CHECK(add(f) == i);
		/* one value for all is not compared with many */
		e.shape = VALUE_ONE;
		CHECK(!add(f));
	}
	/* cut in the second value, or shown in part */
	make("aaaa\0\0\0\0bbbb\0\0\0", "bbbb\0\0\0\0bbbb\0\0\0");
	e.shape = e.old_shape = VALUE_CPUS;
	e.old.size = e.value.len = e.value.size = 16;
	e.old.len = 10;
	CHECK(!add(f));
	e.old.len = 16;
	e.value_bytes_max = 3;
	CHECK(!add(f));
	CHECK_INT(flips_count(f), 0);
	flips_free(f);
}

/* The end of a map; another of the same id begins anew. */
static void flips_map_freed(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	make("aaaa", "bbbb");
	e.map.id = 7 + 4096;
	CHECK(!add(f));
	flips_drop_map(f, 7);
	flips_drop_map(f, 9);
	CHECK_INT(flips_count(f), 1);
	CHECK(!write_elem(f, "bbbb", "aaaa"));
	make("bbbb", "aaaa");
	e.map.id = 7 + 4096;
	CHECK(add(f));
	CHECK(write_elem(f, "aaaa", "bbbb"));
	flips_free(f);
}

static void set_key(uint32_t n)
{
	memcpy(key, &n, sizeof(key));
}

static void flips_bounded(void)
{
	struct flips *f = flips_new();

	CHECK(f);
	for (uint32_t n = 0; n < FLIPS_MAX + 10; n++) {
		set_key(n);
		CHECK(!write_elem(f, "aaaa", "bbbb"));
	}
	CHECK_INT(flips_count(f), FLIPS_MAX);
	CHECK_INT(flips_bytes(f), FLIPS_MAX * 8);
	/* the oldest went */
	set_key(9);
	CHECK(!write_elem(f, "bbbb", "aaaa"));
	set_key(FLIPS_MAX + 9);
	CHECK(write_elem(f, "bbbb", "aaaa"));
	set_key(FLIPS_MAX / 2);
	CHECK(write_elem(f, "bbbb", "aaaa"));
	/* and with time the others */
	now_ns += FLIPS_NS + 1;
	CHECK(!write_elem(f, "aaaa", "bbbb"));
	CHECK_INT(flips_count(f), 1);
	flips_free(f);
}

static void flips_bounded_bytes(void)
{
	struct flips *f = flips_new();
	static char before[8192], after[8192] = "x", large[8193];

	CHECK(f);
	for (uint32_t n = 0; n < 3 * FLIPS_BYTES_MAX / sizeof(before); n++) {
		set_key(n);
		make(before, after);
		e.map.value_size = sizeof(before);
		e.value.len = e.value.size = e.old.len = e.old.size = sizeof(before);
		CHECK(!add(f));
		CHECK(flips_bytes(f) <= FLIPS_BYTES_MAX);
	}
	CHECK(flips_bytes(f) > FLIPS_BYTES_MAX - 2 * sizeof(before));
	e.value.data = (const uint8_t *)before;
	e.old.data = (const uint8_t *)after;
	CHECK(add(f));
	/* longer than any that is captured whole */
	set_key(1);
	e.map.value_size = sizeof(large);
	e.value.data = e.old.data = (const uint8_t *)large;
	e.value.len = e.value.size = e.old.len = e.old.size = sizeof(large);
	CHECK(!add(f));
	flips_free(f);
}

/* A key of many values that goes to and fro leaves nothing behind. */
static void flips_toggle(void)
{
	struct flips *f = flips_new();
	int marks = 0;

	CHECK(f);
	for (int i = 0; i < 100000; i++)
		marks += i % 2 ? write_elem(f, "bbbb", "aaaa") : write_elem(f, "aaaa", "bbbb");
	CHECK_INT(marks, 50000);
	CHECK_INT(flips_count(f), 0);
	CHECK_INT(flips_bytes(f), 0);
	flips_free(f);
}

static void flips_printed(void)
{
	static const struct out_env env = { .host = "h" };
	struct buf b = { 0 };
	bool json, text;

	make("bbbb", "aaaa");
	e.task.comm = e.map.name = "name\0\0\0\0\0\0\0\0\0\0\0";
	e.flip = true;
	e.flip_seq = 41;
	e.flip_ns = 1299999999;
	out_json.event(&b, &env, 43, &e);
	json = b.len && memmem(b.data, b.len, "\"flip\":{\"seq\":41,\"after_ms\":1299}", 32);
	out_text.event(&b, &env, 43, &e);
	text = b.len && memmem(b.data, b.len, "  put back after 1.2 s (event 41)\n", 34);
	buf_fini(&b);
	CHECK(json);
	CHECK(text);
}

int main(void)
{
	RUN(flips_put_back);
	RUN(flips_many_changes);
	RUN(flips_delete);
	RUN(flips_within_a_minute);
	RUN(flips_exact_only);
	RUN(flips_lost);
	RUN(flips_of_one_element);
	RUN(flips_percpu);
	RUN(flips_map_freed);
	RUN(flips_bounded);
	RUN(flips_bounded_bytes);
	RUN(flips_toggle);
	RUN(flips_printed);
	return TEST_STATUS();
}
