/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon run: watches as a configuration says, with its rules, and reads it again on SIGHUP; and
 * bpfmon check: whether it can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/outputs.h"
#include "cmd/watch.h"
#include "conf/conf.h"
#include "rules/fields.h"
#include "stop.h"

struct service {
	const char *path;
	/* The first one is kept: the kernel side goes by its maps, and outputs by its outputs. */
	struct conf *first, *now;
	struct ruleset *rules;	/* of `now` */
	struct watch watch;
};

/* ---- the configuration ---- */

/* What is decided in user space. The maps stay those of the first. */
static void use_filter(struct service *s, const struct conf *conf)
{
	const struct filter *first = &s->first->filter;
	struct filter *f = &s->watch.common.filter;

	*f = conf->filter;
	memcpy(f->only.maps, first->only.maps, sizeof(f->only.maps));
	memcpy(f->except.maps, first->except.maps, sizeof(f->except.maps));
	f->only.n_maps = first->only.n_maps;
	f->except.n_maps = first->except.n_maps;
}

static bool asks_lookups(const struct conf *conf)
{
	return filter_reads(&conf->filter) || ruleset_types(conf->rules) >> EVENT_MAP_LOOKUP & 1;
}

/* ---- outputs ---- */

/* A pair for each value: a list is a key that is given several times. */
static int output_pairs(const struct conf_output *o, struct sinks_pair pairs[SINKS_PAIRS],
			size_t *n, struct tree_error *error)
{
	const struct tree_node *option = NULL;
	char why[512];

	*n = 0;
	while ((option = conf_option(o, option))) {
		const struct tree_node *value = option->kind == TREE_LIST ? option->first : option;

		for (; value; value = value == option ? NULL : value->next) {
			int err = tree_want(value, TREE_SCALAR, error);

			if (err)
				return err;
			if (*n == SINKS_PAIRS)
				return tree_fail(error, value, "more than %d values of one output",
						 SINKS_PAIRS);
			pairs[*n] = (struct sinks_pair){ option->key->text, value->text };
			if (sinks_check_option(o->type, &pairs[(*n)++], why, sizeof(why)))
				return tree_fail(error, option->key, "%s", why);
		}
	}
	return 0;
}

/* What can be said before anything is opened. */
static int check_outputs(const struct conf *conf, struct tree_error *error)
{
	struct sinks_pair pairs[SINKS_PAIRS];
	bool has_stdout = false;
	char why[512];
	size_t n;

	for (size_t i = 0; i < conf->n_outputs; i++) {
		const struct conf_output *o = &conf->outputs[i];
		int err = output_pairs(o, pairs, &n, error);

		if (err)
			return err;
		if (!strcmp(o->type, "stdout")) {
			if (has_stdout)
				return tree_fail(error, o->at, "output stdout: it is given twice");
			has_stdout = true;
		}
		if (sinks_check(o->type, pairs, n, why, sizeof(why)))
			return tree_fail(error, o->at, "%s", why);
	}
	return 0;
}

/* All that can be said without a kernel. NULL: `error` says why. */
static struct conf *load(const char *path, struct tree_error *error)
{
	struct conf *conf = conf_load(path, error);

	if (!conf || !check_outputs(conf, error))
		return conf;
	conf_free(conf);
	return NULL;
}

/* The same; what is wrong is said. */
static struct conf *load_or_say(const char *path)
{
	struct tree_error error;
	struct conf *conf = load(path, &error);

	if (!conf)
		log_error("%s", error.text);
	return conf;
}

/* ---- reading it again ---- */

static bool reload(struct service *s)
{
	struct tree_error error;
	struct conf *conf = load(s->path, &error);
	char restart[256];

	if (!conf) {
		log_error("%s; the configuration of before stays in use", error.text);
		return false;
	}
	conf_restart(s->first, conf, restart, sizeof(restart));
	ruleset_take_over(conf->rules, s->rules);
	if (s->now != s->first)
		conf_free(s->now);
	s->now = conf;
	s->rules = conf->rules;
	use_filter(s, conf);
	log_info("%s read again, %zu rules", s->path, ruleset_count(conf->rules));
	if (*restart)
		log_warn("%s: a change of %s takes effect with a restart", s->path, restart);
	if (asks_lookups(conf) && !s->watch.lookups)
		log_warn("%s: map.lookup is told after a restart", s->path);
	return true;
}

static bool between(void *context)
{
	bool changed = false;

	while (stop_reload())
		changed |= reload(context);
	return changed;
}

/* ---- begin ---- */

