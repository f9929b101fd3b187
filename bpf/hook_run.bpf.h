/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs there are and where they run: the commands of bpf(2) on programs and links, which
 * bpf/hook_syscall.bpf.h calls at their entry and exit, and hooks on the end of a program and of
 * a link. What is attached otherwise: bpf/hook_attach.bpf.h.
 *
 * Descriptors are looked up at the entry: what another thread puts into their place later is not
 * what the kernel uses. Of a new descriptor the exit tells what it stands for.
 */
#ifndef BPFMON_HOOK_RUN_BPF_H
#define BPFMON_HOOK_RUN_BPF_H

#include "object.bpf.h"

#include <bpf/bpf_tracing.h>

#define CMDS_RUN                                                                          \
	(CMD(PROG_LOAD) | CMD(PROG_ATTACH) | CMD(PROG_DETACH) | CMD(RAW_TRACEPOINT_OPEN) | \
	 CMD(LINK_CREATE) | CMD(LINK_UPDATE) | CMD(LINK_DETACH) | CMD(PROG_GET_FD_BY_ID) | \
	 CMD(LINK_GET_FD_BY_ID))

static __always_inline bool cmd_is_run(u32 cmd)
{
	return cmd_in(cmd, CMDS_RUN);
}

/* ---- what a descriptor stands for ---- */

#define ANON_INODE_MAGIC 0x09041934ul /* include/uapi/linux/magic.h */
#define CGROUP2_MAGIC 0x63677270ul
/* How bpf_prog_new_fd(), bpf_link_prime() and bpf_link_new_fd() name their files, as a word. */
#define NAME_PROG 0x676f72702d667062ull	/* "bpf-prog" */
#define NAME_LINK 0x6b6e696c5f667062ull	/* "bpf_link" */
#define NAME_LINK_2 0x6b6e696c2d667062ull /* "bpf-link" */

/* The name of a file without a place in any directory, its first 8 bytes; 0: of any other file. */
static __always_inline u64 anon_name(struct file *file)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	u64 word = 0;

	if (BPF_CORE_READ(file, f_path.dentry, d_sb, s_magic) == ANON_INODE_MAGIC)
		bpf_probe_read_kernel(&word, sizeof(word), name);
	return word;
}

static __always_inline struct bpf_prog *prog_of_fd(u32 fd)
{
	struct file *file = file_by_fd(fd);

	return file && anon_name(file) == NAME_PROG ? BPF_CORE_READ(file, private_data) : NULL;
}

static __always_inline struct bpf_link *link_of_fd(u32 fd)
{
	struct file *file = file_by_fd(fd);
	u64 name = file ? anon_name(file) : 0;

	return name == NAME_LINK || name == NAME_LINK_2 ? BPF_CORE_READ(file, private_data) : NULL;
}

static __always_inline void read_program(struct wire_program *out, struct bpf_prog *prog)
{
	out->id = BPF_CORE_READ(prog, aux, id);
	out->type = BPF_CORE_READ(prog, type);
	BPF_CORE_READ_INTO(&out->tag, prog, tag);
	BPF_CORE_READ_INTO(&out->name, prog, aux, name);
}

/* Those whose target is a number of a device: enum bpf_attach_type. */
static __always_inline bool attaches_to_device(u32 type)
{
	return type == 37 /* XDP */ || type == 46 || type == 47 /* tcx */ || type == 54 ||
	       type == 55 /* netkit */;
}

static __always_inline void note_run_target(struct wire_object *o, u32 fd, u32 type)
{
	struct kernfs_node *node;
	struct file *file;

	if (attaches_to_device(type)) {
		o->kind = WIRE_OBJECT_NETDEV;
		o->number = fd;
		return;
	}
	file = file_by_fd(fd);
	if (!file)
		return;
	if ((u64)BPF_CORE_READ(file, f_op) == map_fops) {
		note_map(o, BPF_CORE_READ(file, private_data));
	} else if (anon_name(file) == NAME_PROG) {
		note_program(o, BPF_CORE_READ(file, private_data));
	} else if (BPF_CORE_READ(file, f_path.dentry, d_sb, s_magic) == CGROUP2_MAGIC) {
		node = BPF_CORE_READ(file, f_path.dentry, d_inode, i_private);
		o->kind = WIRE_OBJECT_CGROUP;
		o->cgroup.id = BPF_CORE_READ(node, id);
		o->cgroup.node = (u64)node;
		o->cgroup.path_len = o->cgroup.has_path = 0;
	}
}

