/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that are attached otherwise than by bpf(2): to a device over netlink, as XDP or as a filter
 * of tc, to a perf event by its ioctl.
 */
#ifndef BPFMON_HOOK_ATTACH_BPF_H
#define BPFMON_HOOK_ATTACH_BPF_H

#include "hook_run.bpf.h"

#define ATTACH_PERF_EVENT 41 /* enum bpf_attach_type */
#define XDP_REPLACE 16u /* XDP_FLAGS_REPLACE of include/uapi/linux/if_link.h */

static __always_inline struct wire_run *attach_begin(u32 hook, u32 what, s32 type, s32 ret)
{
	struct wire_run *r;

	tell_new_process();
	r = run_begin(hook, what);
	if (!r)
		return NULL;
	fill_link_type(r, type);
	r->flags |= WIRE_RUN_RESULT;
	r->result = ret < 0 ? ret : 0;
	return r;
}

static __always_inline void attach_end(struct wire_run *r, struct bpf_prog *prog)
{
	if (prog) {
		read_program(&r->program, prog);
		fill_uses(r, prog);
	}
	bpf_ringbuf_submit(r, 0);
}

/* IFLA_XDP of a netlink message, in the context of its sender. */
SEC("fexit/dev_change_xdp_fd")
int BPF_PROG(xdp_set, struct net_device *dev, void *extack, int fd, int expected_fd, u32 flags,
	     int ret)
{
	struct bpf_prog *old;
	struct wire_run *r;

	if (!run_is_of_concern())
		return 0;
	r = attach_begin(WIRE_HOOK_XDP_SET, fd >= 0 ? WIRE_RUN_ATTACH : WIRE_RUN_DETACH, ATTACH_XDP,
			 ret);
	if (!r)
		return 0;
	r->target.kind = WIRE_OBJECT_NETDEV;
	r->target.number = dev->ifindex;
	old = flags & XDP_REPLACE && expected_fd >= 0 ? prog_of_fd(expected_fd) : NULL;
	if (old)
		read_program(&r->old_program, old);
	attach_end(r, fd >= 0 ? prog_of_fd(fd) : NULL);
	return 0;
}

/*
 * A filter of tc: struct nlmsghdr, struct tcmsg and attributes, in the context of the sender. User
 * API, of a fixed layout: include/uapi/linux/rtnetlink.h, pkt_cls.h, pkt_sched.h.
 */
struct tc_request {
	u32 len;
	u16 type;
	u16 flags;
	u32 seq;
	u32 pid;
	u32 family;
	s32 ifindex;
	u32 handle;
	u32 parent;
	u32 info;
};

struct tc_attribute {
	u16 len;	/* with this head */
	u16 type;
};

#define TC_KIND 1u		/* TCA_KIND */
#define TC_OPTIONS 2u		/* TCA_OPTIONS */
#define TC_BPF_FD 6u		/* TCA_BPF_FD, in the options of a filter of kind bpf */
#define TC_ATTRIBUTES 16u	/* that are looked at; iproute2 sends half as many */
#define TC_TYPE_MASK 0x3fffu	/* NLA_TYPE_MASK */
#define TC_BLOCK (-1)		/* TCM_IFINDEX_MAGIC_BLOCK: of a block that devices share */
#define TC_INGRESS_QDISC 0xffff0000u
#define TC_CLSACT_INGRESS 0xfffffff2u
#define TC_CLSACT_EGRESS 0xfffffff3u
#define KIND_BPF 0x667062u	/* "bpf" */

/* Where the content of the attribute `type` begins, 0: there is none; `end` becomes where it ends. */
static __always_inline u64 tc_find(u64 at, u64 *end, u32 type)
{
	struct tc_attribute a = {};

	for (u32 i = 0; i < TC_ATTRIBUTES; i++) {
		if (at + sizeof(a) > *end || bpf_probe_read_kernel(&a, sizeof(a), (void *)at) ||
		    a.len < sizeof(a) || at + a.len > *end)
			return 0;
		if ((a.type & TC_TYPE_MASK) == type) {
			*end = at + a.len;
			return at + sizeof(a);
		}
		at += (a.len + 3) & ~3u;
	}
	return 0;
}

/* The program that a request names; NULL: none. */
static __always_inline struct bpf_prog *tc_program(u64 first, u64 end)
{
	u64 options = tc_find(first, &end, TC_OPTIONS), at;
	u32 fd = 0;

	at = options ? tc_find(options, &end, TC_BPF_FD) : 0;
	if (!at || bpf_probe_read_kernel(&fd, sizeof(fd), (void *)at))
		return NULL;
	return prog_of_fd(fd);
}

