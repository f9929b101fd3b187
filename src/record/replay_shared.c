/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What events of a recording share; see replay_shared.h. */
#include "record/replay_shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

/* Of what is kept as bytes, the BTF of maps: some 200 of them as clang makes them. */
#define OPENED_MAX (64u << 20)

struct shared {
	struct places *places;
	const struct shared_kind *kind;
	uint64_t number;
	uint32_t users;		/* its place, and the things that it is part of */
	struct part *parts;
	struct arena *arena;	/* of all that it points to */
	void *thing;
	size_t opened;		/* bytes of it, if it was made of bytes */
};

struct part {
	struct part *next;
	struct shared *shared;
};

struct places {
	struct shared *in[SHARED_KINDS][RECORD_PLACES];
	uint64_t unread, serials;
	size_t opened;		/* bytes */
};

struct places *places_new(void)
{
	return calloc(1, sizeof(struct places));
}

/* The kinds are few, and none is part of itself: this is not deep. */
static void release(struct shared *s)
{
	if (!s || --s->users)
		return;
	for (struct part *p = s->parts; p; p = p->next)
		release(p->shared);
	if (s->kind->close && s->thing)
		s->kind->close(s->thing);
	s->places->opened -= s->opened;
	arena_free(&s->arena);
	free(s);
}

void places_free(struct places *places)
{
	if (!places)
		return;
	for (unsigned int kind = 0; kind < SHARED_KINDS; kind++)
		for (unsigned int i = 0; i < RECORD_PLACES; i++)
			release(places->in[kind][i]);
	free(places);
}

uint64_t places_unread(const struct places *places)
{
	return places->unread;
}

bool places_find(void *context, unsigned int kind, uint64_t number, const void **thing)
{
	struct places *places = context;
	struct shared *s = places->in[kind][number % RECORD_PLACES];

	if (!s || s->number != number)
		return false;
	*thing = s->thing;
	return true;
}

struct whole {
	struct places *places;
	struct shared *shared;
};

/* The same for a part of a thing: it stays as long as the whole. */
static bool find_part(void *context, unsigned int kind, uint64_t number, const void **thing)
{
	struct whole *w = context;
	struct shared *whole = w->shared;
	struct part *part;

	if (whole->kind <= &record_shared[kind] || !places_find(w->places, kind, number, thing))
		return false;
	part = arena_alloc(&whole->arena, sizeof(*part));
	if (!part)
		return false;
	part->shared = w->places->in[kind][number % RECORD_PLACES];
	part->shared->users++;
	part->next = whole->parts;
	whole->parts = part;
	return true;
}

static int read_thing(struct places *places, struct shared *s, struct bytes content)
{
	size_t len = (size_t)(content.end - content.at);
	struct whole whole = { places, s };
	uint8_t *copy;
	int err;

	if (!s->kind->fields) {
		s->thing = len <= OPENED_MAX - places->opened ? s->kind->open(content.at, len) :
								NULL;
		s->opened = s->thing ? len : 0;
		places->opened += s->opened;
		places->unread += !s->thing;
		return 0;
	}
	s->thing = arena_alloc(&s->arena, s->kind->fields->struct_bytes);
	copy = arena_alloc(&s->arena, len);
	if (!s->thing || !copy)
		return -ENOMEM;
	/* It lends from its own copy: the block goes. */
	memcpy(copy, content.at, len);
	err = get_fields(&(struct fields_env){ &s->arena, find_part, &whole },
			 (struct bytes){ copy, copy + len }, s->kind->fields, s->thing);
	if (!err && s->kind->complete)
		s->kind->complete(s->thing, ++places->serials);
	return err;
}

int places_read(struct places *places, struct bytes content)
{
	struct shared *s, **place;
	uint64_t kind, number;
	int err;

	if (!get_number(&content, &kind) || !get_number(&content, &number) || !number)
		return -EBADMSG;
	if (kind >= SHARED_KINDS)
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->places = places;
	s->kind = &record_shared[kind];
	s->number = number;
	s->users = 1;
	err = read_thing(places, s, content);
	if (err) {
		release(s);
		return err;
	}
	place = &places->in[kind][number % RECORD_PLACES];
	release(*place);
	*place = s;
	return 0;
}