/* ---- where a link is ---- */

#define LINK_RAW_TRACEPOINT 1u /* enum bpf_link_type, of which older headers have less */
#define LINK_TRACING 2u
#define LINK_CGROUP 3u
#define LINK_NETNS 5u
#define LINK_XDP 6u
#define LINK_TCX 11u
#define LINK_NETKIT 13u
#define ATTACH_XDP 37 /* enum bpf_attach_type */

/* A member of what a link is a part of, or `none` on a kernel without it. */
#define LINK_MEMBER(link, container, member, none)			\
	(bpf_core_field_exists(((struct container *)(link))->member) ?	\
		 BPF_CORE_READ((struct container *)(link), member) :	\
		 (none))

/* An enum bpf_attach_type; negative: it has none. */
static __always_inline s32 link_attach_type(struct bpf_link *link, u32 kind)
{
	if (kind == LINK_XDP)
		return ATTACH_XDP;
	if (kind != LINK_TRACING && kind != LINK_CGROUP && kind != LINK_NETNS && kind != LINK_TCX &&
	    kind != LINK_NETKIT)
		return -1;
	if (bpf_core_field_exists(link->attach_type))
		return BPF_CORE_READ(link, attach_type);
	if (kind == LINK_CGROUP)
		return LINK_MEMBER(link, bpf_cgroup_link, type, -1);
	if (kind == LINK_NETNS)
		return LINK_MEMBER(link, bpf_netns_link, type, -1);
	if (kind == LINK_TCX)
		return LINK_MEMBER(link, tcx_link, location, -1);
	if (kind == LINK_NETKIT)
		return LINK_MEMBER(link, netkit_link, location, -1);
	return LINK_MEMBER(link, bpf_tracing_link, attach_type, -1);
}

/*
 * What it is attached to, as long as it is, and the name of its tracepoint, WIRE_TARGET_NAME bytes.
 * That of a function fill_uses() tells. Returns link_attach_type().
 */
static __always_inline s32 note_link(struct wire_object *o, char *name, struct bpf_link *link)
{
	u32 kind = BPF_CORE_READ(link, type);
	struct net_device *dev = NULL;
	struct cgroup *cgroup;

	if (kind == LINK_CGROUP) {
		cgroup = BPF_CORE_READ((struct bpf_cgroup_link *)link, cgroup);
		if (cgroup)
			note_cgroup(o, cgroup);
	} else if (kind == LINK_RAW_TRACEPOINT) {
		bpf_probe_read_kernel_str(name, WIRE_TARGET_NAME,
					  BPF_CORE_READ((struct bpf_raw_tp_link *)link, btp, tp,
							name));
	} else if (kind == LINK_XDP) {
		dev = LINK_MEMBER(link, bpf_xdp_link, dev, NULL);
	} else if (kind == LINK_TCX) {
		dev = LINK_MEMBER(link, tcx_link, dev, NULL);
	} else if (kind == LINK_NETKIT) {
		dev = LINK_MEMBER(link, netkit_link, dev, NULL);
	}
	if (dev) {
		o->kind = WIRE_OBJECT_NETDEV;
		o->number = BPF_CORE_READ(dev, ifindex);
	}
	return link_attach_type(link, kind);
}

/* ---- bpf(2) ---- */

#define PROG_TRACING 26u /* enum bpf_prog_type */
#define PROG_EXT 28u
#define PROG_LSM 29u
#define ATTACH_RAW_TP 23u /* enum bpf_attach_type */