/* As bpftool net names them. */
static __always_inline void name_tc_place(char *name, u32 parent)
{
	if (parent == TC_CLSACT_INGRESS)
		__builtin_memcpy(name, "clsact/ingress", sizeof("clsact/ingress"));
	else if (parent == TC_CLSACT_EGRESS)
		__builtin_memcpy(name, "clsact/egress", sizeof("clsact/egress"));
	else if (parent == TC_INGRESS_QDISC)
		__builtin_memcpy(name, "ingress", sizeof("ingress"));
	else
		__builtin_memcpy(name, "tc", sizeof("tc"));
}

/* `request` is of a filter to set or to take away. Those of other kinds, and classic BPF, are none. */
static __always_inline int report_filter(u32 hook, u32 what, void *request, s32 ret)
{
	u64 first = (u64)request + sizeof(struct tc_request), end, kind_end, at;
	struct bpf_prog *prog = NULL;
	struct tc_request q = {};
	struct wire_run *r;
	u32 kind = 0;

	if (!run_is_of_concern() || bpf_probe_read_kernel(&q, sizeof(q), request))
		return 0;
	end = kind_end = (u64)request + q.len;
	at = tc_find(first, &kind_end, TC_KIND);
	if (!at || bpf_probe_read_kernel(&kind, sizeof(kind), (void *)at) || kind != KIND_BPF)
		return 0;
	if (what == WIRE_RUN_ATTACH) {
		prog = tc_program(first, end);
		if (!prog)
			return 0;
	}
	r = attach_begin(hook, what, -1, ret);
	if (!r)
		return 0;
	name_tc_place(r->name, q.parent);
	if (q.ifindex != TC_BLOCK) {
		r->target.kind = WIRE_OBJECT_NETDEV;
		r->target.number = q.ifindex;
	}
	attach_end(r, prog);
	return 0;
}

SEC("fexit/tc_new_tfilter")
int BPF_PROG(tc_set, void *skb, void *request, void *extack, int ret)
{
	return report_filter(WIRE_HOOK_TC_SET, WIRE_RUN_ATTACH, request, ret);
}

SEC("fexit/tc_del_tfilter")
int BPF_PROG(tc_clear, void *skb, void *request, void *extack, int ret)
{
	return report_filter(WIRE_HOOK_TC_CLEAR, WIRE_RUN_DETACH, request, ret);
}

static __always_inline void report_perf(struct perf_event *event, struct bpf_prog *prog, s32 ret)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());
	struct wire_object *o;
	struct wire_run *r;

	/* A link of bpf(2) gets there, too. */
	if (!run_is_of_concern() || (s && s->cmd < CMD_RECEIVE))
		return;
	r = attach_begin(WIRE_HOOK_PERF_SET, WIRE_RUN_ATTACH, ATTACH_PERF_EVENT, ret);
	if (!r)
		return;
	o = &r->target;
	o->kind = WIRE_OBJECT_PERF_EVENT;
	o->perf.type = BPF_CORE_READ(event, attr.type);
	o->perf.config = BPF_CORE_READ(event, attr.config);
	o->perf.cpu = BPF_CORE_READ(event, cpu);
	attach_end(r, prog);
}

SEC("fexit/__perf_event_set_bpf_prog")
int BPF_PROG(perf_set, struct perf_event *event, struct bpf_prog *prog, u64 cookie, int ret)
{
	report_perf(event, prog, ret);
	return 0;
}

SEC("fexit/perf_event_set_bpf_prog")
int BPF_PROG(perf_set_unlocked, struct perf_event *event, struct bpf_prog *prog, u64 cookie,
	     int ret)
{
	report_perf(event, prog, ret);
	return 0;
}

#define PERF_SET_BPF 0x40042408u /* PERF_EVENT_IOC_SET_BPF */
#define NAME_PERF 0x76655f667265705bull /* "[perf_ev" */

/* 5.10 has nothing closer, for it builds the file of perf events without ftrace. */
SEC("fexit/__x64_sys_ioctl")
int perf_set_ioctl(u64 *ctx)
{
	const struct pt_regs *regs = NULL;
	struct bpf_prog *prog;
	struct file *file;

	bpf_probe_read_kernel(&regs, sizeof(regs), ctx);
	if ((u32)BPF_CORE_READ(regs, si) != PERF_SET_BPF)
		return 0;
	file = file_by_fd(BPF_CORE_READ(regs, di));
	prog = prog_of_fd(BPF_CORE_READ(regs, dx));
	if (file && anon_name(file) == NAME_PERF)
		report_perf(BPF_CORE_READ(file, private_data), prog, ctx[1]);
	return 0;
}

#endif
