/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel can do; see feat.h. */
#include "load/feat.h"

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

#include "lib/caps.h"

/* A program that does nothing: r0 = 0; exit. */
static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_nothing(enum bpf_prog_type type, int attach_type, uint32_t btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = (enum bpf_attach_type)attach_type,
		    .attach_btf_id = btf_id);

	return bpf_prog_load(type, "bpfmon_try", "GPL", nothing, 2, &opts);
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
		snprintf(why, why_size, "not permitted to load BPF programs; " CAPS_NEEDED);
	else
		snprintf(why, why_size, "cannot load BPF programs: %s", strerror(-err));
	return err;
}

/* Of 200,000 lines like `ffffffff81000000 T name`, which scanf() would take a second to read. */
static uint64_t symbol_address(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	size_t length = strlen(name);
	uint64_t address = 0;
	char line[256];

	while (f && !address && fgets(line, sizeof(line), f)) {
		const char *kind = strchr(line, ' ');

		if (kind && strlen(kind) > 3 && !strncmp(kind + 3, name, length) &&
		    strchr("\t\n", kind[3 + length]))
			address = strtoull(line, NULL, 16);
	}
	if (f)
		fclose(f);
	return address;
}

/*
 * How to read the preemption count, which tells interrupts from tasks. 5.10's BTF has no per-CPU
 * variables; local_interrupt_disable_state came with the wider layout of the count
 * ("preempt: Introduce HARDIRQ_DISABLE_BITS", after 7.2).
 */
static void find_preempt_count(struct feat *feat, const struct btf *btf)
{
	static const char wide[] = "local_interrupt_disable_state";

	feat->wide_preempt_count = btf__find_by_name_kind(btf, wide, BTF_KIND_VAR) > 0;
	if (btf__find_by_name_kind(btf, "__preempt_count", BTF_KIND_VAR) > 0 ||
	    btf__find_by_name_kind(btf, "pcpu_hot", BTF_KIND_VAR) > 0)
		return;
	feat->preempt_count = symbol_address("__preempt_count");
	feat->per_cpu_offset = symbol_address("__per_cpu_offset");
}

/* By way of struct bpf_htab: others may have a struct of the same name. */
static uint32_t find_bucket_size(const struct btf *btf)
{
	const struct btf_type *t;
	int id = btf__find_by_name_kind(btf, "bpf_htab", BTF_KIND_STRUCT);

	if (id < 0)
		return 0;
	t = btf__type_by_id(btf, (__u32)id);
	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;
		const char *name = btf__name_by_offset(btf, m->name_off);
		const struct btf_type *to = btf__type_by_id(btf, m->type);

		if (!strcmp(name, "buckets") && btf_is_ptr(to)) {
			int64_t size = btf__resolve_size(btf, to->type);

			return size > 0 ? (uint32_t)size : 0;
		}
	}
	return 0;
}

/* All types, if BTF does not tell. */
static uint64_t find_map_types(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "bpf_map_type", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	uint64_t types = 0;

	for (uint16_t i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_enum(t)[i].name_off);
		uint32_t type = (uint32_t)btf_enum(t)[i].val;

		/* The last is __MAX_BPF_MAP_TYPE on newer kernels, which is none. */
		if (type < 64 && name && name[0] != '_')
			types |= 1ull << type;
	}
	return t ? types : UINT64_MAX;
}

/* ---- functions ---- */

static int compare_functions(const void *a, const void *b)
{
	return strcmp(((const struct feat_function *)a)->name,
		      ((const struct feat_function *)b)->name);
}

static struct feat_function *find_function(const struct feat *feat, const char *name)
{
	struct feat_function key = { .name = name };

	return bsearch(&key, feat->functions, feat->n_functions, sizeof(key), compare_functions);
}

static void add_function(struct feat *feat, const char *name)
{
	if (feat->n_functions < FEAT_FUNCTIONS)
		feat->functions[feat->n_functions++] =
			(struct feat_function){ .name = name, .args = -1 };
}

static const char cast_function[] = "bpf_rdonly_cast";

/*
 * All that hooks name, in one pass: the kernel's BTF has 60,000 functions in no order, and a search
 * through them for each name takes longer than anything else that a start does.
 */
