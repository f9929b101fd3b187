/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules of what is normal: that they are quiet about what they were learned from, whatever its bytes
 * are, and not about anybody else; and how they look.
 */
#include "rules.h"

#include "normal/normal.h"

static struct normal *normal;
static struct buf written;

static void begin(void)
{
	normal_free(normal);
	normal = normal_new();
	written.len = 0;
}

/* "": rules of what was learned since begin() are good; else what is said. */
static const char *learned(void)
{
	written.len = 0;
	normal_rules(normal, "host", "6.12", &written);
	buf_bytes(&written, "", 1);
	return compile(written.failed ? "" : written.data);
}

static bool has(const char *text)
{
	return strstr(written.data, text) != NULL;
}

/* ---- who ---- */

static struct event a_program(struct event_prog *prog)
{
	struct event e = an_update();

	*prog = (struct event_prog){ .id = 31, .type = BPF_PROG_TYPE_XDP, .name = "count" };
	memset(prog->tag, 0xa5, sizeof(prog->tag));
	e.via = VIA_PROGRAM;
	e.program = prog;
	return e;
}

static void a_process(void)
{
	struct event e = an_update(), other = an_update();
	struct event_process stranger = process;

	stranger.exe = "/tmp/evil";
	other.task.process = &stranger;
	begin();
	normal_event(normal, &e);
	CHECK_STR(learned(), "");
	CHECK(has("  - name: learned-config-hash\n"));
	CHECK(has("      map.name: config\n      map.type: hash\n"));
	CHECK(has(
		"      # 1 write\n      - via: [syscall]\n        process.exe: /usr/sbin/bpftool\n"
		"        process.cgroup: /user.slice\n"));
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&other), 1);
	CHECK_STR(alert.rule, "learned-config-hash");
	CHECK_STR(
		alert.reason,
		"map.update of map 12 config via syscall, by /tmp/evil bpftool[812], program ?: nobody who was learned");
	/* The same file from elsewhere, by another road, or refused. */
	e.via = VIA_BATCH;
	CHECK_INT(ask(&e), 1);
	stranger = process;
	stranger.cgroup = "/user.slice/x";
	CHECK_INT(ask(&other), 1);
	stranger.exe = NULL;
	other.result = -1;
	CHECK_INT(ask(&other), 1);
}

static void a_map_that_nobody_writes(void)
{
	struct event held = an_update(), e = an_update();

	held.type = EVENT_MAP_OPEN;
	held.via = VIA_NONE;
	begin();
	normal_event(normal, &held);
	CHECK_STR(learned(), "");
	CHECK(has("# Map config, hash: 0 writes\n"));
	CHECK_INT(ask(&held), 0);
	CHECK_INT(ask(&e), 1);
	/* A consequence is nobody's act. */
	e.via = VIA_KERNEL;
	CHECK_INT(ask(&e), 0);
	/* And another type of map is another map. */
	e = an_update();
	e.map.type = BPF_MAP_TYPE_ARRAY;
	CHECK_INT(ask(&e), 0);
}

static void a_program_that_writes(void)
{
	struct event_prog prog, other;
	struct event e = a_program(&prog), stranger = a_program(&other), by_bpf = an_update();

	begin();
	normal_event(normal, &e);
	CHECK_STR(learned(), "");
	CHECK(has("      - via: [program]\n        program.name: count\n        program.type: xdp\n"
		  "        program.tag: \"a5a5a5a5a5a5a5a5\"\n"));
	/* Whoever runs meanwhile is a bystander. */
	e.task.process = NULL;
	prog.id = 99;
	CHECK_INT(ask(&e), 0);
	other.tag[7] = 0;
	CHECK_INT(ask(&stranger), 1);
	CHECK_INT(ask(&by_bpf), 1);
	e.program = NULL;
	CHECK_INT(ask(&e), 1);
}

static void a_store(void)
{
	struct event e = an_update();

	e.type = EVENT_MAP_CHANGE;
	e.via = VIA_POINTER;
	e.has_result = false;
	begin();
	normal_event(normal, &e);
	CHECK_STR(learned(), "");
	CHECK(has("      - via: [pointer]\n    severity"));
	CHECK_INT(ask(&e), 0);
	e.via = VIA_MMAP;
	CHECK_INT(ask(&e), 1);
}

