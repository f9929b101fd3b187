/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which maps a snapshot is of, whose content is left out, and which differences do not matter.
 * Those of the snapshot lie in it, and hold at verify, too.
 */
#ifndef BPFMON_BASELINE_RULES_H
#define BPFMON_BASELINE_RULES_H

#include "baseline/facts.h"
#include "filter.h"

struct rules {
	struct filter maps; /* only and except */
	struct filter no_content; /* its `only` */
	const char *ignore[FILTER_MAX];
	size_t n_ignore;
};

/* `rule` is "map", "exclude", "no-content" or "ignore". 0, or -EINVAL with a sentence in `why`. */
int rules_add(struct rules *r, const char *rule, const char *word, char *why, size_t why_size);
bool rules_want(const struct rules *r, uint32_t id, const char *name);
bool rules_want_content(const struct rules *r, uint32_t id, const char *name);
/* Whether a difference, as "map.attribute", is among those or in a group of those. */
bool rules_ignore(const struct rules *r, const char *difference);
/* All but what is ignored, as facts. */
void rules_put(const struct rules *r, struct facts *facts);

#endif
