/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ring record to struct event, one function per kind of record; see decode.h. */
#include "decode.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "names.h"
#include "bpfmon/wire.h"

static void decode_task(const struct wire_task *w, struct event_task *t)
{
	t->pid = w->pid;
	t->tid = w->tid;
	t->uid = w->uid;
	t->cpu = w->cpu;
	t->comm = w->comm;
}

static void decode_map(const struct wire_map *w, struct event_map *m)
{
	m->id = w->id;
	m->type = w->type;
	m->key_size = w->key_size;
	m->value_size = w->value_size;
	m->max_entries = w->max_entries;
	m->flags = w->flags;
	m->known = w->known;
	m->frozen = w->frozen;
	m->name = w->name;
	m->address = w->address;
}

/* 0 or a negative errno, MAX_ERRNO of include/linux/err.h at most. */
static bool result_is_valid(int32_t result)
{
	return result <= 0 && result >= -4095;
}

/* The command that bpf(2) was called with decides between one element and a batch. */
static enum event_via via_of_cmd(uint32_t cmd)
{
	switch (cmd) {
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
		return VIA_SYSCALL;
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
		return VIA_BATCH;
	default:
		return VIA_UNKNOWN;
	}
}

static void decode_writer(const struct wire_op *w, struct event *e)
{
	if (w->from == WIRE_FROM_PROGRAM) {
		e->via = VIA_PROGRAM;
		e->program_error = "programs are not resolved by this version";
		return;
	}
	e->via = via_of_cmd(w->cmd);
	if (e->via == VIA_UNKNOWN)
		e->program_error =
			w->from == WIRE_FROM_KERNEL ?
				"called from kernel code: a program that the interpreter runs, or the kernel" :
				"the caller could not be told";
}

static int decode_value(const struct decode_env *env, const struct wire_op *w, struct event *e)
{
	static const enum event_value_shape shapes[] = {
		[WIRE_VALUE_NONE] = VALUE_NONE,
		[WIRE_VALUE_ONE] = VALUE_ONE,
		[WIRE_VALUE_CPU] = VALUE_CPU,
		[WIRE_VALUE_CPUS] = VALUE_CPUS,
	};
	size_t size = w->value_size, total = size;

	if (w->shape >= WIRE_VALUE_SHAPES)
		return -EBADMSG;
	e->shape = shapes[w->shape];
	if (e->shape == VALUE_CPUS)
		total = ((size + 7) & ~(size_t)7) * env->cpus;
	if (w->value_len > total || (e->shape != VALUE_NONE && size != w->map.value_size))
		return -EBADMSG;
	e->value.data = w->data + w->value_off;
	e->value.len = w->value_len;
	e->value.size = total;
	e->value_cpus = env->cpus;
	e->value_bytes_max = env->bytes;
	e->value_cpu = w->flags & UPDATE_F_CPU ? (uint32_t)(w->flags >> 32) : w->task.cpu;
	return 0;
}

static int decode_op(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	const struct wire_op *w = record;
	size_t room = len - sizeof(*w);

	if (len < sizeof(*w) || w->op >= WIRE_OP_KINDS || w->from >= WIRE_FROM_COUNT)
		return -EBADMSG;
	if (w->key_len > w->key_size || w->value_off > room || w->key_len > w->value_off ||
	    w->value_len > room - w->value_off)
		return -EBADMSG;
	e->type = w->op == WIRE_OP_UPDATE ? EVENT_MAP_UPDATE : EVENT_MAP_DELETE;
	e->op = w->op == WIRE_OP_UPDATE ? OP_UPDATE :
		w->op == WIRE_OP_DELETE ? OP_DELETE :
					  OP_LOOKUP_AND_DELETE;
	decode_map(&w->map, &e->map);
	/* Queues and stacks have no keys: the command takes what is next. */
	if (e->op == OP_LOOKUP_AND_DELETE &&
	    (w->map.type == BPF_MAP_TYPE_QUEUE || w->map.type == BPF_MAP_TYPE_STACK))
		e->op = OP_POP;
	decode_writer(w, e);
	e->flags = w->flags;
	if (!result_is_valid(w->result))
		return -EBADMSG;
	e->has_result = w->has_result;
	e->result = w->result;
	e->key = (struct event_bytes){ w->data, w->key_len, w->key_size };
	return decode_value(env, w, e);
}

static int decode_cmd(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	const struct wire_cmd *w = record;

	(void)env;
	if (len < sizeof(*w) || w->path_len > len - sizeof(*w))
		return -EBADMSG;
	switch (w->cmd) {
	case BPF_MAP_CREATE:
		e->type = EVENT_MAP_CREATE;
		break;
	case BPF_MAP_GET_FD_BY_ID:
		e->type = EVENT_MAP_OPEN;
		e->how = HOW_ID;
		break;
	case BPF_OBJ_GET:
		e->type = EVENT_MAP_OPEN;
		e->how = HOW_PIN;
		break;
	case BPF_OBJ_PIN:
		e->type = EVENT_MAP_PIN;
		break;
	case BPF_MAP_FREEZE:
		e->type = EVENT_MAP_FREEZE;
		break;
	default:
		return -EBADMSG;
	}
	decode_map(&w->map, &e->map);
	if (!result_is_valid(w->result))
		return -EBADMSG;
	e->has_result = true;
	e->result = w->result;
	e->fd = w->fd;
	e->can_read = w->fmode & 1;
	e->can_write = w->fmode & 2;
	e->path = w->path_len ? w->path : NULL;
	e->path_len = w->path_len;
	return 0;
}

static int decode_free(const struct decode_env *env, const void *record, size_t len,
		       struct event *e)
{
	const struct wire_cmd *w = record;

	(void)env;
	if (len < sizeof(*w))
		return -EBADMSG;
	e->type = EVENT_MAP_FREE;
	decode_map(&w->map, &e->map);
	return 0;
}

int decode_record(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	static int (*const kinds[])(const struct decode_env *, const void *, size_t,
				    struct event *) = {
		[WIRE_OP] = decode_op,
		[WIRE_CMD] = decode_cmd,
		[WIRE_FREE] = decode_free,
	};
	const struct wire_hdr *h = record;

	/* Every kind begins with the header and the task. */
	if (len < sizeof(*h) + sizeof(struct wire_task) || h->size != len ||
	    h->hook >= WIRE_HOOK_COUNT || h->kind >= sizeof(kinds) / sizeof(kinds[0]) ||
	    !kinds[h->kind])
		return -EBADMSG;
	memset(e, 0, sizeof(*e));
	e->fd = -1;
	e->time_ns = h->time_ns + (uint64_t)env->realtime_offset_ns;
	decode_task((const struct wire_task *)(h + 1), &e->task);
	return kinds[h->kind](env, record, len, e);
}
