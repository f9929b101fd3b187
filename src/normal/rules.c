/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file of rules of what was learned; see normal.h. Its order depends on nothing but what is in it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "normal/learned.h"

#define NAME_LETTERS 24	/* of a pin, in the name of its rule */

/* ---- which maps have a rule ---- */

static bool is_listed(const struct subject *s)
{
	bool family = s->kind == SUBJECT_FAMILY || s->kind == SUBJECT_PINS;

	return s->folded == family;
}

static bool has_rule(const struct subject *s)
{
	return is_listed(s) && s->kind != SUBJECT_NONE && !s->many;
}

size_t normal_count(const struct normal *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->n_subjects; i++)
		count += has_rule(n->subjects[i]);
	return count;
}

/* ---- order ---- */

static int compare_subjects(const void *a, const void *b)
{
	const struct subject *x = *(const struct subject *const *)a,
			     *y = *(const struct subject *const *)b;
	int order = strcmp(x->text, y->text);

	order = order ? order : strcmp(x->type, y->type);
	return order ? order : (int)x->kind - (int)y->kind;
}

static int compare_writers(const void *a, const void *b)
{
	const struct writer *x = a, *y = b;

	return strcmp(x->who, y->who);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct normal *n)
{
	if (n->n_subjects)
		qsort(n->subjects, n->n_subjects, sizeof(*n->subjects), compare_subjects);
	for (size_t i = 0; i < n->n_subjects; i++) {
		struct subject *s = n->subjects[i];

		if (s->n_writers)
			qsort(s->writers, s->n_writers, sizeof(*s->writers), compare_writers);
		for (size_t k = 0; k < s->n_writers; k++)
			qsort(s->writers[k].places, s->writers[k].n_places,
			      sizeof(s->writers[k].places[0]), compare_texts);
	}
}

/* ---- a rule ---- */

static uint64_t hash_of(const struct subject *s)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ s->kind;

	for (const char *at = s->text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3ull;
	for (const char *at = s->type; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3ull;
	return hash;
}

/* The same whenever and with whatever else it is learned: alerts and exceptions go by it. */
static void put_name(struct buf *b, const struct subject *s)
{
	bool named = s->kind == SUBJECT_NAME && s->clean && strlen(s->raw) < 16;

	buf_str(b, "learned-");
	if (named)
		buf_printf(b, "%s-%s", s->raw, s->type);
	else
		buf_printf(b, "%.*s-%016" PRIx64, NAME_LETTERS, s->raw, hash_of(s));
}

static void put_vias(struct buf *b, uint32_t vias)
{
	const char *comma = "";

	buf_str(b, "via: [");
	for (unsigned int via = 0; via < VIAS; via++) {
		if (!(vias >> via & 1) || !event_via_names[via])
			continue;
		buf_printf(b, "%s%s", comma, event_via_names[via]);
		comma = ", ";
	}
	buf_str(b, "]");
}

/* "- FIRST", and the other lines below it. */
static void put_lines(struct buf *b, const char *lines, bool *first)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		buf_str(b, *first ? "      - " : "        ");
		buf_bytes(b, lines, n);
		buf_str(b, "\n");
		*first = false;
		lines += n + (lines[n] == '\n');
	}
}

static void put_exception(struct buf *b, const struct writer *w, const char *place)
{
	struct buf vias = {};
	bool first = true;

	if (w->vias & ~(1u << VIA_NONE)) {
		put_vias(&vias, w->vias);
		buf_bytes(&vias, "", 1);
		b->failed |= vias.failed;
		if (!vias.failed)
			put_lines(b, vias.data, &first);
	}
	put_lines(b, w->who, &first);
	put_lines(b, place, &first);
	buf_fini(&vias);
}

static void put_writer(struct buf *b, const struct writer *w)
{
	buf_printf(b, "      # %" PRIu64 " write%s%s\n", w->writes, w->writes == 1 ? "" : "s",
		   w->succeeded ? "" : ", all refused by the kernel");
	if (w->anywhere)
		put_exception(b, w, "");
	for (size_t i = 0; !w->anywhere && i < w->n_places; i++)
		put_exception(b, w, w->places[i]);
}

static void put_title(struct buf *b, const struct subject *s)
{
	buf_str(b, s->kind == SUBJECT_NAME || s->kind == SUBJECT_FAMILY ? "# Map " :
									  "# The map pinned at ");
	buf_str(b, s->text);
	buf_printf(b, ", %s: %" PRIu64 " write%s\n", s->type, s->writes, s->writes == 1 ? "" : "s");
}

