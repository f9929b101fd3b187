/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All outputs: each line is made once for each format that is wanted, in the main thread, and put
 * on the queues; see sinks.h.
 */
#include "sinks/sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "filter.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "sinks/queue.h"
#include "sinks/reopen.h"
#include "sinks/values.h"

#define OUTPUTS_MAX 16	/* a thread each */

struct one {
	const struct sinks_type *type;
	struct sinks_values values;
	struct filter filter;		/* lends its words from `values` */
	const struct out_format *format;	/* NULL: no lines */
	void *state;
	struct queue *queue;		/* NULL: the same */
	bool waits;
	uint64_t linger_ns;
	int wake_fd;
	char label[SINKS_LABEL];
};

struct sinks {
	bool waits;
	bool (*give_up)(void);
	struct out_env env;
	struct one *ones[OUTPUTS_MAX];
	size_t n;
	struct reopener *reopener;	/* NULL: nothing to reopen */
	struct buf buf;
	/* The line in work, in each format that was wanted so far. */
	struct {
		const struct out_format *format;
		struct item *item;	/* NULL: no text, or no memory */
		bool failed;
	} made[OUTPUTS_MAX];
	size_t n_made;
	struct monitor_output told[OUTPUTS_MAX];
};

/* ---- making them ---- */

struct sinks *sinks_new(bool waits, bool (*give_up)(void))
{
	struct sinks *s = calloc(1, sizeof(*s));

	/* Before there is a file: whoever moves it away says so at once. */
	reopener_block();
	if (s) {
		s->waits = waits;
		s->give_up = give_up;
	}
	return s;
}

static void close_one(struct one *o)
{
	if (o->state)
		o->type->close(o->state);
	o->state = NULL;
}

static void free_one(struct one *o)
{
	if (!o)
		return;
	queue_free(o->queue);
	close_one(o);
	if (o->wake_fd >= 0)
		close(o->wake_fd);
	values_fini(&o->values);
	free(o);
}

void sinks_free(struct sinks *s)
{
	if (!s)
		return;
	reopener_free(s->reopener);
	/* First those without a queue: their threads tell of the others up to their end. */
	for (size_t i = 0; i < s->n; i++)
		if (!s->ones[i]->queue)
			close_one(s->ones[i]);
	for (size_t i = 0; i < s->n; i++)
		free_one(s->ones[i]);
	buf_fini(&s->buf);
	free(s);
}

static int say(char *why, size_t why_size, const struct one *o, const char *what)
{
	char text[192];

	snprintf(text, sizeof(text), "%s", what);
	snprintf(why, why_size, "output %s: %s", o->type->name, text);
	return -EINVAL;
}

/* Words are cut up in place: the values are ours, and asked by nobody else. */
static int add_maps(struct one *o, const char *key, struct filter_list *list, char *why,
		    size_t why_size)
{
	char *word = values_given(&o->values, key) ? (char *)sinks_text(&o->values, key) : NULL;
	char *save = NULL;

	for (word = word ? strtok_r(word, ",", &save) : NULL; word;
	     word = strtok_r(NULL, ",", &save)) {
		if (filter_add_map(list, word, why, why_size))
			return say(why, why_size, o, why);
		if (list->maps[list->n_maps - 1].kind == MATCH_PIN)
			return say(why, why_size, o,
				   "a map is given by id, name or glob here, not by a path");
	}
	return 0;
}

static int set_filter(struct one *o, char *why, size_t why_size)
{
	char all[] = "all", *types = all;

	filter_init(&o->filter);
	if (values_given(&o->values, "events"))
		types = (char *)sinks_text(&o->values, "events");
	if (filter_set_types(&o->filter, types, why, why_size))
		return say(why, why_size, o, why);
	return add_maps(o, "map", &o->filter.only, why, why_size) ?:
		       add_maps(o, "exclude-map", &o->filter.except, why, why_size);
}

