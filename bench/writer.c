// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Measures, on the running kernel, what bpfmon costs those who write to maps. It starts bpfmon
 * itself, so that rounds with and without it alternate, and prints raw samples; bench/run makes
 * tables of them.
 *
 *   writer cost BPFMON ROUNDS REPEATS OPS [MODE...]
 *                                     ready MODE ROUND cpu (ns, from exec(2) until it is at rest)
 *                                     sample OP MODE ROUND elapsed writer system (ns, for OPS ops)
 *   writer alone NAME REPEATS OPS     alone OP NAME elapsed writer (ns): whoever watches, or nobody
 *   writer pace SECONDS RATE          paced WRITTEN elapsed (ns): by bpf(2), RATE a second if it can
 *   writer burst BPFMON COUNT         burst COUNT elapsed monitor delivered lost (ns, events)
 *                                     memory AT-REST ANON AFTER HIGHEST (kB)
 *   writer startstop BPFMON ROUNDS    start ROUND elapsed cpu; stop ROUND elapsed cpu (ns)
 *
 * elapsed: by the clock, from the first operation to the end of the last. writer: CPU time of
 * this process. system: that and the CPU time that bpfmon took for these operations, also after
 * the last of them. Needs root.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "writer.skel.h"

#define PER_RUN 50		/* updates in one run of a program, as in writer.bpf.c */
#define ENTRIES 16u
#define SETTLE_NS 100000000	/* bpfmon lets records gather for 20 ms */
#define MAX_ARGS 12

struct monitor {
	pid_t pid;
	FILE *told;		/* its stderr, or its stdout if asked for */
	clockid_t cpu;
};

struct sample {
	uint64_t elapsed, writer, system;
};

static struct writer_bpf *skel;

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void settle(void)
{
	const struct timespec t = { .tv_nsec = SETTLE_NS };

	nanosleep(&t, NULL);
}

/* ---- bpfmon ---- */

/* Starts it with one of its outputs, `fd`, led here and the other to /dev/null. */
static void monitor_exec(struct monitor *m, const char *const args[], int fd)
{
	int pipes[2], null;

	if (pipe2(pipes, O_CLOEXEC))
		err(1, "pipe2");
	m->pid = fork();
	if (m->pid < 0)
		err(1, "fork");
	if (!m->pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, fd == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO);
		dup2(pipes[1], fd);
		execv(args[0], (char *const *)args);
		_exit(127);
	}
	close(pipes[1]);
	m->told = fdopen(pipes[0], "r");
	if (!m->told || clock_getcpuclockid(m->pid, &m->cpu))
		errx(1, "cannot follow %s", args[0]);
}

/* Reads what it tells up to the line that has `word`; false at its end. */
static bool monitor_wait(struct monitor *m, const char *word, char *line, size_t size)
{
	while (fgets(line, (int)size, m->told))
		if (strstr(line, word))
			return true;
	return false;
}

/* Its stdout may go to /dev/null: this line on stderr follows the first one there. */
static void monitor_start(struct monitor *m, const char *const args[])
{
	char line[1024];

	monitor_exec(m, args, STDERR_FILENO);
	if (!monitor_wait(m, "watching, ", line, sizeof(line)))
		errx(1, "%s did not start", args[0]);
}

static void monitor_end(struct monitor *m)
{
	int status;

	fclose(m->told);
	if (waitpid(m->pid, &status, 0) != m->pid || status)
		errx(1, "bpfmon ended with status %#x", status);
	m->pid = 0;
}

/* From its last words: events, left out and lost. */
static void monitor_stop(struct monitor *m, uint64_t totals[3])
{
	char line[1024];
	const char *at;

	kill(m->pid, SIGTERM);
	if (!monitor_wait(m, " left out, ", line, sizeof(line)))
		errx(1, "bpfmon ended without totals");
	for (at = line; *at && (*at < '0' || *at > '9');)
		at++;
	if (sscanf(at, "%" SCNu64 " events, %" SCNu64 " left out, %" SCNu64 " lost", &totals[0],
		   &totals[1], &totals[2]) != 3)
		errx(1, "cannot read totals: %s", line);
	monitor_end(m);
}

/* A value in kB from /proc/PID/status. */
static unsigned long monitor_memory(const struct monitor *m, const char *name)
{
	char path[64], line[256];
	unsigned long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", m->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ":%lu", &kb);
	if (f)
		fclose(f);
	return kb;
}

/* Waits until it has read everything, that is, takes no more time; the time it has taken. */
static uint64_t monitor_settle(const struct monitor *m)
{
	uint64_t before = 0, after = 1;

	while (before != after) {
		before = now(m->cpu);
		settle();
		after = now(m->cpu);
	}
	return after;
}

/* ---- operations ---- */