static void find_functions(struct feat *feat, const struct btf *btf)
{
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		for (unsigned int n = 0; n < HOOK_WAYS && hooks[i].ways[n].function; n++)
			add_function(feat, hooks[i].ways[n].function);
	for (const char *const *name = hook_functions_beside; *name; name++)
		add_function(feat, *name);
	add_function(feat, cast_function);
	qsort(feat->functions, feat->n_functions, sizeof(feat->functions[0]), compare_functions);
	/*
	 * Several hooks may name one, of which bsearch() finds always the same. Of the kernel's the
	 * first counts, as for libbpf.
	 */
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		struct feat_function *found;

		if (!btf_is_func(t))
			continue;
		found = find_function(feat, btf__name_by_offset(btf, t->name_off));
		if (!found || found->btf_id)
			continue;
		found->btf_id = id;
		found->args = btf_vlen(btf__type_by_id(btf, t->type));
	}
}

/* Since a35b9af4ec2c "bpf: Add a kfunc for generic type cast" (6.2), and only where there is a JIT. */
static bool try_cast(const struct feat *feat, uint32_t type)
{
	const struct bpf_insn cast[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = (int)type },
		{ .code = BPF_JMP | BPF_CALL,
		  .src_reg = BPF_PSEUDO_KFUNC_CALL,
		  .imm = (int)feat_function_id(feat, cast_function) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog;

	if (!feat_has_function(feat, cast_function))
		return false;
	prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "bpfmon_try", "GPL", cast,
			     sizeof(cast) / sizeof(cast[0]), NULL);
	if (prog >= 0)
		close(prog);
	return prog >= 0;
}

static void find_casts(struct feat *feat, const struct btf *btf)
{
	int task = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
	int map = btf__find_by_name_kind(btf, "bpf_map", BTF_KIND_STRUCT);
	int file = btf__find_by_name_kind(btf, "file", BTF_KIND_STRUCT);
	int words = btf__find_by_name_kind(btf, "timespec64", BTF_KIND_STRUCT);

	if (task <= 0 || map <= 0 || file <= 0 || words <= 0 || !try_cast(feat, (uint32_t)task))
		return;
	feat->cast_task = (uint32_t)task;
	feat->cast_map = (uint32_t)map;
	feat->cast_file = (uint32_t)file;
	feat->cast_words = (uint32_t)words;
}

/* A trial on a function that every kernel has: refused by policy at load or at attach. */
static int try_fentry(const struct feat *feat)
{
	uint32_t id = feat_function_id(feat, "security_bpf");
	int prog, link;

	if (!id)
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

int feat_new(struct feat **out, char *why, size_t why_size)
{
	struct feat *feat = calloc(1, sizeof(*feat));
	struct btf *btf = NULL;
	int err = -ENOMEM;

	if (!feat) {
		snprintf(why, why_size, "out of memory");
		return err;
	}
	err = try_bpf(why, why_size);
	if (err)
		goto out;
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		err = -errno;
		snprintf(
			why, why_size,
			"the kernel gives no BTF (%s); it must be built with CONFIG_DEBUG_INFO_BTF=y and show /sys/kernel/btf/vmlinux",
			strerror(-err));
		goto out;
	}
	find_functions(feat, btf);
	feat->map_types = find_map_types(btf);
	feat->fentry_error = try_fentry(feat);
	feat->kprobe_error = try_kprobe();
	find_preempt_count(feat, btf);
	feat->bucket_size = find_bucket_size(btf);
	find_casts(feat, btf);
	*out = feat;
	feat = NULL;
out:
	btf__free(btf);
	feat_free(feat);
	return err;
}

void feat_free(struct feat *feat)
{
	free(feat);
}

bool feat_has_function(const struct feat *feat, const char *name)
{
	return feat_function_id(feat, name) > 0;
}

int feat_function_args(const struct feat *feat, const char *name)
{
	const struct feat_function *f = find_function(feat, name);

	return f ? f->args : -1;
}

uint32_t feat_function_id(const struct feat *feat, const char *name)
{
	const struct feat_function *f = find_function(feat, name);

	return f ? f->btf_id : 0;
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
	return type < 64 && feat->map_types >> type & 1;
}
