/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules from text in a test, events to ask them about, and the alerts that came of it. */
#ifndef BPFMON_TEST_RULES_H
#define BPFMON_TEST_RULES_H

#include <linux/bpf.h>
#include <stdlib.h>

#include "rules/ruleset.h"
#include "test.h"

#define SECOND 1000000000ull
#define NOW_NS (1795549159ull * SECOND)

static struct tree_file *file;
static struct ruleset *set;
static struct tree_error error;

/* The last alert, and how many there were. */
static struct {
	size_t n;
	char rule[128], reason[1024], mitre[128];
	enum event_severity severity;
	uint64_t seq, count, suppressed;
	uint32_t of;
	uint32_t program;
} alert;

static inline void forget(void)
{
	ruleset_free(set);
	tree_free(file);
	set = NULL;
	file = NULL;
}

/* "": they are good; else what is said. */
static inline const char *compile(const char *text)
{
	forget();
	memset(&alert, 0, sizeof(alert));
	error.text[0] = '\0';
	file = tree_parse("r.yaml", text, strlen(text), &error);
	set = file ? ruleset_new(NULL) : NULL;
	if (!file || ruleset_add_file(set, file->root, &error) || ruleset_seal(set, &error))
		return error.text;
	return "";
}

static inline void take(void *context, struct event *e)
{
	(void)context;
	alert.n++;
	snprintf(alert.rule, sizeof(alert.rule), "%s", e->alert.rule);
	snprintf(alert.reason, sizeof(alert.reason), "%s", e->alert.reason);
	snprintf(alert.mitre, sizeof(alert.mitre), "%s", e->alert.mitre ?: "");
	alert.severity = e->alert.severity;
	alert.seq = e->alert.n_causes ? e->alert.causes[0].seq : EVENT_SEQ_NONE;
	alert.count = e->alert.count;
	alert.suppressed = e->alert.suppressed;
	alert.of = e->alert.of;
	alert.program = e->program ? e->program->id : 0;
}

/* How many alerts it raised. */
static inline size_t ask(const struct event *e)
{
	size_t before = alert.n;

	ruleset_event(set, e, 7, take, NULL);
	return alert.n - before;
}

static const uint8_t key_bytes[4] = { 1 }, value_bytes[4] = { 2 }, old_bytes[4] = { 3 };
static const struct event_process process = { .serial = 5,
					      .exe = "/usr/sbin/bpftool",
					      .args = "bpftool\0map",
					      .args_len = 12,
					      .cgroup = "/user.slice" };
static const struct event_mapfacts facts = {
	.serial = 9,
	.created_ns = NOW_NS,
	.creator_pid = 700,
	.creator_comm = "sensor",
	.creator_exe = "/usr/sbin/sensor",
	.n_pins = 2,
	.pins = { { "/sys/fs/bpf/a" }, { "/sys/fs/bpf/b" } },
};

static inline struct event an_update(void)
{
	return (struct event){
		.type = EVENT_MAP_UPDATE,
		.time_ns = NOW_NS,
		.task = { .pid = 812,
			  .tid = 813,
			  .uid = 1000,
			  .comm = "bpftool",
			  .process = &process },
		.map = { .id = 12,
			 .type = BPF_MAP_TYPE_HASH,
			 .key_size = 4,
			 .value_size = 4,
			 .known = true,
			 .name = "config",
			 .facts = &facts },
		.via = VIA_SYSCALL,
		.op = OP_UPDATE,
		.key = { key_bytes, 4, 4 },
		.shape = VALUE_ONE,
		.value = { value_bytes, 4, 4 },
		.old_state = OLD_READ,
		.old_shape = VALUE_ONE,
		.old = { old_bytes, 4, 4 },
		.has_result = true,
		.fd = -1,
	};
}

/* Whether a rule with that match fires on the event; what is said where it is wrong. */
static inline const char *fires(const char *match, const struct event *e)
{
	char text[1024];

	snprintf(text, sizeof(text), "- {name: a, severity: low, text: x, match: {%s}}", match);
	if (*compile(text))
		return error.text;
	return ask(e) ? "yes" : "no";
}

#endif
