/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recordings DIR: writes the recordings that the rules of DIR, dist/rules, are tested with, anew:
 * DIR/NAME/fires.rec and DIR/NAME/quiet.rec. Their events are made up, step by step.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/record.h"

#define START_NS 1795549159123456789ull
#define STEPS 6

enum who { OWNER, STRANGER, GONE, WHOS };

/* One event, or as many as `times`, a millisecond between. */
struct step {
	enum event_type type;
	enum who who;
	const char *map;
	uint32_t map_type;
	enum event_via via;	/* of updates and deletes; 0: bpf(2) */
	enum event_how how;
	bool read_only, flip;
	bool walks;		/* each time another map */
	bool before;		/* the map was there before bpfmon */
	enum event_old old;
	uint8_t was, value;	/* the first byte */
	unsigned int times, later_s;
	const char *path, *alert;
	int result;
	uint32_t map_id;	/* 0: 12 */
	enum event_severity severity;
};

struct recording {
	const char *rule;
	bool fires;
	const char *owner;	/* the executable that created the maps */
	struct step steps[STEPS];
};

#define UPDATE .type = EVENT_MAP_UPDATE
#define DELETE .type = EVENT_MAP_DELETE
#define OPEN .type = EVENT_MAP_OPEN
#define ALERT(name, how_bad) .type = EVENT_ALERT, .alert = name, .severity = SEVERITY_##how_bad
#define MAP(name, kind) .map = name, .map_type = BPF_MAP_TYPE_##kind
#define SENSOR "/usr/sbin/sensor"
#define SYSTEMD "/usr/lib/systemd/systemd"
#define PATH "/sys/fs/bpf/policy"

/* clang-format off */
/* A tool's own program writes; somebody else takes a handle, and writes. */
#define PROFILE(name, exe, ...) \
	{ name, true, exe, { { OPEN, STRANGER, MAP(__VA_ARGS__), .how = HOW_ID }, \
			     { UPDATE, STRANGER, MAP(__VA_ARGS__) } } }, \
	{ name, false, exe, { { UPDATE, OWNER, MAP(__VA_ARGS__) }, \
			      { OPEN, STRANGER, MAP(__VA_ARGS__), .how = HOW_ID, .read_only = true }, \
			      { UPDATE, STRANGER, MAP(__VA_ARGS__), .result = -EPERM }, \
			      { UPDATE, STRANGER, MAP("others", HASH) } } }

