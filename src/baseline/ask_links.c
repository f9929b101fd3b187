/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * BPF links as facts: their program and what they are on, as far as BPF_OBJ_GET_INFO_BY_FD tells.
 * The layout is that of include/uapi/linux/bpf.h of 7.3; an older kernel leaves zeros.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baseline/ask.h"

struct link_info {
	uint32_t type, id, prog_id, pad;
	union {
		uint64_t words[12];
		struct {
			uint64_t name;
			uint32_t name_len;
			uint32_t map_id; /* iter */
		} named; /* raw_tracepoint, iter */
		struct {
			uint32_t attach_type, target_obj_id, target_btf_id;
		} tracing;
		struct {
			uint64_t cgroup_id;
			uint32_t attach_type;
		} cgroup;
		struct {
			uint32_t target, attach_type; /* ifindex, netns inode, map */
		} at; /* netns, xdp, tcx, netkit, sockmap */
		struct {
			uint32_t pf, hook;
			int32_t priority;
			uint32_t flags;
		} netfilter;
		struct {
			uint64_t addrs;
			uint32_t count, flags;
		} kprobe_multi;
		struct {
			uint64_t path, offsets, refs, cookies;
			uint32_t path_size, count, flags, pid;
		} uprobe_multi;
		struct {
			uint32_t type, pad;
			uint64_t name;
			uint32_t name_len, offset;
		} perf;
	};
};

enum link_type {
	LINK_RAW_TRACEPOINT = 1,
	LINK_TRACING,
	LINK_CGROUP,
	LINK_ITER,
	LINK_NETNS,
	LINK_XDP,
	LINK_PERF_EVENT,
	LINK_KPROBE_MULTI,
	LINK_STRUCT_OPS,
	LINK_NETFILTER,
	LINK_TCX,
	LINK_UPROBE_MULTI,
	LINK_NETKIT,
	LINK_SOCKMAP
};

/* The function, in the kernel's BTF, a module's, or a program's. */
static void tracing_target(struct ask *a, const struct link_info *info, char *out, size_t size)
{
	const struct ask_prog *p = ask_prog(a, info->prog_id), *target = NULL;
	uint32_t obj = info->tracing.target_obj_id, type = info->tracing.target_btf_id;
	bool is_btf = p && p->attach_btf_obj && p->attach_btf_obj == obj;
	struct btf *btf = NULL;
	const struct btf_type *t;

	if (!obj)
		return;
	if (p && p->attach_btf_obj && !is_btf)
		target = ask_prog(a, obj);
	if (target) {
		snprintf(out, size, "program %.16s %s", target->name, target->tag);
		return;
	}
	btf = btf__load_from_kernel_by_id(obj);
	t = btf ? btf__type_by_id(btf, type) : NULL;
	if (t)
		snprintf(out, size, "function %s", btf__name_by_offset(btf, t->name_off));
	else
		snprintf(out, size, "type %u of BTF", type);
	btf__free(btf);
}

static void device_target(uint32_t ifindex, char *out, size_t size)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name))
		snprintf(out, size, "netdev %s", name);
	else
		snprintf(out, size, "netdev %u", ifindex);
}

static void cgroup_target(const struct ask *a, uint64_t id, char *out, size_t size)
{
	for (size_t i = 0; i < a->n_cgroups; i++)
		if (a->cgroups[i].id == id) {
			snprintf(out, size, "cgroup %s", a->cgroups[i].path);
			return;
		}
	snprintf(out, size, "cgroup %llu", (unsigned long long)id);
}

static void perf_target(const struct link_info *info, const char *name, char *out, size_t size)
{
	static const char *const types[] = { "",	  "uprobe",	"uretprobe", "kprobe",
					     "kretprobe", "tracepoint", "event" };
	uint32_t type = info->perf.type;

	if (type && type < sizeof(types) / sizeof(types[0]))
		snprintf(out, size, "%s %s+%#x", types[type], type < 6 ? name : "",
			 type < 5 ? info->perf.offset : 0);
}

