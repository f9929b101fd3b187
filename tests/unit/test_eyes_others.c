/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What others do to bpfmon's programs and links, and on the functions that these need. */
#include "eyes_kernel.h"

/* Each kind is told of by itself. */
static void own_program_touched(void)
{
	static const char comm[EVENT_NAME_BYTES] = "evil";
	struct event e = { .type = EVENT_HANDLE,
			   .task = { .pid = 901, .comm = comm },
			   .run.program.id = 11 };

	begin();
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	e.run.link_id = 5;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	e.type = EVENT_LINK_DETACH;
	eyes_touched(eyes, &e, 41);
	CHECK_STR(
		after(2),
		"critical own-program-touched: opening by id of bpfmon's own program 11 by evil[901]\n"
		"critical own-link-touched: link.detach of bpfmon's own link 5 by evil[901], and 1 more events of own links [41]\n");
	/* who opens those of others as well lists them all; not if more is done to one */
	e = (struct event){ .type = EVENT_HANDLE, .task = { .pid = 901, .comm = comm } };
	e.run.program.id = 77;
	eyes_listed(eyes, &e);
	e.run.program.id = 11;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	CHECK(!strncmp(after(1), "low own-program-touched: opening", 32));
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	e.type = EVENT_PROG_ATTACH;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	CHECK(!strncmp(after(1), "critical own-program-touched: prog.attach", 41));
	/* a program that is to take the place of one of bpfmon's */
	e = (struct event){ .type = EVENT_PROG_LOAD,
			    .task = { .pid = 901, .comm = comm },
			    .object = { .kind = OBJECT_PROGRAM, .named.id = 12 } };
	e.run.program.id = 77;
	eyes_touched(eyes, &e, 42);
	CHECK_STR(
		after(2),
		"critical own-program-touched: prog.load of bpfmon's own program 12 by evil[901] [42]\n");
}

/* Who is after bpfmon's own is told, however many list at the time. */
static void among_listers(void)
{
	static const char comm[EVENT_NAME_BYTES] = "lister", evil[EVENT_NAME_BYTES] = "evil";
	struct event e = { .type = EVENT_HANDLE, .task.comm = comm };

	begin();
	for (e.task.pid = 1; e.task.pid <= TOUCHED_OPENERS; e.task.pid++) {
		e.run.program.id = 77;
		eyes_listed(eyes, &e);
		e.run.program.id = 11;
		eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	}
	e.task.pid = 901;
	e.task.comm = evil;
	e.run.program.id = 12;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	CHECK_STR(
		after(1),
		"critical own-program-touched: opening by id of bpfmon's own program 12 by evil[901], and 8 more events of own programs\n");
}

/* Many list at a time; of those long ago it is forgotten. */
static void many_list(void)
{
	static const char comm[EVENT_NAME_BYTES] = "lister";
	struct event e = { .type = EVENT_HANDLE, .task = { .comm = comm }, .run.program.id = 77 };

	begin();
	for (e.task.pid = 1; e.task.pid <= TOUCHED_LISTERS + 1; e.task.pid++) {
		eyes_listed(eyes, &e);
		eyes_listed(eyes, &e);
	}
	e.task.pid = 2;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	CHECK(!strncmp(after(1), "low own-program-touched", 23));
	e.task.pid = 1;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	CHECK(!strncmp(after(1), "critical own-program-touched", 28));
}

#define FOREIGN "foreign-program: programs of others on functions that bpfmon hooks or calls: "

static void foreign_program(void)
{
	static const char name[EVENT_NAME_BYTES] = "blind\n";
	struct event e = { .type = EVENT_LINK_CREATE };

	begin();
	CHECK_STR(after(1), "");
	/* bpfmon's own, of no concern, and neither on a function nor in its way */
	attached[0] = (struct eyes_program){ 29, 26, 24, name, "security_bpf" };
	attached[1] = (struct eyes_program){ 31, 26, 24, name, "security_socket" };
	attached[2] = (struct eyes_program){ 32, 26, 23, name, "security_bpf" };
	attached[3] = (struct eyes_program){ 33, 5, 0, name, "security_bpf" };
	CHECK_STR(after(11), "");
	/* listed once, and gone in the next look: as those of a bpfmon that just ends */
	attached[4] = (struct eyes_program){ 30, 26, 24, name, "security_bpf" };
	eyes_attached(eyes, &(struct event){ .type = EVENT_LINK_DETACH, .run.program.type = 26 });
	CHECK_STR(after(1), "");
	attached[4].id = 0;
	CHECK_STR(after(11), "");
	/* not told of by any event: within ten seconds and a look */
	attached[4] = (struct eyes_program){ 34, 26, 24, name, "security_bpf" };
	CHECK_STR(after(11), "medium " FOREIGN "34 blind\\x0a (trace_fentry) on security_bpf\n");
	CHECK_STR(after(11), "");
	/* one more, that can refuse: at once, for there was an event */
	attached[5] = (struct eyes_program){ 35, 29, 27, name, "security_bpf" };
	e.run.program = (struct event_prog){ .id = 35, .type = 29 };
	e.run.name = "security_bpf";
	eyes_attached(eyes, &e);
	CHECK_STR(after(1), "high " FOREIGN "35 blind\\x0a (lsm_mac) on security_bpf, "
			    "34 blind\\x0a (trace_fentry) on security_bpf\n");
	CHECK_STR(after(11), "");
	attached[4].id = 0;
	e.type = EVENT_PROG_UNLOAD;
	eyes_attached(eyes, &e);
	CHECK_STR(
		after(1),
		"info foreign-program: no program of others is on functions that bpfmon hooks or calls\n");
	/* it came and went within a round, and is told all the same; not one that was refused */
	e.type = EVENT_LINK_CREATE;
	e.run.program.id = 36;
	eyes_attached(eyes, &e);
	e.result = -EBUSY;
	e.run.program.id = 37;
	eyes_attached(eyes, &e);
	CHECK_STR(
		after(2),
		"high " FOREIGN "36  (tracing) on security_bpf\n"
		"info foreign-program: no program of others is on functions that bpfmon hooks or calls\n");
	/* that they can't be listed says nothing */
	attached[4].id = 34;
	attached_error = -EPERM;
	CHECK_STR(after(11), "");
}