/* What a program is to be loaded for: if that is refused, nothing else tells. */
static __always_inline void note_load_target(struct slot *s)
{
	const struct attr_load *load = &s->attr.load;
	struct btf *btf = (void *)vmlinux_btf;
	const char *name;

	if (load->prog_type != PROG_TRACING && load->prog_type != PROG_EXT &&
	    load->prog_type != PROG_LSM)
		return;
	if (load->attach_prog_fd) {
		struct bpf_prog *prog = prog_of_fd(load->attach_prog_fd);

		if (prog)
			note_program(&s->objects.now, prog);
		return;
	}
	name = btf ? btf_type_name(btf, load->attach_btf_id) : NULL;
	if (!name)
		return;
	/* btf_trace_NAME, a typedef */
	if (load->expected_attach_type == ATTACH_RAW_TP)
		name += sizeof("btf_trace_") - 1;
	bpf_probe_read_kernel_str(s->name, sizeof(s->name), name);
}

/* At the entry of such a command, once its attributes are in the slot. Verified once. */
__attribute__((noinline)) int note_run(u32 cmd, u32 user)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());
	struct bpf_prog *prog = NULL, *old = NULL;
	struct bpf_link *link = NULL;

	if (!s)
		return 0;
	__builtin_memset(&s->objects.now, 0, sizeof(s->objects.now));
	__builtin_memset(&s->program, 0, sizeof(s->program));
	__builtin_memset(&s->old_program, 0, sizeof(s->old_program));
	s->name[0] = '\0';
	s->link_attach_type = -1;
	if (cmd == BPF_PROG_LOAD) {
		s->program.type = s->attr.load.prog_type;
		__builtin_memcpy(s->program.name, s->attr.load.prog_name, WIRE_NAME_BYTES);
		/* In user memory they may end before it. */
		if (!user)
			note_load_target(s);
	} else if (cmd == BPF_PROG_ATTACH || cmd == BPF_PROG_DETACH) {
		prog = prog_of_fd(s->attr.attach.attach_bpf_fd);
		if (cmd == BPF_PROG_ATTACH && s->attr.attach.attach_flags & BPF_F_REPLACE)
			old = prog_of_fd(s->attr.attach.replace_bpf_fd);
		note_run_target(&s->objects.now, s->attr.attach.target_fd,
				s->attr.attach.attach_type);
	} else if (cmd == BPF_RAW_TRACEPOINT_OPEN) {
		prog = prog_of_fd(s->attr.raw_tp.prog_fd);
		if (s->attr.raw_tp.name)
			bpf_probe_read_user_str(s->name, sizeof(s->name),
						(void *)s->attr.raw_tp.name);
	} else if (cmd == BPF_LINK_CREATE) {
		prog = prog_of_fd(s->attr.link.prog_fd);
		note_run_target(&s->objects.now, s->attr.link.target_fd, s->attr.link.attach_type);
	} else if (cmd == BPF_PROG_GET_FD_BY_ID) {
		s->program.id = s->attr.map_id;
	} else if (cmd != BPF_LINK_GET_FD_BY_ID) {
		link = link_of_fd(s->attr.link_update.link_fd);
		if (link)
			s->link_attach_type = note_link(&s->objects.now, s->name, link);
		prog = link ? BPF_CORE_READ(link, prog) : NULL;
		if (cmd == BPF_LINK_UPDATE) {
			old = prog;
			prog = prog_of_fd(s->attr.link_update.new_prog_fd);
		}
	}
	if (prog)
		read_program(&s->program, prog);
	if (old)
		read_program(&s->old_program, old);
	s->prog = (u64)prog;
	s->link = (u64)link;
	return 0;
}

