/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the model is shown; see view.h. */
#include "top/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const top_sort_names[TOP_SORTS] = {
	[TOP_SORT_RATE] = "rate",   [TOP_SORT_USER] = "user", [TOP_SORT_PROG] = "prog",
	[TOP_SORT_TOTAL] = "total", [TOP_SORT_LAST] = "last", [TOP_SORT_NAME] = "name",
	[TOP_SORT_ID] = "id",
};

/* The keys that sort, in their order. */
static const char sort_keys[] = "wuptlni";

const char *top_sort_list(void)
{
	return "rate, user, prog, total, last, name, id";
}

bool top_sort_find(const char *name, enum top_sort *sort)
{
	for (unsigned int i = 0; i < TOP_SORTS; i++) {
		if (strcmp(name, top_sort_names[i]))
			continue;
		*sort = (enum top_sort)i;
		return true;
	}
	return false;
}

void top_view_fini(struct top_view *v)
{
	free(v->rows);
	v->rows = NULL;
	v->n_rows = v->cap_rows = 0;
}

/* ---- rows ---- */

static bool passes(const struct top_view *v, const struct top_map *m)
{
	char id[16];

	if (!v->filter[0])
		return true;
	snprintf(id, sizeof(id), "%u", m->id);
	if (!strcmp(id, v->filter) || strcasestr(m->name, v->filter) ||
	    strcasestr(m->type, v->filter))
		return true;
	for (size_t i = 0; i < m->n_writers; i++)
		if (strcasestr(m->writers[i].name, v->filter))
			return true;
	return false;
}

static uint64_t weigh(const struct top *t, const struct top_map *m, enum top_sort sort)
{
	switch (sort) {
	case TOP_SORT_RATE:
		return top_rate(t, m, TOP_BY_USER) + top_rate(t, m, TOP_BY_PROG) +
		       top_rate(t, m, TOP_BY_OTHER);
	case TOP_SORT_USER:
		return top_rate(t, m, TOP_BY_USER);
	case TOP_SORT_PROG:
		return top_rate(t, m, TOP_BY_PROG);
	case TOP_SORT_TOTAL:
		return top_total(m);
	case TOP_SORT_LAST:
		return m->last_ns;
	case TOP_SORT_NAME:
	case TOP_SORT_ID:
	case TOP_SORTS:
		break;
	}
	return 0;
}

static int in_order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* What weighs most comes first; names and ids rise. */
static int compare(const void *a, const void *b, void *context)
{
	const struct top_view *v = context;
	const struct top_row *x = a, *y = b;
	int order = -in_order(x->weight, y->weight);

	if (v->sort == TOP_SORT_NAME)
		order = strcasecmp(x->map->name, y->map->name);
	else if (!order && v->sort != TOP_SORT_ID)
		order = -in_order(top_total(x->map), top_total(y->map));
	if (!order)
		order = in_order(x->map->id, y->map->id);
	return v->reverse ? -order : order;
}

/* The selected row comes into sight; unless one was chosen and is there, it is the first. */
static void keep_selected(struct top_view *v)
{
	size_t at = 0, room = v->room ? v->room : 1;

	while (at < v->n_rows && v->rows[at].map->id != v->selected)
		at++;
	if (at == v->n_rows || !v->moved) {
		at = 0;
		v->moved = false;
		v->selected = v->n_rows ? v->rows[0].map->id : 0;
	}
	if (at < v->first)
		v->first = at;
	if (at >= v->first + room)
		v->first = at - room + 1;
	if (v->n_rows <= room)
		v->first = 0;
	else if (v->first > v->n_rows - room)
		v->first = v->n_rows - room;
}

static void go_to_wanted(struct top_view *v, struct top *t)
{
	char id[16];

	for (size_t i = 0; v->wanted && i < v->n_rows; i++) {
		snprintf(id, sizeof(id), "%u", v->rows[i].map->id);
		if (strcmp(id, v->wanted) && strcmp(v->rows[i].map->name, v->wanted))
			continue;
		v->selected = v->map = v->rows[i].map->id;
		v->page = TOP_PAGE_MAP;
		v->wanted = NULL;
		top_show(t, v->map);
	}
}

