/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's numbers by name: map types as bpftool calls them, flags of maps and of updates,
 * errors. Tables only. What has no name here is shown by number.
 */
#ifndef BPFMON_NAMES_H
#define BPFMON_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* NULL when the type has no name here. */
const char *maptype_name(uint32_t type);
bool maptype_is_array(uint32_t type);
bool maptype_is_percpu(uint32_t type);

struct flag_name {
	uint64_t bit;
	const char *name;
};

/* Ended by a row without a name. */
extern const struct flag_name map_flag_names[];		/* of BPF_MAP_CREATE */
extern const struct flag_name update_flag_names[];	/* of BPF_MAP_UPDATE_ELEM */

#define UPDATE_F_CPU 8u		/* BPF_F_CPU: the CPU is in the upper 32 bits of the flags */
#define UPDATE_F_ALL_CPUS 16u	/* BPF_F_ALL_CPUS */

/* "EPERM" for -1 and so on; NULL when the C library has no name for it. */
const char *error_name(int negative_errno);

#endif
