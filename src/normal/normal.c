/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Gathers who writes to which maps; see normal.h. */
#include "normal/normal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "normal/learned.h"
#include "normal/word.h"
#include "rules/fields.h"

#define TABLE (2 * NORMAL_MAPS)

static const struct rule_field *field(const char *name)
{
	const char *member;

	return rule_field_find(name, &member);
}

struct normal *normal_new(void)
{
	struct normal *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->table = calloc(TABLE, sizeof(*n->table));
	n->subjects = calloc(NORMAL_MAPS, sizeof(*n->subjects));
	if (!n->table || !n->subjects) {
		normal_free(n);
		return NULL;
	}
	n->fields = (struct normal_fields){
		.name = field("map.name"),
		.type = field("map.type"),
		.pins = field("map.pins"),
		.exe = field("process.exe"),
		.comm = field("process.comm"),
		.cgroup = field("process.cgroup"),
		.container = field("process.container"),
		.runtime = field("process.container_runtime"),
		.prog_name = field("program.name"),
		.prog_type = field("program.type"),
		.prog_tag = field("program.tag"),
	};
	return n;
}

void normal_free(struct normal *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n_subjects; i++)
		free(n->subjects[i]->writers);
	free(n->table);
	free(n->subjects);
	buf_fini(&n->word);
	buf_fini(&n->type);
	buf_fini(&n->raw);
	buf_fini(&n->who);
	buf_fini(&n->place);
	pool_fini(&n->pool);
	free(n);
}

void normal_lost(struct normal *n, uint64_t lost)
{
	n->lost += lost;
}

uint64_t normal_writes(const struct normal *n)
{
	return n->writes;
}

/* ---- words ---- */

/* As what a rule asks that wants this fact again. */
static void put_fact(struct buf *b, const struct fact *fact, enum word_as as)
{
	if (fact->kind == FACT_TEXT) {
		word_put(b, fact->text, fact->len, as);
	} else if (fact->kind == FACT_BYTES) {
		buf_str(b, "\"");
		buf_hex(b, (const uint8_t *)fact->text, fact->len);
		buf_str(b, "\"");
	} else {
		buf_printf(b, "%" PRId64, fact->number);
	}
}

/* "FIELD: WORD", in a line of its own. */
static void put_condition(struct buf *b, const struct rule_field *f, const struct event *e,
			  enum word_as as)
{
	struct fact fact;

	buf_printf(b, "%s%s: ", b->len ? "\n" : "", f->name);
	if (f->get(e, NULL, 0, &fact))
		put_fact(b, &fact, as);
	else
		buf_str(b, "{exists: false}");
}

static void put_program(struct normal *n, const struct event *e)
{
	if (!event_program(e)) {
		put_condition(&n->who, n->fields.prog_tag, e, WORD_EXACT);
		return;
	}
	put_condition(&n->who, n->fields.prog_name, e, WORD_EXACT);
	put_condition(&n->who, n->fields.prog_type, e, WORD_EXACT);
	put_condition(&n->who, n->fields.prog_tag, e, WORD_EXACT);
}

/* Of a process: what it runs, and where. An id of a container is as fleeting as a pid. */
static void put_process(struct normal *n, const struct event *e)
{
	const struct normal_fields *f = &n->fields;
	struct fact fact;

	put_condition(&n->who, f->exe, e, WORD_EXACT);
	if (!f->exe->get(e, NULL, 0, &fact))
		put_condition(&n->who, f->comm, e, WORD_NUMBERS);
	if (f->runtime->get(e, NULL, 0, &fact))
		put_condition(&n->place, f->runtime, e, WORD_EXACT);
	else if (f->container->get(e, NULL, 0, &fact))
		buf_str(&n->place, "process.container: {exists: true}");
	else if (f->cgroup->get(e, NULL, 0, &fact))
		put_condition(&n->place, f->cgroup, e, WORD_CGROUP);
}

/* Who has written, into n->who and n->place; both stay empty for what nobody is known of. */
static void put_writer(struct normal *n, const struct event *e)
{
	n->who.len = n->place.len = 0;
	if (e->via == VIA_NONE) {
		buf_str(&n->who, "via: {exists: false}");
	} else if (e->via == VIA_PROGRAM) {
		put_program(n, e);
	} else if (e->via == VIA_SYSCALL || e->via == VIA_BATCH) {
		put_process(n, e);
		if (event_program(e))
			put_program(n, e);
	}
	buf_bytes(&n->who, "", 1);
	buf_bytes(&n->place, "", 1);
}

