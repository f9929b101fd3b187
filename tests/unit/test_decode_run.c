/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records about programs and links: what is lent, and each length and number that is refused. */
#include <errno.h>

#include "decoding.h"
#include "test.h"

static void run_fields(void)
{
	record_run(&r, WIRE_RUN_LINK_UPDATE);
	r.run.link_id = 4;
	r.run.link_type = BPF_LINK_TYPE_CGROUP;
	r.run.old_program.id = 30;
	r.run.target.kind = WIRE_OBJECT_NETDEV;
	r.run.target.number = 2;
	r.run.result = -EPERM;
	CHECK_INT(decode(), 0);
	CHECK(event_is_run(&e) && e.type == EVENT_LINK_UPDATE && e.via == VIA_NONE);
	CHECK_INT(e.run.program.id, 31);
	CHECK_INT(e.run.old_program.id, 30);
	CHECK_INT(e.run.link_id, 4);
	CHECK(e.has_result && e.result == -EPERM && !e.run.name && !e.run.has_attach_type);
	CHECK(e.object.kind == OBJECT_NETDEV && e.object.target.number == 2);
	CHECK(e.run.n_maps == 2 && e.run.maps[1].id == 13 && !e.run.maps_more);
	CHECK(!strcmp(e.run.maps[1].name, "sixteen_bytes_a"));
}

static void run_many_maps(void)
{
	record_run(&r, WIRE_RUN_LOAD);
	r.run.maps = UINT32_MAX;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.run.n_maps, WIRE_USED);
	CHECK_INT(e.run.maps_more, UINT32_MAX - WIRE_USED);
}

static void run_end_of_link(void)
{
	record_run(&r, WIRE_RUN_LINK_FREE);
	r.run.flags = 0;
	CHECK_INT(decode(), 0);
	CHECK(e.type == EVENT_LINK_DETACH && e.via == VIA_KERNEL && !e.has_result);
}

/* Not written: src/pipeline.c looks whether it is bpfmon's own. */
static void run_opened(void)
{
	record_run(&r, WIRE_RUN_PROG_OPEN);
	r.run.result = -EPERM;
	CHECK_INT(decode(), 0);
	CHECK(e.type == EVENT_HANDLE && e.run.program.id == 31 && !event_is_run(&e));
	record_run(&r, WIRE_RUN_LINK_OPEN);
	r.run.link_id = 4;
	CHECK_INT(decode(), 0);
	CHECK(e.type == EVENT_HANDLE && e.run.link_id == 4);
}

static void run_refused(void)
{
	record_run(&r, WIRE_RUN_KINDS);
	CHECK_INT(decode(), -EBADMSG);
	record_run(&r, WIRE_RUN_LOAD);
	r.run.result = 1;
	CHECK_INT(decode(), -EBADMSG);
	r.run.result = -4096;
	CHECK_INT(decode(), -EBADMSG);
	record_run(&r, WIRE_RUN_LOAD);
	memset(r.run.name, 'x', sizeof(r.run.name));
	CHECK_INT(decode(), -EBADMSG);
	record_run(&r, WIRE_RUN_ATTACH);
	r.run.target.kind = WIRE_OBJECT_KINDS;
	CHECK_INT(decode(), -EBADMSG);
	r.run.target.kind = WIRE_OBJECT_CGROUP;
	r.run.target.cgroup.has_path = 1;
	r.run.target.cgroup.path_len = WIRE_CGROUP_ROOM + 1;
	CHECK_INT(decode(), -EBADMSG);
	record_run(&r, WIRE_RUN_LOAD);
	record_end(&r, r.len - 1);
	CHECK_INT(decode(), -EBADMSG);
}

int main(void)
{
	RUN(run_fields);
	RUN(run_many_maps);
	RUN(run_end_of_link);
	RUN(run_opened);
	RUN(run_refused);
	free(lent);
	return TEST_STATUS();
}
