/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who has a map open or mapped; see mapholders.h. */
#include "inventory/mapholders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfmon/wire.h"
#include "fdinfo.h"
#include "inventory/mapiter.h"

struct gather {
	struct inventory *inv;
	uint32_t own_pid;
	int err;
};

static struct inv_process *process_of(struct inv_map *m, uint32_t pid)
{
	struct inv_process *list;

	/* A process is told in one piece, map by map: most likely it is the last. */
	for (size_t i = m->n_processes; i; i--)
		if (m->processes[i - 1].pid == pid)
			return &m->processes[i - 1];
	list = inventory_grow(m->processes, m->n_processes, sizeof(*list));
	if (!list)
		return NULL;
	m->processes = list;
	list[m->n_processes].pid = pid;
	return &list[m->n_processes++];
}

static void add_holder(void *context, const void *record)
{
	const struct wire_holder *h = record;
	struct gather *g = context;
	struct inv_process *p;
	struct inv_map *m;

	if (h->pid == g->own_pid)
		return;
	if (h->kind == WIRE_HOLDER_CUT)
		inventory_gap(g->inv, "pid %u has more mappings than could be looked at", h->pid);
	m = inventory_find(g->inv, h->map);
	if (!m)
		return;
	p = process_of(m, h->pid);
	if (!p) {
		g->err = -ENOMEM;
		return;
	}
	p->uid = h->uid;
	memcpy(p->comm, h->comm, sizeof(p->comm));
	if (h->kind == WIRE_HOLDER_FD) {
		p->fds++;
		p->fd_mode |= h->mode;
	} else {
		p->mmaps++;
		p->mmap_mode |= h->mode;
	}
}

/* ---- /proc ---- */

static void read_comm(uint32_t pid, char comm[EVENT_NAME_BYTES])
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, comm, EVENT_NAME_BYTES);
		close(fd);
	}
	memset(comm + (n > 0 ? n - 1 : 0), 0, EVENT_NAME_BYTES - (size_t)(n > 0 ? n - 1 : 0));
}

static uint32_t read_uid(uint32_t pid)
{
	char path[64], line[256];
	uint32_t uid = UINT32_MAX;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Uid: %u", &uid) == 1)
			break;
	if (f)
		fclose(f);
	return uid;
}

static void add_fd(struct gather *g, struct wire_holder *h, int dir, const char *name)
{
	char target[32] = "", path[64];
	struct fdinfo info = {};

	if (readlinkat(dir, name, target, sizeof(target) - 1) < 0 ||
	    strcmp(target, "anon_inode:bpf-map") != 0)
		return;
	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.16s", h->pid, name);
	if (fdinfo_read(path, &info) || !info.map_id)
		return;
	h->map = info.map_id;
	h->mode = (info.flags & O_ACCMODE) == O_RDWR   ? INV_READ | INV_WRITE :
		  (info.flags & O_ACCMODE) == O_WRONLY ? INV_WRITE :
							 INV_READ;
	add_holder(g, h);
}

static void add_process(struct gather *g, uint32_t pid)
{
	struct wire_holder h = { .pid = pid, .kind = WIRE_HOLDER_FD };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	read_comm(pid, h.comm);
	h.uid = read_uid(pid);
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			add_fd(g, &h, dirfd(dir), entry->d_name);
	closedir(dir);
}

static void by_proc(struct gather *g)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir) {
		inventory_gap(g->inv, "which processes hold maps is not known: no /proc");
		return;
	}
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			add_process(g, (uint32_t)strtoul(entry->d_name, NULL, 10));
	closedir(dir);
	inventory_gap(
		g->inv,
		"no bpf iterators here: which processes have maps mapped is not known, nor what bpf(2) hides");
}

int mapholders_gather(struct inventory *inv, const struct mapiter *iter)
{
	struct gather g = { .inv = inv, .own_pid = (uint32_t)getpid() };

	if (iter && !mapiter_run(iter, MAPITER_HELD, add_holder, &g)) {
		if (mapiter_run(iter, MAPITER_MAPPED, add_holder, &g))
			inventory_gap(inv, "which processes have maps mapped could not be listed");
		return g.err;
	}
	/* What an iterator told before it failed would count twice. */
	for (size_t i = 0; i < inv->n_maps; i++)
		inv->maps[i].n_processes = 0;
	by_proc(&g);
	return g.err;
}

int mapholders_mapped(struct inventory *inv, const struct mapiter *iter)
{
	struct gather g = { .inv = inv, .own_pid = (uint32_t)getpid() };
	int err = mapiter_run(iter, MAPITER_MAPPED, add_holder, &g);

	return err ? err : g.err;
}
