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

struct hlist_bl_node {
	void **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
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
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
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
	struct path f_path;
	unsigned int f_mode;
	const struct file_operations *f_op;
	void *private_data;
};

struct mm_struct {
	struct vm_area_struct *mmap;	/* the first; up to 6.0 */
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct vm_area_struct {
	struct vm_area_struct *vm_next;	/* up to 6.0 */
	struct mm_struct *vm_mm;
	struct file *vm_file;
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
	unsigned int level;
	struct hlist_head tasks[4];	/* by enum pid_type; [0] is PIDTYPE_PID */
	struct upid numbers[1];
};

struct cred {
	kuid_t uid;
};

/* parent became __parent with 633488947ef6 "kernfs: Use RCU to access kernfs_node::parent.", 6.15. */
struct kernfs_node {
	const char *name;
	struct kernfs_node *parent, *__parent;
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	struct thread_info thread_info;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct hlist_node pid_links[4];
	struct pid *thread_pid;
	struct task_struct *parent;	/* as ptrace(2) has it */
	unsigned int ptrace;
	struct mm_struct *mm;
	struct css_set *cgroups;
	kuid_t loginuid;
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
	/* Special fields in the values: of them all, since 6.2; before it, of each kind. */
	struct btf_record *record;
	struct bpf_map_value_off *kptr_off_tab;
	int spin_lock_off;	/* negative: none */
	int timer_off;
	struct bpf_map *inner_map_meta;	/* what the maps in a map-in-map must look like */
};

struct bpf_array {
	u32 elem_size;
	char value[0];
	void *ptrs[0];
	void *pptrs[0];
};

struct bucket;

struct bpf_htab {
	struct bucket *buckets;
	u32 n_buckets;
	u32 hashrnd;
};

struct htab_elem {
	u32 hash;
	char key[0];
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

struct in6_addr {
	u8 bytes[16];
};

struct sock_common {
	u32 skc_daddr;		/* network order */
	u32 skc_rcv_saddr;
	u16 skc_dport;		/* network order */
	u16 skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_protocol;
	struct bpf_local_storage *sk_bpf_storage;
};

struct socket {
	struct sock *sk;
};

struct net_device {
	char name[16];
	int ifindex;
};

struct xdp_sock {
	struct net_device *dev;
	u16 queue_id;
};

struct list_head {
	struct list_head *next;
};

/* For whatever is two words: see read_words(). */
struct timespec64 {
	long long tv_sec;
	long tv_nsec;
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
	u32 id;
	enum bpf_link_type type;
	struct bpf_prog *prog;	/* NULL: struct_ops */
	enum bpf_attach_type attach_type;	/* since 6.17; before it, in those below */
};

struct bpf_cgroup_link {
	struct cgroup *cgroup;	/* NULL: detached, by whomever */
	enum bpf_attach_type type;
};

struct bpf_netns_link {
	enum bpf_attach_type type;
};

struct bpf_xdp_link {
	struct net_device *dev;	/* NULL: detached */
};

struct tcx_link {
	struct net_device *dev;
	u32 location;		/* enum bpf_attach_type */
};

struct netkit_link {
	struct net_device *dev;
	u32 location;
};

struct bpf_tracing_link {
	enum bpf_attach_type attach_type;
};

struct tracepoint {
	const char *name;
};

struct bpf_raw_event_map {
	struct tracepoint *tp;
};

struct bpf_raw_tp_link {
	struct bpf_raw_event_map *btp;
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

struct btf_type {
	u32 name_off;
};

struct btf {
	struct btf_type **types;	/* nr_types of them, by id, with that of id 0 */
	u32 nr_types;
	const char *strings;
	struct btf *base_btf;	/* NULL: this is all of it */
	bool kernel_btf;
};

struct bpf_prog_aux {
	u32 id;
	u32 func_cnt;
	u32 used_map_cnt;
	struct bpf_map **used_maps;
	const char *attach_func_name;
	struct btf *attach_btf;		/* since 5.11 */
	struct btf *btf;		/* of the program itself; NULL: it has none */
	struct bpf_func_info *func_info;	/* of each function, itself the first; or NULL */
	struct bpf_trampoline *dst_trampoline;	/* NULL once attached */
	struct bpf_prog **func;			/* func_cnt of them, itself the first; or NULL */
	char name[16];
};

struct bpf_prog {
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	u32 jited_len;
	u8 tag[8];
	unsigned int (*bpf_func)(const void *ctx, const void *insn);
	struct bpf_prog_aux *aux;
};

/* ---- what the values of maps of descriptors stand for ---- */

struct perf_event_attr {
	u32 type;
	u64 config;
};

struct perf_event {
	struct perf_event_attr attr;
	int cpu;
};

struct bpf_event_entry {
	struct perf_event *event;
};

struct bpf_dtab_netdev {
	struct net_device *dev;
	struct hlist_node index_hlist;
	struct bpf_prog *xdp_prog;
	unsigned int idx;
};

struct bpf_dtab {
	struct bpf_dtab_netdev **netdev_map;
	struct hlist_head *dev_index_head;
	u32 n_buckets;
};

struct bpf_cpu_map_entry {
	u32 cpu;
	struct bpf_cpumap_val value;
	struct bpf_prog *prog;
};

struct bpf_cpu_map {
	struct bpf_cpu_map_entry **cpu_map;
};

struct xsk_map {
	struct xdp_sock *xsk_map[0];
};

struct reuseport_array {
	struct sock *ptrs[0];
};

struct bpf_sock_ops_kern {
	struct sock *sk;
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

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
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
