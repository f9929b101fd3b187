/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF object from open to close; see bpfobj.h.
 *
 * Which way each hook takes is a plan that starts with what the kernel's BTF and one trial
 * program allow. A hook that then can't be attached (a trampoline holds 36 to 40 programs, and
 * somebody may have filled it) takes its next way, and everything is loaded again.
 */
#include "load/bpfobj.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bpfmon/wire_evicted.h"
#include "load/attach.h"
#include "load/bpfobj_inside.h"
#include "load/feat.h"
#include "iterate.h"
#include "lib/bpflog.h"
#include "lib/caps.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "maptype.h"

#include "load/object.h"

/* Asked for by the skeleton, which has no bytes of its own: see the Makefile. */
const void *bpfmon_bpf__elf_bytes(size_t *size)
{
	return object_bytes(size);
}

static void set_constants(struct bpfobj *obj, const struct bpfobj_opts *opts)
{
	struct bpfmon_bpf__rodata *c = obj->skel->rodata;

	c->cfg_bytes = opts->bytes;
	c->cfg_cpus = obj->cpus;
	c->cfg_lookups = opts->lookups;
	c->cfg_percpu_types = maptype_percpu();
	c->cfg_preempt_count = obj->feat->preempt_count;
	c->cfg_per_cpu_offset = obj->feat->per_cpu_offset;
	c->cfg_cast_task = obj->feat->cast_task;
	c->cfg_cast_map = obj->feat->cast_map;
	c->cfg_cast_file = obj->feat->cast_file;
	c->cfg_cast_words = obj->feat->cast_words;
	c->cfg_bucket_size = obj->feat->bucket_size;
	c->cfg_wide_preempt_count = obj->feat->wide_preempt_count;
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		((__u64 *)c->cfg_hook_types)[i] = maptype_served_by((enum wire_hook)i);
}

static int bpfobj_load(struct bpfobj *obj, const struct bpfobj_opts *opts,
		       const bool chosen[WIRE_HOOK_COUNT])
{
	int err;

	obj->skel = bpfmon_bpf__open();
	if (!obj->skel)
		return -errno;
	attach_choose(&obj->attach, obj->skel->obj, chosen);
	bpf_program__set_autoload(obj->skel->progs.list_maps, true);
	bpf_program__set_autoload(obj->skel->progs.list_progs, true);
	bpf_program__set_autoload(obj->skel->progs.list_files, true);
	set_constants(obj, opts);
	if (getrandom((void *)&obj->skel->rodata->cfg_cookie, sizeof(obj->skel->rodata->cfg_cookie),
		      0) < 0)
		return -errno;
	err = bpf_map__set_max_entries(obj->skel->maps.events, opts->ring_bytes);
	if (!err)
		err = bpf_map__set_max_entries(obj->skel->maps.olds, obj->cpus + 1);
	err = err ? err : bpfmon_bpf__load(obj->skel);
	free((void *)obj->skel->skeleton->data);
	obj->skel->skeleton->data = NULL;
	return err;
}

/* ---- addresses ---- */

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
	const struct wire_code *p = record;

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
		const struct hook_way *way = plan_way(&obj->attach.plan, i);

		if (way && way->kind == ATTACH_FEXIT)
			learn.ids[i] = program_id(obj, way->programs[0]);
	}
#ifdef __x86_64__
	obj->skel->bss->jit_base = JIT_BASE_RANDOMIZED;
#endif
	return bpfobj_list(obj, BPFOBJ_CODE, learn_program, &learn);
}

/* ---- attach ---- */

/* The call that own_call() in bpf/hook_syscall.bpf.h waits for; the kernel refuses its flags. */
static bool introduce(struct bpfobj *obj)
{
	uint32_t key = 0, value[64];

	bpf_map_lookup_elem_flags(bpf_map__fd(obj->skel->maps.slots), &key, value,
				  obj->skel->rodata->cfg_cookie);
	return obj->skel->bss->own_pid;
}

/*
 * The entry of bpf(2) first: what comes after it relies on bpfmon being known. Then its exit, alone:
 * the others are attached by threads that call bpf(2), whose code should not change under them.
 */
