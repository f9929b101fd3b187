/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Learns of maps what no single event tells; see learn.h. */
#include "facts/learn.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/mapfacts.h"
#include "facts/progmaps.h"

#define PATH_ROOM 4096	/* PATH_MAX of the kernel */

struct learn {
	const struct learn_source *source;
	struct learn_opts opts;
	struct mapinfo *info;
	struct mapids *ids;
	struct pins *pins;
	struct progmaps *progs;
	uint32_t loaded;	/* the program that was asked for last */
	bool full, was_full;	/* more programs than are kept */
	bool walk_due;		/* pins came or went unseen */
	char inner[PATH_ROOM], inner2[PATH_ROOM], path[PATH_ROOM], edited[PATH_ROOM];
};

struct learn *learn_new(const struct learn_source *source, const struct learn_opts *opts,
			struct mapinfo *info, struct mapids *ids, struct pins *pins)
{
	struct learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->source = source;
	l->opts = *opts;
	l->info = info;
	l->ids = ids;
	l->pins = pins;
	l->progs = progmaps_new();
	if (l->progs)
		return l;
	free(l);
	return NULL;
}

void learn_free(struct learn *l)
{
	if (!l)
		return;
	progmaps_free(l->progs);
	free(l);
}

/* ---- programs ---- */

static void tell_users(struct learn *l, uint32_t map, bool make)
{
	struct mapfacts *f = mapinfo_facts(l->info, map, 0, make);
	uint32_t ids[EVENT_USERS];

	if (f)
		mapfacts_users(f, ids, progmaps_users(l->progs, map, ids, EVENT_USERS));
}

static void of_gone_prog(void *context, uint32_t map)
{
	tell_users(context, map, false);
}

