/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Load by number: churn WHAT COUNT [RATE]. Does it COUNT times, RATE times a second if that is given,
 * else as fast as it can; then prints what was done by its own count.
 *
 *   maps       a map named "churn" is made, written once and closed
 *   progs      a program named "churn" is loaded and closed
 *   hold-maps  COUNT maps named "churn", each written once, are held
 *   hold-progs COUNT programs named "churn" are held
 *   hold-procs COUNT processes write the same map once each, and wait
 *
 * What is held is held until stdin is closed. {"done":N,"elapsed_ns":N} on stdout.
 */
#include <bpf/bpf.h>
#include <err.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void write_map(int map)
{
	uint64_t value = 1;
	uint32_t key = 0;

	if (bpf_map_update_elem(map, &key, &value, BPF_ANY))
		err(1, "bpf_map_update_elem");
}

static int make_map(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "churn", sizeof(uint32_t), sizeof(uint64_t), 1,
				 NULL);

	if (map < 0)
		err(1, "bpf_map_create");
	return map;
}

static void hold_map(void)
{
	write_map(make_map());
}

static void pass_map(void)
{
	int map = make_map();

	write_map(map);
	close(map);
}

static int load_prog(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "churn", "GPL", nothing, 2, NULL);

	if (prog < 0)
		err(1, "bpf_prog_load");
	return prog;
}

static void hold_prog(void)
{
	load_prog();
}

static void pass_prog(void)
{
	close(load_prog());
}

static void hold_process(void)
{
	static int map = -1;
	char byte;
	pid_t pid;

	if (map < 0)
		map = make_map();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid)
		return;
	write_map(map);
	/* The end of the parent's stdin is theirs, too. */
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
}

static const struct {
	const char *name;
	void (*once)(void);
	bool holds;
} kinds[] = {
	/* clang-format off */
	{ "maps", pass_map, false },
	{ "progs", pass_prog, false },
	{ "hold-maps", hold_map, true },
	{ "hold-progs", hold_prog, true },
	{ "hold-procs", hold_process, true },
	/* clang-format on */
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* As far as it can be: what that is not enough for fails by itself. */
static void raise_limit(int resource)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

/* Sleeps until the time of the n-th of them. */
static void keep_rate(uint64_t start, uint64_t n, uint64_t rate)
{
	uint64_t at = start + n * 1000000000 / rate;
	struct timespec until = { .tv_sec = (time_t)(at / 1000000000),
				  .tv_nsec = (long)(at % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0, start = now_ns();
	uint64_t rate = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	unsigned int kind = 0;
	char byte;

	while (argc > 1 && kind < KINDS && strcmp(kinds[kind].name, argv[1]))
		kind++;
	if (argc < 3 || kind == KINDS || !count)
		errx(2, "usage: %s maps|progs|hold-maps|hold-progs|hold-procs COUNT [RATE]",
		     argv[0]);
	raise_limit(RLIMIT_NOFILE);
	raise_limit(RLIMIT_MEMLOCK);
	for (uint64_t n = 0; n < count; n++) {
		if (rate)
			keep_rate(start, n, rate);
		kinds[kind].once();
	}
	printf("{\"done\":%" PRIu64 ",\"elapsed_ns\":%" PRIu64 "}\n", count, now_ns() - start);
	fflush(stdout);
	while (kinds[kind].holds && read(STDIN_FILENO, &byte, 1) > 0)
		;
	while (wait(NULL) > 0)
		;
	return 0;
}
