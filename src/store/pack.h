/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the store keeps of an event: its line as JSON and as text, and what a query asks for. Made
 * in the main thread as a format of its own, so that it travels in queues like a line.
 */
#ifndef BPFMON_STORE_PACK_H
#define BPFMON_STORE_PACK_H

#include "out/out.h"

/* Each a NUL-terminated string, or NULL: not known. Lent from the pack. */
struct packed {
	uint32_t map_id, pid, uid, prog_id;	/* 0: not known; uid: of a pid */
	const char *map_name, *comm, *exe, *prog_name;
	const char *json, *text;	/* without a newline; text without its time */
};

extern const struct out_format pack_format;

/* False: it is none. */
bool pack_read(const char *data, size_t len, struct packed *p);

#endif
