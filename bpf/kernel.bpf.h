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
struct dentry;
struct super_block;

struct qstr {
	const unsigned char *name;
};

struct inode {
	unsigned short i_mode;
	const struct inode_operations *i_op;
	void *i_private;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	struct vfsmount mnt;
	int mnt_id;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

struct iattr {
	unsigned int ia_valid;
	unsigned short ia_mode;
	kuid_t ia_uid;
	kgid_t ia_gid;
};

struct file {
	unsigned int f_mode;
	const struct file_operations *f_op;
	void *private_data;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
};

struct scm_fp_list {
	short count;
	struct file *fp[253];	/* SCM_MAX_FD of include/net/scm.h */
};

struct scm_cookie {
	struct scm_fp_list *fp;
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

struct upid {
	int nr;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	struct hlist_head tasks[4];	/* by enum pid_type; [0] is PIDTYPE_PID */
	struct upid numbers[1];
};

struct cred {
	kuid_t uid;
};

struct task_struct {
	struct thread_info thread_info;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct hlist_node pid_links[4];
	u64 start_boottime;
	u64 self_exec_id;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
};

/* x86: where the count of preemption, softirq, hardirq and NMI lies on 6.2 to 6.14. */
struct pcpu_hot {
	int preempt_count;
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

struct bpf_local_storage_map {
	struct bpf_map map;
};

struct bpf_local_storage_data {
	struct bpf_local_storage_map *smap;
};

struct bpf_local_storage_elem {
	struct hlist_node snode;
	struct bpf_local_storage_data sdata;
};

struct bpf_local_storage {
	struct hlist_head list;
};

struct sock {
	struct bpf_local_storage *sk_bpf_storage;
};

struct list_head {
	struct list_head *next;
};

struct sk_psock_link {
	struct list_head list;
	struct bpf_map *map;
	void *link_raw;		/* sockmap: &stab->sks[index]; sockhash: the element */
};

struct sk_psock {
	struct list_head link;
};

struct bpf_stab {
	struct sock **sks;
};

struct bpf_shtab_elem {
	u8 key[0];
};

struct bpf_iter_aux_info {
	struct bpf_map *map;
};

struct bpf_link {
	enum bpf_link_type type;
};

struct bpf_iter_link {
	struct bpf_link link;
	struct bpf_iter_aux_info aux;
};

struct bpf_trampoline {
	struct {
		void *addr;
	} func;
};

struct bpf_prog_aux {
	u32 id;
	u32 func_cnt;
	struct bpf_trampoline *dst_trampoline;	/* NULL once attached */
	struct bpf_prog **func;			/* func_cnt of them, itself the first; or NULL */
	char name[16];
};

struct bpf_prog {
	enum bpf_prog_type type;
	u32 jited_len;
	u8 tag[8];
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

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
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
