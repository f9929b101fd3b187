/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which maps anything is wanted of; see interest.h. */
#include "interest.h"

static uint32_t types_of_maps(void)
{
	return ((1u << EVENT_TYPES) - 1) & ~(filter_types("prog") | filter_types("alert"));
}

/* Only rules ask. Without any, alerts are what bpfmon itself sees, of all maps. */
bool interest_by_rules(const struct filter *f, const struct ruleset *rules)
{
	return rules && ruleset_count(rules) && !(f->types & types_of_maps());
}

bool interest_map(const struct filter *f, const struct ruleset *rules, const struct event_map *map)
{
	if (!filter_map(f, map->id, map->known ? map->name : NULL, EVENT_NAME_BYTES))
		return false;
	return !interest_by_rules(f, rules) || ruleset_asks_map(rules, types_of_maps(), map);
}
