/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which events a user asked for; see filter.h. */
#include "filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE(t) (1u << EVENT_MAP_##t)
#define ALL_TYPES ((1u << EVENT_TYPES) - 1)
#define READ_TYPES TYPE(LOOKUP)
#define PROG_TYPES ((2u << EVENT_LINK_DETACH) - (1u << EVENT_PROG_LOAD))

static const struct {
	const char *name;
	uint32_t types;
} groups[] = {
	{ "open", TYPE(OPEN) | TYPE(MMAP) },
	{ "write", TYPE(UPDATE) | TYPE(DELETE) | TYPE(CHANGE) },
	{ "life", TYPE(CREATE) | TYPE(FREE) | TYPE(FREEZE) | TYPE(PIN) | TYPE(UNPIN) | TYPE(CHMOD) |
			  1u << EVENT_FS_CHANGE },
	{ "alert", 1u << EVENT_ALERT },
	{ "prog", PROG_TYPES },
	{ "read", READ_TYPES },
	{ "all", ALL_TYPES },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void filter_init(struct filter *f)
{
	memset(f, 0, sizeof(*f));
	f->types = ALL_TYPES & ~READ_TYPES;
}

/* A whole decimal number up to 2^32 - 1. */
static bool parse_u32(const char *word, uint32_t *out)
{
	unsigned long long n;
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno || *end || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* The kernel keeps 15 bytes of a name: a longer one without wildcards can match nothing. */
static int too_long(const char *word, char *why, size_t why_size)
{
	if (strlen(word) < EVENT_NAME_BYTES || strpbrk(word, "*?["))
		return 0;
	snprintf(why, why_size, "'%s' is longer than the 15 bytes that the kernel keeps of a name",
		 word);
	return -EINVAL;
}

/* An id, or a name or glob: 0 then. */
static int parse_id(const char *word, const char *what, uint32_t *id, char *why, size_t why_size)
{
	*id = 0;
	if (word[strspn(word, "0123456789")])
		return 0;
	if (parse_u32(word, id) && *id)
		return 0;
	snprintf(why, why_size, "'%s' is not a %s id: 1 to 4294967295", word, what);
	return -EINVAL;
}

static int full(size_t n, const char *what, char *why, size_t why_size)
{
	if (n < FILTER_MAX)
		return 0;
	snprintf(why, why_size, "at most %d %s can be given; use a glob", FILTER_MAX, what);
	return -EINVAL;
}

int filter_add_map(struct filter_list *list, const char *word, char *why, size_t why_size)
{
	struct map_match *m = &list->maps[list->n_maps];

	if (full(list->n_maps, "maps", why, why_size))
		return -EINVAL;
	if (!*word) {
		snprintf(why, why_size, "a map is an id, a name, a glob or a pinned path");
		return -EINVAL;
	}
	*m = (struct map_match){ .kind = MATCH_NAME, .text = word };
	if (strchr(word, '/'))
		m->kind = MATCH_PIN;
	else if (parse_id(word, "map", &m->id, why, why_size) ||
		 (!m->id && too_long(word, why, why_size)))
		return -EINVAL;
	if (m->id)
		m->kind = MATCH_ID;
	list->n_maps++;
	return 0;
}

int filter_add_pid(struct filter_list *list, const char *word, char *why, size_t why_size)
{
	if (full(list->n_pids, "pids", why, why_size))
		return -EINVAL;
	if (!parse_u32(word, &list->pids[list->n_pids]) || list->pids[list->n_pids] > INT32_MAX) {
		snprintf(why, why_size, "'%s' is not a pid", word);
		return -EINVAL;
	}
	list->n_pids++;
	return 0;
}

int filter_add_comm(struct filter_list *list, const char *word, char *why, size_t why_size)
{
	if (full(list->n_comms, "commands", why, why_size))
		return -EINVAL;
	if (!*word) {
		snprintf(why, why_size, "a command is a name or a glob of up to 15 characters");
		return -EINVAL;
	}
	if (too_long(word, why, why_size))
		return -EINVAL;
	list->comms[list->n_comms++] = word;
	return 0;
}

int filter_add_prog(struct filter_list *list, const char *word, char *why, size_t why_size)
{
	struct prog_match m = { .name = word };

	if (full(list->n_progs, "programs", why, why_size))
		return -EINVAL;
	if (!*word) {
		snprintf(why, why_size, "a program is an id, a name or a glob");
		return -EINVAL;
	}
	if (parse_id(word, "program", &m.id, why, why_size))
		return -EINVAL;
	list->progs[list->n_progs++] = m;
	return 0;
}

int filter_add_except(struct filter *f, char *word, char *why, size_t why_size)
{
	static const struct {
		const char *name;
		int (*add)(struct filter_list *list, const char *word, char *why, size_t why_size);
	} keys[] = {
		{ "map=", filter_add_map },
		{ "pid=", filter_add_pid },
		{ "comm=", filter_add_comm },
		{ "prog=", filter_add_prog },
	};
	char *save = NULL, *part = strtok_r(word, ",", &save);

	if (!part) {
		snprintf(why, why_size,
			 "give map=MAP, comm=NAME, pid=PID or prog=PROG, separated by commas");
		return -EINVAL;
	}
	for (; part; part = strtok_r(NULL, ",", &save)) {
		size_t i;

		for (i = 0; i < COUNT(keys); i++)
			if (!strncmp(part, keys[i].name, strlen(keys[i].name)))
				break;
		if (i == COUNT(keys)) {
			snprintf(why, why_size,
				 "'%s' is none of map=MAP, comm=NAME, pid=PID, prog=PROG", part);
			return -EINVAL;
		}
		if (keys[i].add(&f->except, part + strlen(keys[i].name), why, why_size))
			return -EINVAL;
	}
	return 0;
}

uint32_t filter_types(const char *name)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (!strcmp(name, groups[i].name))
			return groups[i].types;
	for (unsigned int t = 0; t < EVENT_TYPES; t++)
		if (!strcmp(name, event_type_names[t]) ||
		    (!strncmp(event_type_names[t], "map.", 4) &&
		     !strcmp(name, event_type_names[t] + 4)))
			return 1u << t;
	return 0;
}

int filter_set_types(struct filter *f, char *word, char *why, size_t why_size)
{
	char *save = NULL, *part = strtok_r(word, ",", &save);
	uint32_t types = 0, more;

	for (; part; part = strtok_r(NULL, ",", &save)) {
		more = filter_types(part);
		if (!more) {
			snprintf(
				why, why_size,
				"'%s' is no event type; groups: open, write, life, prog, alert, read, all; types: map.create, map.open, map.update, map.delete, map.change, map.lookup, map.mmap, map.freeze, map.pin, map.unpin, map.chmod, map.free, fs.change, prog.load, prog.unload, prog.attach, prog.detach, link.create, link.update, link.detach",
				part);
			return -EINVAL;
		}
		types |= more;
	}
	if (!types) {
		snprintf(why, why_size, "give event types or groups, separated by commas");
		return -EINVAL;
	}
	f->types = types;
	return 0;
}

static bool is_wild(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* Names come from the kernel, maybe without a NUL. */
static bool glob_matches(const char *glob, const char *name, size_t size)
{
	char text[EVENT_NAME_BYTES + 1] = "";
	size_t i;

	if (size > EVENT_NAME_BYTES)
		size = EVENT_NAME_BYTES;
	memcpy(text, name, size);
	/* As far as both are plain text, which is all of most; fnmatch(3) is dear. */
	for (i = 0; glob[i] == text[i] && !is_wild(glob[i]); i++)
		if (!glob[i])
			return true;
	return is_wild(glob[i]) && !fnmatch(glob + i, text + i, 0);
}

static bool list_has_map(const struct filter_list *list, uint32_t id, const char *name, size_t size)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		const struct map_match *m = &list->maps[i];

		if (m->kind == MATCH_NAME ? name && glob_matches(m->text, name, size) : m->id == id)
			return true;
	}
	return false;
}

