/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pages of a frame beside the list: one map, how bpfmon is, and help. */
#include <inttypes.h>

#include "top/draw.h"

/* ---- one map ---- */

static void put_map_head(struct draw *d, const struct top_map *m)
{
	char rate[DRAW_WORD];

	draw_text(d, "map %u %s (%s)", m->id, m->name, m->known ? m->type : "not known");
	if (m->known)
		draw_text(d, "  key %u  value %u  entries %u", m->key_size, m->value_size,
			  m->max_entries);
	draw_text(d, "%s%s", m->frozen ? "  frozen" : "", m->gone_ns ? "  gone" : "");
	draw_end(d, TOP_HEAD);
	draw_text(d, "user %s", draw_sum(rate, top_rate(d->top, m, TOP_BY_USER)));
	draw_text(d, "  programs %s", draw_sum(rate, top_rate(d->top, m, TOP_BY_PROG)));
	draw_text(d, "  in all %" PRIu64, top_total(m));
	if (m->refused)
		draw_text(d, "  refused %" PRIu64, m->refused);
	draw_text(d, "  ");
	draw_spark(d, m,
		   d->view->width - d->columns < TOP_SECONDS ? d->view->width - d->columns :
							       TOP_SECONDS);
	draw_end(d, TOP_PLAIN);
}

/* Who wrote most comes first. */
static void put_writers(struct draw *d, const struct top_map *m, unsigned int lines)
{
	bool told[TOP_WRITERS] = { false };
	char age[DRAW_WORD];

	draw_text(d, "Writers");
	if (m->others)
		draw_text(d, ", and others with %" PRIu64, m->others);
	draw_end(d, TOP_HEAD);
	for (size_t n = 0; n < m->n_writers && n + 1 < lines; n++) {
		size_t most = TOP_WRITERS;

		for (size_t i = 0; i < m->n_writers; i++)
			if (!told[i] &&
			    (most == TOP_WRITERS || m->writers[i].count > m->writers[most].count))
				most = i;
		told[most] = true;
		draw_text(d, "  %-40.40s %10" PRIu64 "  %4s", m->writers[most].name,
			  m->writers[most].count, draw_age(age, d->top, m->writers[most].last_ns));
		draw_end(d, TOP_PLAIN);
	}
}

/* The element that was written last comes first. */
static void put_elements(struct draw *d, const struct top_detail *detail, unsigned int lines)
{
	size_t n = detail->n_elements;
	char age[DRAW_WORD], clock[DRAW_WORD];

	if (detail->read_ns)
		draw_text(d, "Content, as read at %s, and written",
			  draw_clock(clock, detail->read_ns));
	else
		draw_text(d, "Content, as written");
	if (detail->elements_more + detail->left_out)
		draw_text(d, "; %" PRIu64 " elements more",
			  detail->elements_more + detail->left_out);
	if (detail->none[0])
		draw_text(d, "; none to read: %s", detail->none);
	draw_end(d, TOP_HEAD);
	for (unsigned int line = 1; n && line < lines; line++) {
		const struct top_element *e = &detail->elements[--n];

		draw_text(d, "  %4s  [%s] = %s", draw_age(age, d->top, e->last_ns), e->key,
			  e->value);
		draw_end(d, TOP_PLAIN);
	}
}

static void put_changes(struct draw *d, const struct top_detail *detail)
{
	uint64_t n = detail->n_changes < TOP_CHANGES ? detail->n_changes : TOP_CHANGES;
	char clock[DRAW_WORD];

	draw_text(d, "Last changes");
	draw_end(d, TOP_HEAD);
	for (uint64_t i = 1; i <= n && draw_left(d); i++) {
		const struct top_change *c =
			&detail->changes[(detail->n_changes - i) % TOP_CHANGES];

		draw_text(d, "  %s  %-7s %-22.22s %s", draw_clock(clock, c->time_ns), c->op,
			  c->actor, c->text);
		draw_end(d, TOP_PLAIN);
	}
}

void draw_map(struct draw *d)
{
	const struct top_map *m = top_find(d->top, d->view->map);
	unsigned int left;

	if (!m) {
		draw_text(d, "map %u is not known any more", d->view->map);
		draw_end(d, TOP_BAD);
		return;
	}
	put_map_head(d, m);
	/* A fifth for writers, half of the rest each for content and changes. */
	left = draw_left(d);
	put_writers(d, m, left / 5 < 3 ? 3 : left / 5);
	if (!m->detail) {
		draw_text(d, "its changes are not kept: %u others were written later", TOP_DETAILS);
		draw_end(d, TOP_DIM);
		return;
	}
	left = draw_left(d);
	if (m->detail->n_elements || m->detail->read_ns)
		put_elements(d, m->detail, left / 2);
	put_changes(d, m->detail);
}

