/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that bpfmon processes made for themselves; see ownmaps.h. */
#include "ownmaps.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdinfo.h"

struct own {
	uint32_t id, pid;
};

/* A list each: maps are looked for with each event, programs and links with few. */
enum own_kind { OWN_MAP, OWN_PROG, OWN_LINK, OWN_KINDS };

struct ownmaps {
	struct own_list {
		struct own *list;
		size_t n, cap;
	} kinds[OWN_KINDS];
	struct stat exe;	/* of this process */
	bool known;		/* exe is valid */
};

static struct own *own_find(const struct ownmaps *own, enum own_kind kind, uint32_t id)
{
	const struct own_list *l = &own->kinds[kind];

	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].id == id)
			return &l->list[i];
	return NULL;
}

static void own_add(struct ownmaps *own, enum own_kind kind, uint32_t id, uint32_t pid)
{
	struct own_list *l = &own->kinds[kind];
	struct own *list;

	if (!id || own_find(own, kind, id))
		return;
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;

		list = realloc(l->list, cap * sizeof(*list));
		if (!list)
			return;	/* its bookkeeping will be reported */
		l->list = list;
		l->cap = cap;
	}
	l->list[l->n++] = (struct own){ id, pid };
}

static void own_drop(struct ownmaps *own, enum own_kind kind, struct own *o)
{
	struct own_list *l = &own->kinds[kind];

	*o = l->list[--l->n];
}

static bool runs_our_file(const struct ownmaps *own, uint32_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	return own->known && !stat(path, &st) && st.st_ino == own->exe.st_ino &&
	       st.st_dev == own->exe.st_dev;
}

static void add_held(struct ownmaps *own, uint32_t pid)
{
	struct dirent *entry;
	struct fdinfo info;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.16s", pid, entry->d_name);
		if (fdinfo_read(path, &info))
			continue;
		own_add(own, OWN_MAP, info.map_id, pid);
		own_add(own, OWN_PROG, info.prog_id, pid);
		own_add(own, OWN_LINK, info.link_id, pid);
	}
	if (dir)
		closedir(dir);
}

struct ownmaps *ownmaps_new(void)
{
	struct ownmaps *own = calloc(1, sizeof(*own));
	struct dirent *entry;
	DIR *dir;

	if (!own)
		return NULL;
	own->known = !stat("/proc/self/exe", &own->exe);
	dir = opendir("/proc");
	while (dir && (entry = readdir(dir))) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);

		if (pid && runs_our_file(own, (uint32_t)pid))
			add_held(own, (uint32_t)pid);
	}
	if (dir)
		closedir(dir);
	return own;
}

void ownmaps_look(struct ownmaps *own)
{
	add_held(own, (uint32_t)getpid());
}

void ownmaps_loaded(struct ownmaps *own, uint32_t own_pid, const struct event *e)
{
	if (e->code.prog.loader_pid == own_pid)
		own_add(own, OWN_PROG, e->code.prog.id, own_pid);
}

void ownmaps_free(struct ownmaps *own)
{
	if (!own)
		return;
	for (int kind = 0; kind < OWN_KINDS; kind++)
		free(own->kinds[kind].list);
	free(own);
}

static bool is_known(const struct ownmaps *own, enum own_kind kind, uint32_t pid)
{
	const struct own_list *l = &own->kinds[kind];

	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].pid == pid)
			return true;
	return false;
}

/* A bpfmon that watches asks what a map is: see src/btf/mapask.h. */
static bool is_question(const struct ownmaps *own, const struct event *e)
{
	if (e->type != EVENT_MAP_OPEN || e->how != HOW_ID || e->can_write)
		return false;
	return is_known(own, OWN_MAP, e->task.pid);
}

/* Those there were at the start are known by what /proc calls us, others by what the kernel does. */
static bool is_ours(const struct own *o, uint32_t own_pid)
{
	return o->pid == own_pid || o->pid == (uint32_t)getpid();
}

bool ownmaps_ours(struct ownmaps *own, uint32_t own_pid, uint32_t map)
{
	const struct own *o = own_find(own, OWN_MAP, map);

	return o && is_ours(o, own_pid);
}

