/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of what is recorded; see record_fields.h. Left out on purpose are addresses of the
 * kernel, which nobody prints and which a file that is handed on should not give away, and what
 * only serves to make an event of a record.
 */
#include "record/record_fields.h"

#include <bpf/btf.h>
#include <stdlib.h>

#include "event.h"
#include "btf/mapinfo.h"
#include "out/out.h"
#include "record/record.h"

/* STRUCT is the struct that a table is of. */
#define MEMBER(m) ((struct STRUCT *)0)->m

/* clang-format off */
/* The kind of a number is told by its type. */
#define KIND_OF(member) _Generic((member), \
	bool: FIELD_BOOL, int: FIELD_INT, uint16_t: FIELD_U16, uint32_t: FIELD_U32, uint64_t: FIELD_U64)
#define NUMBER(id, m) [id] = { KIND_OF(MEMBER(m)), offsetof(struct STRUCT, m), 0, 0, NULL }
#define ENUM(id, m, values) [id] = { FIELD_ENUM, offsetof(struct STRUCT, m), 0, values, NULL }
#define NAME(id, m) [id] = { FIELD_NAME, offsetof(struct STRUCT, m), 0, 0, NULL }
#define ARRAY(id, m) [id] = { FIELD_ARRAY, offsetof(struct STRUCT, m), 0, sizeof(MEMBER(m)), NULL }
#define FIXED(id, m, n) [id] = { FIELD_FIXED, offsetof(struct STRUCT, m), 0, n, NULL }
#define TEXT(id, m) [id] = { FIELD_TEXT, offsetof(struct STRUCT, m), 0, 0, NULL }
#define SHARED(id, m, what) [id] = { FIELD_SHARED, offsetof(struct STRUCT, m), 0, what, NULL }
#define SHARED_BYTES(id, m, what, key) \
	[id] = { FIELD_SHARED, offsetof(struct STRUCT, m), offsetof(struct STRUCT, key), what, NULL }
#define BYTES(id, m, n) \
	[id] = { FIELD_BYTES, offsetof(struct STRUCT, m), offsetof(struct STRUCT, n), 0, NULL }
#define LIST(id, m, n, max, table) \
	[id] = { FIELD_LIST, offsetof(struct STRUCT, m), offsetof(struct STRUCT, n), max, &(table) }
#define ROWS(id, m, n, table) [id] = { FIELD_ROWS, offsetof(struct STRUCT, m), \
	offsetof(struct STRUCT, n), sizeof(MEMBER(m)) / sizeof(MEMBER(m)[0]), &(table) }
#define CHOICE(id, m, which, tables) [id] = { FIELD_CHOICE, offsetof(struct STRUCT, m), \
	offsetof(struct STRUCT, which), sizeof(tables) / sizeof((tables)[0]), tables }
#define TABLE(rows, type) { rows, sizeof(rows) / sizeof((rows)[0]), sizeof(struct type) }
/* clang-format on */

