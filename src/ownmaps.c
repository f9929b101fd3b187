/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that bpfmon processes made for themselves; see ownmaps.h. */
#include "ownmaps.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct own {
	uint32_t map, pid;
};

struct ownmaps {
	struct own *list;
	size_t n, cap;
	struct stat exe;	/* of this process */
	bool known;		/* exe is valid */
};

static void own_add(struct ownmaps *own, uint32_t map, uint32_t pid)
{
	struct own *list = own->list;

	if (own->n == own->cap) {
		size_t cap = own->cap ? own->cap * 2 : 32;

		list = realloc(own->list, cap * sizeof(*list));
		if (!list)
			return;	/* its bookkeeping will be reported */
		own->list = list;
		own->cap = cap;
	}
	list[own->n++] = (struct own){ map, pid };
}

static bool runs_our_file(const struct ownmaps *own, uint32_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	return own->known && !stat(path, &st) && st.st_ino == own->exe.st_ino &&
	       st.st_dev == own->exe.st_dev;
}

bool ownmaps_parse_fdinfo(const char *line, uint32_t *id)
{
	unsigned int n;

	if (sscanf(line, "map_id:\t%u", &n) != 1 || !n)
		return false;
	*id = n;
	return true;
}

static void add_held(struct ownmaps *own, uint32_t pid)
{
	char path[64], line[256];
	struct dirent *entry;
	uint32_t id;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		FILE *f;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.16s", pid, entry->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (ownmaps_parse_fdinfo(line, &id))
				own_add(own, id, pid);
		if (f)
			fclose(f);
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

void ownmaps_free(struct ownmaps *own)
{
	if (!own)
		return;
	free(own->list);
	free(own);
}

static struct own *own_find(struct ownmaps *own, uint32_t map)
{
	for (size_t i = 0; i < own->n; i++)
		if (own->list[i].map == map)
			return &own->list[i];
	return NULL;
}

bool ownmaps_event(struct ownmaps *own, const struct event *e)
{
	struct own *o = own_find(own, e->map.id);
	bool bookkeeping;

	if (!o && e->type == EVENT_MAP_CREATE && runs_our_file(own, e->task.pid)) {
		own_add(own, e->map.id, e->task.pid);
		return true;
	}
	if (!o)
		return false;
	bookkeeping = o->pid == e->task.pid;
	if (e->type == EVENT_MAP_FREE) {
		/* The last reference may be dropped by a kernel worker. */
		bookkeeping = true;
		*o = own->list[--own->n];
	}
	return bookkeeping;
}
