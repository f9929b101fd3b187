/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF object from open to close; see bpfobj.h.
 *
 * Which way each hook takes is a plan that starts with what the kernel's BTF and one trial
 * program allow. A hook that then can't be attached (a trampoline holds 36 to 40 programs, and
 * somebody may have filled it) takes its next way, and everything is loaded again.
 */
#include "bpfobj.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "feat.h"
#include "lib/log.h"

#include "bpfmon.skel.h"

struct bpfobj {
	struct bpfmon_bpf *skel;
	struct hook_state hooks[WIRE_HOOK_COUNT];
	unsigned int way[WIRE_HOOK_COUNT];	/* index into hooks[].ways; HOOK_WAYS: none left */
	struct bpf_link *links[WIRE_HOOK_COUNT][HOOK_PROGRAMS];
	uint32_t cpus;
};

/* libbpf's own messages, of use to a developer only: the verifier's log is many lines. */
static int libbpf_message(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *line, *save = NULL;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		log_debug("%s", line);
	free(text);
	return 0;
}

static const struct hook_way *planned(const struct bpfobj *obj, unsigned int hook)
{
	unsigned int i = obj->way[hook];

	return i < HOOK_WAYS && hooks[hook].ways[i].function ? &hooks[hook].ways[i] : NULL;
}

/* Goes on to the hook's next way and notes why. */
static void plan_next(struct bpfobj *obj, unsigned int hook, const char *what, int err)
{
	const struct hook_way *way = planned(obj, hook);
	struct hook_state *state = &obj->hooks[hook];

	if (!way)
		return;
	if (!state->why[0] || err)
		snprintf(state->why, sizeof(state->why), "%s %s: %s%s%s",
			 attach_kind_names[way->kind], way->function, what, err ? ": " : "",
			 err ? strerror(-err) : "");
	obj->way[hook]++;
	/* Entry and exit of bpf(2) work together: both by trampoline or both by tracepoint. */
	if (hook == WIRE_HOOK_SYS_ENTER || hook == WIRE_HOOK_SYS_EXIT) {
		unsigned int other = WIRE_HOOK_SYS_ENTER + WIRE_HOOK_SYS_EXIT - hook;
		const struct hook_way *next = planned(obj, hook);

		if (next && next->kind != ATTACH_TRACEPOINT)
			return;
		while (planned(obj, other) && planned(obj, other)->kind != ATTACH_TRACEPOINT)
			plan_next(obj, other, "the other end of bpf(2) is a tracepoint", 0);
	}
}

/* The ways that can't work by what the kernel says of itself. */
static void plan_by_features(struct bpfobj *obj, const struct feat *feat)
{
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way;

		while ((way = planned(obj, i))) {
			bool trampoline = way->kind == ATTACH_FENTRY || way->kind == ATTACH_FEXIT;

			if (trampoline && feat->fentry_error)
				plan_next(obj, i, "refused by the kernel", feat->fentry_error);
			else if (trampoline && !feat_has_function(feat, way->function))
				plan_next(obj, i, "no such function in the kernel's BTF", 0);
			else if (way->kind == ATTACH_KPROBE && feat->kprobe_error)
				plan_next(obj, i, "refused by the kernel", feat->kprobe_error);
			else
				break;
		}
	}
}

static bool program_wanted(const struct hook_way *way, unsigned int n, const struct feat *feat)
{
	if (!way->programs[n])
		return false;
	/* The 32-bit entry is not in every kernel. */
	return strcmp(way->programs[n], "sys_exit_ia32") ||
	       feat_has_function(feat, "__ia32_sys_bpf");
}

