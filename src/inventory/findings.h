/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What somebody could do with a map, or do to its owner: short sentences, each with a name that a
 * program can rely on. Only what the inventory proves; what is not known makes no finding. Pure.
 */
#ifndef BPFMON_FINDINGS_H
#define BPFMON_FINDINGS_H

#include "inventory/inventory.h"
#include "lib/buf.h"

/*
 * Calls back for each. `text` ends with a NUL and lends until the callback returns; it is safe for
 * a terminal.
 */
void findings_of(const struct inv_map *map,
		 void (*each)(void *context, const char *name, const char *text), void *context);

#endif
