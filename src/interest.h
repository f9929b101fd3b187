/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which maps the kernel side leaves out: those of which nothing is written and that no rule can ask
 * about. Decided by what of a map never changes, once for each.
 */
#ifndef BPFMON_INTEREST_H
#define BPFMON_INTEREST_H

#include "filter.h"
#include "rules/ruleset.h"

/* Whether rules decide which; `rules` may be NULL. */
bool interest_by_rules(const struct filter *f, const struct ruleset *rules);
bool interest_map(const struct filter *f, const struct ruleset *rules, const struct event_map *map);

#endif