static int bpfobj_load(struct bpfobj *obj, const struct bpfobj_opts *opts, const struct feat *feat)
{
	struct bpf_program *prog;
	int err;

	obj->skel = bpfmon_bpf__open();
	if (!obj->skel)
		return -errno;
	bpf_object__for_each_program (prog, obj->skel->obj)
		bpf_program__set_autoload(prog, false);
	bpf_program__set_autoload(obj->skel->progs.list_maps, true);
	bpf_program__set_autoload(obj->skel->progs.list_progs, true);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = planned(obj, i);

		for (unsigned int n = 0; way && n < HOOK_PROGRAMS; n++) {
			if (!program_wanted(way, n, feat))
				continue;
			prog = bpf_object__find_program_by_name(obj->skel->obj, way->programs[n]);
			if (!prog)
				return -ENOENT;
			bpf_program__set_autoload(prog, true);
		}
	}
	obj->skel->rodata->cfg_bytes = opts->bytes;
	obj->skel->rodata->cfg_cpus = obj->cpus;
	if (getrandom((void *)&obj->skel->rodata->cfg_cookie, sizeof(obj->skel->rodata->cfg_cookie),
		      0) < 0)
		return -errno;
	err = bpf_map__set_max_entries(obj->skel->maps.events, opts->ring_bytes);
	return err ? err : bpfmon_bpf__load(obj->skel);
}

/* ---- iterators ---- */

static int iterate(struct bpf_program *prog, size_t record_size,
		   void (*each)(void *context, const void *record), void *context)
{
	char chunk[4096];
	size_t have = 0;
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd, err = 0;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	while ((n = read(fd, chunk + have, sizeof(chunk) - have)) > 0) {
		size_t at = 0;

		have += (size_t)n;
		for (; have - at >= record_size; at += record_size)
			each(context, chunk + at);
		have -= at;
		memmove(chunk, chunk + at, have);
	}
	if (n < 0)
		err = -errno;
	close(fd);
out:
	bpf_link__destroy(link);
	return err;
}

/*
 * KERNEL_IMAGE_SIZE of arch/x86/include/asm/page_64_types.h: modules and JITed programs begin
 * 1 GiB above the start of the kernel's map with CONFIG_RANDOMIZE_BASE, 512 MiB without.
 */
#define JIT_BASE_RANDOMIZED 0xffffffffc0000000ull
#define JIT_BASE_FIXED 0xffffffffa0000000ull

static uint32_t program_id(const struct bpfobj *obj, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj->skel->obj, name);
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	if (!prog || bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.id;
}

struct learn {
	struct bpfobj *obj;
	uint32_t ids[WIRE_HOOK_COUNT];	/* program ids, 0: not by trampoline */
};

static void learn_program(void *context, const void *record)
{
	struct learn *learn = context;
	struct bpfmon_bpf__bss *bss = learn->obj->skel->bss;
	const struct wire_iter_prog *p = record;

	/* Without JIT, func is the interpreter's, which is kernel text. */
	if (p->func && p->len && p->func < JIT_BASE_RANDOMIZED)
		bss->jit_base = JIT_BASE_FIXED;
	for (unsigned int i = 0; p->target && i < WIRE_HOOK_COUNT; i++)
		if (learn->ids[i] == p->id)
			bss->hook_func[i] = p->target;
}

/* Where JITed code lies, and where each hooked function begins: to tell callers apart. */
static int learn_addresses(struct bpfobj *obj)
{
	struct learn learn = { .obj = obj };

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = planned(obj, i);

		if (way && way->kind == ATTACH_FEXIT)
			learn.ids[i] = program_id(obj, way->programs[0]);
	}
#ifdef __x86_64__
	obj->skel->bss->jit_base = JIT_BASE_RANDOMIZED;
#endif
	return iterate(obj->skel->progs.list_progs, sizeof(struct wire_iter_prog), learn_program,
		       &learn);
}

/* ---- attach ---- */

static struct bpf_link *attach_one(const struct bpf_program *prog, const struct hook_way *way)
{
	if (way->kind == ATTACH_KPROBE)
		return bpf_program__attach_kprobe(prog, false, way->function);
	return bpf_program__attach(prog);
}

/* 0, or the negative errno of the program that could not be attached. */
static int attach_hook(struct bpfobj *obj, unsigned int hook, const struct feat *feat)
{
	const struct hook_way *way = planned(obj, hook);

	for (unsigned int n = 0; way && n < HOOK_PROGRAMS; n++) {
		struct bpf_program *prog;

		if (!program_wanted(way, n, feat))
			continue;
		prog = bpf_object__find_program_by_name(obj->skel->obj, way->programs[n]);
		obj->links[hook][n] = attach_one(prog, way);
		if (!obj->links[hook][n])
			return -errno;
	}
	return 0;
}

