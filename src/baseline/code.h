/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tells a program's translated instructions from others, on any boot of one kernel. */
#ifndef BPFMON_BASELINE_CODE_H
#define BPFMON_BASELINE_CODE_H

#include <stddef.h>

struct bpf_insn;

#define CODE_HASH_TEXT 65 /* SHA-256 in hex, and a NUL */

/*
 * Of the instructions as the kernel gives them, without what it may withhold (addresses of calls
 * and of kernel data, by kptr_restrict) and without the ids of maps. Changes `insns`. What they
 * call is in the program's tag, which is of the instructions before.
 */
void code_hash(struct bpf_insn *insns, size_t n, char out[CODE_HASH_TEXT]);

#endif
