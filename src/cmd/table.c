/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list of commands, and what they share in talking to the user. */
#include "cmd/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

const struct cmd *const cmds[] = {
	&cmd_watch,	 &cmd_top,	&cmd_run,   &cmd_check, &cmd_learn,
	&cmd_test_rules, &cmd_replay,	&cmd_query, &cmd_maps,	&cmd_snapshot,
	&cmd_verify,	 &cmd_features, &cmd_help,  NULL,
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *c = cmds; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

void cmd_usage(const struct cmd *cmd)
{
	printf("Usage: bpfmon %s%s%s%s\n%s.\n\n%s", cmd->name, *cmd->usage ? " [OPTION]..." : "",
	       cmd->operand ? " " : "", cmd->operand ?: "", cmd->summary, cmd->usage);
}

int cmd_bad_option(const struct cmd *cmd, int result, char **argv)
{
	const char *word = argv[optind - 1];

	if (result == ':')
		log_error("option %s needs a value; see bpfmon %s --help", word, cmd->name);
	else if (optopt && strncmp(word, "--", 2))
		log_error("unknown option -%c; see bpfmon %s --help", optopt, cmd->name);
	else
		log_error("unknown option %s; see bpfmon %s --help", word, cmd->name);
	return STATUS_USAGE;
}

int cmd_format(const char *word, bool *json)
{
	*json = !strcmp(word, "json");
	if (*json || !strcmp(word, "text"))
		return 0;
	log_error("no output format '%s'; there are: text, json", word);
	return -EINVAL;
}
