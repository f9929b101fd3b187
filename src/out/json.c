/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON lines: one object a line, members present when known and absent otherwise.
 *
 * {"v":1,"seq":7,"time":"2026-11-24T19:39:19.123456789Z","type":"map.update","host":"h",
 *  "process":{"pid":812,"tid":812,"comm":"bpftool","uid":0,"exe":"/usr/sbin/bpftool",...},
 *  "map":{"id":12,"name":"config","type":"array","key_size":4,...},"via":"syscall",
 *  "key":{"size":4,"hex":"00000000","btf":0},
 *  "value":{"size":8,"hex":"0100000000000000","btf":{"enabled":1}},"result":0}
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "out/out.h"

const char *const monitor_type_names[MONITOR_TYPES] = {
	[MONITOR_START] = "monitor.start",
	[MONITOR_LOST] = "monitor.lost",
	[MONITOR_STOP] = "monitor.stop",
	[MONITOR_HEARTBEAT] = "monitor.heartbeat",
};

static void begin(struct buf *b, const struct out_env *env, uint64_t seq, uint64_t time_ns,
		  const char *type)
{
	b->comma = false;
	json_open(b, NULL, '{');
	json_u64(b, "v", 1);
	json_u64(b, "seq", seq);
	out_json_time(b, "time", time_ns);
	json_plain(b, "type", type, strlen(type));
	json_string(b, "host", env->host);
}

static void end(struct buf *b)
{
	json_close(b, '}');
	buf_str(b, "\n");
}

static void put_members(struct buf *b, const struct event_task *t)
{
	json_u64(b, "pid", t->pid);
	json_u64(b, "tid", t->tid);
	json_bytes(b, "comm", t->comm, EVENT_NAME_BYTES);
	json_u64(b, "uid", t->uid);
	if (t->ppid)
		json_u64(b, "ppid", t->ppid);
	if (t->started_ns)
		out_json_time(b, "start", t->started_ns);
	if (t->tracer)
		json_u64(b, "traced_by", t->tracer);
	if (t->process)
		out_json_process(b, t->process);
}

static void put_process(struct buf *b, const struct out_env *env, const char *name,
			const struct event_task *t)
{
	struct {
		uint32_t what, pid, tid, uid, ppid, tracer;
		char comm[EVENT_NAME_BYTES];
		uint64_t started_ns, serial;
	} key = { .what = OUT_KEPT_PROCESS,
		  .pid = t->pid,
		  .tid = t->tid,
		  .uid = t->uid,
		  .ppid = t->ppid,
		  .tracer = t->tracer,
		  .started_ns = t->started_ns };
	size_t start;

	json_open(b, name, '{');
	start = b->len;
	if (t->process)
		key.serial = t->process->serial;
	memcpy(key.comm, t->comm, strnlen(t->comm, EVENT_NAME_BYTES));
	if (!key.serial) {
		put_members(b, t);
	} else if (!out_kept_put(b, env->kept, &key, sizeof(key))) {
		put_members(b, t);
		out_kept_keep(env->kept, &key, sizeof(key), b, start);
	}
	json_close(b, '}');
}

void out_json_flags(struct buf *b, const struct flag_name *names, uint64_t flags)
{
	char unknown[24];

	json_open(b, "flags", '[');
	for (; names->name; names++) {
		if (flags & names->bit)
			json_string(b, NULL, names->name);
		flags &= ~names->bit;
	}
	if (flags) {
		snprintf(unknown, sizeof(unknown), "0x%" PRIx64, flags);
		json_string(b, NULL, unknown);
	}
	json_close(b, ']');
}

static void put_key(struct buf *b, const struct event *e)
{
	if (!e->key.size)
		return;
	json_open(b, "key", '{');
	out_json_bytes(b, &e->map, OUT_KEY, &e->key);
	json_close(b, '}');
}

/* `value`, or `old`, which is what it was. */
static void put_value(struct buf *b, const char *name, const struct event *e,
		      enum event_value_shape shape, const struct event_bytes *value,
		      const struct event_object *object)
{
	struct event_bytes one;

	if (shape == VALUE_NONE && !object->kind)
		return;
	json_open(b, name, '{');
	if (shape == VALUE_CPUS) {
		json_u64(b, "size", e->map.value_size);
		json_open(b, "cpus", '[');
		for (uint32_t cpu = 0; cpu < e->value_cpus; cpu++) {
			one = event_cpu_value(e, value, cpu);
			json_open(b, NULL, '{');
			json_u64(b, "cpu", cpu);
			out_json_bytes(b, &e->map, OUT_VALUE, &one);
			json_close(b, '}');
		}
		json_close(b, ']');
	} else if (shape != VALUE_NONE) {
		out_json_bytes(b, &e->map, OUT_VALUE, value);
		if (shape == VALUE_CPU)
			json_u64(b, "cpu", e->value_cpu);
	}
	out_json_object(b, "object", object);
	json_close(b, '}');
}

