/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list of output formats. */
#include "out/out.h"

#include <string.h>

static const struct out_format *const formats[] = { &out_text, &out_json, &out_ecs, &out_ocsf };

const struct out_format *out_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(name, formats[i]->name))
			return formats[i];
	return NULL;
}

const char *out_names(void)
{
	return "text, json, ecs, ocsf";
}
