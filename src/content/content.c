/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rounds over maps, what is known of each, and what explains a difference; see content.h. */
#include "content/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "content/known.h"

#define HEADS 1024	/* chains of maps: 16 MiB are some ten thousand of the smallest */

struct content {
	struct content_opts opts;
	struct content_source source;
	struct known *heads[HEADS];
	struct known **maps;	/* in the order that they are read in */
	size_t n_maps;
	uint32_t last_id;	/* as listed */
	bool listed;		/* once: what is there from then on is told */
	bool news;		/* there are maps behind that */
	uint64_t losses, lost_ns;
	uint64_t caught_ns;	/* up to here all events have come */
	size_t bytes;
	struct held **found;	/* that nothing explains: to be reported */
	size_t n_found;
	struct held **newly;	/* held in this slice: who uses their maps is to be asked */
	size_t n_newly;
	bool in_round;
	size_t at;		/* in maps: the next in this round */
	uint64_t round_ns, due_ns;
	uint64_t round_cpu_ns;	/* with what was done since the round before */
	uint64_t uncounted_ns;	/* of it, what is no cost of a round */
	bool users_asked;
	struct content_stats stats;
};

static uint64_t clock_of(const struct content *c, clockid_t clock)
{
	return c->source.clock(c->source.context, clock);
}

static uint64_t now(const struct content *c)
{
	return clock_of(c, CLOCK_MONOTONIC);
}

/* ---- maps ---- */

static struct known *find(const struct content *c, uint32_t id)
{
	struct known *k = c->heads[id % HEADS];

	while (k && k->map.id != id)
		k = k->next;
	return k;
}

/* NULL: it is not compared. */
static struct known *add_map(struct content *c, uint32_t id)
{
	struct known **grown, *k;
	struct inv_map map;

	if (c->source.map(c->source.context, id, &map) || !known_can_be(&map))
		return NULL;
	grown = inventory_grow(c->maps, c->n_maps, sizeof(*grown));
	if (!grown)
		return NULL;
	c->maps = grown;
	k = known_new(&map, c->opts.cpus, c->opts.map_bytes, c->opts.seed);
	/* So many can be compared as have room without what is in them. */
	if (!k || c->bytes + known_bytes(k) > c->opts.all_bytes) {
		c->stats.too_large++;
		known_free(k);
		return NULL;
	}
	k->next = c->heads[id % HEADS];
	c->heads[id % HEADS] = k;
	k->at = c->n_maps;
	c->maps[c->n_maps++] = k;
	c->bytes += known_bytes(k);
	k->hidden = c->source.hidden(c->source.context, id);
	return k;
}

static void drop_map(struct content *c, struct known *k)
{
	struct known **at = &c->heads[k->map.id % HEADS];

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	c->maps[k->at] = c->maps[--c->n_maps];
	c->maps[k->at]->at = k->at;
	c->bytes -= known_bytes(k);
	c->stats.too_large -= k->too_large;
	known_free(k);
}

static void list_new(struct content *c)
{
	uint32_t id = c->last_id;
	struct known *k;

	c->news = false;
	while (c->source.next(c->source.context, &id)) {
		c->last_id = id;
		k = find(c, id) ? NULL : add_map(c, id);
		if (k && c->listed)
			k->listed_ns = now(c);
	}
	c->listed = true;
}

/* ---- what explains ---- */

static bool is_explained(const struct content *c, const struct known *k, const uint8_t *key,
			 uint64_t since_ns)
{
	uint64_t from = since_ns > CONTENT_EARLY_NS ? since_ns - CONTENT_EARLY_NS : 0;

	return c->lost_ns > from || known_is_marked(k, key, from);
}

/* What was lost may have been a write: of any map, or of this one. */
static void look_at_losses(struct content *c)
{
	uint64_t losses = c->source.losses(c->source.context);

	if (losses != c->losses)
		c->lost_ns = now(c);
	c->losses = losses;
}

static void look_at_hidden(struct content *c, struct known *k)
{
	uint64_t hidden = c->source.hidden(c->source.context, k->map.id);

	if (hidden > k->hidden)
		k->whole_ns = now(c);
	k->hidden = hidden;
}

