/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a type of output is: a table of options and how items are written. One file each, one row
 * in types.c. All but `check`, `open` and `event` are called by the output's thread alone.
 */
#ifndef BPFMON_SINKS_TYPE_H
#define BPFMON_SINKS_TYPE_H

#include "sinks/item.h"
#include "sinks/sinks.h"

#define SINKS_LABEL 160	/* room for what an output is called in messages */

struct sinks_values;

/* Checked values, by the option's name, which must be in the type's table. */
const char *sinks_text(const struct sinks_values *v, const char *name);
uint64_t sinks_number(const struct sinks_values *v, const char *name);
bool sinks_yes(const struct sinks_values *v, const char *name);

struct sinks_open {
	const struct sinks_values *values;
	struct sinks *all;		/* for who tells of the others */
	const struct out_format *format;	/* for who makes lines of its own; NULL: it has none */
	const struct out_env *env;	/* the same; filled when outputs are started */
	int wake_fd;			/* readable: give up waiting for a reader */
	char *label, *why;		/* SINKS_LABEL; why_size */
	size_t why_size;
};

struct sinks_type {
	const char *name, *help;
	const char *missing;		/* why this build does not have it; NULL: it has */
	const char *format;		/* by default; NULL: it has no lines, or `own` */
	const struct out_format *own;	/* in place of lines: what it alone can read */
	const struct sinks_option *options;
	/* Whether what is given can be used, before anything is opened; or NULL: the options say all. */
	int (*check)(const struct sinks_open *o);
	/* What may come later (a server) is not waited for. */
	int (*open)(const struct sinks_open *o, void **state);
	/*
	 * Writes items in order. How many are done with goes to `done`, also when it fails. 0, or
	 * a negative errno: the rest is tried again later; -EPIPE: nobody will ever read.
	 */
	int (*write)(void *state, struct item **items, size_t n, size_t *done);
	void (*reopen)(void *state);	/* NULL: nothing to do */
	/* In place of write, at once, in the main thread: types without lines. */
	void (*event)(void *state, const struct event *e, const struct item_about *about);
	void (*monitor)(void *state, const struct monitor *m);
	int (*start)(void *state);	/* all outputs are there: a thread of its own; or NULL */
	uint64_t (*lost)(void *state);	/* of what it took; for any thread; or NULL: nothing */
	void (*close)(void *state);
};

extern const struct sinks_type sinks_file, sinks_stdout, sinks_prometheus, sinks_journald,
	sinks_syslog, sinks_socket, sinks_sqlite, sinks_otlp;

#endif
