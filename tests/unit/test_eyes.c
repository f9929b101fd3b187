/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The detections: one alert when something goes bad, one when it is well again, none in between.
 */
#include "eyes_kernel.h"

/* ---- tests ---- */

static void nothing_bad(void)
{
	begin();
	CHECK_STR(after(30), "");
	CHECK_INT(eyes_due_ns(eyes), START_NS + 31 * SECOND_NS);
	eyes_free(NULL);
}

static void setting_goes_and_comes(void)
{
	begin();
	put_file("/proc/sys/kernel/ftrace_enabled", "0\n");
	CHECK_STR(
		after(3),
		"critical ftrace-off: kernel.ftrace_enabled is 0, at the start it was 1: hooks by fentry, fexit and kprobe are not called\n");
	put_file("/proc/sys/kernel/ftrace_enabled", "1\n");
	CHECK_STR(after(3), "info ftrace-off: kernel.ftrace_enabled is 1\n");
	put_file("/proc/sys/kernel/ftrace_enabled", "0\n");
	CHECK(strlen(after(1)));
}

static void settings_bad(void)
{
	static const struct {
		const char *path, *value, *alert;
	} rows[] = {
		{ "/proc/sys/net/core/bpf_jit_enable", "0", "medium jit-off: " },
		{ "/proc/sys/kernel/kptr_restrict", "2", "low addresses-hidden: " },
		{ "/proc/sys/kernel/perf_event_paranoid", "3", "low perf-restricted: " },
		{ "/proc/sys/kernel/unprivileged_bpf_disabled", "0", "medium unprivileged-bpf: " },
		{ "/proc/sys/debug/kprobes-optimization", "0", "low kprobes-slow: " },
		{ "/sys/kernel/debug/kprobes/enabled", "0", "critical kprobes-off: " },
		{ "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
		  "medium lockdown: lockdown is integrity, at the start it was none: " },
		{ "/proc/sys/kernel/ftrace_enabled", "no number", "critical ftrace-off: " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got;

		begin();
		put_file(rows[i].path, rows[i].value);
		got = after(1);
		if (strncmp(got, rows[i].alert, strlen(rows[i].alert)) ||
		    strchr(got, '\n') != got + strlen(got) - 1)
			FAIL("%s %s: %s", rows[i].path, rows[i].value, got);
	}
}

/* Twice the same value is one alert, a worse one another. */
static void setting_gets_worse(void)
{
	begin();
	put_file("/proc/sys/kernel/kptr_restrict", "1");
	CHECK(!strncmp(after(2), "low addresses-hidden: kernel.kptr_restrict is 1", 47));
	put_file("/proc/sys/kernel/kptr_restrict", "2");
	CHECK(!strncmp(after(2), "low addresses-hidden: kernel.kptr_restrict is 2", 47));
	put_file("/proc/sys/kernel/kptr_restrict", "0");
	CHECK_STR(after(2), "info addresses-hidden: kernel.kptr_restrict is 0\n");
	/* To 1 is nothing to who has the capability. */
	start();
	ask.sees_addresses = true;
	open_eyes();
	put_file("/proc/sys/kernel/kptr_restrict", "1");
	CHECK_STR(after(2), "");
	put_file("/proc/sys/kernel/kptr_restrict", "2");
	CHECK(strlen(after(2)));
}

/* What blinds is told if it was so before; what only got worse is not, nor what there never was. */
static void settings_at_start(void)
{
	start();
	put_file("/proc/sys/kernel/ftrace_enabled", "0\n");
	put_file("/proc/sys/kernel/kptr_restrict", "2\n");
	put_file("/proc/sys/kernel/unprivileged_bpf_disabled", "0\n");
	put_file("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	remove_file("/proc/sys/debug/kprobes-optimization");
	open_eyes();
	CHECK_STR(
		after(2),
		"critical ftrace-off: kernel.ftrace_enabled is 0: hooks by fentry, fexit and kprobe are not called\n");
	put_file("/proc/sys/debug/kprobes-optimization", "0\n");
	CHECK_STR(after(2), "");
}

static void setting_unreadable(void)
{
	begin();
	remove_file("/sys/kernel/security/lockdown");
	CHECK_STR(
		after(2),
		"medium lockdown: lockdown can not be read any more: it may be that the kernel may refuse hooks and iterators from now on\n");
}

static void hooks_gone(void)
{
	begin();
	/* A quarter of them is asked in a round. */
	CHECK_STR(after(4), "");
	/* One that is not there at first is a hook on demand. */
	programs[WIRE_HOOK_MAP_OPEN][0].id = 13;
	CHECK_STR(after(4), "");
	programs[WIRE_HOOK_MAP_OPEN][0] = (struct attach_program){ .err = -EBADF };
	CHECK_STR(
		after(4),
		"critical hook-gone: hooks that are not attached any more: map_open (Bad file descriptor)\n");
	programs[WIRE_HOOK_SYS_ENTER][0].id = 99;
	CHECK_STR(
		after(4),
		"critical hook-gone: hooks that are not attached any more: sys_enter, map_open (Bad file descriptor)\n");
	programs[WIRE_HOOK_SYS_ENTER][0].id = 11;
	programs[WIRE_HOOK_MAP_OPEN][0] = (struct attach_program){ .id = 13 };
	CHECK_STR(after(4), "info hook-gone: all hooks are attached\n");
}

/* What is told first, in so many seconds at most: a hook is asked for when it is its turn. */
static const char *next_of(unsigned int seconds)
{
	const char *text = "";

	while (seconds-- && !*text)
		text = after(1);
	return text;
}

static void programs_skipped(void)
{
	begin();
	programs[WIRE_HOOK_SYS_EXIT][0].misses += 3;
	/* It waits for monitor.lost, and names it. */
	CHECK_STR(after(2), "");
	lost_seq = 77;
	CHECK_STR(
		after(1),
		"medium recursion: the kernel skipped programs of bpfmon that were at work already: sys_exit 3 [77]\n");
	programs[WIRE_HOOK_SYS_EXIT][0].misses += 3;
	CHECK_STR(after(9), "");
	CHECK_STR(after(5), "info recursion: no program of bpfmon was skipped for 10 s\n");
	/* Nothing was lost by it. */
	programs[WIRE_HOOK_SYS_ENTER][0].misses = 1;
	CHECK_STR(after(2), "");
	CHECK_STR(
		next_of(10),
		"medium recursion: the kernel skipped programs of bpfmon that were at work already: sys_enter 1\n");
}

/* However seldom is looked. */
static void programs_skipped_minutes(void)
{
	bool raised, over;

	interval_ns = 60 * SECOND_NS;
	begin();
	programs[WIRE_HOOK_SYS_EXIT][0].misses += 3;
	raised = strstr(after(4), "medium recursion: ");
	over = !strcmp(after(4), "info recursion: no program of bpfmon was skipped for 300 s\n");
	interval_ns = SECOND_NS;
	CHECK(raised);
	CHECK(over);
}

static void maps_hidden(void)
{
	static const uint32_t all[] = { 3, 5, 9, 0 }, without[] = { 9, 3, 0 },
			      other[] = { 3, 5, 9, 10, 0 };

	begin();
	CHECK_STR(after(1), "");
	/* Once may be a map that comes or goes. */
	lists[EYES_MAPS_ASKED] = without;
	CHECK_STR(after(10), "");
	lists[EYES_MAPS_ASKED] = all;
	CHECK_STR(after(10), "");
	lists[EYES_MAPS_ASKED] = without;
	CHECK_STR(after(10), "");
	CHECK_STR(after(10),
		  "high hidden-map: map 5 is hidden from bpf(2), the kernel's own list has it\n");
	CHECK_STR(after(20), "");
	lists[EYES_MAPS_ASKED] = other;
	CHECK_STR(after(10),
		  "info hidden-map: bpf(2) and the kernel's own list have the same maps\n");
	CHECK_STR(after(10),
		  "high hidden-map: map 10 is not in the kernel's own list, bpf(2) tells of it\n");
	/* That it can't be listed says nothing. */
	list_error = -EPERM;
	CHECK_STR(after(20), "");
	list_error = 0;
	lists[EYES_MAPS_ASKED] = all;
	CHECK(strlen(after(10)));
}

static void maps_many_hidden(void)
{
	static const uint32_t none[] = { 0 };
	static uint32_t many[1001];

	begin();
	for (uint32_t i = 0; i < 1000; i++)
		many[i] = i + 1;
	lists[EYES_MAPS_ASKED] = none;
	lists[EYES_MAPS_ITERATED] = many;
	CHECK(strstr(after(11), "high hidden-map: map 1 is hidden"));
}

/* The kernel's own list has a program once for each of its functions. */
static void programs_hidden(void)
{
	static const uint32_t functions[] = { 7, 7, 7, 8, 9, 9, 0 }, all[] = { 7, 8, 9, 0 },
			      without[] = { 7, 9, 0 };

	begin();
	lists[EYES_PROGRAMS_ITERATED] = functions;
	lists[EYES_PROGRAMS_ASKED] = all;
	CHECK_STR(after(30), "");
	lists[EYES_PROGRAMS_ASKED] = without;
	CHECK_STR(
		after(20),
		"high hidden-program: program 8 is hidden from bpf(2), the kernel's own list has it\n");
	lists[EYES_PROGRAMS_ASKED] = all;
	CHECK_STR(after(10),
		  "info hidden-program: bpf(2) and the kernel's own list have the same programs\n");
}

static void own_map_touched(void)
{
	static const char comm[EVENT_NAME_BYTES] = "evil\n\033[31m";
	struct event e = { .type = EVENT_MAP_OPEN,
			   .task = { .pid = 901, .comm = comm },
			   .map = { .id = 7 },
			   .can_read = true };

	begin();
	eyes_touched(eyes, &e, 41);
	CHECK_STR(
		after(2),
		"low own-map-touched: map.open of bpfmon's own map 7 by evil\\x0a\\x1b[31m[901] [41]\n");
	e.can_write = true;
	eyes_touched(eyes, &e, 42);
	CHECK(!strncmp(after(1), "high own-map-touched: map.open", 30));
	/* The worst of all, whatever came after it; what was filtered has no line. */
	eyes_touched(eyes, &e, 43);
	e.type = EVENT_MAP_UPDATE;
	e.map.id = 8;
	eyes_touched(eyes, &e, EVENT_SEQ_NONE);
	e.type = EVENT_MAP_LOOKUP;
	eyes_touched(eyes, &e, 45);
	CHECK_STR(
		after(2),
		"critical own-map-touched: map.update of bpfmon's own map 8 by evil\\x0a\\x1b[31m[901], and 2 more events of own maps [43] [45]\n");
	for (uint64_t i = 0; i < 1000; i++)
		eyes_touched(eyes, &e, i);
	CHECK(strstr(after(1), "999 more events of own maps [0] [1]"));
}

static void switched_off(void)
{
	begin();
	is_armed = false;
	CHECK(!strncmp(after(3), "critical hooks-off: somebody wrote bpfmon's own .bss map: ", 57));
	is_armed = true;
	CHECK_STR(after(3), "info hooks-off: the hooks are switched on\n");
}

static void process_traced(void)
{
	begin();
	put_file("/proc/4711/comm", "gdb\n");
	put_file(STATUS, "Name:\tbpfmon\nTracerPid:\t4711\nUid:\t0\n");
	CHECK_STR(
		after(3),
		"critical traced: process 4711 (gdb) has bpfmon under ptrace(2): it can stop it and change what it writes\n");
	put_file(STATUS, "Name:\tbpfmon\nTracerPid:\t4712\nUid:\t0\n");
	CHECK(!strncmp(after(3), "critical traced: process 4712 has", 33));
	put_file(STATUS, "Name:\tbpfmon\nTracerPid:\t0\nUid:\t0\n");
	CHECK_STR(after(3), "info traced: nobody traces bpfmon\n");
}

static void process_stalled(void)
{
	begin();
	now_ns += 5 * SECOND_NS; /* and the round's own second: 5 s late, no more */
	CHECK_STR(after(1), "");
	now_ns += 7300000000;
	CHECK(!strncmp(after(2), "medium stalled: bpfmon did not run for 7.3 s: ", 46));
	/* It was busy itself. */
	now_ns += 60 * SECOND_NS;
	eyes_busy(eyes, 58 * SECOND_NS);
	CHECK_STR(after(1), "");
	now_ns += 6 * SECOND_NS;
	CHECK(strlen(after(1)));
	now_ns += 6 * SECOND_NS;
	CHECK(strlen(after(1)));
}

#define NOTHING "critical blind: bpfmon wrote to a map of its own, and no event came of it: "
#define SEES "info blind: the hooks see what bpfmon itself writes\n"

static void nothing_seen(void)
{
	begin();
	CHECK_STR(after(5), "");
	CHECK(!eyes_blind(eyes));
	bird.silent = true;
	/* Within two: that of the write that is not seen, and that of the look. */
	CHECK_STR(after(2), NOTHING "nothing is seen\n");
	CHECK_STR(after(5), "");
	CHECK(eyes_blind(eyes));
	bird.silent = false;
	CHECK_STR(after(2), SEES);
	CHECK(!eyes_blind(eyes));
	/* From the start: there is no time in which it is taken for normal. */
	begin();
	bird.silent = true;
	CHECK_STR(after(2), NOTHING "nothing is seen\n");
}

static void half_blind(void)
{
	begin();
	after(3);
	bird.e.via = VIA_UNKNOWN;
	CHECK_STR(
		after(3),
		"critical blind: bpfmon wrote to a map of its own, and the hooks on bpf(2) did not: refused attempts, opens and pins are not seen\n");
	bird.e.via = VIA_SYSCALL;
	bird.e.old_state = OLD_UNKNOWN;
	CHECK_STR(
		after(3),
		"critical blind: bpfmon wrote to a map of its own, and the hooks on operations of maps did not: writes of BPF programs are not seen\n");
	bird.e.old_state = OLD_READ;
	CHECK_STR(after(3), SEES);
	/* A kernel on which that is normal. */
	begin();
	bird.e.old_state = OLD_UNKNOWN;
	CHECK_STR(after(5), "");
	bird.silent = true;
	CHECK(strlen(after(2)));
}

/* What is no blindness: a write that was skipped, a reader that is behind, losses. */
static void not_blind(void)
{
	begin();
	after(3);
	for (int i = 0; i < 20; i++) {
		bird.wait = 2;
		CHECK_STR(after(1), "");
	}
	bird.silent = bird.behind = true;
	bird.writes = 0;
	CHECK_STR(after(20), "");
	CHECK_INT(bird.writes, 0);
	bird.behind = false;
	for (int i = 0; i < 20; i++) {
		bird.losses++;
		CHECK_STR(after(1), "");
	}
	CHECK(strlen(after(2)));
	begin();
	bird.err = -EPERM;
	CHECK_STR(after(20), "");
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	RUN(nothing_bad);
	RUN(setting_goes_and_comes);
	RUN(settings_bad);
	RUN(setting_gets_worse);
	RUN(settings_at_start);
	RUN(setting_unreadable);
	RUN(hooks_gone);
	RUN(programs_skipped);
	RUN(programs_skipped_minutes);
	RUN(maps_hidden);
	RUN(maps_many_hidden);
	RUN(programs_hidden);
	RUN(own_map_touched);
	RUN(switched_off);
	RUN(process_traced);
	RUN(process_stalled);
	RUN(nothing_seen);
	RUN(half_blind);
	RUN(not_blind);
	eyes_free(eyes);
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return TEST_STATUS();
}
