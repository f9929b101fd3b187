/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decoded keys and values; see btfval.h. Here is the way through types and bytes: what lies
 * where, what is left out, what contains what.
 */
#include "btf/btfval_walk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool put_value(struct btfval_walk *w, const struct btfval_at *at,
		      const struct btfval_type *type);

bool btfval_work(struct btfval_walk *w, uint32_t units)
{
	if (w->work < units || w->b->failed || w->b->len - w->start > BTFVAL_MAX_BYTES)
		return false;
	w->work -= units;
	return true;
}

/* ---- names ---- */

static bool name_is_new(struct btfval_walk *w, uint32_t hash, uint16_t head)
{
	const struct btfval_names *names = w->names;

	for (uint32_t i = head; i > names->first; i = names->list[i - 1].next) {
		if (names->list[i - 1].hash == hash)
			return false;
		/* Somebody may have chosen names that make one long chain. */
		w->work -= w->work > 0;
	}
	return true;
}

/* w->name for what is put next; false: too many. */
static bool name_value(struct btfval_walk *w, const struct btfval_at *at)
{
	struct btfval_names *names = w->names;
	uint32_t hash;
	uint16_t *head;

	if (!at->member) {
		/* The value itself keeps the name that the caller gave. */
		if (at->depth)
			w->name = w->old ? w->clean : NULL;
		if (at->depth && w->old)
			snprintf(w->clean, sizeof(w->clean), "[%u]", at->index);
		return true;
	}
	if (names->count == sizeof(names->list) / sizeof(names->list[0]))
		return false;
	hash = btfval_clean(w->clean, at->member);
	w->name = at->member[0] ? w->clean : "(anon)";
	head = &names->heads[hash % (sizeof(names->heads) / sizeof(names->heads[0]))];
	if (!name_is_new(w, hash, *head)) {
		if (!at->member[0])
			snprintf(w->clean, sizeof(w->clean), "(anon)");
		snprintf(w->clean + strlen(w->clean), 16, "#%u", names->count - names->first + 1);
		w->name = w->clean;
	}
	names->list[names->count].hash = hash;
	names->list[names->count].next = *head;
	*head = (uint16_t)++names->count;
	return true;
}

static void drop_names(struct btfval_names *names, uint32_t first)
{
	size_t heads = sizeof(names->heads) / sizeof(names->heads[0]);

	while (names->count > names->first) {
		names->count--;
		names->heads[names->list[names->count].hash % heads] =
			names->list[names->count].next;
	}
	names->first = first;
}

/* ---- places ---- */

enum fit {
	FIT_BAD,	/* not where its parent is: give up */
	FIT_LEFT_OUT,	/* cut, or the same in `old` */
	FIT_PUT,
};

/* As far as the bytes go. */
static bool is_same(const struct btfval_walk *w, uint64_t bit, uint64_t bits)
{
	size_t begin = bit / 8, end = (bit + bits + 7) / 8;
	uint64_t value[2], old[2];

	if (bit % 8 == 0 && bits % 8 == 0) {
		end = end < w->len ? end : w->len;
		return !memcmp(w->data + begin, w->old + begin, end - begin);
	}
	btfval_bits(w->data, bit, (uint32_t)bits, value);
	btfval_bits(w->old, bit, (uint32_t)bits, old);
	return value[0] == old[0] && value[1] == old[1];
}

/* `in_part`: the first bytes alone are worth something. */
static enum fit find_fit(const struct btfval_walk *w, const struct btfval_at *at, uint64_t bit,
			 uint64_t bits, bool in_part)
{
	if (bit + bits > at->end)
		return FIT_BAD;
	if (bit + bits > 8 * (uint64_t)w->len && (!in_part || bit >= 8 * (uint64_t)w->len))
		return FIT_LEFT_OUT;
	if (w->old && at->depth && is_same(w, bit, bits))
		return FIT_LEFT_OUT;
	return FIT_PUT;
}

/* ---- values with members or elements ---- */

static bool put_type(struct btfval_walk *w, const struct btfval_at *at, uint32_t type_id)
{
	struct btfval_type type;

	return btfval_resolve(w->btf, type_id, &type) && btfval_work(w, type.steps) &&
	       put_value(w, at, &type);
}

