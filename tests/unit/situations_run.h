/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Situations of programs and links; see situations.h. */
#ifndef BPFMON_TEST_SITUATIONS_RUN_H
#define BPFMON_TEST_SITUATIONS_RUN_H

#include <errno.h>

#include "record.h"

static void prog_load(struct record *r)
{
	record_run(r, WIRE_RUN_LOAD);
}

/* There is none yet: what it was to be. */
static void prog_load_refused(struct record *r)
{
	record_run(r, WIRE_RUN_LOAD);
	r->run.program.id = 0;
	r->run.maps = 0;
	r->run.result = -EACCES;
}

static void prog_load_traces(struct record *r)
{
	record_run(r, WIRE_RUN_LOAD);
	r->run.program.type = BPF_PROG_TYPE_TRACING;
	r->run.flags |= WIRE_RUN_TYPE;
	r->run.attach_type = BPF_TRACE_FEXIT;
	memcpy(r->run.name, "vfs_read", sizeof("vfs_read"));
	r->run.maps = WIRE_USED + 2;
	for (uint32_t i = 0; i < WIRE_USED; i++)
		r->run.used[i].id = 100 + i;
}

static void prog_unload(struct record *r)
{
	record_run(r, WIRE_RUN_UNLOAD);
	r->run.flags = 0;
	r->run.maps = 0;
}

static void of_cgroup(struct record *r, uint32_t what)
{
	record_run(r, what);
	r->run.program.type = BPF_PROG_TYPE_CGROUP_SKB;
	r->run.flags |= WIRE_RUN_TYPE;
	r->run.attach_type = BPF_CGROUP_INET_EGRESS;
	r->run.target.kind = WIRE_OBJECT_CGROUP;
	r->run.target.cgroup.id = 4711;
	r->run.target.cgroup.has_path = 1;
	memcpy(r->run.path, "unit\0mine.slice", 16);
	r->run.target.cgroup.path_len = 16;
}

static void prog_attach(struct record *r)
{
	of_cgroup(r, WIRE_RUN_ATTACH);
}

static void prog_attach_perf(struct record *r)
{
	record_run(r, WIRE_RUN_ATTACH);
	r->run.target.kind = WIRE_OBJECT_PERF_EVENT;
	r->run.target.perf.type = 1;
	r->run.target.perf.config = 9;
}

static void prog_detach_refused(struct record *r)
{
	of_cgroup(r, WIRE_RUN_DETACH);
	r->run.target.cgroup.has_path = 0;
	memset(&r->run.program, 0, sizeof(r->run.program));
	r->run.result = -ENOENT;
}

static void link_create(struct record *r)
{
	record_run(r, WIRE_RUN_LINK_CREATE);
	r->run.link_id = 4;
	r->run.link_type = BPF_LINK_TYPE_RAW_TRACEPOINT;
	memcpy(r->run.name, "sys_\"enter\n", sizeof("sys_\"enter\n"));
}

static void link_create_device(struct record *r)
{
	record_run(r, WIRE_RUN_LINK_CREATE);
	r->run.program.type = 999;
	r->run.flags |= WIRE_RUN_TYPE;
	r->run.attach_type = 9999;
	r->run.link_id = 5;
	r->run.link_type = 777;
	r->run.target.kind = WIRE_OBJECT_NETDEV;
	r->run.target.number = 2;
}

static void link_update(struct record *r)
{
	record_run(r, WIRE_RUN_LINK_UPDATE);
	r->run.link_id = 4;
	r->run.link_type = BPF_LINK_TYPE_CGROUP;
	r->run.old_program = r->run.program;
	r->run.old_program.id = 30;
	memcpy(r->run.old_program.name, "sixteen_bytes_ab", 16);
}

static void link_detach(struct record *r)
{
	record_run(r, WIRE_RUN_LINK_DETACH);
	r->run.link_id = 4;
	r->run.link_type = BPF_LINK_TYPE_CGROUP;
}

static void link_free(struct record *r)
{
	of_cgroup(r, WIRE_RUN_LINK_FREE);
	r->run.flags = WIRE_RUN_TYPE;
	r->run.link_id = 4;
	r->run.link_type = BPF_LINK_TYPE_CGROUP;
}

#define RUN_SITUATIONS \
	SITUATION(prog_load), SITUATION(prog_load_refused), SITUATION(prog_load_traces), \
		SITUATION(prog_unload), SITUATION(prog_attach), SITUATION(prog_detach_refused), \
		SITUATION(link_create), SITUATION(link_create_device), SITUATION(link_update), \
		SITUATION(link_detach), SITUATION(link_free), SITUATION(prog_attach_perf)

#endif
