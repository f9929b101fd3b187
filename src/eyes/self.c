/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done to bpfmon itself: its maps, programs and links touched, its process traced or stopped. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eyes/detect.h"

/* A round that is later than this was held up: no load of a machine that works makes it so late. */
#define STALLED_NS (5 * SECOND_NS)

/* ---- own maps, programs and links ---- */

/* Who lists maps, as bpftool and `bpfmon maps` do, opens each; by now only to read. */
static enum event_severity severity_of(const struct event *e)
{
	switch (e->type) {
	case EVENT_MAP_OPEN:
		return e->can_write ? SEVERITY_HIGH : SEVERITY_LOW;
	case EVENT_MAP_LOOKUP:
		return SEVERITY_LOW;
	case EVENT_MAP_MMAP:
		return e->can_write ? SEVERITY_CRITICAL : SEVERITY_LOW;
	case EVENT_HANDLE:
		return SEVERITY_HIGH;	/* for now: see put_opener() */
	default:
		return SEVERITY_CRITICAL;
	}
}

static enum touched_kind kind_of(const struct event *e, uint32_t *id)
{
	*id = e->map.id;
	if (!event_is_run(e) && e->type != EVENT_HANDLE)
		return TOUCHED_MAP;
	*id = e->run.link_id;
	if (*id && e->type != EVENT_LINK_CREATE)
		return TOUCHED_LINK;
	/* A new program or link is one for bpfmon's: its target. */
	*id = e->object.kind == OBJECT_PROGRAM ? e->object.named.id : e->run.program.id;
	return TOUCHED_PROGRAM;
}

static bool lists(const struct touched *t, uint32_t pid)
{
	for (size_t i = 0; i < TOUCHED_LISTERS; i++)
		if (t->listers[i] == pid)
			return true;
	return false;
}

/* A place for one more: who lists may give it away to one who does not. */
static struct opener *opener_place(struct touched *t, uint32_t pid)
{
	for (size_t i = 0; i < t->n_openers; i++)
		if (t->openers[i].pid == pid)
			return NULL;
	if (t->n_openers < TOUCHED_OPENERS)
		return &t->openers[t->n_openers++];
	for (size_t i = 0; i < t->n_openers; i++)
		if (lists(t, t->openers[i].pid))
			return &t->openers[i];
	return NULL;
}

static void note_opener(struct touched *t, uint32_t pid, uint32_t id, const char *comm)
{
	struct opener *o = opener_place(t, pid);

	if (!o)
		return;
	*o = (struct opener){ .pid = pid, .id = id };
	memcpy(o->comm, comm, strnlen(comm, sizeof(o->comm)));
}

void eyes_touched(struct eyes *eyes, const struct event *e, uint64_t seq)
{
	enum event_severity severity = severity_of(e);
	uint32_t id;
	struct touched *t = &eyes->touched[kind_of(e, &id)];

	if (e->type == EVENT_HANDLE)
		note_opener(t, e->task.pid, id, e->task.comm);
	/* The worst is the one that is told. */
	if (!t->n || severity > t->severity) {
		t->severity = severity;
		t->id = id;
		t->pid = e->task.pid;
		t->type = e->type;
		memset(t->comm, 0, sizeof(t->comm));
		memcpy(t->comm, e->task.comm, strnlen(e->task.comm, sizeof(t->comm)));
	}
	t->n++;
	if (seq != EVENT_SEQ_NONE && t->n_causes < EVENT_CAUSES)
		t->causes[t->n_causes++].seq = seq;
}

void eyes_listed(struct eyes *eyes, const struct event *e)
{
	uint32_t id;
	struct touched *t = &eyes->touched[kind_of(e, &id)];

	if (!lists(t, e->task.pid))
		t->listers[t->next_lister++ % TOUCHED_LISTERS] = e->task.pid;
}

static void put_who(struct buf *b, const char *comm, uint32_t pid)
{
	buf_safe(b, comm, EVENT_NAME_BYTES);
	buf_printf(b, "[%" PRIu32 "]", pid);
}

