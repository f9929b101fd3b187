// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Writes to the target by BPF programs: loads the programs of the sources that were asked for,
 * gives them the order in their global data, makes them run and reads what they answered. No
 * write to the target is made from here.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mapwriter.h"
#include "mapwriter.skel.h"

_Static_assert(sizeof(((struct mapwriter_bpf *)0)->bss->mw_key) == MW_KEY_MAX, "key buffer");
_Static_assert(sizeof(((struct mapwriter_bpf *)0)->bss->mw_value) == MW_VALUE_MAX, "value buffer");

static struct bpf_program *progs_find(const struct progs *progs, const struct source *source)
{
	return bpf_object__find_program_by_name(progs->skel->obj, source->program);
}

static bool progs_wanted(const struct options *opts, const struct source *source)
{
	int i;

	for (i = 0; i < opts->source_count; i++)
		if (opts->sources[i] == source)
			return true;
	return false;
}

/* True when at least one source is a program. */
static bool progs_choose(struct progs *progs, const struct options *opts)
{
	const struct source *source;
	bool any = false;

	for (source = names_sources; source->name; source++) {
		bool wanted = source->program && progs_wanted(opts, source);

		if (source->program)
			bpf_program__set_autoload(progs_find(progs, source), wanted);
		any |= wanted;
	}
	return any;
}

/* What stays the same over all orders. */
static int progs_prepare(struct progs *progs, const struct target *target)
{
	struct mapwriter_bpf__bss *bss = progs->skel->bss;
	struct stat ns;
	size_t i;

	if (stat("/proc/self/ns/pid", &ns))
		return -errno;
	bss->mw_ns_dev = ns.st_dev;
	bss->mw_ns_ino = ns.st_ino;
	bss->mw_tid = (uint32_t)gettid();
	bss->mw_max_entries = target->max_entries;
	for (i = sizeof(uint32_t); i < target->key_bytes; i++)
		bss->mw_key[i] = i & 0xff;
	for (i = sizeof(uint64_t); i < target->value_bytes; i++)
		bss->mw_value[i] = i & 0xff;
	progs->pid = getpid();
	return 0;
}

static int progs_read_ids(struct progs *progs, const struct options *opts)
{
	int i, err;

	for (i = 0; i < opts->source_count; i++) {
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);

		if (!opts->sources[i]->program)
			continue;
		err = bpf_obj_get_info_by_fd(bpf_program__fd(progs_find(progs, opts->sources[i])),
					     &info, &len);
		if (err)
			return err;
		progs->ids[opts->sources[i]->id] = info.id;
	}
	return 0;
}

int progs_load(struct progs *progs, const struct target *target, const struct options *opts)
{
	int err;

	*progs = (struct progs){ .flags = opts->flags->value };
	progs->skel = mapwriter_bpf__open();
	if (!progs->skel)
		return -errno;
	err = 0;
	if (!progs_choose(progs, opts))
		goto out;
	/* Only so can the map have a name that is given at run time. */
	err = bpf_map__reuse_fd(progs->skel->maps.target, target->fd);
	if (!err)
		err = mapwriter_bpf__load(progs->skel);
	if (!err)
		err = progs_prepare(progs, target);
	if (!err)
		err = progs_read_ids(progs, opts);
	if (!err)
		return 0;
out:
	progs_close(progs);
	return err;
}

int progs_attach(struct progs *progs, const struct source *source)
{
	struct bpf_link *link;

	if (!source->program || source->test_run || progs->links[source->id])
		return 0;
	link = bpf_program__attach(progs_find(progs, source));
	if (!link)
		return -errno;
	progs->links[source->id] = link;
	return 0;
}

void progs_close(struct progs *progs)
{
	int i;

	for (i = 0; i < SOURCE_COUNT; i++)
		bpf_link__destroy(progs->links[i]);
	mapwriter_bpf__destroy(progs->skel);
	*progs = (struct progs){};
}

/* Makes the program run so many times, or fewer when the kernel has something more urgent. */
static int progs_fire(struct progs *progs, const struct source *source, uint32_t times)
{
	uint8_t packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)times);
	uint32_t i;
	int err;

	if (source->test_run) {
		err = bpf_prog_test_run_opts(bpf_program__fd(progs_find(progs, source)), &opts);
		return err == -EINTR || err == -EAGAIN ? 0 : err;
	}
	for (i = 0; i < times; i++)
		syscall(SYS_getpgid, progs->pid);
	return 0;
}

/* The order stands when mw_left does: it goes last, and is taken back after the run. */
static int progs_order(struct progs *progs, const struct source *source, uint64_t counter,
		       uint64_t writes)
{
	struct mapwriter_bpf__bss *bss = progs->skel->bss;
	int err;

	bss->mw_who = source->id;
	bss->mw_flags = progs->flags;
	bss->mw_counter = counter;
	bss->mw_count = 0;
	bss->mw_failed = 0;
	__atomic_store_n(&bss->mw_left, writes, __ATOMIC_SEQ_CST);
	err = progs_fire(progs, source, (uint32_t)writes);
	__atomic_store_n(&bss->mw_left, 0, __ATOMIC_SEQ_CST);
	return err;
}

int progs_run(struct progs *progs, const struct source *source, const struct op *op,
	      uint64_t counter, struct written *written)
{
	struct mapwriter_bpf__bss *bss = progs->skel->bss;
	int err, tries;

	bss->mw_delete = op->kind == OP_DELETE;
	for (tries = 0; tries < 3; tries++) {	/* a signal can stop a test run before the run */
		err = progs_order(progs, source, counter, 1);
		if (err)
			return err;
		if (bss->mw_count + bss->mw_failed)
			break;
	}
	if (!(bss->mw_count + bss->mw_failed))
		return -ENOEXEC;
	written->program = progs->ids[source->id];
	written->cpu = bss->mw_cpu;
	written->key = bss->mw_key;
	written->value = bss->mw_value;
	written->result = (int)bss->mw_result;
	return 0;
}

int progs_burst(struct progs *progs, uint64_t counter, uint64_t writes, struct burst *burst)
{
	struct mapwriter_bpf__bss *bss = progs->skel->bss;
	int err;

	bss->mw_delete = 0;
	err = progs_order(progs, burst->source, counter,
			  writes < MW_BURST_CHUNK ? writes : MW_BURST_CHUNK);
	burst->program = progs->ids[burst->source->id];
	burst->count += bss->mw_count;
	burst->failed += bss->mw_failed;
	return err;
}
