/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of JSON into the model of bpfmon top. */
#include "toplines.h"

#include "top/content.h"

static void one_update(void)
{
	const struct top_map *m;

	top_begin();
	update(5);
	m = top_find(top, 12);
	CHECK(m);
	CHECK_STR(m->name, "config");
	CHECK_STR(m->type, "array");
	CHECK_INT(m->max_entries, 16);
	CHECK_INT(m->writes[TOP_BY_USER], 1);
	CHECK(m->last_ns == T0 * NS + 500000000);
	CHECK_STR(top_last_writer(m)->name, "bpftool[812]");
	CHECK_STR(m->detail->elements[0].key, "1");
	CHECK_STR(m->detail->elements[0].value, "2");
	CHECK_STR(m->detail->changes[0].op, "update");
	CHECK_STR(m->detail->changes[0].text, "[1] = 2  was 0");
	CHECK_STR(top->health.host, "testhost");
	CHECK_INT(top->health.unread, 0);
	top_over();
}

/* Cut anywhere, it is the same. */
static void in_pieces(void)
{
	static const char text[] =
		"{\"time\":\"2026-11-24T19:39:19Z\",\"type\":\"map.free\",\"map\":{\"id\":7}}\n"
		"{\"time\":\"2026-11-24T19:39:20Z\",\"type\":\"map.create\",\"map\":{\"id\":8}}\n";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		top_begin();
		top_lines_put(&lines, text, cut);
		top_lines_put(&lines, text + cut,
			      strlen(text) - (cut < strlen(text) ? cut : strlen(text)));
		CHECK(top_find(top, 7) && top_find(top, 7)->gone_ns == T0 * NS);
		CHECK(top_find(top, 8) && !top_find(top, 8)->gone_ns);
		CHECK_INT(top->events, 2);
		CHECK_INT(top->health.unread, 0);
		top_over();
	}
}

static void put(const char *text)
{
	top_lines_put(&lines, text, strlen(text));
}

static void not_ours(void)
{
	static const char *const bad[] = {
		"x\n",
		"\n",
		"[]\n",
		"{}\n",
		"{\"type\":\"map.free\"}\n",
		"{\"time\":\"2026-11-24T19:39:19Z\"}\n",
		"{\"time\":\"2026-11-24 19:39:19Z\",\"type\":\"map.free\"}\n",
		"{\"time\":\"1969-11-24T19:39:19Z\",\"type\":\"map.free\"}\n",
		"{\"time\":\"9999-11-24T19:39:19Z\",\"type\":\"map.free\"}\n",
		"{\"time\":\"2026-11-24T19:39:19\",\"type\":\"map.free\"}\n",
		"{\"time\":\"2026\",\"type\":\"map.free\"}\n",
		"{\"time\":7,\"type\":\"map.free\"}\n",
	};
	char *far = malloc(TOP_LINE_MAX + 1);

	top_begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i]);
		if (top->health.unread != i + 1)
			FAIL("taken: %s", bad[i]);
	}
	/* One that is too long is left out, the next is read. */
	memset(far, ' ', TOP_LINE_MAX + 1);
	top_lines_put(&lines, far, TOP_LINE_MAX + 1);
	top_lines_put(&lines, far, TOP_LINE_MAX + 1);
	put("}\n");
	CHECK_INT(top->health.unread, sizeof(bad) / sizeof(bad[0]) + 1);
	update(0);
	CHECK_INT(top->health.unread, sizeof(bad) / sizeof(bad[0]) + 1);
	CHECK_INT(top->n_maps, 1);
	free(far);
	top_over();
}

/* Maps without an id, or one that no map has. */
static void odd_ids(void)
{
	top_begin();
	line_at(0, UPDATE "\"map\":{}");
	line_at(0, UPDATE "\"map\":{\"id\":0}");
	line_at(0, UPDATE "\"map\":{\"id\":4294967296}");
	line_at(0, UPDATE "\"map\":7");
	CHECK_INT(top->n_maps, 0);
	line_at(0, UPDATE "\"map\":{\"id\":4294967295}");
	CHECK_INT(top->n_maps, 1);
	top_over();
}

