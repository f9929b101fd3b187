/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What snapshot and verify have in common on the command line. */
#ifndef BPFMON_CMD_BASELINE_H
#define BPFMON_CMD_BASELINE_H

#include "baseline/ask.h"
#include "baseline/rules.h"

struct cmd;

struct baseline_options {
	struct rules rules;
	const char *operand;
	bool json, help;
};

/* `letters` are the command's short options. -EINVAL: it was said what is wrong. */
int baseline_parse(struct baseline_options *o, const struct cmd *cmd, const char *letters, int argc,
		   char **argv);
/*
 * Pinned paths to ids, and ids of another boot to none. `strict`: a path must be that of a map. The
 * exit status.
 */
int baseline_resolve(struct rules *r, bool strict, bool same_boot);
/* Each map that was asked for must be there. The exit status. */
int baseline_check_maps(const struct rules *r, const struct inventory *inv);
bool baseline_want(void *context, uint32_t id, const char *name);
/* Whether that is the id of the boot that this is. */
bool baseline_same_boot(const char *boot_id);
/* What was left out. */
void baseline_say_rules(const struct rules *r);

#endif
