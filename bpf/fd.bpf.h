/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a descriptor of the running task to the map behind it, and which commands of bpf(2) are on
 * elements: what the hooks on operations, on bpf(2) and on descriptors share.
 */
#ifndef BPFMON_FD_BPF_H
#define BPFMON_FD_BPF_H

#include "process.bpf.h"

/* Commands of bpf(2) as a set: one question, however many they are. */
#define CMD(name) (1ull << BPF_##name)

#define CMDS_BATCH                                                     \
	(CMD(MAP_UPDATE_BATCH) | CMD(MAP_DELETE_BATCH) | CMD(MAP_LOOKUP_AND_DELETE_BATCH) | \
	 (cfg_lookups ? CMD(MAP_LOOKUP_BATCH) : 0))
#define CMDS_ELEM                                                            \
	(CMD(MAP_UPDATE_ELEM) | CMD(MAP_DELETE_ELEM) | CMD(MAP_LOOKUP_AND_DELETE_ELEM) | \
	 (cfg_lookups ? CMD(MAP_LOOKUP_ELEM) : 0))

static __always_inline bool cmd_in(u32 cmd, u64 set)
{
	return cmd < 64 && set >> cmd & 1;
}

static __always_inline bool cmd_is_batch(u32 cmd)
{
	return cmd_in(cmd, CMDS_BATCH);
}

static __always_inline bool cmd_is_elem(u32 cmd)
{
	return cmd_in(cmd, CMDS_ELEM);
}

/*
 * The open file behind a descriptor of the running task, or NULL. To load from; where there are casts
 * it takes no helper.
 */
static __always_inline struct file *file_by_fd(u32 fd)
{
	struct fdtable *fdt;
	struct file **fds;
	u32 max;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = distrust(bpf_get_current_task_btf(), cfg_cast_task);

		fdt = task->files->fdt;
		max = fdt->max_fds;
		fds = fdt->fd;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		fdt = BPF_CORE_READ(task, files, fdt);
		max = BPF_CORE_READ(fdt, max_fds);
		fds = BPF_CORE_READ(fdt, fd);
	}
	if (fd >= max)
		return NULL;
	return (void *)load_u64(fds + fd);
}

/* The map of a descriptor: its id and address alone; how it was opened, unless nobody watches it. */
static __always_inline bool map_of_fd(u32 fd, struct wire_map *out, u32 *fmode)
{
	struct file *file = file_by_fd(fd);
	struct bpf_map *map;

	if (!file)
		return false;
	if (cfg_cast_words) {
		file = bpf_rdonly_cast(file, cfg_cast_file);
		if ((u64)file->f_op != map_fops)
			return false;
		out->address = (u64)file->private_data;
		map = bpf_rdonly_cast((void *)out->address, cfg_cast_map);
		out->id = map->id;
		if (!map_skipped(out->id))
			*fmode = file->f_mode;
		return true;
	}
	if ((u64)BPF_CORE_READ(file, f_op) != map_fops)
		return false;
	map = BPF_CORE_READ(file, private_data);
	out->address = (u64)map;
	out->id = BPF_CORE_READ(map, id);
	if (!map_skipped(out->id))
		*fmode = BPF_CORE_READ(file, f_mode);
	return true;
}

/* A map that nobody watches has its id only: most of the cost is in the rest. */
static __always_inline bool map_by_fd(u32 fd, struct wire_map *out, u32 *fmode)
{
	if (!map_of_fd(fd, out, fmode))
		return false;
	if (!map_skipped(out->id))
		read_map(out, (void *)out->address);
	return true;
}

static __always_inline struct wire_fd *fd_begin(u32 hook, u32 what)
{
	struct wire_fd *r;

	__sync_fetch_and_add(&counts[hook].seen, 1);
	__sync_fetch_and_add(&counts[hook].taken, 1);
	tell_new_process();
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		count_lost(hook, WIRE_LOSS_RING, 1);
		return NULL;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->hdr.size = sizeof(*r);
	r->hdr.kind = WIRE_FD;
	r->hdr.hook = hook;
	r->what = what;
	r->fd = -1;
	fill_task(&r->hdr, &r->task);
	return r;
}

#endif
