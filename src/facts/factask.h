/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel as the source of src/facts/learn.h: bpf(2) and the bpf file systems. */
#ifndef BPFMON_FACTASK_H
#define BPFMON_FACTASK_H

#include "facts/learn.h"

extern const struct learn_source factask_kernel;

#endif
