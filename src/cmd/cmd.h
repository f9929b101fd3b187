/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands: one file each, one row in table.c. A command parses its own options and returns the
 * exit status.
 */
#ifndef BPFMON_CMD_H
#define BPFMON_CMD_H

#include <stdbool.h>

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,	/* no privilege, no BTF, a hook that must attach did not */
	STATUS_USAGE = 2,	/* bad usage or bad input */
	STATUS_DIFFERS = 3,	/* verify: something is not as it was */
};

struct cmd {
	const char *name;
	const char *summary;
	const char *usage;	/* for --help: options, one a line */
	/* argv[0] is the command's name. */
	int (*run)(int argc, char **argv);
	const char *operand;	/* for --help; NULL: it takes none */
};

extern const struct cmd cmd_watch, cmd_replay, cmd_maps, cmd_snapshot, cmd_verify, cmd_features,
	cmd_help, cmd_run, cmd_check, cmd_learn, cmd_test_rules, cmd_top, cmd_query;

/* Ended by NULL. */
extern const struct cmd *const cmds[];

const struct cmd *cmd_find(const char *name);
void cmd_usage(const struct cmd *cmd);
/* After getopt_long() returned '?' or ':' for argv: says which option, returns STATUS_USAGE. */
int cmd_bad_option(const struct cmd *cmd, int result, char **argv);
/* The word of -o of a command that is not of events. -EINVAL: it was said that there is none. */
int cmd_format(const char *word, bool *json);

#endif
