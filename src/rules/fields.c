/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of fields of rules, and how each is read; see fields.h. */
#include "rules/fields.h"

#include <inttypes.h>
#include <string.h>

#include "maptype.h"
#include "names.h"
#include "out/out.h"

/* ---- facts ---- */

static bool text(struct fact *f, const char *s)
{
	if (!s)
		return false;
	*f = (struct fact){ .kind = FACT_TEXT, .text = s, .len = strlen(s) };
	return true;
}

/* At most so many bytes, maybe without a NUL. */
static bool name(struct fact *f, const char *s, size_t size)
{
	if (!s)
		return false;
	*f = (struct fact){ .kind = FACT_TEXT, .text = s, .len = strnlen(s, size) };
	return true;
}

static bool number(struct fact *f, uint64_t n)
{
	*f = (struct fact){ .kind = FACT_NUMBER, .number = (int64_t)n, .has_number = true };
	return true;
}

static bool is(struct fact *f, bool value)
{
	*f = (struct fact){ .kind = FACT_BOOL, .number = value, .has_number = true };
	return true;
}

static bool bytes(struct fact *f, const struct event_bytes *b)
{
	if (!b->size)
		return false;
	*f = (struct fact){ .kind = FACT_BYTES, .text = (const char *)b->data, .len = b->len };
	return true;
}

/* An enumerator of somebody's table, or its number where that has no name. */
static bool choice(struct fact *f, const char *s, uint32_t n)
{
	if (!s)
		return number(f, n);
	text(f, s);
	f->number = n;
	f->has_number = true;
	return true;
}

/* The i-th of the names of the bits that are set. */
static bool flag(struct fact *f, const struct flag_name *names, uint64_t flags, size_t i)
{
	for (; names->name; names++)
		if (flags & names->bit && !i--)
			return text(f, names->name);
	return false;
}

#define GET(what) \
	static bool get_##what(const struct event *e, const char *member, size_t i, struct fact *f)
/* One value, where `known`. */
#define GET_ONE(what, known, fact)                                                             \
	GET(what)                                                                              \
	{                                                                                      \
		(void)member;                                                                  \
		return !i && (known) && (fact);                                                \
	}

/* ---- the event ---- */

GET_ONE(type, true, text(f, event_type_names[e->type]))
GET_ONE(via, event_via_names[e->via], text(f, event_via_names[e->via]))
GET_ONE(op,
	e->type == EVENT_MAP_PIN || e->type == EVENT_MAP_UNPIN || e->type == EVENT_MAP_CHMOD ||
		e->type == EVENT_FS_CHANGE || (e->via != VIA_NONE && event_op_names[e->op]),
	text(f, e->via == VIA_NONE ? event_name_op_names[e->name_op] : event_op_names[e->op]))
GET_ONE(how, e->type == EVENT_MAP_OPEN || e->type == EVENT_MAP_CREATE,
	text(f, event_how_names[e->how]))
GET_ONE(context, event_context_names[e->context], text(f, event_context_names[e->context]))
GET_ONE(mode, e->can_read || e->can_write,
	text(f, e->can_read && e->can_write ? "rw" :
		e->can_read		    ? "r" :
					      "w"))
GET_ONE(fd, e->fd >= 0, number(f, (uint64_t)e->fd))
GET_ONE(path, e->path, name(f, e->path, e->path_len))
GET_ONE(path2, e->path2, name(f, e->path2, e->path2_len))
GET_ONE(mode_bits, e->has_mode, number(f, e->mode))
GET_ONE(new_uid, e->has_uid, number(f, e->new_uid))
GET_ONE(new_gid, e->has_gid, number(f, e->new_gid))
GET_ONE(flip, e->via != VIA_NONE, is(f, e->flip))
GET_ONE(existed, e->old_state != OLD_UNKNOWN, is(f, e->old_state == OLD_READ))
GET_ONE(program_error, e->program_error, text(f, e->program_error))
GET_ONE(host_length, e->type == EVENT_MAP_MMAP && e->length, number(f, e->length))

GET(flags)
{
	(void)member;
	return e->via != VIA_NONE &&
	       flag(f, update_flag_names, e->flags & UPDATE_F_CPU ? (uint32_t)e->flags : e->flags,
		    i);
}

GET_ONE(of, e->type == EVENT_SUMMARY, text(f, event_type_names[e->summary.of]))
GET_ONE(count, e->type == EVENT_SUMMARY, number(f, e->summary.count))

