/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands: one file each, one row in table.c. A command parses its own options and returns the
 * exit status.
 */
#ifndef BPFMON_CMD_H
#define BPFMON_CMD_H

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,	/* no privilege, no BTF, a hook that must attach did not */
	STATUS_USAGE = 2,	/* bad usage or bad input */
};

struct cmd {
	const char *name;
	const char *summary;
	const char *usage;	/* for --help: options, one a line */
	/* argv[0] is the command's name. */
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_watch, cmd_features, cmd_help;

/* Ended by NULL. */
extern const struct cmd *const cmds[];

const struct cmd *cmd_find(const char *name);
void cmd_usage(const struct cmd *cmd);
/* After getopt_long() returned '?' or ':' for argv: says which option, returns STATUS_USAGE. */
int cmd_bad_option(const struct cmd *cmd, int result, char **argv);

#endif
