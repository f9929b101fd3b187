/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hooks put in place and taken away; see attach.h. */
#include "load/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load/feat.h"

void attach_init(struct attach *a, const struct feat *feat)
{
	plan_init(&a->plan, feat);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		for (unsigned int n = 0; n < HOOK_PROGRAMS; n++)
			a->programs[i][n] = -1;
}

static struct bpf_program *find_program(const struct attach *a, struct bpf_object *in,
					const struct hook_way *way, unsigned int n)
{
	/* The 32-bit entry is not in every kernel. */
	if (!way->programs[n] || (!strcmp(way->programs[n], "sys_exit_ia32") &&
				  !feat_has_function(a->plan.feat, HOOK_IA32_BPF)))
		return NULL;
	return bpf_object__find_program_by_name(in, way->programs[n]);
}

void attach_choose(struct attach *a, struct bpf_object *in, const bool chosen[WIRE_HOOK_COUNT])
{
	struct bpf_program *prog;

	bpf_object__for_each_program (prog, in)
		bpf_program__set_autoload(prog, false);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = chosen[i] ? plan_way(&a->plan, i) : NULL;

		for (unsigned int n = 0; way && n < HOOK_PROGRAMS; n++) {
			prog = find_program(a, in, way, n);
			if (prog)
				bpf_program__set_autoload(prog, true);
		}
	}
}

static struct bpf_link *attach_one(const struct bpf_program *prog, const struct hook_way *way)
{
	if (way->kind == ATTACH_KPROBE)
		return bpf_program__attach_kprobe(prog, false, way->function);
	if (way->kind == ATTACH_TRACEPOINT)
		return bpf_program__attach(prog);
	return bpf_program__attach_trace(prog);
}

/* What the program would add is missing then, and said to be. */
static void attach_extra(struct attach *a, unsigned int hook, const struct hook_way *way, int err)
{
	struct hook_state *state = &a->plan.states[hook];

	if (!err && state->incomplete)
		state->why[0] = '\0';
	state->incomplete = err;
	if (err)
		snprintf(state->why, sizeof(state->why), "fentry %s: not attached: %s",
			 way->function, strerror(-err));
}

int attach_hook(struct attach *a, struct bpf_object *in, unsigned int hook)
{
	const struct hook_way *way = plan_way(&a->plan, hook);
	int err;

	for (unsigned int n = 0; way && n < HOOK_PROGRAMS; n++) {
		struct bpf_program *prog = find_program(a, in, way, n);

		if (!prog)
			continue;
		a->links[hook][n] = attach_one(prog, way);
		err = a->links[hook][n] ? 0 : -errno;
		if (n == HOOK_EXTRA)
			attach_extra(a, hook, way, err);
		else if (err)
			return err;
		if (a->links[hook][n])
			a->programs[hook][n] = fcntl(bpf_program__fd(prog), F_DUPFD_CLOEXEC, 0);
	}
	return 0;
}

static void detach_hook(struct attach *a, unsigned int hook)
{
	for (unsigned int n = 0; n < HOOK_PROGRAMS; n++) {
		bpf_link__destroy(a->links[hook][n]);
		a->links[hook][n] = NULL;
		if (a->programs[hook][n] >= 0)
			close(a->programs[hook][n]);
		a->programs[hook][n] = -1;
	}
}

static uint64_t misses(int program)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &len))
		return 0;
	return info.recursion_misses;
}

uint64_t attach_misses(const struct attach *a, unsigned int hook)
{
	return misses(a->programs[hook][0]);
}

bool attach_program(const struct attach *a, unsigned int hook, unsigned int n,
		    struct attach_program *program)
{
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	if (!a->links[hook][n])
		return false;
	/* Before 5.15 the link of a kprobe is none that can be asked. */
	program->err =
		bpf_obj_get_info_by_fd(bpf_link__fd(a->links[hook][n]), &info, &len) ? -errno : 0;
	program->id = program->err ? 0 : info.prog_id;
	program->misses = misses(a->programs[hook][n]);
	return true;
}

/* ---- all hooks at once ---- */

/*
 * Each change of a trampoline may wait for an RCU tasks grace period: on 5.10, which waits every
 * time, that is most of a second. Waits of several threads go by together.
 */
struct hook_job {
	pthread_t thread;
	bool started;
	struct attach *a;
	struct bpf_object *in;
	unsigned int hook;
	int err;
};

static void *attach_job(void *arg)
{
	struct hook_job *job = arg;

	job->err = attach_hook(job->a, job->in, job->hook);
	return NULL;
}

static void *detach_job(void *arg)
{
	struct hook_job *job = arg;

	detach_hook(job->a, job->hook);
	return NULL;
}

/* Runs `work` for each chosen hook; where no thread can be had, here. */
static void each_hook(struct attach *a, struct bpf_object *in, const bool chosen[WIRE_HOOK_COUNT],
		      void *(*work)(void *), struct hook_job jobs[WIRE_HOOK_COUNT])
{
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		jobs[i] = (struct hook_job){ .a = a, .in = in, .hook = i };
		if (!chosen[i])
			continue;
		jobs[i].started = !pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);
		if (!jobs[i].started)
			work(&jobs[i]);
	}
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		if (jobs[i].started)
			pthread_join(jobs[i].thread, NULL);
}

/* Where a trampoline is refused because the function is not to be traced, a kprobe is as well. */
static void skip_notrace(struct attach *a, const struct hook_job jobs[WIRE_HOOK_COUNT])
{
	const char *names[WIRE_HOOK_COUNT] = {};
	bool notrace[WIRE_HOOK_COUNT], any = false;

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = plan_way(&a->plan, i);

		if (jobs[i].err != -EBUSY || !way || way->kind != ATTACH_KPROBE)
			continue;
		names[i] = way->function;
		any = true;
	}
	if (!any)
		return;
	feat_find_notrace(names, WIRE_HOOK_COUNT, notrace);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		if (notrace[i])
			plan_next(&a->plan, i, "the kernel forbids to trace it", 0);
}

int attach_chosen(struct attach *a, struct bpf_object *in, const bool chosen[WIRE_HOOK_COUNT])
{
	struct hook_job jobs[WIRE_HOOK_COUNT];
	int failed = 0;

	each_hook(a, in, chosen, attach_job, jobs);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		if (!jobs[i].err)
			continue;
		detach_hook(a, i);
		plan_next(&a->plan, i, "not attached", jobs[i].err);
		failed++;
	}
	skip_notrace(a, jobs);
	return failed;
}

void attach_end(struct attach *a)
{
	struct hook_job jobs[WIRE_HOOK_COUNT];
	bool all[WIRE_HOOK_COUNT];

	memset(all, true, sizeof(all));
	each_hook(a, NULL, all, detach_job, jobs);
}
