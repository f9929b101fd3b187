/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of btfval share: a BTF that is built type by type, and what is made by it.
 * The members of a struct are added right behind it: libbpf takes no type between them.
 */
#ifndef BPFMON_TEST_BTFVAL_H
#define BPFMON_TEST_BTFVAL_H

#include <stdlib.h>

#include "btf/btfval.h"
#include "test.h"

static struct btf *btf;
static struct buf b;
/* Types that most tests need, made by begin(). */
static int u8, u16, u32, u64, s32, s64, character;

static inline void begin(void)
{
	btf__free(btf);
	btf = btf__new_empty();
	u8 = btf__add_int(btf, "unsigned char", 1, 0);
	u16 = btf__add_int(btf, "unsigned short", 2, 0);
	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	u64 = btf__add_int(btf, "unsigned long", 8, 0);
	s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	s64 = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	character = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
}

/* The bytes at their exact length, so that ASan sees each one read behind them. */
static inline uint8_t *exact(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	return len ? memcpy(copy, data, len) : copy;
}

static inline const char *take(bool ok)
{
	static char text[2][4096];
	static int turn;
	char *out = text[turn ^= 1];

	snprintf(out, sizeof(text[0]), "%.*s", (int)b.len, b.data ? b.data : "");
	if (ok != (b.len > 0))
		snprintf(out, sizeof(text[0]), "returned %d with %zu bytes", ok, b.len);
	b.len = 0;
	b.comma = false;
	return out;
}

static inline const char *json(int type, const void *data, size_t len)
{
	uint8_t *copy = exact(data, len);
	bool ok = btfval_json(&b, NULL, btf, (uint32_t)type, copy, len);

	free(copy);
	return take(ok);
}

static inline const char *diff(int type, const void *data, size_t len, const void *old)
{
	uint8_t *copy = exact(data, len), *old_copy = old ? exact(old, len) : NULL;
	bool ok = btfval_text(&b, btf, (uint32_t)type, copy, len, old_copy);

	free(copy);
	free(old_copy);
	return take(ok);
}

static inline const char *text(int type, const void *data, size_t len)
{
	return diff(type, data, len, NULL);
}

static inline int array(int element, uint32_t count)
{
	return btf__add_array(btf, u32, element, count);
}

/* To bits that btf__add_field() refuses. */
static inline void move_member(int type, uint32_t i, uint32_t bit)
{
	btf_members(btf__type_by_id(btf, (uint32_t)type))[i].offset = bit;
}

#endif
