/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values that are put back; see flips.h. */
#include "flips.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u
#define MAPS 4096u	/* counts of entries, by map id modulo this */
#define VALUE_MAX 8192u	/* longer ones are not captured whole either */

/* What an element was before a change: `n_value` bytes behind the key, or nothing. */
struct flip {
	struct flip *next;		/* of the same bucket */
	struct flip *older, *newer;
	uint64_t seq, time_ns;		/* of the event that changed it */
	uint32_t map_id, hash;
	uint32_t n_key, n_value;
	uint32_t cpu;			/* one CPU's value: its number + 1; else 0 */
	bool existed;
	uint8_t bytes[];
};

struct flips {
	struct flip *buckets[BUCKETS];
	struct flip *oldest, *newest;
	size_t n, bytes;
	uint32_t of_maps[MAPS];
};

/* A value or its absence, without the padding between those of several CPUs. */
struct state {
	bool known, exists;
	uint32_t len;
	uint8_t bytes[VALUE_MAX];
};

/* Which element: map, key and CPU. */
struct place {
	uint32_t map_id, cpu, hash;
	const struct event_bytes *key;
};

struct flips *flips_new(void)
{
	return calloc(1, sizeof(struct flips));
}

static size_t flip_size(const struct flip *r)
{
	return (size_t)r->n_key + r->n_value;
}

/* What the element was before its changes, each behind the one that came later; NULL: no more. */
static struct flip *find(struct flip *r, const struct place *p)
{
	for (; r; r = r->next)
		if (r->hash == p->hash && r->map_id == p->map_id && r->cpu == p->cpu &&
		    r->n_key == p->key->size && !memcmp(r->bytes, p->key->data, r->n_key))
			break;
	return r;
}

static void drop(struct flips *f, struct flip *r)
{
	struct flip **at = &f->buckets[r->hash % BUCKETS];

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	*(r->older ? &r->older->newer : &f->oldest) = r->newer;
	*(r->newer ? &r->newer->older : &f->newest) = r->older;
	f->n--;
	f->bytes -= flip_size(r);
	f->of_maps[r->map_id % MAPS]--;
	free(r);
}

void flips_free(struct flips *f)
{
	while (f && f->oldest)
		drop(f, f->oldest);
	free(f);
}

static void add(struct flips *f, const struct place *p, const struct state *was,
		const struct event *e, uint64_t seq)
{
	size_t size = p->key->size + was->len;
	struct flip *r;

	while (f->n && (f->n >= FLIPS_MAX || f->bytes + size > FLIPS_BYTES_MAX))
		drop(f, f->oldest);
	r = malloc(sizeof(*r) + size);
	if (!r)
		return;	/* one less is remembered */
	*r = (struct flip){
		.next = f->buckets[p->hash % BUCKETS],
		.older = f->newest,
		.seq = seq,
		.time_ns = e->monotonic_ns,
		.map_id = p->map_id,
		.hash = p->hash,
		.n_key = (uint32_t)p->key->size,
		.n_value = was->len,
		.cpu = p->cpu,
		.existed = was->exists,
	};
	memcpy(r->bytes, p->key->data, r->n_key);
	memcpy(r->bytes + r->n_key, was->bytes, was->len);
	f->buckets[p->hash % BUCKETS] = r;
	*(f->newest ? &f->newest->newer : &f->oldest) = r;
	f->newest = r;
	f->n++;
	f->bytes += size;
	f->of_maps[p->map_id % MAPS]++;
}

void flips_drop_map(struct flips *f, uint32_t map_id)
{
	struct flip *newer;

	if (!f->of_maps[map_id % MAPS])
		return;
	for (struct flip *r = f->oldest; r; r = newer) {
		newer = r->newer;
		if (r->map_id == map_id)
			drop(f, r);
	}
}

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 16777619u;	/* FNV-1a */
	return hash;
}

/* Known only if all of it was captured. */
static void set_state(struct state *s, const struct event *e, enum event_value_shape shape,
		      const struct event_bytes *value)
{
	uint32_t cpus = shape == VALUE_CPUS ? e->value_cpus : 1;

	s->exists = true;
	s->len = 0;
	s->known = (uint64_t)cpus * e->map.value_size <= sizeof(s->bytes);
	for (uint32_t cpu = 0; s->known && cpu < cpus; cpu++) {
		struct event_bytes one = shape == VALUE_CPUS ? event_cpu_value(e, value, cpu) :
							       *value;

		s->known = one.len == one.size && one.size == e->map.value_size;
		if (!s->known || !one.len)
			continue;
		memcpy(s->bytes + s->len, one.data, one.len);
		s->len += (uint32_t)one.len;
	}
}

