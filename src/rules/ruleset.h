/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules of the user: which events are an alert. They come from YAML, bpfmon-rules(5), are compiled
 * once, and are asked about each event; see src/rules/run.c for how that is cheap.
 */
#ifndef BPFMON_RULESET_H
#define BPFMON_RULESET_H

#include "conf/tree.h"
#include "event.h"

struct ruleset;

/* Given the alert, which lends from the event that fired it. */
typedef void ruleset_put(void *context, struct event *alert);

/* Mappings of name to list of words, or NULL. */
int ruleset_check_lists(const struct tree_node *lists, struct tree_error *error);
/* `lists` of the configuration, or NULL: they go before those of a file. NULL: no memory. */
struct ruleset *ruleset_new(const struct tree_node *lists);
void ruleset_free(struct ruleset *r);

/* A file, or the *.yaml of a folder, by name. 0, or -EINVAL with the error. */
int ruleset_load(struct ruleset *r, const char *path, struct tree_error *error);
/* A list of rules, or a mapping with `lists` and `rules`; its file is lent. */
int ruleset_add_file(struct ruleset *r, const struct tree_node *root, struct tree_error *error);
/* One rule, which is lent. */
int ruleset_add(struct ruleset *r, const struct tree_node *rule, struct tree_error *error);
/* After the last, before events. */
int ruleset_seal(struct ruleset *r, struct tree_error *error);

/* What is counted and remembered by the rules that are in both, word by word. */
void ruleset_take_over(struct ruleset *r, struct ruleset *old);

size_t ruleset_count(const struct ruleset *r);
const char *ruleset_name(const struct ruleset *r, size_t i);
/* Alerts that it raised, or that its limit held back. */
uint64_t ruleset_fired(const struct ruleset *r, size_t i);
/* A bit for each enum event_type that a rule may ask for. */
uint32_t ruleset_types(const struct ruleset *r);
/* Whether a rule may ask for an event of these types about a map, by what of it never changes. */
bool ruleset_asks_map(const struct ruleset *r, uint32_t types, const struct event_map *map);

/*
 * `seq` of its line, or EVENT_SEQ_NONE. Whether a rule fired. An alert of bpfmon's own is asked about
 * before it is written, without a `seq`: where a rule fires, that one's alert stands in its place.
 */
bool ruleset_event(struct ruleset *r, const struct event *e, uint64_t seq, ruleset_put *put,
		   void *context);
/* Tells what limits held back and no alert has told: by then, CLOCK_REALTIME, their time is over. */
void ruleset_tick(struct ruleset *r, uint64_t now_ns, ruleset_put *put, void *context);
/* When that is due; 0: never. */
uint64_t ruleset_due_ns(const struct ruleset *r);
/* The same, whenever it is due. */
void ruleset_end(struct ruleset *r, ruleset_put *put, void *context);

#endif
