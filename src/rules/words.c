/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the words of a rule's file to patterns; see words.h. */
#include "rules/words.h"

#include <stdio.h>
#include <string.h>

#include "maptype.h"
#include "rules/pattern.h"

int words_no_memory(const struct match_env *env)
{
	return tree_fail_plain(env->error, "no memory for the rules");
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* "0a 0b" or "0a0b*". */
static int compile_bytes(const struct match_env *env, const struct tree_node *node,
			 struct pattern *p)
{
	const char *word = node->text;
	char *out = pool_alloc(env->pool, strlen(word) / 2 + 1);

	if (!out)
		return words_no_memory(env);
	p->text = out;
	for (; *word; word++) {
		if (*word == ' ')
			continue;
		if (*word == '*' && !word[1]) {
			p->glob = true;
			return 0;
		}
		if (hex_digit(word[0]) < 0 || hex_digit(word[1]) < 0)
			return tree_fail(
				env->error, node,
				"'%s' is not bytes, hex with two digits a byte is expected, in quotes; a * at the end stands for more",
				node->text);
		out[p->len++] = (char)(hex_digit(word[0]) << 4 | hex_digit(word[1]));
		word++;
	}
	return 0;
}

static int check_word(const struct match_env *env, const struct tree_node *node,
		      const struct rule_field *field)
{
	char list[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < field->n_words; i++) {
		if (!field->words[i])
			continue;
		if (!strcmp(field->words[i], node->text))
			return 0;
		if (len < sizeof(list) - 32)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
						len ? ", " : "", field->words[i]);
	}
	if (!len)
		return 0;
	return tree_fail(env->error, node, "'%s' is no %s, one of %s is expected", node->text,
			 field->name, list);
}

static int check_map_type(const struct match_env *env, const struct tree_node *node)
{
	for (uint32_t t = 0; t < maptype_count(); t++)
		if (maptype_name(t) && !strcmp(maptype_name(t), node->text))
			return 0;
	return tree_fail(env->error, node,
			 "'%s' is no type of map, a name as bpftool has it is expected, as hash",
			 node->text);
}

static int compile_text(const struct match_env *env, const struct rule_field *field,
			const struct tree_node *node, bool glob, struct pattern *p)
{
	int err = 0;

	p->glob = glob && glob_is(node->text);
	p->len = strlen(node->text);
	p->text = pool_text(env->pool, node->text, p->len);
	p->has_number = tree_number(node, &p->number);
	if (!p->text)
		return words_no_memory(env);
	if (!p->glob && !p->has_number && field->words)
		err = check_word(env, node, field);
	else if (!p->glob && !p->has_number && !strcmp(field->name, "map.type"))
		err = check_map_type(env, node);
	return err;
}

static int compile_pattern(const struct match_env *env, const struct rule_field *field,
			   const struct tree_node *node, bool glob, struct pattern *p)
{
	bool value;

	if (node->kind != TREE_SCALAR)
		return tree_want(node, TREE_SCALAR, env->error);
	switch (field->kind) {
	case FACT_BYTES:
		return compile_bytes(env, node, p);
	case FACT_NUMBER:
		p->has_number = tree_number(node, &p->number);
		return p->has_number ? 0 :
				       tree_fail(env->error, node, "'%s' is not a number, as %s is",
						 node->text, field->name);
	case FACT_BOOL:
		p->has_number = tree_bool(node, &value);
		p->number = value;
		return p->has_number ?
			       0 :
			       tree_fail(env->error, node, "'%s' for %s, true or false is expected",
					 node->text, field->name);
	case FACT_MEMBER:
		if (tree_bool(node, &value)) {
			p->text = node->text;
			p->len = strlen(node->text);
			p->text = pool_text(env->pool, p->text, p->len);
			p->has_number = true;
			p->number = value;
			return p->text ? 0 : words_no_memory(env);
		}
		return compile_text(env, field, node, glob, p);
	default:
		return compile_text(env, field, node, glob, p);
	}
}

/* ---- lists ---- */

int match_check_lists(const struct tree_node *lists, struct tree_error *error)
{
	int err = lists ? tree_want(lists, TREE_MAPPING, error) : 0;

	for (const struct tree_node *l = lists && !err ? lists->first : NULL; l && !err;
	     l = l->next) {
		err = tree_want(l, TREE_LIST, error);
		for (const struct tree_node *w = l->first; w && !err; w = w->next)
			err = tree_want(w, TREE_SCALAR, error);
	}
	return err;
}

static int find_list(const struct match_env *env, const struct tree_node *word,
		     const struct tree_node **list)
{
	for (size_t i = 0; i < 2; i++) {
		*list = env->lists[i] ? tree_get(env->lists[i], word->text + 1) : NULL;
		if (*list)
			return 0;
	}
	return tree_fail(env->error, word, "no list '%s', one under lists: is expected",
			 word->text + 1);
}

static bool is_list_name(const struct tree_node *node)
{
	return node->kind == TREE_SCALAR && node->text[0] == '$' && node->text[1];
}

/* Calls for each word, those of a list in place of its $name. */
int words_each(const struct match_env *env, const struct tree_node *node,
	       int (*take)(void *to, const struct tree_node *word), void *to)
{
	const struct tree_node *words = node, *word;
	int err = 0;

	if (is_list_name(node)) {
		err = find_list(env, node, &words);
		for (word = err ? NULL : words->first; word && !err; word = word->next)
			err = take(to, word);
		return err;
	}
	if (node->kind == TREE_SCALAR)
		return take(to, node);
	for (word = node->first; word && !err; word = word->next)
		err = word->kind == TREE_SCALAR ? words_each(env, word, take, to) :
						  tree_want(word, TREE_SCALAR, env->error);
	return err;
}

static int count_word(void *to, const struct tree_node *word)
{
	(void)word;
	++*(size_t *)to;
	return 0;
}

struct patterns {
	const struct match_env *env;
	const struct rule_field *field;
	bool glob;
	struct pattern *list;
	size_t n;
};

static int take_pattern(void *to, const struct tree_node *word)
{
	struct patterns *p = to;

	return compile_pattern(p->env, p->field, word, p->glob, &p->list[p->n++]);
}

int words_compile(const struct match_env *env, const struct tree_node *node, bool glob,
		  struct cond *cond)
{
	struct patterns p = { .env = env, .field = cond->field, .glob = glob };
	size_t n = 0;
	int err = words_each(env, node, count_word, &n);

	if (err)
		return err;
	p.list = pool_alloc(env->pool, (n + 1) * sizeof(*p.list));
	if (!p.list)
		return words_no_memory(env);
	err = words_each(env, node, take_pattern, &p);
	cond->op = COND_ONE_OF;
	cond->patterns = p.list;
	cond->n_patterns = p.n;
	return err;
}
