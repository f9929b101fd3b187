/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What of the model is shown: which page, which maps in which order, and what keys do to that. Knows
 * no terminal.
 */
#ifndef BPFMON_TOP_VIEW_H
#define BPFMON_TOP_VIEW_H

#include "top/model.h"

#define TOP_WIDTH_MIN 20
#define TOP_WIDTH_MAX 500

enum top_sort {
	TOP_SORT_RATE,		/* whoever writes */
	TOP_SORT_USER,
	TOP_SORT_PROG,
	TOP_SORT_TOTAL,
	TOP_SORT_LAST,
	TOP_SORT_NAME,
	TOP_SORT_ID,
	TOP_SORTS
};

enum top_page { TOP_PAGE_LIST, TOP_PAGE_MAP, TOP_PAGE_HEALTH, TOP_PAGE_HELP };

/* Characters are themselves. */
enum top_key {
	TOP_KEY_ENTER = 256,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
};

struct top_row {
	const struct top_map *map;
	uint64_t weight;	/* of the order */
};

struct top_view {
	enum top_page page, before;	/* the page that help came over */
	enum top_sort sort;
	bool reverse;
	char filter[TOP_NAME];
	bool typing;			/* of the filter; what it was goes to `typed` */
	char typed[TOP_NAME];
	bool paused;
	uint32_t selected, map;		/* ids; 0: none */
	bool moved;			/* else the first row is selected */
	bool reads;			/* the content of `map` is to be read */
	const char *wanted;		/* a map to go to once it is there, by id or name; or NULL */
	unsigned int width, height;	/* height 0: as long as it gets, without keys */
	bool ascii;
	size_t first, room;		/* the first row that is shown; rows that fit */
	const char *source;		/* "watching", "socket PATH" */
	char said[TOP_TEXT];		/* the last message; "": none */
	struct top_row *rows;		/* what top_view_rows() made of the model */
	size_t n_rows, cap_rows;
};

extern const char *const top_sort_names[TOP_SORTS];
/* "rate, user, ..." for messages. */
const char *top_sort_list(void);
/* False: there is none of that name. */
bool top_sort_find(const char *name, enum top_sort *sort);

void top_view_fini(struct top_view *v);
/* Which rows there are, and in which order; keeps the selected one in sight. */
void top_view_rows(struct top_view *v, struct top *t);
/* False: it is to end. */
bool top_view_key(struct top_view *v, struct top *t, int key);

#endif