/* ---- differences ---- */

struct comparison {
	struct content *c;
	struct known *k;
	uint64_t found_ns, time_ns, unheld;
};

/* All of a slice at once; without memory nobody is suspected. */
static void ask_for(struct content *c, struct held *h)
{
	struct held **grown = inventory_grow(c->newly, c->n_newly, sizeof(*grown));

	if (!grown)
		return;
	c->newly = grown;
	grown[c->n_newly++] = h;
}

static void hold(void *context, const struct difference *d)
{
	struct comparison *cmp = context;
	struct content *c = cmp->c;
	struct known *k = cmp->k;
	struct held *h = NULL;

	if (is_explained(c, k, d->key, k->begun_ns))
		return;
	if (k->n_held < CONTENT_HELD_MAX && c->bytes < c->opts.all_bytes)
		h = known_hold(k, d);
	if (!h) {
		cmp->unheld++;
		return;
	}
	h->found_ns = cmp->found_ns;
	h->time_ns = cmp->time_ns;
	c->bytes += held_bytes(h);
	ask_for(c, h);
}

/* To be reported, at the end of the slice. */
static bool put_found(struct content *c, struct held *h)
{
	struct held **grown = inventory_grow(c->found, c->n_found, sizeof(*grown));

	if (!grown)
		return false;
	c->found = grown;
	grown[c->n_found++] = h;
	return true;
}

/* Something of it is reported. */
static void let_restless(struct content *c, struct known *k)
{
	if (++k->reported < CONTENT_RESTLESS || c->opts.every_round)
		return;
	if (k->reported == CONTENT_RESTLESS)
		c->stats.restless = k->map.id;
	k->rest = CONTENT_RESTLESS_ROUNDS;
}

/* Of what was held long enough; `gone`: of all, for nothing is on its way from a map that is freed. */
static void judge(struct content *c, struct known *k, bool gone)
{
	size_t left = 0, found = c->n_found;

	for (size_t i = 0; i < k->n_held; i++) {
		struct held *h = k->held[i];
		bool explained;

		if (!gone && c->caught_ns < h->found_ns + CONTENT_HOLD_NS) {
			k->held[left++] = h;
			continue;
		}
		c->bytes -= held_bytes(h);
		explained = is_explained(c, k, h->what.key, h->since_ns);
		if (!explained && put_found(c, h))
			continue;
		if (!explained)
			c->source.unheld(c->source.context, 1);
		held_free(h);
	}
	k->n_held = left;
	if (c->n_found > found)
		let_restless(c, k);
}

/* As the source gets them; NULL: no memory, or there are none. */
static struct content_change *changes_of(struct held *const *held, size_t n)
{
	struct content_change *changes = n ? calloc(n, sizeof(*changes)) : NULL;

	for (size_t i = 0; changes && i < n; i++)
		changes[i] = (struct content_change){ &held[i]->map, held[i]->time_ns,
						      held[i]->what,
						      held[i]->users ? held[i]->users->inv : NULL };
	return changes;
}

/* Now, not when it is told: who it was may be gone by then. */
static void ask_users(struct content *c)
{
	struct content_change *changes = changes_of(c->newly, c->n_newly);
	struct users *users = changes ? calloc(1, sizeof(*users)) : NULL;
	uint64_t cpu;

	if (users) {
		cpu = clock_of(c, CLOCK_THREAD_CPUTIME_ID);
		users->differences = c->n_newly;
		users->inv = c->source.users(c->source.context, changes, c->n_newly);
		/* The first time loads what asks. That is no cost of a round, of which there are more. */
		if (!c->users_asked)
			c->uncounted_ns = clock_of(c, CLOCK_THREAD_CPUTIME_ID) - cpu;
		c->users_asked = true;
	}
	for (size_t i = 0; i < c->n_newly; i++)
		c->newly[i]->users = users;
	free(changes);
	free(c->newly);
	c->newly = NULL;
	c->n_newly = 0;
}