void top_view_rows(struct top_view *v, struct top *t)
{
	struct top_row *rows;

	v->n_rows = 0;	/* those of before may be of maps that are gone */
	if (v->cap_rows < t->n_maps) {
		rows = realloc(v->rows, t->n_maps * sizeof(*rows));
		if (!rows)
			return;
		v->rows = rows;
		v->cap_rows = t->n_maps;
	}
	for (size_t i = 0; i < sizeof(t->chains) / sizeof(t->chains[0]); i++)
		for (const struct top_map *m = t->chains[i]; m; m = m->next)
			if (passes(v, m))
				v->rows[v->n_rows++] = (struct top_row){ m, weigh(t, m, v->sort) };
	if (v->n_rows)
		qsort_r(v->rows, v->n_rows, sizeof(*v->rows), compare, v);
	keep_selected(v);
	go_to_wanted(v, t);
}

/* ---- keys ---- */

static void type_filter(struct top_view *v, int key)
{
	size_t len = strlen(v->filter);

	if (key == TOP_KEY_ENTER) {
		v->typing = false;
	} else if (key == TOP_KEY_ESCAPE) {
		v->typing = false;
		memcpy(v->filter, v->typed, sizeof(v->filter));
	} else if (key == TOP_KEY_BACKSPACE && len) {
		v->filter[len - 1] = '\0';
	} else if (key >= ' ' && key < 0x7f && len + 1 < sizeof(v->filter)) {
		v->filter[len] = (char)key;
		v->filter[len + 1] = '\0';
	}
}

static void move(struct top_view *v, int key)
{
	size_t at = 0, page = v->room > 1 ? v->room - 1 : 1;
	size_t last = v->n_rows ? v->n_rows - 1 : 0;

	if (!v->n_rows)
		return;
	while (at < last && v->rows[at].map->id != v->selected)
		at++;
	if (key == TOP_KEY_UP || key == 'k')
		at -= at > 0;
	else if (key == TOP_KEY_DOWN || key == 'j')
		at += at < last;
	else if (key == TOP_KEY_PAGE_UP)
		at -= at < page ? at : page;
	else if (key == TOP_KEY_PAGE_DOWN)
		at = last - at < page ? last : at + page;
	else if (key == TOP_KEY_HOME)
		at = 0;
	else if (key == TOP_KEY_END)
		at = last;
	v->selected = v->rows[at].map->id;
	v->moved = at;
}

static void list_key(struct top_view *v, struct top *t, int key)
{
	const char *sort = key > 0 && key < 0x7f ? strchr(sort_keys, key) : NULL;

	if (sort) {
		v->reverse = v->moved = false;
		v->sort = (enum top_sort)(sort - sort_keys);
	} else if (key == 's') {
		v->reverse = v->moved = false;
		v->sort = (enum top_sort)((v->sort + 1) % TOP_SORTS);
	} else if (key == 'r') {
		v->reverse = !v->reverse;
	} else if (key == '/') {
		v->typing = true;
		memcpy(v->typed, v->filter, sizeof(v->typed));
	} else if (key == TOP_KEY_ESCAPE) {
		v->filter[0] = '\0';
	} else if (key == TOP_KEY_ENTER && top_find(t, v->selected)) {
		v->page = TOP_PAGE_MAP;
		v->map = v->selected;
		top_show(t, v->map);
	} else {
		move(v, key);
	}
}

bool top_view_key(struct top_view *v, struct top *t, int key)
{
	bool back = key == TOP_KEY_ESCAPE || key == TOP_KEY_BACKSPACE || key == TOP_KEY_ENTER;

	top_view_rows(v, t);
	if (v->typing) {
		type_filter(v, key);
		return true;
	}
	if (v->page == TOP_PAGE_HELP) {
		v->page = v->before;
		return true;
	}
	if (key == 'h' || key == '?') {
		v->before = v->page;
		v->page = TOP_PAGE_HELP;
	} else if (key == ' ') {
		v->paused = !v->paused;
	} else if (key == 'e') {
		v->page = v->page == TOP_PAGE_HEALTH ? TOP_PAGE_LIST : TOP_PAGE_HEALTH;
	} else if (v->page != TOP_PAGE_LIST && (back || key == 'q')) {
		v->page = TOP_PAGE_LIST;
		top_show(t, 0);
	} else if (key == 'q') {
		return false;
	} else if (v->page == TOP_PAGE_LIST) {
		list_key(v, t, key);
	} else if (v->page == TOP_PAGE_MAP && key == 'c') {
		v->reads = true;
	}
	return true;
}
