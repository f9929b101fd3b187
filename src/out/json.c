/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON lines: one object a line, members present when known and absent otherwise.
 *
 * {"v":1,"seq":7,"time":"2026-11-24T19:39:19.123456789Z","type":"map.update","host":"h",
 *  "process":{"pid":812,"tid":812,"comm":"bpftool","uid":0},
 *  "map":{"id":12,"name":"config","type":"array","key_size":4,...},"via":"syscall",
 *  "key":{"size":4,"hex":"00000000"},"value":{"size":8,"hex":"0100000000000000"},"result":0}
 */
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "maptype.h"
#include "names.h"
#include "out/out.h"

static void put_digits(char *at, size_t n, uint64_t value)
{
	for (; n; n--, value /= 10)
		at[n - 1] = (char)('0' + value % 10);
}

static void put_time(struct buf *b, const char *name, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[] = "0000-00-00T00:00:00.000000000Z";
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
		return;
	/* Without printf: this is in every line. */
	put_digits(text, 4, (uint64_t)(tm.tm_year + 1900));
	put_digits(text + 5, 2, (uint64_t)(tm.tm_mon + 1));
	put_digits(text + 8, 2, (uint64_t)tm.tm_mday);
	put_digits(text + 11, 2, (uint64_t)tm.tm_hour);
	put_digits(text + 14, 2, (uint64_t)tm.tm_min);
	put_digits(text + 17, 2, (uint64_t)tm.tm_sec);
	put_digits(text + 20, 9, ns % 1000000000);
	json_string(b, name, text);
}

static void begin(struct buf *b, const struct out_env *env, uint64_t seq, uint64_t time_ns,
		  const char *type)
{
	b->comma = false;
	json_open(b, NULL, '{');
	json_u64(b, "v", 1);
	json_u64(b, "seq", seq);
	put_time(b, "time", time_ns);
	json_string(b, "type", type);
	json_string(b, "host", env->host);
}

static void end(struct buf *b)
{
	json_close(b, '}');
	buf_str(b, "\n");
}

static void put_process(struct buf *b, const char *name, const struct event_task *t)
{
	json_open(b, name, '{');
	json_u64(b, "pid", t->pid);
	json_u64(b, "tid", t->tid);
	json_bytes(b, "comm", t->comm, EVENT_NAME_BYTES);
	json_u64(b, "uid", t->uid);
	if (t->ppid)
		json_u64(b, "ppid", t->ppid);
	json_close(b, '}');
}

static void put_flags(struct buf *b, const struct flag_name *names, uint64_t flags)
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

static void put_map(struct buf *b, const struct event_map *m)
{
	char number[16];

	json_open(b, "map", '{');
	json_u64(b, "id", m->id);
	if (m->known) {
		if (!maptype_name(m->type))
			snprintf(number, sizeof(number), "%u", m->type);
		json_bytes(b, "name", m->name, EVENT_NAME_BYTES);
		json_string(b, "type", maptype_name(m->type) ? maptype_name(m->type) : number);
		json_u64(b, "key_size", m->key_size);
		json_u64(b, "value_size", m->value_size);
		json_u64(b, "max_entries", m->max_entries);
		put_flags(b, map_flag_names, m->flags);
		json_bool(b, "frozen", m->frozen);
	}
	json_close(b, '}');
}

static void put_bytes_members(struct buf *b, const struct event_bytes *bytes)
{
	json_u64(b, "size", bytes->size);
	json_hex(b, "hex", bytes->data, bytes->len);
	if (bytes->len < bytes->size)
		json_bool(b, "truncated", true);
}

static void put_value(struct buf *b, const struct event *e)
{
	struct event_bytes one = e->value;

	if (e->shape == VALUE_NONE)
		return;
	json_open(b, "value", '{');
	if (e->shape == VALUE_CPUS) {
		json_u64(b, "size", e->map.value_size);
		json_open(b, "cpus", '[');
		for (uint32_t cpu = 0; cpu < e->value_cpus; cpu++) {
			one = event_cpu_value(e, cpu);
			json_open(b, NULL, '{');
			json_u64(b, "cpu", cpu);
			put_bytes_members(b, &one);
			json_close(b, '}');
		}
		json_close(b, ']');
	} else {
		put_bytes_members(b, &one);
		if (e->shape == VALUE_CPU)
			json_u64(b, "cpu", e->value_cpu);
	}
	json_close(b, '}');
}

static void put_result(struct buf *b, const struct event *e)
{
	const char *name;
	char number[16];

	if (!e->has_result)
		return;
	if (e->result >= 0) {
		json_u64(b, "result", 0);
		return;
	}
	name = error_name(e->result);
	if (!name)
		snprintf(number, sizeof(number), "E%d", -e->result);
	json_string(b, "result", name ? name : number);
}