static void put_rule(struct buf *b, const struct subject *s)
{
	buf_str(b, "\n  ");
	put_title(b, s);
	buf_str(b, "  - name: ");
	put_name(b, s);
	buf_str(b, "\n    match:\n      type: [map.update, map.delete, map.change]\n"
		   "      via: {not: kernel}\n");
	if (s->kind == SUBJECT_NAME || s->kind == SUBJECT_FAMILY)
		buf_str(b, "      map.name: ");
	else
		buf_str(b, "      map.name: \"\"\n      map.pin: ");
	buf_str(b, s->text);
	buf_str(b, "\n      map.type: ");
	buf_str(b, s->type);
	buf_str(b, s->n_writers ? "\n    exceptions:\n" : "\n");
	for (size_t i = 0; i < s->n_writers; i++)
		put_writer(b, &s->writers[i]);
	buf_str(b,
		"    severity: medium\n"
		"    text: \"{type} of map {map.id} {map.name} via {via}, by {process.exe} "
		"{process.comm}[{process.pid}], program {program.name}: nobody who was learned\"\n"
		"    mitre: [T1565.001]\n"
		"    rate_limit: {count: 5, seconds: 60, per: [map.id, process.exe, "
		"program.tag]}\n");
}

/* ---- the file ---- */

static void put_time(struct buf *b, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%FT%TZ", &tm);
	buf_str(b, text);
}

static void put_head(const struct normal *n, const char *host, const char *kernel, struct buf *b)
{
	buf_str(b, "# Who writes to which maps, learned by bpfmon " BPFMON_VERSION " on ");
	buf_safe(b, host, 256);
	buf_str(b, ", kernel ");
	buf_safe(b, kernel, 256);
	buf_printf(b, ":\n# %" PRIu64 " writes", n->writes);
	if (n->last_ns) {
		buf_str(b, ", ");
		put_time(b, n->first_ns);
		buf_str(b, " to ");
		put_time(b, n->last_ns);
	}
	buf_str(b,
		".\n#\n"
		"# A rule for each map, by its name, or by its pin where it has none. Writers are exceptions of\n"
		"# it: whoever else writes raises an alert. What was wrong meanwhile is taken for normal, and who\n"
		"# writes once a month was maybe not seen: read it, change it. Then, in bpfmon.conf(5):\n"
		"#\n"
		"#     rules: [THIS FILE]\n");
	if (n->lost)
		buf_printf(b,
			   "#\n# %" PRIu64 " events were lost meanwhile: writers may be missing.\n",
			   n->lost);
	if (n->full)
		buf_printf(b, "#\n# There were more than %d maps: no rule is about the others.\n",
			   NORMAL_MAPS);
}

/* Of what no rule can be: who wrote, for a person. */
static void put_unruled(const struct subject *s, struct buf *b)
{
	if (s->many) {
		buf_str(b, "\n");
		put_title(b, s);
		buf_printf(b, "# By more than %d: whoever writes is no stranger.\n",
			   NORMAL_WRITERS);
		return;
	}
	buf_printf(
		b,
		"\n# Maps of type %s without a name, or with one that is no text, and without a pin: no "
		"rule\n# can be about them. %" PRIu64 " writes.\n",
		s->type, s->writes);
	for (size_t i = 0; i < s->n_writers; i++) {
		buf_printf(b, "#   %" PRIu64 " by ", s->writers[i].writes);
		for (const char *at = s->writers[i].who; *at; at++)
			buf_bytes(b, *at == '\n' ? ", " : at, *at == '\n' ? 2 : 1);
		buf_str(b, *s->writers[i].who ? "\n" : "nobody that is known\n");
	}
}

void normal_rules(struct normal *n, const char *host, const char *kernel, struct buf *b)
{
	sort(n);
	put_head(n, host, kernel, b);
	for (size_t i = 0; i < n->n_subjects; i++)
		if (is_listed(n->subjects[i]) && !has_rule(n->subjects[i]))
			put_unruled(n->subjects[i], b);
	buf_str(b, normal_count(n) ? "\nrules:\n" : "\nrules: []\n");
	for (size_t i = 0; i < n->n_subjects; i++)
		if (has_rule(n->subjects[i]))
			put_rule(b, n->subjects[i]);
	b->failed |= n->failed;
}