static int set_common(const struct sinks *s, struct one *o, char *why, size_t why_size)
{
	const char *format = sinks_text(&o->values, "format"),
		   *full = sinks_text(&o->values, "full");

	if (o->type == &sinks_file && !*sinks_text(&o->values, "path"))
		return say(why, why_size, o, "it needs a path");
	if (*format && !o->type->format)
		return say(why, why_size, o,
			   o->type->own ? "its format can't be chosen" :
					  "it has no lines, so no format");
	o->format = o->type->own;
	if (o->type->format)
		o->format = out_find(*format ? format : o->type->format);
	if (o->type->format && !o->format) {
		snprintf(why, why_size, "output %s: no format '%.32s'; there are: %s",
			 o->type->name, format, out_names());
		return -EINVAL;
	}
	if (*full && strcmp(full, "drop") && strcmp(full, "wait"))
		return say(why, why_size, o, "full is drop or wait");
	o->waits = *full ? !strcmp(full, "wait") : s->waits;
	o->linger_ns = sinks_number(&o->values, "linger") * 1000000000;
	return set_filter(o, why, why_size);
}

static int open_one(struct sinks *s, struct one *o, char *why, size_t why_size)
{
	struct sinks_open open = {
		.values = &o->values,
		.all = s,
		.format = o->format,
		.env = &s->env,
		.label = o->label,
		.why = why,
		.why_size = why_size,
	};
	int err;

	snprintf(o->label, sizeof(o->label), "%s", o->type->name);
	o->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->wake_fd < 0) {
		err = -errno;
		snprintf(why, why_size, "output %s: %s", o->type->name, strerror(-err));
		return err;
	}
	open.wake_fd = o->wake_fd;
	err = o->type->open(&open, &o->state);
	if (err || o->type->event)
		return err;
	o->queue = queue_new(&(struct queue_opts){
		.type = o->type,
		.state = o->state,
		.label = o->label,
		.bytes = sinks_number(&o->values, "queue"),
		.wake_fd = o->wake_fd,
	});
	if (!o->queue)
		snprintf(why, why_size, "output %s: no memory", o->type->name);
	return o->queue ? 0 : -ENOMEM;
}

static const char *type_names(void)
{
	static char names[128];
	size_t len = 0;

	for (size_t i = 0; sinks_type_at(i) && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					sinks_type_at(i)->name);
	return names;
}

/* An output that is not opened; NULL: `err` says why. */
static struct one *prepare(const struct sinks *s, const char *type, const struct sinks_pair *pairs,
			   size_t n_pairs, char *why, size_t why_size, int *err)
{
	const struct sinks_type *t = sinks_type_find(type);
	struct one *o;

	if (!t) {
		snprintf(why, why_size, "no type of output '%.32s'; there are: %s", type,
			 type_names());
		*err = -EINVAL;
		return NULL;
	}
	if (t->missing) {
		snprintf(why, why_size, "output %s: %s", type, t->missing);
		*err = -EINVAL;
		return NULL;
	}
	o = calloc(1, sizeof(*o));
	if (!o) {
		snprintf(why, why_size, "output %s: no memory", type);
		*err = -ENOMEM;
		return NULL;
	}
	o->type = t;
	o->wake_fd = -1;
	*err = values_init(&o->values, t, pairs, n_pairs, why, why_size);
	if (!*err)
		*err = set_common(s, o, why, why_size);
	if (!*err && t->check)
		*err = t->check(&(struct sinks_open){
			.values = &o->values,
			.label = o->label,
			.why = why,
			.why_size = why_size,
		});
	if (!*err)
		return o;
	free_one(o);
	return NULL;
}

int sinks_add(struct sinks *s, const char *type, const struct sinks_pair *pairs, size_t n_pairs,
	      char *why, size_t why_size)
{
	struct one *o;
	int err;

	if (s->n == OUTPUTS_MAX) {
		snprintf(why, why_size, "more than %d outputs: give fewer", OUTPUTS_MAX);
		return -EINVAL;
	}
	o = prepare(s, type, pairs, n_pairs, why, why_size, &err);
	if (!o)
		return err;
	if (o->type == &sinks_stdout && sinks_use_stdout(s))
		err = say(why, why_size, o, "it is given twice");
	else
		err = open_one(s, o, why, why_size);
	if (err)
		free_one(o);
	else
		s->ones[s->n++] = o;
	return err;
}

int sinks_check(const char *type, const struct sinks_pair *pairs, size_t n_pairs, char *why,
		size_t why_size)
{
	static const struct sinks none;
	int err;

	free_one(prepare(&none, type, pairs, n_pairs, why, why_size, &err));
	return err;
}

