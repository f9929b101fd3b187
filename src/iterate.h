/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A bpf iterator, run once: what its program writes, record by record. */
#ifndef BPFMON_ITERATE_H
#define BPFMON_ITERATE_H

#include <stddef.h>

struct bpf_program;

/* Calls back for each record, of record_size bytes, 4096 at most. 0, or a negative errno. */
int iterate(struct bpf_program *prog, size_t record_size,
	    void (*each)(void *context, const void *record), void *context);

#endif
