/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys and values of an output, checked by its tables of options. Pure, so that it can be fuzzed.
 */
#ifndef BPFMON_SINKS_VALUES_H
#define BPFMON_SINKS_VALUES_H

#include "sinks/type.h"

#define VALUES_MAX 32	/* keys of a type, the common ones with them */

struct sinks_values {
	const struct sinks_option *options[VALUES_MAX];
	char *text[VALUES_MAX];		/* owned; NULL: not given */
	size_t n;
};

/* 0, or -EINVAL or -ENOMEM with what is wrong in `why`. Takes copies. */
int values_init(struct sinks_values *v, const struct sinks_type *type,
		const struct sinks_pair *pairs, size_t n_pairs, char *why, size_t why_size);
void values_fini(struct sinks_values *v);
bool values_given(const struct sinks_values *v, const char *name);

/*
 * Cuts "TYPE[,KEY=VALUE...]" up in place: the type stays at its start. -EINVAL with what is wrong in
 * `why`.
 */
int values_cut(char *word, struct sinks_pair pairs[SINKS_PAIRS], size_t *n_pairs, char *why,
	       size_t why_size);

#endif
