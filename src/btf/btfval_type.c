/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions about types of untrusted BTF: what is behind the typedefs, and what is special. */
#include "btf/btfval_walk.h"

#include <string.h>

uint32_t btfval_size(const struct btf *btf, uint32_t type_id)
{
	struct btfval_type type;

	return btfval_resolve(btf, type_id, &type) ? type.size : 0;
}

const char *btfval_name(const struct btf *btf, uint32_t name_off)
{
	const char *name = btf__name_by_offset(btf, name_off);

	return name ? name : "";
}

/* A header of odd length would give types at odd addresses, and no compiler makes one. */
static const struct btf_type *type_by_id(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);

	return t && (uintptr_t)t % _Alignof(struct btf_type) == 0 ? t : NULL;
}

static uint32_t be_size(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf_is_typedef(t) ? btfval_name(btf, t->name_off) : "";

	if (strncmp(name, "__be", 4) != 0)
		return 0;
	if (!strcmp(name, "__be16"))
		return 2;
	if (!strcmp(name, "__be32"))
		return 4;
	return strcmp(name, "__be64") ? 0 : 8;
}

/* Sets type->be_size on the way. */
static const struct btf_type *skip_typedefs(const struct btf *btf, uint32_t type_id,
					    struct btfval_type *type)
{
	const struct btf_type *t = type_by_id(btf, type_id);
	uint32_t size;

	for (unsigned int i = 0; t && i < BTFVAL_DEPTH; i++) {
		type->steps++;
		if (!btf_is_mod(t) && !btf_is_typedef(t) && !btf_is_var(t))
			return t;
		size = be_size(btf, t);
		if (size)
			type->be_size = size;
		t = type_by_id(btf, t->type);
	}
	return NULL;
}

/* Not btf__resolve_size(): its size of a pointer is the one of a type that is called long. */
bool btfval_resolve(const struct btf *btf, uint32_t type_id, struct btfval_type *type)
{
	const struct btf_type *t;
	uint64_t count = 1, size;

	type->steps = type->be_size = 0;
	type->t = t = skip_typedefs(btf, type_id, type);
	for (unsigned int i = 0; t && i < BTFVAL_DEPTH; i++) {
		switch (btf_kind(t)) {
		case BTF_KIND_INT:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_FLOAT:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_DATASEC:
			size = t->size * count;
			break;
		case BTF_KIND_PTR:
			size = BTFVAL_POINTER_BYTES * count;
			break;
		case BTF_KIND_ARRAY:
			count *= btf_array(t)->nelems;
			if (count > UINT32_MAX)
				return false;
			t = skip_typedefs(btf, btf_array(t)->type, type);
			continue;
		default:
			return false;
		}
		type->size = (uint32_t)size;
		return size <= UINT32_MAX;
	}
	return false;
}

/*
 * Structs that the kernel keeps something of its own in and lets nobody read: bpf(2) gives zeros
 * for them (include/uapi/linux/bpf.h, "__opaque"). bpf_rb_node is the largest.
 */
bool btfval_is_opaque(const struct btf *btf, const struct btf_type *t)
{
	static const char *const names[] = {
		"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",     "bpf_wq",
		"bpf_list_head", "bpf_list_node",     "bpf_rb_root",   "bpf_rb_node",
		"bpf_refcount",	 "bpf_dynptr",	      "bpf_task_work",
	};
	const char *name;

	if (!btf_is_struct(t) || !t->size || t->size > 32)
		return false;
	name = btfval_name(btf, t->name_off);
	for (size_t i = 0; !strncmp(name, "bpf_", 4) && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

bool btfval_is_in6(const struct btf *btf, const struct btf_type *t)
{
	return btf_is_struct(t) && t->size == 16 &&
	       !strcmp(btfval_name(btf, t->name_off), "in6_addr");
}

/* clang gives char the encoding of signed char, gcc gives BTF_INT_CHAR to all three. */
bool btfval_is_char(const struct btf *btf, const struct btf_type *t)
{
	return btf_is_int(t) && t->size == 1 && btf_int_bits(t) == 8 && !btf_int_offset(t) &&
	       !strcmp(btfval_name(btf, t->name_off), "char");
}
