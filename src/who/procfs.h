/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What /proc/PID tells of a process that still runs. Names of files and of processes are chosen
 * by anybody: each parser here takes any bytes.
 */
#ifndef BPFMON_PROCFS_H
#define BPFMON_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

#define PROCFS_BYTES 4096	/* read of each file */

struct procfs {
	struct event_process process;	/* lends from what follows */
	char exe[PROCFS_BYTES], args[PROCFS_BYTES], cgroup[PROCFS_BYTES];
};

/*
 * Of the process with this pid, start (CLOCK_BOOTTIME, ns) and comm: another one, that has got the
 * pid or that execve(2) has made of it meanwhile, is not it. False: it is gone.
 */
bool procfs_read(struct procfs *p, const struct event_task *task);

struct procfs_stat {
	char comm[EVENT_NAME_BYTES];
	uint32_t ppid;
	uint64_t start_ticks;	/* since boot, 1/100 s: USER_HZ of include/asm-generic/param.h */
};

/* Text of /proc/PID/stat. */
bool procfs_parse_stat(const char *text, struct procfs_stat *out);
/*
 * The path in the cgroup2 hierarchy out of /proc/PID/cgroup, which it is ended in. Where the host
 * has only hierarchies of the first version, systemd's own. NULL: none.
 */
const char *procfs_parse_cgroup(char *text);
/* The last pid of the line NSpid of /proc/PID/status if there are two or more; else 0. */
uint32_t procfs_parse_ns_pid(const char *text);

#endif
