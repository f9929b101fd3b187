/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the ways that a map's descriptor, or its memory, gets to a process without bpf(2): sent
 * over a unix socket, taken out of another process, mapped. Descriptors kept over fork and exec
 * are seen when they are used (users[] in bpf/state.bpf.h).
 *
 * Every descriptor that another file table gives passes security_file_receive(); the slot of the
 * task tells by which call. MSG_RING of io_uring moves fixed files past it.
 */
#include "fd.bpf.h"

#include <bpf/bpf_tracing.h>

static __always_inline bool file_is_map(struct file *file)
{
	return map_fops && (u64)BPF_CORE_READ(file, f_op) == map_fops;
}

/* The map of a file that is one, unless nobody watches it. */
static __always_inline struct bpf_map *file_map(struct file *file)
{
	struct bpf_map *map;

	if (state == STATE_OFF || !file_is_map(file))
		return NULL;
	map = BPF_CORE_READ(file, private_data);
	return map_skipped(BPF_CORE_READ(map, id)) ? NULL : map;
}

static __always_inline void report_file(u32 hook, u32 what, struct file *file, s32 result, u64 list,
					u64 list_from)
{
	struct bpf_map *map = file_map(file);
	struct wire_fd *r = map ? fd_begin(hook, what) : NULL;

	if (!r)
		return;
	read_map(&r->map, map);
	r->result = result;
	r->fmode = BPF_CORE_READ(file, f_mode);
	r->file = (u64)file;
	r->list = list;
	r->list_from = list_from;
	fill_process(&r->task);
	bpf_ringbuf_submit(r, 0);
}

/* Verified once, called for each descriptor of a message. */
__attribute__((noinline)) int report_sent(u64 file, u64 list, u64 list_from)
{
	report_file(list_from ? WIRE_HOOK_FD_QUEUED : WIRE_HOOK_FD_SENT, WIRE_FD_SENT, (void *)file,
		    0, list, list_from);
	return 0;
}

/* The lists are numbers to the verifier, which a function of its own can be given. */
static __always_inline int report_list(struct scm_fp_list *list, u64 list_from)
{
	struct file *file = NULL;
	u32 count;

	if (!list)
		return 0;
	count = BPF_CORE_READ(list, count);
	for (u32 i = 0; i < 253 && i < count; i++) {
		bpf_probe_read_kernel(&file, sizeof(file), &list->fp[i]);
		report_sent((u64)file, (u64)list, list_from);
	}
	return 0;
}

/*
 * A message with control data was given to a unix socket. The receiver is told who sent the file
 * by the list that it travels in: nothing in the message says so unless credentials are asked
 * for. The sender's list is copied for the message in the queue, and that one again for MSG_PEEK.
 */
SEC("fexit/__scm_send")
int BPF_PROG(fd_sent, void *sock, void *msg, struct scm_cookie *scm, int ret)
{
	return ret ? 0 : report_list(BPF_CORE_READ(scm, fp), 0);
}

SEC("fexit/scm_fp_dup")
int fd_queued(void *ctx)
{
	u64 lists[2] = {}; /* argument and result */

	bpf_probe_read_kernel(lists, sizeof(lists), ctx);
	return report_list((void *)lists[1], lists[0]);
}

SEC("fentry/scm_detach_fds")
int BPF_PROG(fd_taking, void *msg, struct scm_cookie *scm)
{
	struct slot *s = slot_mark(CMD_RECEIVE);

	if (s)
		s->list = (u64)scm->fp;
	return 0;
}

SEC("fexit/scm_detach_fds")
int BPF_PROG(fd_taking_done)
{
	slot_unmark(CMD_RECEIVE);
	return 0;
}

SEC("fexit/security_file_receive")
int BPF_PROG(fd_taken, struct file *file, int ret)
{
	struct slot *s;
	u32 cmd;

	if (!map_fops || (u64)file->f_op != map_fops)
		return 0;
	s = slot_find(bpf_get_current_pid_tgid());
	cmd = s ? s->cmd : 0;
	/* pidfd_getfd(2) knows the new descriptor when it returns; refused, it gets no further. */
	if (cmd == CMD_PIDFD && !ret)
		return 0;
	report_file(WIRE_HOOK_FD_TAKEN, cmd == CMD_RECEIVE ? WIRE_FD_RECEIVED : WIRE_FD_OTHER, file,
		    ret, cmd == CMD_RECEIVE ? s->list : 0, 0);
	return 0;
}

