/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of a record that tells the objects behind descriptors; see decode.h. */
#include <errno.h>
#include <string.h>

#include "decode.h"

static void decode_named(const struct wire_named *w, struct event_named *n)
{
	*n = (struct event_named){ w->id, w->type, w->name };
}

/* Each name ends with a NUL within the path's room; the root has none. */
static bool path_is_valid(const char *path, uint32_t len)
{
	return len <= WIRE_CGROUP_ROOM && (!len || !path[len - 1]);
}

int decode_object(const struct wire_object *w, const char *path, struct event_object *o)
{
	static const enum event_object_kind kinds[WIRE_OBJECT_KINDS] = {
		[WIRE_OBJECT_NONE] = OBJECT_NONE,
		[WIRE_OBJECT_PROGRAM] = OBJECT_PROGRAM,
		[WIRE_OBJECT_MAP] = OBJECT_MAP,
		[WIRE_OBJECT_CGROUP] = OBJECT_CGROUP,
		[WIRE_OBJECT_PERF_EVENT] = OBJECT_PERF_EVENT,
		[WIRE_OBJECT_SOCKET] = OBJECT_SOCKET,
		[WIRE_OBJECT_NETDEV] = OBJECT_NETDEV,
		[WIRE_OBJECT_CPU] = OBJECT_CPU,
	};

	if (w->kind >= WIRE_OBJECT_KINDS)
		return -EBADMSG;
	o->kind = kinds[w->kind];
	switch (o->kind) {
	case OBJECT_NONE:
		break;
	case OBJECT_PROGRAM:
	case OBJECT_MAP:
		decode_named(&w->named, &o->named);
		break;
	case OBJECT_PERF_EVENT:
		o->perf.config = w->perf.config;
		o->perf.type = w->perf.type;
		o->perf.cpu = w->perf.cpu;
		break;
	case OBJECT_CGROUP:
		o->cgroup.id = w->cgroup.id;
		if (!w->cgroup.has_path)
			break;
		if (!path || !path_is_valid(path, w->cgroup.path_len))
			return -EBADMSG;
		o->cgroup.names = path;
		o->cgroup.names_len = w->cgroup.path_len;
		break;
	case OBJECT_SOCKET:
		o->socket.family = w->socket.family;
		o->socket.protocol = w->socket.protocol;
		o->socket.local_port = w->socket.local_port;
		o->socket.remote_port = w->socket.remote_port;
		o->socket.local = w->socket.local;
		o->socket.remote = w->socket.remote;
		o->socket.ifindex = w->number;
		o->socket.queue = w->socket.queue;
		break;
	case OBJECT_NETDEV:
	case OBJECT_CPU:
		o->target.number = w->number;
		o->target.qsize = w->target.qsize;
		o->target.name = w->target.name;
		decode_named(&w->target.program, &o->target.program);
		break;
	}
	return 0;
}

int decode_objects(const struct wire_op *w, size_t room, struct event *e)
{
	size_t at = w->objects_off;
	const struct wire_objects *o = (const void *)(w->data + at);
	const char *paths = NULL;

	if (!at)
		return 0;
	/* Behind the value, which is known to be in the record. */
	if (at % 8 || at > room || room - at < sizeof(*o) ||
	    at < (size_t)w->value_off + w->value_len)
		return -EBADMSG;
	if (room - at - sizeof(*o) >= 2 * WIRE_CGROUP_ROOM)
		paths = (const char *)(o + 1);
	if (decode_object(&o->now, paths, &e->object))
		return -EBADMSG;
	return decode_object(&o->old, paths ? paths + WIRE_CGROUP_ROOM : NULL, &e->old_object);
}
