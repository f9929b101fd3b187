/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * YAML files as trees that know where in the file each part is. Of YAML what a configuration
 * needs: mappings, lists and scalars in one document. Anchors, aliases, tags and merge keys are
 * refused, so that a tree is as large as its file.
 */
#ifndef BPFMON_TREE_H
#define BPFMON_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A rule takes some 600 bytes: room for 20,000 of them. */
#define TREE_FILE_MAX (16u << 20)

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAPPING };

struct tree_node {
	enum tree_kind kind;
	const struct tree_file *file;
	unsigned int line, column;	/* from 1 */
	const char *text;		/* scalar */
	bool plain;			/* scalar: without quotes */
	struct tree_node *key;		/* of this, which is a value in a mapping; else NULL */
	struct tree_node *first, *next;	/* list: elements; mapping: values */
	size_t n;
	struct tree_node *all;		/* of the file, for tree_free() */
};

struct tree_file {
	char *name;
	struct tree_node *root;	/* NULL: the file is empty */
	struct tree_node *all;
};

/* "FILE:LINE:COLUMN: what is wrong, what was expected". */
struct tree_error {
	char text[1024];
};

/* NULL: `error` says why. */
struct tree_file *tree_load(const char *name, struct tree_error *error);
/* The same of bytes. */
struct tree_file *tree_parse(const char *name, const void *data, size_t len,
			     struct tree_error *error);
void tree_free(struct tree_file *file);

/* -EINVAL; the words of a file are made safe for a terminal. */
int tree_fail(struct tree_error *error, const struct tree_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of what is not in a file. */
int tree_fail_plain(struct tree_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "a list", for messages. */
const char *tree_kind_name(const struct tree_node *node);
/* The value of a key of a mapping; NULL: it has none. */
struct tree_node *tree_get(const struct tree_node *mapping, const char *key);
/* One that is no mapping is refused. */
int tree_want(const struct tree_node *node, enum tree_kind kind, struct tree_error *error);
/* A scalar, decimal or 0x..., maybe with a sign. */
bool tree_number(const struct tree_node *node, int64_t *number);
/* true or false. */
bool tree_bool(const struct tree_node *node, bool *value);
/* The same content, wherever it is. */
bool tree_same(const struct tree_node *a, const struct tree_node *b);

#endif
