/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `bpfmon top` knows; see model.h. */
#include "top/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000ull
#define CHAINS (sizeof(((struct top *)NULL)->chains) / sizeof(struct top_map *))

void top_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len < size) {
		memcpy(to, from, len + 1);
		return;
	}
	memcpy(to, from, size - 3);
	memcpy(to + size - 3, "..", 3);
}

/* ---- maps ---- */

struct top *top_new(void)
{
	return calloc(1, sizeof(struct top));
}

static struct top_map **place_of(struct top *t, uint32_t id)
{
	struct top_map **at = &t->chains[id % CHAINS];

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void drop(struct top *t, struct top_map **at)
{
	struct top_map *m = *at;

	*at = m->next;
	if (m->detail)
		m->detail->map = NULL;
	free(m);
	t->n_maps--;
}

void top_free(struct top *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < CHAINS; i++)
		while (t->chains[i])
			drop(t, &t->chains[i]);
	for (size_t i = 0; i < t->n_details; i++)
		free(t->details[i]);
	free(t);
}

struct top_map *top_find(const struct top *t, uint32_t id)
{
	struct top_map *m = t->chains[id % CHAINS];

	while (m && m->id != id)
		m = m->next;
	return m;
}

/* Which of two is missed less: one that is gone, else that of which nothing was heard for longer. */
static bool goes_before(const struct top_map *a, const struct top_map *b)
{
	if (!a->gone_ns != !b->gone_ns)
		return a->gone_ns;
	return a->seen_ns < b->seen_ns;
}

static void make_room(struct top *t)
{
	struct top_map *least = NULL;

	for (size_t i = 0; i < CHAINS; i++)
		for (struct top_map *m = t->chains[i]; m; m = m->next)
			if (m->id != t->shown && (!least || goes_before(m, least)))
				least = m;
	if (!least)
		return;
	t->forgotten += !least->gone_ns;
	drop(t, place_of(t, least->id));
}

struct top_map *top_map(struct top *t, uint32_t id, uint64_t time_ns)
{
	struct top_map **at = place_of(t, id);

	if (!*at) {
		if (t->n_maps == TOP_MAPS) {
			make_room(t);
			at = place_of(t, id);
		}
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return NULL;
		(*at)->id = id;
		t->n_maps++;
	}
	if (time_ns > (*at)->seen_ns)
		(*at)->seen_ns = time_ns;
	return *at;
}

void top_tick(struct top *t, uint64_t now_ns)
{
	t->now_ns = now_ns;
	for (size_t i = 0; i < CHAINS; i++) {
		struct top_map **at = &t->chains[i];

		while (*at)
			if ((*at)->gone_ns && (*at)->id != t->shown &&
			    (*at)->gone_ns + TOP_GONE_NS < t->now_ns)
				drop(t, at);
			else
				at = &(*at)->next;
	}
}

/* ---- seconds ---- */

/* NULL: it is too long ago. */
static uint32_t *second_of(struct top_map *m, uint64_t second)
{
	/* So far back somebody set the clock: what is kept is of no time that there will be. */
	if (second + 2 * TOP_SECONDS < m->second) {
		memset(m->per_second, 0, sizeof(m->per_second));
		m->second = second;
	}
	if (second > m->second) {
		uint64_t new = second - m->second;

		for (uint64_t i = 0; i < new &&i < TOP_SECONDS; i++)
			memset(m->per_second[(second - i) % TOP_SECONDS], 0,
			       sizeof(m->per_second[0]));
		m->second = second;
	}
	return m->second - second < TOP_SECONDS ? m->per_second[second % TOP_SECONDS] : NULL;
}

static void add_to(uint32_t *counter, uint64_t n)
{
	*counter = n < UINT32_MAX - *counter ? *counter + (uint32_t)n : UINT32_MAX;
}

