/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The iterators of bpf/inventory.bpf.c: what maps there are by the kernel's own list, and who has
 * which open or mapped. They need BTF, and no lockdown of what BPF programs may read.
 */
#ifndef BPFMON_MAPITER_H
#define BPFMON_MAPITER_H

struct mapiter;

enum mapiter_list {
	MAPITER_MAPS,	/* struct wire_listed */
	MAPITER_HELD,	/* struct wire_holder, descriptors */
	MAPITER_MAPPED,	/* struct wire_holder, mappings */
};

struct mapiter *mapiter_new(void);	/* NULL: this kernel loads them not */
void mapiter_free(struct mapiter *iter);

/* Calls back for each record. 0, or a negative errno. */
int mapiter_run(const struct mapiter *iter, enum mapiter_list list,
		void (*each)(void *context, const void *record), void *context);

#endif
