/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One member out of a key or value by the BTF of its map, for rules: numbers, bools, enumerators,
 * and char[] as text. Whoever loaded the map wrote that BTF, and nothing in it is believed.
 */
#include <endian.h>
#include <string.h>

#include "btf/btfval_walk.h"
#include "rules/fields.h"

/* Members looked at for one path: a struct of the kernel has some hundreds. */
#define MEMBERS_MAX 4096

struct place {
	uint32_t type_id;
	uint64_t bit;
	uint32_t bits;	/* of a bit-field; 0: as many as the type has */
};

static bool find_member(const struct btf *btf, const struct btf_type *t, const char *name,
			size_t len, struct place *at, unsigned int depth, uint32_t *work)
{
	const struct btf_member *m = btf_members(t);
	struct btfval_type type;

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *is = btfval_name(btf, m[i].name_off);
		struct place inner = { m[i].type, at->bit + btf_member_bit_offset(t, i),
				       btf_member_bitfield_size(t, i) };

		if (!(*work)--)
			return false;
		if (*is) {
			if (strlen(is) != len || memcmp(is, name, len) != 0)
				continue;
			*at = inner;
			return true;
		}
		if (depth >= BTFVAL_DEPTH || !btfval_resolve(btf, m[i].type, &type) ||
		    !btf_is_composite(type.t))
			continue;
		if (find_member(btf, type.t, name, len, &inner, depth + 1, work)) {
			*at = inner;
			return true;
		}
		if (!*work)
			return false;
	}
	return false;
}

/* Variables of a section are as members. */
static bool find_variable(const struct btf *btf, const struct btf_type *t, const char *name,
			  size_t len, struct place *at)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);

	for (uint32_t i = 0; i < btf_vlen(t) && i < MEMBERS_MAX; i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);
		const char *is = var ? btfval_name(btf, var->name_off) : "";

		if (strlen(is) != len || memcmp(is, name, len) != 0)
			continue;
		*at = (struct place){ v[i].type, at->bit + v[i].offset * 8ull, 0 };
		return true;
	}
	return false;
}

static bool find_element(const struct btf *btf, const struct btf_type *t, const char *name,
			 size_t len, struct place *at)
{
	uint32_t size = btfval_size(btf, btf_array(t)->type);
	uint64_t index = 0;

	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9' || index > UINT32_MAX)
			return false;
		index = index * 10 + (uint64_t)(name[i] - '0');
	}
	if (!size || index >= btf_array(t)->nelems)
		return false;
	*at = (struct place){ btf_array(t)->type, at->bit + index * size * 8, 0 };
	return true;
}

/* One step into what is at `at`. */
static bool step(const struct btf *btf, const char *name, size_t len, struct place *at)
{
	uint32_t work = MEMBERS_MAX;
	struct btfval_type type;

	if (!btfval_resolve(btf, at->type_id, &type) || at->bits)
		return false;
	if (btf_is_composite(type.t))
		return find_member(btf, type.t, name, len, at, 0, &work);
	if (btf_is_datasec(type.t))
		return find_variable(btf, type.t, name, len, at);
	return btf_is_array(type.t) && find_element(btf, type.t, name, len, at);
}

static bool enumerator(const struct btf *btf, const struct btf_type *t, int64_t value,
		       struct fact *fact)
{
	const char *name = NULL;

	for (uint32_t i = 0; i < btf_vlen(t) && i < MEMBERS_MAX && !name; i++) {
		if (btf_is_enum64(t) && (int64_t)btf_enum64_value(&btf_enum64(t)[i]) == value)
			name = btfval_name(btf, btf_enum64(t)[i].name_off);
		else if (btf_is_enum(t) && (uint32_t)btf_enum(t)[i].val == (uint32_t)value)
			name = btfval_name(btf, btf_enum(t)[i].name_off);
	}
	if (!name || !*name)
		return false;
	fact->kind = FACT_TEXT;
	fact->text = name;
	fact->len = strlen(name);
	return true;
}

static bool is_signed(const struct btf_type *t)
{
	if (btf_is_int(t))
		return btf_int_encoding(t) & BTF_INT_SIGNED;
	return btf_kflag(t);
}

static bool read_number(const struct btf *btf, const struct btfval_type *type,
			const struct place *at, const struct event_bytes *bytes, struct fact *fact)
{
	const struct btf_type *t = type->t;
	uint32_t bits = at->bits ? at->bits : type->size * 8;
	uint64_t value, both[2];

	if (!bits || bits > 64 || at->bit + bits > bytes->len * 8)
		return false;
	btfval_bits(bytes->data, at->bit, bits, both);
	value = type->be_size == 2 && bits == 16 ? be16toh((uint16_t)both[0]) :
		type->be_size == 4 && bits == 32 ? be32toh((uint32_t)both[0]) :
		type->be_size == 8 && bits == 64 ? be64toh(both[0]) :
						   both[0];
	if (is_signed(t) && bits < 64 && value >> (bits - 1) & 1)
		value |= ~0ull << bits;
	*fact = (struct fact){ .kind = FACT_NUMBER, .number = (int64_t)value, .has_number = true };
	if (btf_is_any_enum(t))
		enumerator(btf, t, (int64_t)value, fact);
	return true;
}

static bool read_text(const struct btf *btf, const struct btfval_type *type, const struct place *at,
		      const struct event_bytes *bytes, struct fact *fact)
{
	struct btfval_type element;
	uint64_t start = at->bit / 8;
	size_t room;

	if (at->bit % 8 || start > bytes->len ||
	    !btfval_resolve(btf, btf_array(type->t)->type, &element) ||
	    !btfval_is_char(btf, element.t))
		return false;
	room = bytes->len - (size_t)start;
	if (room > type->size)
		room = type->size;
	*fact = (struct fact){ .kind = FACT_TEXT, .text = (const char *)bytes->data + start };
	fact->len = strnlen(fact->text, room);
	return true;
}

bool rule_member(const struct event_mapinfo *info, uint32_t type_id,
		 const struct event_bytes *bytes, const char *path, struct fact *fact)
{
	struct place at = { .type_id = type_id };
	struct btfval_type type;

	if (!info || !info->btf || !type_id || !bytes->len)
		return false;
	while (*path) {
		size_t len = strcspn(path, ".");

		if (!step(info->btf, path, len, &at))
			return false;
		path += len;
		path += *path == '.';
	}
	if (!btfval_resolve(info->btf, at.type_id, &type))
		return false;
	if (btf_is_array(type.t))
		return read_text(info->btf, &type, &at, bytes, fact);
	if (!btf_is_int(type.t) && !btf_is_any_enum(type.t) && !btf_is_ptr(type.t))
		return false;
	return read_number(info->btf, &type, &at, bytes, fact);
}
