/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon verify: what is not as it was when a snapshot was written. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/compare.h"
#include "baseline/show.h"
#include "btf/mapask.h"
#include "btf/mapinfo.h"
#include "cmd/baseline.h"
#include "cmd/cmd.h"
#include "lib/bpflog.h"
#include "lib/log.h"
#include "maptype.h"
#include "output.h"

#define SHOWN_BYTES 4096

struct verify {
	struct baseline_options options;
	int fd;
	struct snap_reader *checked, *in; /* read once to know that it is whole, once to compare */
	struct ask ask;
	struct compare compare;
	struct mapinfo *mapinfo;
	struct show show;
	struct output out;
	uint64_t differences, ignored;
	/* Of the map that is being compared. */
	const struct fact *was, *now;
	uint64_t elements;
};

static ssize_t source(void *context, void *data, size_t size)
{
	const struct verify *v = context;
	ssize_t n;

	do
		n = read(v->fd, data, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* ---- output ---- */

/* Nobody asks it to stop but by ending it. */
static bool never(void)
{
	return false;
}

static void tell(void *context, const struct diff *d)
{
	struct verify *v = context;
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", d->kind, d->what);
	if (rules_ignore(&v->options.rules, name)) {
		v->ignored++;
		return;
	}
	v->differences++;
	(v->options.json ? show_json : show_text)(&v->out.buf, &v->show, d);
	output_line(&v->out);
}

static void tell_of_map(struct verify *v, const char *what, const char *text)
{
	tell(v, &(struct diff){
			.kind = "map", .what = what, .was = v->was, .now = v->now, .text = text });
}

/* ---- elements ---- */

static bool parse(const struct fact *map, const uint8_t *entry, size_t len, struct snap_parts *out)
{
	size_t used;

	return snap_parse(entry, len, fact_get_number(map, ATTR_KEY_SIZE), fact_value_bytes(map),
			  out, &used);
}

static void tell_element(struct verify *v, const struct snap_parts *was,
			 const struct snap_parts *now)
{
	if (!compare_entry(&v->compare, was, now))
		return;
	v->elements++;
	tell(v, &(struct diff){ .kind = "map.element",
				.what = !was ? "added" :
					!now ? "missing" :
					       "changed",
				.was = v->was,
				.now = v->now,
				.old_entry = was,
				.new_entry = now });
}

struct side {
	const uint8_t *entry;
	size_t len;
	struct snap_parts parts;
	int got; /* 1: there is one; 0: no more; negative: an error */
};

static void next_was(struct verify *v, uint32_t number, struct side *s, enum snap_item *item)
{
	s->got = *item == SNAP_ITEM_ENTRY && snap_map(v->in) == number;
	if (s->got)
		parse(v->was, s->entry, s->len, &s->parts);
}

static void next_now(struct verify *v, struct sort *sort, struct side *s)
{
	s->got = sort_next(sort, &s->entry, &s->len);
	if (s->got > 0)
		parse(v->now, s->entry, s->len, &s->parts);
}

/* Both sides in the order of keys. `was` has the first already. */
static int merge(struct verify *v, uint32_t number, struct side *was, enum snap_item *item,
		 struct sort *sort)
{
	size_t key_size = fact_get_number(v->was, ATTR_KEY_SIZE);
	bool is_index = maptype_is_array((uint32_t)fact_get_number(v->was, ATTR_TYPE));
	struct side now = {};

	next_was(v, number, was, item);
	next_now(v, sort, &now);
	while (now.got >= 0 && (was->got || now.got)) {
		int order = !was->got ? 1 :
			    !now.got  ? -1 :
					sort_compare_keys(was->parts.key, now.parts.key, key_size,
							  is_index);

		tell_element(v, order <= 0 ? &was->parts : NULL, order >= 0 ? &now.parts : NULL);
		if (order <= 0) {
			*item = snap_next(v->in, &was->entry, &was->len);
			next_was(v, number, was, item);
		}
		if (order >= 0)
			next_now(v, sort, &now);
	}
	return now.got;
}

/* Why the content of a map is not compared; NULL: it is. */
static const char *obstacle(const struct verify *v, const struct fact *content)
{
	const struct fact *was = v->was, *now = v->now;

	if (fact_get(content, ATTR_ERROR) || !content)
		return "it was not read to its end for the snapshot";
	if (fact_get_number(was, ATTR_KEY_SIZE) != fact_get_number(now, ATTR_KEY_SIZE) ||
	    fact_value_bytes(was) != fact_value_bytes(now))
		return "keys or values have another size, or there are other CPUs";
	return NULL;
}

static void show_for(struct verify *v, const struct inv_map *m)
{
	struct event_map *e = &v->show.map;

	*e = inventory_event_map(m);
	v->show.cpus = 0;
	if (maptype_percpu() >> (m->type & 63) & 1 && m->value_size)
		v->show.cpus = (uint32_t)(ask_value_bytes(m) / ((m->value_size + 7) / 8 * 8));
	mapinfo_get(v->mapinfo, e, true);
}

/* Of each map of the snapshot, by its number, what is told of its content; the last counts. */
static const struct fact **contents_of(const struct facts *facts)
{
	const struct fact **contents = calloc(facts->n + 1, sizeof(*contents));

	for (size_t i = 0; contents && i < facts->n; i++) {
		uint64_t number = fact_get_number(&facts->list[i], ATTR_MAP);

		if (facts->list[i].kind == FACT_CONTENT && number < facts->n)
			contents[number] = &facts->list[i];
	}
	return contents;
}

static int compare_content(struct verify *v, uint32_t number, const struct fact *content,
			   struct side *was, enum snap_item *item)
{
	const struct inv_map *m =
		inventory_find(v->ask.inv, (uint32_t)fact_get_number(v->now, ATTR_ID));
	const char *why = obstacle(v, content);
	struct ask_end end = {};
	struct sort *sort;
	int err;

	if (!m || fact_get(content, ATTR_REASON) ||
	    !rules_want_content(&v->options.rules, m->id, m->name))
		return 0;
	show_for(v, m);
	if (why) {
		tell_of_map(v, "uncompared", why);
		return 0;
	}
	sort = sort_new(1, m->key_size, maptype_is_array(m->type), SORT_MEMORY);
	err = sort ? ask_content(&v->ask, m, sort, &end) : -ENOMEM;
	if (!err)
		err = sort_end(sort);
	if (!err && (end.reason || end.error)) {
		tell_of_map(v, "uncompared", end.reason ?: strerror(-end.error));
	} else if (!err) {
		v->elements = 0;
		err = merge(v, number, was, item, sort);
		end.unstable |= sort_repeated(sort) > 0;
	}
	sort_free(sort);
	if (v->elements && (end.unstable || fact_get_number(content, ATTR_UNSTABLE)))
		log_warn(
			"map %u (%.16s) changed while it was read%s: what is told of its elements may be no more than that",
			m->id, m->name, end.unstable ? "" : " for the snapshot");
	return err < 0 ? err : 0;
}

static int compare_contents(struct verify *v)
{
	const struct facts *facts = v->compare.was;
	const struct fact **contents = contents_of(facts);
	struct side was = {};
	enum snap_item item = snap_next(v->in, &was.entry, &was.len);
	uint32_t number = 0;
	int err = contents ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < facts->n && !output_ended(&v->out); i++) {
		if (facts->list[i].kind != FACT_MAP)
			continue;
		v->was = &facts->list[i];
		v->now = v->was->mate ? &v->compare.now->list[v->was->mate - 1] : NULL;
		if (v->now)
			err = compare_content(v, number, contents[number], &was, &item);
		/* What was not compared. */
		while (item == SNAP_ITEM_ENTRY && snap_map(v->in) == number)
			item = snap_next(v->in, &was.entry, &was.len);
		number++;
	}
	free(contents);
	if (err) {
		log_error("cannot compare map %u: %s",
			  v->was ? (unsigned int)fact_get_number(v->was, ATTR_ID) : 0,
			  strerror(-err));
		return STATUS_FAILED;
	}
	if (item != SNAP_ITEM_BAD && item != SNAP_ITEM_FAILED)
		return STATUS_DONE;
	log_error("%s: %s", v->options.operand, snap_why(v->in));
	return item == SNAP_ITEM_BAD ? STATUS_USAGE : STATUS_FAILED;
}

/* ---- all of it ---- */

static int open_file(struct verify *v)
{
	enum snap_item item = SNAP_ITEM_ENTRY;
	const uint8_t *entry;
	size_t len;

	v->fd = open(v->options.operand, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0 || lseek(v->fd, 0, SEEK_SET) < 0) {
		log_error("cannot read %s: %s", v->options.operand,
			  errno == ESPIPE ? "it must be a file: it is read twice" :
					    strerror(errno));
		return STATUS_USAGE;
	}
	v->checked = snap_reader_new(source, v);
	v->in = snap_reader_new(source, v);
	v->mapinfo = mapinfo_new(&mapask_kernel);
	if (!v->checked || !v->in || !v->mapinfo) {
		log_error("out of memory");
		return STATUS_FAILED;
	}
	while (item == SNAP_ITEM_ENTRY)
		item = snap_next(v->checked, &entry, &len);
	if (item == SNAP_ITEM_END && lseek(v->fd, 0, SEEK_SET) == 0)
		return STATUS_DONE;
	log_error("%s: %s", v->options.operand, snap_why(v->checked));
	return item == SNAP_ITEM_FAILED ? STATUS_FAILED : STATUS_USAGE;
}

static int take_rules(struct verify *v)
{
	const struct facts *facts = v->compare.was;
	char why[256];

	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->list[i];

		if (f->kind == FACT_GAP)
			log_warn("not known for the snapshot: %s", fact_get_text(f, ATTR_REASON));
		if (f->kind != FACT_RULE || !strcmp(fact_get_text(f, ATTR_RULE), "ignore"))
			continue;
		if (rules_add(&v->options.rules, fact_get_text(f, ATTR_RULE),
			      fact_get_text(f, ATTR_WORD), why, sizeof(why))) {
			log_error("%s: a rule of it: %s", v->options.operand, why);
			return STATUS_USAGE;
		}
	}
	return STATUS_DONE;
}