static void put_program(struct buf *b, const struct event_prog *p)
{
	const char *type = libbpf_bpf_prog_type_str((enum bpf_prog_type)p->type);
	char number[16];

	if (!type)
		snprintf(number, sizeof(number), "%u", p->type);
	json_open(b, "program", '{');
	json_u64(b, "id", p->id);
	json_bytes(b, "name", p->name, EVENT_NAME_BYTES);
	json_string(b, "type", type ? type : number);
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
	static const char *const via[] = {
		[VIA_SYSCALL] = "syscall", [VIA_BATCH] = "batch",     [VIA_PROGRAM] = "program",
		[VIA_KERNEL] = "kernel",   [VIA_UNKNOWN] = "unknown",
	};
	/* Plain updates and lookups say it by their type. */
	static const char *const op[] = {
		[OP_PUSH] = "push",
		[OP_DELETE] = "delete",
		[OP_LOOKUP_AND_DELETE] = "lookup_and_delete",
		[OP_POP] = "pop",
		[OP_LOOKUP] = NULL,
	};
	static const char *const context[] = {
		[CONTEXT_TASK] = "task",
		[CONTEXT_SOFTIRQ] = "softirq",
		[CONTEXT_HARDIRQ] = "hardirq",
		[CONTEXT_NMI] = "nmi",
	};
	/* In these flags the CPU is a number in the upper half, and reported with the value. */
	uint64_t flags = e->flags & UPDATE_F_CPU ? (uint32_t)e->flags : e->flags;

	json_string(b, "via", via[e->via]);
	if (op[e->op])
		json_string(b, "op", op[e->op]);
	if (e->context)
		json_string(b, "context", context[e->context]);
	if (e->program)
		put_program(b, e->program);
	if (e->program_error)
		json_string(b, "program_error", e->program_error);
	if (e->key.size) {
		json_open(b, "key", '{');
		put_bytes_members(b, &e->key);
		json_close(b, '}');
	}
	put_value(b, e);
	if (flags)
		put_flags(b, update_flag_names, flags);
	put_result(b, e);
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
static void put_open(struct buf *b, const struct event *e)
{
	static const char *const how[HOWS] = {
		[HOW_CREATE] = "create",     [HOW_ID] = "id",		[HOW_PIN] = "pin",
		[HOW_ITERATOR] = "iterator", [HOW_RECEIVE] = "receive", [HOW_PIDFD] = "pidfd",
		[HOW_INHERIT] = "inherit",   [HOW_HELD] = "held",	[HOW_OTHER] = "other",
	};

	json_string(b, "how", how[e->how]);
	if (e->fd >= 0)
		json_u64(b, "fd", (uint64_t)e->fd);
	put_mode(b, e);
	if (e->sender.comm)
		put_process(b, "sender", &e->sender);
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
	static const char *const op[NAME_OPS] = {
		[NAME_PIN] = "pin",	    [NAME_UNLINK] = "unlink", [NAME_RENAME] = "rename",
		[NAME_REPLACE] = "replace", [NAME_LINK] = "link",     [NAME_CHMOD] = "chmod",
		[NAME_MOUNT] = "mount",	    [NAME_MOVE] = "mount",    [NAME_UMOUNT] = "umount",
	};
	char mode[8];

	json_string(b, "op", op[e->name_op]);
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

static void json_event(struct buf *b, const struct out_env *env, uint64_t seq,
		       const struct event *e)
{
	begin(b, env, seq, e->time_ns, event_type_names[e->type]);
	/* A kernel worker frees maps: it is nobody's act. */
	if (e->type != EVENT_MAP_FREE)
		put_process(b, "process", &e->task);
	if (e->type != EVENT_FS_CHANGE)
		put_map(b, &e->map);
	if (e->via != VIA_NONE)
		put_element(b, e);
	if (e->type == EVENT_MAP_OPEN || e->type == EVENT_MAP_CREATE)
		put_open(b, e);
	if (e->type == EVENT_MAP_MMAP)
		put_mmap(b, e);
	if (e->path)
		json_bytes(b, "path", e->path, e->path_len);
	if (e->type == EVENT_MAP_FREEZE)
		put_result(b, e);
	if (e->type == EVENT_MAP_PIN || e->type == EVENT_MAP_UNPIN || e->type == EVENT_MAP_CHMOD ||
	    e->type == EVENT_FS_CHANGE)
		put_name(b, e);
	end(b);
}

void out_json_hooks(struct buf *b, const struct hook_state *states)
{
	json_open(b, "hooks", '[');
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = states[i].way;
		const char *loss = hook_loss(&hooks[i], &states[i]);

		json_open(b, NULL, '{');
		json_string(b, "hook", hooks[i].name);
		json_string(b, "function", way ? way->function : hooks[i].ways[0].function);
		json_string(b, "attached", hook_attached(&states[i]));
		if (states[i].why[0])
			json_string(b, "why", states[i].why);
		if (loss)
			json_string(b, "lost", loss);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void json_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	static const char *const types[] = { "monitor.start", "monitor.lost", "monitor.stop" };

	begin(b, env, seq, m->time_ns, types[m->type]);
	switch (m->type) {
	case MONITOR_START:
		json_string(b, "version", m->version);
		json_string(b, "kernel", m->kernel);
		json_string(b, "mode", m->mode);
		out_json_hooks(b, m->hooks);
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
		for (unsigned int i = 0; m->lost_by_hook && i < WIRE_HOOK_COUNT; i++)
			if (m->lost_by_hook[i])
				json_u64(b, hooks[i].name, m->lost_by_hook[i]);
		json_close(b, '}');
		put_time(b, "since", m->since_ns);
		break;
	case MONITOR_STOP:
		json_u64(b, "seen", m->seen);
		json_u64(b, "events", m->events);
		json_u64(b, "filtered", m->filtered);
		json_u64(b, "summaries", 0);
		json_u64(b, "lost", m->lost);
		break;
	}
	end(b);
}

const struct out_format out_json = { "json", json_event, json_monitor };