/* Repeats are taken as spread evenly from the first to the last. */
static void count_seconds(struct top_map *m, const struct top_write *w)
{
	uint64_t last = w->last_ns / SECOND_NS, first = w->first_ns / SECOND_NS, n, share;
	uint32_t *counters;

	if (first > last || last - first >= TOP_SECONDS)
		first = last;
	n = last - first + 1;
	for (uint64_t i = 0; i < n; i++) {
		share = w->count / n + (i < w->count % n);
		counters = share ? second_of(m, last - i) : NULL;
		if (counters)
			add_to(&counters[w->by], share);
	}
}

static uint64_t in_second(const struct top_map *m, uint64_t second, enum top_by by)
{
	if (second > m->second || m->second - second >= TOP_SECONDS)
		return 0;
	return m->per_second[second % TOP_SECONDS][by];
}

uint64_t top_second(const struct top *t, const struct top_map *m, unsigned int ago)
{
	uint64_t second = t->now_ns / SECOND_NS, sum = 0;

	if (ago > second)
		return 0;
	for (unsigned int by = 0; by < TOP_BYS; by++)
		sum += in_second(m, second - ago, by);
	return sum;
}

uint64_t top_rate(const struct top *t, const struct top_map *m, enum top_by by)
{
	uint64_t now = t->now_ns / SECOND_NS, sum = 0, since, span_ns;

	/* The last of these seconds is not over. */
	since = now >= TOP_RATE_SECONDS ? (now - TOP_RATE_SECONDS + 1) * SECOND_NS : 0;
	if (since < t->first_ns)
		since = t->first_ns;
	span_ns = t->now_ns > since ? t->now_ns - since : 0;
	/* Of less than a second nothing is told in times a second. */
	if (span_ns < SECOND_NS)
		span_ns = SECOND_NS;
	for (uint64_t second = since / SECOND_NS; second <= now; second++)
		sum += in_second(m, second, by);
	return (sum * 10 * SECOND_NS + span_ns / 2) / span_ns;
}

/* ---- details ---- */

static struct top_detail *least_used(const struct top *t)
{
	struct top_detail *least = NULL;

	for (size_t i = 0; i < t->n_details; i++) {
		struct top_detail *d = t->details[i];

		if (!d->map)
			return d;
		if (d->map->id != t->shown && (!least || d->used < least->used))
			least = d;
	}
	return least;
}

/* NULL: no memory. */
static struct top_detail *detail_of(struct top *t, struct top_map *m)
{
	struct top_detail *d = m->detail;

	if (!d && t->n_details < TOP_DETAILS) {
		d = calloc(1, sizeof(*d));
		if (d)
			t->details[t->n_details++] = d;
	} else if (!d) {
		d = least_used(t);
		if (d->map)
			d->map->detail = NULL;
		memset(d, 0, sizeof(*d));
	}
	if (!d)
		return NULL;
	d->map = m;
	d->used = ++t->used;
	m->detail = d;
	return d;
}

/* Keys that differ only behind what there is room for are one. */
static struct top_element *find_element(struct top_detail *d, const char *key)
{
	for (size_t i = 0; i < d->n_elements; i++)
		if (!strcmp(d->elements[i].key, key))
			return &d->elements[i];
	return NULL;
}

static void remove_element(struct top_detail *d, struct top_element *e)
{
	size_t behind = (size_t)(d->elements + d->n_elements - e) - 1;

	memmove(e, e + 1, behind * sizeof(*e));
	d->n_elements--;
}

/* The elements are in the order of their last write, the oldest first. */
static void set_element(struct top_detail *d, const struct top_write *w)
{
	struct top_element *e;
	char key[TOP_KEY];

	top_copy(key, sizeof(key), w->key);
	e = find_element(d, key);
	if (e)
		remove_element(d, e);
	if (w->deleted)
		return;
	if (d->n_elements == TOP_ELEMENTS) {
		remove_element(d, d->elements);
		d->elements_more++;
	}
	e = &d->elements[d->n_elements++];
	memcpy(e->key, key, sizeof(key));
	top_copy(e->value, sizeof(e->value), w->value);
	e->last_ns = w->last_ns;
}

void top_read_begin(struct top_detail *d, uint64_t now_ns)
{
	while (d->n_elements && !d->elements[0].last_ns)
		remove_element(d, d->elements);
	d->read_ns = now_ns;
	d->left_out = 0;
	d->elements_more = 0;
}

