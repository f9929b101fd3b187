/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* In place of src/store/ where there is no SQLite: says so. */
#include "cmd/cmd.h"
#include "lib/log.h"
#include "sinks/type.h"

#define MISSING "this build has no SQLite: use the Debian package, or build it with libsqlite3-dev"

static const struct sinks_option options[] = { { NULL, SINKS_TEXT, NULL, NULL, 0, 0 } };

const struct sinks_type sinks_sqlite = {
	.name = "sqlite",
	.help = MISSING,
	.missing = MISSING,
	.options = options,
};

static int query(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	log_error("query: " MISSING);
	return STATUS_USAGE;
}

const struct cmd cmd_query = { "query", "read a local store of events", MISSING ".\n", query,
			       NULL };
