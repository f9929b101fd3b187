/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs there are and where they run, in each format.
 *
 * "program":{"id":31,"name":"on_tick","type":"raw_tracepoint","tag":"a04f5eef06a7f555"},
 * "maps":[12,13],"link":{"id":4,"type":"raw_tracepoint"},"target":{"name":"sched_switch"}
 *
 * link    bpftool[812]              prog 31 on_tick (raw_tracepoint)  link 4 (raw_tracepoint)  to sched_switch
 */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "out/out.h"

#define NUMBER_ROOM 16

/* The name of a type, or its number. */
static const char *named(const char *name, uint32_t number, char text[NUMBER_ROOM])
{
	if (name)
		return name;
	snprintf(text, NUMBER_ROOM, "%u", number);
	return text;
}

static const char *link_type(uint32_t type, char text[NUMBER_ROOM])
{
	return named(link_type_name(type), type, text);
}

static const char *attach_type(uint32_t type, char text[NUMBER_ROOM])
{
	return named(attach_type_name(type), type, text);
}

static bool is_known(const struct event_prog *p)
{
	return p->id || p->type || p->name[0];
}

/* ---- JSON ---- */

static void json_target(struct buf *b, const struct event *e)
{
	const struct event_run *r = &e->run;
	char text[NUMBER_ROOM], path[WIRE_CGROUP_ROOM + 2];

	if (!r->has_attach_type && !r->name && !e->object.kind)
		return;
	json_open(b, "target", '{');
	if (r->has_attach_type)
		json_string(b, "attach_type", attach_type(r->attach_type, text));
	if (r->name)
		json_bytes(b, "name", r->name, SIZE_MAX);
	if (e->object.kind == OBJECT_CGROUP) {
		json_u64(b, "cgroup_id", e->object.cgroup.id);
		if (out_cgroup_path(&e->object, path))
			json_bytes(b, "cgroup", path, SIZE_MAX);
	} else if (e->object.kind == OBJECT_MAP) {
		json_u64(b, "map", e->object.named.id);
	} else if (e->object.kind == OBJECT_PROGRAM) {
		json_u64(b, "program", e->object.named.id);
	} else if (e->object.kind == OBJECT_NETDEV) {
		json_u64(b, "ifindex", e->object.target.number);
	} else if (e->object.kind == OBJECT_PERF_EVENT) {
		out_json_object(b, "perf_event", &e->object);
	}
	json_close(b, '}');
}

void out_json_run(struct buf *b, const struct event *e)
{
	const struct event_run *r = &e->run;
	char text[NUMBER_ROOM];

	if (e->via == VIA_KERNEL)
		json_string(b, "via", "kernel");
	if (is_known(&r->program))
		out_json_program(b, "program", &r->program);
	if (r->old_program.id)
		out_json_program(b, "old_program", &r->old_program);
	if (e->type == EVENT_PROG_UNLOAD || (e->type == EVENT_PROG_LOAD && r->program.id)) {
		json_open(b, "maps", '[');
		for (size_t i = 0; i < r->n_maps; i++)
			json_u64(b, NULL, r->maps[i].id);
		json_close(b, ']');
		if (r->maps_more)
			json_u64(b, "maps_more", r->maps_more);
	}
	if (r->link_id) {
		json_open(b, "link", '{');
		json_u64(b, "id", r->link_id);
		json_string(b, "type", link_type(r->link_type, text));
		json_close(b, '}');
	}
	json_target(b, e);
}

/* ---- text ---- */

static void text_program(struct buf *b, const struct event_prog *p)
{
	const char *type = prog_type_name(p->type);
	char text[NUMBER_ROOM];

	buf_str(b, "prog ");
	if (p->id)
		buf_printf(b, "%u ", p->id);
	if (p->name[0]) {
		out_text_program(b, p);
		buf_str(b, " ");
	}
	buf_printf(b, "(%s)", named(type, p->type, text));
}

static void text_target(struct buf *b, const struct event *e)
{
	const struct event_run *r = &e->run;
	char text[NUMBER_ROOM], path[WIRE_CGROUP_ROOM + 2];

	if (r->has_attach_type)
		buf_printf(b, "  %s", attach_type(r->attach_type, text));
	if (r->name) {
		buf_str(b, "  at ");
		buf_safe(b, r->name, SIZE_MAX);
	}
	if (e->object.kind == OBJECT_CGROUP) {
		buf_str(b, "  at cgroup ");
		if (out_cgroup_path(&e->object, path))
			buf_safe(b, path, SIZE_MAX);
		else
			buf_printf(b, "%llu", (unsigned long long)e->object.cgroup.id);
	} else if (e->object.kind == OBJECT_MAP) {
		buf_printf(b, "  at map %u", e->object.named.id);
	} else if (e->object.kind == OBJECT_PROGRAM) {
		buf_printf(b, "  at prog %u", e->object.named.id);
	} else if (e->object.kind == OBJECT_NETDEV) {
		buf_printf(b, "  at device %u", e->object.target.number);
	} else if (e->object.kind == OBJECT_PERF_EVENT) {
		buf_str(b, "  at ");
		out_text_object(b, &e->object);
	}
}

void out_text_run(struct buf *b, const struct event *e)
{
	const struct event_run *r = &e->run;
	char text[NUMBER_ROOM];

	if (is_known(&r->program))
		text_program(b, &r->program);
	else
		buf_str(b, "no program");
	if (r->link_id)
		buf_printf(b, "  link %u (%s)", r->link_id, link_type(r->link_type, text));
	text_target(b, e);
	if (r->old_program.id) {
		buf_str(b, "  was ");
		text_program(b, &r->old_program);
	}
	if (e->type != EVENT_PROG_LOAD && e->type != EVENT_PROG_UNLOAD)
		return;
	for (size_t i = 0; i < r->n_maps; i++)
		buf_printf(b, "%s%u", i ? ", " : "  maps ", r->maps[i].id);
	if (r->maps_more)
		buf_printf(b, " and %u more", r->maps_more);
}