/* Added to `s`; NULL: only checked. */
static int take_word(struct sinks *s, const char *word, char *why, size_t why_size)
{
	struct sinks_pair pairs[SINKS_PAIRS];
	char *copy = strdup(word);
	size_t n;
	int err;

	if (!copy) {
		snprintf(why, why_size, "no memory");
		return -ENOMEM;
	}
	err = values_cut(copy, pairs, &n, why, why_size);
	if (!err)
		err = s ? sinks_add(s, copy, pairs, n, why, why_size) :
			  sinks_check(copy, pairs, n, why, why_size);
	free(copy);
	return err;
}

int sinks_add_word(struct sinks *s, const char *word, char *why, size_t why_size)
{
	return take_word(s, word, why, why_size);
}

int sinks_check_word(const char *word, char *why, size_t why_size)
{
	return take_word(NULL, word, why, why_size);
}

bool sinks_is_word(const char *word)
{
	size_t len = strcspn(word, ",");

	for (size_t i = 0; sinks_type_at(i); i++)
		if (strlen(sinks_type_at(i)->name) == len &&
		    !strncmp(sinks_type_at(i)->name, word, len))
			return true;
	/* Of a type there is none: no format has options. */
	return word[len] == ',';
}

bool sinks_use_stdout(const struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->ones[i]->type == &sinks_stdout)
			return true;
	return false;
}

bool sinks_only_stdout(const struct sinks *s)
{
	return s->n == 1 && sinks_use_stdout(s);
}

static void reopen_all(void *context)
{
	struct sinks *s = context;

	for (size_t i = 0; i < s->n; i++)
		if (s->ones[i]->queue && s->ones[i]->type->reopen)
			queue_reopen(s->ones[i]->queue);
}

static int start_one(struct one *o)
{
	int err = o->type->start ? o->type->start(o->state) : 0;

	return err || !o->queue ? err : queue_start(o->queue);
}

int sinks_start(struct sinks *s, const struct out_env *env, char *why, size_t why_size)
{
	bool reopens = false;
	int err = 0;

	s->env = *env;
	s->env.color = false;
	for (size_t i = 0; i < s->n; i++)
		reopens |= s->ones[i]->type->reopen != NULL;
	if (reopens) {
		s->reopener = reopener_new(reopen_all, s);
		err = s->reopener ? 0 : -ENOMEM;
	}
	for (size_t i = 0; !err && i < s->n; i++)
		err = start_one(s->ones[i]);
	if (err)
		snprintf(why, why_size, "cannot start a thread for an output: %s", strerror(-err));
	return err;
}

/* ---- lines ---- */

static void begin_line(struct sinks *s)
{
	for (size_t i = 0; i < s->n_made; i++)
		item_put(s->made[i].item);
	s->n_made = 0;
}

/* The place of this format's line; true: it is yet to be made, in s->buf. */
static bool make_line(struct sinks *s, const struct out_format *format, size_t *at)
{
	for (*at = 0; *at < s->n_made; ++*at)
		if (s->made[*at].format == format)
			return false;
	s->n_made++;
	s->made[*at].format = format;
	s->made[*at].item = NULL;
	s->made[*at].failed = false;
	s->buf.len = 0;
	s->buf.failed = false;
	return true;
}

static void keep_line(struct sinks *s, size_t at, const struct item_about *about)
{
	/* Text has no line for some of what bpfmon says of itself. */
	if (!s->buf.failed && !s->buf.len)
		return;
	if (!s->buf.failed)
		s->made[at].item = item_new(about, s->buf.data, s->buf.len);
	s->made[at].failed = !s->made[at].item;
}

/* What was lost is told in place of the lines that are missing: with the `seq` of the first. */
static void tell_loss(struct sinks *s, struct one *o, bool now)
{
	struct queue_loss loss;
	struct item *item;

	if (!queue_loss(o->queue, now, &loss))
		return;
	item = item_new_lost(o->format, &s->env, loss.seq, loss.lost, loss.since_ns);
	if (item)
		queue_put_always(o->queue, item);
	item_put(item);
}

