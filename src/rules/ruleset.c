/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The set of rules: where it comes from, and what another one takes over; see ruleset.h. */
#include "rules/ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/index.h"
#include "rules/rule.h"

#define RULES_MAX 10000		/* their matches take a bit each of every map and process */
#define FILES_MAX 1024

struct ruleset *ruleset_new(const struct tree_node *lists)
{
	struct ruleset *r = calloc(1, sizeof(*r));

	if (r)
		r->lists = lists;
	return r;
}

void ruleset_free(struct ruleset *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_rules; i++)
		rule_state_free(r->rules[i].state);
	for (size_t i = 0; i < r->n_files; i++)
		tree_free(r->files[i]);
	ruleset_index_free(r);
	buf_fini(&r->text);
	free(r->files);
	free(r->clauses);
	free(r->rules);
	pool_fini(&r->pool);
	free(r);
}

/* ---- files ---- */

int ruleset_check_lists(const struct tree_node *lists, struct tree_error *error)
{
	return match_check_lists(lists, error);
}

static int add_one(struct ruleset *r, const struct tree_node *lists, const struct tree_node *rule,
		   struct tree_error *error)
{
	if (r->n_rules >= RULES_MAX)
		return tree_fail(error, rule, "more than %d rules", RULES_MAX);
	return rule_compile(r, lists, rule, error);
}

int ruleset_add(struct ruleset *r, const struct tree_node *rule, struct tree_error *error)
{
	return add_one(r, NULL, rule, error);
}

int ruleset_add_file(struct ruleset *r, const struct tree_node *root, struct tree_error *error)
{
	const struct tree_node *lists = NULL, *list = root;
	int err;

	if (root->kind == TREE_MAPPING) {
		lists = tree_get(root, "lists");
		list = tree_get(root, "rules");
		for (const struct tree_node *n = root->first; n; n = n->next)
			if (n != lists && n != list)
				return tree_fail(
					error, n->key,
					"unknown key '%s' in a file of rules, lists and rules are expected",
					n->key->text);
		if (!list)
			return tree_fail(error, root, "no 'rules', which are expected");
	}
	err = ruleset_check_lists(lists, error);
	if (!err)
		err = tree_want(list, TREE_LIST, error);
	for (list = err ? NULL : list->first; list && !err; list = list->next)
		err = add_one(r, lists, list, error);
	return err;
}

static int load_file(struct ruleset *r, const char *path, struct tree_error *error)
{
	struct tree_file **more;
	struct tree_file *file;

	if (r->n_files >= FILES_MAX)
		return tree_fail_plain(error, "%s: more than %d files of rules", path, FILES_MAX);
	more = realloc(r->files, (r->n_files + 1) * sizeof(*more));
	if (!more)
		return tree_fail_plain(error, "%s: no memory to read it", path);
	r->files = more;
	file = tree_load(path, error);
	if (!file)
		return -EINVAL;
	r->files[r->n_files++] = file;
	if (!file->root)
		return tree_fail_plain(error, "%s:1:1: an empty file, rules are expected", path);
	return ruleset_add_file(r, file->root, error);
}

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".yaml");
}

static int load_folder(struct ruleset *r, const char *path, struct tree_error *error)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_yaml, alphasort), err = 0;

	if (n < 0)
		return tree_fail_plain(error, "cannot read the folder %s: %s", path,
				       strerror(errno));
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (!err && snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) >=
				    (int)sizeof(file))
			err = tree_fail_plain(error, "%s: a path that is too long", path);
		if (!err)
			err = load_file(r, file, error);
		free(names[i]);
	}
	free(names);
	return err;
}

int ruleset_load(struct ruleset *r, const char *path, struct tree_error *error)
{
	struct stat st;

	if (stat(path, &st))
		return tree_fail_plain(error, "cannot open rules %s: %s", path, strerror(errno));
	return S_ISDIR(st.st_mode) ? load_folder(r, path, error) : load_file(r, path, error);
}

int ruleset_seal(struct ruleset *r, struct tree_error *error)
{
	return ruleset_index(r) ? 0 : tree_fail_plain(error, "no memory for the rules");
}

/* ---- reload ---- */

void ruleset_take_over(struct ruleset *r, struct ruleset *old)
{
	for (size_t i = 0; i < r->n_rules; i++) {
		struct rule *rule = &r->rules[i];

		for (size_t k = 0; k < old->n_rules; k++) {
			struct rule_state *state = rule->state;

			if (strcmp(rule->name, old->rules[k].name) != 0 ||
			    !tree_same(rule->source, old->rules[k].source))
				continue;
			rule->state = old->rules[k].state;
			old->rules[k].state = state;
			break;
		}
	}
	r->due_ns = old->due_ns;
}

/* ---- questions ---- */

size_t ruleset_count(const struct ruleset *r)
{
	return r->n_rules;
}

const char *ruleset_name(const struct ruleset *r, size_t i)
{
	return r->rules[i].name;
}

uint64_t ruleset_fired(const struct ruleset *r, size_t i)
{
	return r->rules[i].state->fired;
}

uint32_t ruleset_types(const struct ruleset *r)
{
	uint32_t types = 0;

	for (size_t i = 0; i < r->n_clauses; i++)
		types |= r->clauses[i].match.types;
	return types;
}

bool ruleset_asks_map(const struct ruleset *r, uint32_t types, const struct event_map *map)
{
	const struct event e = { .type = EVENT_MAP_UPDATE, .map = *map };

	for (size_t i = 0; i < r->n_clauses; i++)
		if (r->clauses[i].match.types & types && match_map(&r->clauses[i].match, &e))
			return true;
	return false;
}