static void by_whom(void)
{
	static const struct {
		const char *members, *name;
		enum top_by by;
	} whos[] = {
		{ SYSCALL PROCESS("a", "1"), "a[1]", TOP_BY_USER },
		{ "\"via\":\"batch\"," PROCESS("a", "2"), "a[2]", TOP_BY_USER },
		{ BY_PROGRAM PROGRAM("31", "on_tick") "," PROCESS("a", "1"), "prog 31 on_tick",
		  TOP_BY_PROG },
		{ BY_PROGRAM PROCESS("a", "1"), "a BPF program", TOP_BY_PROG },
		{ SYSCALL PROGRAM("5", "loader"), "prog 5 loader", TOP_BY_PROG },
		{ "\"via\":\"kernel\"," PROCESS("a", "1"), "the kernel", TOP_BY_OTHER },
		{ "\"via\":\"unknown\"", "unknown", TOP_BY_OTHER },
		{ "\"via\":\"pointer\"", "a pointer", TOP_BY_PROG },
		{ "\"via\":\"mmap\"", "a mapping", TOP_BY_USER },
		{ "\"x\":1", "-", TOP_BY_OTHER },
	};

	top_begin();
	for (size_t i = 0; i < sizeof(whos) / sizeof(whos[0]); i++) {
		const struct top_map *m;

		line_at(i, UPDATE "\"map\":{\"id\":%zu},%s", i + 1, whos[i].members);
		m = top_find(top, (uint32_t)i + 1);
		CHECK(m && m->n_writers == 1);
		CHECK_STR(m->writers[0].name, whos[i].name);
		CHECK_INT(m->writes[whos[i].by], 1);
	}
	top_over();
}

static const char *text_of_last(uint32_t id)
{
	const struct top_detail *d = top_find(top, id)->detail;

	return d->changes[(d->n_changes - 1) % TOP_CHANGES].text;
}

static void values(void)
{
	top_begin();
	line_at(0, UPDATE
		"\"map\":{\"id\":1},\"key\":{\"size\":8,\"hex\":\"00\",\"btf\":{\"id\":23,\"mode\":\"ENFORCE\"}},"
		"\"value\":{\"size\":4,\"hex\":\"00\",\"btf\":{\"on\":true,\"ports\":[1,2],\"name\":\"a\\u001bb\"}}");
	CHECK_STR(text_of_last(1),
		  "[{id: 23, mode: ENFORCE}] = {on: true, ports: [1, 2], name: a\\x1bb}");
	line_at(0, UPDATE
		"\"map\":{\"id\":1},\"key\":{\"size\":2,\"hex\":\"0102\"},"
		"\"value\":{\"size\":4,\"cpus\":[{\"cpu\":0,\"number\":7},{\"cpu\":1,\"hex\":\"ff\"}]},\"existed\":false");
	CHECK_STR(text_of_last(1), "[0102] = {cpu 0: 7, cpu 1: ff}  was not there");
	line_at(0, UPDATE
		"\"map\":{\"id\":1},\"value\":{\"object\":{\"kind\":\"program\",\"id\":3}},\"result\":\"EPERM\"");
	CHECK_STR(text_of_last(1), "= {kind: program, id: 3}  refused: EPERM");
	line_at(0, "\"type\":\"map.pin\",\"map\":{\"id\":1},\"path\":\"/sys/fs/bpf/a\\nb\"");
	CHECK_STR(text_of_last(1), "/sys/fs/bpf/a\\x0ab");
	/* CPUs of a CPU are none; what is deep or long does no harm. */
	line_at(0, UPDATE "\"map\":{\"id\":1},\"value\":{\"cpu\":0,\"cpus\":[{\"cpus\":[]}]}");
	CHECK_STR(text_of_last(1), "= ");
	top_over();
}

/* A refused write is no write, and changes nothing that is known of the content. */
static void refusal(void)
{
	const struct top_map *m;

	top_begin();
	update(0);
	line_at(1, UPDATE SYSCALL PROCESS("evil", "9") "," MAP("12", "config", "array") "," KEY(
			   "1") "," VALUE("9") ",\"result\":\"EPERM\"");
	m = top_find(top, 12);
	CHECK_INT(top_total(m), 1);
	CHECK_INT(m->refused, 1);
	CHECK_INT(m->n_writers, 1);
	CHECK_STR(m->detail->elements[0].value, "2");
	CHECK_STR(text_of_last(12), "[1] = 9  refused: EPERM");
	top_over();
}