static const char *keep(struct normal *n, const struct buf *b)
{
	const char *text = b->failed ? NULL : pool_text(&n->pool, b->data, strlen(b->data));

	n->failed |= !text;
	return text;
}

/* ---- writers of a map ---- */

/* NULL: there are too many, or no memory. */
static struct writer *find_writer(struct normal *n, struct subject *s, const char *who)
{
	struct writer *more;

	for (size_t i = 0; i < s->n_writers; i++)
		if (!strcmp(s->writers[i].who, who))
			return &s->writers[i];
	if (s->n_writers == NORMAL_WRITERS) {
		s->many = true;
		return NULL;
	}
	if (s->n_writers == s->cap_writers) {
		size_t cap = s->cap_writers ? 2 * s->cap_writers : 2;

		more = realloc(s->writers, cap * sizeof(*more));
		n->failed |= !more;
		if (!more)
			return NULL;
		s->writers = more;
		s->cap_writers = cap;
	}
	more = &s->writers[s->n_writers];
	*more = (struct writer){ .who = pool_text(&n->pool, who, strlen(who)) };
	n->failed |= !more->who;
	s->n_writers += more->who != NULL;
	return more->who ? more : NULL;
}

static void add_place(struct normal *n, struct writer *w, const char *place)
{
	if (w->anywhere)
		return;
	for (size_t i = 0; i < w->n_places; i++)
		if (!strcmp(w->places[i], place))
			return;
	if (!*place || w->n_places == NORMAL_PLACES) {
		w->anywhere = true;
		return;
	}
	w->places[w->n_places] = pool_text(&n->pool, place, strlen(place));
	n->failed |= !w->places[w->n_places];
	w->n_places += w->places[w->n_places] != NULL;
}

static void add_write(struct normal *n, struct subject *s, const struct event *e)
{
	struct writer *w = find_writer(n, s, n->who.data);

	s->writes++;
	if (!w)
		return;
	w->vias |= 1u << e->via;
	w->succeeded |= !e->has_result || !e->result;
	w->writes++;
	add_place(n, w, n->place.data);
}

/* All that `from` has seen. */
static void merge(struct normal *n, struct subject *s, const struct subject *from)
{
	s->writes += from->writes;
	s->many |= from->many;
	for (size_t i = 0; i < from->n_writers; i++) {
		const struct writer *old = &from->writers[i];
		struct writer *w = find_writer(n, s, old->who);

		if (!w)
			continue;
		w->vias |= old->vias;
		w->succeeded |= old->succeeded;
		w->writes += old->writes;
		for (size_t k = 0; k < old->n_places; k++)
			add_place(n, w, old->places[k]);
		w->anywhere |= old->anywhere;
	}
}

/* ---- maps ---- */

static size_t slot_of(enum subject_kind kind, const char *text, const char *type)
{
	uint32_t hash = 2166136261u ^ kind;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	for (; *type; type++)
		hash = (hash ^ (unsigned char)*type) * 16777619u;
	return hash % TABLE;
}

/* Where it is, or is to be put: the table is never full. */
static struct subject **find_slot(struct normal *n, enum subject_kind kind, const char *text,
				  const char *type)
{
	size_t i = slot_of(kind, text, type);

	for (; n->table[i]; i = (i + 1) % TABLE)
		if (n->table[i]->kind == kind && !strcmp(n->table[i]->text, text) &&
		    !strcmp(n->table[i]->type, type))
			break;
	return &n->table[i];
}

/* Letters that the name of a rule may have. */
static void put_letters(struct subject *s, struct normal *n, const char *text, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

	bool shape = s->kind == SUBJECT_FAMILY || s->kind == SUBJECT_PINS;

	n->raw.len = 0;
	s->clean = true;
	for (size_t i = 0; i < len; i++) {
		bool good = text[i] && strchr(letters, text[i]);

		s->clean &= good;
		if (good)
			buf_bytes(&n->raw, shape && word_has_digit(text + i, 1) ? "N" : text + i,
				  1);
		else if (text[i] == '/' && n->raw.len)
			buf_str(&n->raw, "-");
	}
	buf_bytes(&n->raw, "", 1);
	s->raw = keep(n, &n->raw);
}