static void report(struct content *c)
{
	struct content_change *changes = changes_of(c->found, c->n_found);

	if (!c->n_found)
		return;
	if (changes)
		c->source.report(c->source.context, changes, c->n_found);
	else
		c->source.unheld(c->source.context, c->n_found);
	free(changes);
	for (size_t i = 0; i < c->n_found; i++)
		held_free(c->found[i]);
	free(c->found);
	c->found = NULL;
	c->n_found = 0;
}

/* ---- readings ---- */

/* What is kept of it may take; another reading of the same size is there beside, for a moment. */
static size_t room_for(const struct content *c, const struct known *k)
{
	size_t others = c->bytes - reading_bytes(&k->reading);
	size_t room = c->opts.all_bytes > others ? c->opts.all_bytes - others : 0;

	return room < c->opts.map_bytes ? room : c->opts.map_bytes;
}

static void set_reading(struct content *c, struct known *k, const struct reading *r,
			uint64_t begun_ns)
{
	c->stats.too_large -= k->too_large;
	c->bytes -= known_bytes(k);
	known_set_reading(k, r, begun_ns);
	c->bytes += known_bytes(k);
}

/* Nothing is known of it for a while. */
static void let_rest(struct content *c, struct known *k)
{
	c->stats.too_large += !k->too_large;
	k->too_large = true;
	k->rest = CONTENT_REST_ROUNDS;
	c->bytes -= reading_bytes(&k->reading);
	known_forget(k);
}

/* Also with what a map held when it was made. -EAGAIN: what was read can't be trusted. */
static int compare(struct content *c, struct known *k, struct reading *r)
{
	struct comparison cmp = { .c = c, .k = k };
	struct reading made;
	int err;

	cmp.found_ns = now(c);
	cmp.time_ns = clock_of(c, CLOCK_REALTIME);
	if (k->read_once) {
		err = reading_compare(&k->reading, r, known_tells(k), hold, &cmp);
	} else if (k->fresh) {
		reading_init(&made, r->key_size, r->value_bytes, SIZE_MAX, r->seed);
		if (known_is_array(k))
			reading_add_zeros(&made, k->map.max_entries);
		err = made.err;
		if (!err)
			err = reading_compare(&made, r, known_tells(k) & READING_NEW, hold, &cmp);
		reading_fini(&made);
	} else {
		err = reading_check(r);
	}
	if (cmp.unheld)
		c->source.unheld(c->source.context, cmp.unheld);
	return err;
}

/* Whether it is left out in this round; not in all of them. */
static bool is_busy(const struct content *c, struct known *k)
{
	uint64_t seconds = (now(c) - k->begun_ns) / 1000000000;

	if (known_is_array(k) || k->writes / (seconds + 1) < CONTENT_BUSY)
		return false;
	return ++k->skips % CONTENT_BUSY_ROUNDS != 0;
}

/*
 * There is no such map any more. Its end may be behind its last writes in the ring, or not be seen at
 * all: what is held is judged in the next round, when it is dropped.
 */
static bool is_gone(struct known *k)
{
	bool again = k->gone;

	k->gone = true;
	return again;
}

/* It was listed while the event that made it was in the ring: what is in it may be a store already. */
static bool is_early(const struct content *c, const struct known *k)
{
	return !k->fresh && c->caught_ns < k->listed_ns;
}

/* A map's turn. False: it is gone. */
static bool read_map(struct content *c, struct known *k)
{
	uint64_t begun_ns = now(c);
	struct reading r;
	int err;

	look_at_hidden(c, k);
	judge(c, k, k->gone);
	if (k->rest) {
		k->rest--;
		return true;
	}
	if (is_early(c, k))
		return true;
	if (is_busy(c, k)) {
		c->stats.skipped++;
		return true;
	}
	reading_init(&r, k->map.key_size, k->value_bytes, room_for(c, k), c->opts.seed);
	reading_reserve(&r, known_is_array(k) ? k->map.max_entries : k->reading.n);
	err = r.err ? r.err : c->source.read(c->source.context, &k->map, &r);
	if (!err)
		err = r.err;
	known_settle_keys(k, &r);
	if (!err)
		err = compare(c, k, &r);
	if (!err) {
		set_reading(c, k, &r, begun_ns);
		k->reported = k->n_held ? k->reported : 0;
		return true;
	}
	reading_fini(&r);
	if (err == -E2BIG || err == -ENOMEM)
		let_rest(c, k);
	else if (err == -ENOENT)
		return !is_gone(k);
	else
		c->stats.skipped++;	/* not now */
	return true;
}

