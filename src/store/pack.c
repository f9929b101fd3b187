/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packs: the numbers, then the strings, each with its NUL; see pack.h. A string that is not known
 * is empty, as nothing that is known is.
 */
#include "store/pack.h"

#include <string.h>

#define TIME_COLUMN 14 /* "21:41:54.343  " of text: the store has the time as a number */
#define STRINGS 6

struct head {
	uint32_t map_id, pid, uid, prog_id;
};

static void put_string(struct buf *b, const char *s, size_t max)
{
	if (s)
		buf_bytes(b, s, strnlen(s, max));
	buf_bytes(b, "", 1);
}

/* The newline that ends what begins at `start` becomes a NUL. */
static void end_line(struct buf *b, size_t start)
{
	if (b->failed)
		return;
	if (b->len > start && b->data[b->len - 1] == '\n')
		b->data[b->len - 1] = '\0';
	else
		buf_bytes(b, "", 1);
}

/* Text has no line for some of what bpfmon says of itself. */
static void end_text(struct buf *b, size_t start)
{
	size_t skip = b->len - start > TIME_COLUMN ? TIME_COLUMN : 0;

	if (b->failed)
		return;
	memmove(b->data + start, b->data + start + skip, b->len - start - skip);
	b->len -= skip;
	end_line(b, start);
}

/* Of a rule's alert they are those of the event that fired it; of bpfmon's own there are none. */
static enum event_type subject_of(const struct event *e)
{
	return e->type == EVENT_ALERT && e->alert.of ? (enum event_type)(e->alert.of - 1) : e->type;
}

static const struct event_prog *program_of(const struct event *e)
{
	return event_program(e) ?: e->run.program.id ? &e->run.program : NULL;
}

static const char *map_name_of(const struct event_map *m)
{
	if (!m->known)
		return NULL;
	return m->info && m->info->full_name ? m->info->full_name : m->name;
}

static void pack_event(struct buf *b, const struct out_env *env, uint64_t seq,
		       const struct event *e)
{
	const struct event_task *task = event_has_actor(subject_of(e)) && e->task.comm ? &e->task :
											 NULL;
	const struct event_prog *prog = program_of(e);
	const char *name = map_name_of(&e->map);
	struct head head = { .map_id = e->map.id, .prog_id = prog ? prog->id : 0 };
	size_t start;

	if (task) {
		head.pid = task->pid;
		head.uid = task->uid;
	}
	buf_bytes(b, &head, sizeof(head));
	put_string(b, name, name == e->map.name ? EVENT_NAME_BYTES : SIZE_MAX);
	put_string(b, task ? task->comm : NULL, EVENT_NAME_BYTES);
	put_string(b, task && task->process ? task->process->exe : NULL, SIZE_MAX);
	put_string(b, prog ? prog->name : NULL, EVENT_NAME_BYTES);
	start = b->len;
	out_json.event(b, env, seq, e);
	end_line(b, start);
	start = b->len;
	out_text.event(b, env, seq, e);
	end_text(b, start);
}

static void pack_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	struct head head = { .map_id = m->map_id };
	size_t start;

	buf_bytes(b, &head, sizeof(head));
	buf_bytes(b, "\0\0\0", 4);
	start = b->len;
	out_json.monitor(b, env, seq, m);
	end_line(b, start);
	start = b->len;
	out_text.monitor(b, env, seq, m);
	end_text(b, start);
}

const struct out_format pack_format = { "store", pack_event, pack_monitor };

bool pack_read(const char *data, size_t len, struct packed *p)
{
	const char **const strings[STRINGS] = { &p->map_name,  &p->comm, &p->exe,
						&p->prog_name, &p->json, &p->text };
	const char *end = data + len;
	struct head head;

	if (len < sizeof(head))
		return false;
	memcpy(&head, data, sizeof(head));
	*p = (struct packed){
		.map_id = head.map_id, .pid = head.pid, .uid = head.uid, .prog_id = head.prog_id
	};
	data += sizeof(head);
	for (size_t i = 0; i < STRINGS; i++) {
		const char *nul = memchr(data, '\0', (size_t)(end - data));

		if (!nul)
			return false;
		*strings[i] = nul > data ? data : NULL;
		data = nul + 1;
	}
	return p->json && data == end;
}
