/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process by /proc; see procfs.h. */
#include "who/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS 10000000u

bool procfs_parse_stat(const char *text, struct procfs_stat *out)
{
	/* "812 (comm) S 790 ...": comm may hold anything, ')' as well. */
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long start;
	unsigned int ppid;
	size_t n;

	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %*c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
		   &ppid, &start) != 2)
		return false;
	n = (size_t)(close - open - 1);
	n = n < sizeof(out->comm) ? n : sizeof(out->comm);
	memset(out->comm, 0, sizeof(out->comm));
	memcpy(out->comm, open + 1, n);
	out->ppid = ppid;
	out->start_ticks = start;
	return true;
}

const char *procfs_parse_cgroup(char *text)
{
	char *systemd = NULL;

	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!strncmp(line, "0::/", 4))
			return line + 3;
		/* "1:name=systemd:/user.slice" */
		line = strchr(line, ':');
		if (line && !strncmp(line, ":name=systemd:/", 15))
			systemd = line + 14;
	}
	return systemd;
}

uint32_t procfs_parse_ns_pid(const char *text)
{
	const char *line = strstr(text, "\nNSpid:\t"), *last;
	size_t len;

	if (!line)
		return 0;
	line += strlen("\nNSpid:\t");
	len = strcspn(line, "\n");
	last = memrchr(line, '\t', len);
	return last ? (uint32_t)strtoul(last + 1, NULL, 10) : 0;
}

/* Bytes, at most PROCFS_BYTES - 1, and a NUL behind them; -1: no such file. */
static ssize_t read_file(uint32_t pid, const char *name, char *out)
{
	char path[64];
	ssize_t n, len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((n = read(fd, out + len, (size_t)(PROCFS_BYTES - 1 - len))) > 0)
		len += n;
	close(fd);
	out[len] = '\0';
	return n < 0 ? -1 : len;
}

static bool read_stat(uint32_t pid, const char *name, struct procfs_stat *out)
{
	char text[PROCFS_BYTES];

	return read_file(pid, name, text) > 0 && procfs_parse_stat(text, out);
}

static void read_exe(struct procfs *p, uint32_t pid)
{
	static const char deleted[] = " (deleted)";
	size_t end = sizeof(deleted) - 1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	n = readlink(path, p->exe, sizeof(p->exe) - 1);
	if (n <= 0)
		return;		/* a kernel thread */
	p->exe[n] = '\0';
	p->process.exe = p->exe;
	if ((size_t)n <= end || strcmp(p->exe + n - end, deleted) != 0 || !access(p->exe, F_OK))
		return;
	p->exe[(size_t)n - end] = '\0';
	p->process.exe_deleted = true;
}

static void read_args(struct procfs *p, uint32_t pid)
{
	ssize_t n = read_file(pid, "cmdline", p->args);

	if (n <= 0)
		return;
	p->process.args = p->args;
	p->process.args_len = (size_t)n;
	p->process.args_cut = n == PROCFS_BYTES - 1;
}

static void read_ids(struct event_process *p, uint32_t pid)
{
	char text[PROCFS_BYTES];

	if (read_file(pid, "loginuid", text) > 0) {
		p->loginuid = (uint32_t)strtoul(text, NULL, 10);
		p->has_loginuid = p->loginuid != UINT32_MAX;
	}
	if (read_file(pid, "status", text) > 0)
		p->ns_pid = procfs_parse_ns_pid(text);
}

static void read_ancestors(struct event_process *p, uint32_t pid)
{
	struct procfs_stat stat;

	while (pid && p->n_ancestors < EVENT_ANCESTORS && read_stat(pid, "stat", &stat)) {
		struct event_ancestor *a = &p->ancestors[p->n_ancestors++];

		a->pid = pid;
		memcpy(a->comm, stat.comm, sizeof(a->comm));
		pid = stat.ppid;
	}
}

/* `stat` is that of the process then. */
static bool is_there(const struct event_task *task, struct procfs_stat *stat)
{
	struct procfs_stat thread;
	char name[32];

	if (!read_stat(task->pid, "stat", stat) || stat->start_ticks != task->start_ns / TICK_NS)
		return false;
	snprintf(name, sizeof(name), "task/%u/stat", task->tid);
	return read_stat(task->pid, name, &thread) &&
	       !strncmp(thread.comm, task->comm, sizeof(thread.comm));
}

bool procfs_read(struct procfs *p, const struct event_task *task)
{
	struct event_process *process = &p->process;
	uint32_t pid = task->pid;
	struct procfs_stat stat;

	memset(process, 0, sizeof(*process));
	if (!is_there(task, &stat))
		return false;
	read_exe(p, pid);
	read_args(p, pid);
	if (read_file(pid, "cgroup", p->cgroup) > 0)
		process->cgroup = procfs_parse_cgroup(p->cgroup);
	read_ids(process, pid);
	read_ancestors(process, stat.ppid);
	return is_there(task, &stat);
}
