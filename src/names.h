/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's numbers by name: flags of maps and of updates, errors, types of programs, links and
 * attachments. Tables only. What has no name here is shown by number.
 */
#ifndef BPFMON_NAMES_H
#define BPFMON_NAMES_H

#include <stdint.h>

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

/* Of enum bpf_prog_type, bpf_attach_type and bpf_link_type; NULL: there is none. */
const char *prog_type_name(uint32_t type);
const char *attach_type_name(uint32_t type);
const char *link_type_name(uint32_t type);

#endif
