/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the bytes of a block to a struct that is trusted; see replay_fields.h. */
#include "record/replay_fields.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bpfmon/wire.h"

#define CPUS_MAX 8192	/* of a per-CPU value: the most that a kernel is configured for (NR_CPUS) */

struct arena {
	struct arena *next;
	_Alignas(max_align_t) char memory[];
};

void *arena_alloc(struct arena **arena, size_t size)
{
	struct arena *a = calloc(1, sizeof(*a) + size);

	if (!a)
		return NULL;
	a->next = *arena;
	*arena = a;
	return a->memory;
}

void arena_free(struct arena **arena)
{
	while (*arena) {
		struct arena *next = (*arena)->next;

		free(*arena);
		*arena = next;
	}
}

/* ---- fields ---- */

bool get_number(struct bytes *b, uint64_t *n)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; b->at < b->end && shift < 64; shift += 7) {
		uint8_t byte = *b->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*n = value;
			return shift < 63 || byte < 2;
		}
	}
	return false;
}

bool get_bytes(struct bytes *b, struct bytes *out)
{
	uint64_t len;

	if (!get_number(b, &len) || len > (uint64_t)(b->end - b->at))
		return false;
	*out = (struct bytes){ b->at, b->at + len };
	b->at += len;
	return true;
}

static int set_number(const struct fields_env *env, const struct field *f, uint64_t n, char *at)
{
	const void *thing;
	uint32_t u32 = (uint32_t)n;
	uint16_t u16 = (uint16_t)n;
	int i;

	switch (f->kind) {
	case FIELD_BOOL:
		*(bool *)at = n;
		return n > 1 ? -EBADMSG : 0;
	case FIELD_U16:
		memcpy(at, &u16, sizeof(u16));
		return n > UINT16_MAX ? -EBADMSG : 0;
	case FIELD_U64:
		memcpy(at, &n, sizeof(n));
		return 0;
	case FIELD_INT:
		if (n > UINT32_MAX)
			return -EBADMSG;
		i = n & 1 ? ~(int)(n / 2) : (int)(n / 2);
		memcpy(at, &i, sizeof(i));
		return 0;
	case FIELD_SHARED:
		if (!env->shared || !env->shared(env->context, f->limit, n, &thing))
			return -EBADMSG;
		memcpy(at, &thing, sizeof(thing));
		return 0;
	default:
		if (f->kind == FIELD_ENUM && n >= f->limit)
			return -ENOTSUP;
		memcpy(at, &u32, sizeof(u32));
		return n > UINT32_MAX ? -EBADMSG : 0;
	}
}

/* Into `at`, if that is not NULL, else where it then points. */
static int set_list(const struct fields_env *env, const struct field *f, struct bytes b, char *at,
		    void **list, size_t *n)
{
	uint64_t count;

	/* Each takes a byte at least: its length. */
	if (!get_number(&b, &count) || count > f->limit || count > (uint64_t)(b.end - b.at))
		return -EBADMSG;
	if (!at)
		*list = at = arena_alloc(env->arena, count * f->of->struct_bytes);
	if (!at)
		return -ENOMEM;
	*n = count;
	for (; count; count--, at += f->of->struct_bytes) {
		struct bytes one = { NULL, NULL };
		int err = get_bytes(&b, &one) ? get_fields(env, one, f->of, at) : -EBADMSG;

		if (err)
			return err;
	}
	return b.at == b.end ? 0 : -EBADMSG;
}

/* What picks it was read before, and can't change after: ids rise. */
static int set_choice(const struct fields_env *env, const struct field *f, struct bytes b, char *to)
{
	uint32_t which;

	memcpy(&which, to + f->count, sizeof(which));
	if (!which || which >= f->limit)
		return -EBADMSG;
	return get_fields(env, b, &f->of[which], to + f->offset);
}

static int set_bytes(const struct fields_env *env, const struct field *f, struct bytes b, char *to)
{
	size_t len = (size_t)(b.end - b.at);
	void *data = (void *)b.at;	/* struct members are const again */
	int err = 0;

	switch (f->kind) {
	case FIELD_ARRAY:
		if (len != f->limit)
			return -EBADMSG;
		memcpy(to + f->offset, data, len);
		return 0;
	case FIELD_ROWS:
		err = set_list(env, f, b, to + f->offset, NULL, &len);
		memcpy(to + f->count, &len, sizeof(len));
		return err;
	case FIELD_CHOICE:
		return set_choice(env, f, b, to);
	case FIELD_FIXED:
		err = len == f->limit ? 0 : -EBADMSG;
		break;
	case FIELD_NAME:
		err = len == EVENT_NAME_BYTES ? 0 : -EBADMSG;
		break;
	case FIELD_TEXT:
		err = len && !memchr(data, 0, len - 1) && !b.end[-1] ? 0 : -EBADMSG;
		break;
	case FIELD_LIST:
		err = set_list(env, f, b, NULL, &data, &len);
		break;
	default:
		break;
	}
	memcpy(to + f->offset, &data, sizeof(data));
	if (f->count)
		memcpy(to + f->count, &len, sizeof(len));
	return err;
}

