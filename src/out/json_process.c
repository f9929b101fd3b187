/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a process beyond its task, as members of its JSON object. */
#include <string.h>

#include "out/out.h"

static void put_ancestors(struct buf *b, const struct event_process *p)
{
	json_open(b, "ancestors", '[');
	for (size_t i = 0; i < p->n_ancestors; i++) {
		json_open(b, NULL, '{');
		json_u64(b, "pid", p->ancestors[i].pid);
		json_bytes(b, "comm", p->ancestors[i].comm, EVENT_NAME_BYTES);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_args(struct buf *b, const struct event_process *p)
{
	json_open(b, "args", '[');
	for (size_t at = 0; at < p->args_len;) {
		size_t n = strnlen(p->args + at, p->args_len - at);

		json_bytes(b, NULL, p->args + at, n);
		at += n + 1;
	}
	json_close(b, ']');
	if (p->args_cut)
		json_bool(b, "args_truncated", true);
}

void out_json_process(struct buf *b, const struct event_process *p)
{
	if (p->exe)
		json_bytes(b, "exe", p->exe, strlen(p->exe));
	if (p->exe_deleted)
		json_bool(b, "exe_deleted", true);
	if (p->args)
		put_args(b, p);
	if (p->has_loginuid)
		json_u64(b, "loginuid", p->loginuid);
	if (p->ns_pid)
		json_u64(b, "ns_pid", p->ns_pid);
	if (p->cgroup)
		json_bytes(b, "cgroup", p->cgroup, strlen(p->cgroup));
	if (p->container.id[0])
		json_bytes(b, "container", p->container.id, CONTAINER_ID_BYTES);
	if (p->container.runtime)
		json_string(b, "container_runtime", p->container.runtime);
	if (p->container.pod[0])
		json_string(b, "pod", p->container.pod);
	if (p->n_ancestors)
		put_ancestors(b, p);
}
