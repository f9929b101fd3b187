/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hash of instructions: what changes from boot to boot is not in it, all else is. */
#include "baseline/code.h"

#include <linux/bpf.h>

#include "test.h"

/* sha256sum of the five instructions with map and call as 0. */
static const char *const plain = "6ae208b4fdb2d72320b8234f4ee81d91da9e239a51474166684891975a5c0814";

/* r0 = 1; r1 = map; call; exit */
static const char *hash_of(int number, int map, int helper)
{
	static char out[CODE_HASH_TEXT];
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = number },
		{ .code = BPF_LD | BPF_IMM | BPF_DW,
		  .dst_reg = 1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .imm = map },
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	code_hash(insns, sizeof(insns) / sizeof(insns[0]), out);
	return out;
}

static void code_plain(void)
{
	CHECK_STR(hash_of(1, 0, 0), plain);
}

static void code_of_another_boot(void)
{
	CHECK_STR(hash_of(1, 77, 4711), plain);
}

static void code_changed(void)
{
	CHECK(strcmp(hash_of(2, 0, 0), plain) != 0);
}

/* The offset into a map's value is the program's own. */
static void code_offset_in_value(void)
{
	struct bpf_insn a[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = BPF_PSEUDO_MAP_VALUE }, { .imm = 8 }
	};
	struct bpf_insn b[] = { { .code = BPF_LD | BPF_IMM | BPF_DW,
				  .src_reg = BPF_PSEUDO_MAP_VALUE },
				{ .imm = 16 } };
	char first[CODE_HASH_TEXT], second[CODE_HASH_TEXT];

	code_hash(a, 2, first);
	code_hash(b, 2, second);
	CHECK(strcmp(first, second) != 0);
}

int main(void)
{
	RUN(code_plain);
	RUN(code_of_another_boot);
	RUN(code_changed);
	RUN(code_offset_in_value);
	return TEST_STATUS();
}