static void sys_updates(int map, unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		uint32_t key = i & (ENTRIES - 1);
		uint64_t value = i;

		if (bpf_map_update_elem(map, &key, &value, BPF_ANY))
			err(1, "bpf_map_update_elem");
	}
}

static void prog_updates(const struct bpf_program *prog, unsigned int ops)
{
	char packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)(ops / PER_RUN));

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts) || skel->bss->failed)
		err(1, "BPF_PROG_TEST_RUN");
}

enum op { SYS_ARRAY, SYS_HASH, PROG_ARRAY, PROG_HASH, OPS };

static const char *const op_names[OPS] = { "sys_array", "sys_hash", "prog_array", "prog_hash" };

static void run_op(enum op op, unsigned int ops)
{
	switch (op) {
	case SYS_ARRAY:
		sys_updates(bpf_map__fd(skel->maps.bench_array), ops);
		break;
	case SYS_HASH:
		sys_updates(bpf_map__fd(skel->maps.bench_hash), ops);
		break;
	case PROG_ARRAY:
		prog_updates(skel->progs.update_array, ops);
		break;
	case PROG_HASH:
		prog_updates(skel->progs.update_hash, ops);
		break;
	case OPS:
		break;
	}
}

static struct sample measure(const struct monitor *m, enum op op, unsigned int ops)
{
	uint64_t monitor = 0;
	struct sample s;

	run_op(op, PER_RUN);
	settle();
	if (m->pid)
		monitor = now(m->cpu);
	s.writer = now(CLOCK_PROCESS_CPUTIME_ID);
	s.elapsed = now(CLOCK_MONOTONIC);
	run_op(op, ops);
	s.elapsed = now(CLOCK_MONOTONIC) - s.elapsed;
	s.writer = now(CLOCK_PROCESS_CPUTIME_ID) - s.writer;
	s.system = s.writer;
	if (m->pid)
		s.system += monitor_settle(m) - monitor;
	return s;
}

/* ---- commands ---- */

struct mode {
	const char *name;
	const char *args[MAX_ARGS];	/* after bpfmon's path; none: no bpfmon */
};

static const struct mode modes[] = {
	{ "off", { NULL } },
	{ "other", { "watch", "-m", "bench_other", "-o", "json", NULL } },
	{ "json", { "watch", "-a", "-m", "bench_array", "-m", "bench_hash", "-o", "json", NULL } },
	{ "text", { "watch", "-a", "-m", "bench_array", "-m", "bench_hash", "-o", "text", NULL } },
	{ "summary",
	  { "watch", "--summary-after", "1", "-m", "bench_array", "-m", "bench_hash", "-o", "json",
	    NULL } },
};

#define MODES ((unsigned int)(sizeof(modes) / sizeof(modes[0])))

static void mode_start(struct monitor *m, const char *bpfmon, const struct mode *mode)
{
	const char *args[MAX_ARGS + 1] = { bpfmon };

	memcpy(args + 1, mode->args, sizeof(mode->args));
	m->pid = 0;
	if (mode->args[0])
		monitor_start(m, args);
}

/* Without names, all. */
static bool is_asked(const struct mode *mode, char **names)
{
	bool asked = !*names;

	for (; *names; names++)
		asked = asked || !strcmp(mode->name, *names);
	return asked;
}

static int cost(const char *bpfmon, unsigned int rounds, unsigned int repeats, unsigned int ops,
		char **names)
{
	for (unsigned int n = 0; n < rounds * MODES; n++) {
		const struct mode *mode = &modes[n % MODES];
		uint64_t totals[3] = {};
		struct monitor m;

		if (!is_asked(mode, names))
			continue;
		mode_start(&m, bpfmon, mode);
		if (m.pid)
			printf("ready %s %u %" PRIu64 "\n", mode->name, n / MODES,
			       monitor_settle(&m));
		for (unsigned int i = 0; i < repeats * OPS; i++) {
			struct sample s = measure(&m, i % OPS, ops);

			printf("sample %s %s %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			       op_names[i % OPS], mode->name, n / MODES, s.elapsed, s.writer,
			       s.system);
		}
		if (!m.pid)
			continue;
		monitor_stop(&m, totals);
		printf("totals %s %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", mode->name, n / MODES,
		       totals[0], totals[1], totals[2]);
	}
	return 0;
}

static int alone(const char *name, unsigned int repeats, unsigned int ops)
{
	const struct monitor none = { .pid = 0 };

	for (unsigned int i = 0; i < repeats * OPS; i++) {
		struct sample s = measure(&none, i % OPS, ops);

		printf("alone %s %s %" PRIu64 " %" PRIu64 "\n", op_names[i % OPS], name, s.elapsed,
		       s.writer);
	}
	return 0;
}

