/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The types of outputs, and the keys that all of them have. */
#include <stddef.h>
#include <string.h>

#include "sinks/type.h"
#include "sinks/values.h"

static const struct sinks_type *const types[] = { &sinks_file,	   &sinks_stdout, &sinks_prometheus,
						  &sinks_journald, &sinks_syslog, &sinks_socket,
						  &sinks_sqlite,   &sinks_otlp };

/* 16 MiB hold some 20,000 lines of JSON: a counterpart may be restarted meanwhile. */
const struct sinks_option sinks_options[] = {
	/* The first: see sinks_type_takes(). */
	{ "format", SINKS_TEXT, "", "of the lines: as -o", 0, 0 },
	{ "events", SINKS_LIST, "", "only these types or groups, as -e; default: what -e lets pass",
	  0, 0 },
	{ "map", SINKS_LIST, "", "only these maps: id, name or glob", 0, 0 },
	{ "exclude-map", SINKS_LIST, "", "all but these maps", 0, 0 },
	{ "queue", SINKS_NUMBER, "16M", "bytes of lines that are kept while it is slow or gone",
	  64 << 10, 1 << 30 },
	{ "full", SINKS_TEXT, "",
	  "a full queue: drop (and tell), or wait; default: watch drops, replay waits", 0, 0 },
	{ "linger", SINKS_NUMBER, "5", "seconds that it has at the end for what is in the queue", 0,
	  3600 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

bool sinks_type_takes(const struct sinks_type *type, const struct sinks_option *option)
{
	return type->format || option != &sinks_options[0];
}

const struct sinks_type *sinks_type_at(size_t i)
{
	return i < sizeof(types) / sizeof(types[0]) ? types[i] : NULL;
}

const struct sinks_type *sinks_type_find(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(name, types[i]->name))
			return types[i];
	return NULL;
}

const char *sinks_type_name(const struct sinks_type *type)
{
	return type->name;
}

const char *sinks_type_help(const struct sinks_type *type)
{
	return type->help;
}

const struct sinks_option *sinks_type_options(const struct sinks_type *type)
{
	return type->options;
}

int sinks_check_option(const char *type, const struct sinks_pair *pair, char *why, size_t why_size)
{
	const struct sinks_type *t = sinks_type_find(type);
	struct sinks_values values;
	int err = t ? values_init(&values, t, pair, 1, why, why_size) : 0;

	if (t && !err)
		values_fini(&values);
	return err;
}
