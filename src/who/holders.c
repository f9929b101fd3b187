/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds which map, and who sent it; see holders.h. */
#include "who/holders.h"

#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A pid comes again, with another start; execve(2) makes another program of a process. */
struct holder {
	uint64_t start_ns;
	uint32_t pid, exec;
};

struct held_map {
	uint32_t id;
	size_t n, cap;
	struct holder *list;
};

/*
 * Sent and not yet received are few at a time: 1024 entries, by addresses; two that meet in one
 * lose the older, and its receiver is reported without a sender.
 */
#define SENDERS 1024

struct sender {
	uint64_t file, list;
	struct event_task task;		/* comm and process are not valid */
	char comm[EVENT_NAME_BYTES];
};

struct holders {
	void *maps;	/* tree of struct held_map, by id */
	struct sender senders[SENDERS];
};

static int compare(const void *a, const void *b)
{
	const struct held_map *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void held_map_free(void *node)
{
	struct held_map *m = node;

	free(m->list);
	free(m);
}

struct holders *holders_new(void)
{
	return calloc(1, sizeof(struct holders));
}

void holders_free(struct holders *h)
{
	if (!h)
		return;
	tdestroy(h->maps, held_map_free);
	free(h);
}

static struct held_map *find_map(struct holders *h, uint32_t id)
{
	struct held_map key = { .id = id }, **node = tfind(&key, &h->maps, compare), *new;

	if (node)
		return *node;
	new = calloc(1, sizeof(*new));
	if (!new)
		return NULL;
	new->id = id;
	if (!tsearch(new, &h->maps, compare)) {
		free(new);
		return NULL;
	}
	return new;
}

/* Before the list grows: processes that are gone leave it. */
static void drop_dead(struct held_map *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++)
		if (!kill((pid_t)m->list[i].pid, 0) || errno != ESRCH)
			m->list[kept++] = m->list[i];
	m->n = kept;
}

static bool make_room(struct held_map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 4;
	struct holder *list;

	if (m->n < m->cap)
		return true;
	drop_dead(m);
	if (m->n < m->cap / 2)
		return true;
	list = realloc(m->list, cap * sizeof(*list));
	if (!list)
		return m->n < m->cap;
	m->list = list;
	m->cap = cap;
	return true;
}

bool holders_add(struct holders *h, uint32_t map_id, const struct event_task *task)
{
	struct held_map *m = find_map(h, map_id);

	if (!m)
		return true;
	for (size_t i = 0; i < m->n; i++) {
		struct holder *x = &m->list[i];

		if (x->pid == task->pid && x->start_ns == task->start_ns && x->exec == task->exec)
			return false;
	}
	if (make_room(m))
		m->list[m->n++] = (struct holder){ task->start_ns, task->pid, task->exec };
	return true;
}

void holders_drop_map(struct holders *h, uint32_t map_id)
{
	struct held_map key = { .id = map_id }, **node = tfind(&key, &h->maps, compare), *m;

	if (!node)
		return;
	m = *node;
	tdelete(&key, &h->maps, compare);
	held_map_free(m);
}

/* Addresses of struct file are multiples of 64 at least. */
static size_t slot_of(uint64_t file, uint64_t list)
{
	return (file / 64 * 0x9e3779b97f4a7c15ull + list) * 0x9e3779b97f4a7c15ull >> 32 &
	       (SENDERS - 1);
}

static const struct sender *find_sender(const struct holders *h, uint64_t file, uint64_t list)
{
	const struct sender *s = &h->senders[slot_of(file, list)];

	return file && list && s->file == file && s->list == list ? s : NULL;
}

void holders_sent(struct holders *h, const struct event *e)
{
	const struct sender *from = find_sender(h, e->file, e->list_from);
	struct sender s = { e->file, e->list, e->task, "" };

	memcpy(s.comm, e->task.comm, sizeof(s.comm));
	if (from) {
		s = *from;
		s.list = e->list;
	}
	h->senders[slot_of(e->file, e->list)] = s;
}

bool holders_sender(const struct holders *h, uint64_t file, uint64_t list,
		    struct event_task *sender)
{
	const struct sender *s = find_sender(h, file, list);

	if (!s)
		return false;
	*sender = s->task;
	sender->comm = s->comm;
	sender->process = NULL;
	return true;
}
