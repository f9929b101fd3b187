/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Captured bytes of keys and values, in JSON and in text: what they mean, as far as it is known.
 *
 * {"size":8,"hex":"0100000000000000","btf":{"enabled":1}}     {enabled: 1}
 * {"size":4,"hex":"07000000","number":7}                      7
 * {"size":6,"hex":"deadbeef0001"}                             deadbeef0001
 */
#include <string.h>

#include "btf/btfval.h"
#include "out/out.h"

static uint32_t type_of(const struct event_map *m, enum out_part part)
{
	if (!m->info)
		return 0;
	return part == OUT_KEY ? m->info->key_type : m->info->value_type;
}

/* In the order of this machine's bytes, without a sign. */
static bool read_number(const struct event_bytes *bytes, uint64_t *number)
{
	uint32_t u32;
	uint16_t u16;

	if (bytes->len != bytes->size)
		return false;
	switch (bytes->size) {
	case 1:
		*number = bytes->data[0];
		return true;
	case 2:
		memcpy(&u16, bytes->data, sizeof(u16));
		*number = u16;
		return true;
	case 4:
		memcpy(&u32, bytes->data, sizeof(u32));
		*number = u32;
		return true;
	case 8:
		memcpy(number, bytes->data, sizeof(*number));
		return true;
	default:
		return false;
	}
}

void out_json_bytes(struct buf *b, const struct event_map *m, enum out_part part,
		    const struct event_bytes *bytes)
{
	uint32_t type = type_of(m, part);
	uint64_t number;

	json_u64(b, "size", bytes->size);
	json_hex(b, "hex", bytes->data, bytes->len);
	if (bytes->len < bytes->size)
		json_bool(b, "truncated", true);
	if (type && btfval_json(b, "btf", m->info->btf, type, bytes->data, bytes->len))
		return;
	if (read_number(bytes, &number))
		json_u64(b, "number", number);
}

void out_json_changed(struct buf *b, const struct event_map *m, const struct event_bytes *value,
		      const struct event_bytes *old)
{
	uint32_t type = type_of(m, OUT_VALUE);

	if (type && value->len == old->len)
		btfval_changed(b, "changed", m->info->btf, type, value->data, value->len,
			       old->data);
}

void out_text_bytes(struct buf *b, const struct event_map *m, enum out_part part,
		    const struct event_bytes *bytes, const struct event_bytes *old)
{
	const uint8_t *before = old && old->len == bytes->len ? old->data : NULL;
	uint32_t type = type_of(m, part);
	uint64_t number;

	if (type && btfval_text(b, m->info->btf, type, bytes->data, bytes->len, before)) {
		if (bytes->len < bytes->size)
			buf_printf(b, " of %zu bytes", bytes->size);
		return;
	}
	if (read_number(bytes, &number)) {
		buf_u64(b, number);
		return;
	}
	buf_hex(b, bytes->data, bytes->len);
	if (bytes->len < bytes->size)
		buf_printf(b, "… of %zu bytes", bytes->size);
}