/* "0", or the name of the error; one without a name is its number, below 0. */
GET(result)
{
	const char *error = e->result < 0 ? error_name(e->result) : "0";

	(void)member;
	if (i || !e->has_result)
		return false;
	if (!error)
		return number(f, (uint64_t)(int64_t)e->result);
	text(f, error);
	f->number = e->result < 0 ? e->result : 0;
	f->has_number = true;
	return true;
}

/* ---- keys and values ---- */

GET_ONE(key, true, bytes(f, &e->key))
GET_ONE(value, e->shape != VALUE_NONE, bytes(f, &e->value))
GET_ONE(old, e->old_state == OLD_READ && e->old_shape != VALUE_NONE, bytes(f, &e->old))
GET_ONE(key_size, e->key.size, number(f, e->key.size))
GET_ONE(value_size, e->shape != VALUE_NONE && e->value.size, number(f, e->value.size))

static uint32_t key_type(const struct event *e)
{
	return e->map.info ? e->map.info->key_type : 0;
}

static uint32_t value_type(const struct event *e)
{
	return e->map.info ? e->map.info->value_type : 0;
}

static bool one_value(enum event_value_shape shape)
{
	return shape == VALUE_ONE || shape == VALUE_CPU;
}

GET_ONE(key_btf, e->key.size, rule_member(e->map.info, key_type(e), &e->key, member, f))
GET_ONE(value_btf, one_value(e->shape),
	rule_member(e->map.info, value_type(e), &e->value, member, f))
GET_ONE(old_btf, e->old_state == OLD_READ && one_value(e->old_shape),
	rule_member(e->map.info, value_type(e), &e->old, member, f))

/* By its size alone, as in JSON, without a sign. */
static bool as_number(struct fact *f, const struct event_bytes *b)
{
	uint64_t u64 = 0;
	uint32_t u32;
	uint16_t u16;

	if (b->len != b->size)
		return false;
	switch (b->size) {
	case 1:
		return number(f, b->data[0]);
	case 2:
		memcpy(&u16, b->data, sizeof(u16));
		return number(f, u16);
	case 4:
		memcpy(&u32, b->data, sizeof(u32));
		return number(f, u32);
	case 8:
		memcpy(&u64, b->data, sizeof(u64));
		return number(f, u64);
	default:
		return false;
	}
}

GET_ONE(key_number, e->key.size, as_number(f, &e->key))
GET_ONE(value_number, one_value(e->shape), as_number(f, &e->value))
GET_ONE(old_number, e->old_state == OLD_READ && one_value(e->old_shape), as_number(f, &e->old))

static bool object_kind(struct fact *f, const struct event_object *o)
{
	static const char *const kinds[] = {
		[OBJECT_PROGRAM] = "program",
		[OBJECT_MAP] = "map",
		[OBJECT_PERF_EVENT] = "perf_event",
		[OBJECT_CGROUP] = "cgroup",
		[OBJECT_SOCKET] = "socket",
		[OBJECT_NETDEV] = "netdev",
		[OBJECT_CPU] = "cpu",
	};

	return text(f, kinds[o->kind]);
}

static bool is_named(const struct event_object *o)
{
	return (o->kind == OBJECT_PROGRAM || o->kind == OBJECT_MAP) && o->named.id;
}

GET_ONE(object_kind, true, object_kind(f, &e->object))
GET_ONE(object_id, is_named(&e->object), number(f, e->object.named.id))
GET_ONE(object_name, is_named(&e->object), name(f, e->object.named.name, EVENT_NAME_BYTES))
GET_ONE(old_object_kind, true, object_kind(f, &e->old_object))
GET_ONE(old_object_id, is_named(&e->old_object), number(f, e->old_object.named.id))
GET_ONE(old_object_name, is_named(&e->old_object),
	name(f, e->old_object.named.name, EVENT_NAME_BYTES))

/* ---- the map ---- */

static bool has_map(const struct event *e)
{
	return e->type != EVENT_FS_CHANGE && e->type != EVENT_ALERT;
}

static bool knows_map(const struct event *e)
{
	return has_map(e) && e->map.known;
}

static const struct event_mapfacts *facts_of(const struct event *e)
{
	return has_map(e) ? e->map.facts : NULL;
}

static const struct event_mapfacts *creation_of(const struct event *e)
{
	const struct event_mapfacts *facts = facts_of(e);

	return facts && facts->created_ns ? facts : NULL;
}

