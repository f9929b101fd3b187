/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several outputs at once, each with a type, a filter, a format and a bounded queue of its own that
 * a thread of its own empties: one that is slow or gone hurts no other. What a queue can't hold is
 * counted, and told in that output as monitor.lost with `where` output.
 */
#ifndef BPFMON_SINKS_H
#define BPFMON_SINKS_H

#include "out/out.h"

enum sinks_kind {
	SINKS_TEXT,	/* any words */
	SINKS_LIST,	/* separated by commas; may be given several times */
	SINKS_NUMBER,	/* with or without K, M, G */
	SINKS_YES,	/* yes or no */
};

/* One key of a type of output. */
struct sinks_option {
	const char *name;	/* NULL ends a table */
	enum sinks_kind kind;
	const char *def;	/* "": nothing */
	const char *help;
	uint64_t min, max;	/* SINKS_NUMBER */
};

#define SINKS_PAIRS 32	/* at most of one output */

struct sinks_pair {
	const char *key, *value;
};

struct sinks;
struct sinks_type;

/* The types, NULL behind the last; their names and options. */
const struct sinks_type *sinks_type_at(size_t i);
const struct sinks_type *sinks_type_find(const char *name);
const char *sinks_type_name(const struct sinks_type *type);
const char *sinks_type_help(const struct sinks_type *type);
const struct sinks_option *sinks_type_options(const struct sinks_type *type);
/* The keys of all types, and whether one has it: what has no lines, or lines of its own, has no format. */
extern const struct sinks_option sinks_options[];
bool sinks_type_takes(const struct sinks_type *type, const struct sinks_option *option);

/* NULL: no memory. `waits`: the source can wait, so a full queue is waited for by default. */
struct sinks *sinks_new(bool waits, bool (*give_up)(void));
void sinks_free(struct sinks *s);

/*
 * Makes an output of a type from keys and values, all copied. 0, or a negative errno with what is
 * wrong and what to do in `why`: -EINVAL for what was given.
 */
int sinks_add(struct sinks *s, const char *type, const struct sinks_pair *pairs, size_t n_pairs,
	      char *why, size_t why_size);
/* The same from "TYPE[,KEY=VALUE...]"; what has no KEY= belongs to the value before its comma. */
int sinks_add_word(struct sinks *s, const char *word, char *why, size_t why_size);
/* What is wrong with them, before anything is opened. */
int sinks_check(const char *type, const struct sinks_pair *pairs, size_t n_pairs, char *why,
		size_t why_size);
/* The same of one key and its value alone, as far as it does not depend on others. */
int sinks_check_option(const char *type, const struct sinks_pair *pair, char *why, size_t why_size);
int sinks_check_word(const char *word, char *why, size_t why_size);
/* Whether a word of the command line begins with the name of a type. */
bool sinks_is_word(const char *word);
/* One of them, or the only one, writes to standard output. */
bool sinks_use_stdout(const struct sinks *s);
bool sinks_only_stdout(const struct sinks *s);

/* After the last: the threads. `env` is lent. 0, or a negative errno with the reason. */
int sinks_start(struct sinks *s, const struct out_env *env, char *why, size_t why_size);

void sinks_event(struct sinks *s, uint64_t seq, const struct event *e);
void sinks_monitor(struct sinks *s, uint64_t seq, const struct monitor *m);
/* The source has gone quiet: what was put is to be written now. */
void sinks_flush(struct sinks *s);
/* Nobody is left who takes anything. */
bool sinks_ended(const struct sinks *s);
/*
 * After the last: lets the outputs write what they have, for a while. True: all was written. Else
 * what was lost was said on stderr.
 */
bool sinks_end(struct sinks *s);

/* What each took and lost up to now; lent until the next call. */
const struct monitor_output *sinks_outputs(struct sinks *s, size_t *n);
/* The same of one, for any thread; false: there are no more. */
bool sinks_output(struct sinks *s, size_t i, struct monitor_output *told);

#endif
