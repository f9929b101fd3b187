/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which maps each program uses: a list sorted by program; see progmaps.h. */
#include "facts/progmaps.h"

#include <stdlib.h>
#include <string.h>

struct prog {
	uint32_t id, n;
	uint32_t *maps;
	bool young, seen;
};

struct progmaps {
	struct prog *list;
	size_t n, cap;
};

struct progmaps *progmaps_new(void)
{
	return calloc(1, sizeof(struct progmaps));
}

void progmaps_free(struct progmaps *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].maps);
	free(p->list);
	free(p);
}

/* Where it is, or would be. */
static size_t place_of(const struct progmaps *p, uint32_t id)
{
	size_t from = 0, to = p->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (p->list[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_at(const struct progmaps *p, size_t at, uint32_t id)
{
	return at < p->n && p->list[at].id == id;
}

static bool insert(struct progmaps *p, size_t at)
{
	size_t cap = p->cap ? p->cap * 2 : 64;
	struct prog *list = p->list;

	if (p->n == PROGMAPS_MAX)
		return false;
	if (p->n == p->cap) {
		list = realloc(p->list, cap * sizeof(*list));
		if (!list)
			return false;
		p->list = list;
		p->cap = cap;
	}
	memmove(&list[at + 1], &list[at], (p->n++ - at) * sizeof(*list));
	list[at] = (struct prog){ 0 };
	return true;
}

bool progmaps_set(struct progmaps *p, uint32_t prog, uint32_t *maps, uint32_t n, bool young)
{
	size_t at = place_of(p, prog);

	if (!is_at(p, at, prog) && !insert(p, at)) {
		free(maps);
		return false;
	}
	free(p->list[at].maps);
	p->list[at] = (struct prog){ prog, n, maps, young, true };
	return true;
}

void progmaps_begin(struct progmaps *p)
{
	for (size_t i = 0; i < p->n; i++)
		p->list[i].seen = false;
}

bool progmaps_see(struct progmaps *p, uint32_t prog)
{
	size_t at = place_of(p, prog);

	if (!is_at(p, at, prog))
		return false;
	p->list[at].seen = true;
	return !p->list[at].young;
}

void progmaps_end(struct progmaps *p, void (*each)(void *context, uint32_t map), void *context)
{
	for (size_t i = 0; i < p->n;) {
		struct prog gone = p->list[i];

		if (gone.seen) {
			i++;
			continue;
		}
		p->n--;
		memmove(&p->list[i], &p->list[i + 1], (p->n - i) * sizeof(*p->list));
		for (uint32_t m = 0; m < gone.n; m++)
			each(context, gone.maps[m]);
		free(gone.maps);
	}
}

static bool uses(const struct prog *prog, uint32_t map)
{
	for (uint32_t i = 0; i < prog->n; i++)
		if (prog->maps[i] == map)
			return true;
	return false;
}

uint32_t progmaps_users(const struct progmaps *p, uint32_t map, uint32_t *ids, uint32_t room)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!uses(&p->list[i], map))
			continue;
		if (n < room)
			ids[n] = p->list[i].id;
		n++;
	}
	return n;
}