SEC("fentry/pidfd_getfd")
int BPF_PROG(fd_pidfd_enter)
{
	slot_mark(CMD_PIDFD);
	return 0;
}

/* The process behind a struct pid, as far as it is still there. */
static __always_inline void fill_from(struct wire_fd *r, struct pid *pid)
{
	struct hlist_node *node = BPF_CORE_READ(pid, tasks[0].first);
	struct task_struct *task;

	r->from = BPF_CORE_READ(pid, numbers[0].nr);
	if (!node)
		return;
	task = (void *)node - bpf_core_field_offset(struct task_struct, pid_links);
	r->from = BPF_CORE_READ(task, tgid);
	r->from_uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&r->from_comm, task, comm);
}

SEC("fexit/pidfd_getfd")
int BPF_PROG(fd_pidfd, struct pid *pid, int their_fd, int ret)
{
	struct bpf_map *map;
	struct wire_fd *r;
	struct file *file;

	slot_unmark(CMD_PIDFD);
	if (ret < 0)
		return 0;
	file = file_by_fd(ret);
	map = file_map(file);
	r = map ? fd_begin(WIRE_HOOK_FD_PIDFD, WIRE_FD_PIDFD) : NULL;
	if (!r)
		return 0;
	read_map(&r->map, map);
	r->fd = ret;
	r->fmode = BPF_CORE_READ(file, f_mode);
	r->file = (u64)file;
	fill_process(&r->task);
	fill_from(r, pid);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* Arrays, arenas, both kinds of ring buffer: all mappings of maps pass here. */
SEC("fexit/bpf_map_mmap")
int BPF_PROG(map_mmap, struct file *file, struct vm_area_struct *vma, int ret)
{
	struct bpf_map *map = file_map(file);
	struct wire_fd *r;

	if (!map)
		return 0;
	if ((u32)(bpf_get_current_pid_tgid() >> 32) == own_pid) {
		__sync_fetch_and_add(&own_mmaps, 1);
		return 0;
	}
	r = fd_begin(WIRE_HOOK_MAP_MMAP, WIRE_FD_MMAP);
	if (!r)
		return 0;
	read_map(&r->map, map);
	r->result = ret;
	r->fmode = BPF_CORE_READ(vma, vm_flags);
	r->offset = BPF_CORE_READ(vma, vm_pgoff) << 12;
	r->length = BPF_CORE_READ(vma, vm_end) - BPF_CORE_READ(vma, vm_start);
	fill_process(&r->task);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/*
 * A shared writable mapping through a descriptor that only reads: do_mmap() refuses it after this,
 * before bpf_map_mmap(). PROT_WRITE and MAP_SHARED of the user API.
 */
SEC("fexit/security_mmap_file")
int BPF_PROG(mmap_refused, struct file *file, unsigned long prot, unsigned long flags, int ret)
{
	struct bpf_map *map;
	struct wire_fd *r;

	if (!file || !map_fops || (u64)file->f_op != map_fops)
		return 0;
	if (!ret && !(prot & 2 && flags & 1 && !(file->f_mode & 2)))
		return 0;
	map = file_map(file);
	r = map ? fd_begin(WIRE_HOOK_MMAP_REFUSED, WIRE_FD_MMAP) : NULL;
	if (!r)
		return 0;
	read_map(&r->map, map);
	r->result = ret ? ret : -13;	/* EACCES */
	r->fmode = prot;
	fill_process(&r->task);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* ---- what is open when bpfmon starts ---- */

SEC("iter/task_file")
int list_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct wire_iter_file out = {};

	if (!task || !file || !file_is_map(file))
		return 0;
	read_map(&out.map, BPF_CORE_READ(file, private_data));
	out.task.pid = task->tgid;
	out.task.tid = task->tgid;
	out.task.uid = BPF_CORE_READ(task, cred, uid.val);
	out.task.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	out.task.exec = BPF_CORE_READ(task, self_exec_id);
	out.task.ppid = BPF_CORE_READ(task, real_parent, tgid);
	BPF_CORE_READ_INTO(&out.task.comm, task, comm);
	out.fd = ctx->fd;
	out.fmode = BPF_CORE_READ(file, f_mode);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}