/* Of the snapshot's facts those that a rule of this run leaves out. */
static void drop_excluded(struct verify *v)
{
	const struct filter except = { .except = v->options.rules.maps.except };
	struct facts *facts = v->compare.was;

	for (size_t i = 0; i < facts->n; i++) {
		struct fact *f = &facts->list[i];
		bool is_pin = f->kind == FACT_PIN && !strcmp(fact_get_text(f, ATTR_OBJECT), "map");
		const char *name = fact_get_text(f, is_pin ? ATTR_OBJECT_NAME : ATTR_NAME);
		uint64_t id = fact_get_number(f, is_pin ? ATTR_OBJECT_ID : ATTR_ID);

		if (f->kind == FACT_MAP || is_pin)
			f->left_out = !filter_map(&except,
						  v->compare.same_boot ? (uint32_t)id : UINT32_MAX,
						  name, strlen(name));
	}
}

static int run(struct verify *v)
{
	struct compare *c = &v->compare;
	const struct fact *was, *now;
	int status = open_file(v);

	if (status)
		return status;
	c->was = snap_facts(v->checked);
	status = take_rules(v);
	if (status)
		return status;
	was = &c->was->list[0];
	c->same_boot = baseline_same_boot(fact_get_text(was, ATTR_BOOT));
	status = baseline_resolve(&v->options.rules, false, c->same_boot) ?:
			 ask_host(&v->ask, baseline_want, &v->options.rules,
				  !v->options.rules.maps.only.n_maps);
	if (status)
		return status;
	for (size_t i = 0; i < v->ask.inv->n_gaps; i++)
		log_warn("%s", v->ask.inv->gaps[i]);
	c->now = &v->ask.facts;
	now = &c->now->list[0];
	c->same_kernel = !strcmp(fact_get_text(was, ATTR_KERNEL), fact_get_text(now, ATTR_KERNEL));
	drop_excluded(v);
	if (compare_match(c)) {
		log_error("out of memory");
		return STATUS_FAILED;
	}
	compare_facts(c, tell, v);
	status = compare_contents(v);
	if (status)
		return status;
	output_flush(&v->out);
	if (v->out.error) {
		log_error("cannot write: %s", strerror(-v->out.error));
		return STATUS_FAILED;
	}
	baseline_say_rules(&v->options.rules);
	if (v->ignored)
		log_info("%llu differences of kinds that --ignore names",
			 (unsigned long long)v->ignored);
	log_info("%llu differences%s", (unsigned long long)v->differences,
		 c->same_boot ? "" : "; the host was booted since, or is another");
	return v->differences ? STATUS_DIFFERS : STATUS_DONE;
}