/* ---- rounds ---- */

static void end_round(struct content *c)
{
	uint64_t interval = c->round_cpu_ns * CONTENT_SHARE;

	if (interval < c->opts.interval_ns)
		interval = c->opts.interval_ns;
	c->due_ns = c->round_ns + interval;
	c->stats.interval_ns = interval;
	c->stats.rounds += c->n_maps > 0;
	c->round_cpu_ns = 0;
	c->in_round = false;
}

void content_step(struct content *c, uint64_t caught_ns)
{
	uint64_t cpu, spent = 0;

	if (now(c) < content_due(c))
		return;
	cpu = clock_of(c, CLOCK_THREAD_CPUTIME_ID);
	c->caught_ns = caught_ns;
	if (!c->in_round) {
		c->in_round = true;
		c->round_ns = now(c);
		c->at = 0;
		list_new(c);
	}
	look_at_losses(c);
	while (c->at < c->n_maps && spent < CONTENT_SLICE_NS) {
		struct known *k = c->maps[c->at];

		if (read_map(c, k))
			c->at++;
		else
			drop_map(c, k);
		spent = clock_of(c, CLOCK_THREAD_CPUTIME_ID) - cpu;
	}
	ask_users(c);
	report(c);
	c->round_cpu_ns += clock_of(c, CLOCK_THREAD_CPUTIME_ID) - cpu - c->uncounted_ns;
	c->uncounted_ns = 0;
	if (c->at >= c->n_maps)
		end_round(c);
}

static void end_map(struct content *c, struct known *k)
{
	uint64_t cpu = clock_of(c, CLOCK_THREAD_CPUTIME_ID);

	look_at_losses(c);
	look_at_hidden(c, k);
	judge(c, k, true);
	drop_map(c, k);
	report(c);
	c->round_cpu_ns += clock_of(c, CLOCK_THREAD_CPUTIME_ID) - cpu;
}

void content_event(struct content *c, const struct event *e)
{
	struct known *k = find(c, e->map.id);

	c->news |= e->map.id > c->last_id;
	switch (e->type) {
	case EVENT_MAP_CREATE:
		if (!k && !e->result)
			k = add_map(c, e->map.id);
		if (!k || k->read_once)
			return;
		k->fresh = true;
		k->begun_ns = e->monotonic_ns;
		return;
	case EVENT_MAP_UPDATE:
	case EVENT_MAP_DELETE:
	case EVENT_SUMMARY:
		if (k)
			known_mark(k, e);
		return;
	case EVENT_MAP_FREEZE:
		if (k && !e->result)
			k->map.frozen = true;
		return;
	case EVENT_MAP_FREE:
		if (k)
			end_map(c, k);
		return;
	default:
		return;
	}
}

void content_end(struct content *c)
{
	look_at_losses(c);
	c->caught_ns = now(c);
	for (size_t i = 0; i < c->n_maps; i++) {
		look_at_hidden(c, c->maps[i]);
		judge(c, c->maps[i], false);
	}
	report(c);
}

uint64_t content_due(const struct content *c)
{
	return c->n_maps || c->news ? c->due_ns : UINT64_MAX;
}

struct content_stats content_stats(const struct content *c)
{
	struct content_stats stats = c->stats;

	stats.maps = c->n_maps;
	stats.bytes = c->bytes;
	return stats;
}

struct content *content_new(const struct content_opts *opts, const struct content_source *source)
{
	struct content *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->opts = *opts;
	c->source = *source;
	c->losses = source->losses(source->context);
	c->news = true;
	return c;
}

void content_free(struct content *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_maps; i++)
		known_free(c->maps[i]);
	free(c->maps);
	free(c);
}
