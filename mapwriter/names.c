// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tables of what mapwriter can be asked for: map types, operations, sources and update flags;
 * and the names of errors. Nothing else of mapwriter lists them.
 */
#include <string.h>

#include "mapwriter.h"

#define KERNEL_ENOTSUPP 524	/* not in <errno.h>, yet bpf(2) returns it */

const struct maptype names_types[] = {
	{ "array", BPF_MAP_TYPE_ARRAY, .array = true },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, .array = true, .per_cpu = true },
	{ "hash", BPF_MAP_TYPE_HASH, .array = false },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, .per_cpu = true },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH, .array = false },
	{ "lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, .per_cpu = true },
	{ NULL },
};

const struct op names_ops[] = {
	{ "update", "update", OP_UPDATE, false },
	{ "delete", "delete", OP_DELETE, false },
	{ "lookup_and_delete", "lookup_and_delete", OP_LOOKUP_AND_DELETE, false },
	{ "update_batch", "update", OP_UPDATE, true },
	{ "delete_batch", "delete", OP_DELETE, true },
	{ "lookup_and_delete_batch", "lookup_and_delete", OP_LOOKUP_AND_DELETE, true },
	{ NULL },
};

const struct source names_sources[] = {
	{ "user", SOURCE_USER, NULL, false },
	{ "socket_filter", SOURCE_SOCKET_FILTER, "mw_socket", true },
	{ "xdp", SOURCE_XDP, "mw_xdp", true },
	{ "raw_tp", SOURCE_RAW_TP, "mw_raw_tp", false },
	{ "tracepoint", SOURCE_TRACEPOINT, "mw_tracepoint", false },
	{ "kprobe", SOURCE_KPROBE, "mw_kprobe", false },
	{ "tc", SOURCE_TC, "mw_tc", true },
	{ NULL },
};

const struct flagname names_flags[] = {
	{ "any", BPF_ANY },
	{ "noexist", BPF_NOEXIST },
	{ "exist", BPF_EXIST },
	{ NULL },
};

/* Takes a negative errno. */
const char *names_errno(int err)
{
	const char *name;

	if (err == -KERNEL_ENOTSUPP)
		return "ENOTSUPP";
	name = strerrorname_np(-err);
	return name ? name : "unknown";
}

/* Batches and lookup-and-delete are commands of bpf(2); programs have no helper for them. */
bool names_source_can(const struct source *source, const struct op *op)
{
	return !source->program || (!op->batch && op->kind != OP_LOOKUP_AND_DELETE);
}