static void content(void)
{
	struct top_detail *d;

	top_begin();
	update(0);
	line_at(1, UPDATE SYSCALL MAP("12", "config", "array") "," KEY("2") "," VALUE("5"));
	d = top_find(top, 12)->detail;
	CHECK_INT(d->n_elements, 2);
	/* The newest is the last. */
	update(2);
	CHECK_INT(d->n_elements, 2);
	CHECK_STR(d->elements[1].key, "1");
	line_at(3, "\"type\":\"map.delete\"," SYSCALL MAP("12", "config", "array") "," KEY("2"));
	CHECK_INT(d->n_elements, 1);
	CHECK_INT(d->n_changes, 4);
	top_over();
}

/* Of the kernel: what was written stays the newest, with the value that was read. */
static void reading(void)
{
	static const char text[] =
		"{\"id\":12,\"entries\":[{\"key\":{\"size\":4,\"hex\":\"\",\"number\":3},"
		"\"value\":{\"size\":8,\"hex\":\"\",\"btf\":{\"a\":1}}},"
		"{\"key\":{\"number\":1},\"value\":{\"number\":9}},"
		"{\"key\":{\"number\":4},\"value_error\":\"ENOENT\"},7,{}],\"left_out\":5}\n";
	static const char none[] = "{\"entries\":[],\"no_entries\":\"a\\u0007b\"}";
	struct top_detail *d;

	top_begin();
	update(0);
	CHECK(!top_content(top, 13, text, strlen(text)));
	CHECK(!top_content(top, 12, text, 5));
	d = top_find(top, 12)->detail;
	for (unsigned int i = 0; i < 2; i++) {
		CHECK(top_content(top, 12, text, strlen(text)));
		/* And one without a key, of what is none. */
		CHECK_INT(d->n_elements, 4);
		CHECK_STR(d->elements[3].key, "1");
		CHECK_STR(d->elements[3].value, "9");
		CHECK_STR(d->elements[2].key, "3");
		CHECK_STR(d->elements[2].value, "{a: 1}");
		CHECK_STR(d->elements[1].value, "ENOENT");
		CHECK_INT(d->left_out, 5);
		CHECK_STR(d->none, "");
	}
	CHECK(top_content(top, 12, none, strlen(none)));
	CHECK_INT(d->n_elements, 1);
	CHECK_STR(d->none, "a\\x07b");
	CHECK(top_content(top, 12, "{\"entries\":7}", 13));
	CHECK(top_content(top, 12, "[]", 2));
	top_over();
}

/* There is no more room than for what is written. */
static void much_to_read(void)
{
	struct top_detail *d;
	char key[16];

	top_begin();
	update(0);
	d = top_find(top, 12)->detail;
	top_read_begin(d, T0 * NS);
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		top_read(d, key, "v");
	}
	CHECK_INT(d->n_elements, TOP_ELEMENTS);
	CHECK_INT(d->left_out, 100 - (TOP_ELEMENTS - 1));
	CHECK_STR(d->elements[TOP_ELEMENTS - 1].key, "1");
	top_over();
}

static void freezing(void)
{
	top_begin();
	line_at(0, "\"type\":\"map.freeze\"," MAP("12", "config", "array") ",\"result\":\"EBUSY\"");
	CHECK(!top_find(top, 12)->frozen);
	line_at(0, "\"type\":\"map.freeze\"," MAP("12", "config", "array") ",\"result\":0");
	CHECK(top_find(top, 12)->frozen);
	CHECK_INT(top_total(top_find(top, 12)), 0);
	top_over();
}

/* Repeats count as many, over the time that they took. */
static void summary(void)
{
	const struct top_map *m;

	top_begin();
	line_at(100,
		"\"type\":\"monitor.summary\",\"of\":\"map.update\"," BY_PROGRAM
			PROGRAM("31", "on_tick") "," MAP("12", "config", "array") "," KEY("1") "," VALUE(
				"2") ",\"count\":1000,\"first\":\"2026-11-24T19:39:20Z\",\"last\":\"2026-11-24T19:39:29Z\"");
	m = top_find(top, 12);
	CHECK_INT(m->writes[TOP_BY_PROG], 1000);
	top_tick(top, (T0 + 10) * NS);
	CHECK_INT(top_second(top, m, 0), 100);
	CHECK_INT(top_second(top, m, 9), 100);
	CHECK_INT(top_second(top, m, 10), 0);
	top_over();
}

