/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of processes; see procs.h. */
#include "who/procs.h"

#include <stdlib.h>
#include <string.h>

#include "bpfmon/wire.h"
#include "pins.h"
#include "who/procfs.h"

/* One block, with all that `process` points to in `text`. */
struct known {
	uint64_t who;
	struct event_process process;
	char text[];
};

/*
 * `told` mirrors the kernel's table of whom it told of: what takes a slot there takes it here, and
 * whom it took it from is told of again. At most 4 KiB each, some 500 bytes as a rule.
 *
 * `found` is what /proc had. Of each four that hash alike the one that was found first gives way.
 * What was not there is kept as well: it is not looked for at each event.
 */
#define FOUND_SETS 2048
#define FOUND_WAYS 4

struct procs {
	struct known *told[WIRE_PROCESSES];
	struct known *found[FOUND_SETS][FOUND_WAYS];
	uint8_t next[FOUND_SETS];
	struct known *dropped[2];	/* the last ones: maybe still lent */
	uint64_t serials;
	struct procfs procfs;
};

struct procs *procs_new(void)
{
	return calloc(1, sizeof(struct procs));
}

void procs_free(struct procs *procs)
{
	if (!procs)
		return;
	for (size_t i = 0; i < WIRE_PROCESSES; i++)
		free(procs->told[i]);
	for (size_t i = 0; i < FOUND_SETS; i++)
		for (size_t j = 0; j < FOUND_WAYS; j++)
			free(procs->found[i][j]);
	free(procs->dropped[0]);
	free(procs->dropped[1]);
	free(procs);
}

static const char *keep(char **at, const char *data, size_t len)
{
	char *to = *at;

	if (!data)
		return NULL;
	memcpy(to, data, len);
	to[len] = '\0';
	*at += len + 1;
	return to;
}

/* NULL: no memory, then it is looked for again. */
static struct known *known_new(struct procs *procs, uint64_t who, const struct event_process *p)
{
	size_t exe = p->exe ? strlen(p->exe) : 0, cgroup = p->cgroup ? strlen(p->cgroup) : 0;
	struct known *k = malloc(sizeof(*k) + exe + cgroup + p->args_len + 3);
	char *at;

	if (!k)
		return NULL;
	k->who = who;
	k->process = *p;
	k->process.serial = ++procs->serials;
	at = k->text;
	k->process.exe = keep(&at, p->exe, exe);
	k->process.cgroup = keep(&at, p->cgroup, cgroup);
	k->process.args = keep(&at, p->args, p->args_len);
	if (p->cgroup)
		container_parse(p->cgroup, &k->process.container);
	return k;
}

void procs_told(struct procs *procs, const struct event *e)
{
	struct known **slot = &procs->told[e->task.who >> 32 & (WIRE_PROCESSES - 1)];
	const struct event_told *told = &e->told;
	struct event_process p = told->process;
	struct procfs *room = &procs->procfs;

	if (told->exe_len && pins_path("", told->exe, told->exe_len, room->exe, sizeof(room->exe)))
		p.exe = room->exe;
	if (told->has_cgroup &&
	    pins_path("", told->cgroup, told->cgroup_len, room->cgroup, sizeof(room->cgroup)))
		p.cgroup = room->cgroup;
	free(*slot);
	*slot = known_new(procs, e->task.who, &p);
}

/* Those that were running before have no hash from the kernel. */
static uint64_t who_of(const struct event_task *task)
{
	uint64_t who = task->who;

	if (!who)
		who = (task->start_ns ^ (uint64_t)task->exec << 48 ^ task->pid) *
		      0x9e3779b97f4a7c15ull;
	return who;
}

static const struct known *look_up(struct procs *procs, const struct event_task *task)
{
	uint64_t who = who_of(task);
	size_t set = who >> 32 & (FOUND_SETS - 1);
	struct known **slot;

	for (size_t i = 0; i < FOUND_WAYS; i++)
		if (procs->found[set][i] && procs->found[set][i]->who == who)
			return procs->found[set][i];
	if (!procfs_read(&procs->procfs, task))
		memset(&procs->procfs.process, 0, sizeof(procs->procfs.process));
	slot = &procs->found[set][procs->next[set]++ % FOUND_WAYS];
	free(procs->dropped[0]);
	procs->dropped[0] = procs->dropped[1];
	procs->dropped[1] = *slot;
	*slot = known_new(procs, who, &procs->procfs.process);
	return *slot;
}

void procs_find(struct procs *procs, struct event_task *task)
{
	const struct known *k = procs->told[task->who >> 32 & (WIRE_PROCESSES - 1)];

	task->process = NULL;
	if (!task->start_ns || !task->pid)
		return;
	if (!task->who || !k || k->who != task->who)
		k = look_up(procs, task);
	if (k)
		task->process = &k->process;
}
