/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of a process beyond its task, as members of its JSON object: half of a line, and
 * the same in all lines of the process, so it is kept as text.
 */
#include <stdlib.h>
#include <string.h>

#include "out/out.h"

/* As many processes as write in turn, and 4 MiB at most. Who is known last takes the place. */
#define PLACES 1024
#define TEXT_MAX 4096

struct out_processes {
	struct {
		uint64_t serial;	/* 0: nothing is here */
		char *text;
		size_t len;
	} places[PLACES];
};

struct out_processes *out_processes_new(void)
{
	return calloc(1, sizeof(struct out_processes));
}

void out_processes_free(struct out_processes *kept)
{
	if (!kept)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(kept->places[i].text);
	free(kept);
}

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

static void put_members(struct buf *b, const struct event_process *p)
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

void out_json_process(struct buf *b, struct out_processes *kept, const struct event_process *p)
{
	size_t at = p->serial % PLACES, start = b->len, len;
	char *text;

	if (kept && p->serial && kept->places[at].serial == p->serial) {
		buf_bytes(b, kept->places[at].text, kept->places[at].len);
		return;
	}
	put_members(b, p);
	len = b->len - start;
	if (!kept || !p->serial || b->failed || len > TEXT_MAX)
		return;
	text = realloc(kept->places[at].text, len + 1);
	if (!text)
		return;
	memcpy(text, b->data + start, len);
	kept->places[at].serial = p->serial;
	kept->places[at].text = text;
	kept->places[at].len = len;
}
