/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two sets of facts against each other: which thing of the one is which of the other, and what
 * differs. While the host was not booted, by id and what can't change; else, and for what is gone
 * since, by pin, then by what describes it. Several that fit are told, and none is chosen, unless
 * they are alike in all that is compared.
 */
#ifndef BPFMON_BASELINE_COMPARE_H
#define BPFMON_BASELINE_COMPARE_H

#include "baseline/facts.h"
#include "baseline/snapfile.h"

struct compare {
	struct facts *was, *now;
	bool same_boot, same_kernel;
};

struct diff {
	const char *kind; /* "map", "map.element", ... and */
	const char *what; /* "changed": together they name the difference */
	const struct fact *was, *now; /* NULL: there is none */
	const struct attr *old, *new; /* of an attribute */
	/* Of an element: each NULL where there is none; values are of value_len bytes, or text. */
	const struct snap_parts *old_entry, *new_entry;
	const char *text; /* why something was not compared */
};

typedef void diff_told(void *context, const struct diff *d);

/* Sets mates on both sides. 0, or -ENOMEM. */
int compare_match(const struct compare *c);
/* All that differs in facts, after compare_match(). */
void compare_facts(const struct compare *c, diff_told *told, void *context);
/*
 * What differs between two entries with one key, or at one side only. False: nothing, or an id
 * alone, which means nothing after a reboot.
 */
bool compare_entry(const struct compare *c, const struct snap_parts *was,
		   const struct snap_parts *now);

#endif
