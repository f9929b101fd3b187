/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lets a BPF program create and delete local storage of a task, an inode and a cgroup. Prints a
 * line of JSON for each: the map, and what the program counted; or why there is none. The task is
 * a thread that ends with storage of its own, which the kernel frees some time later: the maps stay
 * until the end of standard input.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actors/storages.skel.h"
#include "mapid.h"

#define ROUNDS 3

static const struct {
	const char *type, *program, *map;
	bool leave;
} kinds[] = {
	{ "task_storage", "s_task", "of_task", true },
	{ "inode_storage", "s_inode", "of_inode", false },
	{ "cgrp_storage", "s_cgroup", "of_cgroup", false },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Makes system calls and opens a file until the program has done its rounds, then ends. */
static void *fire(void *arg)
{
	struct storages_bpf *skel = arg;

	skel->bss->pid_tgid = (__u64)getpid() << 32 | (__u32)gettid();
	skel->bss->left = ROUNDS;
	for (int i = 0; i < 1000 && skel->bss->left; i++)
		close(open("/dev/null", O_RDONLY | O_CLOEXEC));
	return NULL;
}

static int run(unsigned int n, struct storages_bpf *skel)
{
	struct bpf_program *prog;
	struct bpf_link *link;
	struct bpf_map *map;
	pthread_t thread;
	int err;

	bpf_object__for_each_program (prog, skel->obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), kinds[n].program));
	bpf_object__for_each_map (map, skel->obj)
		if (!bpf_map__is_internal(map))
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), kinds[n].map));
	err = storages_bpf__load(skel);
	if (err)
		return err;
	skel->bss->leave = kinds[n].leave;
	prog = bpf_object__find_program_by_name(skel->obj, kinds[n].program);
	link = bpf_program__attach(prog);
	if (!link)
		return -errno;
	if (pthread_create(&thread, NULL, fire, skel))
		return -EAGAIN;
	pthread_join(thread, NULL);
	bpf_link__destroy(link);
	return 0;
}

int main(void)
{
	struct storages_bpf *skels[KINDS];

	libbpf_set_print(NULL);
	for (unsigned int n = 0; n < KINDS; n++) {
		struct storages_bpf *skel = skels[n] = storages_bpf__open();
		int err = skel ? run(n, skel) : -errno;

		if (err) {
			printf("{\"type\":\"%s\",\"skip\":\"%s\"}\n", kinds[n].type,
			       strerror(-err));
		} else {
			int fd = bpf_object__find_map_fd_by_name(skel->obj, kinds[n].map);

			printf("{\"type\":\"%s\",\"map\":%u,\"created\":%llu,\"deleted\":%llu,"
			       "\"left\":%d}\n",
			       kinds[n].type, map_id(fd), (unsigned long long)skel->bss->created,
			       (unsigned long long)skel->bss->deleted, kinds[n].leave);
		}
		fflush(stdout);
	}
	while (getchar() != EOF)
		;
	for (unsigned int n = 0; n < KINDS; n++)
		storages_bpf__destroy(skels[n]);
	return 0;
}
