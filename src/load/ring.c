/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reader of a ring; see ring.h, and for its layout kernel/bpf/ringbuf.c. */
#include "load/ring.h"

#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A thousand times the largest record, and moved once in some thousand records: 50 us each. */
#define WINDOW_BYTES (1024 * 1024)

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* From `at` on, in what the kernel lets be mapped: consumer's page, producer's page, data, and again. */
static void *map(struct ring *ring, uint64_t at, uint64_t bytes, int prot)
{
	void *mapped = mmap(NULL, bytes, prot, MAP_SHARED, ring->fd, (off_t)at);

	ring->mapped++;
	return mapped == MAP_FAILED ? NULL : mapped;
}

int ring_init(struct ring *ring, int fd, uint64_t size)
{
	uint64_t page = page_bytes();

	*ring = (struct ring){ .fd = fd, .size = size };
	ring->consumer = map(ring, 0, page, PROT_READ | PROT_WRITE);
	if (!ring->consumer)
		return -errno;
	ring->producer = map(ring, page, page, PROT_READ);
	return ring->producer ? 0 : -errno;
}

static void unmap(const volatile void *mapped, uint64_t bytes)
{
	if (mapped)
		munmap((void *)mapped, bytes);
}

void ring_fini(struct ring *ring)
{
	unmap(ring->consumer, page_bytes());
	unmap(ring->producer, page_bytes());
	unmap(ring->window, ring->window_bytes);
	*ring = (struct ring){ .fd = -1 };
}

uint64_t ring_used(const struct ring *ring)
{
	return *ring->producer - *ring->consumer;
}

/* These bytes of the data are in the window, from the page of the first on if it has to be moved. */
static int reach(struct ring *ring, uint64_t at, uint64_t bytes)
{
	uint64_t whole = 2 * ring->size, page;
	uint64_t most = whole < WINDOW_BYTES ? whole : WINDOW_BYTES;

	if (ring->window && at >= ring->window_at &&
	    at + bytes <= ring->window_at + ring->window_bytes)
		return 0;
	page = page_bytes();
	unmap(ring->window, ring->window_bytes);
	ring->window_bytes = most;
	/* Small enough to be mapped as a whole, it is never moved. */
	ring->window_at = most == whole ? 0 : at & ~(page - 1);
	ring->window = map(ring, 2 * page + ring->window_at, most, PROT_READ);
	if (!ring->window)
		return -errno;
	return at + bytes <= ring->window_at + most ? 0 : -EPROTO;
}

struct record {
	const unsigned char *data;
	uint64_t size, whole; /* bytes; with header, as they lie in the ring */
	bool discarded;
};

/* The record at a position: 1, or 0 when it is not submitted yet. */
static int look(struct ring *ring, unsigned long position, struct record *r)
{
	uint64_t at = position & (ring->size - 1);
	int err = reach(ring, at, BPF_RINGBUF_HDR_SZ);
	const uint32_t *header;
	uint32_t word;

	if (err)
		return err;
	header = (const uint32_t *)(ring->window + (at - ring->window_at));
	/* Before what it guards is read. */
	word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
	if (word & BPF_RINGBUF_BUSY_BIT)
		return 0;
	r->discarded = word & BPF_RINGBUF_DISCARD_BIT;
	r->size = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	r->whole = (r->size + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
	err = reach(ring, at, r->whole);
	r->data = ring->window + (at - ring->window_at) + BPF_RINGBUF_HDR_SZ;
	return err ? err : 1;
}

int ring_read(struct ring *ring, int (*each)(void *context, void *data, size_t size), void *context)
{
	unsigned long at = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	struct record r = { 0 };
	int n = 0, err = 0;

	while (!err && at < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		err = look(ring, at, &r);
		if (err <= 0)
			return err ? err : n;
		err = r.discarded ? 0 : each(context, (void *)r.data, r.size);
		n += !r.discarded && n < INT_MAX;
		err = err < 0 ? err : 0;
		at += r.whole;
		/* After it was read: the kernel writes there again. */
		__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
	}
	return err ? err : n;
}