static bool put_members(struct btfval_walk *w, const struct btfval_at *parent,
			const struct btf_type *t)
{
	const struct btf_member *members = btf_members(t);
	struct btfval_at at = {
		.depth = parent->depth + 1,
		.end = parent->bit + 8ull * t->size,
	};

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		at.member = btfval_name(w->btf, members[i].name_off);
		at.bit = parent->bit + btf_member_bit_offset(t, i);
		at.bits = btf_member_bitfield_size(t, i);
		if (!put_type(w, &at, members[i].type))
			return false;
	}
	return true;
}

static bool put_variables(struct btfval_walk *w, const struct btfval_at *parent,
			  const struct btf_type *t)
{
	const struct btf_var_secinfo *infos = btf_var_secinfos(t);
	struct btfval_at at = {
		.depth = parent->depth + 1,
		.end = parent->bit + 8ull * t->size,
	};
	const struct btf_type *var;

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		var = btf__type_by_id(w->btf, infos[i].type);
		if (!var || !btf_is_var(var))
			return false;
		at.member = btfval_name(w->btf, var->name_off);
		at.bit = parent->bit + 8ull * infos[i].offset;
		if (!put_type(w, &at, infos[i].type))
			return false;
	}
	return true;
}

static bool put_object(struct btfval_walk *w, const struct btfval_at *at, const struct btf_type *t)
{
	uint32_t outer_first = w->names->first;
	bool outer = w->left_out, ok;

	w->left_out = false;
	w->names->first = w->names->count;
	btfval_open(w, w->names_only ? '[' : '{');
	ok = btf_is_datasec(t) ? put_variables(w, at, t) : put_members(w, at, t);
	btfval_close(w, w->names_only ? ']' : '}');
	drop_names(w->names, outer_first);
	w->left_out = outer;
	return ok;
}

static bool put_array(struct btfval_walk *w, const struct btfval_at *parent,
		      const struct btfval_type *type)
{
	uint64_t begin = parent->bit / 8, left = w->len - begin;
	struct btfval_at at = {
		.depth = parent->depth + 1,
		.end = parent->bit + 8ull * type->size,
	};
	bool outer = w->left_out;
	struct btfval_type element;

	if (!btfval_resolve(w->btf, btf_array(type->t)->type, &element) ||
	    !btfval_work(w, element.steps))
		return false;
	if (btfval_is_char(w->btf, element.t)) {
		bool cut = type->size > left;

		if (left > BTFVAL_MAX_BYTES && type->size > BTFVAL_MAX_BYTES &&
		    strnlen((const char *)w->data + begin, BTFVAL_MAX_BYTES) == BTFVAL_MAX_BYTES)
			return false;
		btfval_put_string(w, (const char *)w->data + begin, cut ? left : type->size, cut);
		return true;
	}
	w->left_out = false;
	btfval_open(w, w->old ? '{' : '[');
	/* Elements without bytes would be any number of nothing. */
	for (uint32_t i = 0; element.size && i < btf_array(type->t)->nelems; i++) {
		at.index = i;
		at.bit = parent->bit + 8ull * element.size * i;
		if (at.bit / 8 >= w->len) {
			w->left_out = true;
			break;
		}
		if (!put_value(w, &at, &element))
			return false;
	}
	btfval_close(w, w->old ? '}' : ']');
	w->left_out = outer;
	return true;
}

/* Structs that are one value: an address, something of the kernel's. */
static bool is_special(const struct btf *btf, const struct btf_type *t)
{
	return btfval_is_in6(btf, t) || btfval_is_opaque(btf, t);
}

static bool put_special(struct btfval_walk *w, const struct btfval_at *at, const struct btf_type *t)
{
	char text[INET6_ADDRSTRLEN];

	if (btfval_is_in6(w->btf, t)) {
		inet_ntop(AF_INET6, w->data + at->bit / 8, text, sizeof(text));
	} else {
		snprintf(text, sizeof(text), "<%s>", btfval_name(w->btf, t->name_off));
	}
	btfval_put_word(w, text);
	return true;
}

