/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text for a person: local time, what, who, which map, key and value.
 *
 * 19:39:19.123  update  bpftool[812]              map 12 config (array)  [0] = {enabled: 1}  was {enabled: 0}
 * 19:39:20.001  update  prog 31 on_tick           map 12 config (array)  [1] = 7  was 6  in swapper/0[0]
 * 19:39:20.420  open    evil[901] by id           map 12 config (array)  rw
 * 19:39:21.000  summary prog 31 on_tick           map 12 config (array)  4711 x update, 19:39:20.001 to 19:39:20.998
 * 19:39:21.000  alert   critical traced           process 901 (evil) traces bpfmon  (event 7)
 */
#include <inttypes.h>
#include <stdint.h>
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

static void put_clock(struct buf *b, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buf_printf(b, "%s.%03u", text, (unsigned int)(ns / 1000000 % 1000));
}

static void put_time(struct buf *b, const struct out_env *env, uint64_t ns)
{
	color(b, env, DIM);
	put_clock(b, ns);
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

void out_text_program(struct buf *b, const struct event_prog *p)
{
	if (p->full_name)
		buf_safe(b, p->full_name, strlen(p->full_name));
	else
		buf_safe(b, p->name, EVENT_NAME_BYTES);
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
		out_text_program(b, e->program);
	} else if (e->via == VIA_PROGRAM) {
		buf_str(b, "a BPF program");
	} else if (e->via == VIA_KERNEL) {
		buf_str(b, "the kernel");
	} else if (e->via == VIA_UNKNOWN) {
		buf_str(b, "an unknown writer");
	} else if (e->via == VIA_POINTER || e->via == VIA_MMAP) {
		buf_str(b, e->via == VIA_MMAP ? "through a mapping" : "through a pointer");
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
	if (m->info && m->info->full_name) {
		buf_str(b, " ");
		buf_safe(b, m->info->full_name, strlen(m->info->full_name));
	} else if (m->name[0]) {
		buf_str(b, " ");
		buf_safe(b, m->name, EVENT_NAME_BYTES);
	}
	if (maptype_name(m->type))
		buf_printf(b, " (%s)", maptype_name(m->type));
	else
		buf_printf(b, " (type %u)", m->type);
}

static void put_key(struct buf *b, const struct event *e)
{
	buf_str(b, "  [");
	out_text_bytes(b, &e->map, OUT_KEY, &e->key, NULL);
	buf_str(b, "]");
}

/* With `old`, of the same shape, only what differs from it; it may be NULL. */
static void put_value(struct buf *b, const struct event *e, enum event_value_shape shape,
		      const struct event_bytes *value, const struct event_bytes *old)
{
	struct event_bytes one, before;

	if (shape != VALUE_CPUS) {
		out_text_bytes(b, &e->map, OUT_VALUE, value, old);
		if (shape == VALUE_CPU)
			buf_printf(b, " on cpu %u", e->value_cpu);
		return;
	}
	buf_str(b, "{");
	for (uint32_t cpu = 0; cpu < e->value_cpus; cpu++) {
		one = event_cpu_value(e, value, cpu);
		if (old)
			before = event_cpu_value(e, old, cpu);
		buf_printf(b, "%scpu %u: ", cpu ? ", " : "", cpu);
		out_text_bytes(b, &e->map, OUT_VALUE, &one, old ? &before : NULL);
	}
	buf_str(b, "}");
}

/* With `now`, of the same shape, only what differs from it; it may be NULL. */
static void put_old(struct buf *b, const struct event *e, const struct event_bytes *now)
{
	if (e->old_state == OLD_READ) {
		buf_str(b, "  was ");
		put_value(b, e, e->old_shape, &e->old, now);
	} else if (e->old_state == OLD_NONE) {
		buf_str(b, "  was not there");
	}
	if (e->flip)
		buf_printf(b, "  put back after %" PRIu64 ".%" PRIu64 " s", e->flip_ns / 1000000000,
			   e->flip_ns / 100000000 % 10);
	if (e->flip && e->flip_seq != EVENT_SEQ_NONE)
		buf_printf(b, " (event %" PRIu64 ")", e->flip_seq);
}

/* Of the process: what makes it another than it looks. */
static void put_where(struct buf *b, const struct event_task *t)
{
	const struct event_process *p = t->process;

	if (t->tracer)
		buf_printf(b, "  traced by %u", t->tracer);
	if (p && p->exe_deleted)
		buf_str(b, "  exe deleted");
	if (p && p->container.id[0]) {
		buf_str(b, "  container ");
		/* As the runtimes cut it; names of machines are shown as they are. */
		buf_safe(b, p->container.id, strlen(p->container.id) == 64 ? 12 : 64);
	}
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

/* Of who opens a map otherwise: where else it is to be had. */
static void put_pins(struct buf *b, const struct event_mapfacts *f)
{
	if (!f->n_pins)
		return;
	buf_str(b, "  pinned ");
	buf_safe(b, f->pins[0].path, SIZE_MAX);
	if (f->n_pins + f->pins_more > 1)
		buf_printf(b, " and %zu more", f->n_pins + f->pins_more - 1);
}

static void put_change(struct buf *b, const struct event *e)
{
	const struct event_differs *d = &e->differs;
	const char *before = "  suspects: ";

	if (e->op == OP_DELETE)
		buf_str(b, "  is gone");
	if (d->now.size) {
		buf_printf(b, "  %zu bytes at %" PRIu64 ": ", d->now.size, d->offset);
		buf_hex(b, d->now.data, d->now.len);
		buf_str(b, " was ");
		buf_hex(b, d->old.data, d->old.len);
	}
	for (size_t i = 0; i < e->n_suspect_progs; i++, before = ", ") {
		buf_printf(b, "%sprog %u ", before, e->suspect_progs[i].id);
		buf_safe(b, e->suspect_progs[i].name, EVENT_NAME_BYTES);
	}
	for (size_t i = 0; i < e->n_suspects; i++, before = ", ") {
		buf_str(b, before);
		buf_safe(b, e->suspects[i].comm, EVENT_NAME_BYTES);
		buf_printf(b, "[%u]", e->suspects[i].pid);
	}
	if (e->suspects_cut)
		buf_str(b, " and others");
}

static void put_details(struct buf *b, const struct event *e)
{
	bool same_shape = e->old_state == OLD_READ && e->old_shape == e->shape;

	if (e->key.size)
		put_key(b, e);
	if (e->shape != VALUE_NONE || e->object.kind)
		buf_str(b, " = ");
	if (e->object.kind)
		out_text_object(b, &e->object);
	else if (e->shape != VALUE_NONE)
		put_value(b, e, e->shape, &e->value, same_shape ? &e->old : NULL);
	if (e->old_object.kind) {
		buf_str(b, "  was ");
		out_text_object(b, &e->old_object);
	} else {
		put_old(b, e, same_shape ? &e->value : NULL);
	}
	if (e->type == EVENT_MAP_CHANGE)
		put_change(b, e);
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
	} else if (e->type == EVENT_MAP_OPEN && e->map.facts) {
		put_pins(b, e->map.facts);
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

static void put_summary(struct buf *b, const struct event *e)
{
	const struct event_summary *s = &e->summary;

	buf_printf(b, "  %" PRIu64 " x %s, ", s->count, event_type_names[s->of] + strlen("map."));
	put_clock(b, s->first_ns);
	buf_str(b, " to ");
	put_clock(b, s->last_ns);
	buf_str(b, "\n");
}

static void put_alert(struct buf *b, const struct out_env *env, const struct event_alert *a)
{
	size_t start;

	if (a->severity >= SEVERITY_HIGH)
		color(b, env, RED);
	start = b->len;
	buf_printf(b, "%s ", event_severity_names[a->severity]);
	buf_safe(b, a->rule, SIZE_MAX);
	buf_pad(b, start, ACTOR_WIDTH);
	buf_safe(b, a->reason, SIZE_MAX);
	if (a->severity >= SEVERITY_HIGH)
		color(b, env, PLAIN);
	if (a->n_causes)
		buf_str(b, a->n_causes > 1 ? "  (events " : "  (event ");
	for (size_t i = 0; i < a->n_causes; i++)
		buf_printf(b, "%s%" PRIu64, i ? ", " : "", a->causes[i].seq);
	buf_str(b, a->n_causes ? ")" : "");
	if (a->suppressed)
		buf_printf(b, "  (%" PRIu64 " more held back)", a->suppressed);
	buf_str(b, "\n");
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
	static const char *const links[] = { "link", "relink", "unlink" };
	const char *type = strchr(event_type_names[e->type], '.');

	(void)seq;
	type = type ? type + 1 : event_type_names[e->type];
	if (e->type == EVENT_FS_CHANGE)
		type = fs[e->name_op];
	else if (e->type >= EVENT_LINK_CREATE && e->type <= EVENT_LINK_DETACH)
		type = links[e->type - EVENT_LINK_CREATE];
	else if (e->type == EVENT_SUMMARY)
		type = event_type_names[e->type] + strlen("monitor.");
	put_time(b, env, e->time_ns);
	color(b, env, BOLD);
	buf_str(b, type);
	color(b, env, PLAIN);
	buf_printf(b, "%*s", (int)(TYPE_WIDTH - strlen(type)), "");
	if (e->type == EVENT_ALERT) {
		put_alert(b, env, &e->alert);
		return;
	}
	put_actor(b, e);
	if (event_is_run(e))
		out_text_run(b, e);
	else if (e->type != EVENT_FS_CHANGE)
		put_map(b, &e->map);
	if (e->type == EVENT_SUMMARY) {
		put_summary(b, e);
		return;
	}
	if (!event_is_run(e))
		put_details(b, e);
	if (e->type != EVENT_MAP_CHANGE &&
	    (e->via == VIA_PROGRAM || e->via == VIA_KERNEL || e->via == VIA_UNKNOWN)) {
		buf_str(b, "  in ");
		put_task(b, &e->task);
		if (e->context > CONTEXT_TASK)
			buf_printf(b, " (%s)", context[e->context]);
	}
	if (event_has_actor(e->type))
		put_where(b, &e->task);
	if (e->has_result)
		put_error(b, env, e->result);
	buf_str(b, "\n");
}

static void put_heartbeat(struct buf *b, const struct out_env *env, const struct monitor *m)
{
	put_time(b, env, m->time_ns);
	color(b, env, DIM);
	buf_printf(b,
		   "alive   %" PRIu64 " events, %" PRIu64 " left out, %" PRIu64
		   " lost; ring %" PRIu64 " of %" PRIu64 " KiB; up %" PRIu64 " s",
		   m->events, m->filtered, m->lost, m->ring_used >> 10, m->ring_size >> 10,
		   m->uptime_ns / 1000000000);
	color(b, env, PLAIN);
	buf_str(b, "\n");
}

static void text_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	(void)seq;
	if (m->type == MONITOR_HEARTBEAT)
		put_heartbeat(b, env, m);
	/* Start and stop are said on stderr, where they can't be taken for events. */
	if (m->type != MONITOR_LOST)
		return;
	put_time(b, env, m->time_ns);
	color(b, env, RED);
	buf_printf(b, "lost    %" PRIu64 " events (", m->lost);
	buf_safe(b, m->where, SIZE_MAX);
	buf_str(b, ")");
	if (m->map_id)
		buf_printf(b, "  map %u", m->map_id);
	color(b, env, PLAIN);
	buf_str(b, "\n");
}

const struct out_format out_text = { "text", text_event, text_monitor };
