/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Words of -m, -p, -c, --prog (g), -x and -e, one a line, each led by the option's letter; then
 * the filter that they make is asked about events.
 *
 * links: src/filter.c src/event.c
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int add(struct filter *f, char option, char *word)
{
	char why[64];

	switch (option) {
	case 'm':
		return filter_add_map(&f->only, word, why, sizeof(why));
	case 'p':
		return filter_add_pid(&f->only, word, why, sizeof(why));
	case 'c':
		return filter_add_comm(&f->only, word, why, sizeof(why));
	case 'g':
		return filter_add_prog(&f->only, word, why, sizeof(why));
	case 'x':
		return filter_add_except(f, word, why, sizeof(why));
	case 'e':
		return filter_set_types(f, word, why, sizeof(why));
	default:
		return 0;
	}
}

static void ask(const struct filter *f)
{
	char full[EVENT_NAME_BYTES];
	struct event_prog prog = { .id = 31 };
	struct event e = { .type = EVENT_MAP_UPDATE,
			   .program = &prog,
			   .map = { .id = 12, .known = true } };

	memset(full, 'a', sizeof(full));
	memset(prog.name, 'a', sizeof(prog.name));
	e.map.name = full;
	e.task.comm = full;
	filter_event(f, &e);
	full[4] = '\0';
	e.map.known = false;
	e.type = EVENT_MAP_FREE;
	filter_event(f, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter f;
	char *text = malloc(size + 1), *word, *save = NULL;

	/* Longer globs only take longer: a name has 16 bytes. */
	if (!text || size > 1024) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	filter_init(&f);
	for (word = strtok_r(text, "\n", &save); word; word = strtok_r(NULL, "\n", &save))
		if (add(&f, word[0], word + 1))
			break;
	ask(&f);
	free(text);
	return 0;
}