static void many_foreign_programs(void)
{
	static const char name[EVENT_NAME_BYTES] = "many";

	begin();
	for (uint32_t i = 0; i < FOREIGN_MAX + 1; i++)
		attached[i] = (struct eyes_program){ 40 + i, 26, 26, name, "security_bpf" };
	CHECK(strstr(after(11), "71 many (modify_return) on security_bpf and others\n"));
	CHECK_STR(after(11), "");
}

#define SYMBOLS                                                   \
	"ffffffff81000000 T _stext\n"                             \
	"ffffffff81001000 T __bpf_call_base\n"                    \
	"ffffffff80ffe000 t bpf_probe_write_user\n"               \
	"ffffffff81009000 d bpf_probe_write_user_proto\n"         \
	"ffffffff81003000 T bpf_override_return\t[module]\n"      \
	"ffffffff81003400 T bpf_override_return\n"

static void loaded(uint32_t id, uint32_t type, int32_t call)
{
	struct event e = { .type = EVENT_PROG_LOAD };

	codes[id % 16].type = type;
	codes[id % 16].call = call;
	e.run.program.id = id;
	e.run.program.type = type;
	eyes_attached(eyes, &e);
}

/* By what their code calls, and by nothing that looks like it; bpfmon's own (below 30) never. */
static void dangerous_helpers(void)
{
	static const uint32_t before[] = { 36, 0 };

	start();
	put_file("/proc/kallsyms", SYMBOLS);
	lists[EYES_PROGRAMS_ASKED] = lists[EYES_PROGRAMS_ITERATED] = before;
	codes[36 % 16].type = BPF_PROG_TYPE_KPROBE;
	codes[36 % 16].call = 0x2400;
	open_eyes();
	CHECK_STR(
		after(2),
		"high dangerous-helper: programs of others that can change what others read, or are answered: 36 prog36 (bpf_override_return)\n");
	codes[36 % 16].type = 0;
	CHECK_STR(
		after(11),
		"info dangerous-helper: no program of others can change what others read, or are answered\n");
	loaded(37, BPF_PROG_TYPE_RAW_TRACEPOINT, 0x2000);
	loaded(38, BPF_PROG_TYPE_SCHED_CLS, -0x3000);
	loaded(23, BPF_PROG_TYPE_TRACING, -0x3000);
	codes[39 % 16].src_reg = BPF_PSEUDO_CALL;
	loaded(39, BPF_PROG_TYPE_TRACING, -0x3000);
	CHECK_STR(after(11), "");
	loaded(40, BPF_PROG_TYPE_TRACING, -0x3000);
	CHECK_STR(
		after(2),
		"high dangerous-helper: programs of others that can change what others read, or are answered: 40 prog40 (bpf_probe_write_user)\n");
	codes_read = 0;
	CHECK_STR(after(30), "");
	CHECK_INT(codes_read, 3);
}

/* More at a time than are noted: all there are are looked at. */
static void dangerous_helpers_many(void)
{
	static const uint32_t last[] = { 42, 0 };

	start();
	put_file("/proc/kallsyms", SYMBOLS);
	open_eyes();
	CHECK_STR(after(1), "");
	for (uint32_t i = 0; i < HELPER_NEWS; i++)
		loaded(32, BPF_PROG_TYPE_TRACING, 0);
	lists[EYES_PROGRAMS_ASKED] = lists[EYES_PROGRAMS_ITERATED] = last;
	loaded(42, BPF_PROG_TYPE_TRACING, -0x3000);
	CHECK(strstr(after(1), " 42 prog42 (bpf_probe_write_user)\n"));
	/* Where no address is shown nothing is said. */
	start();
	put_file("/proc/kallsyms", "0000000000000000 T __bpf_call_base\n");
	open_eyes();
	loaded(42, BPF_PROG_TYPE_TRACING, 0);
	CHECK_STR(after(2), "");
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	RUN(own_program_touched);
	RUN(among_listers);
	RUN(many_list);
	RUN(foreign_program);
	RUN(many_foreign_programs);
	RUN(dangerous_helpers);
	RUN(dangerous_helpers_many);
	eyes_free(eyes);
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return TEST_STATUS();
}