static const struct recording recordings[] = {
	{ "handle-taken", true, SENSOR, { { OPEN, STRANGER, MAP("config", HASH), .how = HOW_ID } } },
	{ "handle-taken", false, SENSOR, {
		{ OPEN, OWNER, MAP("config", HASH), .how = HOW_ID },
		{ OPEN, STRANGER, MAP("config", HASH), .how = HOW_ID, .read_only = true },
		{ OPEN, STRANGER, MAP("config", HASH), .how = HOW_ID, .result = -EPERM } } },
	{ "maps-walked", true, SENSOR, {
		{ OPEN, STRANGER, MAP("config", HASH), .how = HOW_ID, .walks = true, .times = 21 } } },
	{ "maps-walked", false, SENSOR, {
		{ OPEN, STRANGER, MAP("config", HASH), .how = HOW_ID, .times = 50 },
		{ OPEN, STRANGER, MAP("config", HASH), .how = HOW_PIN, .walks = true, .times = 50 },
		{ OPEN, OWNER, MAP("config", HASH), .how = HOW_ID, .walks = true, .times = 15 } } },
	{ "tail-call-cut", true, SENSOR, {
		{ DELETE, STRANGER, MAP("tails", PROG_ARRAY), .old = OLD_READ } } },
	{ "tail-call-cut", false, SENSOR, {
		{ UPDATE, OWNER, MAP("tails", PROG_ARRAY), .old = OLD_READ },
		{ UPDATE, STRANGER, MAP("tails", PROG_ARRAY), .old = OLD_NONE },
		{ DELETE, OWNER, MAP("tails", PROG_ARRAY), .via = VIA_KERNEL },
		{ DELETE, STRANGER, MAP("tails", PROG_ARRAY), .result = -ENOENT },
		{ DELETE, OWNER, MAP("tails", PROG_ARRAY), .old = OLD_READ, .before = true },
		{ DELETE, STRANGER, MAP("config", HASH) } } },
	{ "output-silenced", true, SENSOR, {
		{ DELETE, STRANGER, MAP("events", PERF_EVENT_ARRAY) },
		{ .type = EVENT_MAP_MMAP, STRANGER, MAP("rb", RINGBUF) } } },
	{ "output-silenced", false, SENSOR, {
		{ UPDATE, OWNER, MAP("events", PERF_EVENT_ARRAY) },
		{ DELETE, OWNER, MAP("events", PERF_EVENT_ARRAY), .via = VIA_KERNEL },
		{ .type = EVENT_MAP_MMAP, OWNER, MAP("rb", RINGBUF) },
		{ DELETE, OWNER, MAP("events", PERF_EVENT_ARRAY), .before = true },
		{ .type = EVENT_MAP_MMAP, STRANGER, MAP("rb", RINGBUF), .read_only = true } } },
	{ "allow-list-flip", true, SENSOR, {
		{ UPDATE, STRANGER, MAP("allowed_ips", HASH), .old = OLD_READ, .was = 1 },
		{ UPDATE, OWNER, MAP("allowed_ips", HASH), .old = OLD_READ, .value = 1, .flip = true } } },
	{ "allow-list-flip", false, SENSOR, {
		{ UPDATE, OWNER, MAP("allowed_ips", HASH), .old = OLD_READ, .was = 1 },
		{ UPDATE, STRANGER, MAP("allowed_ips", HASH), .old = OLD_READ, .was = 1, .value = 1 },
		{ UPDATE, STRANGER, MAP("counters", HASH), .old = OLD_READ, .was = 1 } } },
	{ "foreign-freeze", true, SENSOR, { { .type = EVENT_MAP_FREEZE, STRANGER, MAP("config", ARRAY) } } },
	{ "foreign-freeze", false, SENSOR, {
		{ .type = EVENT_MAP_FREEZE, OWNER, MAP("config", ARRAY) },
		{ .type = EVENT_MAP_FREEZE, OWNER, MAP("config", ARRAY), .before = true },
		{ .type = EVENT_MAP_FREEZE, STRANGER, MAP("config", ARRAY), .result = -EPERM } } },
	{ "old-map-changed", true, SENSOR, {
		{ .type = EVENT_MAP_FREEZE, STRANGER, MAP("config", ARRAY), .before = true },
		{ .type = EVENT_MAP_UNPIN, STRANGER, MAP("policy", HASH), .path = PATH, .map_id = 13,
		  .before = true },
		{ DELETE, STRANGER, MAP("tails", PROG_ARRAY), .map_id = 14, .before = true } } },
	{ "old-map-changed", false, SENSOR, {
		{ .type = EVENT_MAP_FREEZE, STRANGER, MAP("config", ARRAY) },
		{ .type = EVENT_MAP_UNPIN, STRANGER, MAP("policy", HASH), .path = PATH },
		{ UPDATE, STRANGER, MAP("tails", PROG_ARRAY), .old = OLD_NONE, .before = true },
		{ UPDATE, STRANGER, MAP("config", HASH), .before = true },
		{ DELETE, STRANGER, MAP("tails", PROG_ARRAY) } } },
	{ "pin-squat", true, SENSOR, {
		{ .type = EVENT_MAP_UNPIN, STRANGER, MAP("policy", HASH), .path = PATH },
		{ .type = EVENT_MAP_PIN, STRANGER, MAP("policy", HASH), .path = PATH, .map_id = 99 } } },
	{ "pin-squat", false, SENSOR, {
		{ .type = EVENT_MAP_UNPIN, OWNER, MAP("policy", HASH), .path = PATH },
		{ .type = EVENT_MAP_PIN, OWNER, MAP("policy", HASH), .path = PATH, .map_id = 99 },
		{ .type = EVENT_MAP_UNPIN, OWNER, MAP("policy", HASH), .path = PATH "3", .before = true },
		{ .type = EVENT_MAP_PIN, OWNER, MAP("policy", HASH), .path = PATH "3", .map_id = 97 },
		{ .type = EVENT_MAP_PIN, STRANGER, MAP("mine", HASH), .path = PATH "2", .map_id = 98 } } },
	{ "inner-map-swap", true, SENSOR, {
		{ UPDATE, STRANGER, MAP("policies", HASH_OF_MAPS), .old = OLD_READ } } },
	{ "inner-map-swap", false, SENSOR, {
		{ UPDATE, OWNER, MAP("policies", HASH_OF_MAPS), .old = OLD_READ },
		{ UPDATE, OWNER, MAP("policies", HASH_OF_MAPS), .old = OLD_READ, .before = true },
		{ UPDATE, STRANGER, MAP("policies", HASH_OF_MAPS), .old = OLD_NONE },
		{ UPDATE, STRANGER, MAP("config", HASH), .old = OLD_READ } } },
	{ "new-writer", true, SENSOR, {
		{ UPDATE, OWNER, MAP("config", HASH) }, { UPDATE, STRANGER, MAP("config", HASH) },
		{ UPDATE, GONE, MAP("config", HASH) } } },
	{ "new-writer", false, SENSOR, {
		{ UPDATE, OWNER, MAP("config", HASH), .times = 3 },
		{ UPDATE, STRANGER, MAP("mine", HASH), .map_id = 99, .times = 3 } } },
	{ "burst-of-deletes", true, SENSOR, { { DELETE, STRANGER, MAP("conns", HASH), .times = 200 } } },
	{ "burst-of-deletes", false, SENSOR, {
		{ DELETE, STRANGER, MAP("conns", HASH), .times = 100 },
		{ DELETE, STRANGER, MAP("conns", HASH), .times = 100, .later_s = 60 } } },
	{ "monitor-blinded", true, SENSOR, { { ALERT("ftrace-off", CRITICAL) } } },
	{ "monitor-blinded", false, SENSOR, { { ALERT("ftrace-off", INFO) }, { ALERT("stalled", MEDIUM) } } },
	PROFILE("profiles/falco", "/usr/bin/falco", "syscall_exit_ta", PROG_ARRAY),
	PROFILE("profiles/quark", "/usr/bin/quark-mon", "elastic_ebpf_ev", HASH),
	PROFILE("profiles/tetragon", "/usr/bin/tetragon", "policy_filter_m", HASH_OF_MAPS),
	PROFILE("profiles/tracee", "/tracee/tracee", "sys_enter_tails", PROG_ARRAY),
	PROFILE("profiles/cilium", "/usr/bin/cilium-agent", "cilium_policy_0", HASH),
	{ "profiles/systemd", true, SYSTEMD, {
		{ UPDATE, STRANGER, MAP("sd_restrictif", HASH) },
		{ UPDATE, STRANGER, MAP("4_nginx.service", LPM_TRIE) } } },
	{ "profiles/systemd", false, SYSTEMD, {
		{ UPDATE, OWNER, MAP("sd_restrictif", HASH) },
		{ UPDATE, OWNER, MAP("4_nginx.service", LPM_TRIE) },
		{ UPDATE, STRANGER, MAP("sd_restrictif", HASH), .result = -EPERM },
		{ UPDATE, STRANGER, MAP("4_nginx.service", HASH) } } },
	PROFILE("profiles/inspektor-gadget", "/usr/bin/ig", "gadget_mntns_fi", HASH),
};
/* clang-format on */

