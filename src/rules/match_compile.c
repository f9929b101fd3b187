/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the mapping of a match to conditions; see match.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "rules/words.h"

#define CONDS_MAX 64	/* of one match; it is read by a person */

struct compiling {
	const struct match_env *env;
	const struct tree_node *at;	/* the key of the field */
	uint32_t types;
	struct cond conds[CONDS_MAX];
	size_t n;
};

/* ---- conditions ---- */

const struct rule_field *match_field(const struct match_env *env, const struct tree_node *at,
				     const char *name, const char **member)
{
	const struct rule_field *field = rule_field_find(name, member);

	if (!field) {
		tree_fail(env->error, at,
			  "unknown field '%s', one of bpfmon-rules(5) is expected, as map.name",
			  name);
		return NULL;
	}
	if (*member)
		*member = pool_text(env->pool, *member, strlen(*member));
	return field;
}

static struct cond *add_cond(struct compiling *c, const struct cond *like)
{
	if (c->n == CONDS_MAX) {
		tree_fail(c->env->error, c->at, "more than %d conditions in one match", CONDS_MAX);
		return NULL;
	}
	c->conds[c->n] = *like;
	return &c->conds[c->n++];
}

static int compile_field_cond(struct compiling *c, const struct tree_node *node,
			      const struct cond *like);

static int op_equals(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	return words_compile(c->env, node, false, cond);
}

static int op_glob(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	return words_compile(c->env, node, true, cond);
}

static int op_exists(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	bool value;

	if (!tree_bool(node, &value))
		return tree_fail(c->env->error, node, "'exists' is true or false");
	cond->op = COND_EXISTS;
	cond->negate ^= !value;
	return 0;
}

static int op_same(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	int err = tree_want(node, TREE_SCALAR, c->env->error);

	if (err)
		return err;
	cond->op = COND_SAME;
	cond->other = match_field(c->env, node, node->text, &cond->other_member);
	return cond->other ? 0 : -EINVAL;
}

static int range(struct compiling *c, const struct tree_node *node, struct cond *cond, int64_t *n)
{
	if (cond->field->kind != FACT_NUMBER && cond->field->kind != FACT_MEMBER)
		return tree_fail(c->env->error, node, "%s is no number that could be compared",
				 cond->field->name);
	if (!tree_number(node, n))
		return tree_fail(c->env->error, node, "'%s' of %s: a number is expected",
				 node->key->text, cond->field->name);
	cond->op = COND_RANGE;
	cond->min = INT64_MIN;
	cond->max = INT64_MAX;
	return 0;
}

static int op_lt(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	int64_t n;
	int err = range(c, node, cond, &n);

	cond->max = err ? 0 : n - 1;	/* n is above INT64_MIN: see tree_number() */
	return err;
}

static int op_le(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	int64_t n;
	int err = range(c, node, cond, &n);

	cond->max = err ? 0 : n;
	return err;
}

static int op_ge(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	int64_t n;
	int err = range(c, node, cond, &n);

	cond->min = err ? 0 : n;
	return err;
}

static int op_gt(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	int64_t n;
	int err = range(c, node, cond, &n);

	if (!err && n == INT64_MAX)
		return tree_fail(c->env->error, node, "no number is above that");
	cond->min = err ? 0 : n + 1;
	return err;
}

static int op_not(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	struct cond like = *cond;

	like.negate ^= true;
	if (node->kind == TREE_MAPPING && node->n != 1)
		return tree_fail(c->env->error, node,
				 "'not' of %zu operators, one is expected; give each a 'not'",
				 node->n);
	c->n--;	/* the one that was made for this operator */
	return compile_field_cond(c, node, &like);
}

/* value... to old... */
static int old_field(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	char name[64];
	const char *member;

	if (strncmp(cond->field->name, "value", 5) != 0)
		return tree_fail(c->env->error, node,
				 "'%s' is of value, value.number or value.btf alone",
				 node->key->text);
	snprintf(name, sizeof(name), "old%s", cond->field->name + 5);
	cond->other = rule_field_find(name, &member);
	cond->other_member = cond->member;
	if (!cond->other)
		return tree_fail(c->env->error, node, "of %s it is not known what it was",
				 cond->field->name);
	return 0;
}

static int op_from(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	struct cond now = *cond;
	int err = old_field(c, node, cond);

	if (err)
		return err;
	if (now.negate)
		return tree_fail(c->env->error, node,
				 "'from' within 'not'; give not: in its place");
	cond->field = cond->other;
	cond->other = NULL;
	err = words_compile(c->env, node, true, cond);
	now.op = COND_ONE_OF;
	now.patterns = cond->patterns;
	now.n_patterns = cond->n_patterns;
	now.negate = true;
	return err ? err : add_cond(c, &now) ? 0 : -EINVAL;
}

static int op_to(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	struct cond before = *cond, known;
	int err = old_field(c, node, cond);

	if (err)
		return err;
	if (before.negate)
		return tree_fail(c->env->error, node, "'to' within 'not'; give not: in its place");
	before.field = cond->other;
	cond->other = NULL;
	err = words_compile(c->env, node, true, cond);
	known = before;
	known.op = COND_EXISTS;
	before.op = COND_ONE_OF;
	before.patterns = cond->patterns;
	before.n_patterns = cond->n_patterns;
	before.negate = true;
	return err ? err : add_cond(c, &before) && add_cond(c, &known) ? 0 : -EINVAL;
}

