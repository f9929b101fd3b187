/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ring record to struct event. Every length is checked here and nowhere after: the bytes are
 * distrusted, the event is not.
 */
#ifndef BPFMON_DECODE_H
#define BPFMON_DECODE_H

#include "event.h"
#include "bpfmon/wire.h"

struct decode_env {
	int64_t realtime_offset_ns;	/* CLOCK_REALTIME less CLOCK_MONOTONIC */
	int64_t boot_offset_ns;		/* CLOCK_REALTIME less CLOCK_BOOTTIME */
	uint32_t cpus;			/* possible CPUs: values in a per-CPU element */
	uint32_t bytes;			/* --bytes: captured of each value */
};

/* 0, or -EBADMSG for a record that is not well-formed. `e` lends from `record`. */
int decode_record(const struct decode_env *env, const void *record, size_t len, struct event *e);

/* The objects behind values: 0 or -EBADMSG. `room` is that of w->data[]. */
int decode_objects(const struct wire_op *w, size_t room, struct event *e);

/* One of them; `path` has WIRE_CGROUP_ROOM bytes, NULL: the record has none. 0 or -EBADMSG. */
int decode_object(const struct wire_object *w, const char *path, struct event_object *o);

/* A record about a program or link, of at least its size. 0 or -EBADMSG. */
int decode_run(const struct decode_env *env, const void *record, size_t len, struct event *e);
/* An operation, enum wire_op_kind, on a map of this type as an event's type and op; -EBADMSG: none. */
int decode_kind(uint32_t op, uint32_t map_type, enum event_type *type, enum event_op *event_op);

/* What the maps in a map-in-map look like. */
void decode_inner(const struct wire_inner *w, struct event_inner *inner);

/* The code of a program, as the iterator lists it: without who loaded it. */
void decode_code(const struct wire_code *w, struct event_code *c);

/* A descriptor that was open when bpfmon started, as its iterator lists it; time_ns is not set. */
void decode_held(const struct decode_env *env, const struct wire_iter_file *file, struct event *e);

#endif