GET_ONE(map_id, has_map(e), number(f, e->map.id))
GET_ONE(map_type, knows_map(e), choice(f, maptype_name(e->map.type), e->map.type))
GET_ONE(map_key_size, knows_map(e), number(f, e->map.key_size))
GET_ONE(map_value_size, knows_map(e), number(f, e->map.value_size))
GET_ONE(map_max_entries, knows_map(e), number(f, e->map.max_entries))
GET_ONE(map_frozen, knows_map(e), is(f, e->map.frozen))

/* The kernel's 15 bytes of it, and the whole where that is known. */
GET(map_name)
{
	(void)member;
	if (i > 1 || !knows_map(e))
		return false;
	if (i)
		return e->map.info && text(f, e->map.info->full_name);
	return name(f, e->map.name, EVENT_NAME_BYTES);
}

GET(map_flags)
{
	(void)member;
	return knows_map(e) && flag(f, map_flag_names, e->map.flags, i);
}

GET(map_pins)
{
	const struct event_mapfacts *facts = facts_of(e);

	(void)member;
	return facts && i < facts->n_pins && text(f, facts->pins[i].path);
}

GET(map_users)
{
	const struct event_mapfacts *facts = facts_of(e);

	(void)member;
	return facts && i < facts->n_users && number(f, facts->users[i].id);
}

GET(map_parents)
{
	const struct event_mapfacts *facts = facts_of(e);

	(void)member;
	return facts && i < facts->n_parents && number(f, facts->parents[i].id);
}

GET_ONE(creator_pid, creation_of(e), number(f, creation_of(e)->creator_pid))
GET_ONE(creator_comm, creation_of(e), name(f, creation_of(e)->creator_comm, EVENT_NAME_BYTES))
GET_ONE(creator_exe, creation_of(e), text(f, creation_of(e)->creator_exe))

/* ---- the process ---- */

static bool has_task(const struct event *e)
{
	return e->task.comm && event_has_actor(e->type) && e->type != EVENT_ALERT;
}

static const struct event_process *process_of(const struct event *e)
{
	return has_task(e) ? e->task.process : NULL;
}

GET_ONE(pid, has_task(e), number(f, e->task.pid))
GET_ONE(tid, has_task(e), number(f, e->task.tid))
GET_ONE(ppid, has_task(e) && e->task.ppid, number(f, e->task.ppid))
GET_ONE(uid, has_task(e), number(f, e->task.uid))
GET_ONE(comm, has_task(e), name(f, e->task.comm, EVENT_NAME_BYTES))
GET_ONE(traced_by, has_task(e) && e->task.tracer, number(f, e->task.tracer))
GET_ONE(exe, process_of(e), text(f, process_of(e)->exe))
GET_ONE(exe_deleted, process_of(e), is(f, process_of(e)->exe_deleted))
GET_ONE(cgroup, process_of(e), text(f, process_of(e)->cgroup))
GET_ONE(loginuid, process_of(e) && process_of(e)->has_loginuid, number(f, process_of(e)->loginuid))
GET_ONE(ns_pid, process_of(e) && process_of(e)->ns_pid, number(f, process_of(e)->ns_pid))
GET_ONE(container, process_of(e) && process_of(e)->container.id[0],
	name(f, process_of(e)->container.id, CONTAINER_ID_BYTES))
GET_ONE(runtime, process_of(e), text(f, process_of(e)->container.runtime))
GET_ONE(pod, process_of(e) && process_of(e)->container.pod[0],
	name(f, process_of(e)->container.pod, sizeof(process_of(e)->container.pod)))

GET(args)
{
	const struct event_process *p = process_of(e);
	size_t at = 0, n;

	(void)member;
	for (; p && p->args && at < p->args_len; at += n + 1) {
		n = strnlen(p->args + at, p->args_len - at);
		if (!i--)
			return name(f, p->args + at, n);
	}
	return false;
}

GET(ancestors)
{
	const struct event_process *p = process_of(e);

	(void)member;
	return p && i < p->n_ancestors && name(f, p->ancestors[i].comm, EVENT_NAME_BYTES);
}

/* ---- the program, the sender, and alerts ---- */

static bool prog_type(struct fact *f, uint32_t type)
{
	return choice(f, prog_type_name(type), type);
}

static bool prog_tag(struct fact *f, const struct event_prog *p)
{
	*f = (struct fact){ .kind = FACT_BYTES,
			    .text = (const char *)p->tag,
			    .len = sizeof(p->tag) };
	return true;
}

