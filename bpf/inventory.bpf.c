/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `bpfmon maps` asks the kernel beside bpf(2): which maps there are, and which process has
 * which open or mapped. Iterators only, in an object of its own
 * without maps, so that asking changes nothing that is asked about. They open no descriptor.
 *
 * A map's file is told by the name of its dentry, which nobody can give to another anonymous
 * file: the address of bpf_map_fops is hidden under kptr_restrict=2.
 */
#include "bpfmon/wire.h"
#include "kernel.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ANON_INODE_FS_MAGIC 0x09041934
#define BPF_MAP_NAME 0x0070616d2d667062ull /* "bpf-map" with its NUL */

#define FMODE_READ 1u
#define FMODE_WRITE 2u
#define VM_READ 1ul
#define VM_WRITE 2ul

static __always_inline bool file_is_map(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	const unsigned char *at;
	u64 name = 0;

	if (BPF_CORE_READ(dentry, d_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return false;
	at = BPF_CORE_READ(dentry, d_name.name);
	bpf_probe_read_kernel(&name, sizeof(name), at);
	return name == BPF_MAP_NAME;
}

static __always_inline void put_holder(struct seq_file *seq, struct task_struct *task,
				       struct file *file, u32 kind, u32 mode)
{
	struct bpf_map *map = file ? BPF_CORE_READ(file, private_data) : NULL;
	struct wire_holder out = { .kind = kind, .mode = mode };

	out.map = map ? BPF_CORE_READ(map, id) : 0;
	out.pid = task->tgid;
	out.uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&out.comm, task, group_leader, comm);
	bpf_seq_write(seq, &out, sizeof(out));
}

/* A thread that shares what its leader was asked for already. */
#define SHARES(task, member)              \
	((task)->group_leader != (task) && \
	 BPF_CORE_READ(task, member) == BPF_CORE_READ(task, group_leader, member))

SEC("?iter/task_file")
int list_held(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file || !file_is_map(file) || SHARES(task, files))
		return 0;
	put_holder(ctx->meta->seq, task, file, WIRE_HOLDER_FD,
		   file->f_mode & (FMODE_READ | FMODE_WRITE));
	return 0;
}

/* Since 5.12. */
SEC("?iter/task_vma")
int list_mapped(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct file *file;

	if (!task || !vma || SHARES(task, mm))
		return 0;
	file = vma->vm_file;
	if (file && file_is_map(file))
		put_holder(ctx->meta->seq, task, file, WIRE_HOLDER_MMAP,
			   vma->vm_flags & (VM_READ | VM_WRITE));
	return 0;
}

/*
 * Before 5.12: along the list of mappings, without its lock. A mapping that goes away meanwhile
 * may come back as another process's; one that still names this one's memory is its. In two
 * loops, because the verifier follows each turn: the inner one is verified once, as a function.
 */
#define STEPS 128 /* maps of a process, or each INNER_STEPS mappings between them */
#define INNER_STEPS 256

/* The next mapping of a map, or that after INNER_STEPS others; 0 at the end. */
__attribute__((noinline)) u64 next_mapping(u64 at, u64 mm)
{
	struct vm_area_struct *vma = (void *)at;

	for (int i = 0; i < INNER_STEPS && vma; i++) {
		struct file *file = BPF_CORE_READ(vma, vm_file);

		if (file && file_is_map(file) && (u64)BPF_CORE_READ(vma, vm_mm) == mm)
			break;
		vma = BPF_CORE_READ(vma, vm_next);
	}
	return (u64)vma;
}

SEC("?iter/task")
int list_mapped_walk(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma;
	struct mm_struct *mm;

	if (!task || SHARES(task, mm))
		return 0;
	mm = BPF_CORE_READ(task, mm); /* a number, which a function of its own can be given */
	if (!mm)
		return 0;
	vma = BPF_CORE_READ(mm, mmap);
	for (int i = 0; i < STEPS; i++) {
		struct file *file;

		vma = (void *)next_mapping((u64)vma, (u64)mm);
		if (!vma)
			return 0;
		file = BPF_CORE_READ(vma, vm_file);
		if (file && file_is_map(file))
			put_holder(ctx->meta->seq, task, file, WIRE_HOLDER_MMAP,
				   BPF_CORE_READ(vma, vm_flags) & (VM_READ | VM_WRITE));
		vma = BPF_CORE_READ(vma, vm_next);
	}
	put_holder(ctx->meta->seq, task, NULL, WIRE_HOLDER_CUT, 0);
	return 0;
}

SEC("?iter/bpf_map")
int list_maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map, *inner;
	struct wire_listed out = {};

	if (!map)
		return 0;
	out.map.id = map->id;
	out.map.type = map->map_type;
	out.map.key_size = map->key_size;
	out.map.value_size = map->value_size;
	out.map.max_entries = map->max_entries;
	out.map.flags = map->map_flags;
	out.map.frozen = map->frozen;
	out.map.known = 1;
	BPF_CORE_READ_INTO(&out.map.name, map, name);
	inner = map->inner_map_meta;
	if (inner) {
		out.inner.type = inner->map_type;
		out.inner.key_size = inner->key_size;
		out.inner.value_size = inner->value_size;
		out.inner.max_entries = inner->max_entries;
		out.inner.flags = inner->map_flags;
	}
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}