/* The call that own_call() in bpf/hook_syscall.bpf.h waits for; the kernel refuses its flags. */
static bool introduce(struct bpfobj *obj)
{
	uint32_t key = 0, value[64];

	bpf_map_lookup_elem_flags(bpf_map__fd(obj->skel->maps.slots), &key, value,
				  obj->skel->rodata->cfg_cookie);
	return obj->skel->bss->own_pid;
}

/* ---- all hooks at once ---- */

/*
 * Each change of a trampoline may wait for an RCU tasks grace period: on 5.10, which waits every
 * time, that is most of a second. Waits of several threads go by together.
 */
struct hook_job {
	pthread_t thread;
	bool started;
	struct bpfobj *obj;
	unsigned int hook;
	const struct feat *feat;
	int err;
};

static void *attach_job(void *arg)
{
	struct hook_job *job = arg;

	job->err = attach_hook(job->obj, job->hook, job->feat);
	return NULL;
}

static void *detach_job(void *arg)
{
	struct hook_job *job = arg;

	for (unsigned int n = 0; n < HOOK_PROGRAMS; n++) {
		bpf_link__destroy(job->obj->links[job->hook][n]);
		job->obj->links[job->hook][n] = NULL;
	}
	return NULL;
}

/* Runs `work` for each hook from `first` on; where no thread can be had, here. */
static void each_hook(struct bpfobj *obj, unsigned int first, const struct feat *feat,
		      void *(*work)(void *), struct hook_job jobs[WIRE_HOOK_COUNT])
{
	for (unsigned int i = first; i < WIRE_HOOK_COUNT; i++) {
		jobs[i] = (struct hook_job){ .obj = obj, .hook = i, .feat = feat };
		jobs[i].started = !pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);
		if (!jobs[i].started)
			work(&jobs[i]);
	}
	for (unsigned int i = first; i < WIRE_HOOK_COUNT; i++)
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
}

/* How many hooks have to go on to their next way. */
static int attach_all(struct bpfobj *obj, const struct feat *feat)
{
	struct hook_job jobs[WIRE_HOOK_COUNT];
	int failed = 0, err = attach_hook(obj, WIRE_HOOK_SYS_ENTER, feat);

	if (err)
		plan_next(obj, WIRE_HOOK_SYS_ENTER, "not attached", err);
	else if (planned(obj, WIRE_HOOK_SYS_ENTER) && !introduce(obj))
		plan_next(obj, WIRE_HOOK_SYS_ENTER, "attached, but does not run", err = -ENOENT);
	if (err)
		return 1;
	each_hook(obj, WIRE_HOOK_SYS_ENTER + 1, feat, attach_job, jobs);
	for (unsigned int i = WIRE_HOOK_SYS_ENTER + 1; i < WIRE_HOOK_COUNT; i++) {
		if (!jobs[i].err)
			continue;
		plan_next(obj, i, "not attached", jobs[i].err);
		failed++;
	}
	return failed;
}

static void bpfobj_unload(struct bpfobj *obj)
{
	struct hook_job jobs[WIRE_HOOK_COUNT];

	each_hook(obj, 0, NULL, detach_job, jobs);
	bpfmon_bpf__destroy(obj->skel);
	obj->skel = NULL;
}

static int explain(int err, const char *what, char *why, size_t why_size)
{
	const char *hint = "";

	if (err == -EPERM)
		hint = "; run as root, or with CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE";
	else if (err == -ENOMEM)
		hint = "; raise the memory limit (ulimit -l, or the service's), or lower --buffer";
	snprintf(why, why_size, "%s: %s%s", what, strerror(-err), hint);
	return err;
}

