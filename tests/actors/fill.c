/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fills the trampoline of a kernel function with programs that do nothing, says "full N", and
 * holds them until stdin is closed.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	int id, n = 0, prog;
	char byte;

	if (argc != 2)
		return 2;
	id = libbpf_find_vmlinux_btf_id(argv[1], BPF_TRACE_FENTRY);
	if (id < 0)
		return 1;
	opts.attach_btf_id = (__u32)id;
	for (;; n++) {
		prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "fill", "GPL", nothing, 2, &opts);
		if (prog < 0 || bpf_raw_tracepoint_open(NULL, prog) < 0)
			break;
	}
	printf("full %d\n", n);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
