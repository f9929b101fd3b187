/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which events a user asked for: by map, process, command, program and event type. Parsing is
 * pure (no kernel is asked), so that it can be fuzzed; pinned paths are resolved by the command.
 */
#ifndef BPFMON_FILTER_H
#define BPFMON_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

enum match_kind { MATCH_ID, MATCH_NAME, MATCH_PIN };

/* One MAP of the command line. */
struct map_match {
	enum match_kind kind;
	uint32_t id;		/* MATCH_ID, and MATCH_PIN once resolved */
	const char *text;	/* as given: a name, a glob, or a path; lent from the command line */
};

/* One BPF program. */
struct prog_match {
	uint32_t id;		/* 0: by name */
	const char *name;	/* a glob; lent */
};

#define FILTER_MAX 64	/* of each list; more is refused with a message */

struct filter_list {
	struct map_match maps[FILTER_MAX];
	size_t n_maps;
	uint32_t pids[FILTER_MAX];
	size_t n_pids;
	const char *comms[FILTER_MAX];	/* globs */
	size_t n_comms;
	struct prog_match progs[FILTER_MAX];
	size_t n_progs;
};

struct filter {
	struct filter_list only;	/* an empty list lets all through */
	struct filter_list except;
	uint32_t types;			/* bit for each enum event_type */
};

void filter_init(struct filter *f);

/* Each is given the option's word. 0, or -EINVAL with what is wrong in `why`. */
int filter_add_map(struct filter_list *list, const char *word, char *why, size_t why_size);
int filter_add_pid(struct filter_list *list, const char *word, char *why, size_t why_size);
int filter_add_comm(struct filter_list *list, const char *word, char *why, size_t why_size);
int filter_add_prog(struct filter_list *list, const char *word, char *why, size_t why_size);
/* "map=..,comm=..,pid=..,prog=.."; cuts the word up in place. */
int filter_add_except(struct filter *f, char *word, char *why, size_t why_size);
/* A bit for each enum event_type that is named so, or is in the group named so; 0: none. */
uint32_t filter_types(const char *name);
/* "open,write,map.free"; cuts the word up in place. */
int filter_set_types(struct filter *f, char *word, char *why, size_t why_size);

/* By the map alone: whether anything about it can be of interest. */
bool filter_map(const struct filter *f, uint32_t id, const char *name, size_t name_size);
bool filter_event(const struct filter *f, const struct event *e);
/* The same but for its type: rules are asked about events that nobody wants written, too. */
bool filter_subject(const struct filter *f, const struct event *e);

/* Whether any map.change can pass. It has no process and no program, only suspects. */
bool filter_changes(const struct filter *f);

/* Whether it must be known in whose context a program wrote: a summary does not tell. */
bool filter_needs_process(const struct filter *f);

/* Whether lookups are asked for: by default they are not. */
bool filter_reads(const struct filter *f);

#endif
