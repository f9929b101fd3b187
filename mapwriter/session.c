// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One map from creation to end: makes it and its writers, goes through the rounds or the bursts,
 * and takes all away again. The place where failures are said, each with what can be done.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mapwriter.h"

struct session {
	const struct options *opts;
	struct target target;
	struct user user;
	struct progs progs;
	struct report report;
	uint64_t next;			/* counter of the next write */
	uint64_t base[SOURCE_COUNT];	/* first counter of a source's last update */
};

static int session_fail(int err, const char *what, const char *which, const char *advice)
{
	if (err == -EPERM || err == -EACCES)
		advice = "run it as root or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; if it is, "
			 "this kernel's policy (lockdown, a container, an LSM) forbids it";
	fprintf(stderr, "mapwriter: cannot %s %s: %s (%s); %s\n", what, which, strerror(-err),
		names_errno(err), advice);
	return err;
}

/* Waits for SIGINT or SIGTERM, which main blocks; negative time: without end. */
static bool session_stopped(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	do
		got = sigtimedwait(&set, NULL, ms < 0 ? NULL : &time);
	while (got < 0 && errno == EINTR);
	return got > 0;
}

/* 0 go on, 1 nobody reads, negative failed. */
static int session_told(int err)
{
	if (err == -EPIPE)
		return 1;
	if (err)
		return session_fail(err, "write to", "stdout", "check where the output goes");
	return 0;
}

static int session_open_programs(struct session *s)
{
	int i, err = progs_load(&s->progs, &s->target, s->opts);

	if (err)
		return session_fail(err, "load the programs for", s->target.name,
				    "--verbose has the kernel's own words");
	for (i = 0; i < s->opts->source_count; i++) {
		err = progs_attach(&s->progs, s->opts->sources[i]);
		if (err)
			return session_fail(err, "attach the program of --from",
					    s->opts->sources[i]->name,
					    "it needs tracefs on /sys/kernel/tracing and a kernel "
					    "with such probes; else leave this source out");
	}
	return 0;
}

static int session_open(struct session *s, const struct maptype *type)
{
	const struct options *opts = s->opts;
	int err = target_create(&s->target, type, opts);

	if (err)
		return session_fail(err, "create a map of type", type->name,
				    "change --key-size, --value-size or --max-entries");
	err = user_init(&s->user, &s->target, opts);
	if (err)
		return session_fail(err, "get memory for", opts->map_name,
				    "make --batch or --value-size smaller");
	err = session_open_programs(s);
	if (err)
		return err;
	if (opts->pin) {
		err = target_pin(&s->target, opts->pin);
		if (err)
			return session_fail(err, "pin the map at", opts->pin,
					    "give a new name below a mounted bpffs");
	}
	if (opts->freeze) {
		err = bpf_map_freeze(s->target.fd);
		if (err)
			return session_fail(err, "freeze", opts->map_name, "leave --freeze out");
	}
	report_init(&s->report, &s->target, opts);
	return session_told(report_map(&s->report));
}

static void session_close(struct session *s)
{
	progs_close(&s->progs);
	user_fini(&s->user);
	target_close(&s->target);
}

/* Tells of each element of one operation of bpf(2). */
static int session_write_user(struct session *s, struct written *written, uint64_t counter)
{
	struct outcome outcome;
	uint32_t i, lines;
	int err = 0;

	user_run(&s->user, written->op, counter, &outcome);
	lines = outcome.done + (outcome.error ? 1 : 0);
	for (i = 0; i < lines && !err; i++) {
		bool failed = i == outcome.done;

		written->key = s->user.keys + (size_t)i * s->target.key_bytes;
		written->value = s->user.values + (size_t)i * s->target.slot_bytes;
		if (failed && !outcome.error_has_key)
			written->key = NULL;
		written->result = failed ? outcome.error : 0;
		err = report_write(&s->report, written);
	}
	return session_told(err);
}

static int session_write(struct session *s, const struct source *source, const struct op *op)
{
	struct written written = {
		.source = source,
		.op = op,
		.flags = s->opts->flags->name,
	};
	int err;

	/* Deletes take what the same source wrote last. */
	if (op->kind == OP_UPDATE) {
		s->base[source->id] = s->next;
		s->next += op->batch ? s->opts->batch : 1;
	}
	if (!source->program)
		return session_write_user(s, &written, s->base[source->id]);
	err = progs_run(&s->progs, source, op, s->base[source->id], &written);
	if (err == -ENOEXEC)
		return session_fail(err, "make the kernel run the program of --from", source->name,
				    "leave this source out");
	if (err)
		return session_fail(err, "run the program of --from", source->name,
				    "leave this source out");
	return session_told(report_write(&s->report, &written));
}

static int session_round(struct session *s)
{
	const struct options *opts = s->opts;
	int i, j, err;

	for (i = 0; i < opts->source_count; i++) {
		for (j = 0; j < opts->op_count; j++) {
			if (!names_source_can(opts->sources[i], opts->ops[j]))
				continue;
			err = session_write(s, opts->sources[i], opts->ops[j]);
			if (err)
				return err;
		}
	}
	return 0;
}

static int session_rounds(struct session *s)
{
	int64_t round;
	int err;

	for (round = 1;; round++) {
		err = session_round(s);
		if (err)
			return err;
		if (round == s->opts->count)
			return 0;
		if (session_stopped(s->opts->interval_ms))
			return 1;
	}
}

static uint64_t session_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A signal ends it early, with the line that says how far it came. */
static int session_burst(struct session *s, const struct source *source)
{
	struct burst burst = { .source = source };
	uint64_t done = 0, before, start = session_now_ns();
	bool stopped = false;
	int err;

	while (done < s->opts->burst && !stopped) {
		uint64_t left = s->opts->burst - done;

		before = done;
		if (left > MW_BURST_CHUNK)
			left = MW_BURST_CHUNK;
		err = 0;
		if (source->program)
			err = progs_burst(&s->progs, s->next, left, &burst);
		else
			user_burst(&s->user, s->next, left, &burst);
		done = burst.count + burst.failed;
		s->next += done - before;
		stopped = session_stopped(0);
		if (!err && done == before && !stopped)
			err = -ENOEXEC;
		if (err)
			return session_fail(err, "run the program of --from", source->name,
					    "leave this source out");
	}
	burst.elapsed_ns = session_now_ns() - start;
	err = session_told(report_burst(&s->report, &burst));
	return err ? err : stopped;
}

static int session_bursts(struct session *s)
{
	int i, err;

	for (i = 0; i < s->opts->source_count; i++) {
		err = session_burst(s, s->opts->sources[i]);
		if (err)
			return err;
	}
	return 0;
}

int session_run(const struct options *opts, const struct maptype *type, bool last)
{
	struct session s = { .opts = opts, .target.fd = -1 };
	int err = session_open(&s, type);

	if (!err)
		err = opts->burst ? session_bursts(&s) : session_rounds(&s);
	if (!err && last && opts->hold)
		err = session_stopped(-1);
	session_close(&s);
	return err;
}
