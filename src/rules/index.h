/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The matches that an event fulfils, found without asking each; see index.c. */
#ifndef BPFMON_RULES_INDEX_H
#define BPFMON_RULES_INDEX_H

#include "rules/rule.h"

/* After all rules were compiled. False: no memory. */
bool ruleset_index(struct ruleset *r);
void ruleset_index_free(struct ruleset *r);

/* Calls for each match that holds, in the order of the rules. */
void index_event(struct ruleset *r, const struct event *e,
		 void (*each)(void *context, const struct clause *clause), void *context);

#endif
