/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of keys of the configuration, and how each is read; see conf.h. */
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfmon/wire.h"
#include "conf/limits.h"
#include "rules/ruleset.h"
#include "size.h"

struct conf_key {
	const char *name;
	/* Reads it, or says what is wrong with it. */
	int (*set)(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		   struct tree_error *error);
	bool restart;			/* a change of it does nothing until then */
	size_t offset;			/* numbers */
	uint64_t min, max, standard;	/* the same */
	/* Filters: the word is the conf's own, and stays. */
	int (*add)(struct filter_list *list, const char *word, char *why, size_t why_size);
	const char *help;
};

/* ---- numbers ---- */

static int set_number(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		      struct tree_error *error)
{
	uint64_t n;
	int err = tree_want(node, TREE_SCALAR, error);

	if (err)
		return err;
	if (!size_parse(node->text, &n))
		return tree_fail(error, node, "'%s' for %s, a number is expected, with K, M or G",
				 node->text, key->name);
	if (n < key->min || n > key->max)
		return tree_fail(error, node, "%s %s, from %llu to %llu is expected", key->name,
				 node->text, (unsigned long long)key->min,
				 (unsigned long long)key->max);
	memcpy((char *)conf + key->offset, &n, sizeof(n));
	return 0;
}

/* ---- filters ---- */

/* The filter lends words, and may cut them up. */
static char *keep_word(struct conf *conf, const char *word)
{
	char **more = realloc(conf->words, (conf->n_words + 1) * sizeof(*more));
	char *copy = strdup(word);

	if (more)
		conf->words = more;
	if (!more || !copy) {
		free(copy);
		return NULL;
	}
	return conf->words[conf->n_words++] = copy;
}

/* One word, or a list of them. */
static int each_word(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		     int (*take)(struct conf *conf, const struct conf_key *key, char *word,
				 char *why, size_t why_size),
		     struct tree_error *error)
{
	const struct tree_node *one = node->kind == TREE_LIST ? node->first : node;
	char why[512];

	for (; one; one = node->kind == TREE_LIST ? one->next : NULL) {
		int err = tree_want(one, TREE_SCALAR, error);
		char *word;

		if (err)
			return err;
		word = keep_word(conf, one->text);
		if (!word)
			return tree_fail_plain(error, "no memory for the configuration");
		if (take(conf, key, word, why, sizeof(why)))
			return tree_fail(error, one, "%s: %s", key->name, why);
	}
	return 0;
}

static int take_only(struct conf *conf, const struct conf_key *key, char *word, char *why,
		     size_t why_size)
{
	return key->add(&conf->filter.only, word, why, why_size);
}

static int set_only(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		    struct tree_error *error)
{
	return each_word(conf, key, node, take_only, error);
}

static int take_except(struct conf *conf, const struct conf_key *key, char *word, char *why,
		       size_t why_size)
{
	(void)key;
	return filter_add_except(&conf->filter, word, why, why_size);
}

static int set_except(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		      struct tree_error *error)
{
	return each_word(conf, key, node, take_except, error);
}

static int take_types(struct conf *conf, const struct conf_key *key, char *word, char *why,
		      size_t why_size)
{
	uint32_t types = conf->filter.types;
	int err = filter_set_types(&conf->filter, word, why, why_size);

	(void)key;
	conf->filter.types |= types;
	return err;
}

static int set_types(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		     struct tree_error *error)
{
	conf->filter.types = 0;
	return each_word(conf, key, node, take_types, error);
}

/* ---- rules ---- */

static int set_lists(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		     struct tree_error *error)
{
	(void)conf;
	(void)key;
	(void)node;
	(void)error;
	return 0;	/* before all others, by ruleset_check_lists(): rules name them */
}

/* From the folder of the configuration. */
static int load_rules(struct conf *conf, const struct tree_node *node, struct tree_error *error)
{
	const char *slash = strrchr(node->file->name, '/');
	struct tree_error inner;
	char path[4096];
	int folder = *node->text != '/' && slash ? (int)(slash - node->file->name + 1) : 0;

	if (!*node->text)
		return tree_fail(error, node, "no path, a file or folder of rules is expected");
	if (snprintf(path, sizeof(path), "%.*s%s", folder, node->file->name, node->text) >=
	    (int)sizeof(path))
		return tree_fail(error, node, "a path that is too long");
	if (!ruleset_load(conf->rules, path, &inner))
		return 0;
	/* What is wrong in a file of rules has its own place; what can't be read has this one. */
	if (!strncmp(inner.text, "cannot ", strlen("cannot ")))
		return tree_fail(error, node, "%s", inner.text);
	*error = inner;
	return -EINVAL;
}

