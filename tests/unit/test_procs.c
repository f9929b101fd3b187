/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes as the kernel told them and as /proc has them, and what gives way to what. */
#include "who/procs.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpfmon/wire.h"
#include "who/procfs.h"
#include "test.h"

static void procfs_stat_lines(void)
{
	struct procfs_stat s;

	CHECK(procfs_parse_stat("812 (a) b) S 790 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
				"5000 9 9",
				&s));
	CHECK_STR(s.comm, "a) b");
	CHECK_INT(s.ppid, 790);
	CHECK_INT(s.start_ticks, 5000);
	CHECK(procfs_parse_stat("1 (0123456789abcdefXY) S 0 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 7",
				&s));
	CHECK(!memcmp(s.comm, "0123456789abcdef", 16));
	CHECK(!procfs_parse_stat("", &s));
	CHECK(!procfs_parse_stat(")(", &s));
	CHECK(!procfs_parse_stat("812 (a) S 790 812", &s));
}

static void procfs_cgroup_lines(void)
{
	char both[] = "5:pids:/x\n1:name=systemd:/old\n0::/system.slice/a.service\n";
	char first[] = "5:pids:/x\n1:name=systemd:/old\n4:cpu:/y";
	char none[] = "5:pids:/x\n";
	char empty[] = "";

	CHECK_STR(procfs_parse_cgroup(both), "/system.slice/a.service");
	CHECK_STR(procfs_parse_cgroup(first), "/old");
	CHECK(!procfs_parse_cgroup(none));
	CHECK(!procfs_parse_cgroup(empty));
}

static void procfs_ns_pids(void)
{
	CHECK_INT(procfs_parse_ns_pid("Name:\tx\nNSpid:\t812\nA:\t1\t2\n"), 0);
	CHECK_INT(procfs_parse_ns_pid("Name:\tx\nNSpid:\t812\t40\t1\nA:\t2\t3\n"), 1);
	CHECK_INT(procfs_parse_ns_pid("Name:\tx\n"), 0);
}

