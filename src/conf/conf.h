/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configuration of bpfmon as a service, bpfmon.conf(5): one table of keys, each with its type,
 * range, default and help. Reading it asks no kernel.
 */
#ifndef BPFMON_CONF_H
#define BPFMON_CONF_H

#include "conf/tree.h"
#include "filter.h"
#include "lib/buf.h"

struct ruleset;

#define CONF_DEFAULT "/etc/bpfmon/bpfmon.yaml"
#define CONF_OUTPUTS 16

/* One of `outputs`: whoever opens it knows its keys. They lend from the configuration. */
struct conf_output {
	const char *type;
	const struct tree_node *at;	/* for messages about it: file, line, column */
	/* Its keys but for `type`: a list by ->next, of ->key->text and, of a scalar, ->text. */
	const struct tree_node *options;
};

struct conf {
	struct tree_file *file;
	uint64_t bytes, buffer, heartbeat, check, compare_interval, compare_limit;
	uint64_t summary_after;
	struct filter filter;
	struct conf_output outputs[CONF_OUTPUTS];
	size_t n_outputs;
	struct ruleset *rules;	/* never NULL, maybe none */
	char **words;		/* that the filter lends */
	size_t n_words;
};

/* NULL: `error` says why. */
struct conf *conf_load(const char *path, struct tree_error *error);
/* The same of bytes; rules in other files are looked for from the folder of `path`. */
struct conf *conf_parse(const char *path, const void *data, size_t len, struct tree_error *error);
void conf_free(struct conf *conf);

/* The next option of an output, NULL: no more; the first for NULL. */
const struct tree_node *conf_option(const struct conf_output *output, const struct tree_node *last);

/* Each key with what it takes, its default and what it is, a line each. */
void conf_describe(struct buf *b);

/* Names of keys that differ and take a restart, a comma between; "" for none. */
void conf_restart(const struct conf *old, const struct conf *new, char *names, size_t size);

#endif