static int attach_all(struct bpfobj *obj, bool chosen[WIRE_HOOK_COUNT])
{
	bool rest[WIRE_HOOK_COUNT];
	int err = attach_hook(&obj->attach, obj->skel->obj, WIRE_HOOK_SYS_ENTER);

	if (err)
		plan_next(&obj->attach.plan, WIRE_HOOK_SYS_ENTER, "not attached", err);
	else if (plan_way(&obj->attach.plan, WIRE_HOOK_SYS_ENTER) && !introduce(obj))
		plan_next(&obj->attach.plan, WIRE_HOOK_SYS_ENTER, "attached, but does not run",
			  err = -ENOENT);
	if (err)
		return 1;
	err = attach_hook(&obj->attach, obj->skel->obj, WIRE_HOOK_SYS_EXIT);
	if (err) {
		plan_next(&obj->attach.plan, WIRE_HOOK_SYS_EXIT, "not attached", err);
		return 1;
	}
	memcpy(rest, chosen, sizeof(rest));
	rest[WIRE_HOOK_SYS_ENTER] = rest[WIRE_HOOK_SYS_EXIT] = false;
	return attach_chosen(&obj->attach, obj->skel->obj, rest);
}

/*
 * Where the kernel keeps the per-CPU pointer of a hash element: found by the hook, in an element that
 * is written here; see percpu_at in bpf/old.bpf.h. Not found is no error, only less is known then.
 */
static void learn_percpu(struct bpfobj *obj)
{
	struct bpfmon_bpf__bss *bss = obj->skel->bss;
	uint64_t *values = calloc(obj->cpus, sizeof(*values)), secret = 0;
	uint32_t key = 1, len = sizeof(struct bpf_map_info);
	struct bpf_map_info info = {};
	int map = bpf_map_create(BPF_MAP_TYPE_PERCPU_HASH, "bpfmon_try", sizeof(key),
				 sizeof(*values), 1, NULL);

	if (map < 0 || !values || getrandom(&secret, sizeof(secret), 0) < 0 ||
	    bpf_obj_get_info_by_fd(map, &info, &len))
		goto out;
	for (uint32_t cpu = 0; cpu < obj->cpus; cpu++)
		values[cpu] = secret;
	bss->percpu_at_value = secret;
	bss->percpu_at_map = info.id;
	/* The second finds what the first wrote. */
	bpf_map_update_elem(map, &key, values, BPF_ANY);
	bpf_map_update_elem(map, &key, values, BPF_ANY);
	bss->percpu_at_map = 0;
out:
	if (map >= 0)
		close(map);
	free(values);
}

static void bpfobj_unload(struct bpfobj *obj)
{
	attach_end(&obj->attach);
	bpfmon_bpf__destroy(obj->skel);
	obj->skel = NULL;
}

/* ---- hooks on demand ---- */

/* The types whose bpf(2) updates pass a hook of their own; see updates_covered. */
static void set_covered(struct bpfobj *obj)
{
	uint64_t covered = 0;

	for (uint32_t t = 0; t < maptype_count(); t++) {
		unsigned int hook = maptype_find(t)->hooks[MAPTYPE_SYS_UPDATE];
		const struct hook_way *way = hook && !obj->attach.plan.states[hook].idle ?
						     plan_way(&obj->attach.plan, hook) :
						     NULL;

		if (way && way->kind == ATTACH_FEXIT)
			covered |= 1ull << t;
	}
	obj->skel->bss->updates_covered = covered;
}

/* What others see of the plan, once it is carried out. */
static void set_ways(struct bpfobj *obj)
{
	struct plan *plan = &obj->attach.plan;

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		plan->states[i].way = plan->states[i].idle ? NULL : plan_way(plan, i);
	obj->skel->bss->gone_is_taken = plan->states[WIRE_HOOK_FD_ARRAY_DELETE].way;
	set_covered(obj);
}

/* A second instance of the object, with other programs, on the maps of the first. */
static int open_more(struct bpfobj *obj, const bool chosen[WIRE_HOOK_COUNT],
		     struct bpf_object **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "bpfmon_bpf");
	struct bpf_map *map = NULL, *first = NULL;
	struct bpf_object *more;
	size_t size;
	void *bytes = object_bytes(&size);
	int err = 0;

	if (!bytes)
		return -ENOMEM;
	more = bpf_object__open_mem(bytes, size, &opts);
	if (!more) {
		err = -errno;
		free(bytes);
		return err;
	}
	attach_choose(&obj->attach, more, chosen);
	while (!err && (map = bpf_object__next_map(more, map))) {
		first = bpf_object__next_map(obj->skel->obj, first);
		err = first ? bpf_map__reuse_fd(map, bpf_map__fd(first)) : -EINVAL;
	}
	if (!err)
		err = bpf_object__load(more);
	free(bytes);
	if (err) {
		bpf_object__close(more);
		return err;
	}
	*out = more;
	return 0;
}

