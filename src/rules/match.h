/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A match of a rule: the conditions of one mapping of its file, all of which must hold. It is
 * compiled once, and allocates nothing when it is asked.
 */
#ifndef BPFMON_RULES_MATCH_H
#define BPFMON_RULES_MATCH_H

#include "conf/tree.h"
#include "lib/pool.h"
#include "rules/fields.h"

struct pattern;

enum cond_op {
	COND_ONE_OF,	/* a value of the field is one of the patterns */
	COND_RANGE,	/* a number, min to max */
	COND_EXISTS,	/* there is a value */
	COND_SAME,	/* one that another field has, too */
};

struct cond {
	const struct rule_field *field, *other;
	const char *member, *other_member;
	enum cond_op op;
	bool negate;
	const struct pattern *patterns;
	size_t n_patterns;
	int64_t min, max;
};

struct match {
	uint32_t types;			/* a bit each, of enum event_type */
	struct cond *conds[GROUPS];	/* by what they depend on */
	size_t n_conds[GROUPS];
};

/* Where rules are compiled, and what they may name. */
struct match_env {
	struct pool *pool;
	const struct tree_node *lists[2];	/* $name: in the first that has it; or NULL */
	struct tree_error *error;
};

/* 0, or -EINVAL with the error. */
int match_compile(const struct match_env *env, const struct tree_node *node, struct match *match);
/* A field by its name; NULL, with the error. `member` is in the pool. */
const struct rule_field *match_field(const struct match_env *env, const struct tree_node *at,
				     const char *name, const char **member);
/* Mappings of name to list. */
int match_check_lists(const struct tree_node *lists, struct tree_error *error);

/* Those of one group; the type is not asked. */
bool match_group(const struct match *match, enum fact_group group, const struct event *e);
/*
 * Whether it may hold for any event about that map: by its id, its type, and its name where that is not
 * cut, which never change.
 */
bool match_map(const struct match *match, const struct event *e);
bool match_event(const struct match *match, const struct event *e);

#endif