static void health(void)
{
	const struct top_health *h;

	top_begin();
	h = &top->health;
	line_at(0,
		"\"type\":\"monitor.start\",\"kernel\":\"6.1\",\"mode\":\"full\",\"hooks\":["
		"{\"hook\":\"a\",\"attached\":\"fexit\"},{\"hook\":\"b\",\"attached\":\"missing\",\"lost\":\"ends\"},"
		"{\"hook\":\"c\",\"attached\":\"kprobe\",\"lost\":\"results\"},{\"hook\":\"d\",\"attached\":\"on demand\"}]");
	CHECK_INT(h->n_hooks, 4);
	CHECK_INT(h->n_missing, 1);
	CHECK_INT(h->n_told, 2);
	CHECK_STR(h->hooks[1].loss, "results");
	line_at(1, "\"type\":\"monitor.lost\",\"lost\":5,\"where\":\"ring\"");
	line_at(2, "\"type\":\"monitor.lost\",\"lost\":2,\"where\":\"output\"");
	line_at(3, "\"type\":\"monitor.lost\",\"lost\":1,\"where\":\"ring\"");
	CHECK_INT(h->lost, 8);
	CHECK_INT(h->n_places, 2);
	CHECK_INT(h->places[0].lost, 6);
	line_at(4,
		"\"type\":\"monitor.heartbeat\",\"lost\":100,\"ring_used\":10,\"ring_size\":100,\"uptime_ms\":5000,"
		"\"outputs\":[{\"output\":\"file x\",\"lines\":4,\"lost\":3,\"queued\":2048}]");
	CHECK_INT(h->lost, 100);
	CHECK_INT(h->ring_used, 10);
	CHECK_INT(h->n_outputs, 1);
	CHECK_INT(h->outputs[0].lost, 3);
	line_at(5, "\"type\":\"alert\",\"severity\":\"high\",\"rule\":\"r\",\"reason\":\"why\"");
	CHECK_INT(h->n_alerts, 1);
	CHECK_STR(h->alerts[0].reason, "why");
	CHECK_INT(top->events, 0);
	CHECK(!h->stopped);
	line_at(6, "\"type\":\"monitor.stop\",\"lost\":101");
	CHECK(h->stopped);
	CHECK_INT(h->lost, 101);
	/* Members of other kinds than they should be. */
	line_at(7, "\"type\":\"monitor.start\",\"hooks\":7");
	line_at(7, "\"type\":\"monitor.start\",\"hooks\":[7,[],\"x\"]");
	line_at(7, "\"type\":\"monitor.heartbeat\",\"outputs\":{\"a\":1}");
	line_at(7, "\"type\":\"monitor.lost\"");
	CHECK_INT(h->unread, 0);
	top_over();
}

/* Of another bpfmon: half a line of the one before is none of its. */
static void again(void)
{
	top_begin();
	update(0);
	put("{\"time\":\"2026-11-24T19:39:19Z\",\"ty");
	line_at(1, "\"type\":\"x\"");
	CHECK_INT(top->health.unread, 1);
	put("{\"time\":\"2026-11-24T19:39:19Z\",\"ty");
	top_lines_again(&lines, T0 * NS + 5);
	update(1);
	CHECK_INT(top->health.unread, 0);
	CHECK_INT(top_total(top_find(top, 12)), 2);
	CHECK(top->first_ns == T0 * NS + 5);
	top_over();
}

static void bounds_of_health(void)
{
	top_begin();
	for (unsigned int i = 0; i < 100; i++) {
		line_at(i, "\"type\":\"monitor.lost\",\"lost\":1,\"where\":\"w%u\"", i);
		line_at(i,
			"\"type\":\"alert\",\"severity\":\"high\",\"rule\":\"r%u\",\"reason\":\"why\"",
			i);
	}
	CHECK_INT(top->health.lost, 100);
	CHECK_INT(top->health.n_places, TOP_PLACES);
	CHECK_INT(top->health.places[TOP_PLACES - 1].lost, 100 - TOP_PLACES + 1);
	CHECK_INT(top->health.n_alerts, 100);
	CHECK_STR(top->health.alerts[99 % TOP_ALERTS].rule, "r99");
	top_over();
}

int main(void)
{
	RUN(one_update);
	RUN(in_pieces);
	RUN(not_ours);
	RUN(odd_ids);
	RUN(by_whom);
	RUN(values);
	RUN(refusal);
	RUN(content);
	RUN(reading);
	RUN(much_to_read);
	RUN(freezing);
	RUN(summary);
	RUN(health);
	RUN(again);
	RUN(bounds_of_health);
	return TEST_STATUS();
}