static bool never(void)
{
	return false;
}

static void make_who(const struct recording *r, enum who who, struct event *e)
{
	static struct event_process processes[WHOS];
	static const char *const comms[WHOS] = { "sensor", "evil", "gone" };

	processes[OWNER] = (struct event_process){ .exe = r->owner };
	processes[STRANGER] = (struct event_process){ .exe = "/tmp/evil" };
	processes[GONE] = (struct event_process){};	/* nothing could be asked of it */
	e->task.pid = e->task.tid = who == OWNER ? 700 : 900 + who;
	e->task.comm = comms[who];
	e->task.start_ns = 123456789;
	e->task.process = &processes[who];
}

static void make_map(const struct recording *r, const struct step *s, struct event *e)
{
	static struct event_mapfacts facts;

	facts = (struct event_mapfacts){
		.serial = 1,
		.created_ns = START_NS - 1,
		.creator_pid = 700,
		.creator_comm = "sensor",
		.creator_exe = r->owner,
	};
	/* Of what is not told otherwise a stranger's own. */
	if (s->who == STRANGER && s->map_id) {
		facts.serial = 2;
		facts.creator_pid = 901;
		memcpy(facts.creator_comm, "evil", sizeof("evil"));
		facts.creator_exe = "/tmp/evil";
	}
	if (s->before)
		facts = (struct event_mapfacts){ .serial = 3 };
	e->map = (struct event_map){
		.id = s->map_id ? s->map_id : 12,
		.type = s->map_type,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1024,
		.known = true,
		.name = s->map,
		.facts = &facts,
	};
}