static bool is_our(const struct ownmaps *own, uint32_t own_pid, enum own_kind kind, uint32_t id)
{
	const struct own *o = id ? own_find(own, kind, id) : NULL;

	return o && is_ours(o, own_pid);
}

/* A program or a link of ours, or a program for one of ours to be put into its place or watch it. */
static bool touches_run(const struct ownmaps *own, uint32_t own_pid, const struct event *e)
{
	return is_our(own, own_pid, OWN_LINK, e->run.link_id) ||
	       is_our(own, own_pid, OWN_PROG, e->run.program.id) ||
	       (e->object.kind == OBJECT_PROGRAM &&
		is_our(own, own_pid, OWN_PROG, e->object.named.id));
}

/*
 * A bpfmon has to do with its own programs and links only; they go in whoever's context. What
 * another does to them is told.
 */
static enum ownmaps_is run_event(struct ownmaps *own, uint32_t own_pid, const struct event *e)
{
	bool of_link = e->type == EVENT_LINK_DETACH;
	enum own_kind kind = of_link ? OWN_LINK : OWN_PROG;
	uint32_t id = of_link ? e->run.link_id : e->run.program.id, pid = e->task.pid;
	bool goes = e->type == EVENT_PROG_UNLOAD || (of_link && e->via == VIA_KERNEL);
	struct own *o = goes ? own_find(own, kind, id) : NULL;

	if (o) {
		own_drop(own, kind, o);
		return OWNMAPS_BOOKKEEPING;
	}
	if (pid != own_pid && !is_known(own, OWN_MAP, pid) && !is_known(own, OWN_PROG, pid) &&
	    !runs_our_file(own, pid))
		return !goes && touches_run(own, own_pid, e) ? OWNMAPS_TOUCHED : OWNMAPS_OTHER;
	if (e->type == EVENT_PROG_LOAD)
		own_add(own, OWN_PROG, e->run.program.id, pid);
	else if (e->type == EVENT_LINK_CREATE)
		own_add(own, OWN_LINK, e->run.link_id, pid);
	/* Somebody else's may go with a process of bpfmon that happens to drop it last. */
	return goes ? OWNMAPS_OTHER : OWNMAPS_BOOKKEEPING;
}

enum ownmaps_is ownmaps_event(struct ownmaps *own, uint32_t own_pid, const struct event *e)
{
	/* A program's write is never bpfmon's, whoever runs while it happens. */
	bool itself = e->via == VIA_NONE || e->via == VIA_SYSCALL || e->via == VIA_BATCH;
	struct own *o;

	if (event_is_run(e) || e->type == EVENT_HANDLE)
		return run_event(own, own_pid, e);
	o = own_find(own, OWN_MAP, e->map.id);
	if (e->type == EVENT_MAP_CHANGE)
		return o ? OWNMAPS_BOOKKEEPING : OWNMAPS_OTHER;
	if (!o && e->type == EVENT_MAP_CREATE && runs_our_file(own, e->task.pid)) {
		own_add(own, OWN_MAP, e->map.id, e->task.pid);
		return OWNMAPS_BOOKKEEPING;
	}
	if (o && e->type == EVENT_MAP_FREE) {
		/* The last reference may be dropped by a kernel worker. */
		own_drop(own, OWN_MAP, o);
		return OWNMAPS_BOOKKEEPING;
	}
	if (itself && (e->task.pid == own_pid || (o && o->pid == e->task.pid)))
		return OWNMAPS_BOOKKEEPING;
	/* Nor does it know at once that what it asks of is a third one's. */
	if (itself && !(o && is_ours(o, own_pid)) && is_question(own, e))
		return OWNMAPS_BOOKKEEPING;
	return o && e->via != VIA_KERNEL && is_ours(o, own_pid) ? OWNMAPS_TOUCHED : OWNMAPS_OTHER;
}

bool ownmaps_has(const struct ownmaps *own, uint32_t map)
{
	return own_find(own, OWN_MAP, map);
}

bool ownmaps_has_program(const struct ownmaps *own, uint32_t program)
{
	return own_find(own, OWN_PROG, program);
}
