/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames, and their first page, the list of maps:
 *
 * bpfmon top  vm-6-12  6.12.117+deb13-amd64  full mode  up 0:02:11        19:39:19
 * hooks 99 of 99   ring 0% of 64 MiB   lost 0   alerts 0
 * 42 maps, 12 written   user 12.0/s   programs 340.0/s   by rate
 *
 *     ID NAME            USER/S  PROG/S LAST LAST 12 S    WRITER
 *     12 config            12.0   340.0   0s ▂▄▆█▆▄▂▁▂▄▆█ prog 31 on_tick +1
 */
#include "top/frame.h"

#include <inttypes.h>
#include <string.h>

#include "top/draw.h"

/* From so many columns on a row has the type and the sum, too. */
#define WIDE 110
#define HEAD_LINES 4	/* above the heads of columns */

static void put_title(struct draw *d)
{
	const struct top_health *h = &d->top->health;
	uint64_t s = h->uptime_ns / 1000000000;
	char clock[DRAW_WORD];

	draw_text(d, "bpfmon top");
	if (h->host[0])
		draw_text(d, "  %s", h->host);
	if (h->kernel[0])
		draw_text(d, "  %s", h->kernel);
	if (h->mode[0])
		draw_text(d, "  %s mode", h->mode);
	if (h->beats)
		draw_text(d, "  up %" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
			  s % 60);
	if (h->stopped)
		draw_text(d, "  ended");
	if (d->view->paused)
		draw_text(d, "  paused");
	/* Whole, or not at all. */
	draw_clock(clock, d->top->now_ns);
	if (d->columns + strlen(clock) < d->view->width) {
		draw_to(d, d->view->width - (unsigned int)strlen(clock));
		draw_text(d, "%s", clock);
	}
	draw_end(d, TOP_TITLE);
}

/* One place for each layer: what is attached, what is in the ring, what got lost, what was found. */
static void put_health(struct draw *d)
{
	const struct top_health *h = &d->top->health;
	bool bad = h->n_missing || h->lost || h->n_alerts || h->unread;
	const char *before = " (";

	if (h->started)
		draw_text(d, "hooks %" PRIu64 " of %" PRIu64 "   ", h->n_hooks - h->n_missing,
			  h->n_hooks);
	else
		draw_text(d, "hooks ?   ");
	if (h->beats && h->ring_size)
		draw_text(d, "ring %" PRIu64 "%% of %" PRIu64 " MiB   ",
			  h->ring_used * 100 / h->ring_size, h->ring_size >> 20);
	draw_text(d, "lost %" PRIu64, h->lost);
	for (size_t i = 0; i < h->n_places; i++, before = ", ")
		draw_text(d, "%s%s %" PRIu64, before, h->places[i].name, h->places[i].lost);
	draw_text(d, "%s   alerts %" PRIu64, h->n_places ? ")" : "", h->n_alerts);
	if (h->unread)
		draw_text(d, "   unread %" PRIu64, h->unread);
	draw_end(d, bad ? TOP_BAD : TOP_PLAIN);
}

static void put_sums(struct draw *d)
{
	const struct top_view *v = d->view;
	uint64_t rates[TOP_BYS] = { 0 };
	size_t written = 0;
	char rate[DRAW_WORD];

	for (size_t i = 0; i < v->n_rows; i++) {
		written += v->rows[i].map->last_ns != 0;
		for (unsigned int by = 0; by < TOP_BYS; by++)
			rates[by] += top_rate(d->top, v->rows[i].map, by);
	}
	draw_text(d, "%zu maps, %zu written", v->n_rows, written);
	if (d->top->forgotten)
		draw_text(d, ", %" PRIu64 " more", d->top->forgotten);
	draw_text(d, "   user %s", draw_sum(rate, rates[TOP_BY_USER]));
	draw_text(d, "   programs %s", draw_sum(rate, rates[TOP_BY_PROG]));
	draw_text(d, "   by %s%s", top_sort_names[v->sort], v->reverse ? ", reversed" : "");
	if (v->filter[0] && !v->typing)
		draw_text(d, "   only %s", v->filter);
	draw_end(d, TOP_PLAIN);
}

