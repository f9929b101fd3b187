/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel can do; see feat.h. */
#include "feat.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A program that does nothing: r0 = 0; exit. */
static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_nothing(enum bpf_prog_type type, int attach_type, int btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)attach_type,
		    .attach_btf_id = (__u32)btf_id);

	return bpf_prog_load(type, "bpfmon_try", "GPL", nothing, 2, &opts);
}

/* A trial on a function that every kernel has: refused by policy at load or at attach. */
static int try_fentry(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "security_bpf", BTF_KIND_FUNC), prog, link;

	if (id < 0)
		return -ENOENT;
	prog = load_nothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, id);
	if (prog < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link < 0)
		link = -errno;
	else
		close(link);
	close(prog);
	return link < 0 ? link : 0;
}

static int try_kprobe(void)
{
	static const char path[] = "/sys/bus/event_source/devices/kprobe/type";
	struct perf_event_attr attr = { .size = sizeof(attr) };
	static const char function[] = "security_bpf_map_free";
	FILE *f = fopen(path, "re");
	int prog, event;
	unsigned int type;

	if (!f)
		return -errno;
	if (fscanf(f, "%u", &type) != 1)
		type = 0;
	fclose(f);
	prog = load_nothing(BPF_PROG_TYPE_KPROBE, 0, 0);
	if (prog < 0)
		return -errno;
	close(prog);
	attr.type = type;
	attr.kprobe_func = (__u64)(unsigned long)function;
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	close(event);
	return 0;
}

/* bpf(2) at all: root in a container, or a locked-down kernel, may be refused. */
static int try_bpf(char *why, size_t why_size)
{
	int prog = load_nothing(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0), err = -errno;

	if (prog >= 0) {
		close(prog);
		return 0;
	}
	if (err == -EPERM)
		snprintf(
			why, why_size,
			"not permitted to load BPF programs; run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE");
	else
		snprintf(why, why_size, "cannot load BPF programs: %s", strerror(-err));
	return err;
}

static uint64_t symbol_address(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[256], symbol[128];
	unsigned long long address, found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %127s", &address, symbol) == 2 &&
		    !strcmp(symbol, name)) {
			found = address;
			break;
		}
	}
	if (f)
		fclose(f);
	return found;
}

/*
 * How to read the preemption count, which tells interrupts from tasks. 5.10's BTF has no per-CPU
 * variables; local_interrupt_disable_state came with the wider layout of the count
 * ("preempt: Introduce HARDIRQ_DISABLE_BITS", after 7.2).
 */
static void find_preempt_count(struct feat *feat)
{
	static const char wide[] = "local_interrupt_disable_state";

	feat->wide_preempt_count = btf__find_by_name_kind(feat->btf, wide, BTF_KIND_VAR) > 0;
	if (btf__find_by_name_kind(feat->btf, "__preempt_count", BTF_KIND_VAR) > 0 ||
	    btf__find_by_name_kind(feat->btf, "pcpu_hot", BTF_KIND_VAR) > 0)
		return;
	feat->preempt_count = symbol_address("__preempt_count");
	feat->per_cpu_offset = symbol_address("__per_cpu_offset");
}

int feat_new(struct feat **out, char *why, size_t why_size)
{
	struct feat *feat = calloc(1, sizeof(*feat));
	int err = -ENOMEM;

	if (!feat) {
		snprintf(why, why_size, "out of memory");
		return err;
	}
	err = try_bpf(why, why_size);
	if (err)
		goto out;
	feat->btf = btf__load_vmlinux_btf();
	if (!feat->btf) {
		err = -errno;
		snprintf(
			why, why_size,
			"the kernel gives no BTF (%s); it must be built with CONFIG_DEBUG_INFO_BTF=y and show /sys/kernel/btf/vmlinux",
			strerror(-err));
		goto out;
	}
	feat->fentry_error = try_fentry(feat->btf);
	feat->kprobe_error = try_kprobe();
	find_preempt_count(feat);
	*out = feat;
	feat = NULL;
out:
	feat_free(feat);
	return err;
}

void feat_free(struct feat *feat)
{
	if (!feat)
		return;
	btf__free(feat->btf);
	free(feat);
}

bool feat_has_function(const struct feat *feat, const char *name)
{
	return btf__find_by_name_kind(feat->btf, name, BTF_KIND_FUNC) > 0;
}

int feat_function_args(const struct feat *feat, const char *name)
{
	int id = btf__find_by_name_kind(feat->btf, name, BTF_KIND_FUNC);
	const struct btf_type *type = id > 0 ? btf__type_by_id(feat->btf, (__u32)id) : NULL;

	type = type ? btf__type_by_id(feat->btf, type->type) : NULL;
	return type ? btf_vlen(type) : -1;
}

void feat_find_notrace(const char *const *names, size_t n, bool *notrace)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/available_filter_functions",
		"/sys/kernel/debug/tracing/available_filter_functions",
	};
	char line[256];
	FILE *f = fopen(paths[0], "re") ?: fopen(paths[1], "re");

	for (size_t i = 0; i < n; i++)
		notrace[i] = f && names[i];
	while (f && fgets(line, sizeof(line), f)) {
		/* The name of the module, if it is one's, comes behind it. */
		line[strcspn(line, " \t\n")] = '\0';
		for (size_t i = 0; i < n; i++)
			if (notrace[i] && !strcmp(line, names[i]))
				notrace[i] = false;
	}
	if (f)
		fclose(f);
}

bool feat_has_map_type(const struct feat *feat, uint32_t type)
{
	int id = btf__find_by_name_kind(feat->btf, "bpf_map_type", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(feat->btf, (__u32)id) : NULL;

	for (uint16_t i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(feat->btf, btf_enum(t)[i].name_off);

		/* The last is __MAX_BPF_MAP_TYPE on newer kernels, which is none. */
		if ((uint32_t)btf_enum(t)[i].val == type && name && name[0] != '_')
			return true;
	}
	return !t;
}