void top_read(struct top_detail *d, const char *key, const char *value)
{
	struct top_element read = { .last_ns = 0 };
	struct top_element *e;

	top_copy(read.key, sizeof(read.key), key);
	top_copy(read.value, sizeof(read.value), value);
	e = find_element(d, read.key);
	if (e) {
		/* It may have been changed by what no event tells. */
		memcpy(e->value, read.value, sizeof(e->value));
		return;
	}
	if (d->n_elements == TOP_ELEMENTS) {
		d->left_out++;
		return;
	}
	memmove(d->elements + 1, d->elements, d->n_elements * sizeof(*d->elements));
	d->elements[0] = read;
	d->n_elements++;
}

static struct top_detail *add_change(struct top *t, struct top_map *m, const struct top_write *w)
{
	struct top_detail *d = detail_of(t, m);
	struct top_change *c;

	if (!d)
		return NULL;
	c = &d->changes[d->n_changes++ % TOP_CHANGES];
	c->time_ns = w->last_ns;
	top_copy(c->op, sizeof(c->op), w->op);
	top_copy(c->actor, sizeof(c->actor), w->actor);
	top_copy(c->text, sizeof(c->text), w->text);
	return d;
}

void top_show(struct top *t, uint32_t id)
{
	struct top_map *m = top_find(t, id);

	t->shown = m ? id : 0;
	if (m)
		detail_of(t, m);
}

/* ---- writes ---- */

static void count_writer(struct top_map *m, const struct top_write *w)
{
	struct top_writer *least = m->writers, *at = NULL;
	char name[TOP_NAME];

	top_copy(name, sizeof(name), w->actor);
	for (size_t i = 0; i < m->n_writers && !at; i++) {
		if (!strcmp(m->writers[i].name, name))
			at = &m->writers[i];
		else if (m->writers[i].count < least->count)
			least = &m->writers[i];
	}
	if (!at && m->n_writers < TOP_WRITERS) {
		at = &m->writers[m->n_writers++];
	} else if (!at) {
		at = least;
		m->others += at->count;
		at->count = 0;
	}
	memcpy(at->name, name, sizeof(name));
	at->count += w->count;
	at->last_ns = w->last_ns;
}

void top_write(struct top *t, struct top_map *m, const struct top_write *w)
{
	struct top_detail *d = add_change(t, m, w);

	if (w->refused) {
		m->refused += w->count;
		return;
	}
	if (d && *w->key)
		set_element(d, w);
	m->writes[w->by] += w->count;
	t->writes += w->count;
	if (w->last_ns > m->last_ns)
		m->last_ns = w->last_ns;
	count_seconds(m, w);
	count_writer(m, w);
}

void top_note(struct top *t, struct top_map *m, const struct top_write *w)
{
	add_change(t, m, w);
}

uint64_t top_total(const struct top_map *m)
{
	uint64_t sum = 0;

	for (unsigned int by = 0; by < TOP_BYS; by++)
		sum += m->writes[by];
	return sum;
}

const struct top_writer *top_last_writer(const struct top_map *m)
{
	const struct top_writer *last = NULL;

	for (size_t i = 0; i < m->n_writers; i++)
		if (!last || m->writers[i].last_ns > last->last_ns)
			last = &m->writers[i];
	return last;
}

/* ---- health ---- */

void top_alert(struct top *t, const struct top_alert *a)
{
	struct top_health *h = &t->health;

	h->alerts[h->n_alerts++ % TOP_ALERTS] = *a;
}

void top_lost(struct top *t, const char *where, uint64_t lost)
{
	struct top_health *h = &t->health;
	size_t i = 0;

	while (i < h->n_places && strncmp(h->places[i].name, where, TOP_NAME - 1))
		i++;
	/* What names itself a new way after so many is counted with the last. */
	if (i == TOP_PLACES)
		i--;
	else if (i == h->n_places)
		snprintf(h->places[h->n_places++].name, TOP_NAME, "%s", where);
	h->places[i].lost += lost;
	h->lost += lost;
}
