/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon help [COMMAND]: what there is to do. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "lib/log.h"

static int help(int argc, char **argv)
{
	const struct cmd *cmd = argc > 1 ? cmd_find(argv[1]) : NULL;

	if (argc > 1 && !cmd) {
		log_error("no command '%s'; see bpfmon help", argv[1]);
		return STATUS_USAGE;
	}
	if (cmd) {
		cmd_usage(cmd);
		return STATUS_DONE;
	}
	printf("Usage: bpfmon [COMMAND] [OPTION]...\n"
	       "Tells who changed an eBPF map, what they changed, and how.\n\nCommands:\n");
	for (const struct cmd *const *c = cmds; *c; c++)
		printf("  %-10s %s\n", (*c)->name, (*c)->summary);
	printf("\nWithout a command: watch. Options of a command: bpfmon COMMAND --help.\n"
	       "bpfmon --version prints the version.\n"
	       "Exit status: 0 done; 1 could not do it; 2 bad usage or bad input; 3 verify found a difference.\n");
	return STATUS_DONE;
}

const struct cmd cmd_help = { "help", "this list, or the options of a command", "", help,
			      "[COMMAND]" };
