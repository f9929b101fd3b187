/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs on cgroups and on perf events, by BPF_PROG_QUERY and BPF_TASK_FD_QUERY. */
#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baseline/ask.h"

#define PROGS_MAX 64 /* on one cgroup by type: BPF_CGROUP_MAX_PROGS */

/* ---- cgroups ---- */

/* Types that are on a cgroup: for others the kernel takes the descriptor as something else. */
static const uint8_t cgroup_types[] = { 0,  1,	2,  3,	6,  8,	9,  10, 11, 12, 13, 14, 15, 18, 19,
					20, 21, 22, 29, 30, 31, 32, 34, 43, 49, 50, 51, 52, 53 };

static void query_cgroup(struct ask *a, const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char target[4200], detail[32];

	if (fd < 0)
		return; /* gone since */
	snprintf(target, sizeof(target), "cgroup %s", name);
	for (size_t i = 0; i < sizeof(cgroup_types); i++) {
		uint32_t ids[PROGS_MAX], n = PROGS_MAX, flags = 0;

		if (bpf_prog_query(fd, cgroup_types[i], 0, &flags, ids, &n))
			continue;
		snprintf(detail, sizeof(detail), "flags %#x", flags);
		for (uint32_t p = 0; p < n && p < PROGS_MAX; p++)
			ask_attachment(a, ids[p], cgroup_types[i], target, p, detail);
	}
	close(fd);
}

static void add_cgroup(struct ask *a, uint64_t id, const char *name)
{
	struct ask_cgroup *list = inventory_grow(a->cgroups, a->n_cgroups, sizeof(*list));

	if (!list) {
		a->err = -ENOMEM;
		return;
	}
	a->cgroups = list;
	list[a->n_cgroups].id = id;
	list[a->n_cgroups].path = strdup(name);
	if (list[a->n_cgroups].path)
		a->n_cgroups++;
	else
		a->err = -ENOMEM;
}

static void walk_cgroups(struct ask *a, char *root)
{
	char *roots[] = { root, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	size_t skip = strlen(root);
	FTSENT *entry;

	while (fts && !a->err && (entry = fts_read(fts))) {
		const char *name = entry->fts_path + skip;

		if (entry->fts_info != FTS_D)
			continue;
		/* The inode number is the id, of 64 bits since 5.5. */
		add_cgroup(a, entry->fts_statp->st_ino, *name ? name : "/");
		query_cgroup(a, entry->fts_path, *name ? name : "/");
	}
	if (fts)
		fts_close(fts);
}

void ask_cgroups(struct ask *a)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, path[4096];
	bool found = false;
	size_t size = 0;

	while (f && !found && getline(&line, &size, f) > 0) {
		if (!strstr(line, " - cgroup2 ") ||
		    sscanf(line, "%*u %*u %*s %*s %4095s", path) != 1)
			continue;
		found = true;
		walk_cgroups(a, path);
	}
	free(line);
	if (f)
		fclose(f);
	if (!found)
		inventory_gap(a->inv,
			      "what is attached to cgroups is not known: no cgroup2 is mounted");
}

/* ---- perf events ---- */

static void query_perf(struct ask *a, uint32_t pid, int fd)
{
	static const char *const types[] = { "raw_tracepoint", "tracepoint", "kprobe",
					     "kretprobe",      "uprobe",     "uretprobe" };
	char name[512] = "", target[600];
	uint32_t len = sizeof(name), prog = 0, type = 0;
	__u64 offset = 0, address = 0;

	if (bpf_task_fd_query((int)pid, fd, 0, name, &len, &prog, &type, &offset, &address) ||
	    !prog || type >= sizeof(types) / sizeof(types[0]))
		return;
	/* A raw tracepoint is a link as well. */
	if (!type)
		return;
	snprintf(target, sizeof(target), "%s %.500s+%#llx", types[type], name,
		 (unsigned long long)(type > 1 ? offset : 0));
	ask_attachment(a, prog, UINT32_MAX, target, 0, NULL);
}

static void walk_process(struct ask *a, uint32_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char target[32] = "";

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) > 0 &&
		    !strcmp(target, "anon_inode:[perf_event]"))
			query_perf(a, pid, (int)strtoul(entry->d_name, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

void ask_perf(struct ask *a)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			walk_process(a, (uint32_t)strtoul(entry->d_name, NULL, 10));
	if (dir)
		closedir(dir);
}