static void in_a_container(void)
{
	struct event_process docker = process, pod = process;
	struct event e = an_update(), host = an_update();

	docker.cgroup =
		"/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope";
	container_parse(docker.cgroup, &docker.container);
	e.task.process = &docker;
	begin();
	normal_event(normal, &e);
	CHECK_STR(learned(), "");
	CHECK(has("        process.container_runtime: docker\n"));
	/* Another start of it has another id. */
	docker.container.id[0] = 'f';
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&host), 1);
	pod.container = docker.container;
	pod.container.runtime = NULL;
	e.task.process = &pod;
	begin();
	normal_event(normal, &e);
	CHECK_STR(learned(), "");
	CHECK(has("        process.container: {exists: true}\n"));
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&host), 1);
}

/* Sessions and units of one start have numbers, which are another next time. */
static void cgroups_with_numbers(void)
{
	static const struct {
		const char *was, *later;
		bool same;
	} cases[] = {
		{ "/user.slice/user-1000.slice/session-5.scope",
		  "/user.slice/user-1000.slice/session-77.scope", true },
		{ "/user.slice/user-1000.slice/session-5.scope",
		  "/user.slice/user-1001.slice/session-5.scope", false },
		{ "/system.slice/run-u5.service", "/system.slice/run-u66.service", true },
		{ "/system.slice/run-r0123456789abcdef0123456789abcdef.service",
		  "/system.slice/run-rfedcba9876543210fedcba9876543210.service", true },
		{ "/system.slice/x-550e8400-e29b-41d4-a716-446655440000/y",
		  "/system.slice/x-660e8400-e29b-41d4-a716-446655440000/y", true },
		{ "/system.slice/getty@tty1.service", "/system.slice/getty@tty2.service", false },
		{ "/system.slice/ssh.service", "/system.slice/ssh.services", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event_process p = process;
		struct event e = an_update();

		p.cgroup = cases[i].was;
		e.task.process = &p;
		begin();
		normal_event(normal, &e);
		CHECK_STR(learned(), "");
		CHECK_INT(ask(&e), 0);
		p.cgroup = cases[i].later;
		CHECK_INT(ask(&e), !cases[i].same);
	}
}

/* ---- which map ---- */

static void maps_without_a_name(void)
{
	struct event_mapfacts pinned = facts;
	struct event e = an_update(), bare = an_update(), named = an_update();
	struct event_process stranger = process;

	e.map.name = bare.map.name = "";
	bare.map.facts = NULL;
	e.map.facts = &pinned;
	begin();
	normal_event(normal, &e);
	normal_event(normal, &bare);
	CHECK_STR(learned(), "");
	CHECK_INT(normal_count(normal), 2);
	CHECK(has("# The map pinned at /sys/fs/bpf/a, hash: 1 write\n"));
	CHECK(has(
		"# Maps of type hash without a name, or with one that is no text, and without a pin"));
	CHECK(has("#   1 by process.exe: /usr/sbin/bpftool\n"));
	CHECK_INT(ask(&e), 0);
	stranger.exe = "/tmp/evil";
	e.task.process = bare.task.process = named.task.process = &stranger;
	CHECK_INT(ask(&bare), 0);	/* there is nothing to know it by */
	CHECK_INT(ask(&named), 0);	/* it is another map, at the same pins */
	pinned.n_pins = 1;
	pinned.serial++;
	CHECK_INT(ask(&e), 1);
	CHECK(!strncmp(alert.rule, "learned-sys-fs-bpf-a-", 21));
}

/* Names with numbers are one for each of something: too many of them are one map to rules. */
static void numbered_maps(void)
{
	struct event e = an_update(), other = an_update();
	struct event_process stranger = process;
	char name[16];

	stranger.exe = "/tmp/evil";
	other.task.process = &stranger;
	other.map.name = e.map.name = name;
	begin();
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), i % 10 ? "policy_%02u" : "tail_%u", i);
		normal_event(normal, &e);
	}
	CHECK_STR(learned(), "");
	/* 90 of one shape; tail_0, and nine of two digits. */
	CHECK_INT(normal_count(normal), 3);
	CHECK(has("      map.name: \"policy_[0-9][0-9]\"\n"));
	CHECK(has("      map.name: \"tail_[0-9][0-9]\"\n"));
	CHECK(has("      map.name: tail_0\n"));
	CHECK(has("# Map \"policy_[0-9][0-9]\", hash: 90 writes\n"));
	CHECK(has("  - name: learned-policy_NN-"));
	CHECK_INT(ask(&e), 0);
	snprintf(name, sizeof(name), "policy_20");	/* that was never there */
	CHECK_INT(ask(&e), 0);
	CHECK_INT(ask(&other), 1);
	snprintf(name, sizeof(name), "policy_2x");
	CHECK_INT(ask(&other), 0);
}