static void put_line(struct sinks *s, struct one *o, size_t at, const struct item_about *about,
		     bool always)
{
	struct item *item = s->made[at].item;

	if (s->made[at].failed)
		queue_lose(o->queue, about->seq, about->time_ns);
	if (!item)
		return;
	while (o->waits && !queue_wait(o->queue, item) && !s->give_up())
		;
	tell_loss(s, o, always);
	if (always)
		queue_put_always(o->queue, item);
	else
		queue_put(o->queue, item);
}

void sinks_event(struct sinks *s, uint64_t seq, const struct event *e)
{
	struct item_about about;
	bool known = false;
	size_t at;

	begin_line(s);
	for (size_t i = 0; i < s->n; i++) {
		struct one *o = s->ones[i];

		if (!filter_event(&o->filter, e))
			continue;
		if (!known)
			item_about_event(&about, seq, e);
		known = true;
		if (!o->queue) {
			o->type->event(o->state, e, &about);
			continue;
		}
		if (make_line(s, o->format, &at)) {
			o->format->event(&s->buf, &s->env, seq, e);
			keep_line(s, at, &about);
		}
		put_line(s, o, at, &about, false);
	}
}

void sinks_monitor(struct sinks *s, uint64_t seq, const struct monitor *m)
{
	/* An end without its sums would look like a death. */
	bool always = m->type == MONITOR_START || m->type == MONITOR_STOP;
	struct item_about about;
	size_t at;

	item_about_monitor(&about, seq, m);
	begin_line(s);
	for (size_t i = 0; i < s->n; i++) {
		struct one *o = s->ones[i];

		if (!o->queue) {
			o->type->monitor(o->state, m);
			continue;
		}
		if (make_line(s, o->format, &at)) {
			o->format->monitor(&s->buf, &s->env, seq, m);
			keep_line(s, at, &about);
		}
		put_line(s, o, at, &about, always);
	}
}

void sinks_flush(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct one *o = s->ones[i];

		if (!o->queue)
			continue;
		tell_loss(s, o, false);
		queue_flush(o->queue);
	}
}

bool sinks_ended(const struct sinks *s)
{
	struct queue_stats stats;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->ones[i]->queue)
			return false;
		queue_stats(s->ones[i]->queue, &stats);
		if (!stats.closed)
			return false;
	}
	return s->n;
}

/* ---- the end ---- */

static void end_one(struct sinks *s, struct one *o, uint64_t end_ns)
{
	const uint64_t one = 1;

	while (!queue_done(o->queue)) {
		if (clock_ns(CLOCK_MONOTONIC) < end_ns && !s->give_up())
			continue;
		queue_abandon(o->queue);
		if (write(o->wake_fd, &one, sizeof(one)) < 0) {
			/* Full: it is readable already. */
		}
	}
}

bool sinks_end(struct sinks *s)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct queue_stats stats;
	bool all = true;

	begin_line(s);
	for (size_t i = 0; i < s->n; i++) {
		if (!s->ones[i]->queue)
			continue;
		tell_loss(s, s->ones[i], true);
		queue_end(s->ones[i]->queue);
	}
	for (size_t i = 0; i < s->n; i++) {
		struct one *o = s->ones[i];

		if (!o->queue)
			continue;
		end_one(s, o, now + o->linger_ns);
		queue_stats(o->queue, &stats);
		if (!stats.lost || stats.closed)
			continue;
		log_warn("output %s: %" PRIu64 " lines lost, %" PRIu64 " written", o->label,
			 stats.lost, stats.lines);
		all = false;
	}
	return all;
}

const struct monitor_output *sinks_outputs(struct sinks *s, size_t *n)
{
	*n = s->n;
	for (size_t i = 0; i < s->n; i++)
		sinks_output(s, i, &s->told[i]);
	return s->told;
}

bool sinks_output(struct sinks *s, size_t i, struct monitor_output *told)
{
	struct queue_stats stats = { 0 };

	if (i >= s->n)
		return false;
	if (s->ones[i]->queue)
		queue_stats(s->ones[i]->queue, &stats);
	*told = (struct monitor_output){ .name = s->ones[i]->label,
					 .type = s->ones[i]->type->name,
					 .lines = stats.lines,
					 .lost = stats.lost,
					 .queued = stats.bytes };
	return true;
}