static void make_element(const struct step *s, struct event *e, uint8_t bytes[3][4])
{
	bytes[1][0] = s->value;
	bytes[2][0] = s->was;
	e->via = s->via ? s->via : VIA_SYSCALL;
	e->op = e->type == EVENT_MAP_DELETE ? OP_DELETE : OP_UPDATE;
	e->key = (struct event_bytes){ bytes[0], 4, 4 };
	if (e->type == EVENT_MAP_UPDATE) {
		e->shape = VALUE_ONE;
		e->value = (struct event_bytes){ bytes[1], 4, 4 };
	}
	e->old_state = s->old;
	if (s->old == OLD_READ) {
		e->old_shape = VALUE_ONE;
		e->old = (struct event_bytes){ bytes[2], 4, 4 };
	}
	e->flip = s->flip;
	e->flip_seq = EVENT_SEQ_NONE;
}

static void make_event(const struct recording *r, const struct step *s, struct event *e,
		       uint8_t bytes[3][4])
{
	e->type = s->type;
	e->fd = -1;
	if (s->type == EVENT_ALERT) {
		e->alert.rule = s->alert;
		e->alert.reason = "made up";
		e->alert.severity = s->severity;
		return;
	}
	make_who(r, s->who, e);
	make_map(r, s, e);
	if (s->type == EVENT_MAP_UPDATE || s->type == EVENT_MAP_DELETE)
		make_element(s, e, bytes);
	e->how = s->how;
	e->can_read = s->type == EVENT_MAP_OPEN || s->type == EVENT_MAP_MMAP;
	e->can_write = e->can_read && !s->read_only;
	e->path = s->path;
	e->path_len = s->path ? strlen(s->path) : 0;
	e->name_op = s->type == EVENT_MAP_UNPIN ? NAME_UNLINK : NAME_PIN;
	e->has_result = true;
	e->result = s->result;
}

static void record(const struct recording *r, struct recorder *out)
{
	uint64_t now = START_NS;
	uint8_t bytes[3][4] = { 0 };

	for (size_t i = 0; i < STEPS && r->steps[i].type + r->steps[i].map_type; i++) {
		const struct step *s = &r->steps[i];

		now += s->later_s * 1000000000ull;
		for (unsigned int n = 0; n < (s->times ? s->times : 1); n++) {
			struct event e = { .time_ns = now += 1000000 };

			bytes[0][0] = (uint8_t)n;
			make_event(r, s, &e, bytes);
			e.map.id += s->walks ? n : 0;
			recorder_event(out, &e);
		}
	}
}

static int write_one(const char *dir, const struct recording *r)
{
	static const struct record_info info = {
		.minor = RECORD_MINOR,
		.cpus = 2,
		.host = "made-up",
		.kernel = "6.12.0",
		.version = BPFMON_VERSION,
		.start_ns = START_NS,
	};
	struct recorder *out = NULL;
	char path[4096];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, r->rule);
	if (mkdir(path, 0777) && errno != EEXIST)
		err = -errno;
	snprintf(path, sizeof(path), "%s/%s/%s.rec", dir, r->rule, r->fires ? "fires" : "quiet");
	fd = err ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0)
		out = recorder_new(fd, &info, never);
	if (!out) {
		fprintf(stderr, "recordings: cannot write %s: %s\n", path, strerror(errno));
		return 1;
	}
	record(r, out);
	recorder_end(out);
	output_flush(recorder_output(out));
	err = recorder_output(out)->error;
	recorder_free(out);
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	int status = argc == 2 ? 0 : 2;

	if (status)
		fprintf(stderr, "usage: recordings DIR\n");
	for (size_t i = 0; !status && i < sizeof(recordings) / sizeof(recordings[0]); i++)
		status = write_one(argv[1], &recordings[i]);
	return status;
}
