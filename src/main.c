/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon: picks the command; everything else is the command's. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "lib/log.h"
#include "version.h"

int main(int argc, char **argv)
{
	const struct cmd *cmd = &cmd_watch;

	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("bpfmon %s\n", BPFMON_VERSION);
		return STATUS_DONE;
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		cmd = &cmd_help;
		argv[1] = argv[0];
		argc = 1;
	} else if (argc > 1 && argv[1][0] != '-') {
		cmd = cmd_find(argv[1]);
		if (!cmd) {
			log_error("no command '%s'; see bpfmon help", argv[1]);
			return STATUS_USAGE;
		}
		argv++;
		argc--;
	}
	return cmd->run(argc, argv);
}
