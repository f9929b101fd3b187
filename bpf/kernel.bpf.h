/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that bpfmon's programs read, with only the fields they use: the list of what
 * bpfmon depends on. CO-RE finds the offsets on the running kernel, so one object fits all.
 * Constants and types of the user API come from <linux/bpf.h>.
 */
#ifndef BPFMON_KERNEL_BPF_H
#define BPFMON_KERNEL_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct file_operations;

struct file {
	unsigned int f_mode;
	const struct file_operations *f_op;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct thread_info {
	u32 status;	/* x86: TS_COMPAT while inside a 32-bit system call */
};

struct task_struct {
	struct thread_info thread_info;
	struct files_struct *files;
};

struct bpf_map {
	enum bpf_map_type map_type;
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u32 map_flags;
	u32 id;
	char name[16];
	bool frozen;
};

struct bpf_trampoline {
	struct {
		void *addr;
	} func;
};

struct bpf_prog_aux {
	u32 id;
	struct bpf_trampoline *dst_trampoline;	/* NULL once attached */
};

struct bpf_prog {
	u32 jited_len;
	unsigned int (*bpf_func)(const void *ctx, const void *insn);
	struct bpf_prog_aux *aux;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

struct bpf_iter__bpf_prog {
	struct bpf_iter_meta *meta;
	struct bpf_prog *prog;
};

/* x86-64, as the syscall entry code and a kprobe leave it. */
struct pt_regs {
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long bx;
	unsigned long orig_ax;
	unsigned long sp;
};

#pragma clang attribute pop

#endif
