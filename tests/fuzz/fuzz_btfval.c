/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values by hostile BTF: one byte says how long the value is, the value follows, then the BTF.
 * Each type of it is decoded from all the bytes and from fewer, in both formats. What is written
 * must be well-formed JSON, printable text, not too long; and nothing when there is no value.
 * Each type's name is also one that the kernel may have cut.
 *
 * links: src/btf/btfval*.c src/lib/buf.c src/btf/mapname.c
 */
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "btf/btfval.h"
#include "btf/mapname.h"

#define MAX_TYPES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *skip_value(const char *s);

static const char *skip_string(const char *s)
{
	if (*s++ != '"')
		abort();
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
		if (*s == '\\' && !strchr("\"\\u", *++s))
			abort();
	}
	return s + 1;
}

static const char *skip_members(const char *s, char end)
{
	if (*s == end)
		return s + 1;
	for (;; s++) {
		if (end == '}') {
			s = skip_string(s);
			if (*s++ != ':')
				abort();
		}
		s = skip_value(s);
		if (*s == end)
			return s + 1;
		if (*s != ',')
			abort();
	}
}

static const char *skip_value(const char *s)
{
	size_t n = strspn(s, "+-.0123456789e");

	if (*s == '{' || *s == '[')
		return skip_members(s + 1, *s == '{' ? '}' : ']');
	if (*s == '"')
		return skip_string(s);
	if (!strncmp(s, "true", 4))
		return s + 4;
	if (!strncmp(s, "false", 5))
		return s + 5;
	if (!n)
		abort();
	return s + n;
}

static void check_length(const struct buf *b, bool ok)
{
	if (ok ? !b->len || b->len > BTFVAL_MAX_BYTES : b->len)
		abort();
}

static void decode(const struct btf *btf, uint32_t type_id, const uint8_t *value, size_t len)
{
	/* Of the exact length, for the sanitizer. */
	uint8_t *now = malloc(len + 1), *old = malloc(len + 1);
	struct buf b = { 0 };

	if (!now || !old)
		abort();
	memcpy(now + 1, value, len);
	memcpy(old + 1, value, len);
	if (len)
		old[1 + len / 2] ^= 0x11;
	check_length(&b, btfval_json(&b, NULL, btf, type_id, now + 1, len));
	if (b.len) {
		buf_bytes(&b, "", 1);
		if (skip_value(b.data) != b.data + b.len - 1)
			abort();
	}
	b.len = 0;
	b.comma = false;
	check_length(&b, btfval_changed(&b, NULL, btf, type_id, now + 1, len, old + 1));
	if (b.len) {
		buf_bytes(&b, "", 1);
		if (b.data[0] != '[' || skip_value(b.data) != b.data + b.len - 1)
			abort();
	}
	for (int i = 0; i < 2; i++) {
		b.len = 0;
		check_length(&b, btfval_text(&b, btf, type_id, now + 1, len, i ? old + 1 : NULL));
		for (size_t c = 0; c < b.len; c++)
			if ((unsigned char)b.data[c] < 0x20 || (unsigned char)b.data[c] > 0x7e)
				abort();
	}
	buf_fini(&b);
	free(now);
	free(old);
}

static void complete(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *t = btf__type_by_id(btf, type_id);
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL, *whole;
	char kernel[16] = "";

	/* src/btf/mapinfo.c takes no BTF whose types lie at odd addresses. */
	if (!name || (uintptr_t)t % _Alignof(struct btf_type))
		return;
	strncpy(kernel, name, sizeof(kernel) - 1);
	whole = mapname_complete(btf, kernel, 1, type_id, type_id);
	if (whole && (strncmp(whole, kernel, 15) || strlen(whole) < 16 || strlen(whole) > 255))
		abort();
}

static void decode_all(const void *blob, uint32_t size, const uint8_t *value, size_t len)
{
	struct btf *btf = btf__new(blob, size);

	if (!btf)
		return;
	for (uint32_t id = 0; id < MAX_TYPES && id <= btf__type_cnt(btf); id++) {
		btfval_size(btf, id);
		complete(btf, id);
		decode(btf, id, value, len);
		decode(btf, id, value, len / 2);
	}
	btf__free(btf);
}

static int no_print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct btf_header *given;
	struct btf_header *fixed;
	size_t len;

	libbpf_set_print(no_print);
	if (!size || size > 1 << 20)
		return 0;
	len = data[0] < size - 1 ? data[0] : size - 1;
	given = (const void *)(data + 1 + len);
	size -= 1 + len;
	decode_all(given, (uint32_t)size, data + 1, len);
	/* The same with a header that fits, which the fuzzer seldom gets right. */
	if (size < sizeof(*fixed) + 2)
		return 0;
	fixed = malloc(size);
	if (!fixed)
		return 0;
	memcpy(fixed, given, size);
	size -= sizeof(*fixed);
	fixed->magic = BTF_MAGIC;
	fixed->version = BTF_VERSION;
	fixed->flags = 0;
	fixed->hdr_len = sizeof(*fixed);
	fixed->type_off = 0;
	fixed->type_len %= (uint32_t)size - 1;
	fixed->type_len &= ~3u;
	fixed->str_off = fixed->type_len;
	fixed->str_len = (uint32_t)size - fixed->str_off;
	((char *)(fixed + 1))[fixed->str_off] = '\0';
	((char *)(fixed + 1))[size - 1] = '\0';
	decode_all(fixed, (uint32_t)(size + sizeof(*fixed)), data + 1, len);
	free(fixed);
	return 0;
}