static bool same(const struct flip *r, const struct state *s)
{
	return r->existed == s->exists && r->n_value == s->len &&
	       !memcmp(r->bytes + r->n_key, s->bytes, s->len);
}

static bool is_change(const struct event *e)
{
	return (e->type == EVENT_MAP_UPDATE || e->type == EVENT_MAP_DELETE) && e->has_result &&
	       !e->result && e->old_state != OLD_UNKNOWN && e->key.size &&
	       e->key.len == e->key.size;
}

/* Before and after; false: one of them is not known, or they can't be compared. */
static bool states(const struct event *e, struct state *was, struct state *is, uint32_t *cpu)
{
	enum event_value_shape shape = e->old_state == OLD_READ ? e->old_shape : e->shape;

	was->known = is->known = true;
	was->exists = is->exists = false;
	was->len = is->len = 0;
	if (e->old_state == OLD_READ)
		set_state(was, e, e->old_shape, &e->old);
	if (e->type == EVENT_MAP_UPDATE) {
		set_state(is, e, e->shape, &e->value);
		if (e->shape != shape)
			return false;
	}
	*cpu = shape == VALUE_CPU ? e->value_cpu + 1 : 0;
	return was->known && is->known;
}

static struct flip *newest_of(const struct flips *f, const struct place *p)
{
	return find(f->buckets[p->hash % BUCKETS], p);
}

/* The change before which the element was this; NULL: none that is remembered. */
static struct flip *before(const struct flips *f, const struct place *p, const struct state *s)
{
	struct flip *r = newest_of(f, p);

	while (r && !same(r, s))
		r = find(r->next, p);
	return r;
}

/* The element is what it was before this change, which is undone, as are those after it. */
static void undo(struct flips *f, const struct place *p, struct flip *change)
{
	struct flip *r;

	while ((r = newest_of(f, p)) != change)
		drop(f, r);
	drop(f, change);
}

/* What goes first is the second change: before it the element was what the first one made of it. */
static void make_room(struct flips *f, const struct place *p)
{
	struct flip *second = NULL, *first = NULL;
	size_t n = 0;

	for (struct flip *r = newest_of(f, p); r; r = find(r->next, p)) {
		second = first;
		first = r;
		n++;
	}
	if (n >= FLIPS_OF_ELEMENT)
		drop(f, second);
}

/*
 * What was put back by a write that was not seen is not stated: the element then is what it was
 * already.
 */
static void follow(struct flips *f, struct event *e, uint64_t seq)
{
	struct state was, is;
	struct place p = { .map_id = e->map.id, .key = &e->key };
	struct flip *change;

	if (!states(e, &was, &is, &p.cpu))
		return;
	p.hash = hash_bytes(2166136261u, &p.map_id, sizeof(p.map_id));
	p.hash = hash_bytes(p.hash, &p.cpu, sizeof(p.cpu));
	p.hash = hash_bytes(p.hash, e->key.data, e->key.size);
	change = before(f, &p, &was);
	if (change)
		undo(f, &p, change);
	change = before(f, &p, &is);
	if (change) {
		e->flip = true;
		e->flip_seq = change->seq;
		e->flip_ns = e->monotonic_ns > change->time_ns ? e->monotonic_ns - change->time_ns :
								 0;
		undo(f, &p, change);
	} else if (was.exists != is.exists || was.len != is.len ||
		   memcmp(was.bytes, is.bytes, is.len)) {
		make_room(f, &p);
		add(f, &p, &was, e, seq);
	}
}

void flips_event(struct flips *f, struct event *e, uint64_t seq)
{
	e->flip = false;
	if (!is_change(e))
		return;
	while (f->oldest && e->monotonic_ns > f->oldest->time_ns &&
	       e->monotonic_ns - f->oldest->time_ns > FLIPS_NS)
		drop(f, f->oldest);
	follow(f, e, seq);
}

size_t flips_count(const struct flips *f)
{
	return f->n;
}

size_t flips_bytes(const struct flips *f)
{
	return f->bytes;
}