static __always_inline struct wire_run *run_begin(u32 hook, u32 what)
{
	struct wire_run *r;

	__sync_fetch_and_add(&counts[hook].seen, 1);
	__sync_fetch_and_add(&counts[hook].taken, 1);
	r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);
	if (!r) {
		count_lost(hook, WIRE_LOSS_RING, 1);
		return NULL;
	}
	/* Of the rest what is not written is not read. */
	__builtin_memset(r, 0, offsetof(struct wire_run, used));
	r->hdr.size = sizeof(*r);
	r->hdr.kind = WIRE_RUN;
	r->hdr.hook = hook;
	r->what = what;
	fill_task(&r->hdr, &r->task);
	fill_process(&r->task);
	return r;
}

/* Its maps, and the function that it is for. */
static __always_inline void fill_uses(struct wire_run *r, struct bpf_prog *prog)
{
	struct bpf_map **maps = BPF_CORE_READ(prog, aux, used_maps), *map = NULL;
	const char *name = BPF_CORE_READ(prog, aux, attach_func_name);

	r->maps = BPF_CORE_READ(prog, aux, used_map_cnt);
	for (u32 i = 0; i < WIRE_USED; i++) {
		if (i >= r->maps)
			break;
		bpf_probe_read_kernel(&map, sizeof(map), maps + i);
		r->used[i].id = BPF_CORE_READ(map, id);
		BPF_CORE_READ_INTO(&r->used[i].name, map, name);
	}
	if (name && !r->name[0])
		bpf_probe_read_kernel_str(r->name, sizeof(r->name), name);
}

static __always_inline u32 run_of_cmd(u32 cmd)
{
	return cmd == BPF_PROG_LOAD	    ? WIRE_RUN_LOAD :
	       cmd == BPF_PROG_ATTACH	    ? WIRE_RUN_ATTACH :
	       cmd == BPF_PROG_DETACH	    ? WIRE_RUN_DETACH :
	       cmd == BPF_LINK_UPDATE	    ? WIRE_RUN_LINK_UPDATE :
	       cmd == BPF_LINK_DETACH	    ? WIRE_RUN_LINK_DETACH :
	       cmd == BPF_PROG_GET_FD_BY_ID ? WIRE_RUN_PROG_OPEN :
	       cmd == BPF_LINK_GET_FD_BY_ID ? WIRE_RUN_LINK_OPEN :
					      WIRE_RUN_LINK_CREATE;
}

/* A link's own; negative: it has none. */
static __always_inline void fill_link_type(struct wire_run *r, s32 attach_type)
{
	if (attach_type < 0)
		return;
	r->attach_type = attach_type;
	r->flags |= WIRE_RUN_TYPE;
}

static __always_inline void fill_attach_type(struct wire_run *r, const struct slot *s)
{
	if (s->cmd == BPF_PROG_ATTACH || s->cmd == BPF_PROG_DETACH)
		r->attach_type = s->attr.attach.attach_type;
	else if (s->cmd == BPF_LINK_CREATE)
		r->attach_type = s->attr.link.attach_type;
	else if (s->cmd == BPF_PROG_LOAD)
		r->attach_type = s->attr.load.expected_attach_type;
	else
		return fill_link_type(r, s->link_attach_type);
	/* Most programs are loaded without one, and 0 is one, too. */
	if (s->cmd != BPF_PROG_LOAD || r->attach_type)
		r->flags |= WIRE_RUN_TYPE;
}

