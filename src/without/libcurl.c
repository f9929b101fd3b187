/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* In place of src/otlp/ where there is no libcurl: says so. */
#include "sinks/type.h"

#define MISSING \
	"this build has no libcurl: use the Debian package, or build it with libcurl4-gnutls-dev"

static const struct sinks_option options[] = { { NULL, SINKS_TEXT, NULL, NULL, 0, 0 } };

const struct sinks_type sinks_otlp = {
	.name = "otlp",
	.help = MISSING,
	.missing = MISSING,
	.options = options,
};
