/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The inventory as a structure: finding, growing, freeing. Pure; src/inventory/gather.c fills it. */
#include "inventory/inventory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

void *inventory_grow(void *list, size_t n, size_t size)
{
	char *grown = list;

	if (!(n & (n - 1)))
		grown = realloc(list, (n ? 2 * n : 1) * size);
	if (grown)
		memset(grown + n * size, 0, size);
	return grown;
}

void inventory_gap(struct inventory *inv, const char *format, ...)
{
	char **gaps = inventory_grow(inv->gaps, inv->n_gaps, sizeof(*gaps)), *text;
	struct buf safe = {};
	va_list args;
	int len;

	if (!gaps)
		return;
	inv->gaps = gaps;
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		return;
	/* There may be names in it that others chose. */
	buf_safe(&safe, text, (size_t)len);
	buf_bytes(&safe, "", 1);
	free(text);
	if (safe.failed)
		buf_fini(&safe);
	else
		gaps[inv->n_gaps++] = safe.data;
}

static int compare_map(const void *id, const void *map)
{
	uint32_t a = *(const uint32_t *)id, b = ((const struct inv_map *)map)->id;

	return (a > b) - (a < b);
}

static int compare_prog(const void *id, const void *prog)
{
	uint32_t a = *(const uint32_t *)id, b = ((const struct inv_prog *)prog)->id;

	return (a > b) - (a < b);
}

struct event_map inventory_event_map(const struct inv_map *m)
{
	return (struct event_map){ .id = m->id,
				   .type = m->type,
				   .key_size = m->key_size,
				   .value_size = m->value_size,
				   .max_entries = m->max_entries,
				   .flags = m->flags,
				   .known = true,
				   .frozen = m->frozen,
				   .name = m->name };
}

struct inv_map *inventory_find(const struct inventory *inv, uint32_t id)
{
	return inv->n_maps ? bsearch(&id, inv->maps, inv->n_maps, sizeof(*inv->maps), compare_map) :
			     NULL;
}

const struct inv_prog *inventory_prog(const struct inventory *inv, uint32_t id)
{
	return inv->n_progs ?
		       bsearch(&id, inv->progs, inv->n_progs, sizeof(*inv->progs), compare_prog) :
		       NULL;
}

void inventory_free(struct inventory *inv)
{
	if (!inv)
		return;
	for (size_t i = 0; i < inv->n_maps; i++) {
		struct inv_map *m = &inv->maps[i];

		for (size_t p = 0; p < m->n_pins; p++)
			free(m->pins[p].path);
		free(m->pins);
		free(m->progs);
		free(m->processes);
		free(m->parents);
		free(m->full_name);
	}
	for (size_t i = 0; i < inv->n_progs; i++)
		free(inv->progs[i].full_name);
	for (size_t i = 0; i < inv->n_gaps; i++)
		free(inv->gaps[i]);
	free(inv->maps);
	free(inv->progs);
	free(inv->gaps);
	free(inv);
}
