/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capabilities of this process; capabilities(7). */
#ifndef BPFMON_CAPS_H
#define BPFMON_CAPS_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What watching takes. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, and opens maps by id, which
 * these do not (bpf_map_get_fd_by_id(), kernel/bpf/syscall.c); CAP_SYS_RESOURCE is for the locked
 * memory that maps were accounted as before 5.11.
 */
#define CAPS_NEEDED \
	"run as root, or with CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYSLOG and CAP_SYS_RESOURCE"

/*
 * What of it is in use to the end: hooks on demand are loaded, and maps asked for their types, when
 * there are new ones; processes and pins are looked at as they come. The limit of locked memory has
 * been raised by then.
 */
#define CAPS_WATCHING                                                                        \
	(1ull << CAP_SYS_ADMIN | 1ull << CAP_SYS_PTRACE | 1ull << CAP_DAC_READ_SEARCH | \
	 1ull << CAP_SYSLOG)
/* What opening an output takes, in a folder of another user or at a low port; and rotating a file. */
#define CAPS_OUTPUTS (1ull << CAP_DAC_OVERRIDE | 1ull << CAP_NET_BIND_SERVICE)

/* CAP_* of linux/capability.h; in effect now. */
bool caps_has(unsigned int capability);

/*
 * Gives up all but these for good, a bit each; execve(2) gives none back. Of this thread, and of those
 * that it starts. 0, or a negative errno.
 */
int caps_keep(uint64_t keep);

#endif
