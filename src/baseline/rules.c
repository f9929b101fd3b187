/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules for snapshots; see rules.h. */
#include "baseline/rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = { "map", "pin", "program", "link", "attachment" };
static const char *const whats[] = { "missing",	  "added",	"replaced", "attribute",
				     "ambiguous", "uncompared", "element",  NULL };

static int add_ignore(struct rules *r, const char *word, char *why, size_t why_size)
{
	size_t kind, n = strcspn(word, "."), what = 0;

	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		if (strlen(kinds[kind]) == n && !strncmp(kinds[kind], word, n))
			break;
	if (word[n])
		while (whats[what] && strncmp(word + n + 1, whats[what], strlen(whats[what])) != 0)
			what++;
	if (kind == sizeof(kinds) / sizeof(kinds[0]) || !whats[what] || r->n_ignore == FILTER_MAX) {
		snprintf(
			why, why_size,
			"--ignore '%s': give a difference, as map.attribute or map.element.changed, or a kind: map, pin, program, link, attachment",
			word);
		return -EINVAL;
	}
	r->ignore[r->n_ignore++] = word;
	return 0;
}

int rules_add(struct rules *r, const char *rule, const char *word, char *why, size_t why_size)
{
	if (!strcmp(rule, "ignore"))
		return add_ignore(r, word, why, why_size);
	if (!strcmp(rule, "map"))
		return filter_add_map(&r->maps.only, word, why, why_size);
	if (strncmp(word, "map=", 4) != 0) {
		snprintf(why, why_size, "--%s '%s': give map=MAP", rule, word);
		return -EINVAL;
	}
	return filter_add_map(!strcmp(rule, "exclude") ? &r->maps.except : &r->no_content.only,
			      word + 4, why, why_size);
}

bool rules_want(const struct rules *r, uint32_t id, const char *name)
{
	return filter_map(&r->maps, id, name, EVENT_NAME_BYTES);
}

bool rules_want_content(const struct rules *r, uint32_t id, const char *name)
{
	return !r->no_content.only.n_maps ||
	       !filter_map(&r->no_content, id, name, EVENT_NAME_BYTES);
}

bool rules_ignore(const struct rules *r, const char *difference)
{
	for (size_t i = 0; i < r->n_ignore; i++) {
		size_t n = strlen(r->ignore[i]);

		if (!strncmp(r->ignore[i], difference, n) &&
		    (!difference[n] || difference[n] == '.'))
			return true;
	}
	return false;
}

static void put_list(struct facts *facts, const char *rule, const struct filter_list *list)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		struct fact *f = facts_add(facts, FACT_RULE);
		char word[4200];

		if (list->maps[i].text)
			snprintf(word, sizeof(word), "%s%s", strcmp(rule, "map") ? "map=" : "",
				 list->maps[i].text);
		else
			snprintf(word, sizeof(word), "%s%u", strcmp(rule, "map") ? "map=" : "",
				 list->maps[i].id);
		fact_string(facts, f, ATTR_RULE, rule);
		fact_string(facts, f, ATTR_WORD, word);
	}
}

void rules_put(const struct rules *r, struct facts *facts)
{
	put_list(facts, "map", &r->maps.only);
	put_list(facts, "exclude", &r->maps.except);
	put_list(facts, "no-content", &r->no_content.only);
}