/*
 * A program or a link can't be opened to read only. Who lists them all opens those of others, too;
 * who is after bpfmon's does not, and is the one that is told.
 */
static enum event_severity put_opener(struct buf *b, const struct touched *t, const char *kind)
{
	const struct opener *o = t->openers;
	enum event_severity severity = SEVERITY_LOW;

	for (size_t i = 0; i < t->n_openers && severity == SEVERITY_LOW; i++) {
		if (lists(t, t->openers[i].pid))
			continue;
		o = &t->openers[i];
		severity = SEVERITY_CRITICAL;
	}
	buf_printf(b, "opening by id of bpfmon's own %s %" PRIu32 " by ", kind, o->id);
	put_who(b, o->comm, o->pid);
	return severity;
}

void eyes_look_touched(struct eyes *eyes, unsigned int what, struct finding *f)
{
	static const char *const kinds[TOUCHED_KINDS] = { "map", "program", "link" };
	struct touched *t = &eyes->touched[what];

	if (!t->n)
		return;
	f->bad = true;
	if (t->type == EVENT_HANDLE) {
		f->severity = put_opener(&f->reason, t, kinds[what]);
	} else {
		f->severity = t->severity;
		buf_printf(&f->reason, "%s of bpfmon's own %s %" PRIu32 " by ",
			   event_type_names[t->type], kinds[what], t->id);
		put_who(&f->reason, t->comm, t->pid);
	}
	if (t->n > 1)
		buf_printf(&f->reason, ", and %" PRIu64 " more events of own %ss", t->n - 1,
			   kinds[what]);
	memcpy(f->causes, t->causes, t->n_causes * sizeof(t->causes[0]));
	f->n_causes = t->n_causes;
	t->n = t->n_causes = t->n_openers = 0;
}

/* The kernel side keeps these in a map that who may open it by id may map, too. */
void eyes_look_switch(struct eyes *eyes, unsigned int what, struct finding *f)
{
	(void)what;
	f->bad = !eyes->ask->armed(eyes->ask->obj);
	buf_str(&f->reason,
		f->bad ?
			"somebody wrote bpfmon's own .bss map: the hooks are switched off, or spare another process" :
			"the hooks are switched on");
}

/* ---- own process ---- */

static uint32_t tracer_pid(const char *status)
{
	static const char name[] = "\nTracerPid:";
	const char *at = strstr(status, name);

	return at ? (uint32_t)strtoul(at + strlen(name), NULL, 10) : 0;
}

static void put_comm(struct buf *b, const struct eyes_ask *ask, uint64_t pid)
{
	char path[64], comm[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", pid);
	fd = eyes_open(ask, path);
	if (fd < 0)
		return;
	if (eyes_read(fd, comm, sizeof(comm))) {
		buf_str(b, " (");
		buf_safe(b, comm, strcspn(comm, "\n"));
		buf_str(b, ")");
	}
	close(fd);
}

void eyes_look_tracer(struct eyes *eyes, unsigned int what, struct finding *f)
{
	char status[1024];	/* it is among the first lines */

	(void)what;
	f->unasked = !eyes_read(eyes->status_fd, status, sizeof(status));
	if (f->unasked)
		return;
	f->which = tracer_pid(status);
	f->bad = f->which;
	if (!f->bad) {
		buf_str(&f->reason, "nobody traces bpfmon");
		return;
	}
	buf_printf(&f->reason, "process %" PRIu64, f->which);
	put_comm(&f->reason, eyes->ask, f->which);
	buf_str(&f->reason,
		" has bpfmon under ptrace(2): it can stop it and change what it writes");
}

void eyes_look_stalled(struct eyes *eyes, unsigned int what, struct finding *f)
{
	(void)what;
	f->bad = eyes->late_ns > STALLED_NS;
	buf_printf(&f->reason,
		   "bpfmon did not run for %" PRIu64 ".%" PRIu64
		   " s: somebody stopped it, nobody read its output, or it got no CPU",
		   (uint64_t)(eyes->late_ns / SECOND_NS),
		   (uint64_t)(eyes->late_ns / (SECOND_NS / 10) % 10));
}
