/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the mapping of a rule to struct rule. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rule.h"

#define COUNT_MAX 1000		/* of a limit or threshold: each is a time that is kept */
#define SECONDS_MAX 86400
#define PIECES_MAX 64
#define NAME_MAX_BYTES 64
#define BURST_KEYS 128		/* a megabyte for a threshold of 1000 */
#define AFTER_KEYS 1024
#define FIRST_KEYS 8192		/* forgotten ones fire once more */
#define LIMIT_KEYS 64

struct compiling {
	struct match_env env;
	struct ruleset *rules;
	struct rule rule;
	size_t first_clause;
};

static int no_memory(struct compiling *c)
{
	return tree_fail_plain(c->env.error, "no memory for the rules");
}

/* ---- parts ---- */

static int set_name(struct compiling *c, const struct tree_node *node)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *name = node->text;
	int err = tree_want(node, TREE_SCALAR, c->env.error);

	if (err)
		return err;
	if (strlen(name) > NAME_MAX_BYTES || name[strspn(name, letters)])
		return tree_fail(
			c->env.error, node,
			"'%.80s' is no name, at most %d letters, digits, - _ and . are expected",
			name, NAME_MAX_BYTES);
	for (size_t i = 0; i < c->rules->n_rules; i++) {
		const struct rule *other = &c->rules->rules[i];

		if (!strcmp(other->name, name))
			return tree_fail(c->env.error, node,
					 "a second rule '%s', the first is in %s, line %u", name,
					 other->source->file->name, other->source->line);
	}
	c->rule.name = pool_text(c->env.pool, name, strlen(name));
	return c->rule.name ? 0 : no_memory(c);
}

static int set_severity(struct compiling *c, const struct tree_node *node)
{
	int err = tree_want(node, TREE_SCALAR, c->env.error);

	for (unsigned int s = 0; !err && s < SEVERITIES; s++) {
		c->rule.severity = (enum event_severity)s;
		if (!strcmp(event_severity_names[s], node->text))
			return 0;
	}
	if (err)
		return err;
	return tree_fail(c->env.error, node,
			 "severity '%s', one of info, low, medium, high, critical is expected",
			 node->text);
}

static int set_description(struct compiling *c, const struct tree_node *node)
{
	return tree_want(node, TREE_SCALAR, c->env.error);
}

static int add_piece(struct compiling *c, const struct tree_node *node, struct piece *pieces,
		     const char *text, size_t len, const char *field)
{
	struct piece *p = &pieces[c->rule.n_pieces];

	if (c->rule.n_pieces == PIECES_MAX)
		return tree_fail(c->env.error, node, "more than %d fields in one text", PIECES_MAX);
	p->text = pool_text(c->env.pool, text, len);
	p->len = len;
	c->rule.n_pieces++;
	if (!p->text)
		return no_memory(c);
	if (!field)
		return 0;
	p->field.field = match_field(&c->env, node, field, &p->field.member);
	return p->field.field ? 0 : -EINVAL;
}

/* "{process.comm} deleted [{key}]" */
static int set_text(struct compiling *c, const struct tree_node *node)
{
	int err = tree_want(node, TREE_SCALAR, c->env.error);
	struct piece *pieces = pool_alloc(c->env.pool, PIECES_MAX * sizeof(*pieces));
	const char *at = node->text;

	if (!err && !pieces)
		err = no_memory(c);
	c->rule.pieces = pieces;
	while (!err) {
		size_t len = strcspn(at, "{"), field_len;
		char name[128];

		if (!at[len])
			return add_piece(c, node, pieces, at, len, NULL);
		field_len = strcspn(at + len, "}");
		if (!at[len + field_len] || field_len > sizeof(name))
			return tree_fail(c->env.error, node,
					 "'{' in the text, {FIELD} is expected, as {map.name}");
		memcpy(name, at + len + 1, field_len - 1);
		name[field_len - 1] = '\0';
		err = add_piece(c, node, pieces, at, len, name);
		at += len + field_len + 1;
	}
	return err;
}

/* T1562 or T1562.001 */
static bool is_technique(const char *id)
{
	size_t digits = id[0] == 'T' ? strspn(id + 1, "0123456789") : 0;

	if (digits != 4)
		return false;
	id += 5;
	return !*id || (*id == '.' && strspn(id + 1, "0123456789") == 3 && !id[4]);
}

static int set_mitre(struct compiling *c, const struct tree_node *node)
{
	const struct tree_node *one = node->kind == TREE_LIST ? node->first : node;
	char ids[512];
	size_t len = 0;

	for (; one; one = node->kind == TREE_LIST ? one->next : NULL) {
		int err = tree_want(one, TREE_SCALAR, c->env.error);

		if (err)
			return err;
		if (!is_technique(one->text))
			return tree_fail(
				c->env.error, one,
				"'%s' is no technique of ATT&CK, T and four digits are expected, as T1562.001",
				one->text);
		if (len + 16 > sizeof(ids))
			return tree_fail(c->env.error, one, "too many techniques");
		len += (size_t)snprintf(ids + len, sizeof(ids) - len, "%s%s", len ? "," : "",
					one->text);
	}
	if (!len)
		return 0;
	c->rule.mitre = pool_text(c->env.pool, ids, len);
	return c->rule.mitre ? 0 : no_memory(c);
}