/* The kernel's 15 bytes of it, or the whole where that is known. */
static bool prog_has_name(const struct event_prog *p, const char *glob)
{
	return glob_matches(glob, p->name, EVENT_NAME_BYTES) ||
	       (p->full_name && !fnmatch(glob, p->full_name, 0));
}

static bool list_has_prog(const struct filter_list *list, const struct event_prog *p)
{
	for (size_t i = 0; i < list->n_progs; i++) {
		const struct prog_match *m = &list->progs[i];

		if (m->id ? m->id == p->id : prog_has_name(p, m->name))
			return true;
	}
	return false;
}

static bool list_has_process(const struct filter_list *list, uint32_t pid, const char *comm)
{
	for (size_t i = 0; i < list->n_pids; i++)
		if (list->pids[i] == pid)
			return true;
	for (size_t i = 0; i < list->n_comms; i++)
		if (glob_matches(list->comms[i], comm, EVENT_NAME_BYTES))
			return true;
	return false;
}

/* Who changed it is not known: each that is suspected may have, and where nobody is, anybody. */
static bool list_has_suspect(const struct filter_list *list, const struct event *e)
{
	if (e->suspects_cut || (!e->n_suspects && !e->n_suspect_progs))
		return true;
	for (size_t i = 0; i < e->n_suspects; i++)
		if (list_has_process(list, e->suspects[i].pid, e->suspects[i].comm))
			return true;
	for (size_t i = 0; i < e->n_suspect_progs; i++) {
		struct event_prog p = { .id = e->suspect_progs[i].id };

		memcpy(p.name, e->suspect_progs[i].name, sizeof(p.name));
		if (list_has_prog(list, &p))
			return true;
	}
	return false;
}