int bpfobj_new(const struct bpfobj_opts *opts, struct bpfobj **out, char *why, size_t why_size)
{
	struct bpfobj *obj = calloc(1, sizeof(*obj));
	struct feat *feat = NULL;
	int err, failed = 1;

	if (!obj)
		return explain(-ENOMEM, "cannot start", why, why_size);
	libbpf_set_print(libbpf_message);
	err = feat_new(&feat, why, why_size);
	if (err)
		goto out;
	err = libbpf_num_possible_cpus();
	if (err < 0) {
		explain(err, "cannot count the CPUs", why, why_size);
		goto out;
	}
	obj->cpus = (uint32_t)err;
	plan_by_features(obj, feat);
	while (failed) {
		err = bpfobj_load(obj, opts, feat);
		if (err) {
			explain(err, "the kernel did not load bpfmon's programs", why, why_size);
			goto out;
		}
		err = learn_addresses(obj);
		if (err)
			log_warn(
				"cannot list programs (%s): writes of BPF programs and of bpf(2) can not be told apart",
				strerror(-err));
		err = 0;
		failed = attach_all(obj, feat);
		if (failed)
			bpfobj_unload(obj);
	}
	if (!planned(obj, WIRE_HOOK_SYS_ENTER) || !planned(obj, WIRE_HOOK_SYS_EXIT)) {
		err = -ENOTSUP;
		snprintf(why, why_size, "bpf(2) can not be watched on this kernel: %s",
			 obj->hooks[WIRE_HOOK_SYS_ENTER].why);
		goto out;
	}
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		obj->hooks[i].way = planned(obj, i);
	*out = obj;
	obj = NULL;
out:
	feat_free(feat);
	bpfobj_free(obj);
	return err;
}

void bpfobj_free(struct bpfobj *obj)
{
	if (!obj)
		return;
	bpfobj_unload(obj);
	free(obj);
}

/* ---- what others need ---- */

void bpfobj_arm(struct bpfobj *obj)
{
	obj->skel->bss->state = 1; /* STATE_ON */
}

void bpfobj_disarm(struct bpfobj *obj)
{
	const struct timespec under_way = { .tv_nsec = 10 * 1000 * 1000 };

	obj->skel->bss->state = 2; /* STATE_ENDING */
	nanosleep(&under_way, NULL);
	obj->skel->bss->state = 0; /* STATE_OFF */
	nanosleep(&under_way, NULL);
}

const struct hook_state *bpfobj_hooks(const struct bpfobj *obj)
{
	return obj->hooks;
}

bool bpfobj_full(const struct bpfobj *obj)
{
	return obj->hooks[WIRE_HOOK_SYS_ENTER].way->kind == ATTACH_FENTRY;
}

int bpfobj_ring_fd(const struct bpfobj *obj)
{
	return bpf_map__fd(obj->skel->maps.events);
}

uint32_t bpfobj_own_pid(const struct bpfobj *obj)
{
	return obj->skel->bss->own_pid;
}

uint32_t bpfobj_cpus(const struct bpfobj *obj)
{
	return obj->cpus;
}

const volatile struct wire_counts *bpfobj_counts(const struct bpfobj *obj)
{
	return obj->skel->bss->counts;
}

static volatile __u64 *verdict_slot(const struct bpfobj *obj, uint32_t map_id)
{
	return &obj->skel->bss->verdicts[map_id & (WIRE_VERDICTS - 1)];
}

void bpfobj_set_verdict(struct bpfobj *obj, uint32_t map_id, bool skip)
{
	*verdict_slot(obj, map_id) = (uint64_t)map_id << 32 | skip;
}

bool bpfobj_has_verdict(const struct bpfobj *obj, uint32_t map_id)
{
	return *verdict_slot(obj, map_id) >> 32 == map_id;
}

struct each_map {
	void (*each)(void *context, const struct wire_map *map);
	void *context;
};

static void each_map(void *context, const void *record)
{
	struct each_map *e = context;

	e->each(e->context, record);
}

int bpfobj_each_map(struct bpfobj *obj, void (*each)(void *context, const struct wire_map *map),
		    void *context)
{
	struct each_map e = { each, context };

	return iterate(obj->skel->progs.list_maps, sizeof(struct wire_map), each_map, &e);
}
