/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Words of a rule's file: each as a pattern for its field, those of a list in place of its $name.
 * All return 0, or -EINVAL with the error.
 */
#ifndef BPFMON_RULES_WORDS_H
#define BPFMON_RULES_WORDS_H

#include "rules/match.h"

int words_no_memory(const struct match_env *env);
/* Calls for each word of one or of a list. */
int words_each(const struct match_env *env, const struct tree_node *node,
	       int (*take)(void *to, const struct tree_node *word), void *to);
/* Makes `cond`, whose field is given, one of these. `glob`: wildcards are such. */
int words_compile(const struct match_env *env, const struct tree_node *node, bool glob,
		  struct cond *cond);

#endif
