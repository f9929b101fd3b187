/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Patterns of rules; see pattern.h. */
#include "rules/pattern.h"

#include <string.h>

bool glob_is(const char *text)
{
	return strpbrk(text, "*?[\\");
}

/* `at` is behind the bracket; where it is never closed, false and no step. */
static bool match_set(const char *glob, size_t len, size_t *at, unsigned char c)
{
	size_t i = *at;
	bool negate = i < len && (glob[i] == '!' || glob[i] == '^'), found = false;

	i += negate;
	for (size_t first = i; i < len && (glob[i] != ']' || i == first); i++) {
		unsigned char low = (unsigned char)glob[i], high = low;

		if (i + 2 < len && glob[i + 1] == '-' && glob[i + 2] != ']') {
			high = (unsigned char)glob[i + 2];
			i += 2;
		}
		found |= low <= c && c <= high;
	}
	if (i >= len)
		return c == '[';	/* a bracket that is none */
	*at = i + 1;
	return found != negate;
}

/* One byte of the text against what is at *at of the glob, which is stepped over. */
static bool match_one(const char *glob, size_t len, size_t *at, char c)
{
	char g = glob[(*at)++];

	if (g == '?')
		return true;
	if (g == '[')
		return match_set(glob, len, at, (unsigned char)c);
	if (g == '\\' && *at < len)
		g = glob[(*at)++];
	return g == c;
}

bool glob_match(const char *glob, size_t glob_len, const char *text, size_t len)
{
	size_t g = 0, t = 0, star = SIZE_MAX, star_text = 0;

	while (t < len) {
		if (g < glob_len && glob[g] == '*') {
			star = ++g;
			star_text = t;
			continue;
		}
		if (g < glob_len && match_one(glob, glob_len, &g, text[t])) {
			t++;
			continue;
		}
		/* Only the last star is tried again: it takes whatever an earlier one could. */
		if (star == SIZE_MAX)
			return false;
		g = star;
		t = ++star_text;
	}
	while (g < glob_len && glob[g] == '*')
		g++;
	return g == glob_len;
}

bool pattern_matches(const struct pattern *p, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_TEXT:
		if (p->has_number && fact->has_number && p->number == fact->number)
			return true;
		if (p->glob)
			return glob_match(p->text, p->len, fact->text, fact->len);
		return p->len == fact->len && !memcmp(p->text, fact->text, p->len);
	case FACT_BYTES:
		return p->glob ? p->len <= fact->len && !memcmp(p->text, fact->text, p->len) :
				 p->len == fact->len && !memcmp(p->text, fact->text, p->len);
	default:
		return p->has_number && p->number == fact->number;
	}
}
