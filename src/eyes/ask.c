/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the detections ask the kernel itself. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eyes/eyes.h"
#include "lib/caps.h"
#include "load/hooks.h"
#include "load/bpfobj.h"

struct to_ids {
	void (*each)(void *to, uint32_t id);
	void *to;
};

static void each_map(void *context, const void *record)
{
	const struct wire_map *map = record;
	const struct to_ids *ids = context;

	ids->each(ids->to, map->id);
}

/* With each of its functions. */
static void each_program(void *context, const void *record)
{
	const struct wire_listed_code *listed = record;
	const struct to_ids *ids = context;

	if (listed->code.id)
		ids->each(ids->to, listed->code.id);
}

/* An answer that goes back is none of this kernel: it would never end. */
static int walk(int (*get_next)(uint32_t id, uint32_t *next), void (*each)(void *to, uint32_t id),
		void *to)
{
	uint32_t id = 0, next = 0;
	int err;

	while (!(err = get_next(id, &next)) && next > id) {
		id = next;
		each(to, id);
	}
	return err == -ENOENT ? 0 : err;
}

static int ids(struct bpfobj *obj, enum eyes_list list, void (*each)(void *to, uint32_t id),
	       void *to)
{
	struct to_ids to_ids = { each, to };

	switch (list) {
	case EYES_MAPS_ASKED:
		return walk(bpf_map_get_next_id, each, to);
	case EYES_MAPS_ITERATED:
		return bpfobj_list(obj, BPFOBJ_MAPS, each_map, &to_ids);
	case EYES_PROGRAMS_ASKED:
		return walk(bpf_prog_get_next_id, each, to);
	case EYES_PROGRAMS_ITERATED:
		return bpfobj_list(obj, BPFOBJ_CODE, each_program, &to_ids);
	default:
		return -EINVAL;
	}
}

struct to_programs {
	void (*each)(void *to, const struct eyes_program *program);
	void *to;
};

static void each_code(void *context, const void *record)
{
	const struct wire_listed_code *listed = record;
	const struct wire_code *code = &listed->code;
	const struct eyes_program program = { code->id, code->type, listed->attach_type, code->name,
					      listed->function };
	const struct to_programs *programs = context;

	if (listed->function[0])
		programs->each(programs->to, &program);
}

static int programs(struct bpfobj *obj, void (*each)(void *to, const struct eyes_program *program),
		    void *to)
{
	struct to_programs programs = { each, to };

	return bpfobj_list(obj, BPFOBJ_CODE, each_code, &programs);
}

/* Its length may be asked for first: BPF_OBJ_GET_INFO_BY_FD fills what there is room for. */
static int read_code(int fd, struct eyes_code *code)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info), bytes;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	code->type = info.type;
	memcpy(code->name, info.name, sizeof(code->name));
	bytes = info.xlated_prog_len;
	code->insns = malloc(bytes ?: 1);
	if (!code->insns)
		return -ENOMEM;
	info = (struct bpf_prog_info){ .xlated_prog_len = bytes,
				       .xlated_prog_insns = (uintptr_t)code->insns };
	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (info.xlated_prog_insns && info.xlated_prog_len <= bytes)
		code->n = info.xlated_prog_len / sizeof(*code->insns);
	return 0;
}

static int code(struct bpfobj *obj, uint32_t program, struct eyes_code *out)
{
	int fd = bpf_prog_get_fd_by_id(program), err;

	(void)obj;
	if (fd < 0)
		return -errno;
	err = read_code(fd, out);
	close(fd);
	if (err) {
		free(out->insns);
		*out = (struct eyes_code){ 0 };
	}
	return err;
}

static bool is_in(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

/* security_NAME() calls what LSM programs are on. */
static bool is_called(const char *function, const char *by)
{
	static const char lsm[] = "bpf_lsm_", security[] = "security_";

	if (!strncmp(by, security, sizeof(security) - 1) &&
	    !strncmp(function, lsm, sizeof(lsm) - 1))
		return !strcmp(function + sizeof(lsm) - 1, by + sizeof(security) - 1);
	return !strcmp(function, by);
}

static bool uses(struct bpfobj *obj, const char *function)
{
	const struct hook_state *states = bpfobj_hooks(obj);

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = states[i].idle ? &hooks[i].ways[0] : states[i].way;

		if (way && way->kind != ATTACH_TRACEPOINT && is_called(function, way->function))
			return true;
	}
	return is_in(hook_functions_beside, function) || is_in(hook_helpers, function);
}

void eyes_ask_kernel(struct eyes_ask *ask, struct bpfobj *obj)
{
	*ask = (struct eyes_ask){ .root = "",
				  .sees_addresses = caps_has(CAP_SYSLOG),
				  .obj = obj,
				  .program = bpfobj_program,
				  .armed = bpfobj_armed,
				  .canary = bpfobj_canary,
				  .ids = ids,
				  .programs = programs,
				  .code = code,
				  .uses = uses };
}