static void ask_prog(struct learn *l, uint32_t prog, bool young)
{
	uint32_t *maps = NULL, n = 0;

	if (l->full || l->source->prog(l->source->context, prog, &maps, &n))
		return;
	if (!progmaps_set(l->progs, prog, maps, n, young)) {
		l->full = l->was_full = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		tell_users(l, maps[i], true);
}

static void list_progs(struct learn *l)
{
	uint32_t prog = 0;
	int err;

	l->full = false;	/* some may be gone */
	progmaps_begin(l->progs);
	while (!(err = l->source->next_prog(l->source->context, prog, &prog)))
		if (!progmaps_see(l->progs, prog))
			ask_prog(l, prog, false);
	if (err == -ENOENT)
		progmaps_end(l->progs, of_gone_prog, l);
}

void learn_loaded(struct learn *l, uint32_t prog)
{
	/* Its functions are told one after the other. */
	if (prog == l->loaded)
		return;
	l->loaded = prog;
	ask_prog(l, prog, true);
}

/* ---- pins ---- */

/* Is it seen from here? */
static bool is_here(struct learn *l, uint32_t dev)
{
	if (!pins_mounted(l->pins, dev))
		pins_read_mounts(l->pins);
	return pins_mounted(l->pins, dev);
}

static void add_pin(struct learn *l, uint32_t map, uint64_t address, uint32_t dev,
		    const char *inner, uint64_t file)
{
	struct mapfacts_pin pin = { dev, file, inner, l->path };
	struct mapfacts *f;

	if (!is_here(l, dev) || !pins_show(l->pins, dev, inner, l->path, PATH_ROOM))
		return;
	f = mapinfo_facts(l->info, map, address, true);
	if (f)
		mapfacts_add_pin(f, &pin);
}

static void drop_pin(struct learn *l, const struct event_map *m, uint32_t dev, const char *inner)
{
	struct mapfacts *f = mapinfo_facts(l->info, m->id, m->address, false);

	if (f && is_here(l, dev))
		mapfacts_drop_pin(f, dev, inner);
}

static void each_file(void *to, const char *path, const struct learn_file *file)
{
	struct learn *l = to;
	uint32_t map;

	if (!pins_inner(l->pins, file->dev, path, l->inner, PATH_ROOM) ||
	    l->source->pinned(l->source->context, path, &map))
		return;
	/* Of a map that was forgotten, the walk has all pins. */
	if (!mapinfo_facts(l->info, map, 0, false)) {
		struct mapfacts *f = mapinfo_facts(l->info, map, 0, true);

		if (f)
			mapfacts_drop_pins(f);
	}
	add_pin(l, map, 0, file->dev, l->inner, file->number);
}

static void forget_pins(void *context, uint32_t id, struct mapfacts *f)
{
	(void)context;
	(void)id;
	mapfacts_drop_pins(f);
}

static int walk(struct learn *l)
{
	l->walk_due = false;
	pins_read_mounts(l->pins);
	mapinfo_each_facts(l->info, forget_pins, l);
	return l->source->walk(l->source->context, each_file, l);
}

/* A pin as the caller named it; what can't be found so is found by the next walk. */
static void pinned_at(struct learn *l, const struct event *e)
{
	struct learn_file file;
	uint32_t map;

	l->walk_due = true;
	if (!e->path || e->path[0] != '/' || e->path_len >= PATH_ROOM)
		return;
	memcpy(l->edited, e->path, e->path_len);
	l->edited[e->path_len] = '\0';
	if (l->source->file(l->source->context, l->edited, &file) || !is_here(l, file.dev) ||
	    l->source->pinned(l->source->context, l->edited, &map) || map != e->map.id ||
	    !pins_inner(l->pins, file.dev, l->edited, l->inner, PATH_ROOM))
		return;
	add_pin(l, map, e->map.address, file.dev, l->inner, file.number);
	l->walk_due = false;
}

static bool is_there(void *context, struct mapfacts_pin *pin)
{
	struct learn *l = context;
	struct learn_file file;

	if (!l->source->file(l->source->context, pin->path, &file) && file.dev == pin->dev &&
	    (!pin->file || file.number == pin->file))
		return true;
	l->walk_due = true;	/* it may have another name now */
	return false;
}

static void look_at_pins(void *context, uint32_t id, struct mapfacts *f)
{
	(void)id;
	mapfacts_edit_pins(f, is_there, context);
}

void learn_look(struct learn *l)
{
	if (!l->opts.hears_names)
		mapinfo_each_facts(l->info, look_at_pins, l);
}

/* ---- mounts and directories ---- */

static bool show_again(void *context, struct mapfacts_pin *pin)
{
	struct learn *l = context;

	if (pin->dev == pins_gone(l->pins) ||
	    !pins_show(l->pins, pin->dev, pin->inner, l->path, PATH_ROOM))
		return false;
	if (strcmp(l->path, pin->path))
		pin->path = l->path;
	return true;
}

static void mounts_changed(void *context, uint32_t id, struct mapfacts *f)
{
	(void)id;
	mapfacts_edit_pins(f, show_again, context);
}

struct moved {
	struct learn *learn;
	uint32_t dev;
	const char *from, *to;
	bool exchange;
};

/* The pin with `to` in place of `from`; false: it is not below that. */
static bool replace(const struct moved *m, struct mapfacts_pin *pin, const char *from,
		    const char *to)
{
	size_t n = strlen(from);
	struct learn *l = m->learn;

	if (strncmp(pin->inner, from, n) || pin->inner[n] != '/' ||
	    snprintf(l->edited, PATH_ROOM, "%s%s", to, pin->inner + n) >= PATH_ROOM)
		return false;
	pin->inner = l->edited;
	if (pins_show(l->pins, pin->dev, pin->inner, l->path, PATH_ROOM))
		pin->path = l->path;
	return true;
}

static bool move_pin(void *context, struct mapfacts_pin *pin)
{
	const struct moved *m = context;

	if (pin->dev == m->dev && !replace(m, pin, m->from, m->to) && m->exchange)
		replace(m, pin, m->to, m->from);
	return true;
}

static void directory_moved(void *context, uint32_t id, struct mapfacts *f)
{
	(void)id;
	mapfacts_edit_pins(f, move_pin, context);
}

/* ---- names ---- */

static bool is_map(struct learn *l, const struct event_map *m)
{
	return m->known && mapids_has(l->ids, m->address, m->id);
}

static void renamed(struct learn *l, const struct event *e)
{
	uint32_t dev = e->names.dev;

	if (is_map(l, &e->over)) {
		drop_pin(l, &e->over, dev, l->inner2);
		if (e->names.exchange)
			add_pin(l, e->over.id, e->over.address, dev, l->inner, 0);
	}
	if (is_map(l, &e->map)) {
		drop_pin(l, &e->map, dev, l->inner);
		add_pin(l, e->map.id, e->map.address, dev, l->inner2, 0);
	}
}

void learn_names(struct learn *l, const struct event *e, bool told)
{
	const struct event_names *n = &e->names;
	struct moved moved = { l, n->dev, l->inner, l->inner2, n->exchange };

	if (e->result || n->op == NAME_OPEN || n->op == NAME_CHMOD)
		return;
	if (n->mount) {
		mapinfo_each_facts(l->info, mounts_changed, l);
		/* A file system with pins may be seen from here now. */
		l->walk_due |= told && n->op != NAME_UMOUNT;
		return;
	}
	l->inner[0] = l->inner2[0] = '\0';
	pins_path("", n->path, n->path_len, l->inner, PATH_ROOM);
	pins_path("", n->path2, n->path2_len, l->inner2, PATH_ROOM);
	if (n->is_dir && n->op == NAME_RENAME) {
		pins_read_mounts(l->pins);	/* it may be the root of one */
		mapinfo_each_facts(l->info, directory_moved, &moved);
	} else if (n->op == NAME_RENAME) {
		renamed(l, e);
	} else if (!n->is_dir && is_map(l, &e->map)) {
		if (n->op == NAME_PIN || n->op == NAME_LINK)
			add_pin(l, e->map.id, e->map.address, n->dev,
				n->op == NAME_PIN ? l->inner : l->inner2, 0);
		else if (n->op == NAME_UNLINK)
			drop_pin(l, &e->map, n->dev, l->inner);
	}
}

/* ---- events ---- */

static bool is_outer(const struct event_map *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

void learn_listed(struct learn *l, const struct event_map *m, const struct event_inner *inner)
{
	struct mapfacts *f = inner->type ? mapinfo_facts(l->info, m->id, m->address, true) : NULL;

	if (f)
		mapfacts_inner(f, inner);
}

static void created(struct learn *l, const struct event *e)
{
	struct mapfacts *f = mapinfo_facts(l->info, e->map.id, e->map.address, true);

	if (!f)
		return;
	mapfacts_created(f, e);
	if (e->inner.type)
		mapfacts_inner(f, &e->inner);
}

static void put_inside(struct learn *l, const struct event *e)
{
	struct mapfacts *f = mapinfo_facts(l->info, e->object.named.id, 0, true);
	struct event_inner inner;

	if (f)
		mapfacts_add_parent(f, e->map.id);
	f = mapinfo_facts(l->info, e->map.id, e->map.address, true);
	/* Its creation was missed: the first map in it looks like the others. */
	if (f && !mapfacts_has_inner(f) &&
	    !l->source->map(l->source->context, e->object.named.id, &inner))
		mapfacts_inner(f, &inner);
}

static void outer_gone(void *context, uint32_t id, struct mapfacts *f)
{
	(void)id;
	mapfacts_drop_parent(f, *(const uint32_t *)context);
}

void learn_event(struct learn *l, const struct event *e)
{
	uint32_t id = e->map.id;

	if (!e->map.known || e->result < 0)
		return;
	switch (e->type) {
	case EVENT_MAP_CREATE:
		created(l, e);
		break;
	case EVENT_MAP_PIN:
		if (!l->opts.hears_pins)
			pinned_at(l, e);
		break;
	case EVENT_MAP_UPDATE:
		if (e->object.kind == OBJECT_MAP && e->object.named.id && is_outer(&e->map))
			put_inside(l, e);
		break;
	case EVENT_MAP_FREE:
		if (is_outer(&e->map))
			mapinfo_each_facts(l->info, outer_gone, &id);
		break;
	default:
		break;
	}
}

int learn_start(struct learn *l)
{
	int err = walk(l);

	list_progs(l);
	return err;
}

bool learn_is_full(const struct learn *l)
{
	return l->was_full;
}

void learn_later(struct learn *l, bool lost)
{
	list_progs(l);
	if (l->walk_due || lost)
		walk(l);
}