static int set_exceptions(struct compiling *c, const struct tree_node *node)
{
	int err = tree_want(node, TREE_LIST, c->env.error);

	if (err)
		return err;
	c->rule.exceptions = pool_alloc(c->env.pool, (node->n + 1) * sizeof(struct match));
	if (!c->rule.exceptions)
		return no_memory(c);
	for (node = node->first; node && !err; node = node->next)
		err = match_compile(&c->env, node, &c->rule.exceptions[c->rule.n_exceptions++]);
	return err;
}

static int add_clause(struct compiling *c, const struct tree_node *node, bool before)
{
	struct ruleset *r = c->rules;
	struct clause *clause;

	if (r->n_clauses == r->cap_clauses) {
		size_t cap = r->cap_clauses ? 2 * r->cap_clauses : 64;

		clause = realloc(r->clauses, cap * sizeof(*clause));
		if (!clause)
			return no_memory(c);
		r->clauses = clause;
		r->cap_clauses = cap;
	}
	clause = &r->clauses[r->n_clauses++];
	*clause = (struct clause){ .rule = r->n_rules, .before = before };
	return match_compile(&c->env, node, &clause->match);
}

/* One mapping, or a list of which one has to match. */
static int set_match(struct compiling *c, const struct tree_node *node)
{
	const struct tree_node *one = node->kind == TREE_LIST ? node->first : node;
	int err = 0;

	if (!one)
		return tree_want(node, TREE_MAPPING, c->env.error);
	for (; one && !err; one = node->kind == TREE_LIST ? one->next : NULL)
		err = add_clause(c, one, false);
	return err;
}

/* ---- windows ---- */

static int get_fields(struct compiling *c, const struct tree_node *node, struct key_fields *fields)
{
	const struct tree_node *one = node->kind == TREE_LIST ? node->first : node;

	for (; one; one = node->kind == TREE_LIST ? one->next : NULL) {
		struct named_field *f = &fields->list[fields->n];
		int err = tree_want(one, TREE_SCALAR, c->env.error);

		if (err)
			return err;
		if (fields->n++ == KEY_FIELDS)
			return tree_fail(c->env.error, one, "more than %d fields in '%s'",
					 KEY_FIELDS, node->key->text);
		f->field = match_field(&c->env, one, one->text, &f->member);
		if (!f->field)
			return -EINVAL;
	}
	return 0;
}

static int get_count(struct compiling *c, const struct tree_node *node, uint64_t max,
		     uint64_t *count)
{
	int64_t n;

	if (!tree_number(node, &n) || n < 1 || (uint64_t)n > max)
		return tree_fail(c->env.error, node,
				 "'%s' is %s, a number from 1 to %llu is expected", node->key->text,
				 node->kind == TREE_SCALAR && *node->text ? node->text :
									    tree_kind_name(node),
				 (unsigned long long)max);
	*count = (uint64_t)n;
	return 0;
}

/* count, seconds, per; `same` of `after` is its per. */
static int get_window(struct compiling *c, const struct tree_node *node, bool after,
		      struct window *window)
{
	const char *fields = after ? "same" : "per";
	int err = tree_want(node, TREE_MAPPING, c->env.error);
	uint64_t seconds = 0;

	if (err)
		return err;
	for (const struct tree_node *n = node->first; n && !err; n = n->next) {
		if (!strcmp(n->key->text, "seconds"))
			err = get_count(c, n, SECONDS_MAX, &seconds);
		else if (!strcmp(n->key->text, fields))
			err = get_fields(c, n, &window->per);
		else if (!after && !strcmp(n->key->text, "count"))
			err = get_count(c, n, COUNT_MAX, &window->count);
		else if (after && !strcmp(n->key->text, "match"))
			window->count = 1;
		else
			err = tree_fail(
				c->env.error, n->key,
				"unknown key '%s' in '%s', one of %s, seconds, %s is expected",
				n->key->text, node->key->text, after ? "match" : "count", fields);
	}
	if (!err && (!seconds || !window->count))
		err = tree_fail(c->env.error, node, "'%s' has no '%s', which is expected",
				node->key->text,
				!seconds ? "seconds" :
				after	 ? "match" :
					   "count");
	window->ns = seconds * 1000000000;
	return err;
}

static int set_limit(struct compiling *c, const struct tree_node *node)
{
	return get_window(c, node, false, &c->rule.limit);
}

