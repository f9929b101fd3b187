/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a ring of the kernel (BPF_MAP_TYPE_RINGBUF). Of its data a window is mapped that goes along:
 * a reader that maps all of it, twice as libbpf does, is told to be as large as that.
 */
#ifndef BPFMON_RING_H
#define BPFMON_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;			/* lent; ready to be read when there are records */
	uint64_t size;		/* bytes of its data, a power of two */
	volatile unsigned long *consumer;
	const volatile unsigned long *producer;
	const unsigned char *window;	/* NULL: none is mapped yet */
	uint64_t window_at, window_bytes;	/* where in the data it begins; how long it is */
	uint64_t mapped;	/* how often mmap(2) was called */
};

/* 0, or negative errno; ring_fini() in any case. */
int ring_init(struct ring *ring, int fd, uint64_t size);
void ring_fini(struct ring *ring);

/*
 * Gives each record that is there to `each`, the records that come meanwhile as well. What `each`
 * returns, if that is negative, ends it after this record. The number of records, or negative errno.
 */
int ring_read(struct ring *ring, int (*each)(void *context, void *data, size_t size),
	      void *context);
/* Bytes of records that are not read yet. */
uint64_t ring_used(const struct ring *ring);

#endif
