/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* YAML files as trees; see tree.h. libyaml's events make the tree. */
#include "conf/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

/* Deeper than any rule, and far from the end of the stack. */
#define DEPTH_MAX 24
/* A duplicate is looked for among all before it. */
#define KEYS_MAX 1024

struct reading {
	yaml_parser_t parser;
	struct tree_file *file;
	struct tree_error *error;
};

/* ---- errors ---- */

static void make_safe(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static int fail_at(struct tree_error *error, const char *name, unsigned int line,
		   unsigned int column, const char *format, va_list args)
{
	size_t used;

	used = (size_t)snprintf(error->text, sizeof(error->text), "%.500s:%u:%u: ", name, line,
				column);
	vsnprintf(error->text + used, sizeof(error->text) - used, format, args);
	make_safe(error->text);
	return -EINVAL;
}

int tree_fail(struct tree_error *error, const struct tree_node *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(error, at->file->name, at->line, at->column, format, args);
	va_end(args);
	return -EINVAL;
}

int tree_fail_plain(struct tree_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	make_safe(error->text);
	return -EINVAL;
}

static int fail_mark(struct reading *r, const yaml_mark_t *mark, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(r->error, r->file->name, (unsigned int)mark->line + 1,
		(unsigned int)mark->column + 1, format, args);
	va_end(args);
	return -EINVAL;
}

static int no_memory(struct reading *r)
{
	return tree_fail_plain(r->error, "%s: no memory to read it", r->file->name);
}

static int bad_yaml(struct reading *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return no_memory(r);
	if (p->error == YAML_READER_ERROR)
		return tree_fail_plain(
			r->error, "%s: %s at byte %zu; UTF-8 without control bytes is expected",
			r->file->name, p->problem, p->problem_offset);
	return fail_mark(r, &p->problem_mark, "%s%s%s; YAML is expected", p->problem,
			 p->context ? " " : "", p->context ?: "");
}

/* ---- events to nodes ---- */

static int next_event(struct reading *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : bad_yaml(r);
}

/* Takes the event. */
static int read_node(struct reading *r, yaml_event_t *event, unsigned int depth,
		     struct tree_node **out);

static int add_child(struct reading *r, struct tree_node *parent, struct tree_node ***end,
		     yaml_event_t *event, unsigned int depth)
{
	struct tree_node *key = NULL, *child;
	int err;

	if (parent->kind == TREE_MAPPING) {
		err = read_node(r, event, depth + 1, &key);
		if (err)
			return err;
		if (key->kind != TREE_SCALAR)
			return tree_fail(r->error, key, "a key is %s, a word is expected",
					 tree_kind_name(key));
		child = tree_get(parent, key->text);
		if (child)
			return tree_fail(
				r->error, key,
				"duplicate key '%s', first in line %u; each once is expected",
				key->text, child->key->line);
		if (parent->n >= KEYS_MAX)
			return tree_fail(r->error, key, "more than %d keys in one mapping",
					 KEYS_MAX);
		err = next_event(r, event);
		if (err)
			return err;
	}
	err = read_node(r, event, depth + 1, &child);
	if (err)
		return err;
	child->key = key;
	parent->n++;
	**end = child;
	*end = &child->next;
	return 0;
}

static int read_children(struct reading *r, struct tree_node *parent, unsigned int depth)
{
	struct tree_node **end = &parent->first;
	yaml_event_t event;
	int err;

	for (;;) {
		err = next_event(r, &event);
		if (err)
			return err;
		if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		err = add_child(r, parent, &end, &event, depth);
		if (err)
			return err;
	}
}

static struct tree_node *new_node(struct reading *r, enum tree_kind kind, const yaml_mark_t *mark)
{
	struct tree_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->file = r->file;
	node->line = (unsigned int)mark->line + 1;
	node->column = (unsigned int)mark->column + 1;
	node->all = r->file->all;
	r->file->all = node;
	return node;
}

static int take_scalar(struct reading *r, const yaml_event_t *event, struct tree_node *node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (strlen(text) != len)
		return tree_fail(r->error, node, "a NUL byte; text is expected");
	node->text = strdup(text);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return node->text ? 0 : no_memory(r);
}

static int refuse(struct reading *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return fail_mark(r, &event->start_mark,
				 "an alias; write out what it stands for, or use a list by $name");
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	default:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	}
	if (anchor || tag)
		return fail_mark(r, &event->start_mark, "%s; plain YAML without them is expected",
				 anchor ? "an anchor" : "a tag");
	return 0;
}

static int read_node(struct reading *r, yaml_event_t *event, unsigned int depth,
		     struct tree_node **out)
{
	enum tree_kind kind = event->type == YAML_SCALAR_EVENT	       ? TREE_SCALAR :
			      event->type == YAML_SEQUENCE_START_EVENT ? TREE_LIST :
									 TREE_MAPPING;
	struct tree_node *node = NULL;
	int err = refuse(r, event);

	if (!err && depth > DEPTH_MAX)
		err = fail_mark(r, &event->start_mark, "nested more than %d deep", DEPTH_MAX);
	if (!err) {
		node = new_node(r, kind, &event->start_mark);
		err = node ? 0 : no_memory(r);
	}
	if (!err && kind == TREE_SCALAR)
		err = take_scalar(r, event, node);
	yaml_event_delete(event);
	if (!err && kind != TREE_SCALAR)
		err = read_children(r, node, depth);
	if (!err)
		*out = node;
	return err;
}

