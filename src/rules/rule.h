/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A compiled rule, between the files of src/rules/: nobody else includes it. */
#ifndef BPFMON_RULES_RULE_H
#define BPFMON_RULES_RULE_H

#include "lib/buf.h"
#include "lib/pool.h"
#include "rules/match.h"
#include "rules/ruleset.h"
#include "rules/seen.h"

/* A field by name, as of `per`. */
struct named_field {
	const struct rule_field *field;
	const char *member;
};

#define KEY_FIELDS 4	/* of one `per`, `same` or `of` */

struct key_fields {
	struct named_field list[KEY_FIELDS];
	size_t n;
};

/* Text up to a field, and the field; the last has none. */
struct piece {
	const char *text;
	size_t len;
	struct named_field field;
};

/* What a rule remembers; it outlives the rule when a new one is the same. */
struct rule_state {
	struct seen *burst, *after, *pairs, *firsts;
	struct seen *limit;		/* alerts, as many as the limit has */
	uint64_t fired, held_back;	/* in all; since the last alert */
	uint64_t held_until_ns;		/* when that is told; CLOCK_REALTIME */
	enum event_type held_type;
	uint64_t held_seq;
};

struct window {
	uint64_t count;		/* 0: there is none */
	uint64_t ns;
	struct key_fields per;
};

struct rule {
	const struct tree_node *source;
	const char *name, *mitre;
	enum event_severity severity;
	const struct piece *pieces;
	size_t n_pieces;
	struct match *exceptions;
	size_t n_exceptions;
	struct window limit, burst, after;
	struct key_fields first_of, first_per;	/* first_of.n 0: not asked */
	struct rule_state *state;
};

/* One match of a rule: it, or what is to come before it. */
struct clause {
	struct match match;
	size_t rule;
	bool before;
};

struct group_cache;

struct ruleset {
	struct pool pool;
	const struct tree_node *lists;	/* of the configuration */
	struct rule *rules;
	size_t n_rules, cap_rules;
	struct clause *clauses;
	size_t n_clauses, cap_clauses;
	struct tree_file **files;
	size_t n_files;
	/* index.c */
	size_t words;			/* of 64 clauses */
	uint64_t *of_type[EVENT_TYPES];
	uint64_t *all;
	struct group_cache *maps, *processes;
	struct buf text;
	uint64_t due_ns;
};

/* compile.c: appends to r. `lists` are those of its file. */
int rule_compile(struct ruleset *r, const struct tree_node *lists, const struct tree_node *node,
		 struct tree_error *error);
void rule_state_free(struct rule_state *state);

#endif
