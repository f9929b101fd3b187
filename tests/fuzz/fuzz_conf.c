/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two configurations, a line "====" between, as before and after a reload. Rules in other files are
 * looked for where there are none.
 *
 * links: src/conf/?*.c src/size.c src/lib/pool.c src/lib/buf.c src/filter.c src/event.c -lyaml
 * links: src/rules/?*.c src/maptype.c src/names.c src/load/hooks.c src/out/bytes.c src/btf/btfval*.c
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf *parse(const void *data, size_t size)
{
	struct tree_error error = { "" };
	struct conf *conf = conf_parse("/nonexistent/f", data, size, &error);

	if (!conf && !error.text[0])
		abort();
	for (const char *c = error.text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char between[] = "\n====\n";
	const uint8_t *at = size > 4096 ? NULL : memmem(data, size, between, sizeof(between) - 1);
	size_t first = at ? (size_t)(at - data) : size;
	struct conf *old, *new = NULL;
	char names[128];

	if (size > 4096)
		return 0;
	old = parse(data, first);
	if (at)
		new = parse(at + sizeof(between) - 1, size - first - (sizeof(between) - 1));
	if (old && new) {
		conf_restart(old, new, names, sizeof(names));
		if (strlen(names) >= sizeof(names))
			abort();
		ruleset_take_over(new->rules, old->rules);
	}
	for (size_t i = 0; old && i < old->n_outputs; i++)
		for (const struct tree_node *o = NULL; (o = conf_option(&old->outputs[i], o));)
			if (!strcmp(o->key->text, "type"))
				abort();
	conf_free(old);
	conf_free(new);
	return 0;
}
