/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon's BPF object: one compilation of all hook files, so that they share maps and counters.
 * Every program is off until src/load/bpfobj.c, guided by the table in src/load/hooks.c, switches it on.
 */
#include "hook_ops.bpf.h"
#include "hook_syscall.bpf.h"
#include "hook_attach.bpf.h"
#include "hook_life.bpf.h"
#include "hook_fd.bpf.h"
#include "hook_fs.bpf.h"
#include "hook_process.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
