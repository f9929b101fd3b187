/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ring records made by hand, laid out as the BPF side lays them out: a record begins as a valid
 * one about the array `config`, a test then changes what it is about.
 */
#ifndef BPFMON_TEST_RECORD_H
#define BPFMON_TEST_RECORD_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpfmon/wire.h"

#define RECORD_TIME_NS 5000000000ull	/* CLOCK_MONOTONIC */
#define RECORD_CPUS 3			/* possible CPUs of the machine that it is from */
#define RECORD_BYTES 16			/* its --bytes */

struct record {
	union {
		struct wire_hdr hdr;
		struct wire_op op;
		struct wire_cmd cmd;
		struct wire_fd fd;
		struct wire_fs fs;
		struct wire_run run;
		uint8_t bytes[16384];
	};
	size_t len;
};

static inline void record_common(struct record *r, uint16_t kind, uint16_t hook, const char *comm)
{
	struct wire_task *task = &r->op.task;
	struct wire_map *map = &r->op.map;

	memset(r, 0, sizeof(*r));
	r->hdr = (struct wire_hdr){ .kind = kind, .hook = hook, .time_ns = RECORD_TIME_NS };
	*task = (struct wire_task){ .pid = 812, .tid = 812, .uid = 1000, .cpu = 1 };
	strncpy(task->comm, comm, sizeof(task->comm) - 1);
	*map = (struct wire_map){
		.id = 12,
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 16,
		.known = 1,
		.name = "config",
		.address = 0xffff888012345600,
	};
}

static inline void record_end(struct record *r, size_t len)
{
	r->len = len;
	r->hdr.size = (uint32_t)len;
}

/* A command on a map as a whole; `path` may be NULL. */
static inline void record_cmd(struct record *r, uint32_t cmd, const char *path)
{
	size_t len = path ? strlen(path) : 0;

	record_common(r, WIRE_CMD, WIRE_HOOK_SYS_EXIT, "bpftool");
	r->cmd.cmd = cmd;
	r->cmd.fd = -1;
	r->cmd.path_len = (uint32_t)len;
	if (path)
		memcpy(r->cmd.path, path, len);
	record_end(r, sizeof(r->cmd) + len + (path ? 9 : 0));
}

static inline void record_free(struct record *r)
{
	record_common(r, WIRE_FREE, WIRE_HOOK_MAP_FREE, "kworker/1:2");
	r->cmd.cmd = WIRE_CMD_NONE;
	r->cmd.fd = -1;
	record_end(r, sizeof(r->cmd));
}

/* A descriptor that came another way than by bpf(2), or memory. */
static inline void record_fd(struct record *r, uint32_t what)
{
	record_common(r, WIRE_FD, WIRE_HOOK_FD_TAKEN, "bpftool");
	r->fd.what = what;
	r->fd.fd = -1;
	r->fd.fmode = 3;
	record_end(r, sizeof(r->fd));
}

/* A name that changed on a bpf file system; names as the kernel side writes them. */
static inline void record_fs(struct record *r, uint32_t what, const char *names, size_t len)
{
	record_common(r, WIRE_FS, WIRE_HOOK_PIN_UNLINK, "rm");
	r->fs.what = what;
	r->fs.flags = WIRE_FS_BPF | WIRE_FS_RESULT;
	r->fs.path_len = (uint32_t)len;
	memcpy(r->fs.path, names, len);
	record_end(r, sizeof(r->fs));
}

/* About program `on_tick`, which uses two maps. */
static inline void record_run(struct record *r, uint32_t what)
{
	static const struct wire_program on_tick = {
		.id = 31,
		.type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.tag = { 0xa0, 0x4f, 0x5e, 0xef, 0x06, 0xa7, 0xf5, 0x55 },
		.name = "on_tick",
	};

	record_common(r, WIRE_RUN, WIRE_HOOK_SYS_EXIT, "bpftool");
	memset(&r->op.map, 0, sizeof(r->op.map));
	r->run.what = what;
	r->run.flags = WIRE_RUN_RESULT;
	r->run.program = on_tick;
	r->run.maps = 2;
	r->run.used[0] = (struct wire_used){ 12, "config" };
	r->run.used[1] = (struct wire_used){ 13, "sixteen_bytes_a" };
	record_end(r, sizeof(r->run));
}

/* Key and value as captured; sizes are those of the map. NULL: there is none. */
static inline void record_data(struct record *r, const void *key, size_t key_len, uint8_t shape,
			       const void *value, size_t value_len)
{
	size_t room = (key_len + 7) & ~(size_t)7;

	r->op.key_size = key ? r->op.map.key_size : 0;
	r->op.key_len = (uint32_t)key_len;
	r->op.value_off = (uint32_t)room;
	r->op.shape = shape;
	r->op.value_size = shape == WIRE_VALUE_NONE ? 0 : r->op.map.value_size;
	r->op.value_len = (uint32_t)value_len;
	if (key_len)
		memcpy(r->op.data, key, key_len);
	if (value_len)
		memcpy(r->op.data + room, value, value_len);
	record_end(r, sizeof(r->op) + room + value_len);
}

/* The value before, as captured; goes behind the rest. */
static inline void record_old(struct record *r, uint8_t shape, const void *old, size_t len)
{
	size_t at = r->len;

	r->op.old = WIRE_OLD_READ;
	r->op.old_shape = shape;
	r->op.old_off = (uint32_t)(at - sizeof(r->op));
	r->op.old_len = (uint32_t)len;
	memcpy(r->bytes + at, old, len);
	record_end(r, at + len);
}

/* An update of config[1] by bpf(2), or a delete of it. */
static inline void record_op(struct record *r, uint8_t op)
{
	record_common(r, WIRE_OP, WIRE_HOOK_ARRAY_UPDATE, "bpftool");
	r->op.op = op;
	r->op.from = WIRE_FROM_KERNEL;
	r->op.cmd = op == WIRE_OP_UPDATE ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM;
	r->op.has_result = 1;
	r->op.fd = -1;
	record_data(r, "\1\0\0\0", 4, op == WIRE_OP_UPDATE ? WIRE_VALUE_ONE : WIRE_VALUE_NONE,
		    "\1\2\3\4\5\6\7", op == WIRE_OP_UPDATE ? 8 : 0);
}

/* Room for objects behind the value, and with them for the paths of cgroups; none is set yet. */
static inline struct wire_objects *record_objects(struct record *r, bool paths)
{
	size_t at = (r->op.value_off + r->op.value_len + 7) & ~(size_t)7;
	struct wire_objects *o = (struct wire_objects *)(r->op.data + at);

	memset(o, 0, sizeof(*o) + (paths ? 2 * WIRE_CGROUP_ROOM : 0));
	r->op.objects_off = (uint32_t)at;
	record_end(r, sizeof(r->op) + at + sizeof(*o) + (paths ? 2 * WIRE_CGROUP_ROOM : 0));
	return o;
}

/* A copy with nothing behind it, so that a sanitizer sees a read past its end. To be freed. */
static inline void *record_copy(const struct record *r, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, r->bytes, len);
	return copy;
}

#endif