static void too_many(void)
{
	struct event e = an_update();
	struct event_process p = process;
	char path[64];

	e.task.process = &p;
	p.cgroup = path;
	begin();
	for (unsigned int i = 0; i < 9; i++) {
		snprintf(path, sizeof(path), "/system.slice/x%u.service", i);
		normal_event(normal, &e);
	}
	CHECK_STR(learned(), "");
	CHECK(!has("process.cgroup"));	/* it is at home everywhere */
	p.exe = path;
	for (unsigned int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/tmp/x%u", i);
		normal_event(normal, &e);
	}
	CHECK_STR(learned(), "");
	CHECK_INT(normal_count(normal), 0);
	CHECK(has("# By more than 128: whoever writes is no stranger.\n"));
	CHECK(has("\nrules: []\n"));
	begin();
	e.map.name = path;
	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "%c%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26,
			 'a' + i / 676 % 26, 'a' + i / 17576);
		normal_event(normal, &e);
	}
	CHECK_STR(learned(), "");
	CHECK_INT(normal_count(normal), 8192);
	CHECK(has("# There were more than 8192 maps"));
	CHECK_INT(normal_writes(normal), 20000);
}

/* What came first does not matter, nor do ids. */
static void order(void)
{
	struct event a = an_update(), b = an_update(), c = an_update();
	struct event_process p = process;
	char *first;

	p.exe = "/a";
	b.task.process = &p;
	c.map.name = "a";
	begin();
	normal_event(normal, &a);
	normal_event(normal, &b);
	normal_event(normal, &c);
	learned();
	first = strdup(written.data);
	begin();
	c.map.id = a.map.id = 4711;
	p.serial = 4711;
	c.task.pid = a.task.tid = 4711;
	normal_event(normal, &c);
	normal_event(normal, &b);
	normal_event(normal, &a);
	learned();
	CHECK_STR(written.data, first);
	free(first);
	begin();
	normal_lost(normal, 3);
	CHECK_STR(learned(), "");
	CHECK(has("# 3 events were lost meanwhile: writers may be missing.\n"));
}

/* ---- hostile bytes ---- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

/* Pieces that mean something to YAML, to patterns, to texts of rules or to a terminal. */
static void random_text(char *text, size_t size)
{
	static const char *const pieces[] = {
		"\"",
		"'",
		"\n",
		"\r",
		"\t",
		"\\",
		"*",
		"?",
		"[",
		"]",
		"$",
		"{",
		"}",
		":",
		": ",
		" #",
		"- ",
		",",
		"&",
		"!",
		"|",
		">",
		"%",
		"@",
		"`",
		"~",
		"^",
		"[!a-z]",
		"\x01",
		"\x1b[31m",
		"\x7f",
		"\xff",
		"\xc3",
		"\xc3\xa9",
		"\xe2\x80\xa8",
		"\xc2\x85",
		"\xef\xbb\xbf",
		"\xf0\x9f\x90\x9d",
		"\xed\xa0\x80",
		"0",
		"7",
		"42",
		"a",
		"b",
		"true",
		"null",
		"/",
		"...",
		"---",
		"<<",
		"{process.pid}",
		"$list",
		"\\x41",
		"\\n",
		"session-1.scope",
		"0123456789abcdef",
	};
	size_t len = 0;

	for (uint32_t n = random_below(8); n; n--) {
		const char *piece = pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))];

		if (len + strlen(piece) >= size)
			break;
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	text[len] = '\0';
}

