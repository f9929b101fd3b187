/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text for a person: local time, what, who, which map, key and value.
 *
 * 19:39:19.123  update  bpftool[812]              map 12 config (array)  [0] = 0100000000000000
 * 19:39:20.001  update  prog 31 on_tick           map 12 config (array)  [1] = 0700000000000000  in swapper/0[0]
 * 19:39:20.420  open    evil[901] by id           map 12 config (array)  rw
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "maptype.h"
#include "names.h"
#include "out/out.h"

#define TYPE_WIDTH 8
#define ACTOR_WIDTH 26

#define BOLD "\033[1m"
#define RED "\033[31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

static void color(struct buf *b, const struct out_env *env, const char *code)
{
	if (env->color)
		buf_str(b, code);
}

static void put_time(struct buf *b, const struct out_env *env, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	color(b, env, DIM);
	buf_printf(b, "%s.%03u", text, (unsigned int)(ns / 1000000 % 1000));
	color(b, env, PLAIN);
	buf_str(b, "  ");
}

static void put_task(struct buf *b, const struct event_task *t)
{
	buf_safe(b, t->comm, EVENT_NAME_BYTES);
	/* A thread is named beside its process. */
	if (t->tid == t->pid)
		buf_printf(b, "[%u]", t->pid);
	else
		buf_printf(b, "[%u/%u]", t->pid, t->tid);
}

static void put_actor(struct buf *b, const struct event *e)
{
	static const char *const how[HOWS] = {
		[HOW_ID] = " by id",	      [HOW_PIN] = " by pin",
		[HOW_ITERATOR] = " iterates", [HOW_RECEIVE] = " received",
		[HOW_PIDFD] = " by pidfd",    [HOW_INHERIT] = " inherited",
		[HOW_HELD] = " holds",	      [HOW_OTHER] = " otherwise",
	};
	size_t start = b->len;

	if (e->program) {
		buf_printf(b, "prog %u ", e->program->id);
		buf_safe(b, e->program->name, EVENT_NAME_BYTES);
	} else if (e->via == VIA_PROGRAM) {
		buf_str(b, "a BPF program");
	} else if (e->via == VIA_KERNEL) {
		buf_str(b, "the kernel");
	} else if (e->via == VIA_UNKNOWN) {
		buf_str(b, "an unknown writer");
	} else if (e->type == EVENT_MAP_FREE) {
		buf_str(b, "-");
	} else {
		put_task(b, &e->task);
		if (e->type == EVENT_MAP_OPEN)
			buf_str(b, how[e->how]);
		else if (e->via == VIA_BATCH)
			buf_str(b, " batch");
	}
	buf_pad(b, start, ACTOR_WIDTH);
}

static void put_map(struct buf *b, const struct event_map *m)
{
	buf_printf(b, "map %u", m->id);
	if (!m->known)
		return;
	if (m->name[0]) {
		buf_str(b, " ");
		buf_safe(b, m->name, EVENT_NAME_BYTES);
	}
	if (maptype_name(m->type))
		buf_printf(b, " (%s)", maptype_name(m->type));
	else
		buf_printf(b, " (type %u)", m->type);
}

static void put_bytes(struct buf *b, const struct event_bytes *bytes)
{
	buf_hex(b, bytes->data, bytes->len);
	if (bytes->len < bytes->size)
		buf_printf(b, "… of %zu bytes", bytes->size);
}

static void put_key(struct buf *b, const struct event *e)
{
	uint32_t index;

	buf_str(b, "  [");
	if (maptype_is_array(e->map.type) && e->key.len == sizeof(index)) {
		memcpy(&index, e->key.data, sizeof(index));
		buf_printf(b, "%u", index);
	} else {
		put_bytes(b, &e->key);
	}
	buf_str(b, "]");
}

static void put_value(struct buf *b, const struct event *e)
{
	struct event_bytes one;

	buf_str(b, " = ");
	if (e->shape != VALUE_CPUS) {
		put_bytes(b, &e->value);
		if (e->shape == VALUE_CPU)
			buf_printf(b, " on cpu %u", e->value_cpu);
		return;
	}
	buf_str(b, "{");
	for (uint32_t cpu = 0; cpu < e->value_cpus; cpu++) {
		one = event_cpu_value(e, cpu);
		buf_printf(b, "%scpu %u: ", cpu ? ", " : "", cpu);
		put_bytes(b, &one);
	}
	buf_str(b, "}");
}