/* The last alert, or what was said. */
static void put_news(struct draw *d)
{
	const struct top_health *h = &d->top->health;
	const struct top_alert *a = &h->alerts[(h->n_alerts - 1) % TOP_ALERTS];
	char clock[DRAW_WORD];

	if (d->view->said[0]) {
		draw_text(d, "%s", d->view->said);
		draw_end(d, TOP_BAD);
	} else if (h->n_alerts) {
		draw_text(d, "%s alert %s %s: %s", draw_clock(clock, a->time_ns), a->severity,
			  a->rule, a->reason);
		draw_end(d, TOP_BAD);
	} else if (d->view->height) {
		draw_end(d, TOP_PLAIN);
	}
}

static unsigned int spark_seconds(const struct draw *d)
{
	return d->view->width >= WIDE ? 30 : 12;
}

static void put_head(struct draw *d)
{
	unsigned int at;

	draw_text(d, "%6s %-15s %7s %7s %4s ", "ID", "NAME", "USER/S", "PROG/S", "LAST");
	if (d->view->width >= WIDE)
		draw_text(d, "%-16s %9s ", "TYPE", "TOTAL");
	at = d->columns + spark_seconds(d) + 1;
	draw_text(d, "LAST %u S", spark_seconds(d));
	draw_to(d, at);
	draw_text(d, "WRITER");
	draw_end(d, TOP_HEAD);
}

static void put_row(struct draw *d, const struct top_map *m)
{
	const struct top_writer *w = top_last_writer(m);
	char user[DRAW_WORD], prog[DRAW_WORD], age[DRAW_WORD];
	enum top_style style = m->gone_ns ? TOP_DIM : TOP_PLAIN;
	unsigned int at;

	draw_text(d, "%6u %-15.15s %7s %7s %4s ", m->id, m->name[0] ? m->name : "-",
		  draw_rate(user, top_rate(d->top, m, TOP_BY_USER)),
		  draw_rate(prog, top_rate(d->top, m, TOP_BY_PROG)),
		  draw_age(age, d->top, m->last_ns));
	if (d->view->width >= WIDE)
		draw_text(d, "%-16.16s %9" PRIu64 " ", m->type, top_total(m));
	at = d->columns + spark_seconds(d) + 1;
	draw_spark(d, m, spark_seconds(d));
	draw_to(d, at);
	if (m->gone_ns)
		draw_text(d, "(gone) ");
	if (w)
		draw_text(d, "%s", w->name);
	if (m->n_writers > 1)
		draw_text(d, " +%zu", m->n_writers - 1);
	if (d->view->height && m->id == d->view->selected)
		style = TOP_SELECTED;
	draw_end(d, style);
}

static void draw_list(struct draw *d)
{
	const struct top_view *v = d->view;

	put_head(d);
	for (size_t i = v->first; i < v->n_rows && draw_left(d); i++)
		put_row(d, v->rows[i].map);
}

static void put_keys(struct draw *d)
{
	static const char *const keys[] = {
		[TOP_PAGE_LIST] =
			"q quit  h help  s sort  / filter  Enter map  e health  Space pause",
		[TOP_PAGE_MAP] = "q back  h help  c read content  e health  Space pause",
		[TOP_PAGE_HEALTH] = "q back  h help  Space pause",
		[TOP_PAGE_HELP] = "any key: back",
	};

	if (d->view->typing)
		draw_text(d, "only maps, types and writers with: %s_", d->view->filter);
	else
		draw_text(d, "%s", keys[d->view->page]);
	draw_end(d, TOP_DIM);
}

void top_frame(struct top *t, struct top_view *v, top_put_line *put, void *context)
{
	static void (*const pages[])(struct draw * d) = {
		[TOP_PAGE_LIST] = draw_list,
		[TOP_PAGE_MAP] = draw_map,
		[TOP_PAGE_HEALTH] = draw_health,
		[TOP_PAGE_HELP] = draw_help,
	};
	struct draw d = { .top = t, .view = v, .put = put, .context = context };

	/* The last line is for keys. */
	d.room = v->height ? v->height - 1 : UINT32_MAX;
	v->room = v->height > HEAD_LINES + 2 ? v->height - HEAD_LINES - 2 : 0;
	if (!v->height)
		v->room = SIZE_MAX / 2;
	top_view_rows(v, t);
	put_title(&d);
	put_health(&d);
	put_sums(&d);
	put_news(&d);
	pages[v->page](&d);
	if (!v->height)
		return;
	while (draw_left(&d))
		draw_end(&d, TOP_PLAIN);
	d.room++;
	put_keys(&d);
}
