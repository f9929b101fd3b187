/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel as the source of src/content/content.h: maps by bpf(2), opened for one reading and
 * closed, so that no map lives longer for being watched. Nothing of it passes bpfmon's own hooks.
 */
#ifndef BPFMON_CONTENT_ASK_H
#define BPFMON_CONTENT_ASK_H

#include "content/content.h"

struct content_ask;

struct content_ask *content_ask_new(void);	/* NULL: no memory */
void content_ask_free(struct content_ask *ask);

/* Whether maps can be listed and opened: 0, or a negative errno. */
int content_ask_possible(void);

/* As in struct content_source. */
bool content_ask_next(uint32_t *id);
int content_ask_map(uint32_t id, struct inv_map *out);
int content_ask_read(const struct inv_map *map, struct reading *into);

/*
 * The maps of these changes with the programs that use them and the processes that have them mapped,
 * to be freed with inventory_free(). NULL: not known.
 */
struct inventory *content_ask_users(struct content_ask *ask, const struct content_change *changes,
				    size_t n);

#endif