static int set_rules(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		     struct tree_error *error)
{
	int err = tree_want(node, TREE_LIST, error);

	(void)key;
	for (node = err ? NULL : node->first; node && !err; node = node->next) {
		if (node->kind == TREE_LIST)
			err = tree_fail(
				error, node,
				"a list, a rule or the path of a file or folder is expected");
		else if (node->kind == TREE_SCALAR)
			err = load_rules(conf, node, error);
		else
			err = ruleset_add(conf->rules, node, error);
	}
	return err;
}

/* ---- outputs ---- */

const struct tree_node *conf_option(const struct conf_output *output, const struct tree_node *last)
{
	const struct tree_node *node = last ? last->next : output->options;

	while (node && !strcmp(node->key->text, "type"))
		node = node->next;
	return node;
}

static int set_outputs(struct conf *conf, const struct conf_key *key, const struct tree_node *node,
		       struct tree_error *error)
{
	int err = tree_want(node, TREE_LIST, error);

	(void)key;
	for (node = err ? NULL : node->first; node; node = node->next) {
		const struct tree_node *type;

		err = tree_want(node, TREE_MAPPING, error);
		if (err)
			return err;
		type = tree_get(node, "type");
		if (!type)
			return tree_fail(error, node,
					 "an output without 'type', which is expected");
		err = tree_want(type, TREE_SCALAR, error);
		if (err)
			return err;
		if (conf->n_outputs == CONF_OUTPUTS)
			return tree_fail(error, node, "more than %d outputs", CONF_OUTPUTS);
		conf->outputs[conf->n_outputs++] = (struct conf_output){
			.type = type->text,
			.at = node,
			.options = node->first,
		};
	}
	return err;
}

/* ---- the table ---- */

/* clang-format off */
#define NUMBER(n, member, low, high, value, text) \
	{ .name = n, .set = set_number, .restart = true, .offset = offsetof(struct conf, member), \
	  .min = low, .max = high, .standard = value, .help = text }
#define ONLY(n, function, again, text) \
	{ .name = n, .set = set_only, .add = function, .restart = again, .help = text }
static const struct conf_key keys[] = {
	ONLY("maps", filter_add_map, true, "only these maps: id, name, glob or pinned path"),
	ONLY("pids", filter_add_pid, false, "only these processes"),
	ONLY("comms", filter_add_comm, false, "only these commands, names or globs"),
	ONLY("programs", filter_add_prog, false, "only these BPF programs, ids, names or globs"),
	{ .name = "exclude", .set = set_except,
	  .help = "leave out: map=MAP, comm=NAME, pid=PID, prog=PROG" },
	{ .name = "events", .set = set_types, .help = "types or groups that are written" },
	NUMBER("bytes", bytes, 0, WIRE_BYTES_MAX, BYTES_DEFAULT, "of key and value, captured"),
	NUMBER("buffer", buffer, BUFFER_MIN, BUFFER_MAX, BUFFER_DEFAULT, "size of the ring"),
	NUMBER("heartbeat", heartbeat, 0, TIMER_MAX, 0, "seconds; 0: never"),
	NUMBER("check-interval", check, 0, TIMER_MAX, CHECK_INTERVAL, "seconds; 0: never"),
	NUMBER("compare-interval", compare_interval, 0, COMPARE_INTERVAL_MAX, COMPARE_INTERVAL,
	       "seconds; 0: never"),
	NUMBER("compare-limit", compare_limit, COMPARE_LIMIT_MIN, COMPARE_LIMIT_MAX, COMPARE_LIMIT,
	       "bytes of one map"),
	NUMBER("summary-after", summary_after, 0, SUMMARY_AFTER_MAX, 0,
	       "writes of a program a second, of which rules see nothing more; 0: all have events"),
	{ .name = "lists", .set = set_lists, .help = "words that rules name by $NAME" },
	{ .name = "rules", .set = set_rules, .help = "files, folders, and rules themselves" },
	{ .name = "outputs", .set = set_outputs, .restart = true, .help = "where events go" },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct conf_key *find_key(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int bad_key(const struct tree_node *at, struct tree_error *error)
{
	char names[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < KEYS; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					keys[i].name);
	return tree_fail(error, at, "unknown key '%s', one of %s is expected", at->text, names);
}

static int read_keys(struct conf *conf, const struct tree_node *root, struct tree_error *error)
{
	int err = tree_want(root, TREE_MAPPING, error);

	for (const struct tree_node *n = err ? NULL : root->first; n && !err; n = n->next) {
		const struct conf_key *key = find_key(n->key->text);

		err = key ? key->set(conf, key, n, error) : bad_key(n->key, error);
	}
	return err;
}

static int fill(struct conf *conf, struct tree_error *error)
{
	const struct tree_node *root = conf->file->root, *lists = NULL;
	int err;

	filter_init(&conf->filter);
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].set == set_number)
			memcpy((char *)conf + keys[i].offset, &keys[i].standard,
			       sizeof(keys[i].standard));
	if (root && root->kind == TREE_MAPPING)
		lists = tree_get(root, "lists");
	err = ruleset_check_lists(lists, error);
	if (err)
		return err;
	conf->rules = ruleset_new(lists);
	if (!conf->rules)
		return tree_fail_plain(error, "no memory for the configuration");
	err = root ? read_keys(conf, root, error) : 0;
	return err ? err : ruleset_seal(conf->rules, error);
}