static void put_old(struct buf *b, const struct event *e)
{
	const struct event_object none = { .kind = OBJECT_NONE };

	put_value(b, "old", e, e->old_shape, &e->old, &none);
	if (e->old_state == OLD_NONE)
		json_bool(b, "existed", false);
	/* One value in place of another; what was refused changed nothing. */
	if (e->old_state == OLD_READ && e->old_shape == e->shape && e->shape != VALUE_CPUS &&
	    e->result >= 0)
		out_json_changed(b, &e->map, &e->value, &e->old);
	if (e->flip) {
		json_open(b, "flip", '{');
		if (e->flip_seq != EVENT_SEQ_NONE)
			json_u64(b, "seq", e->flip_seq);
		json_u64(b, "after_ms", e->flip_ns / 1000000);
		json_close(b, '}');
	}
}

void out_json_error(struct buf *b, const char *name, int error)
{
	const char *text = error_name(error);
	char number[16];

	snprintf(number, sizeof(number), "E%d", -error);
	json_string(b, name, text ? text : number);
}

static void put_result(struct buf *b, const struct event *e)
{
	if (!e->has_result)
		return;
	if (e->result >= 0)
		json_u64(b, "result", 0);
	else
		out_json_error(b, "result", e->result);
}

void out_json_prog_type(struct buf *b, uint32_t number)
{
	const char *type = prog_type_name(number);
	char text[16];

	if (!type)
		snprintf(text, sizeof(text), "%u", number);
	json_string(b, "type", type ? type : text);
}

