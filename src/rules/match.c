/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether an event fulfils a match; see match.h. */
#include "rules/match.h"

#include <string.h>

#include "rules/pattern.h"

static bool same_fact(const struct fact *a, const struct fact *b)
{
	if (a->has_number && b->has_number && !(a->text && b->text))
		return a->number == b->number;
	return a->text && b->text && a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static bool other_has(const struct cond *c, const struct event *e, const struct fact *fact)
{
	struct fact other;

	for (size_t i = 0; c->other->get(e, c->other_member, i, &other); i++)
		if (same_fact(fact, &other))
			return true;
	return false;
}

static bool holds(const struct cond *c, const struct event *e, const struct fact *fact)
{
	switch (c->op) {
	case COND_ONE_OF:
		for (size_t i = 0; i < c->n_patterns; i++)
			if (pattern_matches(&c->patterns[i], fact))
				return true;
		return false;
	case COND_RANGE:
		return fact->has_number && fact->number >= c->min && fact->number <= c->max;
	case COND_EXISTS:
		return true;
	default:
		return other_has(c, e, fact);
	}
}

static bool cond_holds(const struct cond *c, const struct event *e)
{
	bool held = false;
	struct fact fact;

	for (size_t i = 0; !held && c->field->get(e, c->member, i, &fact); i++)
		held = holds(c, e, &fact);
	return held != c->negate;
}

bool match_group(const struct match *match, enum fact_group group, const struct event *e)
{
	const struct cond *c = match->conds[group], *end = c + match->n_conds[group];

	for (; c < end; c++)
		if (!cond_holds(c, e))
			return false;
	return true;
}

static bool never_changes(const struct cond *c, const struct event *e)
{
	const char *name = c->field->name;

	if (c->op == COND_SAME || !e->map.known)
		return false;
	return !strcmp(name, "map.id") || !strcmp(name, "map.type") ||
	       (!strcmp(name, "map.name") &&
		strnlen(e->map.name, EVENT_NAME_BYTES) < EVENT_NAME_BYTES - 1);
}

bool match_map(const struct match *match, const struct event *e)
{
	const struct cond *c = match->conds[GROUP_MAP], *end = c + match->n_conds[GROUP_MAP];

	for (; c < end; c++)
		if (never_changes(c, e) && !cond_holds(c, e))
			return false;
	return true;
}

bool match_event(const struct match *match, const struct event *e)
{
	if (!(match->types >> e->type & 1))
		return false;
	for (unsigned int g = 0; g < GROUPS; g++)
		if (!match_group(match, (enum fact_group)g, e))
			return false;
	return true;
}