static bool put_value(struct btfval_walk *w, const struct btfval_at *at,
		      const struct btfval_type *type)
{
	const struct btf_type *t = type->t;
	bool is_array = btf_is_array(t), is_object = btf_is_composite(t) || btf_is_datasec(t);
	bool is_whole = is_special(w->btf, t);
	bool in_part = (is_object || is_array) && !is_whole, is_anonymous;
	uint32_t skip = 0, bits = 0;
	enum fit fit;

	if (at->depth > BTFVAL_DEPTH || !btfval_work(w, 1))
		return false;
	if (!is_array && !is_object && !btfval_extent(at, type, &skip, &bits))
		return false;
	if ((is_array || is_object) && (at->bits || at->bit % 8))
		return false;
	/* An anonymous struct or union is no object of its own. */
	is_anonymous = at->member && !at->member[0] && btf_is_composite(t) && !is_whole;
	/* A member that did not change has its name nevertheless: another one with it is "name#2". */
	if (w->names_only && !is_anonymous && !name_value(w, at))
		return false;
	fit = find_fit(w, at, at->bit + skip, bits ? bits : 8ull * type->size, in_part);
	if (fit != FIT_PUT) {
		w->left_out = true;
		return fit == FIT_LEFT_OUT;
	}
	if (is_anonymous)
		return put_members(w, at, t);
	if (w->names_only && at->depth) {
		json_string(w->b, NULL, w->name);
		return true;
	}
	if (!w->names_only && !name_value(w, at))
		return false;
	if (is_whole)
		return put_special(w, at, t);
	if (is_object)
		return put_object(w, at, t);
	if (is_array)
		return put_array(w, at, type);
	return btfval_scalar(w, type, at->bit + skip, bits);
}

/* ---- both formats ---- */

static bool decode(struct btfval_walk *w, uint32_t type_id, size_t len)
{
	struct btfval_names names;
	struct btfval_at at = { 0 };
	struct btfval_type type;
	bool comma = w->b->comma;

	if (!len || !btfval_resolve(w->btf, type_id, &type))
		return false;
	if (btf_is_composite(type.t) || btf_is_array(type.t) || btf_is_datasec(type.t))
		memset(names.heads, 0, sizeof(names.heads));	/* others have no members */
	names.count = names.first = 0;
	w->names = &names;
	w->work = BTFVAL_WORK;
	w->start = w->b->len;
	w->len = len < type.size ? len : type.size;
	at.end = 8ull * type.size;
	if (put_value(w, &at, &type) && btfval_work(w, 0) && w->b->len > w->start)
		return true;
	w->b->len = w->start;
	w->b->comma = comma;
	return false;
}

bool btfval_json(struct buf *b, const char *name, const struct btf *btf, uint32_t type_id,
		 const uint8_t *data, size_t len)
{
	struct btfval_walk w;

	w.b = b;
	w.btf = btf;
	w.data = data;
	w.old = NULL;
	w.json = true;
	w.names_only = w.comma = w.left_out = false;
	w.name = name;
	return decode(&w, type_id, len);
}

bool btfval_text(struct buf *b, const struct btf *btf, uint32_t type_id, const uint8_t *data,
		 size_t len, const uint8_t *old)
{
	struct btfval_walk w;

	w.b = b;
	w.btf = btf;
	w.data = data;
	w.old = old;
	w.json = w.names_only = w.comma = w.left_out = false;
	w.name = NULL;
	return decode(&w, type_id, len);
}

bool btfval_changed(struct buf *b, const char *name, const struct btf *btf, uint32_t type_id,
		    const uint8_t *data, size_t len, const uint8_t *old)
{
	struct btfval_walk w;
	struct btfval_type type;

	if (!btfval_resolve(btf, type_id, &type) ||
	    !(btf_is_composite(type.t) || btf_is_datasec(type.t)) || is_special(btf, type.t))
		return false;
	w.b = b;
	w.btf = btf;
	w.data = data;
	w.old = old;
	w.json = w.names_only = true;
	w.comma = w.left_out = false;
	w.name = name;
	return decode(&w, type_id, len);
}