/* The word of it is in n->word, the type in n->type. NULL: there is no room. */
static struct subject *get_subject(struct normal *n, enum subject_kind kind, const struct fact *f)
{
	struct subject **slot, *s;

	if (n->word.failed || n->type.failed)
		return NULL;
	slot = find_slot(n, kind, n->word.data, n->type.data);
	if (*slot)
		return *slot;
	n->full |= n->n_subjects == NORMAL_MAPS;
	s = n->full ? NULL : pool_alloc(&n->pool, sizeof(*s));
	if (!s)
		return NULL;
	s->kind = kind;
	s->text = keep(n, &n->word);
	s->type = keep(n, &n->type);
	put_letters(s, n, f->text, f->len);
	if (!s->text || !s->type || !s->raw)
		return NULL;
	*slot = s;
	n->subjects[n->n_subjects++] = s;
	return s;
}

static void put_word(struct normal *n, const struct fact *f, enum word_as as)
{
	n->word.len = 0;
	word_put(&n->word, f->text, f->len, as);
	buf_bytes(&n->word, "", 1);
}

/* There are so many now that their number is one of ids. */
static void fold(struct normal *n, struct subject *family)
{
	family->folded = true;
	for (size_t i = 0; i < n->n_subjects; i++) {
		struct subject *s = n->subjects[i];

		if (s->family != family || s->folded)
			continue;
		merge(n, family, s);
		s->folded = true;
	}
}

/* The subject of a name or a pin. */
static struct subject *find_subject(struct normal *n, enum subject_kind kind, const struct fact *f)
{
	struct subject *family = NULL, *s;

	if (kind != SUBJECT_NONE && word_has_digit(f->text, f->len)) {
		put_word(n, f, WORD_SHAPE);
		family = get_subject(n, kind == SUBJECT_NAME ? SUBJECT_FAMILY : SUBJECT_PINS, f);
		if (!family || family->folded)
			return family;
	}
	put_word(n, f, WORD_EXACT);
	s = get_subject(n, kind, f);
	if (!s || !family || s->family)
		return s;
	s->family = family;
	if (++family->members <= NORMAL_FAMILY)
		return s;
	fold(n, family);
	return family;
}

/* ---- events ---- */

static bool is_write(const struct event *e)
{
	return (e->type == EVENT_MAP_UPDATE || e->type == EVENT_MAP_DELETE ||
		e->type == EVENT_MAP_CHANGE) &&
	       e->via != VIA_KERNEL;
}

static void on_subject(struct normal *n, enum subject_kind kind, const struct fact *f,
		       const struct event *e)
{
	struct subject *s = find_subject(n, kind, f);

	if (s && is_write(e))
		add_write(n, s, e);
}

static void put_type(struct normal *n, const struct event *e)
{
	struct fact fact;

	n->type.len = 0;
	if (n->fields.type->get(e, NULL, 0, &fact))
		put_fact(&n->type, &fact, WORD_EXACT);
	buf_bytes(&n->type, "", 1);
}

/* Of each pin: in the next event it may have but one of them. False: there is none to go by. */
static bool on_pins(struct normal *n, const struct event *e)
{
	bool found = false;
	struct fact fact;

	for (size_t i = 0; n->fields.pins->get(e, NULL, i, &fact); i++) {
		if (!word_is_utf8(fact.text, fact.len))
			continue;
		on_subject(n, SUBJECT_PIN, &fact, e);
		found = true;
	}
	return found;
}

void normal_event(struct normal *n, const struct event *e)
{
	static const struct fact nothing = { .text = "" };
	struct fact fact;

	/* Of an alert of a rule the map is that of the event that fired it. */
	if (e->type >= EVENT_TYPES || e->type == EVENT_ALERT || event_is_run(e))
		return;
	if (!n->fields.name->get(e, NULL, 0, &fact))
		return;
	n->first_ns = n->first_ns && n->first_ns < e->time_ns ? n->first_ns : e->time_ns;
	n->last_ns = n->last_ns > e->time_ns ? n->last_ns : e->time_ns;
	n->writes += is_write(e);
	put_type(n, e);
	put_writer(n, e);
	n->failed |= n->who.failed || n->place.failed || n->type.failed;
	if (n->failed)
		return;
	if (fact.len && word_is_utf8(fact.text, fact.len))
		on_subject(n, SUBJECT_NAME, &fact, e);
	else if (fact.len || !on_pins(n, e))
		on_subject(n, SUBJECT_NONE, &nothing, e);
}
