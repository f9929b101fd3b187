/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whole writes, for what is of no use in part. */
#ifndef BPFMON_IO_H
#define BPFMON_IO_H

#include <stddef.h>

/* All of it, however long it takes: 0, or a negative errno. */
int io_write(int fd, const void *data, size_t len);

#endif
