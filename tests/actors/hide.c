/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hide map|program ID: hides it from bpf(2), see hide.bpf.c; says so in a line, and ends with its
 * standard input.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/hide.skel.h"

int main(int argc, char **argv)
{
	struct hide_bpf *skel = argc == 3 ? hide_bpf__open_and_load() : NULL;

	if (!skel || hide_bpf__attach(skel))
		return 1;
	skel->bss->cmd = strcmp(argv[1], "map") ? BPF_PROG_GET_NEXT_ID : BPF_MAP_GET_NEXT_ID;
	skel->bss->hidden = (__u32)strtoul(argv[2], NULL, 10);
	printf("hidden\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	hide_bpf__destroy(skel);
	return 0;
}
