/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes the map "open" by bpf(2) so often (argv[1]); for each write that a monitor looks at,
 * blind.bpf.c writes the map "hidden". Prints {"open":ID,"hidden":ID,"written":N}.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actors/blind.skel.h"
#include "mapid.h"

int main(int argc, char **argv)
{
	struct blind_bpf *skel = argc == 2 ? blind_bpf__open_and_load() : NULL;
	__u32 key = 1;
	__u64 value = 0;

	if (!skel || blind_bpf__attach(skel))
		return 1;
	skel->bss->pid = (__u32)getpid();
	for (long n = strtol(argv[1], NULL, 10); n > 0; n--)
		bpf_map_update_elem(bpf_map__fd(skel->maps.open), &key, &value, BPF_ANY);
	skel->bss->pid = 0;
	printf("{\"open\":%u,\"hidden\":%u,\"written\":%llu}\n",
	       map_id(bpf_map__fd(skel->maps.open)), map_id(bpf_map__fd(skel->maps.hidden)),
	       (unsigned long long)skel->bss->written);
	blind_bpf__destroy(skel);
	return 0;
}