void out_json_program(struct buf *b, const char *name, const struct event_prog *p)
{
	json_open(b, name, '{');
	/* Of one that was refused only what it was to be is known. */
	if (p->id)
		json_u64(b, "id", p->id);
	json_bytes(b, "name", p->name, EVENT_NAME_BYTES);
	if (p->full_name)
		json_bytes(b, "full_name", p->full_name, strlen(p->full_name));
	out_json_prog_type(b, p->type);
	if (p->id)
		json_hex(b, "tag", p->tag, sizeof(p->tag));
	if (p->has_loader) {
		json_open(b, "loader", '{');
		json_u64(b, "pid", p->loader_pid);
		json_bytes(b, "comm", p->loader_comm, EVENT_NAME_BYTES);
		json_u64(b, "uid", p->loader_uid);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void put_element(struct buf *b, const struct event *e)
{
	/* In these flags the CPU is a number in the upper half, and reported with the value. */
	uint64_t flags = e->flags & UPDATE_F_CPU ? (uint32_t)e->flags : e->flags;

	json_string(b, "via", event_via_names[e->via]);
	if (event_op_names[e->op])
		json_string(b, "op", event_op_names[e->op]);
	if (e->context)
		json_string(b, "context", event_context_names[e->context]);
	if (e->program)
		out_json_program(b, "program", e->program);
	if (e->program_error)
		json_string(b, "program_error", e->program_error);
	put_key(b, e);
	put_value(b, "value", e, e->shape, &e->value, &e->object);
	put_old(b, e);
	out_json_object(b, "old_object", &e->old_object);
	if (flags)
		out_json_flags(b, update_flag_names, flags);
	put_result(b, e);
}

/* Of a value that is longer than what is shown of it. */
static void put_differs(struct buf *b, const struct event *e)
{
	const struct event_differs *d = &e->differs;

	if (!d->now.size)
		return;
	json_open(b, "differs", '{');
	json_u64(b, "offset", d->offset);
	json_u64(b, "size", d->now.size);
	json_hex(b, "hex", d->now.data, d->now.len);
	json_hex(b, "old", d->old.data, d->old.len);
	if (d->now.len < d->now.size)
		json_bool(b, "truncated", true);
	json_close(b, '}');
}

static void put_suspects(struct buf *b, const struct event *e)
{
	if (!e->n_suspect_progs && !e->n_suspects)
		return;
	json_open(b, "suspects", '{');
	if (e->n_suspect_progs)
		json_open(b, "programs", '[');
	for (size_t i = 0; i < e->n_suspect_progs; i++) {
		const struct event_suspect_prog *p = &e->suspect_progs[i];

		json_open(b, NULL, '{');
		json_u64(b, "id", p->id);
		json_bytes(b, "name", p->name, EVENT_NAME_BYTES);
		out_json_prog_type(b, p->type);
		json_close(b, '}');
	}
	if (e->n_suspect_progs)
		json_close(b, ']');
	if (e->n_suspects)
		json_open(b, "processes", '[');
	for (size_t i = 0; i < e->n_suspects; i++) {
		json_open(b, NULL, '{');
		json_u64(b, "pid", e->suspects[i].pid);
		json_bytes(b, "comm", e->suspects[i].comm, EVENT_NAME_BYTES);
		json_close(b, '}');
	}
	if (e->n_suspects)
		json_close(b, ']');
	if (e->suspects_cut)
		json_bool(b, "truncated", true);
	json_close(b, '}');
}

static void put_mode(struct buf *b, const struct event *e)
{
	if (e->can_read || e->can_write)
		json_string(b, "mode",
			    e->can_read && e->can_write ? "rw" :
			    e->can_read			? "r" :
							  "w");
}

/* Also of a creation, which opens the map, too. */
static void put_open(struct buf *b, const struct out_env *env, const struct event *e)
{
	json_string(b, "how", event_how_names[e->how]);
	if (e->fd >= 0)
		json_u64(b, "fd", (uint64_t)e->fd);
	put_mode(b, e);
	if (e->sender.comm)
		put_process(b, env, "sender", &e->sender);
	if (e->result)
		put_result(b, e);
}

static void put_mmap(struct buf *b, const struct event *e)
{
	put_mode(b, e);
	/* Refused before the kernel looked at it: not known. */
	if (e->length) {
		json_u64(b, "offset", e->offset);
		json_u64(b, "length", e->length);
	}
	put_result(b, e);
}

/* pin, unpin, chmod, fs.change: what happened to the name. */
static void put_name(struct buf *b, const struct event *e)
{
	char mode[8];

	json_string(b, "op", event_name_op_names[e->name_op]);
	if (e->path2)
		json_bytes(b, e->type == EVENT_MAP_PIN ? "from" : "to", e->path2, e->path2_len);
	if (e->has_mode) {
		snprintf(mode, sizeof(mode), "%04o", e->mode);
		json_string(b, "mode_bits", mode);
	}
	if (e->has_uid)
		json_u64(b, "uid", e->new_uid);
	if (e->has_gid)
		json_u64(b, "gid", e->new_gid);
	put_result(b, e);
}

static void put_summary(struct buf *b, const struct event_summary *s)
{
	json_string(b, "of", event_type_names[s->of]);
	json_u64(b, "count", s->count);
	out_json_time(b, "first", s->first_ns);
	out_json_time(b, "last", s->last_ns);
}

/* The event that fired a rule. */
static void put_of(struct buf *b, const struct out_env *env, const struct event *e)
{
	enum event_type type = (enum event_type)(e->alert.of - 1);

	json_open(b, "of", '{');
	if (e->alert.n_causes)
		json_u64(b, "seq", e->alert.causes[0].seq);
	json_string(b, "type", event_type_names[type]);
	if (event_has_actor(type) && e->task.comm)
		put_process(b, env, "process", &e->task);
	if (e->program)
		out_json_program(b, "program", e->program);
	if (type != EVENT_FS_CHANGE && e->map.id)
		out_json_map(b, env, &e->map);
	json_close(b, '}');
}

static void put_rule(struct buf *b, const struct out_env *env, const struct event *e)
{
	const struct event_alert *a = &e->alert;

	json_string(b, "text", a->reason);
	json_open(b, "mitre", '[');
	for (const char *id = a->mitre; id && *id; id += strcspn(id, ","), id += *id == ',')
		json_bytes(b, NULL, id, strcspn(id, ","));
	json_close(b, ']');
	if (a->count)
		json_u64(b, "count", a->count);
	if (a->suppressed)
		json_u64(b, "suppressed", a->suppressed);
	put_of(b, env, e);
}

static void put_alert(struct buf *b, const struct out_env *env, const struct event *e)
{
	const struct event_alert *a = &e->alert;

	json_string(b, "rule", a->rule);
	json_string(b, "severity", event_severity_names[a->severity]);
	json_string(b, "reason", a->reason);
	json_open(b, "events", '[');
	for (size_t i = 0; i < a->n_causes; i++)
		json_u64(b, NULL, a->causes[i].seq);
	json_close(b, ']');
	if (a->of)
		put_rule(b, env, e);
}

void out_json_event(struct buf *b, const struct out_env *env, const struct event *e)
{
	if (e->type == EVENT_ALERT) {
		put_alert(b, env, e);
		return;
	}
	if (event_has_actor(e->type))
		put_process(b, env, "process", &e->task);
	if (event_is_run(e)) {
		out_json_run(b, e);
		put_result(b, e);
		return;
	}
	if (e->type != EVENT_FS_CHANGE)
		out_json_map(b, env, &e->map);
	if (e->via != VIA_NONE)
		put_element(b, e);
	if (e->type == EVENT_SUMMARY)
		put_summary(b, &e->summary);
	if (e->type == EVENT_MAP_CHANGE) {
		put_differs(b, e);
		put_suspects(b, e);
	}
	if (e->type == EVENT_MAP_OPEN || e->type == EVENT_MAP_CREATE)
		put_open(b, env, e);
	if (e->type == EVENT_MAP_MMAP)
		put_mmap(b, e);
	if (e->path)
		json_bytes(b, "path", e->path, e->path_len);
	if (e->type == EVENT_MAP_FREEZE)
		put_result(b, e);
	if (e->type == EVENT_MAP_PIN || e->type == EVENT_MAP_UNPIN || e->type == EVENT_MAP_CHMOD ||
	    e->type == EVENT_FS_CHANGE)
		put_name(b, e);
}

static void json_event(struct buf *b, const struct out_env *env, uint64_t seq,
		       const struct event *e)
{
	begin(b, env, seq, e->time_ns, event_type_names[e->type]);
	out_json_event(b, env, e);
	end(b);
}

void out_json_hooks(struct buf *b, const struct hook_report *reports, size_t n)
{
	json_open(b, "hooks", '[');
	for (size_t i = 0; i < n; i++) {
		const struct hook_report *h = &reports[i];

		json_open(b, NULL, '{');
		json_string(b, "hook", h->name);
		json_string(b, "function", h->function);
		json_string(b, "attached", h->attached);
		if (h->why)
			json_string(b, "why", h->why);
		if (h->loss)
			json_string(b, "lost", h->loss);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_compared(struct buf *b, const struct monitor *m)
{
	if (!m->compared.rounds && !m->compared.too_large)
		return;
	json_open(b, "compared", '{');
	json_u64(b, "maps", m->compared.maps);
	json_u64(b, "too_large", m->compared.too_large);
	json_u64(b, "rounds", m->compared.rounds);
	json_u64(b, "interval_ms", m->compared.interval_ns / 1000000);
	json_u64(b, "skipped", m->compared.skipped);
	json_close(b, '}');
}

static void put_outputs(struct buf *b, const struct monitor *m)
{
	if (!m->n_outputs)
		return;
	json_open(b, "outputs", '[');
	for (size_t i = 0; i < m->n_outputs; i++) {
		json_open(b, NULL, '{');
		json_string(b, "output", m->outputs[i].name);
		json_string(b, "type", m->outputs[i].type);
		json_u64(b, "lines", m->outputs[i].lines);
		json_u64(b, "lost", m->outputs[i].lost);
		json_u64(b, "queued", m->outputs[i].queued);
		json_close(b, '}');
	}
	json_close(b, ']');
}

/* What of each write has become: together they are what was seen. */
static void put_totals(struct buf *b, const struct monitor *m)
{
	json_u64(b, "seen", m->seen);
	json_u64(b, "events", m->events);
	json_u64(b, "filtered", m->filtered);
	json_u64(b, "summaries", m->summaries);
	json_u64(b, "summarized", m->summarized);
	json_u64(b, "lost", m->lost);
}

void out_json_monitor(struct buf *b, const struct monitor *m)
{
	switch (m->type) {
	case MONITOR_START:
		json_string(b, "version", m->version);
		json_string(b, "kernel", m->kernel);
		json_string(b, "mode", m->mode);
		out_json_hooks(b, m->hooks, m->n_hooks);
		break;
	case MONITOR_LOST:
		json_u64(b, "lost", m->lost);
		json_string(b, "where", m->where);
		if (m->map_id) {
			json_open(b, "map", '{');
			json_u64(b, "id", m->map_id);
			json_close(b, '}');
		}
		json_open(b, "hooks", '{');
		for (size_t i = 0; i < m->n_hooks; i++)
			json_u64(b, m->hooks[i].name, m->hooks[i].lost);
		json_close(b, '}');
		out_json_time(b, "since", m->since_ns);
		break;
	case MONITOR_STOP:
		put_totals(b, m);
		put_compared(b, m);
		put_outputs(b, m);
		break;
	case MONITOR_HEARTBEAT:
		put_totals(b, m);
		json_u64(b, "ring_used", m->ring_used);
		json_u64(b, "ring_size", m->ring_size);
		json_u64(b, "uptime_ms", m->uptime_ns / 1000000);
		json_u64(b, "interval_ms", m->interval_ns / 1000000);
		put_outputs(b, m);
		break;
	case MONITOR_TYPES:
		break;
	}
}

static void json_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	begin(b, env, seq, m->time_ns, monitor_type_names[m->type]);
	out_json_monitor(b, m);
	end(b);
}

const struct out_format out_json = { "json", json_event, json_monitor };