#define HOSTILE 24

static struct hostile {
	char name[EVENT_NAME_BYTES], comm[EVENT_NAME_BYTES], exe[256], cgroup[256], pins[2][256];
	struct event_process process;
	struct event_mapfacts facts;
	struct event_prog prog;
	struct event e;
} hostile[HOSTILE];

static void make_hostile(struct hostile *h)
{
	h->e = an_update();
	random_text(h->name, random_below(4) ? sizeof(h->name) : 1);
	random_text(h->comm, sizeof(h->comm));
	random_text(h->exe, sizeof(h->exe));
	random_text(h->cgroup, sizeof(h->cgroup));
	random_text(h->prog.name, sizeof(h->prog.name));
	random_text(h->pins[0], sizeof(h->pins[0]));
	random_text(h->pins[1], sizeof(h->pins[1]));
	h->prog.type = random_below(40);
	h->prog.tag[0] = (uint8_t)random_below(3);
	h->process = (struct event_process){ .exe = random_below(5) ? h->exe : NULL,
					     .cgroup = random_below(5) ? h->cgroup : NULL };
	h->facts = (struct event_mapfacts){ .n_pins = random_below(3) };
	h->facts.pins[0].path = h->pins[0];
	h->facts.pins[1].path = h->pins[1];
	h->e.type = random_below(9) ? EVENT_MAP_UPDATE : EVENT_MAP_CHANGE;
	h->e.via = (enum event_via)random_below(VIAS);
	h->e.task.comm = h->comm;
	h->e.task.process = random_below(9) ? &h->process : NULL;
	h->e.map.name = h->name;
	h->e.map.type = 1 + random_below(2) + 90 * !random_below(20);
	h->e.map.facts = random_below(3) ? &h->facts : NULL;
	h->e.program = h->e.via == VIA_PROGRAM || !random_below(20) ? &h->prog : NULL;
}

/* Whatever they are called: rules that can be read, and that none of them fires. */
static void hostile_names(void)
{
	for (unsigned int round = 0; round < 2000; round++) {
		begin();
		for (size_t i = 0; i < HOSTILE; i++) {
			make_hostile(&hostile[i]);
			normal_event(normal, &hostile[i].e);
		}
		if (*learned())
			FAIL("round %u: %s", round, error.text);
		for (size_t i = 0; i < HOSTILE; i++)
			if (ask(&hostile[i].e))
				FAIL("round %u, %zu: %s fired: %s", round, i, alert.rule,
				     alert.reason);
	}
}

/* The same with letters alone: who was not learned is told of, and by one rule. */
static void strangers(void)
{
	for (unsigned int round = 0; round < 500; round++) {
		struct event_process stranger = { .exe = "/tmp/never", .cgroup = "/never" };
		size_t fired = 0;

		begin();
		for (size_t i = 0; i < HOSTILE; i++) {
			make_hostile(&hostile[i]);
			hostile[i].e.map.facts = NULL;
			hostile[i].e.type = EVENT_MAP_UPDATE;
			snprintf(hostile[i].name, EVENT_NAME_BYTES, "m%u", random_below(100));
			normal_event(normal, &hostile[i].e);
		}
		CHECK_STR(learned(), "");
		for (size_t i = 0; i < HOSTILE; i++) {
			hostile[i].e.via = VIA_SYSCALL;
			hostile[i].e.task.process = &stranger;
			hostile[i].e.task.comm = "never";
			hostile[i].e.program = NULL;
			hostile[i].e.map.id = (uint32_t)i;
			fired += ask(&hostile[i].e);
		}
		CHECK_INT(fired, HOSTILE);
	}
}

int main(void)
{
	RUN(a_process);
	RUN(a_map_that_nobody_writes);
	RUN(a_program_that_writes);
	RUN(a_store);
	RUN(in_a_container);
	RUN(cgroups_with_numbers);
	RUN(maps_without_a_name);
	RUN(numbered_maps);
	RUN(too_many);
	RUN(order);
	RUN(hostile_names);
	RUN(strangers);
	forget();
	normal_free(normal);
	buf_fini(&written);
	return TEST_STATUS();
}
