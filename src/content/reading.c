/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Readings of a map's content, and what differs between two; see reading.h. */
#include "content/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MIN 16

void reading_init(struct reading *r, size_t key_size, size_t value_bytes, size_t max_bytes,
		  uint64_t seed)
{
	*r = (struct reading){ .key_size = key_size,
			       .value_bytes = value_bytes,
			       .max_bytes = max_bytes,
			       .seed = seed };
}

void reading_fini(struct reading *r)
{
	free(r->data);
	r->data = NULL;
	r->n = r->room = 0;
}

static size_t stride(const struct reading *r)
{
	return r->key_size + r->value_bytes;
}

size_t reading_bytes(const struct reading *r)
{
	return r->room * stride(r);
}

static const uint8_t *key_at(const struct reading *r, size_t i)
{
	return r->data + i * stride(r);
}

static const uint8_t *value_at(const struct reading *r, size_t i)
{
	return key_at(r, i) + r->key_size;
}

void reading_each_key(struct reading *r, void (*each)(uint8_t *key, size_t size))
{
	for (size_t i = 0; i < r->n; i++)
		each(r->data + i * stride(r), r->key_size);
}

static bool grow(struct reading *r, size_t room)
{
	uint8_t *grown;

	if (room > r->max_bytes / stride(r)) {
		r->err = -E2BIG;
		return false;
	}
	grown = realloc(r->data, room * stride(r));
	if (!grown) {
		r->err = -ENOMEM;
		return false;
	}
	r->data = grown;
	r->room = room;
	return true;
}

void reading_reserve(struct reading *r, size_t n)
{
	if (n > r->room)
		grow(r, n);
}

void reading_trim(struct reading *r)
{
	uint8_t *data = r->n && r->n < r->room ? realloc(r->data, r->n * stride(r)) : NULL;

	if (!data)
		return;
	r->data = data;
	r->room = r->n;
}

void reading_add(struct reading *r, const void *key, const void *value)
{
	size_t most = r->max_bytes / stride(r), room = r->room ? 2 * r->room : 16;
	uint8_t *at;

	if (r->err)
		return;
	if (r->n == r->room && !grow(r, r->n < most && room > most ? most : room))
		return;
	at = r->data + r->n++ * stride(r);
	memcpy(at, key, r->key_size);
	memcpy(at + r->key_size, value, r->value_bytes);
}

void reading_add_zeros(struct reading *r, uint32_t n)
{
	if (r->err || r->key_size != sizeof(n) || !n || !grow(r, n))
		return;
	memset(r->data, 0, n * stride(r));
	for (uint32_t i = 0; i < n; i++)
		memcpy(r->data + i * stride(r), &i, sizeof(i));
	r->n = n;
}

/*
 * Eight bytes at a time, each step with the seed: a multiplication spreads upwards, the shift down
 * again (as in murmur3's finalizer).
 */
uint64_t reading_hash(uint64_t seed, const void *key, size_t size)
{
	const uint8_t *at = key;
	uint64_t h = seed ^ size, word;

	for (; size; at += size < 8 ? size : 8, size -= size < 8 ? size : 8) {
		word = 0;
		memcpy(&word, at, size < 8 ? size : 8);
		h = (h ^ word) * 0xff51afd7ed558ccdull + seed;
		h ^= h >> 33;
	}
	h *= 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

/* The place of a key, or the free one where it would be. */
static uint32_t *place_of(const struct reading *r, const uint8_t *key)
{
	size_t at = reading_hash(r->seed, key, r->key_size) & (r->n_places - 1);

	while (r->places[at] && memcmp(key_at(r, r->places[at] - 1), key, r->key_size) != 0)
		at = (at + 1) & (r->n_places - 1);
	return &r->places[at];
}

/* 0, -ENOMEM, or -EAGAIN: a key is there twice. */
static int make_places(struct reading *r)
{
	size_t n = PLACES_MIN;

	if (r->places)
		return 0;
	while (n < 2 * r->n)
		n *= 2;
	r->places = calloc(n, sizeof(*r->places));
	if (!r->places)
		return -ENOMEM;
	r->n_places = n;
	for (size_t i = 0; i < r->n; i++) {
		uint32_t *place = place_of(r, key_at(r, i));

		if (*place)
			return -EAGAIN;
		*place = (uint32_t)i + 1;
	}
	return 0;
}

static void drop_places(struct reading *r)
{
	free(r->places);
	r->places = NULL;
	r->n_places = 0;
}

int reading_check(struct reading *r)
{
	int err = r->err ? r->err : make_places(r);

	drop_places(r);
	return err;
}

/* Whether the same keys lie in the same order. */
static bool same_keys(const struct reading *a, const struct reading *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(key_at(a, i), key_at(b, i), a->key_size) != 0)
			return false;
	return true;
}

/* With the old and the new value where there are such. */
static void tell(const struct reading *before, const struct reading *now, size_t old, size_t new,
		 void (*each)(void *context, const struct difference *d), void *context)
{
	struct difference d = { .old = value_at(before, old), .value = value_at(now, new) };

	d.key = key_at(now, new);
	if (memcmp(d.old, d.value, now->value_bytes) != 0)
		each(context, &d);
}

static void compare_by_key(struct reading *before, struct reading *now, unsigned int which,
			   void (*each)(void *context, const struct difference *d), void *context)
{
	for (size_t i = 0; i < now->n; i++) {
		uint32_t place = *place_of(before, key_at(now, i));

		if (place)
			tell(before, now, place - 1, i, each, context);
		else if (which & READING_NEW)
			each(context,
			     &(struct difference){ key_at(now, i), NULL, value_at(now, i) });
	}
	for (size_t i = 0; which & READING_GONE && i < before->n; i++)
		if (!*place_of(now, key_at(before, i)))
			each(context,
			     &(struct difference){ key_at(before, i), value_at(before, i), NULL });
}

int reading_compare(struct reading *before, struct reading *now, unsigned int which,
		    void (*each)(void *context, const struct difference *d), void *context)
{
	int err;

	if (before->n == now->n &&
	    (!now->n || !memcmp(before->data, now->data, now->n * stride(now))))
		return 0;
	if (same_keys(before, now)) {
		for (size_t i = 0; i < now->n; i++)
			tell(before, now, i, i, each, context);
		return 0;
	}
	err = make_places(now);
	if (!err)
		err = make_places(before);
	if (!err)
		compare_by_key(before, now, which, each, context);
	drop_places(now);
	drop_places(before);
	return err;
}
