/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values without members: numbers, also in some bits, enums, pointers, floats. */
#include "btf/btfval_walk.h"

#include <endian.h>
#include <string.h>

#define IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Bits count from the end of a byte that the number's low bits are at: BTF's and C's rule. */
static void shift_in(uint64_t value[2], uint64_t bits, uint32_t count)
{
	value[1] = value[1] << count | value[0] >> (64 - count);
	value[0] = value[0] << count | bits;
}

void btfval_bits(const uint8_t *data, uint64_t bit, uint32_t bits, uint64_t value[2])
{
	uint64_t at;

	value[0] = value[1] = 0;
	/* By far the most are whole bytes. */
	if (bit % 8 == 0 && bits % 8 == 0) {
		for (uint32_t i = 0; i < bits / 8; i++)
			shift_in(value, data[bit / 8 + (IS_BIG_ENDIAN ? i : bits / 8 - 1 - i)], 8);
		return;
	}
	for (uint32_t i = 0; i < bits; i++) {
		at = bit + (IS_BIG_ENDIAN ? i : bits - 1 - i);
		shift_in(value, data[at / 8] >> (IS_BIG_ENDIAN ? 7 - at % 8 : at % 8) & 1, 1);
	}
}

/*
 * Bit-fields come in two ways: the member says how many bits (kind_flag), or, from old compilers,
 * the type is an int of fewer bits than its bytes have, maybe not from the first on.
 */
bool btfval_extent(const struct btfval_at *at, const struct btfval_type *type, uint32_t *skip,
		   uint32_t *bits)
{
	const struct btf_type *t = type->t;

	*skip = 0;
	*bits = at->bits;
	if (!type->size || type->size > 16)
		return false;
	if (btf_is_any_enum(t) && type->size > 8)
		return false;
	if (!at->bits && btf_is_int(t)) {
		*skip = btf_int_offset(t);
		*bits = btf_int_bits(t);
	} else if (!at->bits) {
		*bits = 8 * type->size;
	} else if (!btf_is_int(t) && !btf_is_any_enum(t)) {
		return false;
	}
	if (!btf_is_int(t) && !btf_is_any_enum(t) && at->bit % 8)
		return false;
	return *bits && *skip + *bits <= 8 * type->size;
}

static int64_t sign_extended(uint64_t value, uint32_t bits)
{
	if (bits < 64 && value >> (bits - 1) & 1)
		value |= UINT64_MAX << bits;
	return (int64_t)value;
}

static void put_int(struct btfval_walk *w, const struct btfval_type *type, const uint64_t value[2],
		    uint32_t bits)
{
	uint32_t encoding = btf_int_encoding(type->t);

	if (encoding & BTF_INT_BOOL)
		btfval_put_bool(w, value[0] || value[1]);
	else if (bits > 64)
		btfval_put_0x(w, value);
	else if (type->be_size == 2 && bits == 16)
		btfval_put_u64(w, be16toh((uint16_t)value[0]));
	else if (type->be_size == 4 && bits == 32)
		btfval_put_be32(w, be32toh((uint32_t)value[0]));
	else if (type->be_size == 8 && bits == 64)
		btfval_put_u64(w, be64toh(value[0]));
	else if (encoding & BTF_INT_SIGNED)
		btfval_put_i64(w, sign_extended(value[0], bits));
	else
		btfval_put_u64(w, value[0]);
}

/*
 * Enumerators of BTF_KIND_ENUM have 32 bits, whatever the enum has: they are compared in as many
 * bits as the value has, and above 32 the value must be one of the two that they can stand for.
 */
static bool enum_matches(const struct btf_type *t, uint32_t i, uint64_t value, uint32_t bits)
{
	uint64_t mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX, want;
	const uint32_t *words = (const uint32_t *)(t + 1) + 3 * (size_t)i;

	/* struct btf_enum64 is in no header of Linux before 6.0. */
	if (btf_is_enum64(t))
		return ((((uint64_t)words[2] << 32 | words[1]) ^ value) & mask) == 0;
	want = (uint32_t)btf_enum(t)[i].val;
	if (bits <= 32)
		return ((want ^ value) & mask) == 0;
	return value == want || value == ((uint64_t)(int64_t)btf_enum(t)[i].val & mask);
}

static bool put_enum(struct btfval_walk *w, const struct btf_type *t, uint64_t value, uint32_t bits)
{
	const uint32_t *name_offs = (const uint32_t *)(t + 1);
	uint32_t words = btf_is_enum64(t) ? 3 : 2;
	char clean[BTFVAL_NAME];

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (!enum_matches(t, i, value, bits))
			continue;
		btfval_clean(clean, btfval_name(w->btf, name_offs[words * i]));
		btfval_put_word(w, clean);
		return btfval_work(w, i);
	}
	if (btf_kflag(t))
		btfval_put_i64(w, sign_extended(value, bits));
	else
		btfval_put_u64(w, value);
	return btfval_work(w, btf_vlen(t));
}

static void put_float(struct btfval_walk *w, const uint64_t value[2], uint32_t bits)
{
	uint32_t low = (uint32_t)value[0];
	double d;
	float f;

	if (bits == 32) {
		memcpy(&f, &low, sizeof(f));
		btfval_put_float(w, f);
	} else if (bits == 64) {
		memcpy(&d, &value[0], sizeof(d));
		btfval_put_double(w, d);
	} else {
		/* Two bytes are one of two formats, more than eight one of three. */
		btfval_put_0x(w, value);
	}
}

bool btfval_scalar(struct btfval_walk *w, const struct btfval_type *type, uint64_t bit,
		   uint32_t bits)
{
	uint64_t value[2];

	btfval_bits(w->data, bit, bits, value);
	switch (btf_kind(type->t)) {
	case BTF_KIND_INT:
		put_int(w, type, value, bits);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return put_enum(w, type->t, value[0], bits);
	case BTF_KIND_FLOAT:
		put_float(w, value, bits);
		break;
	default:
		btfval_put_0x(w, value);
		break;
	}
	return true;
}