int get_fields(const struct fields_env *env, struct bytes content, const struct field_table *t,
	       void *to)
{
	uint64_t last = 0;

	while (content.at < content.end) {
		const struct field *f;
		struct bytes bytes = { NULL, NULL };
		uint64_t tag, n = 0;
		bool number;
		int err = 0;

		if (!get_number(&content, &tag))
			return -EBADMSG;
		number = !(tag & 1);
		if (!(number ? get_number(&content, &n) : get_bytes(&content, &bytes)))
			return -EBADMSG;
		/* What was set stays: later fields may depend on it. */
		if (tag / 2 <= last)
			return -EBADMSG;
		last = tag / 2;
		f = last < t->n ? &t->rows[last] : NULL;
		if (!f || !f->kind)
			continue;	/* of a newer version, or of one long ago */
		if (field_is_number(f->kind) != number)
			return -EBADMSG;
		err = number ? set_number(env, f, n, (char *)to + f->offset) :
			       set_bytes(env, f, bytes, to);
		if (err)
			return err;
	}
	return 0;
}

/* ---- what the rest relies on ---- */

static bool result_is_valid(const struct event *e)
{
	return e->result <= 0 && e->result >= -4095;
}

static bool bytes_are_valid(const struct event_bytes *b)
{
	return b->len <= b->size && (b->data || !b->len);
}

static bool values_are_valid(const struct event *e)
{
	return bytes_are_valid(&e->key) && bytes_are_valid(&e->value) && bytes_are_valid(&e->old) &&
	       bytes_are_valid(&e->differs.now) && bytes_are_valid(&e->differs.old) &&
	       e->value_cpus <= CPUS_MAX;
}

/* What each type has of its own; see the formats. */
static bool type_is_valid(const struct event *e)
{
	static const uint32_t of_fs = 1u << NAME_UNLINK | 1u << NAME_RENAME | 1u << NAME_CHMOD |
				      1u << NAME_MOUNT | 1u << NAME_MOVE | 1u << NAME_UMOUNT;
	static const uint32_t of_writes = 1u << EVENT_MAP_UPDATE | 1u << EVENT_MAP_DELETE;

	switch (e->type) {
	case EVENT_MAP_OPEN:
		return e->how != HOW_CREATE;
	case EVENT_MAP_PIN:
	case EVENT_MAP_UNPIN:
	case EVENT_MAP_CHMOD:
		return e->name_op != NAME_OPEN;
	case EVENT_FS_CHANGE:
		return of_fs >> e->name_op & 1;
	case EVENT_ALERT:
		return e->alert.rule && e->alert.reason;
	case EVENT_SUMMARY:
		return e->via == VIA_PROGRAM && of_writes >> e->summary.of & 1;
	default:
		return true;
	}
}

static const char no_name[EVENT_NAME_BYTES];

/* Completes what the formats read of an object without asking. */
static bool check_object(struct event_object *o)
{
	switch (o->kind) {
	case OBJECT_PROGRAM:
	case OBJECT_MAP:
		o->named.name = o->named.name ?: no_name;
		return true;
	case OBJECT_CGROUP:
		return o->cgroup.names_len <= WIRE_CGROUP_ROOM &&
		       (!o->cgroup.names_len || !o->cgroup.names[o->cgroup.names_len - 1]);
	case OBJECT_SOCKET:
		return (o->socket.local || !o->socket.local_port) &&
		       (o->socket.remote || !o->socket.remote_port);
	case OBJECT_NETDEV:
	case OBJECT_CPU:
		o->target.name = o->target.name ?: no_name;
		o->target.program.name = o->target.program.name ?: no_name;
		return true;
	default:
		return true;
	}
}

int replay_check_event(struct event *e)
{
	if (!result_is_valid(e) || !values_are_valid(e) || !type_is_valid(e) || e->fd < -1 ||
	    e->mode > 07777 || !check_object(&e->object) || !check_object(&e->old_object))
		return -EBADMSG;
	/* An alert need not be of a process. */
	if (e->type != EVENT_ALERT)
		e->task.comm = e->task.comm ?: no_name;
	e->map.name = e->map.name ?: no_name;
	return 0;
}

/* Its name names a member in JSON. */
static bool hook_is_valid(const struct monitor *m, const struct hook_report *h)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	return h->name && *h->name && !h->name[strspn(h->name, letters)] &&
	       (m->type != MONITOR_START || (h->function && h->attached));
}

int replay_check_monitor(const struct monitor *m)
{
	for (size_t i = 0; i < m->n_hooks; i++)
		if (!hook_is_valid(m, &m->hooks[i]))
			return -EBADMSG;
	if (m->type == MONITOR_START && (!m->mode || !m->kernel || !m->version))
		return -EBADMSG;
	for (size_t i = 0; i < m->n_outputs; i++)
		if (!m->outputs[i].name || !m->outputs[i].type)
			return -EBADMSG;
	return m->type == MONITOR_LOST && !m->where ? -EBADMSG : 0;
}
