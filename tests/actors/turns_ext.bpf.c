/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes the place of deep() in turns.bpf.c, and writes its own id. */
#include <linux/bpf.h>

#include "turns.bpf.h"

__u32 id_ext;

SEC("freplace/deep")
int ext(int x)
{
	put(id_ext);
	return x + 2;
}

char LICENSE[] SEC("license") = "GPL";
