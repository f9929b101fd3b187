/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Anybody's bytes as a word of YAML that, as a pattern of a rule, matches them: wildcards and the $
 * of lists are escaped, and what YAML can't hold is a wildcard.
 */
#ifndef BPFMON_NORMAL_WORD_H
#define BPFMON_NORMAL_WORD_H

#include "lib/buf.h"

enum word_as {
	WORD_EXACT,
	WORD_SHAPE,	/* any digit in place of each digit */
	WORD_NUMBERS,	/* any number in place of each number */
	WORD_CGROUP,	/* the same in names of cgroups that are made for one session or start */
};

void word_put(struct buf *b, const char *text, size_t len, enum word_as as);
bool word_has_digit(const char *text, size_t len);
/* Whether the word matches nothing but these bytes. */
bool word_is_utf8(const char *text, size_t len);

#endif
