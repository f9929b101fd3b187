/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records about other maps than `config`: a hash, and one with a value for each CPU. */
#ifndef BPFMON_TEST_RECORD_MAPS_H
#define BPFMON_TEST_RECORD_MAPS_H

#include "record.h"

static inline void set_name(char name[WIRE_NAME_BYTES], const char *text)
{
	memset(name, 0, WIRE_NAME_BYTES);
	memcpy(name, text, strlen(text));
}

static inline void hash_map(struct record *r, uint32_t key_size, uint32_t value_size)
{
	record_op(r, WIRE_OP_UPDATE);
	r->hdr.hook = WIRE_HOOK_HASH_UPDATE;
	set_name(r->op.map.name, "sessions");
	r->op.map.type = BPF_MAP_TYPE_HASH;
	r->op.map.key_size = key_size;
	r->op.map.value_size = value_size;
}

static inline void percpu_map(struct record *r, uint32_t value_size)
{
	hash_map(r, 4, value_size);
	r->hdr.hook = WIRE_HOOK_PERCPU_HASH_SYS;
	set_name(r->op.map.name, "hits");
	r->op.map.type = BPF_MAP_TYPE_PERCPU_HASH;
}

#endif
