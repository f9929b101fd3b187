/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ring record to struct event, one function per kind of record; see decode.h. */
#include "decode.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "maptype.h"
#include "names.h"
#include "bpfmon/wire.h"

static void decode_task(const struct decode_env *env, const struct wire_task *w,
			struct event_task *t)
{
	t->pid = w->pid;
	t->tid = w->tid;
	t->uid = w->uid;
	t->cpu = w->cpu;
	t->comm = w->comm;
	t->start_ns = w->start_ns;
	t->exec = w->exec;
	t->ppid = w->ppid;
	t->tracer = w->tracer;
	t->who = w->who;
	if (t->start_ns)
		t->started_ns = t->start_ns + (uint64_t)env->boot_offset_ns;
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

void decode_inner(const struct wire_inner *w, struct event_inner *inner)
{
	*inner = (struct event_inner){ w->type, w->key_size, w->value_size, w->max_entries,
				       w->flags };
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
	case BPF_MAP_LOOKUP_ELEM:
		return VIA_SYSCALL;
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_LOOKUP_BATCH:
		return VIA_BATCH;
	default:
		return VIA_UNKNOWN;
	}
}

static void decode_writer(const struct wire_op *w, struct event *e)
{
	static const enum event_context contexts[] = {
		[WIRE_CONTEXT_UNKNOWN] = CONTEXT_NONE,	  [WIRE_CONTEXT_TASK] = CONTEXT_TASK,
		[WIRE_CONTEXT_SOFTIRQ] = CONTEXT_SOFTIRQ, [WIRE_CONTEXT_HARDIRQ] = CONTEXT_HARDIRQ,
		[WIRE_CONTEXT_NMI] = CONTEXT_NMI,
	};

	e->context = contexts[w->task.context];
	if (w->from == WIRE_FROM_PROGRAM || w->from == WIRE_FROM_HELPER) {
		e->via = VIA_PROGRAM;
		if (w->from == WIRE_FROM_PROGRAM)
			e->caller = w->caller;
		else
			e->program_error = "a helper wrote; which program called it is not told";
		return;
	}
	if (w->from == WIRE_FROM_ITSELF) {
		e->via = VIA_KERNEL;
		return;
	}
	e->via = via_of_cmd(w->cmd);
	if (e->via == VIA_UNKNOWN)
		e->program_error =
			w->from == WIRE_FROM_KERNEL ?
				"called from kernel code: a program that the interpreter runs, or the kernel" :
				"the caller could not be told";
}

/* A value of the size `size`, captured at `data`, and how it lies. */
static int decode_bytes(const struct decode_env *env, const void *data, size_t len, size_t size,
			uint8_t wire_shape, enum event_value_shape *shape, struct event_bytes *out)
{
	static const enum event_value_shape shapes[] = {
		[WIRE_VALUE_NONE] = VALUE_NONE,
		[WIRE_VALUE_ONE] = VALUE_ONE,
		[WIRE_VALUE_CPU] = VALUE_CPU,
		[WIRE_VALUE_CPUS] = VALUE_CPUS,
	};
	size_t total = size;

	if (wire_shape >= WIRE_VALUE_SHAPES)
		return -EBADMSG;
	*shape = shapes[wire_shape];
	if (*shape == VALUE_CPUS)
		total = ((size + 7) & ~(size_t)7) * env->cpus;
	if (len > total)
		return -EBADMSG;
	*out = (struct event_bytes){ data, len, total };
	return 0;
}

static int decode_value(const struct decode_env *env, const struct wire_op *w, struct event *e)
{
	if (w->shape != WIRE_VALUE_NONE && w->value_size != w->map.value_size)
		return -EBADMSG;
	e->value_cpus = env->cpus;
	e->value_bytes_max = env->bytes;
	e->value_cpu = w->flags & UPDATE_F_CPU ? (uint32_t)(w->flags >> 32) : w->task.cpu;
	return decode_bytes(env, w->data + w->value_off, w->value_len, w->value_size, w->shape,
			    &e->shape, &e->value);
}

