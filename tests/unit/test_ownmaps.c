/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What counts as a bpfmon's own map: events of and about this process. */
#include "ownmaps.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define ME ((uint32_t)getpid())
#define NOT_ME 0	/* this process is a bpfmon beside the one that is tested */

static void own_events(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000001 } };
	enum ownmaps_is created, updated, by_other, by_program, changed, freed, reused;
	bool ours, others, has, had;

	CHECK(own);
	e.task.pid = ME;
	created = ownmaps_event(own, ME, &e);
	has = ownmaps_has(own, e.map.id) && !ownmaps_has(own, e.map.id + 1);
	e.type = EVENT_MAP_UPDATE;
	e.via = VIA_SYSCALL;
	updated = ownmaps_event(own, ME, &e);
	/* It runs while we happen to. */
	e.via = VIA_PROGRAM;
	by_program = ownmaps_event(own, ME, &e);
	e.via = VIA_SYSCALL;
	e.task.pid = 1;
	by_other = ownmaps_event(own, ME, &e);
	ours = ownmaps_ours(own, ME, e.map.id);
	others = ownmaps_ours(own, ME, 4000000000);
	e.type = EVENT_MAP_CHANGE;
	e.via = VIA_POINTER;
	changed = ownmaps_event(own, ME, &e);
	e.type = EVENT_MAP_FREE;
	e.via = VIA_NONE;
	freed = ownmaps_event(own, ME, &e);
	had = !ownmaps_has(own, e.map.id);
	e.type = EVENT_MAP_UPDATE;
	reused = ownmaps_event(own, ME, &e);
	ownmaps_free(own);
	CHECK_INT(created, OWNMAPS_BOOKKEEPING);
	CHECK_INT(updated, OWNMAPS_BOOKKEEPING);
	CHECK_INT(by_program, OWNMAPS_TOUCHED);
	CHECK_INT(by_other, OWNMAPS_TOUCHED);
	CHECK_INT(changed, OWNMAPS_BOOKKEEPING);
	CHECK(ours && !others);
	CHECK_INT(freed, OWNMAPS_BOOKKEEPING);
	CHECK_INT(reused, OWNMAPS_OTHER);
	CHECK(has && had);
}

/* Programs that it loads while it watches; another's, of which it has the last reference, is told. */
static void own_programs_last(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event load = { .type = EVENT_CODE, .code.prog = { .id = 4000000007 } };
	struct event gone = { .type = EVENT_PROG_UNLOAD, .run.program.id = 4000000007 };
	enum ownmaps_is before, mine, again;

	CHECK(own);
	gone.task.pid = ME;
	load.code.prog.loader_pid = ME + 1;
	ownmaps_loaded(own, ME, &load);
	before = ownmaps_event(own, ME, &gone);
	load.code.prog.loader_pid = ME;
	ownmaps_loaded(own, ME, &load);
	mine = ownmaps_event(own, ME, &gone);
	again = ownmaps_event(own, ME, &gone);
	ownmaps_free(own);
	CHECK_INT(before, OWNMAPS_OTHER);
	CHECK_INT(mine, OWNMAPS_BOOKKEEPING);
	CHECK_INT(again, OWNMAPS_OTHER);
}

/* It asks what another's map is; a process that has no maps of a bpfmon does not. */
static void own_questions(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_OPEN, .how = HOW_ID, .map = { .id = 4000000004 } };
	struct event create = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000003 } };
	enum ownmaps_is before, asks, writes, by_pin, by_other;

	CHECK(own);
	e.task.pid = create.task.pid = (uint32_t)getpid();
	e.can_read = true;
	before = ownmaps_event(own, NOT_ME, &e);
	ownmaps_event(own, NOT_ME, &create);
	asks = ownmaps_event(own, NOT_ME, &e);
	e.can_write = true;
	writes = ownmaps_event(own, NOT_ME, &e);
	e.can_write = false;
	e.how = HOW_PIN;
	by_pin = ownmaps_event(own, NOT_ME, &e);
	e.how = HOW_ID;
	e.task.pid = (uint32_t)getppid();
	by_other = ownmaps_event(own, NOT_ME, &e);
	ownmaps_free(own);
	CHECK_INT(before, OWNMAPS_OTHER);
	CHECK_INT(asks, OWNMAPS_BOOKKEEPING);
	CHECK_INT(writes, OWNMAPS_OTHER);
	CHECK_INT(by_pin, OWNMAPS_OTHER);
	CHECK_INT(by_other, OWNMAPS_OTHER);
}

/* A map that a third one has just made, of which it does not know yet. Ours it may not open untold. */
static void own_questions_among_own(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event create = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000003 } };
	struct event e = { .type = EVENT_MAP_OPEN, .how = HOW_ID, .can_read = true };
	pid_t third = fork();
	enum ownmaps_is asks, asks_us;

	if (!third) {
		pause();
		_exit(0);
	}
	CHECK(own && third > 0);
	e.task.pid = create.task.pid = (uint32_t)getpid();
	ownmaps_event(own, NOT_ME, &create);
	e.map.id = create.map.id = 4000000004;
	create.task.pid = (uint32_t)third;
	ownmaps_event(own, NOT_ME, &create);
	asks = ownmaps_event(own, NOT_ME, &e);
	asks_us = ownmaps_event(own, (uint32_t)third, &e);
	kill(third, SIGKILL);
	waitpid(third, NULL, 0);
	ownmaps_free(own);
	CHECK_INT(asks, OWNMAPS_BOOKKEEPING);
	CHECK_INT(asks_us, OWNMAPS_TOUCHED);
}