/* Loads and attaches the chosen hooks beside those that are; what fails goes its next way. */
static int attach_more(struct bpfobj *obj, bool chosen[WIRE_HOOK_COUNT])
{
	struct bpf_object *more = NULL;
	int err = 0, left = 1;

	while (left && !err) {
		left = 0;
		for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
			chosen[i] = chosen[i] && !obj->attach.links[i][0] &&
				    plan_way(&obj->attach.plan, i);
			left += chosen[i];
		}
		if (!left)
			break;
		err = open_more(obj, chosen, &more);
		if (err)
			break;
		left = attach_chosen(&obj->attach, more, chosen);
		bpf_object__close(more);
	}
	for (unsigned int i = 0; err && i < WIRE_HOOK_COUNT; i++)
		while (chosen[i] && plan_way(&obj->attach.plan, i))
			plan_next(&obj->attach.plan, i, "not loaded", err);
	return err;
}

/* A write of bpfmon's own to an array, watched like anybody's: its slot tells whose it is. */
static int own_write(struct bpfobj *obj, int map, uint32_t key, const void *value)
{
	int err;

	obj->skel->bss->canary = true;
	err = bpf_map_update_elem(map, &key, value, BPF_ANY);
	obj->skel->bss->canary = false;
	return err;
}

/* For `bpfmon maps`: from now on evictions are counted. */
static void date_evicted(struct bpfobj *obj)
{
	struct wire_evicted since = { .count = clock_ns(CLOCK_REALTIME) };

	own_write(obj, bpf_map__fd(obj->skel->maps.evicted), WIRE_EVICTED, &since);
}

int bpfobj_demand(struct bpfobj *obj, uint64_t types)
{
	const struct hook_state *evict = &obj->attach.plan.states[WIRE_HOOK_LRU_EVICT];
	bool chosen[WIRE_HOOK_COUNT] = {}, was_idle = evict->idle;
	int n = 0, err = 0;

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		chosen[i] = obj->attach.plan.states[i].idle &&
			    maptype_served_by((enum wire_hook)i) & types;
		if (!chosen[i])
			continue;
		n++;
		obj->attach.plan.states[i].idle = false;
	}
	/* In this order a write meanwhile is seen once, by the exit of bpf(2). */
	set_covered(obj);
	if (n)
		err = attach_more(obj, chosen);
	set_ways(obj);
	if (was_idle && evict->way)
		date_evicted(obj);
	return err;
}

static int explain(int err, const char *what, char *why, size_t why_size)
{
	const char *hint = "";

	/* Without it libbpf can't look into the BTF of modules, which it takes for other errors. */
	if (err == -EPERM || !caps_has(CAP_SYS_ADMIN))
		hint = "; " CAPS_NEEDED;
	else if (err == -ENOMEM)
		hint = "; raise the memory limit (ulimit -l, or the service's), or lower --buffer";
	snprintf(why, why_size, "%s: %s%s", what, strerror(-err), hint);
	return err;
}

/* An array: its writes pass bpf(2) and a hook that is always there. */
static void make_canary(struct bpfobj *obj)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	obj->canary = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bpfmon_canary", sizeof(uint32_t),
				     sizeof(uint64_t), 1, NULL);
	if (obj->canary >= 0 && !bpf_obj_get_info_by_fd(obj->canary, &info, &len))
		obj->canary_id = info.id;
}

int bpfobj_canary(struct bpfobj *obj)
{
	uint64_t value = 0;

	return obj->canary < 0 ? obj->canary : own_write(obj, obj->canary, 0, &value);
}

bool bpfobj_is_canary(const struct bpfobj *obj, uint32_t map, uint32_t pid)
{
	return obj->canary_id && map == obj->canary_id && pid == obj->own_pid;
}

/* Both ends of bpf(2) must be there: as long as one fails, everything is loaded again. */
static int attach_first(struct bpfobj *obj, const struct bpfobj_opts *opts,
			bool chosen[WIRE_HOOK_COUNT], char *why, size_t why_size)
{
	int err;

	while (plan_way(&obj->attach.plan, WIRE_HOOK_SYS_ENTER) &&
	       plan_way(&obj->attach.plan, WIRE_HOOK_SYS_EXIT)) {
		err = bpfobj_load(obj, opts, chosen);
		if (err)
			return explain(err, "the kernel did not load bpfmon's programs", why,
				       why_size);
		err = learn_addresses(obj);
		if (err)
			log_warn(
				"cannot list programs (%s): writes of BPF programs and of bpf(2) can not be told apart",
				strerror(-err));
		attach_all(obj, chosen);
		if (obj->attach.links[WIRE_HOOK_SYS_ENTER][0] &&
		    obj->attach.links[WIRE_HOOK_SYS_EXIT][0])
			return 0;
		bpfobj_unload(obj);
	}
	snprintf(why, why_size, "bpf(2) can not be watched on this kernel: %s",
		 obj->attach.plan.states[WIRE_HOOK_SYS_ENTER].why);
	return -ENOTSUP;
}

