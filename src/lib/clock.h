/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A clock of the kernel in nanoseconds. */
#ifndef BPFMON_CLOCK_H
#define BPFMON_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif
