/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that write a map without a pause: busy [onto:ID] STEP...
 *
 * Steps, in this order: first:N, second:N, delete:N run that program of busy.bpf.c so often; pair:N
 * runs `first` so often in two processes at once; fail:N runs it so that the write fails; inner:N
 * runs `inner`, other:N the same so that it writes the other map; sys:N writes by bpf(2); until: runs
 * `first` until standard input ends. With onto:ID the map is not made, but the one with that id.
 * Prints {"map":ID,"other":ID,"first":ID,...} with the ids of the maps and programs, and at the end
 * how often what was done, by the programs' own count: {"first":N,...}.
 */
#include <bpf/bpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/busy.skel.h"
#include "mapid.h"

static struct busy_bpf *skel;

static uint32_t prog_id(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len) ? 0 : info.id;
}

static int run(const struct bpf_program *prog, int times)
{
	char packet[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = times);

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}

static int run_pair(int times)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (!child)
		_exit(run(skel->progs.first, times) ? 1 : 0);
	if (run(skel->progs.first, times))
		return -1;
	return waitpid(child, &status, 0) == child && !status ? 0 : -1;
}

static int run_failing(int times)
{
	int err;

	skel->bss->flags = BPF_NOEXIST;
	err = run(skel->progs.first, times);
	skel->bss->flags = BPF_ANY;
	return err;
}

static int run_other(int times)
{
	int err;

	skel->bss->which = 1;
	err = run(skel->progs.inner, times);
	skel->bss->which = 0;
	return err;
}

static int write_sys(int times)
{
	uint64_t value = 7;
	uint32_t key = 1;

	while (times--)
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.busy), &key, &value, BPF_ANY))
			return -1;
	return 0;
}

static int run_until_end(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	/* Without a pause a kernel that patches code, as bpfmon makes it do, waits for us. */
	while (!poll(&in, 1, 1))
		if (run(skel->progs.first, 50))
			return -1;
	return 0;
}

static int step(const char *word)
{
	const char *colon = strchr(word, ':');
	int times = colon ? (int)strtol(colon + 1, NULL, 10) : 0;

	if (!strcmp(word, "until"))
		return run_until_end();
	if (!strncmp(word, "pair:", 5))
		return run_pair(times);
	if (!strncmp(word, "first:", 6))
		return run(skel->progs.first, times);
	if (!strncmp(word, "second:", 7))
		return run(skel->progs.second, times);
	if (!strncmp(word, "delete:", 7))
		return run(skel->progs.deletes, times);
	if (!strncmp(word, "inner:", 6))
		return run(skel->progs.inner, times);
	if (!strncmp(word, "other:", 6))
		return run_other(times);
	if (!strncmp(word, "fail:", 5))
		return run_failing(times);
	if (!strncmp(word, "sys:", 4))
		return write_sys(times);
	return -1;
}

static uint64_t counted(uint32_t who)
{
	uint64_t n = 0;

	bpf_map_lookup_elem(bpf_map__fd(skel->maps.oracle), &who, &n);
	return n;
}

/* `onto`: the id of a map that is there, as a word; NULL: none. */
static int load(const char *onto)
{
	int fd;

	skel = busy_bpf__open();
	if (!skel)
		return -1;
	if (onto) {
		fd = bpf_map_get_fd_by_id((uint32_t)strtoul(onto, NULL, 10));
		if (fd < 0 || bpf_map__reuse_fd(skel->maps.busy, fd))
			return -1;
		close(fd);
	}
	return busy_bpf__load(skel);
}

static void print_counts(void)
{
	static const char *const names[] = { "first", "second", "failed", "deleted", "inner" };

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%s\"%s\":%llu", i ? "," : "{", names[i], (unsigned long long)counted(i));
	printf("}\n");
}

int main(int argc, char **argv)
{
	const char *onto = argc > 1 && !strncmp(argv[1], "onto:", 5) ? argv[1] + 5 : NULL;

	if (load(onto)) {
		fprintf(stderr, "busy: cannot load\n");
		return 1;
	}
	printf("{\"map\":%u,\"other\":%u,\"first\":%u,\"second\":%u,\"delete\":%u,\"inner\":%u}\n",
	       map_id(bpf_map__fd(skel->maps.busy)), map_id(bpf_map__fd(skel->maps.busy_other)),
	       prog_id(skel->progs.first), prog_id(skel->progs.second),
	       prog_id(skel->progs.deletes), prog_id(skel->progs.inner));
	fflush(stdout);
	for (int i = onto ? 2 : 1; i < argc; i++)
		if (step(argv[i])) {
			fprintf(stderr, "busy: %s failed\n", argv[i]);
			return 1;
		}
	print_counts();
	busy_bpf__destroy(skel);
	return 0;
}