static int set_threshold(struct compiling *c, const struct tree_node *node)
{
	return get_window(c, node, false, &c->rule.burst);
}

static int set_after(struct compiling *c, const struct tree_node *node)
{
	int err = get_window(c, node, true, &c->rule.after);

	return err ? err : add_clause(c, tree_get(node, "match"), true);
}

static int set_first(struct compiling *c, const struct tree_node *node)
{
	int err = tree_want(node, TREE_MAPPING, c->env.error);

	for (const struct tree_node *n = err ? NULL : node->first; n && !err; n = n->next) {
		if (!strcmp(n->key->text, "of"))
			err = get_fields(c, n, &c->rule.first_of);
		else if (!strcmp(n->key->text, "per"))
			err = get_fields(c, n, &c->rule.first_per);
		else
			err = tree_fail(c->env.error, n->key,
					"unknown key '%s' in 'first', one of of, per is expected",
					n->key->text);
	}
	if (!err && (!c->rule.first_of.n || !c->rule.first_per.n))
		err = tree_fail(c->env.error, node, "'first' needs both 'of' and 'per'");
	return err;
}

/* ---- the rule ---- */

static const struct {
	const char *name;
	bool must;
	int (*set)(struct compiling *c, const struct tree_node *node);
} keys[] = {
	{ "name", true, set_name },
	{ "description", false, set_description },
	{ "match", true, set_match },
	{ "exceptions", false, set_exceptions },
	{ "severity", true, set_severity },
	{ "text", true, set_text },
	{ "mitre", false, set_mitre },
	{ "rate_limit", false, set_limit },
	{ "threshold", false, set_threshold },
	{ "after", false, set_after },
	{ "first", false, set_first },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int check_keys(struct compiling *c, const struct tree_node *node)
{
	size_t i;

	for (const struct tree_node *n = node->first; n; n = n->next) {
		for (i = 0; i < KEYS && strcmp(keys[i].name, n->key->text) != 0; i++)
			;
		if (i == KEYS)
			return tree_fail(
				c->env.error, n->key,
				"unknown key '%s' of a rule, one of name, description, match, exceptions, severity, text, mitre, rate_limit, threshold, after, first is expected",
				n->key->text);
	}
	for (i = 0; i < KEYS; i++)
		if (keys[i].must && !tree_get(node, keys[i].name))
			return tree_fail(c->env.error, node,
					 "a rule without '%s', which is expected", keys[i].name);
	return 0;
}

void rule_state_free(struct rule_state *s)
{
	if (!s)
		return;
	seen_free(s->burst);
	seen_free(s->after);
	seen_free(s->pairs);
	seen_free(s->firsts);
	seen_free(s->limit);
	free(s);
}

static struct rule_state *new_state(const struct rule *rule)
{
	struct rule_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (rule->burst.count)
		s->burst = seen_new(BURST_KEYS, rule->burst.count);
	if (rule->after.count)
		s->after = seen_new(AFTER_KEYS, 1);
	if (rule->first_of.n) {
		s->pairs = seen_new(FIRST_KEYS, 1);
		s->firsts = seen_new(FIRST_KEYS, 1);
	}
	if (rule->limit.count)
		s->limit = seen_new(LIMIT_KEYS, rule->limit.count);
	if ((rule->burst.count && !s->burst) || (rule->after.count && !s->after) ||
	    (rule->first_of.n && (!s->pairs || !s->firsts)) || (rule->limit.count && !s->limit)) {
		rule_state_free(s);
		return NULL;
	}
	return s;
}

static int add_rule(struct compiling *c)
{
	struct ruleset *r = c->rules;

	if (r->n_rules == r->cap_rules) {
		size_t cap = r->cap_rules ? 2 * r->cap_rules : 64;
		struct rule *more = realloc(r->rules, cap * sizeof(*more));

		if (!more)
			return no_memory(c);
		r->rules = more;
		r->cap_rules = cap;
	}
	c->rule.state = new_state(&c->rule);
	if (!c->rule.state)
		return no_memory(c);
	r->rules[r->n_rules++] = c->rule;
	return 0;
}

int rule_compile(struct ruleset *r, const struct tree_node *lists, const struct tree_node *node,
		 struct tree_error *error)
{
	struct compiling c = {
		.env = { .pool = &r->pool, .lists = { r->lists, lists }, .error = error },
		.rules = r,
		.rule = { .source = node },
		.first_clause = r->n_clauses,
	};
	int err = tree_want(node, TREE_MAPPING, error);

	if (!err)
		err = check_keys(&c, node);
	for (size_t i = 0; i < KEYS && !err; i++)
		if (tree_get(node, keys[i].name))
			err = keys[i].set(&c, tree_get(node, keys[i].name));
	if (!err)
		err = add_rule(&c);
	if (err)
		r->n_clauses = c.first_clause;
	return err;
}