static int verify_cmd(int argc, char **argv)
{
	struct verify v = { .fd = -1, .show.bytes = SHOWN_BYTES };
	int status;

	if (baseline_parse(&v.options, &cmd_verify, "x:o:qvh", argc, argv))
		return STATUS_USAGE;
	if (v.options.help) {
		cmd_usage(&cmd_verify);
		return STATUS_DONE;
	}
	if (!v.options.operand) {
		log_error("give the file of a snapshot; see bpfmon verify --help");
		return STATUS_USAGE;
	}
	bpflog_init();
	signal(SIGPIPE, SIG_IGN);
	output_init(&v.out, STDOUT_FILENO, never);
	status = run(&v);
	output_flush(&v.out);
	snap_reader_free(v.checked);
	snap_reader_free(v.in);
	if (v.mapinfo)
		mapinfo_free(v.mapinfo);
	ask_fini(&v.ask);
	output_fini(&v.out);
	if (v.fd >= 0)
		close(v.fd);
	return status;
}

const struct cmd cmd_verify = {
	"verify",
	"what is not as it was when a snapshot was written",
	"  FILE                   what bpfmon snapshot wrote\n"
	"  -x, --exclude map=MAP  leave out this map; repeatable\n"
	"      --no-content map=MAP\n"
	"                         of this map compare what describes it, not its elements;\n"
	"                         repeatable\n"
	"      --ignore KIND      a kind of difference, as map.element.changed, or a group,\n"
	"                         as map.element or program; repeatable\n"
	"  -o, --output FORMAT    text (default) or json\n"
	"  -q, --quiet            on stderr only what went wrong\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs root, or CAP_SYS_ADMIN.\n"
	"Exit status: 0 nothing differs; 1 could not do it; 2 bad usage or bad input;\n"
	"3 something differs.\n",
	verify_cmd,
	"FILE",
};
