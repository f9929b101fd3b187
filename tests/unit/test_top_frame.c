/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames of bpfmon top, held byte for byte against tests/golden/NAME.frame, and what keys do to them.
 * Runs in the root of the tree; UPDATE=1 writes these files anew.
 */
#include "golden.h"
#include "toplines.h"

static struct top_view view;
static struct buf shown;
static unsigned int shown_lines;
static enum top_style style_of[128];

static void put(void *context, enum top_style style, const char *text, size_t len)
{
	(void)context;
	if (shown_lines < 128)
		style_of[shown_lines] = style;
	shown_lines++;
	buf_bytes(&shown, text, len);
	buf_str(&shown, "\n");
}

static void draw(void)
{
	shown.len = 0;
	shown_lines = 0;
	top_frame(top, &view, put, NULL);
	buf_bytes(&shown, "", 1);
	shown.len--;
}

static void key(int k)
{
	top_view_key(&view, top, k);
	draw();
}

/* One of everything: maps by both, a frozen one, one that is gone, hostile names, losses, alerts. */
static void busy(void)
{
	top_begin();
	view = (struct top_view){ .width = 80, .height = 24, .source = "a test" };
	line_at(0,
		"\"type\":\"monitor.start\",\"kernel\":\"6.12.0-test\",\"mode\":\"full\",\"hooks\":["
		"{\"hook\":\"map_free\",\"attached\":\"missing\",\"lost\":\"the end of maps\"},"
		"{\"hook\":\"hash_update\",\"attached\":\"kprobe\",\"lost\":\"results of programs\"},"
		"{\"hook\":\"x\",\"attached\":\"fexit\"}]");
	for (unsigned int i = 0; i < 12; i++)
		for (unsigned int n = 0; n <= i; n++)
			line_at(10 * i + n % 10,
				UPDATE BY_PROGRAM PROGRAM("31", "on_tick") "," MAP(
					"12", "config",
					"array") ",\"key\":{\"size\":4,\"hex\":\"00\",\"number\":%u},\"value\":{\"size\":8,\"hex\":\"00\",\"btf\":{\"enabled\":true,\"limit\":%u}}",
				n % 4, i);
	update(113);
	line_at(114, UPDATE SYSCALL PROCESS("evil", "901") "," MAP("12", "config", "array") "," KEY(
			     "1") "," VALUE("9") ",\"result\":\"EPERM\"");
	line_at(40, UPDATE SYSCALL PROCESS("\\u001b[2J\\u0007", "7") "," MAP(
			    "9", "\\u001b]0;x\\u0007\\\\xff", "hash") "," KEY("3") "," VALUE("1"));
	line_at(70, "\"type\":\"map.freeze\"," PROCESS("systemd", "1") "," MAP(
			    "20", "allow", "hash") ",\"result\":0");
	line_at(80, "\"type\":\"map.free\"," MAP("33", "conns", "lru_hash"));
	line_at(90, "\"type\":\"map.open\",\"how\":\"held\"," PROCESS("agent", "700") "," MAP(
			    "40", "events", "ringbuf"));
	line_at(100, "\"type\":\"monitor.lost\",\"lost\":7,\"where\":\"ring\"");
	line_at(101,
		"\"type\":\"alert\",\"severity\":\"high\",\"rule\":\"handle-taken\",\"reason\":\"evil[901] took map 12 config\"");
	line_at(110,
		"\"type\":\"monitor.heartbeat\",\"lost\":7,\"ring_used\":6710886,\"ring_size\":67108864,\"uptime_ms\":3725000,"
		"\"outputs\":[{\"output\":\"file /var/log/bpfmon.json\",\"lines\":4,\"lost\":0,\"queued\":2048}]");
	top_tick(top, (T0 + 12) * NS);
}

static void over(void)
{
	top_view_fini(&view);
	top_over();
}

/* No line is wider than the screen, and nothing but sparklines is more than printable ASCII. */
static bool well_formed(void)
{
	unsigned int column = 0;

	for (size_t i = 0; i < shown.len; i++) {
		unsigned char c = (unsigned char)shown.data[i];

		if (c == '\n') {
			column = 0;
			continue;
		}
		if (c == 0xe2 && !view.ascii && (unsigned char)shown.data[i + 1] == 0x96 &&
		    (unsigned char)shown.data[i + 2] >= 0x81 &&
		    (unsigned char)shown.data[i + 2] <= 0x88)
			i += 2;
		else if (c < ' ' || c >= 0x7f)
			return false;
		if (++column > view.width)
			return false;
	}
	return true;
}