static void put_error(struct buf *b, const struct out_env *env, int result)
{
	if (result >= 0)
		return;
	color(b, env, RED);
	buf_str(b, "  refused: ");
	if (error_name(result))
		buf_str(b, error_name(result));
	else
		buf_printf(b, "E%d", -result);
	color(b, env, PLAIN);
}

static void put_details(struct buf *b, const struct event *e)
{
	if (e->key.size)
		put_key(b, e);
	if (e->shape != VALUE_NONE)
		put_value(b, e);
	if (e->op == OP_LOOKUP_AND_DELETE || e->op == OP_POP)
		buf_str(b, e->op == OP_POP ? "  popped" : "  looked up");
	if (e->op == OP_PUSH)
		buf_str(b, "  pushed");
	for (const struct flag_name *f = update_flag_names; f->name; f++)
		if (e->flags & f->bit)
			buf_printf(b, "  %s", f->name);
	if ((e->type == EVENT_MAP_OPEN || e->type == EVENT_MAP_MMAP) &&
	    (e->can_read || e->can_write))
		buf_printf(b, "  %s%s", e->can_read ? "r" : "", e->can_write ? "w" : "");
	if (e->type == EVENT_MAP_MMAP && e->length)
		buf_printf(b, "  %" PRIu64 " bytes at %" PRIu64, e->length, e->offset);
	if (e->sender.comm) {
		buf_str(b, "  from ");
		put_task(b, &e->sender);
	}
	if (e->type == EVENT_MAP_CREATE)
		buf_printf(b, "  key %u value %u entries %u", e->map.key_size, e->map.value_size,
			   e->map.max_entries);
	if (e->path) {
		buf_str(b, "  ");
		buf_safe(b, e->path, e->path_len);
	}
	if (e->path2) {
		buf_str(b, e->type == EVENT_MAP_PIN ? "  was " : "  now ");
		buf_safe(b, e->path2, e->path2_len);
	}
	if (e->has_mode)
		buf_printf(b, "  mode %04o", e->mode);
	if (e->has_uid)
		buf_printf(b, "  uid %u", e->new_uid);
	if (e->has_gid)
		buf_printf(b, "  gid %u", e->new_gid);
}

static void text_event(struct buf *b, const struct out_env *env, uint64_t seq,
		       const struct event *e)
{
	static const char *const fs[NAME_OPS] = {
		[NAME_UNLINK] = "unlink", [NAME_RENAME] = "rename", [NAME_CHMOD] = "chmod",
		[NAME_MOUNT] = "mount",	  [NAME_MOVE] = "mount",    [NAME_UMOUNT] = "umount",
	};
	static const char *const context[] = {
		[CONTEXT_SOFTIRQ] = "softirq", [CONTEXT_HARDIRQ] = "hardirq", [CONTEXT_NMI] = "nmi"
	};
	const char *type = event_type_names[e->type] + strlen("map.");

	(void)seq;
	if (e->type == EVENT_FS_CHANGE)
		type = fs[e->name_op];
	put_time(b, env, e->time_ns);
	color(b, env, BOLD);
	buf_str(b, type);
	color(b, env, PLAIN);
	buf_printf(b, "%*s", (int)(TYPE_WIDTH - strlen(type)), "");
	put_actor(b, e);
	if (e->type != EVENT_FS_CHANGE)
		put_map(b, &e->map);
	put_details(b, e);
	if (e->via == VIA_PROGRAM || e->via == VIA_KERNEL || e->via == VIA_UNKNOWN) {
		buf_str(b, "  in ");
		put_task(b, &e->task);
		if (e->context > CONTEXT_TASK)
			buf_printf(b, " (%s)", context[e->context]);
	}
	if (e->has_result)
		put_error(b, env, e->result);
	buf_str(b, "\n");
}

static void text_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	(void)seq;
	/* Start and stop are said on stderr, where they can't be taken for events. */
	if (m->type != MONITOR_LOST)
		return;
	put_time(b, env, m->time_ns);
	color(b, env, RED);
	buf_printf(b, "lost    %" PRIu64 " events (%s)", m->lost, m->where);
	if (m->map_id)
		buf_printf(b, "  map %u", m->map_id);
	color(b, env, PLAIN);
	buf_str(b, "\n");
}

const struct out_format out_text = { "text", text_event, text_monitor };
