/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a map's content; see known.h. */
#include "content/known.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "maptype.h"

#define MARKS_MIN 64
#define MARKS_MAX 8192
#define SLOTS_MAX 16384	/* of an array of descriptors: each costs a call, also if it is empty */
#define PREFIX_MAX 260	/* bytes of a key of lpm_trie: LPM_KEY_SIZE_MAX of kernel/bpf/lpm_trie.c */

/* An array of values, not one of slots for descriptors. */
static bool is_filled(uint32_t type)
{
	return maptype_is_array(type) && maptype_has(type, MAPTYPE_STORES);
}

bool known_can_be(const struct inv_map *m)
{
	if (m->frozen && m->flags & BPF_F_RDONLY_PROG)
		return false;
	/* Its sockets are told by 8-byte cookies or not at all: bpf_fd_reuseport_array_lookup_elem(). */
	if (m->type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY && m->value_size != sizeof(uint64_t))
		return false;
	if (maptype_is_array(m->type) && !is_filled(m->type) && m->max_entries > SLOTS_MAX)
		return false;
	return m->value_size && !m->key_size == maptype_is_queue(m->type) &&
	       maptype_has(m->type, MAPTYPE_COMPARED);
}

bool known_is_array(const struct known *k)
{
	return is_filled(k->map.type);
}

unsigned int known_tells(const struct known *k)
{
	if (maptype_has(k->map.type, MAPTYPE_MOVES))
		return 0;
	return maptype_has(k->map.type, MAPTYPE_EVICTS) ? READING_NEW : READING_NEW | READING_GONE;
}

/*
 * The kernel keeps the bits behind the prefix as they were given, and does not look at them: the same
 * element may be written, and deleted, as 10.1.2.3/8 and as 10.0.0.0/8.
 */
static void clear_behind_prefix(uint8_t *key, size_t size)
{
	uint32_t bits;

	if (size < sizeof(bits))
		return;
	memcpy(&bits, key, sizeof(bits));
	key += sizeof(bits);
	size -= sizeof(bits);
	if (bits / 8 >= size)
		return;
	key[bits / 8] &= (uint8_t)(0xff00u >> bits % 8);
	memset(key + bits / 8 + 1, 0, size - bits / 8 - 1);
}

void known_settle_keys(const struct known *k, struct reading *r)
{
	if (maptype_has(k->map.type, MAPTYPE_PREFIX))
		reading_each_key(r, clear_behind_prefix);
}

/* One for each element, within bounds: where several share one, one that was written covers them. */
static size_t marks_for(size_t elements)
{
	size_t n = MARKS_MIN;

	while (n < MARKS_MAX && n < elements)
		n *= 2;
	return n;
}

struct known *known_new(const struct inv_map *map, uint32_t cpus, size_t max_bytes, uint64_t seed)
{
	struct known *k = calloc(1, sizeof(*k));
	bool fits;

	if (!k)
		return NULL;
	k->map = *map;
	k->seed = seed;
	k->value_bytes = map->value_size;
	if (maptype_percpu() >> map->type & 1)
		k->value_bytes = (k->value_bytes + 7) / 8 * 8 * cpus;
	fits = map->max_entries <= max_bytes / (map->key_size + k->value_bytes);
	k->n_marks = marks_for(known_is_array(k) && fits ? map->max_entries : 0);
	k->marks = calloc(k->n_marks, sizeof(*k->marks));
	if (k->marks)
		return k;
	free(k);
	return NULL;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	reading_fini(&k->reading);
	for (size_t i = 0; i < k->n_held; i++)
		held_free(k->held[i]);
	free(k->held);
	free(k->marks);
	free(k);
}

void held_free(struct held *h)
{
	if (h->users && !--h->users->differences) {
		inventory_free(h->users->inv);
		free(h->users);
	}
	free(h);
}

size_t held_bytes(const struct held *h)
{
	return sizeof(*h) + h->size;
}

size_t known_bytes(const struct known *k)
{
	size_t bytes = sizeof(*k) + k->n_marks * sizeof(*k->marks) + reading_bytes(&k->reading);

	for (size_t i = 0; i < k->n_held; i++)
		bytes += held_bytes(k->held[i]);
	return bytes;
}

static void raise_to(uint64_t *ns, uint64_t time_ns)
{
	if (*ns < time_ns)
		*ns = time_ns;
}

/* A hash that has grown. Which key each mark is of, nobody knows: of all, then. */
static void fit_marks(struct known *k)
{
	size_t n = marks_for(k->reading.n);
	uint64_t *marks = n > k->n_marks ? calloc(n, sizeof(*marks)) : NULL;

	if (!marks)
		return;
	for (size_t i = 0; i < k->n_marks; i++)
		raise_to(&k->whole_ns, k->marks[i]);
	free(k->marks);
	k->marks = marks;
	k->n_marks = n;
}

void known_set_reading(struct known *k, const struct reading *r, uint64_t begun_ns)
{
	reading_fini(&k->reading);
	k->reading = *r;
	reading_trim(&k->reading);
	fit_marks(k);
	k->begun_ns = begun_ns;
	k->writes = 0;
	k->read_once = true;
	k->fresh = k->gone = k->too_large = false;
}

void known_forget(struct known *k)
{
	reading_fini(&k->reading);
	k->read_once = k->fresh = false;
}

static uint64_t *mark_of(const struct known *k, const uint8_t *key)
{
	uint8_t prefix[PREFIX_MAX];
	uint32_t index;
	uint64_t hash;

	if (known_is_array(k)) {
		memcpy(&index, key, sizeof(index));
		hash = index;
	} else if (maptype_has(k->map.type, MAPTYPE_PREFIX) && k->map.key_size <= PREFIX_MAX) {
		memcpy(prefix, key, k->map.key_size);
		clear_behind_prefix(prefix, k->map.key_size);
		hash = reading_hash(k->seed, prefix, k->map.key_size);
	} else {
		hash = reading_hash(k->seed, key, k->map.key_size);
	}
	return &k->marks[hash & (k->n_marks - 1)];
}

/* Not by one that was refused: else who may write nothing could cover what somebody stores. */
void known_mark(struct known *k, const struct event *e)
{
	if (e->has_result && e->result < 0)
		return;
	k->writes += event_count(e);
	if (e->key.len == e->key.size && e->key.size == k->map.key_size)
		raise_to(mark_of(k, e->key.data), e->monotonic_ns);
	else
		raise_to(&k->whole_ns, e->monotonic_ns);
}

bool known_is_marked(const struct known *k, const uint8_t *key, uint64_t from_ns)
{
	return k->whole_ns > from_ns || *mark_of(k, key) > from_ns;
}

struct held *known_hold(struct known *k, const struct difference *d)
{
	size_t key = k->map.key_size, value = k->value_bytes;
	size_t size = key + (d->old ? value : 0) + (d->value ? value : 0);
	struct held **grown = inventory_grow(k->held, k->n_held, sizeof(*grown));
	struct held *h;
	uint8_t *at;

	if (!grown)
		return NULL;
	k->held = grown;
	h = malloc(sizeof(*h) + size);
	if (!h)
		return NULL;
	at = h->bytes + key;
	*h = (struct held){
		.since_ns = k->begun_ns, .map = k->map, .size = size, .what.key = h->bytes
	};
	memcpy(h->bytes, d->key, key);
	if (d->old) {
		h->what.old = memcpy(at, d->old, value);
		at += value;
	}
	if (d->value)
		h->what.value = memcpy(at, d->value, value);
	k->held[k->n_held++] = h;
	return h;
}
