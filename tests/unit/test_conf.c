/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration: values, defaults, what is wrong and where, and what a reload can't change. */
#include "conf/conf.h"

#include <stdlib.h>
#include <unistd.h>

#include "rules/ruleset.h"
#include "test.h"

static struct conf *conf;
static struct tree_error error;

/* "": it is good. */
static const char *parse(const char *text)
{
	conf_free(conf);
	error.text[0] = '\0';
	conf = conf_parse("c.yaml", text, strlen(text), &error);
	return error.text;
}

static void defaults(void)
{
	static const char *const empty[] = { "", "# nothing\n", "---\n", "{}" };

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		CHECK_STR(parse(empty[i]), "");
		CHECK_INT(conf->bytes, 64);
		CHECK_INT(conf->buffer, 64 << 20);
		CHECK_INT(conf->heartbeat, 0);
		CHECK_INT(conf->check, 1);
		CHECK_INT(conf->compare_interval, 1);
		CHECK_INT(conf->compare_limit, 1 << 20);
		CHECK_INT(conf->n_outputs, 0);
		CHECK_INT(ruleset_count(conf->rules), 0);
		CHECK(!filter_reads(&conf->filter));
	}
}

static void values(void)
{
	CHECK_STR(
		parse("bytes: 128\nbuffer: 1M\nheartbeat: 60\ncheck-interval: 0\n"
		      "compare-interval: 5\ncompare-limit: 64K\n"
		      "maps: [config, 12, 'fw_*']\npids: 1\ncomms: [a, b*]\nprograms: [on_tick, 31]\n"
		      "exclude: ['map=x,comm=y', pid=7]\nevents: [write, map.lookup]\n"),
		"");
	CHECK_INT(conf->bytes, 128);
	CHECK_INT(conf->buffer, 1 << 20);
	CHECK_INT(conf->heartbeat, 60);
	CHECK_INT(conf->check, 0);
	CHECK_INT(conf->compare_limit, 65536);
	CHECK_INT(conf->filter.only.n_maps, 3);
	CHECK_STR(conf->filter.only.maps[2].text, "fw_*");
	CHECK_INT(conf->filter.only.pids[0], 1);
	CHECK_INT(conf->filter.only.n_comms, 2);
	CHECK_INT(conf->filter.only.n_progs, 2);
	CHECK_INT(conf->filter.except.n_maps, 1);
	CHECK_INT(conf->filter.except.n_pids, 1);
	CHECK(filter_reads(&conf->filter));
	CHECK(!(conf->filter.types >> EVENT_MAP_CREATE & 1));
}

static void outputs(void)
{
	const struct conf_output *o;
	const struct tree_node *option;

	CHECK_STR(
		parse("outputs:\n  - type: file\n    path: /x\n    format: json\n  - {type: other, n: [1]}\n"),
		"");
	CHECK_INT(conf->n_outputs, 2);
	o = &conf->outputs[0];
	CHECK_STR(o->type, "file");
	option = conf_option(o, NULL);
	CHECK_STR(option->key->text, "path");
	CHECK_STR(option->text, "/x");
	CHECK_INT(option->line, 3);
	CHECK_INT(option->column, 11);
	option = conf_option(o, option);
	CHECK_STR(option->key->text, "format");
	CHECK(!conf_option(o, option));
	option = conf_option(&conf->outputs[1], NULL);
	CHECK_INT(option->kind, TREE_LIST);
}

static void rules_and_lists(void)
{
	CHECK_STR(
		parse("rules: [{name: a, severity: low, text: x, match: {process.comm: $x}}]\nlists: {x: [a]}"),
		"");
	CHECK_INT(ruleset_count(conf->rules), 1);
	CHECK(strstr(
		parse("rules: [{name: a, severity: low, text: x, match: {process.comm: $y}}]\nlists: {x: [a]}"),
		"c.yaml:1:65: no list 'y'"));
}

/* A list of the configuration goes before the one of the file, which is found beside it. */
static void a_rule_file(void)
{
	char dir[] = "/tmp/bpfmon-conf-XXXXXX", path[64], name[64], text[256];
	FILE *f;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r.yaml", dir);
	snprintf(name, sizeof(name), "%s/c.yaml", dir);
	f = fopen(path, "w");
	CHECK(f);
	fputs("lists: {good: [a]}\nrules: [{name: a, severity: low, text: x, match: {process.comm: $good}}]\n",
	      f);
	fclose(f);
	snprintf(text, sizeof(text), "lists: {good: [b]}\nrules: [r.yaml]\n");
	conf_free(conf);
	conf = conf_parse(name, text, strlen(text), &error);
	f = fopen(path, "w");
	fputs("rules: [{name: a, severity: no, text: x, match: {}}]\n", f);
	fclose(f);
	CHECK(conf);
	CHECK_INT(ruleset_count(conf->rules), 1);
	CHECK(!conf_parse(name, text, strlen(text), &error));
	snprintf(text, sizeof(text), "%s:1:29: severity 'no'", path);
	CHECK(!strncmp(error.text, text, strlen(text)));
	snprintf(text, sizeof(text), "rules: [%s]\n", dir);
	CHECK(!conf_parse(name, text, strlen(text), &error));
	CHECK(strstr(error.text, "severity 'no'"));
	unlink(path);
	rmdir(dir);
	CHECK(!conf_parse(name, text, strlen(text), &error));
	CHECK(strstr(error.text, "c.yaml:1:9: cannot open rules"));
}

