/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was learned of one map; see mapfacts.h. */
#include "facts/mapfacts.h"

#include <stdlib.h>
#include <string.h>

#include "out/out.h"

struct mapfacts {
	struct event_mapfacts told;	/* all but pins is as it is known; these are in `pins` */
	struct mapfacts_pin pins[EVENT_PINS];	/* inner and path are in one piece, at inner */
	size_t n_pins, path_bytes;
	uint32_t pins_more;
	bool doubt_pins;
	bool changed;			/* since `told` was put together */
	char *exe;
};

struct mapfacts *mapfacts_new(void)
{
	return calloc(1, sizeof(struct mapfacts));
}

static size_t pin_bytes(const struct mapfacts_pin *pin)
{
	return strlen(pin->inner) + strlen(pin->path) + 2;
}

static void remove_pin(struct mapfacts *f, size_t at)
{
	f->path_bytes -= pin_bytes(&f->pins[at]);
	free((char *)f->pins[at].inner);
	f->n_pins--;
	memmove(&f->pins[at], &f->pins[at + 1], (f->n_pins - at) * sizeof(f->pins[0]));
	f->changed = true;
}

void mapfacts_free(struct mapfacts *f)
{
	if (!f)
		return;
	mapfacts_drop_pins(f);
	free(f->exe);
	free((char *)f->told.json);
	free(f);
}

/* ---- creation, inner, programs, parents ---- */

void mapfacts_created(struct mapfacts *f, const struct event *e)
{
	const struct event_process *p = e->task.process;

	free(f->exe);
	f->exe = p && p->exe && strlen(p->exe) <= MAPFACTS_PATH_BYTES ? strdup(p->exe) : NULL;
	f->told.created_ns = e->time_ns;
	f->told.creator_pid = e->task.pid;
	memset(f->told.creator_comm, 0, EVENT_NAME_BYTES);
	memcpy(f->told.creator_comm, e->task.comm, strnlen(e->task.comm, EVENT_NAME_BYTES));
	f->told.creator_exe = f->exe;
	f->doubt_pins = false;
	f->changed = true;
}

void mapfacts_inner(struct mapfacts *f, const struct event_inner *inner)
{
	f->told.inner = *inner;
	f->changed = true;
}

bool mapfacts_has_inner(const struct mapfacts *f)
{
	return f->told.inner.type;
}

void mapfacts_users(struct mapfacts *f, const uint32_t *ids, uint32_t n)
{
	size_t told = n < EVENT_USERS ? n : EVENT_USERS;

	_Static_assert(sizeof(f->told.users[0]) == sizeof(*ids), "they are compared as bytes");
	if (n == f->told.n_users + f->told.users_more &&
	    !memcmp(f->told.users, ids, told * sizeof(*ids)))
		return;
	f->told.n_users = told;
	f->told.users_more = n - (uint32_t)told;
	memcpy(f->told.users, ids, told * sizeof(*ids));
	f->changed = true;
}

static size_t find_parent(const struct mapfacts *f, uint32_t id)
{
	size_t i = 0;

	while (i < f->told.n_parents && f->told.parents[i].id != id)
		i++;
	return i;
}

void mapfacts_add_parent(struct mapfacts *f, uint32_t id)
{
	size_t at = find_parent(f, id);

	if (at < f->told.n_parents || f->told.parents_cut)
		return;
	if (at < EVENT_PARENTS)
		f->told.parents[f->told.n_parents++].id = id;
	else
		f->told.parents_cut = true;
	f->changed = true;
}

void mapfacts_drop_parent(struct mapfacts *f, uint32_t id)
{
	size_t at = find_parent(f, id);

	if (at == f->told.n_parents)
		return;
	f->told.n_parents--;
	memmove(&f->told.parents[at], &f->told.parents[at + 1],
		(f->told.n_parents - at) * sizeof(f->told.parents[0]));
	f->changed = true;
}

/* ---- pins ---- */

static size_t find_pin(const struct mapfacts *f, uint32_t dev, const char *inner)
{
	size_t i = 0;

	while (i < f->n_pins && (f->pins[i].dev != dev || strcmp(f->pins[i].inner, inner)))
		i++;
	return i;
}

/* False: no memory, or no room. */
static bool set_pin(struct mapfacts *f, size_t at, const struct mapfacts_pin *pin)
{
	size_t inner = strlen(pin->inner) + 1, path = strlen(pin->path) + 1;
	char *text = NULL;

	if (at < EVENT_PINS && f->path_bytes + inner + path <= MAPFACTS_PATH_BYTES)
		text = malloc(inner + path);
	if (!text)
		return false;
	memcpy(text, pin->inner, inner);
	memcpy(text + inner, pin->path, path);
	f->pins[at] = (struct mapfacts_pin){ pin->dev, pin->file, text, text + inner };
	f->path_bytes += inner + path;
	return true;
}

void mapfacts_add_pin(struct mapfacts *f, const struct mapfacts_pin *pin)
{
	size_t at = find_pin(f, pin->dev, pin->inner);

	if (at < f->n_pins)
		remove_pin(f, at);
	if (set_pin(f, f->n_pins, pin))
		f->n_pins++;
	else
		f->pins_more++;
	f->changed = true;
}

void mapfacts_drop_pin(struct mapfacts *f, uint32_t dev, const char *inner)
{
	size_t at = find_pin(f, dev, inner);

	if (at < f->n_pins)
		remove_pin(f, at);
	else if (f->pins_more)
		f->pins_more--;
	f->changed = true;
}

void mapfacts_drop_pins(struct mapfacts *f)
{
	while (f->n_pins)
		remove_pin(f, f->n_pins - 1);
	f->pins_more = 0;
	f->doubt_pins = false;
	f->changed = true;
}

void mapfacts_edit_pins(struct mapfacts *f, mapfacts_edit *edit, void *context)
{
	for (size_t i = 0; i < f->n_pins;) {
		struct mapfacts_pin old = f->pins[i], pin = old;
		bool stays = edit(context, &pin);

		if (stays && pin.inner == old.inner && pin.path == old.path) {
			i++;
			continue;
		}
		f->path_bytes -= pin_bytes(&old);
		if (stays && set_pin(f, i, &pin)) {
			free((char *)old.inner);
			f->changed = true;
			i++;
			continue;
		}
		f->path_bytes += pin_bytes(&old);
		remove_pin(f, i);
		f->pins_more += stays;
	}
}

void mapfacts_doubt_pins(struct mapfacts *f)
{
	f->doubt_pins = true;
	f->changed = true;
}

/* ---- what is told ---- */

static bool is_empty(const struct event_mapfacts *t)
{
	return !t->created_ns && !t->n_pins && !t->pins_more && !t->n_users && !t->inner.type &&
	       !t->n_parents && !t->parents_cut;
}

static void put_together(struct mapfacts *f)
{
	struct event_mapfacts *t = &f->told;

	t->n_pins = f->doubt_pins ? 0 : f->n_pins;
	t->pins_more = f->doubt_pins ? 0 : f->pins_more;
	for (size_t i = 0; i < t->n_pins; i++)
		t->pins[i].path = f->pins[i].path;
	free((char *)t->json);
	t->json = out_json_mapfacts_text(t, &t->json_len);
}

const struct event_mapfacts *mapfacts_get(struct mapfacts *f, uint64_t *serials)
{
	if (f->changed) {
		put_together(f);
		f->told.serial = ++*serials;
		f->changed = false;
	}
	return is_empty(&f->told) ? NULL : &f->told;
}
