/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The iterators over maps and who has them; see mapiter.h. */
#include "inventory/mapiter.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bpfmon/wire.h"
#include "iterate.h"

#include "inventory.skel.h"

struct mapiter {
	struct inventory_bpf *skel;
	struct bpf_program *mapped;	/* the one of two that this kernel has */
};

/* Loads the object, with one way to list mappings. */
static struct inventory_bpf *load(bool walk)
{
	struct inventory_bpf *skel = inventory_bpf__open();

	if (!skel)
		return NULL;
	bpf_program__set_autoload(skel->progs.list_maps, true);
	bpf_program__set_autoload(skel->progs.list_held, true);
	bpf_program__set_autoload(walk ? skel->progs.list_mapped_walk : skel->progs.list_mapped,
				  true);
	if (!inventory_bpf__load(skel))
		return skel;
	inventory_bpf__destroy(skel);
	return NULL;
}

struct mapiter *mapiter_new(void)
{
	struct mapiter *iter = calloc(1, sizeof(*iter));

	if (!iter)
		return NULL;
	iter->skel = load(false);
	if (iter->skel) {
		iter->mapped = iter->skel->progs.list_mapped;
		return iter;
	}
	iter->skel = load(true);
	if (iter->skel) {
		iter->mapped = iter->skel->progs.list_mapped_walk;
		return iter;
	}
	free(iter);
	return NULL;
}

void mapiter_free(struct mapiter *iter)
{
	if (!iter)
		return;
	inventory_bpf__destroy(iter->skel);
	free(iter);
}

int mapiter_run(const struct mapiter *iter, enum mapiter_list list,
		void (*each)(void *context, const void *record), void *context)
{
	static const size_t sizes[] = {
		[MAPITER_MAPS] = sizeof(struct wire_listed),
		[MAPITER_HELD] = sizeof(struct wire_holder),
		[MAPITER_MAPPED] = sizeof(struct wire_holder),
	};
	struct bpf_program *const programs[] = {
		[MAPITER_MAPS] = iter->skel->progs.list_maps,
		[MAPITER_HELD] = iter->skel->progs.list_held,
		[MAPITER_MAPPED] = iter->mapped,
	};

	return iterate(programs[list], sizes[list], each, context);
}