static void what_is_wrong(void)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{ "foo: 1", "c.yaml:1:1: unknown key 'foo', one of maps, pids" },
		{ "\n bytes: x", "c.yaml:2:9: 'x' for bytes, a number is expected" },
		{ "bytes: 4097", "c.yaml:1:8: bytes 4097, from 0 to 4096 is expected" },
		{ "buffer: 1", "from 65536 to 1073741824" },
		{ "bytes: 1\nbytes: 2", "c.yaml:2:1: duplicate key 'bytes', first in line 1" },
		{ "bytes: [1]", "c.yaml:1:8: 'bytes' is a list, one word or number is expected" },
		{ "bytes:", "'bytes' is nothing" },
		{ "events: [nothing]", "c.yaml:1:10: events: 'nothing' is no event type" },
		{ "pids: [x]", "'x' is not a pid" },
		{ "maps: [{a: b}]", "a mapping, one word or number is expected" },
		{ "exclude: x", "none of map=MAP" },
		{ "rules: x", "'rules' is one word, a list is expected" },
		{ "rules: [[a]]", "a list, a rule or the path" },
		{ "rules: ['']", "no path" },
		{ "lists: {a: b}", "'a' is one word, a list is expected" },
		{ "lists: [a]", "a mapping of keys and values is expected" },
		{ "outputs: [{}]", "c.yaml:1:11: an output without 'type'" },
		{ "outputs: [{type: [a]}]", "'type' is a list" },
		{ "outputs: [a]", "a mapping of keys" },
		{ "- a", "c.yaml:1:1: a list, a mapping of keys and values is expected" },
		{ "a: b: c", "YAML is expected" },
		{ "a: [b", "YAML is expected" },
		{ "a: &x 1", "an anchor" },
		{ "a: *x", "an alias" },
		{ "a: !!int 1", "a tag" },
		{ "? [a]\n: b", "a key is a list, a word is expected" },
		{ "a: \"\\0\"", "a NUL byte" },
		{ "---\na: 1\n---\nb: 1", "a second document" },
		{ "a: \x1b", "control" },
		{ "a: \"\\e[2J\": x", "c.yaml:1:" },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a", "nested more than 24 deep" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!strstr(parse(wrong[i].text), wrong[i].said) || strchr(error.text, '\x1b'))
			FAIL("%s: \"%s\"", wrong[i].text, error.text);
}

static void a_restart(void)
{
	static const struct {
		const char *old, *now, *names;
	} cases[] = {
		{ "bytes: 64", "", "" },
		{ "bytes: 65", "", "bytes" },
		{ "pids: 1", "pids: 2", "" },
		{ "events: write", "exclude: comm=x", "" },
		{ "maps: a", "maps: [b]", "maps" },
		{ "exclude: map=a", "exclude: map=b", "exclude" },
		{ "exclude: ['map=a', comm=x]", "exclude: map=a", "" },
		{ "rules: []", "lists: {a: [b]}", "" },
		{ "outputs: [{type: a}]", "buffer: 1M\noutputs: [{type: b}]", "buffer, outputs" },
	};
	char names[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *old = conf_parse("c.yaml", cases[i].old, strlen(cases[i].old), &error);

		CHECK_STR(parse(cases[i].now), "");
		conf_restart(old, conf, names, sizeof(names));
		conf_free(old);
		CHECK_STR(names, cases[i].names);
	}
}

static void files(void)
{
	CHECK(!conf_load("/nonexistent/c.yaml", &error));
	CHECK_STR(error.text, "cannot open /nonexistent/c.yaml: No such file or directory");
	CHECK(!conf_load("/tmp", &error));
	CHECK_STR(error.text, "cannot read /tmp: it is no file; a YAML file is expected");
	CHECK(!conf_load("/dev/zero", &error));
}

int main(void)
{
	RUN(defaults);
	RUN(values);
	RUN(outputs);
	RUN(rules_and_lists);
	RUN(a_rule_file);
	RUN(what_is_wrong);
	RUN(a_restart);
	RUN(files);
	conf_free(conf);
	return TEST_STATUS();
}