/* ---- how bpfmon is ---- */

static void put_hooks(struct draw *d, const struct top_health *h)
{
	draw_text(d, "Hooks: %" PRIu64 " of %" PRIu64 " attached", h->n_hooks - h->n_missing,
		  h->n_hooks);
	draw_end(d, TOP_HEAD);
	for (size_t i = 0; i < h->n_told; i++) {
		draw_text(d, "  %-20s %-14s not seen: %s", h->hooks[i].name, h->hooks[i].attached,
			  h->hooks[i].loss);
		draw_end(d, TOP_BAD);
	}
}

static void put_ring(struct draw *d, const struct top_health *h)
{
	char age[DRAW_WORD];

	draw_text(d, "Ring and accounts");
	draw_end(d, TOP_HEAD);
	if (h->beats)
		draw_text(d, "  ring %" PRIu64 " of %" PRIu64 " KiB, told %s ago",
			  h->ring_used >> 10, h->ring_size >> 10,
			  draw_age(age, d->top, h->beat_ns));
	else
		draw_text(d, "  no heartbeat was written: how full the ring is is not known");
	draw_end(d, TOP_PLAIN);
	draw_text(d, "  lost %" PRIu64 " in all", h->lost);
	for (size_t i = 0; i < h->n_places; i++)
		draw_text(d, ", %s %" PRIu64, h->places[i].name, h->places[i].lost);
	draw_end(d, h->lost ? TOP_BAD : TOP_PLAIN);
	if (h->unread) {
		draw_text(d, "  %" PRIu64 " lines could not be read", h->unread);
		draw_end(d, TOP_BAD);
	}
}

static void put_outputs(struct draw *d, const struct top_health *h)
{
	draw_text(d, "Outputs");
	draw_end(d, TOP_HEAD);
	for (size_t i = 0; i < h->n_outputs; i++) {
		const struct top_output *o = &h->outputs[i];

		draw_text(d, "  %-36s %" PRIu64 " lines, %" PRIu64 " lost, %" PRIu64 " KiB queued",
			  o->name, o->lines, o->lost, o->queued >> 10);
		draw_end(d, o->lost ? TOP_BAD : TOP_PLAIN);
	}
}

static void put_alerts(struct draw *d, const struct top_health *h)
{
	uint64_t n = h->n_alerts < TOP_ALERTS ? h->n_alerts : TOP_ALERTS;
	char clock[DRAW_WORD];

	draw_text(d, "Alerts: %" PRIu64, h->n_alerts);
	draw_end(d, TOP_HEAD);
	for (uint64_t i = 1; i <= n; i++) {
		const struct top_alert *a = &h->alerts[(h->n_alerts - i) % TOP_ALERTS];

		draw_text(d, "  %s  %-8s %s: %s", draw_clock(clock, a->time_ns), a->severity,
			  a->rule, a->reason);
		draw_end(d, TOP_BAD);
	}
}

/* What there is least of comes first: a screen may be too low for many hooks. */
void draw_health(struct draw *d)
{
	const struct top_health *h = &d->top->health;

	draw_text(d, "From: %s", d->view->source);
	draw_end(d, TOP_PLAIN);
	put_ring(d, h);
	if (h->n_outputs)
		put_outputs(d, h);
	put_alerts(d, h);
	if (h->started)
		put_hooks(d, h);
}

/* ---- help ---- */

void draw_help(struct draw *d)
{
	static const char *const lines[] = {
		"Up Down PgUp PgDn Home End   select a map (also k and j)",
		"Enter    its writers, content and last changes; Esc or q goes back",
		"c        reads its content from the kernel, as bpfmon maps --dump; needs root",
		"/        show only maps whose name, id, type or writer has a text; Esc: all",
		"s        next order;  r  the other way round",
		"w u p    by all writes a second, by those of user space, of programs",
		"t l n i  by all writes, by the last one, by name, by id",
		"e        how bpfmon is: hooks, ring, what got lost, outputs, alerts",
		"Space    holds the screen until the next key; it counts on",
		"q        ends",
		"",
		"USER/S   writes a second by bpf(2), over the last 5 seconds",
		"PROG/S   the same by BPF programs",
		"LAST     how long ago the last write was",
		"WRITER   who wrote last, and how many others did",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		draw_text(d, "%s", lines[i]);
		draw_end(d, TOP_PLAIN);
	}
}