static bool list_has_actor(const struct filter_list *list, const struct event *e)
{
	const struct event_task *task = &e->task;

	/* A summary's writes may have been in any process. */
	return (e->type != EVENT_SUMMARY && list_has_process(list, task->pid, task->comm)) ||
	       (e->program && list_has_prog(list, e->program)) ||
	       (event_is_run(e) &&
		(list_has_prog(list, &e->run.program) || list_has_prog(list, &e->run.old_program)));
}

bool filter_map(const struct filter *f, uint32_t id, const char *name, size_t name_size)
{
	if (list_has_map(&f->except, id, name, name_size))
		return false;
	return !f->only.n_maps || list_has_map(&f->only, id, name, name_size);
}

/* With -m, what concerns a program that uses such a map. */
static bool run_passes(const struct filter *f, const struct event_run *r)
{
	if (!f->only.n_maps || r->maps_more)
		return true;
	for (size_t i = 0; i < r->n_maps; i++)
		if (list_has_map(&f->only, r->maps[i].id, r->maps[i].name, EVENT_NAME_BYTES))
			return true;
	return false;
}

bool filter_subject(const struct filter *f, const struct event *e)
{
	const struct filter_list *only = &f->only;

	/* It is about all that is watched. */
	if (e->type == EVENT_ALERT)
		return true;
	/* A mount may hide the pins of any map. */
	if (event_is_run(e) ? !run_passes(f, &e->run) :
			      e->type != EVENT_FS_CHANGE &&
				      !filter_map(f, e->map.id, e->map.known ? e->map.name : NULL,
						  EVENT_NAME_BYTES))
		return false;
	if ((only->n_pids || only->n_comms || only->n_progs) &&
	    !(e->type == EVENT_MAP_CHANGE ? list_has_suspect(only, e) : list_has_actor(only, e)))
		return false;
	/* Suspicion leaves nothing out: it may have been another. */
	return e->type == EVENT_MAP_CHANGE || !list_has_actor(&f->except, e);
}

bool filter_event(const struct filter *f, const struct event *e)
{
	uint32_t types = 1u << e->type;

	/* It stands for others. */
	if (e->type == EVENT_SUMMARY)
		types |= 1u << e->summary.of;
	return f->types & types && filter_subject(f, e);
}

bool filter_changes(const struct filter *f)
{
	return f->types & TYPE(CHANGE);
}

bool filter_needs_process(const struct filter *f)
{
	return f->only.n_pids || f->only.n_comms || f->except.n_pids || f->except.n_comms;
}

bool filter_reads(const struct filter *f)
{
	return f->types & READ_TYPES;
}