/* This process, by its own /proc. */
static bool self(struct event_task *t)
{
	static char comm[EVENT_NAME_BYTES];
	struct procfs_stat s;
	char text[4096];
	FILE *f = fopen("/proc/self/stat", "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	if (!procfs_parse_stat(text, &s))
		return false;
	memcpy(comm, s.comm, sizeof(comm));
	*t = (struct event_task){ .pid = (uint32_t)getpid(),
				  .tid = (uint32_t)getpid(),
				  .comm = comm,
				  .start_ns = s.start_ticks * 10000000 + 5 };
	return true;
}

static void procs_found(void)
{
	struct procs *procs = procs_new();
	char exe[4096] = "";
	struct event_task t;

	CHECK(procs && self(&t));
	CHECK(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	procs_find(procs, &t);
	CHECK(t.process);
	CHECK_STR(t.process->exe, exe);
	CHECK(t.process->args && t.process->args_len >= strlen("test_procs"));
	CHECK(t.process->n_ancestors >= 1);
	CHECK_INT(t.process->ancestors[0].pid, getppid());
	procs_free(procs);
	procs_free(NULL);
}

/* Same pid, but another start, or another name: another process. */
static void procs_others(void)
{
	struct procs *procs = procs_new();
	struct event_task t;

	CHECK(procs && self(&t));
	t.start_ns += 100000000;
	procs_find(procs, &t);
	CHECK(t.process && !t.process->exe && !t.process->n_ancestors);
	CHECK(self(&t));
	t.exec = 1;
	t.comm = "another\0\0\0\0\0\0\0\0";
	procs_find(procs, &t);
	CHECK(t.process && !t.process->exe);
	CHECK(self(&t));
	t.start_ns = 0;
	procs_find(procs, &t);
	CHECK(!t.process);
	procs_free(procs);
}

static void tell(struct procs *procs, uint64_t who, const char *comm)
{
	static const char exe[] = "tool\0bin\0usr";
	static const char cgroup[] = "ssh.service\0system.slice";
	struct event e = {
		.type = EVENT_PROCESS,
		.task = { .pid = 5, .tid = 5, .who = who, .start_ns = 1, .comm = comm },
		.told = { .exe = exe,
			  .exe_len = sizeof(exe),
			  .cgroup = cgroup,
			  .cgroup_len = sizeof(cgroup),
			  .has_cgroup = true,
			  .process = { .args = "tool\0-x", .args_len = 8, .ns_pid = 3 } },
	};

	procs_told(procs, &e);
}

static void procs_told_of(void)
{
	struct procs *procs = procs_new();
	uint64_t who = 77ull << 32 | 1;
	struct event_task t = {
		.pid = 0x7ffffff0, .tid = 0x7ffffff0, .who = who, .start_ns = 1, .comm = "x"
	};
	struct event_task other = t;

	CHECK(procs);
	tell(procs, who, "x");
	procs_find(procs, &t);
	CHECK(t.process);
	CHECK_STR(t.process->exe, "/usr/bin/tool");
	CHECK_STR(t.process->cgroup, "/system.slice/ssh.service");
	CHECK_INT(t.process->args_len, 8);
	CHECK_STR(t.process->args + 5, "-x");
	CHECK_INT(t.process->ns_pid, 3);
	/* One that hashes to the same slot is not it; told of, it takes the slot. */
	other.who = who + 2;
	procs_find(procs, &other);
	CHECK(other.process && !other.process->exe);
	tell(procs, other.who, "y");
	procs_find(procs, &other);
	CHECK_STR(other.process->exe, "/usr/bin/tool");
	procs_find(procs, &t);
	CHECK(t.process && !t.process->exe);
	procs_free(procs);
}

/* What one call lends, the next one leaves, however many there are. */
static void procs_lent(void)
{
	struct procs *procs = procs_new();
	struct event_task a = { .pid = 0x7ffffff0, .tid = 0x7ffffff0, .start_ns = 1, .comm = "x" };
	struct event_task b = a;

	CHECK(procs);
	for (uint64_t i = 0; i < 20000; i++) {
		a.who = i << 32 | 1;
		b.who = (i + 2048) << 32 | 1;
		procs_find(procs, &a);
		procs_find(procs, &b);
		CHECK(a.process && !a.process->exe && b.process && !b.process->exe);
	}
	procs_free(procs);
}

/* A file that is gone. */
static void procs_deleted(void)
{
	char dir[] = "/tmp/test_procsXXXXXX", path[64], line[64], text[4096];
	struct event_task t = { .comm = "sleeper" };
	struct procs *procs = procs_new();
	struct procfs_stat s;
	int status;
	pid_t pid;
	FILE *f;

	CHECK(procs && mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sleeper", dir);
	pid = fork();
	if (!pid) {
		execl("/bin/cp", "cp", "/bin/sleep", path, NULL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	pid = fork();
	if (!pid) {
		execl(path, "sleeper", "100", NULL);
		_exit(1);
	}
	snprintf(line, sizeof(line), "/proc/%d/stat", pid);
	do {
		f = fopen(line, "re");
		CHECK(f);
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	} while (!strstr(text, "(sleeper)"));
	CHECK(procfs_parse_stat(text, &s));
	t.pid = t.tid = (uint32_t)pid;
	t.comm = s.comm;
	t.start_ns = s.start_ticks * 10000000;
	CHECK(!unlink(path) && !rmdir(dir));
	procs_find(procs, &t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(t.process && t.process->exe_deleted);
	CHECK_STR(t.process->exe, path);
	procs_free(procs);
}

int main(void)
{
	RUN(procfs_stat_lines);
	RUN(procfs_cgroup_lines);
	RUN(procfs_ns_pids);
	RUN(procs_found);
	RUN(procs_others);
	RUN(procs_told_of);
	RUN(procs_lent);
	RUN(procs_deleted);
	return TEST_STATUS();
}
