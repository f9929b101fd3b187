/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a map by a BPF iterator over its elements: iterate PROGRAM MAP_ID, with a program of
 * iterate.bpf.c. Prints {"map_fd":N,"link":N,"elements":N}.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/iterate.skel.h"

int main(int argc, char **argv)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct iterate_bpf *skel = argc == 3 ? iterate_bpf__open() : NULL;
	struct bpf_program *prog, *chosen = NULL;
	struct bpf_link *link;
	char text[64];
	int fd, map;

	if (!skel)
		return 2;
	bpf_object__for_each_program (prog, skel->obj) {
		bool is = !strcmp(bpf_program__name(prog), argv[1]);

		bpf_program__set_autoload(prog, is);
		if (is)
			chosen = prog;
	}
	map = bpf_map_get_fd_by_id((__u32)strtoul(argv[2], NULL, 10));
	if (!chosen || map < 0 || iterate_bpf__load(skel))
		return 1;
	info.map.map_fd = (__u32)map;
	link = bpf_program__attach_iter(chosen, &opts);
	fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	if (fd < 0)
		return 1;
	while (read(fd, text, sizeof(text)) > 0)
		;
	printf("{\"map_fd\":%d,\"link\":%d,\"elements\":%llu}\n", map, bpf_link__fd(link),
	       (unsigned long long)skel->bss->elements);
	close(fd);
	bpf_link__destroy(link);
	iterate_bpf__destroy(skel);
	return 0;
}