#define LATE_NS 50000000	/* what is made up for: a burst of more would be another test */

/* In slices of 1 ms. */
static int pace(unsigned int seconds, unsigned int rate)
{
	uint64_t start = now(CLOCK_MONOTONIC), at = start, written = 0, behind;

	while (now(CLOCK_MONOTONIC) < start + seconds * 1000000000ull) {
		struct timespec until;

		run_op(SYS_ARRAY, rate / 1000);
		written += rate / 1000;
		at += 1000000;
		behind = now(CLOCK_MONOTONIC) > at ? now(CLOCK_MONOTONIC) - at : 0;
		at += behind > LATE_NS ? behind - LATE_NS : 0;
		until.tv_sec = (time_t)(at / 1000000000);
		until.tv_nsec = (long)(at % 1000000000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	printf("paced %" PRIu64 " %" PRIu64 "\n", written, now(CLOCK_MONOTONIC) - start);
	return 0;
}

/* At full speed, then until bpfmon has read what there is. Fails if the accounts don't add up. */
static int burst(const char *bpfmon, unsigned int count)
{
	const struct mode mode = { "burst",
				   { "watch", "-a", "-m", "bench_array", "-e", "map.update", "-o",
				     "json", NULL } };
	uint64_t totals[3], elapsed, cpu;
	unsigned long rest, anon, after, highest;
	struct monitor m;

	mode_start(&m, bpfmon, &mode);
	settle();
	rest = monitor_memory(&m, "VmRSS");
	anon = monitor_memory(&m, "RssAnon");
	cpu = now(m.cpu);
	elapsed = now(CLOCK_MONOTONIC);
	run_op(PROG_ARRAY, count);
	elapsed = now(CLOCK_MONOTONIC) - elapsed;
	cpu = monitor_settle(&m) - cpu;
	after = monitor_memory(&m, "VmRSS");
	highest = monitor_memory(&m, "VmHWM");
	monitor_stop(&m, totals);
	printf("burst %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", count, elapsed, cpu,
	       totals[0], totals[2]);
	printf("memory %lu %lu %lu %lu\n", rest, anon, after, highest);
	return totals[0] + totals[2] != count;
}

static int startstop(const char *bpfmon, unsigned int rounds)
{
	const char *const args[] = { bpfmon, "watch", "-o", "json", NULL };
	static char line[65536];

	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t t = now(CLOCK_MONOTONIC), started, ended, cpu;
		struct monitor m;
		siginfo_t info;

		monitor_exec(&m, args, STDOUT_FILENO);
		if (!monitor_wait(&m, "\"monitor.start\"", line, sizeof(line)))
			errx(1, "bpfmon did not start");
		started = now(CLOCK_MONOTONIC) - t;
		cpu = now(m.cpu);
		printf("start %u %" PRIu64 " %" PRIu64 "\n", r, started, cpu);
		settle();
		cpu = now(m.cpu);
		t = now(CLOCK_MONOTONIC);
		kill(m.pid, SIGTERM);
		if (!monitor_wait(&m, "\"monitor.stop\"", line, sizeof(line)))
			errx(1, "bpfmon ended without a last line");
		if (waitid(P_PID, (id_t)m.pid, &info, WEXITED | WNOWAIT))
			err(1, "waitid");
		ended = now(CLOCK_MONOTONIC) - t;
		cpu = now(m.cpu) - cpu;
		monitor_end(&m);
		printf("stop %u %" PRIu64 " %" PRIu64 "\n", r, ended, cpu);
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || !n)
		errx(2,
		     "usage: %s cost BPFMON ROUNDS REPEATS OPS [MODE...] | alone NAME REPEATS OPS | "
		     "pace SECONDS RATE | burst BPFMON COUNT | startstop BPFMON ROUNDS",
		     argv[0]);
	skel = writer_bpf__open_and_load();
	if (!skel)
		err(1, "cannot load programs");
	/* The keys exist from here on. */
	sys_updates(bpf_map__fd(skel->maps.bench_hash), ENTRIES);
	if (!strcmp(argv[1], "cost") && argc >= 6)
		return cost(argv[2], n, (unsigned int)strtoul(argv[4], NULL, 10),
			    (unsigned int)strtoul(argv[5], NULL, 10), argv + 6);
	if (!strcmp(argv[1], "alone") && argc == 5)
		return alone(argv[2], n, (unsigned int)strtoul(argv[4], NULL, 10));
	if (!strcmp(argv[1], "pace"))
		return pace((unsigned int)strtoul(argv[2], NULL, 10), n);
	if (!strcmp(argv[1], "burst"))
		return burst(argv[2], n);
	if (!strcmp(argv[1], "startstop"))
		return startstop(argv[2], n);
	errx(2, "no command '%s'", argv[1]);
}
