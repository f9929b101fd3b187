/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of writers.bpf.c for kernels from 6.10 to 7.0 or so, where the function that sets the
 * callback of a work queue has another name and one argument more. 7.x has a function of that name,
 * too, but of another type, which libbpf refuses: so it is an object of its own.
 */
#define OLD_WORKQUEUE
#include "writers.bpf.c"