static int open_sink(struct watch *w, const struct record_info *info, struct sink *sink)
{
	const struct service *s = w->context;
	const struct conf *conf = s->first;
	struct sinks_pair pairs[SINKS_PAIRS];
	struct tree_error error;
	char why[512];
	size_t n;
	int err;

	w->common.no_text = conf->n_outputs;
	err = options_sink(&w->common, info, stop_insisted, sink);
	if (err || !conf->n_outputs)
		return err;
	err = outputs_new(w->common.waits, stop_insisted, sink);
	if (err)
		return err;
	for (size_t i = 0; i < conf->n_outputs; i++) {
		err = output_pairs(&conf->outputs[i], pairs, &n, &error);
		if (err)
			return outputs_fail(sink, err, error.text);
		err = sinks_add(sink->more, conf->outputs[i].type, pairs, n, why, sizeof(why));
		if (!err)
			continue;
		tree_fail(&error, conf->outputs[i].at, "%s", why);
		return outputs_fail(sink, err, error.text);
	}
	return outputs_start(&w->common, sink);
}

/* ---- run ---- */

static void use_settings(struct service *s)
{
	const struct conf *c = s->first;
	struct watch *w = &s->watch;

	use_filter(s, c);
	w->common.bytes = c->bytes;
	w->buffer = c->buffer;
	w->heartbeat = c->heartbeat;
	w->check = c->check;
	w->compare_interval = c->compare_interval;
	w->compare_limit = c->compare_limit;
	w->summary_after = c->summary_after;
	w->lookups = asks_lookups(c);
	w->rules = &s->rules;
	w->between = between;
	w->context = s;
	w->open_sink = open_sink;
}

static int serve(struct service *s)
{
	int status;

	s->first = s->now = load_or_say(s->path);
	if (!s->first)
		return STATUS_USAGE;
	s->rules = s->first->rules;
	use_settings(s);
	log_info("%s read, %zu rules", s->path, ruleset_count(s->rules));
	status = watch_run(&s->watch);
	if (s->now != s->first)
		conf_free(s->now);
	conf_free(s->first);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	struct service s = { .path = CONF_DEFAULT };
	int c;

	options_init(&s.watch.common);
	while ((c = getopt_long(argc, argv, ":c:qvh", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return cmd_bad_option(&cmd_run, c, argv);
		if (c == 'h') {
			cmd_usage(&cmd_run);
			return STATUS_DONE;
		}
		if (c == 'c')
			s.path = optarg;
		else if (options_set(&s.watch.common, c, optarg))
			return STATUS_USAGE;
	}
	if (optind < argc) {
		log_error("'%s' is not expected; see bpfmon run --help", argv[optind]);
		return STATUS_USAGE;
	}
	log_set_level(s.watch.common.level);
	return serve(&s);
}

const struct cmd cmd_run = {
	"run",
	"watch as a configuration says, with rules; SIGHUP reads it again",
	"  -c, --config FILE      the configuration (default " CONF_DEFAULT "),\n"
	"                         see bpfmon.conf(5) and bpfmon-rules(5)\n"
	"  -q, --quiet            only warnings and errors on stderr\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"SIGHUP reads the file and its rules again; one that is wrong leaves all as it was.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or a bad configuration.\n",
	run,
	NULL,
};

/* ---- check ---- */

/* What a configuration and rules may have. */
static int describe(void)
{
	struct buf b = {};
	int failed;

	conf_describe(&b);
	buf_str(&b, "\nFields of rules:\n");
	for (const struct rule_field *f = rule_fields; f->name; f++) {
		size_t start = b.len;

		buf_str(&b, f->name);
		buf_pad(&b, start, 22);
		buf_printf(&b, "%s\n", f->help);
	}
	failed = b.failed || fwrite(b.data, 1, b.len, stdout) != b.len || fflush(stdout);
	buf_fini(&b);
	return failed ? STATUS_FAILED : STATUS_DONE;
}

static int check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "keys", no_argument, NULL, 'k' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	struct conf *conf;
	int c;

	while ((c = getopt_long(argc, argv, ":qh", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return cmd_bad_option(&cmd_check, c, argv);
		if (c == 'h') {
			cmd_usage(&cmd_check);
			return STATUS_DONE;
		}
		if (c == 'k')
			return describe();
		log_set_level(LOG_WARN);
	}
	if (optind < argc - 1) {
		log_error("'%s' is not expected: give one file", argv[optind + 1]);
		return STATUS_USAGE;
	}
	conf = load_or_say(optind < argc ? argv[optind] : CONF_DEFAULT);
	if (!conf)
		return STATUS_USAGE;
	log_info("%s: good, %zu rules", conf->file->name, ruleset_count(conf->rules));
	conf_free(conf);
	return STATUS_DONE;
}

const struct cmd cmd_check = {
	"check",
	"tell whether a configuration and its rules can be read",
	"      --keys             print the keys of a configuration and the fields of rules\n"
	"  -q, --quiet            only errors on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"FILE is " CONF_DEFAULT " when none is given. Needs no privilege.\n"
	"Exit status: 0 it is good; 2 it is not, and where.\n",
	check,
	"[FILE]",
};
