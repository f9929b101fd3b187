/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words of a query, and which rows they mean; see want.h. */
#include "store/want.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "out/out.h"
#include "size.h"

static int full(size_t n, const char *what, char *why, size_t why_size)
{
	if (n < WANT_MAX)
		return 0;
	snprintf(why, why_size, "at most %d %s can be given; use a glob", WANT_MAX, what);
	return -EINVAL;
}

/* 0: it is a name. */
static int take_id(const char *word, uint32_t *id, char *why, size_t why_size)
{
	uint64_t n;

	*id = 0;
	if (!*word) {
		snprintf(why, why_size, "an empty word; give an id, a name or a glob");
		return -EINVAL;
	}
	if (word[strspn(word, "0123456789")])
		return 0;
	if (!size_parse(word, &n) || !n || n > UINT32_MAX) {
		snprintf(why, why_size, "'%s' is no id: 1 to 4294967295", word);
		return -EINVAL;
	}
	*id = (uint32_t)n;
	return 0;
}

int want_map(struct want *w, const char *word, char *why, size_t why_size)
{
	uint32_t id;

	if (full(w->n_maps, "maps", why, why_size) || take_id(word, &id, why, why_size))
		return -EINVAL;
	if (strchr(word, '/')) {
		snprintf(why, why_size,
			 "'%s': a map is given by id, name or glob here, not by a path", word);
		return -EINVAL;
	}
	w->maps[w->n_maps].id = id;
	w->maps[w->n_maps++].name = word;
	return 0;
}

/* Without a key: a number is a pid, what has a slash a file, and the rest a name. */
int want_actor(struct want *w, const char *word, char *why, size_t why_size)
{
	static const struct {
		const char *key;
		enum want_actor kind;
	} keys[] = {
		{ "pid=", WANT_PID },
		{ "exe=", WANT_EXE },
		{ "comm=", WANT_COMM },
		{ "prog=", WANT_PROG },
	};
	enum want_actor kind = WANT_NAME;
	uint32_t id;

	if (full(w->n_actors, "actors", why, why_size))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strncmp(word, keys[i].key, strlen(keys[i].key))) {
			kind = keys[i].kind;
			word += strlen(keys[i].key);
			break;
		}
	if (take_id(word, &id, why, why_size))
		return -EINVAL;
	if (kind == WANT_PID && !id) {
		snprintf(why, why_size, "'%s' is not a pid", word);
		return -EINVAL;
	}
	if (kind == WANT_NAME)
		kind = id ? WANT_PID : strchr(word, '/') ? WANT_EXE : WANT_NAME;
	if (kind == WANT_PROG && id)
		kind = WANT_PROG_ID;
	w->actors[w->n_actors].kind = kind;
	w->actors[w->n_actors].id = id;
	w->actors[w->n_actors++].name = word;
	return 0;
}

static uint32_t monitor_types(const char *name)
{
	for (unsigned int t = 0; t < MONITOR_TYPES; t++)
		if (!strcmp(name, monitor_type_names[t]))
			return 1u << t;
	return strcmp(name, "monitor") ? 0 : (1u << MONITOR_TYPES) - 1;
}

int want_types(struct want *w, char *list, char *why, size_t why_size)
{
	char *save = NULL;

	for (char *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		uint32_t types = filter_types(word), monitors = monitor_types(word);

		if (!types && !monitors) {
			snprintf(
				why, why_size,
				"'%s' is no event type; groups: open, write, life, prog, alert, read, monitor, all; types: see -e of bpfmon watch",
				word);
			return -EINVAL;
		}
		w->by_type = true;
		w->types |= types;
		w->monitors |= monitors;
	}
	if (w->by_type)
		return 0;
	snprintf(why, why_size, "give event types or groups, separated by commas");
	return -EINVAL;
}

bool want_all(const struct want *w)
{
	return !w->n_maps && !w->n_actors && !w->by_type;
}

static bool is_like(const char *glob, const char *name)
{
	return name && !fnmatch(glob, name, 0);
}

/* Its whole name, or the 15 bytes of it that the kernel keeps. */
static bool is_map(const char *glob, const char *name)
{
	char cut[EVENT_NAME_BYTES];

	if (!name)
		return false;
	snprintf(cut, sizeof(cut), "%s", name);
	return is_like(glob, name) || is_like(glob, cut);
}

static bool has_map(const struct want *w, const struct want_row *row)
{
	for (size_t i = 0; i < w->n_maps; i++)
		if (w->maps[i].id ? w->maps[i].id == row->map_id :
				    is_map(w->maps[i].name, row->map_name))
			return true;
	return false;
}

static bool is_actor(enum want_actor kind, uint32_t id, const char *name,
		     const struct want_row *row)
{
	switch (kind) {
	case WANT_PID:
		return row->pid == id;
	case WANT_PROG_ID:
		return row->prog_id == id;
	case WANT_EXE:
		return is_like(name, row->exe);
	case WANT_COMM:
		return is_like(name, row->comm);
	case WANT_PROG:
		return is_like(name, row->prog_name);
	case WANT_NAME:
		return is_like(name, row->comm) || is_like(name, row->prog_name);
	}
	return false;
}

static bool has_actor(const struct want *w, const struct want_row *row)
{
	for (size_t i = 0; i < w->n_actors; i++)
		if (is_actor(w->actors[i].kind, w->actors[i].id, w->actors[i].name, row))
			return true;
	return false;
}

static bool has_type(const struct want *w, const char *type)
{
	if (!type)
		return false;
	for (unsigned int t = 0; t < EVENT_TYPES; t++)
		if (w->types >> t & 1 && !strcmp(type, event_type_names[t]))
			return true;
	for (unsigned int t = 0; t < MONITOR_TYPES; t++)
		if (w->monitors >> t & 1 && !strcmp(type, monitor_type_names[t]))
			return true;
	return false;
}

bool want_matches(const struct want *w, const struct want_row *row)
{
	return (!w->by_type || has_type(w, row->type)) && (!w->n_maps || has_map(w, row)) &&
	       (!w->n_actors || has_actor(w, row));
}
