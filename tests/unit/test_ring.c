// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The reader of the ring, on a file that is laid out as the kernel's ring: records at every place,
 * over the ends of the window and of the ring; those that are not submitted, or discarded.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load/ring.h"
#include "test.h"

struct made {
	int fd;
	size_t size, page;
	unsigned char *memory;	/* consumer's page, producer's page, data, data again */
	struct ring ring;
	unsigned long at;	/* where the next record is put */
	uint32_t next;		/* its number */
};

static struct made make(size_t size)
{
	struct made m = { .size = size, .page = (size_t)sysconf(_SC_PAGESIZE) };
	size_t all = 2 * m.page + 2 * size;

	m.fd = memfd_create("ring", 0);
	if (m.fd < 0 || ftruncate(m.fd, (off_t)all))
		abort();
	m.memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, m.fd, 0);
	if (m.memory == MAP_FAILED || ring_init(&m.ring, m.fd, size))
		abort();
	return m;
}

static void finish(struct made *m)
{
	ring_fini(&m->ring);
	munmap(m->memory, 2 * m->page + 2 * m->size);
	close(m->fd);
}

/* In the kernel's ring the data is there twice; here it is written twice. */
static void put_byte(struct made *m, unsigned long at, unsigned char byte)
{
	unsigned char *data = m->memory + 2 * m->page;

	data[at & (m->size - 1)] = byte;
	data[(at & (m->size - 1)) + m->size] = byte;
}

static void put_word(struct made *m, unsigned long at, uint32_t word)
{
	for (unsigned int i = 0; i < 4; i++)
		put_byte(m, at + i, (unsigned char)(word >> 8 * i));
}

static void produce(struct made *m, unsigned long at)
{
	m->at = at;
	*(volatile unsigned long *)(m->memory + m->page) = at;
}

/* A record of this size, which begins with its number; the rest is the number's low byte. */
static void put(struct made *m, uint32_t size, uint32_t flags)
{
	put_word(m, m->at, size | flags);
	for (uint32_t i = 4; i < size; i++)
		put_byte(m, m->at + 8 + i, (unsigned char)m->next);
	put_word(m, m->at + 8, m->next++);
	produce(m, m->at + ((size + 8 + 7) & ~7u));
}

struct got {
	uint32_t next, wrong, n;
	int answer;
	size_t bytes;
};

static int each(void *context, void *data, size_t size)
{
	const unsigned char *bytes = data;
	struct got *g = context;
	uint32_t number;

	memcpy(&number, data, sizeof(number));
	g->wrong += number != g->next;
	for (size_t i = 4; i < size; i++)
		g->wrong += bytes[i] != (unsigned char)number;
	g->next = number + 1;
	g->n++;
	g->bytes += size;
	return g->answer;
}

/* So much that the ring is gone around several times, its window often. */
static bool all_come(size_t size, uint32_t largest)
{
	struct made m = make(size);
	struct got g = { 0 };
	uint32_t random = 1, n = 0;
	int read = 0;
	bool empty = true;

	while (m.at < 5 * size) {
		while (m.at + largest + 16 < *m.ring.consumer + size) {
			random = random * 1103515245 + 12345;
			put(&m, 4 + (random >> 8) % (largest - 4), 0);
			n++;
		}
		read += ring_read(&m.ring, each, &g);
		empty = empty && !ring_used(&m.ring);
	}
	finish(&m);
	return empty && read == (int)n && g.n == n && !g.wrong;
}

static void ring_many(void)
{
	CHECK(all_come(64 * 1024, 9000));
	CHECK(all_come(512 * 1024, 200));
	CHECK(all_come(4 * 1024 * 1024, 9000));
}

/* What is mapped of a large ring is a part of it, wherever that is. */
static void ring_window(void)
{
	struct made m = make(64 * 1024 * 1024);
	struct got g = { 0 };

	for (unsigned int i = 0; i < 40; i++) {
		put(&m, 1000, 0);
		CHECK_INT(ring_read(&m.ring, each, &g), 1);
		CHECK(m.ring.window_bytes <= 1024 * 1024);
		produce(&m, m.at + 7 * 1024 * 1024 / 2);
		*m.ring.consumer = m.at;
	}
	CHECK_INT(g.wrong, 0);
	finish(&m);
}

static void ring_flags(void)
{
	struct made m = make(64 * 1024);
	struct got g = { 0 };
	unsigned long busy;

	CHECK_INT(ring_read(&m.ring, each, &g), 0);
	put(&m, 16, 0);
	m.next--;
	put(&m, 16, BPF_RINGBUF_DISCARD_BIT);
	put(&m, 5, 0);
	busy = m.at;
	put(&m, 24, BPF_RINGBUF_BUSY_BIT);
	put(&m, 24, 0);
	g.next = 0;
	CHECK_INT(ring_read(&m.ring, each, &g), 2);
	CHECK_INT(g.n, 2);
	CHECK_INT(g.bytes, 21);
	CHECK_INT(*m.ring.consumer, busy);
	CHECK_INT(ring_used(&m.ring), 64);
	CHECK_INT(ring_read(&m.ring, each, &g), 0);
	put_word(&m, busy, 24);
	CHECK_INT(ring_read(&m.ring, each, &g), 2);
	CHECK_INT(ring_used(&m.ring), 0);
	finish(&m);
}

/* One that is not wanted any more is done with, too. */
static void ring_end(void)
{
	struct made m = make(64 * 1024);
	struct got g = { .answer = -ECANCELED };

	put(&m, 16, 0);
	put(&m, 16, 0);
	CHECK_INT(ring_read(&m.ring, each, &g), -ECANCELED);
	CHECK_INT(g.n, 1);
	CHECK_INT(ring_used(&m.ring), 24);
	g.answer = 0;
	CHECK_INT(ring_read(&m.ring, each, &g), 1);
	CHECK_INT(g.wrong, 0);
	finish(&m);
}

static void ring_refused(void)
{
	struct made m = make(4 * 1024 * 1024);
	struct got g = { 0 };
	struct ring none;

	/* Longer than any record that the kernel makes. */
	put_word(&m, 0, 3 * 1024 * 1024);
	produce(&m, 3 * 1024 * 1024 + 8);
	CHECK_INT(ring_read(&m.ring, each, &g), -EPROTO);
	CHECK_INT(g.n, 0);
	finish(&m);
	CHECK_INT(ring_init(&none, -1, 4096), -EBADF);
	ring_fini(&none);
}

int main(void)
{
	RUN(ring_many);
	RUN(ring_window);
	RUN(ring_flags);
	RUN(ring_end);
	RUN(ring_refused);
	return TEST_STATUS();
}
