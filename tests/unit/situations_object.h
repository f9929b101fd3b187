/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of situations.h that is about objects behind descriptors, one of each kind. */
#ifndef BPFMON_TEST_SITUATIONS_OBJECT_H
#define BPFMON_TEST_SITUATIONS_OBJECT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "record.h"

/* An update of such a map at index 0, or a delete; the value is descriptor 5. */
static struct wire_objects *of_descriptor(struct record *r, uint32_t type, uint8_t op)
{
	record_op(r, op);
	memset(r->op.map.name, 0, sizeof(r->op.map.name));
	memcpy(r->op.map.name, "slots", 5);
	r->op.map.type = type;
	r->op.map.value_size = 4;
	record_data(r, "\0\0\0\0", 4, op == WIRE_OP_UPDATE ? WIRE_VALUE_ONE : WIRE_VALUE_NONE,
		    "\5\0\0\0", op == WIRE_OP_UPDATE ? 4 : 0);
	return record_objects(r, type == BPF_MAP_TYPE_CGROUP_ARRAY);
}

static void set_named(struct wire_named *n, uint32_t id, uint32_t type, const char *name)
{
	*n = (struct wire_named){ .id = id, .type = type };
	memcpy(n->name, name, strlen(name));
}

static void object_program(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_PROG_ARRAY, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_PROGRAM;
	set_named(&o->now.named, 31, BPF_PROG_TYPE_XDP, "on_tick");
	set_named(&o->old.named, 30, BPF_PROG_TYPE_XDP, "before");
}

/* Of a type that this bpfmon has no name for, and a name made to be taken for something else. */
static void object_program_hostile(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_PROG_ARRAY, WIRE_OP_UPDATE);

	o->now.kind = WIRE_OBJECT_PROGRAM;
	set_named(&o->now.named, 31, 9999, "\"}\n\x1b[31m\xff prog");
}

/* A tail call that is cut. */
static void object_program_deleted(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_PROG_ARRAY, WIRE_OP_DELETE);

	o->old.kind = WIRE_OBJECT_PROGRAM;
	set_named(&o->old.named, 31, BPF_PROG_TYPE_SCHED_CLS, "policy");
}

static void object_map(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_ARRAY_OF_MAPS, WIRE_OP_UPDATE);

	o->now.kind = WIRE_OBJECT_MAP;
	set_named(&o->now.named, 7, BPF_MAP_TYPE_HASH, "inner");
}

static void object_perf_event(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_PERF_EVENT_ARRAY, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_PERF_EVENT;
	o->now.perf.type = 1;
	o->now.perf.config = 10;
	o->now.perf.cpu = 2;
	o->old.perf.type = 4;
	o->old.perf.config = 1ull << 63;
	o->old.perf.cpu = -1;
}

static void object_cgroup(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_CGROUP_ARRAY, WIRE_OP_UPDATE);
	char *paths = (char *)(o + 1);

	o->now.kind = o->old.kind = WIRE_OBJECT_CGROUP;
	o->now.cgroup.id = 4123;
	o->now.cgroup.has_path = 1;
	o->now.cgroup.path_len = 26;
	memcpy(paths, "ssh.service\0system \"slice\0", 26);
	o->old.cgroup.id = 1;
	o->old.cgroup.has_path = 1;
}

/* It is gone by the time that its path is asked for. */
static void object_cgroup_gone(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_CGROUP_ARRAY, WIRE_OP_DELETE);

	o->old.kind = WIRE_OBJECT_CGROUP;
	o->old.cgroup.id = 4123;
}

static void object_socket(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_SOCKMAP, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_SOCKET;
	o->now.socket.family = AF_INET;
	o->now.socket.protocol = IPPROTO_TCP;
	o->now.socket.local_port = 80;
	o->now.socket.remote_port = 4711;
	memcpy(o->now.socket.local, "\x7f\0\0\1", 4);
	memcpy(o->now.socket.remote, "\x0a\1\2\3", 4);
	o->old.socket.family = AF_INET6;
	o->old.socket.protocol = 200;
	o->old.socket.local_port = 443;
	o->old.socket.local[15] = 1;
}

/* By a program: there is no value, only a socket of the kernel. */
static void object_socket_program(struct record *r)
{
	struct wire_objects *o;

	object_socket(r);
	r->op.from = WIRE_FROM_HELPER;
	r->op.cmd = WIRE_CMD_NONE;
	r->op.task.context = WIRE_CONTEXT_SOFTIRQ;
	record_data(r, "\0\0\0\0", 4, WIRE_VALUE_NONE, NULL, 0);
	o = record_objects(r, false);
	o->now.kind = WIRE_OBJECT_SOCKET;
	o->now.socket.family = AF_UNIX;
}

static void object_socket_xdp(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_XSKMAP, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_SOCKET;
	o->now.socket.family = o->old.socket.family = AF_XDP;
	o->now.number = 2;
	o->now.socket.queue = 3;
}

static void object_netdev(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_DEVMAP, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_NETDEV;
	o->now.number = 2;
	memcpy(o->now.target.name, "eth0", 4);
	set_named(&o->now.target.program, 31, BPF_PROG_TYPE_XDP, "on_device");
	o->old.number = 1;
	memcpy(o->old.target.name, "lo", 2);
}

static void object_cpu(struct record *r)
{
	struct wire_objects *o = of_descriptor(r, BPF_MAP_TYPE_CPUMAP, WIRE_OP_UPDATE);

	o->now.kind = o->old.kind = WIRE_OBJECT_CPU;
	o->now.number = o->old.number = 1;
	o->now.target.qsize = 64;
	set_named(&o->now.target.program, 31, BPF_PROG_TYPE_XDP, "on_cpu");
	o->old.target.qsize = 128;
}

#define OBJECT_SITUATIONS \
	SITUATION(object_program), SITUATION(object_program_hostile), \
		SITUATION(object_program_deleted), SITUATION(object_map), \
		SITUATION(object_perf_event), SITUATION(object_cgroup), \
		SITUATION(object_cgroup_gone), SITUATION(object_socket), \
		SITUATION(object_socket_program), SITUATION(object_socket_xdp), \
		SITUATION(object_netdev), SITUATION(object_cpu)

#endif
