/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opens a file so often (argv[1]); for each, missed.bpf.c deletes local storage of an inode and,
 * inside of the hook on that, of a task. Prints {"outer":ID,"inner":ID,"outer_deleted":N,
 * "inner_deleted":N}.
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/missed.skel.h"
#include "mapid.h"

int main(int argc, char **argv)
{
	struct missed_bpf *skel = argc == 2 ? missed_bpf__open_and_load() : NULL;

	if (!skel || missed_bpf__attach(skel))
		return 1;
	skel->bss->left = (__u32)strtoul(argv[1], NULL, 10);
	skel->bss->pid = (__u32)getpid();
	for (int i = 0; i < 1000 && skel->bss->left; i++)
		close(open("/dev/null", O_RDONLY | O_CLOEXEC));
	skel->bss->pid = 0;
	printf("{\"outer\":%u,\"inner\":%u,\"outer_deleted\":%llu,\"inner_deleted\":%llu}\n",
	       map_id(bpf_map__fd(skel->maps.outer)), map_id(bpf_map__fd(skel->maps.inner)),
	       (unsigned long long)skel->bss->outer_deleted,
	       (unsigned long long)skel->bss->inner_deleted);
	missed_bpf__destroy(skel);
	return 0;
}
