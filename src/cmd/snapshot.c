/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon snapshot: maps with their content, pins, programs and what they are attached to, to a file. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baseline/snapfile.h"
#include "cmd/baseline.h"
#include "cmd/cmd.h"
#include "lib/bpflog.h"
#include "lib/log.h"
#include "maptype.h"

struct snapshot {
	struct baseline_options options;
	struct ask ask;
	struct snap_writer *out;
	uint64_t entries, unstable;
};

static int put_sorted(struct snapshot *s, uint32_t number, struct sort *sort, uint64_t *entries)
{
	const uint8_t *entry;
	size_t len;
	int got = sort_end(sort);

	while (!got && (got = sort_next(sort, &entry, &len)) > 0) {
		snap_put_entry(s->out, number, entry, len);
		++*entries;
		got = 0;
	}
	return got;
}

static void put_end(struct snapshot *s, const struct inv_map *m, uint32_t number, uint64_t entries,
		    const struct ask_end *end)
{
	struct facts facts = {};
	struct fact *f = facts_add(&facts, FACT_CONTENT);

	fact_number(&facts, f, ATTR_MAP, number);
	fact_number(&facts, f, ATTR_ENTRIES, entries);
	fact_number(&facts, f, ATTR_UNSTABLE, end->unstable);
	if (end->reason)
		fact_string(&facts, f, ATTR_REASON, end->reason);
	if (end->error)
		fact_number(&facts, f, ATTR_ERROR, (uint64_t)-end->error);
	if (f)
		snap_put_fact(s->out, f);
	facts_fini(&facts);
	s->entries += entries;
	s->unstable += end->unstable;
	if (end->unstable)
		log_warn(
			"map %u (%.16s) changed while it was read: its content is of no one moment",
			m->id, m->name);
	if (end->error)
		log_warn("map %u (%.16s) could not be read to its end: %s", m->id, m->name,
			 strerror(-end->error));
}

static int put_content(struct snapshot *s, const struct inv_map *m, uint32_t number)
{
	struct sort *sort = sort_new(1, m->key_size, maptype_is_array(m->type), SORT_MEMORY);
	struct ask_end end = {};
	uint64_t entries = 0;
	int err = sort ? 0 : -ENOMEM;

	if (!rules_want_content(&s->options.rules, m->id, m->name))
		end.reason = "left out by rule";
	else if (!err)
		err = ask_content(&s->ask, m, sort, &end);
	if (!err)
		err = put_sorted(s, number, sort, &entries);
	/* A walk that meets a key again was moved while it went. */
	if (!err)
		end.unstable |= sort_repeated(sort) > 0;
	if (!err)
		put_end(s, m, number, entries, &end);
	else
		log_error("cannot sort the elements of map %u: %s", m->id, strerror(-err));
	sort_free(sort);
	return err;
}

static int put_all(struct snapshot *s)
{
	struct facts *facts = &s->ask.facts;
	int err = 0;

	rules_put(&s->options.rules, facts);
	for (size_t i = 0; i < s->ask.inv->n_gaps; i++)
		fact_string(facts, facts_add(facts, FACT_GAP), ATTR_REASON, s->ask.inv->gaps[i]);
	for (size_t i = 0; i < facts->n; i++)
		snap_put_fact(s->out, &facts->list[i]);
	for (size_t i = 0; !err && !snap_error(s->out) && i < s->ask.inv->n_maps; i++)
		err = put_content(s, &s->ask.inv->maps[i], (uint32_t)i);
	return err ?: facts->failed ? -ENOMEM : 0;
}

static int run(struct snapshot *s)
{
	int status = baseline_resolve(&s->options.rules, true, true), err;

	if (status)
		return status;
	status = ask_host(&s->ask, baseline_want, &s->options.rules,
			  !s->options.rules.maps.only.n_maps);
	if (status)
		return status;
	status = baseline_check_maps(&s->options.rules, s->ask.inv);
	if (status)
		return status;
	for (size_t i = 0; i < s->ask.inv->n_gaps; i++)
		log_warn("%s", s->ask.inv->gaps[i]);
	s->out = snap_writer_new(STDOUT_FILENO);
	if (!s->out || put_all(s)) {
		log_error("the snapshot is not complete");
		return STATUS_FAILED;
	}
	err = snap_end(s->out);
	if (err) {
		log_error("cannot write: %s", strerror(-err));
		return STATUS_FAILED;
	}
	log_info("%zu maps with %llu elements, %zu programs%s", s->ask.inv->n_maps,
		 (unsigned long long)s->entries, s->ask.n_progs,
		 s->unstable ? "; some maps changed meanwhile" : "");
	baseline_say_rules(&s->options.rules);
	return STATUS_DONE;
}

static int snapshot_cmd(int argc, char **argv)
{
	struct snapshot s = {};
	int status;

	if (baseline_parse(&s.options, &cmd_snapshot, "m:x:qvh", argc, argv))
		return STATUS_USAGE;
	if (s.options.help) {
		cmd_usage(&cmd_snapshot);
		return STATUS_DONE;
	}
	if (s.options.operand) {
		log_error("snapshot takes no operand: it writes to standard output");
		return STATUS_USAGE;
	}
	if (isatty(STDOUT_FILENO)) {
		log_error(
			"a snapshot is not for a terminal: redirect it, as bpfmon snapshot >FILE");
		return STATUS_USAGE;
	}
	bpflog_init();
	signal(SIGPIPE, SIG_IGN);
	status = run(&s);
	snap_writer_free(s.out);
	ask_fini(&s.ask);
	return status;
}

const struct cmd cmd_snapshot = {
	"snapshot",
	"write maps, pins, programs and attachments as they are now, for verify",
	"  -m, --map MAP          only this map, its pins, and the programs that use it:\n"
	"                         id, name, glob or pinned path; repeatable\n"
	"  -x, --exclude map=MAP  leave out this map; repeatable\n"
	"      --no-content map=MAP\n"
	"                         of this map what describes it, without elements; repeatable\n"
	"  -q, --quiet            on stderr only what went wrong\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs root, or CAP_SYS_ADMIN. Writes to standard output.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or bad input.\n",
	snapshot_cmd,
	">FILE",
};
