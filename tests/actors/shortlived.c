/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes that write a map once and are gone: shortlived MAP_FD FIRST COUNT FILES
 *
 * Each of COUNT, from number FIRST on, executes one of FILES in turn, which are paths joined by
 * ':', and writes its number as key and value there. Prints the pid of each.
 */
#include <linux/bpf.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX 16

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static int write_once(int fd, uint32_t i)
{
	uint64_t value = i;
	union bpf_attr attr = { 0 };

	attr.map_fd = (uint32_t)fd;
	attr.key = (uintptr_t)&i;
	attr.value = (uintptr_t)&value;
	return syscall(__NR_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) ? 1 : 0;
}

/* Its pid; 0: it could not run, or failed. */
static pid_t run(char *fd, uint32_t i, char *file)
{
	char text[16];
	char *args[] = { file, "write", fd, text, NULL };
	pid_t pid;
	int status;

	snprintf(text, sizeof(text), "%u", i);
	if (posix_spawn(&pid, file, NULL, NULL, args, NULL) || waitpid(pid, &status, 0) != pid)
		return 0;
	return status ? 0 : pid;
}

int main(int argc, char **argv)
{
	uint32_t first, count;
	char *files[MAX];
	size_t n = 0;

	if (argc == 4)
		return write_once((int)number(argv[2]), number(argv[3]));
	if (argc != 5)
		return 2;
	first = number(argv[2]);
	count = number(argv[3]);
	while (n < MAX && (files[n] = strsep(&argv[4], ":")))
		n++;
	for (uint32_t i = first; i - first < count; i++) {
		pid_t pid = run(argv[1], i, files[i % n]);

		if (!pid) {
			fprintf(stderr, "shortlived: number %u failed\n", i);
			return 1;
		}
		printf("%d\n", pid);
	}
	return 0;
}