static void check_golden(const char *name)
{
	const char *why = golden_compare(name, "frame", &shown);

	if (*why)
		FAIL("%s", why);
	CHECK(well_formed());
	if (view.height)
		CHECK_INT(shown_lines, view.height);
}

static void list(void)
{
	busy();
	draw();
	check_golden("top_list");
	over();
}

static void list_wide(void)
{
	busy();
	view.width = 132;
	view.height = 12;
	view.ascii = true;
	draw();
	check_golden("top_wide");
	over();
}

static void list_plain(void)
{
	busy();
	view.height = 0;
	draw();
	check_golden("top_plain");
	over();
}

static void one_map(void)
{
	busy();
	draw();
	key(TOP_KEY_ENTER);
	check_golden("top_map");
	over();
}

static void health(void)
{
	busy();
	draw();
	key('e');
	check_golden("top_health");
	over();
}

static void help(void)
{
	busy();
	draw();
	key('h');
	check_golden("top_help");
	over();
}

/* Before anything was heard. */
static void empty(void)
{
	top_begin();
	view = (struct top_view){ .width = 80, .height = 10, .source = "a test" };
	draw();
	check_golden("top_empty");
	key(TOP_KEY_ENTER);
	key(TOP_KEY_DOWN);
	key(TOP_KEY_END);
	CHECK_INT(view.page, TOP_PAGE_LIST);
	over();
}

/* ---- keys ---- */

static void order(const char *want)
{
	char got[128] = "";

	top_view_rows(&view, top);
	for (size_t i = 0; i < view.n_rows; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u", i ? " " : "",
			 view.rows[i].map->id);
	CHECK_STR(got, want);
}

static void sorting(void)
{
	busy();
	draw();
	order("12 9 20 33 40");
	key('i');
	order("9 12 20 33 40");
	key('r');
	order("40 33 20 12 9");
	key('n');
	order("9 20 12 33 40");
	key('l');
	order("12 9 20 33 40");
	key('u');
	CHECK_INT(view.sort, TOP_SORT_USER);
	key('p');
	CHECK_INT(view.sort, TOP_SORT_PROG);
	key('t');
	CHECK_INT(view.sort, TOP_SORT_TOTAL);
	for (unsigned int i = 0; i < TOP_SORTS; i++)
		key('s');
	CHECK_INT(view.sort, TOP_SORT_TOTAL);
	over();
}

static void type(const char *text)
{
	for (; *text; text++)
		key(*text);
}

static void filtering(void)
{
	busy();
	draw();
	key('/');
	/* Keys are letters now. */
	type("conq");
	order("");
	key(TOP_KEY_BACKSPACE);
	order("12 33");
	key(TOP_KEY_ENTER);
	CHECK(!view.typing);
	order("12 33");
	/* Escape leaves it as it was. */
	key('/');
	type("fig");
	order("12");
	key(TOP_KEY_ESCAPE);
	order("12 33");
	key(TOP_KEY_ESCAPE);
	order("12 9 20 33 40");
	/* By type, writer, id; whatever the case. */
	key('/');
	type("HASH");
	order("9 20 33");
	for (unsigned int i = 0; i < 9; i++)
		key(TOP_KEY_BACKSPACE);
	type("on_tick");
	order("12");
	key(TOP_KEY_ESCAPE);
	key('/');
	type("40");
	order("40");
	/* It is bounded. */
	for (unsigned int i = 0; i < 2 * TOP_NAME; i++)
		key('x');
	CHECK_INT(strlen(view.filter), TOP_NAME - 1);
	CHECK(well_formed());
	over();
}