GET_ONE(prog_id, event_program(e), number(f, event_program(e)->id))

/* Both names, as of a map. */
GET(prog_name)
{
	const struct event_prog *p = event_program(e);

	(void)member;
	if (!p || i > 1)
		return false;
	return i ? p->full_name && text(f, p->full_name) : name(f, p->name, EVENT_NAME_BYTES);
}

GET_ONE(prog_type, event_program(e), prog_type(f, event_program(e)->type))
GET_ONE(prog_tag, event_program(e), prog_tag(f, event_program(e)))
GET_ONE(loader_pid, e->program && e->program->has_loader, number(f, e->program->loader_pid))
GET_ONE(loader_uid, e->program && e->program->has_loader, number(f, e->program->loader_uid))
GET_ONE(loader_comm, e->program && e->program->has_loader,
	name(f, e->program->loader_comm, EVENT_NAME_BYTES))
GET_ONE(sender_pid, e->sender.comm, number(f, e->sender.pid))
GET_ONE(sender_comm, e->sender.comm, name(f, e->sender.comm, EVENT_NAME_BYTES))
GET_ONE(sender_exe, e->sender.comm && e->sender.process, text(f, e->sender.process->exe))

GET_ONE(alert_rule, e->type == EVENT_ALERT, text(f, e->alert.rule))
GET_ONE(alert_reason, e->type == EVENT_ALERT, text(f, e->alert.reason))
GET_ONE(alert_severity, e->type == EVENT_ALERT,
	choice(f, event_severity_names[e->alert.severity], e->alert.severity))

static const char *const modes[] = { "r", "w", "rw" };

