/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `fill FUNCTION [LEAVE]`: fills the trampoline of a kernel function with programs that do nothing,
 * but for LEAVE places, says "full N", and holds them until stdin is closed.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id, n = 0, prog, links[64];
	char byte;

	if (argc < 2)
		return 2;
	id = libbpf_find_vmlinux_btf_id(argv[1], BPF_TRACE_FENTRY);
	if (id < 0)
		return 1;
	opts.attach_btf_id = (__u32)id;
	for (; n < 64; n++) {
		prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "fill", "GPL", nothing, 2, &opts);
		links[n] = prog < 0 ? -1 : bpf_raw_tracepoint_open(NULL, prog);
		close(prog);
		if (links[n] < 0)
			break;
	}
	for (long leave = argc > 2 ? strtol(argv[2], NULL, 10) : 0; leave > 0 && n; leave--)
		close(links[--n]);
	printf("full %d\n", n);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
