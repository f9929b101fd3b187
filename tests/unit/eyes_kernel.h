/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A kernel of files in a folder and of answers that are given here: what src/eyes/eyes.h asks. */
#ifndef BPFMON_TEST_EYES_KERNEL_H
#define BPFMON_TEST_EYES_KERNEL_H

#include "eyes/eyes.h"

#include <errno.h>
#include <ftw.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eyes/detect.h"
#include "test.h"

#define START_NS (1000 * SECOND_NS)

static char root[] = "/tmp/test_eyes.XXXXXX";
static struct eyes_ask ask;
static struct eyes *eyes;
static uint64_t now_ns, interval_ns = SECOND_NS;

/* What was raised since the last look at it: "severity rule: reason [seq,...]" a line. */
static char alerts[4096];

static inline void on_alert(void *context, const struct event_alert *a)
{
	size_t n = strlen(alerts);

	(void)context;
	n += (size_t)snprintf(alerts + n, sizeof(alerts) - n, "%s %s: %s",
			      event_severity_names[a->severity], a->rule, a->reason);
	for (size_t i = 0; i < a->n_causes; i++)
		n += (size_t)snprintf(alerts + n, sizeof(alerts) - n, " [%" PRIu64 "]",
				      a->causes[i].seq);
	snprintf(alerts + n, sizeof(alerts) - n, "\n");
}

static inline const char *taken(void)
{
	static char copy[sizeof(alerts)];

	memcpy(copy, alerts, sizeof(copy));
	alerts[0] = '\0';
	return copy;
}

/* ---- the kernel ---- */

static struct attach_program programs[WIRE_HOOK_COUNT][HOOK_PROGRAMS];
static uint64_t lost_seq;
static const uint32_t *lists[EYES_LISTS]; /* each ended by 0 */
static int list_error;

static inline bool program(const struct bpfobj *obj, unsigned int hook, unsigned int n,
			   struct attach_program *out)
{
	(void)obj;
	*out = programs[hook][n];
	return out->id || out->err;
}

static bool is_armed;

static inline bool armed(const struct bpfobj *obj)
{
	(void)obj;
	return is_armed;
}

static inline int ids(struct bpfobj *obj, enum eyes_list list, void (*each)(void *to, uint32_t id),
		      void *to)
{
	(void)obj;
	for (const uint32_t *id = lists[list]; *id; id++)
		each(to, *id);
	return list_error;
}

/* Ended by an id of 0. */
static struct eyes_program attached[FOREIGN_MAX + 2];
static int attached_error;

static inline int each_attached(struct bpfobj *obj,
				void (*each)(void *to, const struct eyes_program *program),
				void *to)
{
	(void)obj;
	for (size_t i = 0; attached[i].id; i++)
		each(to, &attached[i]);
	return attached_error;
}

/* Programs by id: what they are, and call. */
static struct {
	uint32_t type;
	int32_t call;	/* 0: nothing */
	uint8_t src_reg;
} codes[16];
static unsigned int codes_read;

static inline int code(struct bpfobj *obj, uint32_t id, struct eyes_code *out)
{
	struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV, .imm = codes[id % 16].call },
				    { .code = BPF_JMP | BPF_CALL, .imm = codes[id % 16].call },
				    { .code = BPF_JMP | BPF_EXIT } };

	(void)obj;
	if (!codes[id % 16].type)
		return -ENOENT;
	codes_read++;
	insns[1].src_reg = codes[id % 16].src_reg & 15;
	out->type = codes[id % 16].type;
	snprintf(out->name, sizeof(out->name), "prog%u", id);
	out->insns = malloc(sizeof(insns));
	if (!out->insns)
		return -ENOMEM;
	memcpy(out->insns, insns, sizeof(insns));
	out->n = 3;
	return 0;
}

static inline bool uses(struct bpfobj *obj, const char *function)
{
	(void)obj;
	return !strcmp(function, "security_bpf");
}

static inline bool is_own(void *context, uint32_t id)
{
	(void)context;
	return id < 30;
}

/* What the hooks make of bpfmon's own write. */
static struct {
	struct event e;
	bool silent, behind;
	int err;
	unsigned int wait;	/* writes until it is seen */
	uint64_t losses, writes;
} bird;

static inline int canary(struct bpfobj *obj)
{
	(void)obj;
	bird.writes++;
	if (!bird.silent && !bird.err && !bird.wait)
		eyes_canary(eyes, &bird.e);
	bird.wait -= bird.wait > 0;
	return bird.err;
}

static inline uint64_t caught(void *context)
{
	(void)context;
	return bird.behind ? 1 : now_ns;
}

static inline uint64_t losses(void *context)
{
	(void)context;
	return bird.losses;
}

static inline uint64_t lost(void *context)
{
	(void)context;
	return lost_seq;
}

static inline void put_file(const char *path, const char *text)
{
	char full[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	/* The folders on the way. */
	for (char *at = strchr(full + strlen(root) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(full, 0700);
		*at = '/';
	}
	file = fopen(full, "we");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

static inline void remove_file(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	unlink(full);
}

#define STATUS "/proc/self/status"

static inline void start(void)
{
	static const uint32_t same[] = { 3, 5, 9, 0 };

	put_file("/proc/sys/kernel/ftrace_enabled", "1\n");
	put_file("/proc/sys/net/core/bpf_jit_enable", "1\n");
	put_file("/proc/sys/kernel/kptr_restrict", "0\n");
	put_file("/proc/sys/kernel/perf_event_paranoid", "-1\n");
	put_file("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
	put_file("/proc/sys/debug/kprobes-optimization", "1\n");
	put_file("/sys/kernel/debug/kprobes/enabled", "1\n");
	put_file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put_file(STATUS, "Name:\tbpfmon\nTracerPid:\t0\nUid:\t0\n");
	memset(programs, 0, sizeof(programs));
	programs[WIRE_HOOK_SYS_ENTER][0] = (struct attach_program){ .id = 11 };
	programs[WIRE_HOOK_SYS_EXIT][0] = (struct attach_program){ .id = 12, .misses = 4 };
	programs[WIRE_HOOK_SYS_EXIT][1] = (struct attach_program){ .err = -EINVAL };
	for (size_t i = 0; i < EYES_LISTS; i++)
		lists[i] = same;
	list_error = attached_error = 0;
	memset(attached, 0, sizeof(attached));
	memset(codes, 0, sizeof(codes));
	is_armed = true;
	memset(&bird, 0, sizeof(bird));
	bird.e.via = VIA_SYSCALL;
	bird.e.old_state = OLD_READ;
	lost_seq = EVENT_SEQ_NONE;
	ask = (struct eyes_ask){ .root = root,
				 .program = program,
				 .armed = armed,
				 .ids = ids,
				 .programs = each_attached,
				 .code = code,
				 .uses = uses,
				 .is_own = is_own,
				 .canary = canary,
				 .lost = lost,
				 .caught = caught,
				 .losses = losses,
				 .alert = on_alert };
	alerts[0] = '\0';
}

static inline void open_eyes(void)
{
	eyes_free(eyes);
	eyes = eyes_new(&ask, interval_ns);
	now_ns = START_NS;
	eyes_begin(eyes, now_ns);
}

static inline void begin(void)
{
	start();
	open_eyes();
}

/* After so many rounds. */
static inline const char *after(uint64_t rounds)
{
	while (rounds--) {
		now_ns += interval_ns;
		eyes_round(eyes, now_ns);
	}
	return taken();
}

static inline int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

#endif