/* What it is on; `name` is what the kernel wrote there. */
static void put_target(struct ask *a, struct fact *f, const struct link_info *info,
		       const char *name)
{
	char out[4608] = "", detail[128] = "";
	uint32_t attach = UINT32_MAX;

	switch (info->type) {
	case LINK_RAW_TRACEPOINT:
	case LINK_ITER:
		snprintf(out, sizeof(out), "%s", name);
		break;
	case LINK_TRACING:
		attach = info->tracing.attach_type;
		tracing_target(a, info, out, sizeof(out));
		break;
	case LINK_CGROUP:
		attach = info->cgroup.attach_type;
		cgroup_target(a, info->cgroup.cgroup_id, out, sizeof(out));
		break;
	case LINK_NETNS:
		attach = info->at.attach_type;
		snprintf(out, sizeof(out), "netns");
		break;
	case LINK_TCX:
	case LINK_NETKIT:
		attach = info->at.attach_type;
		device_target(info->at.target, out, sizeof(out));
		break;
	case LINK_XDP:
		device_target(info->at.target, out, sizeof(out));
		break;
	case LINK_PERF_EVENT:
		perf_target(info, name, out, sizeof(out));
		break;
	case LINK_KPROBE_MULTI:
		snprintf(detail, sizeof(detail), "%u functions, flags %#x",
			 info->kprobe_multi.count, info->kprobe_multi.flags);
		break;
	case LINK_UPROBE_MULTI:
		snprintf(out, sizeof(out), "%s", name);
		snprintf(detail, sizeof(detail), "%u places, flags %#x", info->uprobe_multi.count,
			 info->uprobe_multi.flags);
		break;
	case LINK_NETFILTER:
		snprintf(out, sizeof(out), "netfilter pf %u hook %u", info->netfilter.pf,
			 info->netfilter.hook);
		snprintf(detail, sizeof(detail), "priority %d, flags %#x", info->netfilter.priority,
			 info->netfilter.flags);
		break;
	}
	if (*out)
		fact_string(&a->facts, f, ATTR_TARGET, out);
	if (*detail)
		fact_string(&a->facts, f, ATTR_DETAIL, detail);
	if (attach != UINT32_MAX)
		fact_number(&a->facts, f, ATTR_ATTACH, attach);
}

/* Twice: the type says where the kernel is to write a name. */
static int read_info(int fd, struct link_info *info, char *name, size_t size)
{
	uint32_t len = sizeof(*info), type;

	*info = (struct link_info){};
	*name = '\0';
	if (bpf_obj_get_info_by_fd(fd, info, &len))
		return -errno;
	type = info->type;
	if (type != LINK_RAW_TRACEPOINT && type != LINK_ITER && type != LINK_PERF_EVENT &&
	    type != LINK_UPROBE_MULTI)
		return 0;
	if (type == LINK_PERF_EVENT && (!info->perf.type || info->perf.type > 5))
		return 0;
	*info = (struct link_info){};
	if (type == LINK_PERF_EVENT) {
		info->perf.name = (uintptr_t)name;
		info->perf.name_len = (uint32_t)size;
	} else if (type == LINK_UPROBE_MULTI) {
		info->uprobe_multi.path = (uintptr_t)name;
		info->uprobe_multi.path_size = (uint32_t)size;
	} else {
		info->named.name = (uintptr_t)name;
		info->named.name_len = (uint32_t)size;
	}
	len = sizeof(*info);
	return bpf_obj_get_info_by_fd(fd, info, &len) ? -errno : 0;
}

static void add_link(struct ask *a, int fd, uint32_t id)
{
	const struct ask_prog *p;
	struct link_info info;
	char name[4096];
	struct fact *f;
	int err = read_info(fd, &info, name, sizeof(name));

	if (err) {
		inventory_gap(a->inv, "link %u cannot be read: %s", id, strerror(-err));
		return;
	}
	p = ask_prog(a, info.prog_id);
	if (!a->all && (!p || !p->wanted))
		return;
	f = facts_add(&a->facts, FACT_LINK);
	fact_number(&a->facts, f, ATTR_ID, id);
	fact_number(&a->facts, f, ATTR_LINK_TYPE, info.type);
	ask_put_prog(a, f, info.prog_id);
	put_target(a, f, &info, name);
}

void ask_links(struct ask *a)
{
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0 && errno != ENOENT)
			inventory_gap(a->inv, "link %u cannot be read: %s", id, strerror(errno));
		if (fd < 0)
			continue;
		add_link(a, fd, id);
		close(fd);
	}
	if (errno != ENOENT)
		inventory_gap(a->inv, "links cannot be listed: %s", strerror(errno));
}