/* Enums are in the file by number: a new value goes to the end. */
#define IS(name, number) \
	_Static_assert((name) == (number), "a number in recordings changed: " #name)
IS(EVENT_MAP_CREATE, 0);
IS(EVENT_FS_CHANGE, 11);
IS(EVENT_MAP_CHANGE, 13);
IS(EVENT_PROG_LOAD, 14);
IS(EVENT_LINK_DETACH, 20);
IS(EVENT_SUMMARY, 21);
IS(VIA_UNKNOWN, 5);
IS(VIA_MMAP, 7);
IS(OP_LOOKUP, 5);
IS(HOW_OTHER, 8);
IS(CONTEXT_NMI, 4);
IS(NAME_UMOUNT, 9);
IS(VALUE_CPUS, 3);
IS(OLD_NONE, 2);
IS(OBJECT_CPU, 7);
IS(EVENT_ALERT, 12);
IS(SEVERITY_CRITICAL, 4);
IS(MONITOR_STOP, 2);
IS(MONITOR_HEARTBEAT, 3);

/* Of each kind of object what is in the union for it; an address is of 4 or 16 bytes, in 16. */
#define STRUCT event_object
static const struct field named_rows[] = {
	NUMBER(1, named.id),
	NUMBER(2, named.type),
	NAME(3, named.name),
};
static const struct field perf_rows[] = {
	NUMBER(1, perf.config),
	NUMBER(2, perf.type),
	NUMBER(3, perf.cpu),
};
static const struct field cgroup_rows[] = {
	NUMBER(1, cgroup.id),
	BYTES(2, cgroup.names, cgroup.names_len),
};
static const struct field socket_rows[] = {
	NUMBER(1, socket.family),      NUMBER(2, socket.protocol), NUMBER(3, socket.local_port),
	NUMBER(4, socket.remote_port), FIXED(5, socket.local, 16), FIXED(6, socket.remote, 16),
	NUMBER(7, socket.ifindex),     NUMBER(8, socket.queue),
};
static const struct field target_rows[] = {
	NUMBER(1, target.number),     NUMBER(2, target.qsize),	      NAME(3, target.name),
	NUMBER(4, target.program.id), NUMBER(5, target.program.type), NAME(6, target.program.name),
};
static const struct field_table object_fields[] = {
	[OBJECT_PROGRAM] = TABLE(named_rows, event_object),
	[OBJECT_MAP] = TABLE(named_rows, event_object),
	[OBJECT_PERF_EVENT] = TABLE(perf_rows, event_object),
	[OBJECT_CGROUP] = TABLE(cgroup_rows, event_object),
	[OBJECT_SOCKET] = TABLE(socket_rows, event_object),
	[OBJECT_NETDEV] = TABLE(target_rows, event_object),
	[OBJECT_CPU] = TABLE(target_rows, event_object),
};
#undef STRUCT

#define STRUCT event_cause
static const struct field cause_rows[] = {
	NUMBER(1, seq),
};
static const struct field_table cause_fields = TABLE(cause_rows, event_cause);
#undef STRUCT

#define STRUCT event_suspect_prog
static const struct field suspect_prog_rows[] = {
	NUMBER(1, id),
	NUMBER(2, type),
	ARRAY(3, name),
};
static const struct field_table suspect_prog_fields = TABLE(suspect_prog_rows, event_suspect_prog);
#undef STRUCT

#define STRUCT event_suspect
static const struct field suspect_rows[] = {
	NUMBER(1, pid),
	ARRAY(2, comm),
};
static const struct field_table suspect_fields = TABLE(suspect_rows, event_suspect);
#undef STRUCT

#define STRUCT event_used
static const struct field used_rows[] = {
	NUMBER(1, id),
	ARRAY(2, name),
};
static const struct field_table used_fields = TABLE(used_rows, event_used);
#undef STRUCT

#define STRUCT event
static const struct field event_rows[] = {
	ENUM(1, type, EVENT_TYPES),
	NUMBER(2, time_ns),
	NUMBER(3, task.pid),
	NUMBER(4, task.tid),
	NUMBER(5, task.uid),
	NUMBER(6, task.cpu),
	NAME(7, task.comm),
	NUMBER(8, task.ppid),
	NUMBER(9, task.exec),
	NUMBER(10, task.start_ns),
	NUMBER(11, map.known),
	NUMBER(12, map.id),
	NUMBER(13, map.type),
	NUMBER(14, map.key_size),
	NUMBER(15, map.value_size),
	NUMBER(16, map.max_entries),
	NUMBER(17, map.flags),
	NUMBER(18, map.frozen),
	NAME(19, map.name),
	ENUM(20, via, VIAS),
	ENUM(21, context, CONTEXT_NMI + 1),
	ENUM(22, op, OP_LOOKUP + 1),
	NUMBER(23, flags),
	SHARED(24, program, SHARED_PROG),
	TEXT(25, program_error),
	BYTES(26, key.data, key.len),
	NUMBER(27, key.size),
	ENUM(28, shape, VALUE_CPUS + 1),
	BYTES(29, value.data, value.len),
	NUMBER(30, value.size),
	NUMBER(31, value_cpu),
	NUMBER(32, value_cpus),
	NUMBER(33, value_bytes_max),
	NUMBER(34, has_result),
	NUMBER(35, result),
	ENUM(36, how, HOWS),
	NUMBER(37, can_read),
	NUMBER(38, can_write),
	NUMBER(39, fd),
	BYTES(40, path, path_len),
	BYTES(41, path2, path2_len),
	NUMBER(42, offset),
	NUMBER(43, length),
	NAME(44, sender.comm),
	NUMBER(45, sender.pid),
	NUMBER(46, sender.tid),
	NUMBER(47, sender.uid),
	NUMBER(48, sender.ppid),
	ENUM(49, name_op, NAME_OPS),
	NUMBER(50, has_mode),
	NUMBER(51, mode),
	NUMBER(52, has_uid),
	NUMBER(53, new_uid),
	NUMBER(54, has_gid),
	NUMBER(55, new_gid),
	SHARED(56, map.info, SHARED_MAPINFO),
	ENUM(57, old_state, OLD_NONE + 1),
	ENUM(58, old_shape, VALUE_CPUS + 1),
	BYTES(59, old.data, old.len),
	NUMBER(60, old.size),
	NUMBER(61, flip),
	NUMBER(62, flip_seq),
	NUMBER(63, flip_ns),
	NUMBER(68, task.tracer),
	NUMBER(69, task.started_ns),
	SHARED(70, task.process, SHARED_PROCESS),
	NUMBER(71, sender.tracer),
	NUMBER(72, sender.started_ns),
	SHARED(73, sender.process, SHARED_PROCESS),
	ENUM(64, object.kind, OBJECT_CPU + 1),
	CHOICE(65, object, object.kind, object_fields),
	ENUM(66, old_object.kind, OBJECT_CPU + 1),
	CHOICE(67, old_object, old_object.kind, object_fields),
	SHARED(74, map.facts, SHARED_MAPFACTS),
	TEXT(75, alert.rule),
	TEXT(76, alert.reason),
	ENUM(77, alert.severity, SEVERITIES),
	LIST(78, alert.causes, alert.n_causes, EVENT_CAUSES, cause_fields),
	NUMBER(79, differs.offset),
	BYTES(80, differs.now.data, differs.now.len),
	NUMBER(81, differs.now.size),
	BYTES(82, differs.old.data, differs.old.len),
	NUMBER(83, differs.old.size),
	LIST(84, suspect_progs, n_suspect_progs, 4096, suspect_prog_fields),
	LIST(85, suspects, n_suspects, 4096, suspect_fields),
	NUMBER(86, suspects_cut),
	NUMBER(87, run.program.id),
	NUMBER(88, run.program.type),
	ARRAY(89, run.program.tag),
	ARRAY(90, run.program.name),
	NUMBER(91, run.old_program.id),
	NUMBER(92, run.old_program.type),
	ARRAY(93, run.old_program.tag),
	ARRAY(94, run.old_program.name),
	NUMBER(95, run.link_id),
	NUMBER(96, run.link_type),
	NUMBER(97, run.has_attach_type),
	NUMBER(98, run.attach_type),
	TEXT(99, run.name),
	ENUM(100, alert.of, EVENT_TYPES + 1),
	TEXT(101, alert.mitre),
	NUMBER(102, alert.count),
	NUMBER(103, alert.suppressed),
	LIST(104, run.maps, run.n_maps, WIRE_USED, used_fields),
	NUMBER(105, run.maps_more),
	ENUM(106, summary.of, EVENT_TYPES),
	NUMBER(107, summary.count),
	NUMBER(108, summary.first_ns),
	NUMBER(109, summary.last_ns),
	TEXT(110, run.program.full_name),
	TEXT(111, run.old_program.full_name),
};
#undef STRUCT

#define STRUCT event_prog
static const struct field prog_rows[] = {
	NUMBER(1, id),	       NUMBER(2, type),	      ARRAY(3, tag),
	ARRAY(4, name),	       NUMBER(5, has_loader), NUMBER(6, loader_pid),
	NUMBER(7, loader_uid), ARRAY(8, loader_comm), TEXT(9, full_name),
};
#undef STRUCT

#define STRUCT event_mapinfo
static const struct field mapinfo_rows[] = {
	NUMBER(1, btf_id),   SHARED_BYTES(2, btf, SHARED_BTF, btf_id),
	NUMBER(3, key_type), NUMBER(4, value_type),
	TEXT(5, full_name),
};
#undef STRUCT

#define STRUCT event_ancestor
static const struct field ancestor_rows[] = {
	NUMBER(1, pid),
	ARRAY(2, comm),
};
static const struct field_table ancestor_fields = TABLE(ancestor_rows, event_ancestor);
#undef STRUCT

#define STRUCT event_process
static const struct field process_rows[] = {
	TEXT(1, exe),
	NUMBER(2, exe_deleted),
	BYTES(3, args, args_len),
	NUMBER(4, args_cut),
	TEXT(5, cgroup),	/* tells the container, too */
	NUMBER(6, has_loginuid),
	NUMBER(7, loginuid),
	NUMBER(8, ns_pid),
	ROWS(9, ancestors, n_ancestors, ancestor_fields),
};
#undef STRUCT

#define STRUCT event_pin
static const struct field pin_rows[] = { TEXT(1, path) };
static const struct field_table pin_fields = TABLE(pin_rows, event_pin);
#undef STRUCT

#define STRUCT event_id
static const struct field id_rows[] = { NUMBER(1, id) };
static const struct field_table id_fields = TABLE(id_rows, event_id);
#undef STRUCT

#define STRUCT event_mapfacts
static const struct field mapfacts_rows[] = {
	NUMBER(1, created_ns),
	NUMBER(2, creator_pid),
	ARRAY(3, creator_comm),
	TEXT(4, creator_exe),
	ROWS(5, pins, n_pins, pin_fields),
	NUMBER(6, pins_more),
	ROWS(7, users, n_users, id_fields),
	NUMBER(8, users_more),
	NUMBER(9, inner.type),
	NUMBER(10, inner.key_size),
	NUMBER(11, inner.value_size),
	NUMBER(12, inner.max_entries),
	NUMBER(13, inner.flags),
	ROWS(14, parents, n_parents, id_fields),
	NUMBER(15, parents_cut),
};
#undef STRUCT

static void process_complete(void *thing, uint64_t serial)
{
	struct event_process *p = thing;

	p->serial = serial;
	if (p->cgroup)
		container_parse(p->cgroup, &p->container);
}

/* Types of no BTF, as of one that can't be read, are none. */
static void mapinfo_complete(void *thing, uint64_t serial)
{
	struct event_mapinfo *info = thing;

	(void)serial;
	if (!info->btf)
		info->key_type = info->value_type = 0;
}

static uint64_t mapfacts_serial(const void *thing)
{
	return ((const struct event_mapfacts *)thing)->serial;
}

static void mapfacts_close(void *thing)
{
	free((char *)((struct event_mapfacts *)thing)->json);
}

/* Kept of each; what bpfmon records is some 13 KiB at most. */
#define MAPFACTS_TEXT_MAX 65536

/* A pin without a path is none. The text is the reader's own: what a file says is no JSON. */
static void mapfacts_complete(void *thing, uint64_t serial)
{
	struct event_mapfacts *f = thing;
	size_t kept = 0;

	for (size_t i = 0; i < f->n_pins; i++)
		if (f->pins[i].path)
			f->pins[kept++] = f->pins[i];
	f->n_pins = kept;
	f->serial = serial;
	f->json = out_json_mapfacts_text(f, &f->json_len);
	if (f->json_len > MAPFACTS_TEXT_MAX) {
		mapfacts_close(f);
		f->json = NULL;	/* it is put together for each event */
	}
}

static const void *btf_bytes(const void *btf, uint32_t *size)
{
	return btf__raw_data(btf, size);
}

static void *btf_open(const void *bytes, size_t size)
{
	return mapinfo_parse_btf(bytes, (uint32_t)size);
}

static void btf_close(void *btf)
{
	btf__free(btf);
}

#define STRUCT hook_report
static const struct field hook_rows[] = {
	TEXT(1, name), TEXT(2, function), TEXT(3, attached),
	TEXT(4, why),  TEXT(5, loss),	  NUMBER(6, lost),
};
static const struct field_table hook_fields = TABLE(hook_rows, hook_report);
#undef STRUCT

#define STRUCT monitor_output
static const struct field output_rows[] = {
	TEXT(1, name), TEXT(2, type), NUMBER(3, lines), NUMBER(4, lost), NUMBER(5, queued),
};
static const struct field_table output_fields = TABLE(output_rows, monitor_output);
#undef STRUCT

#define STRUCT monitor
static const struct field monitor_rows[] = {
	ENUM(1, type, MONITOR_TYPES),
	NUMBER(2, time_ns),
	LIST(3, hooks, n_hooks, 4096, hook_fields),
	TEXT(4, mode),
	TEXT(5, kernel),
	TEXT(6, version),
	TEXT(7, where),
	NUMBER(8, map_id),
	NUMBER(9, lost),
	NUMBER(10, since_ns),
	NUMBER(11, seen),
	NUMBER(12, events),
	NUMBER(13, filtered),
	NUMBER(14, ring_used),
	NUMBER(15, ring_size),
	NUMBER(16, uptime_ns),
	NUMBER(17, interval_ns),
	NUMBER(18, compared.maps),
	NUMBER(19, compared.too_large),
	NUMBER(20, compared.rounds),
	NUMBER(21, compared.interval_ns),
	NUMBER(22, compared.skipped),
	LIST(23, outputs, n_outputs, 64, output_fields),
	NUMBER(24, summaries),
	NUMBER(25, summarized),
};
#undef STRUCT

#define STRUCT record_info
static const struct field info_rows[] = {
	NUMBER(1, minor), TEXT(2, host),   TEXT(3, kernel),
	TEXT(4, version), NUMBER(5, cpus), NUMBER(6, start_ns),
};
#undef STRUCT

#define STRUCT record_end
static const struct field end_rows[] = {
	NUMBER(1, blocks),
	NUMBER(2, events),
};
#undef STRUCT

static const struct field_table prog_fields = TABLE(prog_rows, event_prog);
static const struct field_table mapinfo_fields = TABLE(mapinfo_rows, event_mapinfo);
static const struct field_table process_fields = TABLE(process_rows, event_process);
static const struct field_table mapfacts_fields = TABLE(mapfacts_rows, event_mapfacts);
const struct field_table record_event_fields = TABLE(event_rows, event);
const struct field_table record_monitor_fields = TABLE(monitor_rows, monitor);
const struct field_table record_info_fields = TABLE(info_rows, record_info);
const struct field_table record_end_fields = TABLE(end_rows, record_end);

const struct shared_kind record_shared[SHARED_KINDS] = {
	[SHARED_PROG] = { .fields = &prog_fields },
	[SHARED_BTF] = { .bytes = btf_bytes, .open = btf_open, .close = btf_close },
	[SHARED_MAPINFO] = { .fields = &mapinfo_fields, .complete = mapinfo_complete },
	[SHARED_PROCESS] = { .fields = &process_fields, .complete = process_complete },
	[SHARED_MAPFACTS] = { .fields = &mapfacts_fields,
			      .serial = mapfacts_serial,
			      .complete = mapfacts_complete,
			      .close = mapfacts_close },
};
