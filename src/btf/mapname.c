/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that the kernel cut; see mapname.h. */
#include "btf/mapname.h"

#include <stdbool.h>
#include <string.h>

#define CUT_BYTES 15		/* BPF_OBJ_NAME_LEN of the kernel, without the NUL */
#define NAME_MAX_BYTES 255	/* a name is part of every line about its map */

/* What the kernel lets a map be called; BTF may have more, say blanks in sections. */
static bool is_map_name(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	return !name[len] && len <= NAME_MAX_BYTES;
}

/* The BTF's name at name_off if `name` may be a cut of it; else NULL. */
static const char *whole_name(const struct btf *btf, uint32_t name_off, const char *name)
{
	const char *whole = btf__name_by_offset(btf, name_off);

	return whole && !strncmp(whole, name, CUT_BYTES) && is_map_name(whole) ? whole : NULL;
}

/* What the member of that name points to; 0: no such member, or no pointer. */
static uint32_t pointee(const struct btf *btf, const struct btf_type *map, const char *member)
{
	const struct btf_member *m = btf_members(map);
	const struct btf_type *t;
	const char *name;

	for (uint32_t i = 0; i < btf_vlen(map); i++) {
		name = btf__name_by_offset(btf, m[i].name_off);
		if (!name || strcmp(name, member) != 0)
			continue;
		t = btf__type_by_id(btf, m[i].type);
		return t && btf_is_ptr(t) ? t->type : 0;
	}
	return 0;
}

/*
 * A variable in ".maps" is a struct: __uint(type, N) makes its member `type` a pointer to an array
 * of N, __type(key, T) makes `key` a pointer to T.
 */
static bool contradicts(const struct btf *btf, uint32_t var_type, uint32_t map_type,
			uint32_t key_type, uint32_t value_type)
{
	const struct btf_type *map = btf__type_by_id(btf, var_type), *number;
	uint32_t key, value;

	if (!map || !btf_is_struct(map))
		return true;
	number = btf__type_by_id(btf, pointee(btf, map, "type"));
	if (!number || !btf_is_array(number) || btf_array(number)->nelems != map_type)
		return true;
	key = pointee(btf, map, "key");
	value = pointee(btf, map, "value");
	return (key && key_type && key != key_type) || (value && value_type && value != value_type);
}

static const struct btf_type *find_maps(const struct btf *btf)
{
	const struct btf_type *t;
	const char *name;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		name = t && btf_is_datasec(t) ? btf__name_by_offset(btf, t->name_off) : NULL;
		if (name && !strcmp(name, ".maps"))
			return t;
	}
	return NULL;
}

static const char *variable_name(const struct btf *btf, const char *name, uint32_t map_type,
				 uint32_t key_type, uint32_t value_type)
{
	const struct btf_type *maps = find_maps(btf), *var;
	const char *found = NULL, *whole;

	for (uint32_t i = 0; maps && i < btf_vlen(maps); i++) {
		var = btf__type_by_id(btf, btf_var_secinfos(maps)[i].type);
		whole = var && btf_is_var(var) ? whole_name(btf, var->name_off, name) : NULL;
		if (!whole || contradicts(btf, var->type, map_type, key_type, value_type))
			continue;
		if (found)
			return NULL;
		found = whole;
	}
	return found;
}

const char *mapname_complete(const struct btf *btf, const char name[16], uint32_t map_type,
			     uint32_t key_type, uint32_t value_type)
{
	const struct btf_type *value = btf__type_by_id(btf, value_type);
	const char *whole;

	if (strnlen(name, CUT_BYTES + 1) != CUT_BYTES)
		return NULL;
	if (value && btf_is_datasec(value))
		whole = whole_name(btf, value->name_off, name);
	else
		whole = variable_name(btf, name, map_type, key_type, value_type);
	return whole && whole[CUT_BYTES] ? whole : NULL;
}