/* The value before, of which there is nothing in most records. */
static int decode_old(const struct decode_env *env, const struct wire_op *w, size_t room,
		      struct event *e)
{
	static const enum event_old states[WIRE_OLDS] = {
		[WIRE_OLD_UNKNOWN] = OLD_UNKNOWN,
		[WIRE_OLD_READ] = OLD_READ,
		[WIRE_OLD_NONE] = OLD_NONE,
	};

	if (w->old >= WIRE_OLDS)
		return -EBADMSG;
	e->old_state = states[w->old];
	if (e->old_state != OLD_READ)
		return 0;
	if (w->old_off > room || w->old_len > room - w->old_off || w->old_shape == WIRE_VALUE_NONE)
		return -EBADMSG;
	return decode_bytes(env, w->data + w->old_off, w->old_len, w->map.value_size, w->old_shape,
			    &e->old_shape, &e->old);
}

/* What a descriptor really allows: writing no longer once the map is frozen. */
static void decode_mode(uint32_t fmode, struct event *e)
{
	e->can_read = fmode & 1;
	e->can_write = fmode & 2 && !e->map.frozen;
}

int decode_kind(uint32_t op, uint32_t map_type, enum event_type *type, enum event_op *event_op)
{
	static const struct {
		enum event_type type;
		enum event_op op, unkeyed;
	} ops[WIRE_OP_KINDS] = {
		[WIRE_OP_UPDATE] = { EVENT_MAP_UPDATE, OP_UPDATE, OP_PUSH },
		[WIRE_OP_DELETE] = { EVENT_MAP_DELETE, OP_DELETE, OP_DELETE },
		[WIRE_OP_LOOKUP_AND_DELETE] = { EVENT_MAP_DELETE, OP_LOOKUP_AND_DELETE, OP_POP },
		[WIRE_OP_LOOKUP] = { EVENT_MAP_LOOKUP, OP_LOOKUP, OP_LOOKUP },
	};

	if (op >= WIRE_OP_KINDS)
		return -EBADMSG;
	*type = ops[op].type;
	/* Queues, stacks and filters have no keys: push, and take what is next. */
	*event_op = maptype_is_queue(map_type) ? ops[op].unkeyed : ops[op].op;
	return 0;
}

