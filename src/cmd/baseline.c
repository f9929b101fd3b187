/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of snapshot and verify; see baseline.h. */
#include "cmd/baseline.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "inventory/pinwalk.h"
#include "lib/log.h"

enum { OPT_NO_CONTENT = 256, OPT_IGNORE };

static int set_option(struct baseline_options *o, int c, char *word)
{
	const char *rule = c == 'm'	   ? "map" :
			   c == 'x'	   ? "exclude" :
			   c == OPT_IGNORE ? "ignore" :
					     "no-content";
	char why[256];

	switch (c) {
	case 'o':
		return cmd_format(word, &o->json);
	case 'q':
		log_set_level(LOG_WARN);
		return 0;
	case 'v':
		log_set_level(LOG_DEBUG);
		return 0;
	case 'h':
		o->help = true;
		return 0;
	}
	if (!rules_add(&o->rules, rule, word, why, sizeof(why)))
		return 0;
	log_error("%s", why);
	return -EINVAL;
}

int baseline_parse(struct baseline_options *o, const struct cmd *cmd, const char *letters, int argc,
		   char **argv)
{
	static const struct option options[] = {
		{ "map", required_argument, NULL, 'm' },
		{ "exclude", required_argument, NULL, 'x' },
		{ "no-content", required_argument, NULL, OPT_NO_CONTENT },
		{ "ignore", required_argument, NULL, OPT_IGNORE },
		{ "output", required_argument, NULL, 'o' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	bool verifies = strchr(letters, 'o');
	char all[32];
	int c;

	snprintf(all, sizeof(all), ":%s", letters);
	while ((c = getopt_long(argc, argv, all, options, NULL)) != -1) {
		bool foreign = (c == OPT_IGNORE || c == 'o') ? !verifies : c == 'm' && verifies;

		if (c == '?' || c == ':' || foreign) {
			cmd_bad_option(cmd, foreign ? '?' : c, argv);
			return -EINVAL;
		}
		if (set_option(o, c, optarg))
			return -EINVAL;
	}
	if (argc - optind > 1) {
		log_error("one file at a time: '%s' is too much", argv[optind + 1]);
		return -EINVAL;
	}
	o->operand = argv[optind];
	return 0;
}

static int resolve(struct filter_list *list, bool strict, bool same_boot)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		struct map_match *m = &list->maps[i];
		char why[512];
		int err;

		if (m->kind == MATCH_ID && !same_boot) {
			log_warn(
				"the rule for map %u holds no more: ids are others since the host was booted",
				m->id);
			m->id = 0;
		}
		if (m->kind != MATCH_PIN || m->id)
			continue;
		err = pinwalk_map_id(m->text, &m->id, why, sizeof(why));
		if (err && strict) {
			log_error("%s", why);
			return err == -EPERM ? STATUS_FAILED : STATUS_USAGE;
		}
		if (err)
			log_warn("the rule for %s holds for no map: %s", m->text, why);
	}
	return STATUS_DONE;
}

int baseline_resolve(struct rules *r, bool strict, bool same_boot)
{
	int status = resolve(&r->maps.only, strict, same_boot);

	if (!status)
		status = resolve(&r->maps.except, strict, same_boot);
	return status ?: resolve(&r->no_content.only, strict, same_boot);
}

int baseline_check_maps(const struct rules *r, const struct inventory *inv)
{
	for (size_t i = 0; i < r->maps.only.n_maps; i++) {
		const struct map_match *m = &r->maps.only.maps[i];
		struct filter one = { .only = { .maps = { *m }, .n_maps = 1 } };
		size_t at = 0;

		while (at < inv->n_maps &&
		       !filter_map(&one, inv->maps[at].id, inv->maps[at].name, EVENT_NAME_BYTES))
			at++;
		if (at < inv->n_maps)
			continue;
		if (m->kind == MATCH_NAME)
			log_error("no map is named '%s'; bpfmon maps lists them", m->text);
		else
			log_error("no map has id %u; bpfmon maps lists them", m->id);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

bool baseline_want(void *context, uint32_t id, const char *name)
{
	return rules_want(context, id, name);
}

bool baseline_same_boot(const char *boot_id)
{
	char now[64];

	ask_boot_id(now, sizeof(now));
	return *boot_id && !strcmp(now, boot_id);
}

static void say(const char *what, const struct filter_list *list)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		if (list->maps[i].text)
			log_info("%s %s", what, list->maps[i].text);
		else
			log_info("%s %u", what, list->maps[i].id);
	}
}

void baseline_say_rules(const struct rules *r)
{
	say("only map", &r->maps.only);
	say("left out: map", &r->maps.except);
	say("left out: content of map", &r->no_content.only);
}
