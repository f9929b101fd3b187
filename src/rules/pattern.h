/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the value of a field is held against: a text, a glob, a number, bytes. */
#ifndef BPFMON_RULES_PATTERN_H
#define BPFMON_RULES_PATTERN_H

#include "rules/fields.h"

struct pattern {
	bool glob;	/* text with wildcards; bytes: only the first are given */
	const char *text;
	size_t len;
	bool has_number;
	int64_t number;
};

/* Of a whole text without a NUL: * any bytes, also /; ? one; [a-z], [!a-z]; \ takes the next. */
bool glob_match(const char *glob, size_t glob_len, const char *text, size_t len);
bool glob_is(const char *text);

bool pattern_matches(const struct pattern *p, const struct fact *fact);

#endif