static void own_not_others(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_CREATE, .map = { .id = 4000000002 } };
	enum ownmaps_is created, updated;

	CHECK(own);
	e.task.pid = (uint32_t)getppid();
	created = ownmaps_event(own, NOT_ME, &e);
	/* its writes to a map of somebody else are reported */
	e.type = EVENT_MAP_UPDATE;
	e.task.pid = (uint32_t)getpid();
	updated = ownmaps_event(own, NOT_ME, &e);
	ownmaps_free(own);
	ownmaps_free(NULL);
	CHECK_INT(created, OWNMAPS_OTHER);
	CHECK_INT(updated, OWNMAPS_OTHER);
}

static void own_many(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_MAP_CREATE };
	uint32_t n = 0;

	CHECK(own);
	e.task.pid = (uint32_t)getpid();
	for (e.map.id = 4000000000; e.map.id < 4000000100; e.map.id++)
		n += ownmaps_event(own, ME, &e);
	e.type = EVENT_MAP_FREE;
	for (e.map.id = 4000000000; e.map.id < 4000000100; e.map.id++)
		n += ownmaps_event(own, ME, &e);
	ownmaps_free(own);
	CHECK_INT(n, 200);
}

/* Programs and links of a bpfmon are left out as they come and go, what others do to them is not. */
static void own_programs(void)
{
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_PROG_LOAD, .run = { .program = { .id = 4000000003 } } };
	uint32_t me = (uint32_t)getpid(), other = (uint32_t)getppid();
	enum ownmaps_is is[8];

	CHECK(own);
	e.task.pid = me;
	is[0] = ownmaps_event(own, NOT_ME, &e);
	e.type = EVENT_LINK_CREATE;
	e.run.link_id = 4000000004;
	is[1] = ownmaps_event(own, NOT_ME, &e);
	e.task.pid = other;
	e.type = EVENT_LINK_DETACH;
	is[2] = ownmaps_event(own, NOT_ME, &e);
	e.via = VIA_KERNEL;
	is[3] = ownmaps_event(own, NOT_ME, &e);
	is[4] = ownmaps_event(own, NOT_ME, &e);	/* another link by that id */
	e.via = VIA_NONE;
	e.type = EVENT_PROG_UNLOAD;
	is[5] = ownmaps_event(own, NOT_ME, &e);
	is[6] = ownmaps_event(own, NOT_ME, &e);
	e.type = EVENT_PROG_LOAD;
	is[7] = ownmaps_event(own, NOT_ME, &e);
	ownmaps_free(own);
	for (size_t i = 0; i < 8; i++)
		CHECK_INT(is[i], i == 2		 ? OWNMAPS_TOUCHED :
				 i == 4 || i > 5 ? OWNMAPS_OTHER :
						   OWNMAPS_BOOKKEEPING);
}

/* What others do to programs and links of this bpfmon, and with them. */
static void own_programs_touched(void)
{
	static const struct {
		enum event_type type;
		uint32_t prog, link, target;
		enum ownmaps_is is;
	} rows[] = {
		{ EVENT_HANDLE, 4000000003, 0, 0, OWNMAPS_TOUCHED },
		{ EVENT_HANDLE, 0, 4000000004, 0, OWNMAPS_TOUCHED },
		{ EVENT_HANDLE, 4000000004, 0, 0, OWNMAPS_OTHER },
		{ EVENT_HANDLE, 0, 4000000003, 0, OWNMAPS_OTHER },
		{ EVENT_LINK_UPDATE, 4000000009, 4000000004, 0, OWNMAPS_TOUCHED },
		{ EVENT_LINK_UPDATE, 4000000009, 4000000008, 0, OWNMAPS_OTHER },
		{ EVENT_PROG_LOAD, 4000000009, 0, 4000000003, OWNMAPS_TOUCHED },
		{ EVENT_PROG_LOAD, 4000000009, 0, 4000000004, OWNMAPS_OTHER },
		{ EVENT_PROG_ATTACH, 4000000003, 0, 0, OWNMAPS_TOUCHED },
	};
	struct ownmaps *own = ownmaps_new();
	struct event e = { .type = EVENT_PROG_LOAD, .run = { .program = { .id = 4000000003 } } };
	enum ownmaps_is is[sizeof(rows) / sizeof(rows[0])];
	bool has, others;

	CHECK(own);
	e.task.pid = (uint32_t)getpid();
	ownmaps_event(own, NOT_ME, &e);
	e.type = EVENT_LINK_CREATE;
	e.run.link_id = 4000000004;
	ownmaps_event(own, NOT_ME, &e);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e = (struct event){ .type = rows[i].type, .task.pid = (uint32_t)getppid() };
		e.run.program.id = rows[i].prog;
		e.run.link_id = rows[i].link;
		e.object.kind = rows[i].target ? OBJECT_PROGRAM : OBJECT_NONE;
		e.object.named.id = rows[i].target;
		is[i] = ownmaps_event(own, NOT_ME, &e);
	}
	has = ownmaps_has_program(own, 4000000003);
	others = ownmaps_has_program(own, 4000000009);
	ownmaps_free(own);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(is[i], rows[i].is);
	CHECK(has && !others);
}

int main(void)
{
	RUN(own_events);
	RUN(own_programs_last);
	RUN(own_questions);
	RUN(own_questions_among_own);
	RUN(own_not_others);
	RUN(own_many);
	RUN(own_programs);
	RUN(own_programs_touched);
	return TEST_STATUS();
}
