/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of detections, and their rounds; see eyes.h. */
#include "eyes/eyes.h"

#include <stdlib.h>
#include <unistd.h>

#include "eyes/detect.h"

/*
 * Each has some two programs, asked with two system calls, and the kernel sums up what it skipped
 * over all CPUs: a quarter of them in a round keeps it short on large machines, too.
 */
#define HOOKS_A_ROUND ((WIRE_HOOK_COUNT + 3) / 4)

static const struct {
	const char *rule;
	enum event_severity severity;
	void (*look)(struct eyes *eyes, unsigned int what, struct finding *f);
	unsigned int what;
	bool act; /* over as it is told: it is neither kept nor well again */
} detections[] = {
	{ "ftrace-off", SEVERITY_CRITICAL, eyes_look_setting, SETTING_FTRACE, false },
	{ "kprobes-off", SEVERITY_CRITICAL, eyes_look_setting, SETTING_KPROBES, false },
	{ "kprobes-slow", SEVERITY_LOW, eyes_look_setting, SETTING_OPTIMIZED, false },
	{ "jit-off", SEVERITY_MEDIUM, eyes_look_setting, SETTING_JIT, false },
	{ "addresses-hidden", SEVERITY_LOW, eyes_look_setting, SETTING_KPTR, false },
	{ "perf-restricted", SEVERITY_LOW, eyes_look_setting, SETTING_PARANOID, false },
	{ "unprivileged-bpf", SEVERITY_MEDIUM, eyes_look_setting, SETTING_UNPRIVILEGED, false },
	{ "lockdown", SEVERITY_MEDIUM, eyes_look_setting, SETTING_LOCKDOWN, false },
	{ "hook-gone", SEVERITY_CRITICAL, eyes_look_gone, 0, false },
	{ "blind", SEVERITY_CRITICAL, eyes_look_canary, 0, false },
	{ "recursion", SEVERITY_MEDIUM, eyes_look_misses, 0, false },
	{ "hidden-map", SEVERITY_HIGH, eyes_look_hidden, HIDDEN_MAP, false },
	{ "hidden-program", SEVERITY_HIGH, eyes_look_hidden, HIDDEN_PROGRAM, false },
	{ "own-map-touched", SEVERITY_CRITICAL, eyes_look_touched, TOUCHED_MAP, true },
	{ "own-program-touched", SEVERITY_CRITICAL, eyes_look_touched, TOUCHED_PROGRAM, true },
	{ "own-link-touched", SEVERITY_CRITICAL, eyes_look_touched, TOUCHED_LINK, true },
	{ "foreign-program", SEVERITY_MEDIUM, eyes_look_foreign, 0, false },
	{ "dangerous-helper", SEVERITY_HIGH, eyes_look_helpers, 0, false },
	{ "hooks-off", SEVERITY_CRITICAL, eyes_look_switch, 0, false },
	{ "traced", SEVERITY_CRITICAL, eyes_look_tracer, 0, false },
	{ "stalled", SEVERITY_MEDIUM, eyes_look_stalled, 0, true },
};

#define DETECTIONS (sizeof(detections) / sizeof(detections[0]))

struct eyes *eyes_new(const struct eyes_ask *ask, uint64_t interval_ns)
{
	struct eyes *eyes = calloc(1, sizeof(*eyes));

	if (!eyes)
		return NULL;
	eyes->known = calloc(DETECTIONS, sizeof(*eyes->known));
	if (!eyes->known) {
		free(eyes);
		return NULL;
	}
	eyes->ask = ask;
	eyes->interval_ns = interval_ns;
	eyes->programs.told_lost = EVENT_SEQ_NONE;
	settings_init(&eyes->settings, ask);
	eyes->status_fd = eyes_open(ask, "/proc/self/status");
	eyes_ask_programs(eyes, WIRE_HOOK_COUNT);
	return eyes;
}

void eyes_free(struct eyes *eyes)
{
	if (!eyes)
		return;
	settings_fini(&eyes->settings);
	if (eyes->status_fd >= 0)
		close(eyes->status_fd);
	buf_fini(&eyes->finding.reason);
	free(eyes->known);
	free(eyes);
}

uint64_t eyes_due_ns(const struct eyes *eyes)
{
	return eyes->due_ns;
}

void eyes_begin(struct eyes *eyes, uint64_t now_ns)
{
	eyes->due_ns = now_ns + eyes->interval_ns;
}

void eyes_busy(struct eyes *eyes, uint64_t took_ns)
{
	eyes->due_ns += took_ns;
}

static void tell(struct eyes *eyes, size_t row, struct finding *f)
{
	struct event_alert alert = { .rule = detections[row].rule,
				     .severity = f->bad ? f->severity : SEVERITY_INFO,
				     .causes = f->causes,
				     .n_causes = f->n_causes };

	buf_bytes(&f->reason, "", 1);
	/* Without the memory for why, that it is so. */
	alert.reason = f->reason.failed ? "" : f->reason.data;
	eyes->ask->alert(eyes->ask->context, &alert);
}

void eyes_round(struct eyes *eyes, uint64_t now_ns)
{
	struct finding *f = &eyes->finding;

	eyes->now_ns = now_ns;
	eyes->late_ns = now_ns > eyes->due_ns ? now_ns - eyes->due_ns : 0;
	eyes_ask_programs(eyes, HOOKS_A_ROUND);
	for (size_t i = 0; i < DETECTIONS; i++) {
		struct known *known = &eyes->known[i];

		f->bad = f->unasked = f->reason.failed = false;
		f->which = f->reason.len = f->n_causes = 0;
		f->severity = detections[i].severity;
		detections[i].look(eyes, detections[i].what, f);
		if (f->unasked)
			continue;
		if (f->bad ? !known->bad || f->which != known->which : known->bad)
			tell(eyes, i, f);
		known->bad = f->bad && !detections[i].act;
		known->which = f->which;
	}
	eyes->due_ns = now_ns + eyes->interval_ns;
}
