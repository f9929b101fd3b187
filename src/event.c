/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and parts of an event; see event.h. */
#include "event.h"

/* clang-format off */
const char *const event_type_names[EVENT_TYPES] = {
	[EVENT_MAP_CREATE] = "map.create",
	[EVENT_MAP_OPEN] = "map.open",
	[EVENT_MAP_UPDATE] = "map.update",
	[EVENT_MAP_DELETE] = "map.delete",
	[EVENT_MAP_FREEZE] = "map.freeze",
	[EVENT_MAP_PIN] = "map.pin",
	[EVENT_MAP_FREE] = "map.free",
	[EVENT_MAP_UNPIN] = "map.unpin",
	[EVENT_MAP_CHMOD] = "map.chmod",
	[EVENT_MAP_MMAP] = "map.mmap",
	[EVENT_MAP_LOOKUP] = "map.lookup",
	[EVENT_FS_CHANGE] = "fs.change",
	[EVENT_ALERT] = "alert",
	[EVENT_MAP_CHANGE] = "map.change",
	[EVENT_PROG_LOAD] = "prog.load",
	[EVENT_PROG_UNLOAD] = "prog.unload",
	[EVENT_PROG_ATTACH] = "prog.attach",
	[EVENT_PROG_DETACH] = "prog.detach",
	[EVENT_LINK_CREATE] = "link.create",
	[EVENT_LINK_UPDATE] = "link.update",
	[EVENT_LINK_DETACH] = "link.detach",
	[EVENT_SUMMARY] = "monitor.summary",
};
const char *const event_severity_names[SEVERITIES] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};
const char *const event_via_names[VIAS] = {
	[VIA_SYSCALL] = "syscall",
	[VIA_BATCH] = "batch",
	[VIA_PROGRAM] = "program",
	[VIA_KERNEL] = "kernel",
	[VIA_UNKNOWN] = "unknown",
	[VIA_POINTER] = "pointer",
	[VIA_MMAP] = "mmap",
};
const char *const event_op_names[OP_LOOKUP + 1] = {
	[OP_PUSH] = "push",
	[OP_DELETE] = "delete",
	[OP_LOOKUP_AND_DELETE] = "lookup_and_delete",
	[OP_POP] = "pop",
};
const char *const event_how_names[HOWS] = {
	[HOW_CREATE] = "create",
	[HOW_ID] = "id",
	[HOW_PIN] = "pin",
	[HOW_ITERATOR] = "iterator",
	[HOW_RECEIVE] = "receive",
	[HOW_PIDFD] = "pidfd",
	[HOW_INHERIT] = "inherit",
	[HOW_HELD] = "held",
	[HOW_OTHER] = "other",
};
const char *const event_context_names[CONTEXT_NMI + 1] = {
	[CONTEXT_TASK] = "task",
	[CONTEXT_SOFTIRQ] = "softirq",
	[CONTEXT_HARDIRQ] = "hardirq",
	[CONTEXT_NMI] = "nmi",
};
const char *const event_name_op_names[NAME_OPS] = {
	[NAME_PIN] = "pin",
	[NAME_UNLINK] = "unlink",
	[NAME_RENAME] = "rename",
	[NAME_REPLACE] = "replace",
	[NAME_LINK] = "link",
	[NAME_CHMOD] = "chmod",
	[NAME_MOUNT] = "mount",
	[NAME_MOVE] = "mount",
	[NAME_UMOUNT] = "umount",
};
/* clang-format on */

bool event_is_run(const struct event *e)
{
	return e->type >= EVENT_PROG_LOAD && e->type <= EVENT_LINK_DETACH;
}

const struct event_prog *event_program(const struct event *e)
{
	if (!event_is_run(e))
		return e->program;
	return e->run.program.id || e->run.program.name[0] ? &e->run.program : NULL;
}

bool event_has_actor(enum event_type type)
{
	return type != EVENT_MAP_FREE && type != EVENT_MAP_CHANGE && type != EVENT_SUMMARY;
}

uint64_t event_count(const struct event *e)
{
	return e->type == EVENT_SUMMARY ? e->summary.count : 1;
}

struct event_bytes event_cpu_value(const struct event *e, const struct event_bytes *values,
				   uint32_t cpu)
{
	size_t size = e->map.value_size, stride = (size + 7) & ~(size_t)7, at = cpu * stride;
	struct event_bytes one = { NULL, 0, size };

	if (at < values->len) {
		one.data = values->data + at;
		one.len = values->len - at < size ? values->len - at : size;
		if (one.len > e->value_bytes_max)
			one.len = e->value_bytes_max;
	}
	return one;
}