static struct conf *conf_new(struct tree_file *file, struct tree_error *error)
{
	struct conf *conf = file ? calloc(1, sizeof(*conf)) : NULL;

	if (!file)
		return NULL;
	if (!conf) {
		tree_free(file);
		tree_fail_plain(error, "no memory for the configuration");
		return NULL;
	}
	conf->file = file;
	if (!fill(conf, error))
		return conf;
	conf_free(conf);
	return NULL;
}

struct conf *conf_load(const char *path, struct tree_error *error)
{
	return conf_new(tree_load(path, error), error);
}

struct conf *conf_parse(const char *path, const void *data, size_t len, struct tree_error *error)
{
	return conf_new(tree_parse(path, data, len, error), error);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	ruleset_free(conf->rules);
	tree_free(conf->file);
	for (size_t i = 0; i < conf->n_words; i++)
		free(conf->words[i]);
	free(conf->words);
	free(conf);
}

/* ---- help ---- */

static const char *takes(const struct conf_key *key)
{
	return key->set == set_rules   ? "a list of paths and rules" :
	       key->set == set_lists   ? "a mapping of lists" :
	       key->set == set_outputs ? "a list of mappings" :
					 "a word or a list";
}

void conf_describe(struct buf *b)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct conf_key *key = &keys[i];
		size_t start = b->len;

		buf_str(b, key->name);
		buf_pad(b, start, 18);
		start = b->len;
		if (key->set == set_number)
			buf_printf(b, "%llu to %llu, default %llu", (unsigned long long)key->min,
				   (unsigned long long)key->max, (unsigned long long)key->standard);
		else
			buf_str(b, takes(key));
		buf_pad(b, start, 40);
		buf_printf(b, "%s%s\n", key->help, key->restart ? " (restart)" : "");
	}
}

/* ---- reload ---- */

/* Which maps are left out the kernel is told once for each. */
static bool other_maps(const struct filter_list *a, const struct filter_list *b)
{
	if (a->n_maps != b->n_maps)
		return true;
	for (size_t i = 0; i < a->n_maps; i++)
		if (strcmp(a->maps[i].text, b->maps[i].text) != 0)
			return true;
	return false;
}

void conf_restart(const struct conf *old, const struct conf *new, char *names, size_t size)
{
	size_t len = 0;

	*names = '\0';
	for (size_t i = 0; i < KEYS; i++) {
		const struct conf_key *key = &keys[i];
		const struct tree_node *was = NULL, *is = NULL;
		bool differs;

		if (old->file->root)
			was = tree_get(old->file->root, key->name);
		if (new->file->root)
			is = tree_get(new->file->root, key->name);
		if (key->set == set_number)
			differs = memcmp((const char *)old + key->offset,
					 (const char *)new + key->offset, sizeof(uint64_t));
		else if (key->set == set_except)
			differs = other_maps(&old->filter.except, &new->filter.except);
		else
			differs = key->restart && !tree_same(was, is);
		if (differs && len < size)
			len += (size_t)snprintf(names + len, size - len, "%s%s", len ? ", " : "",
						key->name);
	}
}
