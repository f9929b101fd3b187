/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel as the one who is asked about maps: bpf(2), for src/btf/mapinfo.h. Needs CAP_SYS_ADMIN. */
#ifndef BPFMON_MAPASK_H
#define BPFMON_MAPASK_H

#include "btf/mapinfo.h"

extern const struct mapinfo_source mapask_kernel;

#endif
