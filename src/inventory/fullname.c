/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of maps and programs that the kernel cut at 15 bytes, from their BTF. */
#include <bpf/btf.h>
#include <string.h>

#include "btf/mapname.h"
#include "inventory/inventory.h"

static bool is_cut(const char name[EVENT_NAME_BYTES])
{
	return strnlen(name, EVENT_NAME_BYTES) == EVENT_NAME_BYTES - 1;
}

/* The BTF may have gone, or be no such BTF any more: then the name stays as it is. */
static char *name_of_map(const struct inv_map *m)
{
	struct btf *btf = m->btf_id ? btf__load_from_kernel_by_id(m->btf_id) : NULL;
	const char *name =
		btf ? mapname_complete(btf, m->name, m->type, m->key_type, m->value_type) : NULL;
	char *copy = name ? strdup(name) : NULL;

	btf__free(btf);
	return copy;
}

/* A program has the name of its first function, as bpftool shows it. */
static char *name_of_prog(const struct inv_prog *p)
{
	struct btf *btf = p->btf_id ? btf__load_from_kernel_by_id(p->btf_id) : NULL;
	const struct btf_type *t = btf ? btf__type_by_id(btf, p->func_type) : NULL;
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;
	size_t cut = EVENT_NAME_BYTES - 1;
	char *copy = NULL;

	if (name && !strncmp(name, p->name, cut) && name[cut])
		copy = strdup(name);
	btf__free(btf);
	return copy;
}

void inventory_full_names(struct inventory *inv)
{
	for (size_t i = 0; i < inv->n_maps; i++)
		if (is_cut(inv->maps[i].name))
			inv->maps[i].full_name = name_of_map(&inv->maps[i]);
	for (size_t i = 0; i < inv->n_progs; i++)
		if (is_cut(inv->progs[i].name))
			inv->progs[i].full_name = name_of_prog(&inv->progs[i]);
}