static int op_changed(struct compiling *c, const struct tree_node *node, struct cond *cond)
{
	struct cond known = *cond;
	bool value;
	int err = old_field(c, node, cond);

	if (!err && !tree_bool(node, &value))
		err = tree_fail(c->env->error, node, "'changed' is true or false");
	if (err)
		return err;
	cond->op = COND_SAME;
	cond->negate ^= value;
	known.field = cond->other;
	known.op = COND_EXISTS;
	known.negate = false;
	return add_cond(c, &known) ? 0 : -EINVAL;
}

static const struct {
	const char *name;
	/* Makes `cond`, which is the last one, and may add more. */
	int (*compile)(struct compiling *c, const struct tree_node *node, struct cond *cond);
} ops[] = {
	{ "equals", op_equals },   { "in", op_glob },	   { "glob", op_glob }, { "not", op_not },
	{ "lt", op_lt },	   { "le", op_le },	   { "gt", op_gt },	{ "ge", op_ge },
	{ "exists", op_exists },   { "same_as", op_same }, { "from", op_from }, { "to", op_to },
	{ "changed", op_changed },
};

static int compile_op(struct compiling *c, const struct tree_node *node, const struct cond *like)
{
	struct cond *cond;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].name, node->key->text) != 0)
			continue;
		cond = add_cond(c, like);
		return cond ? ops[i].compile(c, node, cond) : -EINVAL;
	}
	return tree_fail(
		c->env->error, node->key,
		"unknown operator '%s', one of equals, in, glob, not, lt, le, gt, ge, exists, same_as, from, to, changed is expected",
		node->key->text);
}

static int compile_field_cond(struct compiling *c, const struct tree_node *node,
			      const struct cond *like)
{
	struct cond *cond;
	int err = 0;

	if (node->kind != TREE_MAPPING) {
		cond = add_cond(c, like);
		return cond ? words_compile(c->env, node, true, cond) : -EINVAL;
	}
	if (!node->n)
		return tree_fail(c->env->error, node, "no operator, one is expected, as not");
	for (node = node->first; node && !err; node = node->next)
		err = compile_op(c, node, like);
	return err;
}

/* ---- types ---- */

struct types {
	const struct match_env *env;
	uint32_t types;
};

static int take_type(void *to, const struct tree_node *word)
{
	struct types *t = to;
	uint32_t types = filter_types(word->text);

	if (!types)
		return tree_fail(
			t->env->error, word,
			"'%s' is no event type, one is expected, as map.update, or a group, as write",
			word->text);
	t->types |= types;
	return 0;
}

static int compile_types(struct compiling *c, const struct tree_node *node)
{
	struct types t = { .env = c->env };
	const struct tree_node *words = node;
	bool negate = node->kind == TREE_MAPPING;
	int err;

	if (negate) {
		words = tree_get(node, "not");
		if (!words || node->n != 1 || words->kind == TREE_MAPPING)
			return tree_fail(
				c->env->error, node,
				"'type' is a type, a list of them, or not: with one of these");
	}
	err = words_each(c->env, words, take_type, &t);
	c->types &= negate ? ~t.types : t.types;
	return err;
}

/* Lookups are told to nobody who does not ask, and alerts are no acts. */
static uint32_t types_of(const struct tree_node *node)
{
	uint32_t all = (1u << EVENT_TYPES) - 1;

	if (!tree_get(node, "type") || tree_get(node, "type")->kind == TREE_MAPPING)
		all &= ~(1u << EVENT_MAP_LOOKUP | 1u << EVENT_ALERT);
	return all;
}

static enum fact_group group_of(const struct cond *cond)
{
	if (cond->other && cond->other->group != cond->field->group)
		return GROUP_EVENT;
	return cond->field->group;
}

static int keep(const struct compiling *c, struct match *match)
{
	for (unsigned int g = 0; g < GROUPS; g++) {
		match->conds[g] = pool_alloc(c->env->pool, (c->n + 1) * sizeof(c->conds[0]));
		if (!match->conds[g])
			return words_no_memory(c->env);
		match->n_conds[g] = 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		enum fact_group g = group_of(&c->conds[i]);

		match->conds[g][match->n_conds[g]++] = c->conds[i];
	}
	match->types = c->types;
	return 0;
}

int match_compile(const struct match_env *env, const struct tree_node *node, struct match *match)
{
	struct compiling c = { .env = env };
	int err = tree_want(node, TREE_MAPPING, env->error);

	if (err)
		return err;
	c.types = types_of(node);
	for (node = node->first; node; node = node->next) {
		struct cond like = {};

		c.at = node->key;
		like.field = match_field(env, c.at, c.at->text, &like.member);
		if (!like.field)
			return -EINVAL;
		err = like.field->kind == FACT_TYPES ? compile_types(&c, node) :
						       compile_field_cond(&c, node, &like);
		if (err)
			return err;
	}
	return keep(&c, match);
}
