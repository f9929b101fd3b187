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
	uint32_t cpus;			/* possible CPUs: values in a per-CPU element */
	uint32_t bytes;			/* --bytes: captured of each value */
};

/* 0, or -EBADMSG for a record that is not well-formed. `e` lends from `record`. */
int decode_record(const struct decode_env *env, const void *record, size_t len, struct event *e);

/* The code of a program, as the iterator lists it: without who loaded it. */
void decode_code(const struct wire_code *w, struct event_code *c);

/* A descriptor that was open when bpfmon started, as its iterator lists it; time_ns is not set. */
void decode_held(const struct wire_iter_file *file, struct event *e);

#endif
