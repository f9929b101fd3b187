/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Map ids by address: a balanced tree of the C library; see mapids.h. */
#include "mapids.h"

#include <search.h>
#include <stdlib.h>

struct mapid {
	uint64_t address;
	uint32_t id;
};

struct mapids {
	void *tree;
	struct mapid last;	/* as added or found last: most records are about the same map */
};

static int compare(const void *a, const void *b)
{
	const struct mapid *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

struct mapids *mapids_new(void)
{
	return calloc(1, sizeof(struct mapids));
}

void mapids_free(struct mapids *ids)
{
	if (!ids)
		return;
	tdestroy(ids->tree, free);
	free(ids);
}

void mapids_add(struct mapids *ids, uint64_t address, uint32_t id)
{
	struct mapid key = { address, id }, *new, **node;

	if (!address || !id || (ids->last.address == address && ids->last.id == id))
		return;
	ids->last = key;
	node = tfind(&key, &ids->tree, compare);
	if (node) {
		(*node)->id = id;
		return;
	}
	new = malloc(sizeof(*new));
	if (!new)
		return;	/* its end will not be reported */
	*new = key;
	if (!tsearch(new, &ids->tree, compare))
		free(new);
}

bool mapids_event(struct mapids *ids, struct event *e)
{
	struct mapid key = { .address = e->map.address }, **node, *found;

	if (e->type != EVENT_MAP_FREE) {
		mapids_add(ids, e->map.address, e->map.id);
		return true;
	}
	node = tfind(&key, &ids->tree, compare);
	if (!node)
		return false;
	found = *node;
	e->map.id = found->id;
	tdelete(&key, &ids->tree, compare);
	free(found);
	ids->last = (struct mapid){ 0, 0 };
	return true;
}

bool mapids_has(struct mapids *ids, uint64_t address, uint32_t id)
{
	struct mapid key = { .address = address }, **node = tfind(&key, &ids->tree, compare);

	return node && (*node)->id == id;
}

struct in_slot {
	uint32_t slot, slots, id, n;
};

static void in_slot(const void *node, VISIT visit, void *closure)
{
	const struct mapid *m = *(struct mapid *const *)node;
	struct in_slot *find = closure;

	if ((visit == postorder || visit == leaf) && (m->id & (find->slots - 1)) == find->slot) {
		find->id = m->id;
		find->n++;
	}
}

uint32_t mapids_in_slot(const struct mapids *ids, uint32_t slot, uint32_t slots, uint32_t *n)
{
	struct in_slot find = { slot, slots, 0, 0 };

	twalk_r(ids->tree, in_slot, &find);
	*n = find.n;
	return find.n == 1 ? find.id : 0;
}