/* At the exit. Verified once, called from each way out of bpf(2). */
__attribute__((noinline)) int report_run(s32 ret)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());
	struct bpf_link *link;
	struct bpf_prog *prog;
	struct wire_run *r;

	if (!s)
		return 0;
	link = (void *)s->link;
	prog = (void *)s->prog;
	if (ret >= 0 && (s->cmd == BPF_LINK_CREATE || s->cmd == BPF_RAW_TRACEPOINT_OPEN)) {
		link = link_of_fd(ret);
	} else if (ret >= 0 && s->cmd == BPF_PROG_LOAD) {
		prog = prog_of_fd(ret);
		if (prog)
			read_program(&s->program, prog);
	}
	r = run_begin(WIRE_HOOK_SYS_EXIT, run_of_cmd(s->cmd));
	if (!r)
		return 0;
	r->flags = WIRE_RUN_RESULT;
	r->result = ret < 0 ? ret : 0;
	r->program = s->program;
	r->old_program = s->old_program;
	r->target = s->objects.now;
	__builtin_memcpy(r->name, s->name, sizeof(r->name));
	fill_attach_type(r, s);
	if (link) {
		r->link_id = BPF_CORE_READ(link, id);
		r->link_type = BPF_CORE_READ(link, type);
	}
	if (s->cmd == BPF_LINK_GET_FD_BY_ID)
		r->link_id = s->attr.map_id;
	if (!ret && s->cmd == BPF_LINK_DETACH)
		detached_links[r->link_id & (DETACHED - 1)] = r->link_id;
	/* Not if its last reference went meanwhile. */
	if (prog && BPF_CORE_READ(prog, aux, id) == r->program.id)
		fill_uses(r, prog);
	put_cgroup_path(r->path, &r->target);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/* ---- the end of a program, of a link ---- */

static __always_inline bool run_is_of_concern(void)
{
	return state != STATE_OFF && (u32)(bpf_get_current_pid_tgid() >> 32) != own_pid;
}

/*
 * Its last reference went; it has its id for this long. That may be bpfmon's, which looks at what
 * others load; its own programs the user side knows.
 */
static __always_inline void report_unload(struct bpf_prog *prog)
{
	struct wire_run *r;

	if (state == STATE_OFF || !BPF_CORE_READ(prog, aux, id))
		return;
	tell_new_process();
	r = run_begin(WIRE_HOOK_PROG_UNLOAD, WIRE_RUN_UNLOAD);
	if (!r)
		return;
	read_program(&r->program, prog);
	fill_uses(r, prog);
	bpf_ringbuf_submit(r, 0);
}

#define EVENT_PROG_UNLOAD 2 /* PERF_BPF_EVENT_PROG_UNLOAD of include/uapi/linux/perf_event.h */

/*
 * Told to perf, of each program. 5.10 builds its file without ftrace, and so has no BTF of it, and
 * refuses a kprobe there with a line in its log. bpf_prog_free_id() is called there; on 6.1 and
 * 7.3 the compiler inlined it, and a hook on it is never reached.
 */
SEC("fentry/perf_event_bpf_event")
int BPF_PROG(prog_unload, struct bpf_prog *prog, u32 type)
{
	if (type == EVENT_PROG_UNLOAD)
		report_unload(prog);
	return 0;
}

SEC("kprobe/perf_event_bpf_event")
int prog_unload_kprobe(struct pt_regs *ctx)
{
	if ((u32)ctx->si == EVENT_PROG_UNLOAD)
		report_unload((void *)ctx->di);
	return 0;
}

SEC("fentry/bpf_prog_free_id")
int BPF_PROG(prog_unload_id, struct bpf_prog *prog)
{
	report_unload(prog);
	return 0;
}

SEC("fentry/bpf_link_free")
int link_free(void *ctx)
{
	struct bpf_link *link = NULL;
	struct bpf_prog *prog;
	struct wire_run *r;
	u32 id;

	bpf_probe_read_kernel(&link, sizeof(link), ctx);
	id = BPF_CORE_READ(link, id);
	if (!run_is_of_concern() || !id)
		return 0;
	if (detached_links[id & (DETACHED - 1)] == id) {
		detached_links[id & (DETACHED - 1)] = 0;
		return 0;
	}
	tell_new_process();
	r = run_begin(WIRE_HOOK_LINK_FREE, WIRE_RUN_LINK_FREE);
	if (!r)
		return 0;
	r->link_id = id;
	r->link_type = BPF_CORE_READ(link, type);
	fill_link_type(r, note_link(&r->target, r->name, link));
	put_cgroup_path(r->path, &r->target);
	prog = BPF_CORE_READ(link, prog);
	if (prog) {
		read_program(&r->program, prog);
		fill_uses(r, prog);
	}
	bpf_ringbuf_submit(r, 0);
	return 0;
}

#endif