int bpfobj_new(const struct bpfobj_opts *opts, struct bpfobj **out, char *why, size_t why_size)
{
	struct bpfobj *obj = calloc(1, sizeof(*obj));
	bool chosen[WIRE_HOOK_COUNT];
	int err;

	if (!obj)
		return explain(-ENOMEM, "cannot start", why, why_size);
	obj->canary = -ENOENT;
	bpflog_init();
	err = feat_new(&obj->feat, why, why_size);
	if (err)
		goto out;
	err = libbpf_num_possible_cpus();
	if (err < 0) {
		explain(err, "cannot count the CPUs", why, why_size);
		goto out;
	}
	obj->cpus = (uint32_t)err;
	sections_begin(&obj->sections, obj->feat);
	attach_init(&obj->attach, obj->feat);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		chosen[i] = !obj->attach.plan.states[i].idle;
	err = attach_first(obj, opts, chosen, why, why_size);
	if (err)
		goto out;
	if (attach_more(obj, chosen))
		log_warn("some hooks could not be loaded; bpfmon features tells which");
	set_ways(obj);
	learn_percpu(obj);
	obj->own_pid = obj->skel->bss->own_pid;
	make_canary(obj);
	err = ring_init(&obj->ring, bpf_map__fd(obj->skel->maps.events), opts->ring_bytes);
	if (err) {
		snprintf(why, why_size, "cannot map the ring: %s", strerror(-err));
		goto out;
	}
	*out = obj;
	obj = NULL;
out:
	bpfobj_free(obj);
	return err;
}

void bpfobj_free(struct bpfobj *obj)
{
	if (!obj)
		return;
	ring_fini(&obj->ring);
	if (obj->canary >= 0)
		close(obj->canary);
	bpfobj_unload(obj);
	sections_end(&obj->sections);
	feat_free(obj->feat);
	free(obj);
}

/* ---- what others need ---- */

/*
 * What a hook missed of bpfmon's own: the window of the ring moves in the moment that a record comes,
 * which may be while the hook that makes the record is at work on the same CPU.
 */
static uint64_t missed_own(const struct bpfobj *obj, unsigned int hook)
{
	const volatile struct bpfmon_bpf__bss *bss = obj->skel->bss;
	uint64_t unseen = obj->ring.mapped - bss->own_mmaps - obj->unseen_mmaps;

	/* Below 0: libbpf mapped memory, too. */
	return hook == WIRE_HOOK_MAP_MMAP && (int64_t)unseen > 0 ? unseen : 0;
}

uint64_t bpfobj_misses(const struct bpfobj *obj, unsigned int hook)
{
	uint64_t misses = hooks[hook].miss_loses ? attach_misses(&obj->attach, hook) : 0;
	uint64_t own = misses ? missed_own(obj, hook) : 0;

	return misses > own ? misses - own : 0;
}

bool bpfobj_program(const struct bpfobj *obj, unsigned int hook, unsigned int n,
		    struct attach_program *program)
{
	bool is_there = attach_program(&obj->attach, hook, n, program);
	uint64_t own = is_there && !n ? missed_own(obj, hook) : 0;

	if (is_there)
		program->misses -= program->misses < own ? program->misses : own;
	return is_there;
}

int bpfobj_list(struct bpfobj *obj, enum bpfobj_list list,
		void (*each)(void *context, const void *record), void *context)
{
	static const size_t sizes[] = {
		[BPFOBJ_MAPS] = sizeof(struct wire_listed),
		[BPFOBJ_FILES] = sizeof(struct wire_iter_file),
		[BPFOBJ_CODE] = sizeof(struct wire_listed_code),
	};
	struct bpf_program *const programs[] = {
		[BPFOBJ_MAPS] = obj->skel->progs.list_maps,
		[BPFOBJ_FILES] = obj->skel->progs.list_files,
		[BPFOBJ_CODE] = obj->skel->progs.list_progs,
	};

	return iterate(programs[list], sizes[list], each, context);
}