static int read_document(struct reading *r)
{
	bool begun = false;

	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		int err = next_event(r, &event);

		if (err)
			return err;
		type = event.type;
		if (type == YAML_STREAM_END_EVENT || type == YAML_STREAM_START_EVENT ||
		    type == YAML_DOCUMENT_END_EVENT || type == YAML_DOCUMENT_START_EVENT) {
			if (type == YAML_DOCUMENT_START_EVENT && begun)
				err = fail_mark(r, &event.start_mark,
						"a second document; one is expected");
			begun |= type == YAML_DOCUMENT_START_EVENT;
			yaml_event_delete(&event);
			if (err || type == YAML_STREAM_END_EVENT)
				return err;
			continue;
		}
		err = read_node(r, &event, 0, &r->file->root);
		if (err)
			return err;
	}
}

/* "---" alone, and nothing at all, are the same. */
static void drop_empty(struct tree_file *file)
{
	const struct tree_node *root = file->root;

	if (root && root->kind == TREE_SCALAR && root->plain && !*root->text)
		file->root = NULL;
}

struct tree_file *tree_parse(const char *name, const void *data, size_t len,
			     struct tree_error *error)
{
	struct reading r = { .file = calloc(1, sizeof(*r.file)), .error = error };
	int err;

	if (r.file)
		r.file->name = strdup(name);
	if (!r.file || !r.file->name || !yaml_parser_initialize(&r.parser)) {
		tree_free(r.file);
		tree_fail_plain(error, "%s: no memory to read it", name);
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, data, len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	err = read_document(&r);
	yaml_parser_delete(&r.parser);
	if (err) {
		tree_free(r.file);
		return NULL;
	}
	drop_empty(r.file);
	return r.file;
}

void tree_free(struct tree_file *file)
{
	struct tree_node *node, *next;

	if (!file)
		return;
	for (node = file->all; node; node = next) {
		next = node->all;
		free((char *)node->text);
		free(node);
	}
	free(file->name);
	free(file);
}

/* ---- files ---- */

static char *read_all(int fd, const char *name, size_t *len, struct tree_error *error)
{
	size_t cap = 65536;
	char *data = malloc(cap), *more;

	for (*len = 0; data;) {
		ssize_t n = read(fd, data + *len, cap - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			tree_fail_plain(error, "cannot read %s: %s", name, strerror(errno));
		else if (!n)
			return data;
		else if ((*len += (size_t)n) > TREE_FILE_MAX)
			tree_fail_plain(error, "%s: more than %u MiB", name, TREE_FILE_MAX >> 20);
		if (n < 0 || *len > TREE_FILE_MAX) {
			free(data);
			return NULL;
		}
		if (*len < cap)
			continue;
		more = realloc(data, cap *= 2);
		if (!more)
			free(data);
		data = more;
	}
	tree_fail_plain(error, "%s: no memory to read it", name);
	return NULL;
}

struct tree_file *tree_load(const char *name, struct tree_error *error)
{
	struct tree_file *file = NULL;
	struct stat st;
	size_t len;
	char *data;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		tree_fail_plain(error, "cannot open %s: %s", name, strerror(errno));
		return NULL;
	}
	/* What never ends must not hold up a reload. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		tree_fail_plain(error, "cannot read %s: it is no file; a YAML file is expected",
				name);
	} else {
		data = read_all(fd, name, &len, error);
		if (data)
			file = tree_parse(name, data, len, error);
		free(data);
	}
	close(fd);
	return file;
}

/* ---- questions ---- */

const char *tree_kind_name(const struct tree_node *node)
{
	static const char *const names[] = {
		[TREE_SCALAR] = "one word", [TREE_LIST] = "a list", [TREE_MAPPING] = "a mapping"
	};

	if (node->kind == TREE_SCALAR && node->plain && !*node->text)
		return "nothing";
	return names[node->kind];
}

int tree_want(const struct tree_node *node, enum tree_kind kind, struct tree_error *error)
{
	static const char *const expected[] = { [TREE_SCALAR] = "one word or number",
						[TREE_LIST] = "a list",
						[TREE_MAPPING] = "a mapping of keys and values" };
	const char *is = tree_kind_name(node);

	if (node->kind == kind && strcmp(is, "nothing") != 0)
		return 0;
	if (node->key)
		return tree_fail(error, node, "'%s' is %s, %s is expected", node->key->text, is,
				 expected[kind]);
	return tree_fail(error, node, "%s, %s is expected", is, expected[kind]);
}

struct tree_node *tree_get(const struct tree_node *mapping, const char *key)
{
	for (struct tree_node *n = mapping->first; n; n = n->next)
		if (n->key && !strcmp(n->key->text, key))
			return n;
	return NULL;
}

bool tree_number(const struct tree_node *node, int64_t *number)
{
	const char *digits = node->kind == TREE_SCALAR ? node->text : "";
	bool negative = *digits == '-', hex;
	unsigned long long n;
	char *end;

	digits += negative;
	hex = !strncmp(digits, "0x", 2);
	digits += hex ? 2 : 0;
	if (!*digits || !strchr("0123456789abcdefABCDEF", *digits))
		return false;
	errno = 0;
	n = strtoull(digits, &end, hex ? 16 : 10);
	if (errno || *end || end == digits || n > INT64_MAX)
		return false;
	*number = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

bool tree_bool(const struct tree_node *node, bool *value)
{
	const char *text = node->kind == TREE_SCALAR ? node->text : "";

	*value = !strcmp(text, "true");
	return *value || !strcmp(text, "false");
}

bool tree_same(const struct tree_node *a, const struct tree_node *b)
{
	const struct tree_node *x, *y;

	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == TREE_SCALAR)
		return !strcmp(a->text, b->text);
	for (x = a->first, y = b->first; x && y; x = x->next, y = y->next)
		if ((x->key && strcmp(x->key->text, y->key->text) != 0) || !tree_same(x, y))
			return false;
	return true;
}