static void selecting(void)
{
	busy();
	view.height = 8;	/* two rows */
	draw();
	CHECK_INT(view.selected, 12);
	CHECK_INT(style_of[5], TOP_SELECTED);
	key(TOP_KEY_DOWN);
	key('j');
	CHECK_INT(view.selected, 20);
	CHECK_INT(view.first, 1);
	CHECK_INT(style_of[6], TOP_SELECTED);
	key(TOP_KEY_END);
	CHECK_INT(view.selected, 40);
	key(TOP_KEY_DOWN);
	CHECK_INT(view.selected, 40);
	key(TOP_KEY_PAGE_UP);
	CHECK_INT(view.selected, 33);
	/* It stays the same map when the order changes. */
	line_at(119, UPDATE SYSCALL MAP("33", "conns", "lru_hash") "," KEY("1"));
	key('k');
	key('j');
	CHECK_INT(view.selected, 33);
	key(TOP_KEY_HOME);
	key(TOP_KEY_UP);
	CHECK_INT(view.selected, view.rows[0].map->id);
	key(TOP_KEY_PAGE_DOWN);
	key(TOP_KEY_PAGE_DOWN);
	CHECK_INT(view.selected, view.rows[2].map->id);
	over();
}

static void pages(void)
{
	busy();
	draw();
	key(TOP_KEY_ENTER);
	CHECK_INT(view.page, TOP_PAGE_MAP);
	CHECK_INT(top->shown, 12);
	/* What is drilled into stays when it goes. */
	top_find(top, 12)->gone_ns = T0 * NS;
	top_tick(top, T0 * NS + 2 * TOP_GONE_NS);
	draw();
	CHECK(strstr(shown.data, "map 12 config"));
	key('?');
	CHECK_INT(view.page, TOP_PAGE_HELP);
	key('q');
	CHECK_INT(view.page, TOP_PAGE_MAP);
	CHECK(top_view_key(&view, top, 'q'));
	CHECK_INT(view.page, TOP_PAGE_LIST);
	CHECK_INT(top->shown, 0);
	key('e');
	key(TOP_KEY_ESCAPE);
	CHECK_INT(view.page, TOP_PAGE_LIST);
	key(' ');
	CHECK(view.paused && strstr(shown.data, "paused"));
	CHECK(!top_view_key(&view, top, 'q'));
	over();
}

/* A map may be dropped between two frames. */
static void dropped(void)
{
	busy();
	draw();
	view.map = 12;
	view.page = TOP_PAGE_MAP;
	for (size_t i = 0; i < view.n_rows; i++)
		top_find(top, view.rows[i].map->id)->gone_ns = 1;
	top_tick(top, (T0 + 100) * NS);
	CHECK_INT(top->n_maps, 0);
	draw();
	CHECK(strstr(shown.data, "not known any more"));
	view.page = TOP_PAGE_LIST;
	key(TOP_KEY_DOWN);
	key(TOP_KEY_ENTER);
	CHECK_INT(view.page, TOP_PAGE_LIST);
	over();
}

static void wanted_map(void)
{
	busy();
	view.wanted = "allow";
	draw();
	CHECK_INT(view.page, TOP_PAGE_MAP);
	CHECK_INT(view.map, 20);
	CHECK(!view.wanted);
	view.wanted = "9";
	draw();
	CHECK_INT(view.map, 9);
	view.wanted = "nobody";
	draw();
	CHECK_STR(view.wanted, "nobody");
	over();
}

/* Whatever the size of the screen. */
static void sizes(void)
{
	busy();
	for (unsigned int page = TOP_PAGE_LIST; page <= TOP_PAGE_HELP; page++) {
		view.page = (enum top_page)page;
		view.map = 12;
		for (view.width = TOP_WIDTH_MIN; view.width < 200; view.width += 7) {
			for (view.height = 1; view.height < 40; view.height++) {
				draw();
				CHECK_INT(shown_lines, view.height);
				CHECK(well_formed());
			}
		}
	}
	view.width = TOP_WIDTH_MAX;
	draw();
	CHECK(well_formed());
	over();
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	test_run("golden/top_list.frame", list);
	test_run("golden/top_wide.frame", list_wide);
	test_run("golden/top_plain.frame", list_plain);
	test_run("golden/top_map.frame", one_map);
	test_run("golden/top_health.frame", health);
	test_run("golden/top_help.frame", help);
	test_run("golden/top_empty.frame", empty);
	RUN(sorting);
	RUN(filtering);
	RUN(selecting);
	RUN(pages);
	RUN(dropped);
	RUN(wanted_map);
	RUN(sizes);
	buf_fini(&shown);
	return TEST_STATUS();
}