static int decode_op(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	const struct wire_op *w = record;
	size_t room = len - sizeof(*w);

	if (len < sizeof(*w) || w->from >= WIRE_FROM_COUNT || w->task.context >= WIRE_CONTEXTS ||
	    decode_kind(w->op, w->map.type, &e->type, &e->op))
		return -EBADMSG;
	if (w->key_len > w->key_size || w->value_off > room || w->key_len > w->value_off ||
	    w->value_len > room - w->value_off)
		return -EBADMSG;
	decode_map(&w->map, &e->map);
	decode_writer(w, e);
	e->flags = w->flags;
	if (!result_is_valid(w->result))
		return -EBADMSG;
	e->has_result = w->has_result;
	e->result = w->result;
	e->key = (struct event_bytes){ w->data, w->key_len, w->key_size };
	e->fd = w->fd;
	decode_mode(w->fmode, e);
	if (decode_objects(w, room, e) || decode_value(env, w, e))
		return -EBADMSG;
	return decode_old(env, w, room, e);
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
		e->how = HOW_CREATE;
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
	decode_mode(w->fmode, e);
	e->path = w->path_len ? w->path : NULL;
	e->path_len = w->path_len;
	decode_inner(&w->inner, &e->inner);
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

static int decode_fd(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	static const enum event_how hows[WIRE_FD_KINDS] = {
		[WIRE_FD_RECEIVED] = HOW_RECEIVE,
		[WIRE_FD_OTHER] = HOW_OTHER,
		[WIRE_FD_PIDFD] = HOW_PIDFD,
		[WIRE_FD_ITERATOR] = HOW_ITERATOR,
	};
	const struct wire_fd *w = record;

	(void)env;
	if (len < sizeof(*w) || w->what >= WIRE_FD_KINDS || !result_is_valid(w->result))
		return -EBADMSG;
	e->type = w->what == WIRE_FD_SENT ? EVENT_SENT :
		  w->what == WIRE_FD_MMAP ? EVENT_MAP_MMAP :
					    EVENT_MAP_OPEN;
	e->how = hows[w->what];
	decode_map(&w->map, &e->map);
	decode_mode(w->fmode, e);
	if (e->type == EVENT_MAP_MMAP)
		e->can_write = w->fmode & 2; /* a writable mapping keeps the map from freezing */
	e->has_result = true;
	e->result = w->result;
	e->fd = w->fd;
	e->file = w->file;
	e->list = w->list;
	e->list_from = w->list_from;
	e->offset = w->offset;
	e->length = w->length;
	if (w->from) {
		e->sender.pid = e->sender.tid = w->from;
		e->sender.uid = w->from_uid;
		e->sender.comm = w->from_comm;
	}
	return 0;
}

void decode_code(const struct wire_code *w, struct event_code *c)
{
	size_t full = strnlen(w->full_name, sizeof(w->full_name));
	size_t cut = strnlen(w->name, sizeof(w->name));

	memset(c, 0, sizeof(*c));
	c->start = w->func;
	c->len = w->len;
	c->prog.id = w->id;
	c->prog.type = w->type;
	memcpy(c->prog.tag, w->tag, sizeof(c->prog.tag));
	memcpy(c->prog.name, w->name, sizeof(c->prog.name));
	if (full > cut && full < sizeof(w->full_name) && !memcmp(w->full_name, w->name, cut))
		c->prog.full_name = w->full_name;
}

static int decode_prog(const struct decode_env *env, const void *record, size_t len,
		       struct event *e)
{
	const struct wire_prog *w = record;

	(void)env;
	if (len < sizeof(*w))
		return -EBADMSG;
	e->type = EVENT_CODE;
	decode_code(&w->code, &e->code);
	e->code.prog.has_loader = true;
	e->code.prog.loader_pid = w->task.pid;
	e->code.prog.loader_uid = w->task.uid;
	memcpy(e->code.prog.loader_comm, w->task.comm, sizeof(e->code.prog.loader_comm));
	return 0;
}

/* Each name must end with a NUL within its field. */
static bool names_are_valid(const char *names, uint32_t len, uint32_t max)
{
	return len <= max && (!len || !names[len - 1]);
}

static void decode_details(const struct wire_process *w, struct event_process *p)
{
	p->exe_deleted = w->flags & WIRE_PROCESS_EXE_DELETED;
	p->args = w->args_len ? w->args : NULL;
	p->args_len = w->args_len;
	p->args_cut = w->flags & WIRE_PROCESS_ARGS_CUT;
	p->has_loginuid = w->loginuid != (uint32_t)-1;
	p->loginuid = w->loginuid;
	p->ns_pid = w->ns_pid;
	p->n_ancestors = w->ancestors;
	for (size_t i = 0; i < p->n_ancestors; i++) {
		p->ancestors[i].pid = w->ancestor[i].pid;
		memcpy(p->ancestors[i].comm, w->ancestor[i].comm, EVENT_NAME_BYTES);
	}
}

static int decode_process(const struct decode_env *env, const void *record, size_t len,
			  struct event *e)
{
	const struct wire_process *w = record;

	(void)env;
	_Static_assert(EVENT_ANCESTORS == WIRE_ANCESTORS, "all of them are taken");
	if (len < sizeof(*w) || w->ancestors > WIRE_ANCESTORS || w->args_len > WIRE_ARGS_BYTES ||
	    !names_are_valid(w->exe, w->exe_len, WIRE_NAMES_BYTES) ||
	    !names_are_valid(w->cgroup, w->cgroup_len, WIRE_NAMES_BYTES))
		return -EBADMSG;
	e->type = EVENT_PROCESS;
	e->told.exe = w->exe;
	e->told.exe_len = w->exe_len;
	e->told.cgroup = w->cgroup;
	e->told.cgroup_len = w->cgroup_len;
	e->told.has_cgroup = w->flags & WIRE_PROCESS_CGROUP;
	decode_details(w, &e->told.process);
	return 0;
}

static int decode_fs(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	static const enum event_name_op ops[WIRE_FS_KINDS] = {
		[WIRE_FS_UNLINK] = NAME_UNLINK, [WIRE_FS_RENAME] = NAME_RENAME,
		[WIRE_FS_LINK] = NAME_LINK,	[WIRE_FS_CHMOD] = NAME_CHMOD,
		[WIRE_FS_MOUNT] = NAME_MOUNT,	[WIRE_FS_MOVE_MOUNT] = NAME_MOVE,
		[WIRE_FS_UMOUNT] = NAME_UMOUNT, [WIRE_FS_PIN] = NAME_PIN,
		[WIRE_FS_OPEN] = NAME_OPEN,
	};
	const struct wire_fs *w = record;

	(void)env;
	if (len < sizeof(*w) || w->what >= WIRE_FS_KINDS || !result_is_valid(w->result) ||
	    !names_are_valid(w->path, w->path_len, WIRE_FS_PATH_BYTES) ||
	    !names_are_valid(w->path2, w->path2_len, WIRE_FS_PATH_BYTES))
		return -EBADMSG;
	e->type = EVENT_NAMES;
	decode_map(&w->map, &e->map);
	decode_map(&w->over, &e->over);
	e->names = (struct event_names){
		.op = ops[w->what],
		.path = w->path,
		.path_len = w->path_len,
		.path2 = w->path2,
		.path2_len = w->path2_len,
		.mount = w->mount,
		.on_bpffs = w->flags & WIRE_FS_BPF,
		.is_dir = w->flags & WIRE_FS_DIR,
		.exchange = w->flags & WIRE_FS_EXCHANGE,
		.dev = w->dev,
	};
	e->has_result = w->flags & WIRE_FS_RESULT;
	e->result = w->result;
	e->has_mode = w->flags & WIRE_FS_MODE;
	e->has_uid = w->flags & WIRE_FS_UID;
	e->has_gid = w->flags & WIRE_FS_GID;
	e->mode = w->mode & 07777;
	e->new_uid = w->uid;
	e->new_gid = w->gid;
	return 0;
}

int decode_record(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	static int (*const kinds[])(const struct decode_env *, const void *, size_t,
				    struct event *) = {
		[WIRE_OP] = decode_op,		 [WIRE_CMD] = decode_cmd, [WIRE_FREE] = decode_free,
		[WIRE_FD] = decode_fd,		 [WIRE_FS] = decode_fs,	  [WIRE_PROG] = decode_prog,
		[WIRE_PROCESS] = decode_process, [WIRE_RUN] = decode_run,
	};
	const struct wire_hdr *h = record;

	/* Every kind begins with the header and the task. */
	if (len < sizeof(*h) + sizeof(struct wire_task) || h->size != len ||
	    h->hook >= WIRE_HOOK_COUNT || h->kind >= sizeof(kinds) / sizeof(kinds[0]) ||
	    !kinds[h->kind])
		return -EBADMSG;
	memset(e, 0, sizeof(*e));
	e->fd = -1;
	e->monotonic_ns = h->time_ns;
	e->time_ns = h->time_ns + (uint64_t)env->realtime_offset_ns;
	decode_task(env, (const struct wire_task *)(h + 1), &e->task);
	return kinds[h->kind](env, record, len, e);
}

void decode_held(const struct decode_env *env, const struct wire_iter_file *file, struct event *e)
{
	memset(e, 0, sizeof(*e));
	e->type = EVENT_MAP_OPEN;
	e->how = HOW_HELD;
	decode_task(env, &file->task, &e->task);
	decode_map(&file->map, &e->map);
	decode_mode(file->fmode, e);
	e->fd = (int)file->fd;
}
