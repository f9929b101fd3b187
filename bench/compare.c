/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one round of comparing the content of maps costs, on this machine, without hooks: maps of
 * several kinds are made, and compared alone. Prints a table in Markdown. Needs root.
 *
 * Usage: compare [ROUNDS]    31 without argument
 */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "content/ask.h"
#include "lib/clock.h"

#define NAME "bench_compare"

struct kind {
	const char *name;
	enum bpf_map_type type;
	uint32_t entries, value_size;
};

static const struct kind kinds[] = {
	{ "array, 16 of 8 bytes", BPF_MAP_TYPE_ARRAY, 16, 8 },
	{ "array, 1 of 4 KiB (.data)", BPF_MAP_TYPE_ARRAY, 1, 4096 },
	{ "hash, 16 of 8 bytes", BPF_MAP_TYPE_HASH, 16, 8 },
	{ "hash, 1000 of 8 bytes", BPF_MAP_TYPE_HASH, 1000, 8 },
};
static const unsigned int counts[] = { 1, 100, 1000 };

static uint64_t hours; /* the clock of rounds: each is due at once */

static bool next(void *context, uint32_t *id)
{
	(void)context;
	return content_ask_next(id);
}

static int ask_map(void *context, uint32_t id, struct inv_map *out)
{
	int err = content_ask_map(id, out);

	(void)context;
	return err ? err : strcmp(out->name, NAME) ? -1 : 0;
}

static int ask_read(void *context, const struct inv_map *map, struct reading *into)
{
	(void)context;
	return content_ask_read(map, into);
}

static uint64_t losses(void *context)
{
	(void)context;
	return 0;
}

static uint64_t hidden(void *context, uint32_t id)
{
	(void)context;
	(void)id;
	return 0;
}

static uint64_t ask_clock(void *context, clockid_t clock)
{
	(void)context;
	return clock == CLOCK_MONOTONIC ? hours * 3600000000000ull : clock_ns(clock);
}

static struct inventory *users(void *context, const struct content_change *changes, size_t n)
{
	(void)context;
	(void)changes;
	(void)n;
	return NULL;
}

static void report(void *context, const struct content_change *changes, size_t n)
{
	(void)context;
	(void)changes;
	fprintf(stderr, "compare: %zu differences, where nobody writes\n", n);
	exit(1);
}

static void unheld(void *context, uint64_t n)
{
	(void)context;
	(void)n;
}

static int make_map(const struct kind *k)
{
	static uint8_t value[4096];
	int fd = bpf_map_create(k->type, NAME, 4, k->value_size, k->entries, NULL);

	if (fd < 0) {
		perror("compare: cannot make a map; run as root, with ulimit -n 2000");
		exit(1);
	}
	for (uint32_t key = 0; key < k->entries; key++)
		bpf_map_update_elem(fd, &key, value, BPF_ANY);
	return fd;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const struct kind *k, unsigned int n, unsigned int rounds)
{
	const struct content_opts opts = { 1000000000, 1u << 20, 16u << 20, 1, 1 };
	const struct content_source source = {
		next, ask_map, ask_read, losses, hidden, ask_clock, users, report, unheld, NULL,
	};
	struct content *c = content_new(&opts, &source);
	uint64_t *spent = calloc(rounds, sizeof(*spent));
	int *fds = calloc(n, sizeof(*fds));
	struct content_stats stats;

	if (!c || !spent || !fds)
		abort();
	for (unsigned int i = 0; i < n; i++)
		fds[i] = make_map(k);
	/* The first finds the maps, the second is the first that compares. */
	for (unsigned int i = 0; i < rounds + 1; i++) {
		uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		hours++;
		while (hours * 3600000000000ull >= content_due(c))
			content_step(c, 0);
		if (i)
			spent[i - 1] = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	}
	stats = content_stats(c);
	qsort(spent, rounds, sizeof(*spent), compare_u64);
	printf("| %s | %u | %.0f | %.0f to %.0f | %.2f | %" PRIu64 " | %.2f |\n", k->name, n,
	       (double)spent[rounds / 2] / 1e3, (double)spent[0] / 1e3,
	       (double)spent[rounds - 1] / 1e3, (double)spent[rounds / 2] / 1e3 / n,
	       stats.bytes / 1024,
	       spent[rounds / 2] * CONTENT_SHARE < opts.interval_ns ?
		       1.0 :
		       (double)(spent[rounds / 2] * CONTENT_SHARE) / 1e9);
	for (unsigned int i = 0; i < n; i++)
		close(fds[i]);
	if (stats.maps != n || stats.too_large)
		printf("\nOnly %" PRIu64 " of %u maps fit.\n\n", stats.maps - stats.too_large, n);
	content_free(c);
	free(spent);
	free(fds);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 31;
	struct rlimit files = { 4096, 4096 };

	setrlimit(RLIMIT_NOFILE, &files);
	if (!rounds) {
		fprintf(stderr, "compare: give a number of rounds\n");
		return 2;
	}
	printf("| each map | maps | a round, us of CPU | lowest to highest | us a map | KiB kept | interval at 1 %%, s |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- |\n");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
			measure(&kinds[k], counts[i], rounds);
	return 0;
}
