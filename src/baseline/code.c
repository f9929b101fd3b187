/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hash of instructions; see code.h. As bpf_insn_prepare_dump() of the kernel writes them. */
#include "baseline/code.h"

#include <linux/bpf.h>
#include <sha2.h>

void code_hash(struct bpf_insn *insns, size_t n, char out[CODE_HASH_TEXT])
{
	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *insn = &insns[i];

		if (insn->code == (BPF_JMP | BPF_CALL)) {
			insn->imm = 0;
			if (insn->src_reg == BPF_PSEUDO_CALL)
				insn->off = 0;
		} else if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 < n) {
			insn->imm = 0;
			/* The second half is the place in a map's value, or of an address. */
			if (insn->src_reg != BPF_PSEUDO_MAP_VALUE)
				insns[i + 1].imm = 0;
			i++;
		}
	}
	SHA256Data((const uint8_t *)insns, n * sizeof(*insns), out);
}