/* clang-format off */
#define EVENT_FIELD(n, kind, get, help) { n, FACT_##kind, GROUP_EVENT, get_##get, help, NULL, 0 }
#define MAP_FIELD(n, kind, get, help) { "map." n, FACT_##kind, GROUP_MAP, get_##get, help, NULL, 0 }
#define WORDS_FIELD(n, get, names, help) \
	{ n, FACT_TEXT, GROUP_EVENT, get_##get, help, names, sizeof(names) / sizeof((names)[0]) }
#define TASK_FIELD(n, kind, get, help) \
	{ "process." n, FACT_##kind, GROUP_PROCESS, get_##get, help, NULL, 0 }
const struct rule_field rule_fields[] = {
	EVENT_FIELD("type", TYPES, type, "event types, or groups as those of -e"),
	WORDS_FIELD("via", via, event_via_names, "syscall, batch, program, kernel, mmap, pointer, unknown"),
	EVENT_FIELD("op", TEXT, op, "push, pop, delete, lookup_and_delete; of names: pin, unlink, ..."),
	WORDS_FIELD("how", how, event_how_names, "of map.open: id, pin, iterator, receive, pidfd, inherit, held, other"),
	WORDS_FIELD("context", context, event_context_names, "task, softirq, hardirq, nmi"),
	WORDS_FIELD("mode", mode, modes, "of map.open and map.mmap: r, w, rw"),
	EVENT_FIELD("fd", NUMBER, fd, "the descriptor"),
	EVENT_FIELD("path", TEXT, path, "of a pin"),
	EVENT_FIELD("from", TEXT, path2, "of map.pin: where it was before"),
	EVENT_FIELD("to", TEXT, path2, "of map.unpin: where it is now"),
	EVENT_FIELD("mode_bits", NUMBER, mode_bits, "of map.chmod"),
	EVENT_FIELD("uid", NUMBER, new_uid, "of map.chmod: the new owner"),
	EVENT_FIELD("gid", NUMBER, new_gid, "of map.chmod: the new group"),
	EVENT_FIELD("length", NUMBER, host_length, "of map.mmap: bytes"),
	EVENT_FIELD("flags", TEXT, flags, "of an update: BPF_NOEXIST, BPF_EXIST, ..."),
	EVENT_FIELD("result", TEXT, result, "0, or the name of the error"),
	EVENT_FIELD("flip", BOOL, flip, "puts back what an event before changed"),
	EVENT_FIELD("existed", BOOL, existed, "there was such an element"),
	EVENT_FIELD("of", TEXT, of, "of monitor.summary: map.update or map.delete"),
	EVENT_FIELD("count", NUMBER, count, "of monitor.summary: writes"),
	EVENT_FIELD("program_error", TEXT, program_error, "why the program is not known"),
	EVENT_FIELD("key", BYTES, key, "as hex"),
	EVENT_FIELD("key.hex", BYTES, key, "the same"),
	EVENT_FIELD("key.size", NUMBER, key_size, "bytes"),
	EVENT_FIELD("key.number", NUMBER, key_number, "of 1, 2, 4 or 8 bytes"),
	EVENT_FIELD("key.btf", MEMBER, key_btf, "by BTF; key.btf.NAME: a member"),
	EVENT_FIELD("value", BYTES, value, "as hex"),
	EVENT_FIELD("value.hex", BYTES, value, "the same"),
	EVENT_FIELD("value.size", NUMBER, value_size, "bytes"),
	EVENT_FIELD("value.number", NUMBER, value_number, "of 1, 2, 4 or 8 bytes"),
	EVENT_FIELD("value.btf", MEMBER, value_btf, "by BTF; value.btf.NAME: a member"),
	EVENT_FIELD("value.object.kind", TEXT, object_kind, "program, map, perf_event, cgroup, socket, netdev, cpu"),
	EVENT_FIELD("value.object.id", NUMBER, object_id, "of a program or map"),
	EVENT_FIELD("value.object.name", TEXT, object_name, "of a program or map"),
	EVENT_FIELD("old", BYTES, old, "what was there before, as hex"),
	EVENT_FIELD("old.hex", BYTES, old, "the same"),
	EVENT_FIELD("old.number", NUMBER, old_number, "of 1, 2, 4 or 8 bytes"),
	EVENT_FIELD("old.btf", MEMBER, old_btf, "by BTF; old.btf.NAME: a member"),
	EVENT_FIELD("old_object.kind", TEXT, old_object_kind, "behind what was replaced or deleted"),
	EVENT_FIELD("old_object.id", NUMBER, old_object_id, "of a program or map"),
	EVENT_FIELD("old_object.name", TEXT, old_object_name, "of a program or map"),
	MAP_FIELD("id", NUMBER, map_id, "its id"),
	MAP_FIELD("name", TEXT, map_name, "the kernel's 15 bytes of it, or the whole name"),
	MAP_FIELD("type", TEXT, map_type, "hash, array, prog_array, ..."),
	MAP_FIELD("key_size", NUMBER, map_key_size, "bytes"),
	MAP_FIELD("value_size", NUMBER, map_value_size, "bytes"),
	MAP_FIELD("max_entries", NUMBER, map_max_entries, "elements"),
	MAP_FIELD("flags", TEXT, map_flags, "of its creation: BPF_F_RDONLY_PROG, ..."),
	MAP_FIELD("frozen", BOOL, map_frozen, "to bpf(2)"),
	MAP_FIELD("pins", TEXT, map_pins, "where it is pinned"),
	MAP_FIELD("pin", TEXT, map_pins, "the same"),
	MAP_FIELD("users", NUMBER, map_users, "ids of programs that use it"),
	MAP_FIELD("parents", NUMBER, map_parents, "ids of maps that it is in"),
	MAP_FIELD("creator.pid", NUMBER, creator_pid, "who created it, if that was seen"),
	MAP_FIELD("creator.comm", TEXT, creator_comm, "the same"),
	MAP_FIELD("creator.exe", TEXT, creator_exe, "the same"),
	TASK_FIELD("pid", NUMBER, pid, "its id"),
	{ "process.tid", FACT_NUMBER, GROUP_EVENT, get_tid, "of the thread", NULL, 0 },
	TASK_FIELD("ppid", NUMBER, ppid, "of its parent"),
	TASK_FIELD("uid", NUMBER, uid, "of its user"),
	TASK_FIELD("comm", TEXT, comm, "its command, 15 bytes"),
	TASK_FIELD("traced_by", NUMBER, traced_by, "the pid of its tracer"),
	TASK_FIELD("exe", TEXT, exe, "its executable"),
	TASK_FIELD("exe_deleted", BOOL, exe_deleted, "the executable has no name any more"),
	TASK_FIELD("args", TEXT, args, "any of its arguments"),
	TASK_FIELD("cgroup", TEXT, cgroup, "from the root of the cgroup2 hierarchy"),
	TASK_FIELD("loginuid", NUMBER, loginuid, "who logged in"),
	TASK_FIELD("ns_pid", NUMBER, ns_pid, "in its own pid namespace"),
	TASK_FIELD("container", TEXT, container, "the container's id"),
	TASK_FIELD("container_runtime", TEXT, runtime, "docker, containerd, ..."),
	TASK_FIELD("pod", TEXT, pod, "the pod's uid"),
	TASK_FIELD("ancestors.comm", TEXT, ancestors, "any of its ancestors"),
	EVENT_FIELD("program.id", NUMBER, prog_id, "the program that wrote, or that is loaded, attached, ..."),
	EVENT_FIELD("program.name", TEXT, prog_name, "15 bytes, or all of it as far as BTF tells"),
	EVENT_FIELD("program.type", TEXT, prog_type, "xdp, tracepoint, ..."),
	EVENT_FIELD("program.tag", BYTES, prog_tag, "as hex"),
	EVENT_FIELD("program.loader.pid", NUMBER, loader_pid, "who loaded it, if that was seen"),
	EVENT_FIELD("program.loader.uid", NUMBER, loader_uid, "the same"),
	EVENT_FIELD("program.loader.comm", TEXT, loader_comm, "the same"),
	EVENT_FIELD("sender.pid", NUMBER, sender_pid, "of map.open by receive or pidfd"),
	EVENT_FIELD("sender.comm", TEXT, sender_comm, "the same"),
	EVENT_FIELD("sender.exe", TEXT, sender_exe, "the same"),
	EVENT_FIELD("alert.rule", TEXT, alert_rule, "of an alert of bpfmon's own"),
	EVENT_FIELD("alert.reason", TEXT, alert_reason, "the same"),
	WORDS_FIELD("alert.severity", alert_severity, event_severity_names, "the same"),
	{}
};
/* clang-format on */

const struct rule_field *rule_field_find(const char *wanted, const char **member)
{
	*member = NULL;
	for (const struct rule_field *f = rule_fields; f->name; f++) {
		size_t len = strlen(f->name);

		if (f->kind == FACT_MEMBER && !strncmp(wanted, f->name, len) &&
		    (!wanted[len] || (wanted[len] == '.' && wanted[len + 1]))) {
			*member = wanted + len + (wanted[len] == '.');
			return f;
		}
		if (!strcmp(wanted, f->name))
			return f;
	}
	return NULL;
}

static void put_fact(struct buf *b, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_TEXT:
		buf_safe(b, fact->text, fact->len);
		break;
	case FACT_BYTES:
		buf_hex(b, (const uint8_t *)fact->text, fact->len);
		break;
	case FACT_BOOL:
		buf_str(b, fact->number ? "true" : "false");
		break;
	default:
		buf_printf(b, "%" PRId64, fact->number);
		break;
	}
}

/* Whole keys and values mean something to a person, by BTF or as a number. */
static bool put_decoded(struct buf *b, const struct rule_field *field, const struct event *e)
{
	if (!strcmp(field->name, "key") && e->key.size)
		out_text_bytes(b, &e->map, OUT_KEY, &e->key, NULL);
	else if (!strcmp(field->name, "value") && one_value(e->shape))
		out_text_bytes(b, &e->map, OUT_VALUE, &e->value, NULL);
	else if (!strcmp(field->name, "old") && e->old_state == OLD_READ && one_value(e->old_shape))
		out_text_bytes(b, &e->map, OUT_VALUE, &e->old, NULL);
	else
		return false;
	return true;
}

void rule_field_put(struct buf *b, const struct rule_field *field, const char *member,
		    const struct event *e)
{
	struct fact fact;
	size_t i = 0;

	if (put_decoded(b, field, e))
		return;
	/* Maps and programs have one name for a person, the longer one. */
	if (field->get == get_map_name || field->get == get_prog_name) {
		if (field->get(e, member, 1, &fact) || field->get(e, member, 0, &fact))
			put_fact(b, &fact);
		else
			buf_str(b, "?");
		return;
	}
	for (; field->get(e, member, i, &fact); i++) {
		if (i)
			buf_str(b, ",");
		put_fact(b, &fact);
	}
	if (!i)
		buf_str(b, "?");
}

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return (hash ^ len) * 0x100000001b3ull;
}

uint64_t rule_field_hash(uint64_t hash, const struct rule_field *field, const char *member,
			 const struct event *e)
{
	struct fact fact;
	size_t i;

	for (i = 0; field->get(e, member, i, &fact); i++)
		hash = fact.text ? mix(hash, fact.text, fact.len) :
				   mix(hash, &fact.number, sizeof(fact.number));
	return mix(hash, &i, sizeof(i));
}
