/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* decode_objects(): each kind of object, and every way in which they can be malformed. */
#include "decode.h"

#include <errno.h>

#include "situations_object.h"
#include "decoding.h"
#include "test.h"

static struct wire_objects *objects(void)
{
	return (struct wire_objects *)(r.op.data + r.op.objects_off);
}

static void no_objects(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.kind, OBJECT_NONE);
	CHECK_INT(e.old_object.kind, OBJECT_NONE);
	of_descriptor(&r, BPF_MAP_TYPE_PROG_ARRAY, WIRE_OP_UPDATE);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.kind, OBJECT_NONE);
	CHECK_INT(e.old_object.kind, OBJECT_NONE);
}

static void programs_and_maps(void)
{
	object_program(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.kind, OBJECT_PROGRAM);
	CHECK_INT(e.object.named.id, 31);
	CHECK_INT(e.object.named.type, BPF_PROG_TYPE_XDP);
	CHECK_STR(e.object.named.name, "on_tick");
	CHECK_INT(e.old_object.kind, OBJECT_PROGRAM);
	CHECK_INT(e.old_object.named.id, 30);
	CHECK_STR(e.old_object.named.name, "before");
	object_map(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.kind, OBJECT_MAP);
	CHECK_INT(e.object.named.type, BPF_MAP_TYPE_HASH);
	CHECK_INT(e.old_object.kind, OBJECT_NONE);
	object_program_deleted(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_DELETE);
	CHECK_INT(e.object.kind, OBJECT_NONE);
	CHECK_INT(e.old_object.named.id, 31);
	object_program_hostile(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.named.type, 9999);
}

static void perf_events(void)
{
	object_perf_event(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.perf.type, 1);
	CHECK_INT(e.object.perf.config, 10);
	CHECK_INT(e.object.perf.cpu, 2);
	CHECK_INT(e.old_object.perf.cpu, -1);
}

static void sockets(void)
{
	object_socket(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.socket.family, AF_INET);
	CHECK_INT(e.object.socket.local_port, 80);
	CHECK_INT(e.object.socket.remote_port, 4711);
	CHECK(!memcmp(e.object.socket.local, "\x7f\0\0\1", 4));
	CHECK_INT(e.old_object.socket.family, AF_INET6);
	CHECK_INT(e.old_object.socket.local[15], 1);
	object_socket_program(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.shape, VALUE_NONE);
	CHECK_INT(e.object.socket.family, AF_UNIX);
	object_socket_xdp(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.socket.ifindex, 2);
	CHECK_INT(e.object.socket.queue, 3);
}

static void targets(void)
{
	object_netdev(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.target.number, 2);
	CHECK_STR(e.object.target.name, "eth0");
	CHECK_INT(e.object.target.program.id, 31);
	CHECK_INT(e.old_object.target.program.id, 0);
	object_cpu(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.kind, OBJECT_CPU);
	CHECK_INT(e.object.target.qsize, 64);
}

static void cgroups(void)
{
	object_cgroup(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.object.cgroup.id, 4123);
	CHECK_INT(e.object.cgroup.names_len, 26);
	CHECK_STR(e.object.cgroup.names, "ssh.service");
	CHECK(e.old_object.cgroup.names);
	CHECK_INT(e.old_object.cgroup.names_len, 0);
	object_cgroup_gone(&r);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.old_object.cgroup.id, 4123);
	CHECK(!e.old_object.cgroup.names);
}

static void bad_kind(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		object_program(&r);
		*(i & 1 ? &objects()->now.kind : &objects()->old.kind) = i & 2 ? WIRE_OBJECT_KINDS :
										 UINT32_MAX;
		if (decode() != -EBADMSG)
			FAIL("kind %u was taken", i);
	}
}

/* In every place but those in which they fit, behind the value. */
static void bad_offset(void)
{
	uint32_t right;

	object_program(&r);
	right = r.op.objects_off;
	for (uint32_t at = 1; at < r.len + 64; at++) {
		r.op.objects_off = at;
		if (at != right && decode() != -EBADMSG)
			FAIL("offset %u was taken", at);
	}
	for (uint32_t at = UINT32_MAX - 200; at; at++) {
		r.op.objects_off = at;
		if (decode() != -EBADMSG)
			FAIL("offset %u was taken", at);
	}
	r.op.objects_off = right;
	CHECK_INT(decode(), 0);
	record_end(&r, r.len - 1);
	CHECK_INT(decode(), -EBADMSG);
}

static void bad_path(void)
{
	object_cgroup(&r);
	objects()->now.cgroup.path_len = WIRE_CGROUP_ROOM + 1;
	CHECK_INT(decode(), -EBADMSG);
	objects()->now.cgroup.path_len = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
	objects()->now.cgroup.path_len = 25;	/* ends within a name */
	CHECK_INT(decode(), -EBADMSG);
	objects()->now.cgroup.path_len = WIRE_CGROUP_ROOM;
	CHECK_INT(decode(), 0);
	objects()->old.cgroup.path_len = WIRE_CGROUP_ROOM + 1;
	CHECK_INT(decode(), -EBADMSG);
	/* a cgroup in a record without room for paths */
	object_program(&r);
	objects()->now.kind = WIRE_OBJECT_CGROUP;
	objects()->now.cgroup.has_path = 1;
	objects()->now.cgroup.path_len = 0;
	CHECK_INT(decode(), -EBADMSG);
	/* and one byte too few */
	object_cgroup(&r);
	record_end(&r, r.len - 1);
	CHECK_INT(decode(), -EBADMSG);
}

int main(void)
{
	RUN(no_objects);
	RUN(programs_and_maps);
	RUN(perf_events);
	RUN(sockets);
	RUN(targets);
	RUN(cgroups);
	RUN(bad_kind);
	RUN(bad_offset);
	RUN(bad_path);
	free(lent);
	return TEST_STATUS();
}
