/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Situations of maps with BTF, which is one for all: records, and what is lent to their events.
 */
#ifndef BPFMON_TEST_SITUATIONS_BTF_H
#define BPFMON_TEST_SITUATIONS_BTF_H

#include <bpf/btf.h>
#include <errno.h>

#include "event.h"
#include "record_maps.h"

/* Type ids, in the order that they are added in. */
enum situation_type {
	TYPE_U8 = 1,
	TYPE_U16,
	TYPE_U32,
	TYPE_U64,
	TYPE_CHAR,
	TYPE_BE16,
	TYPE_BE32,
	TYPE_MODE,
	TYPE_NAME,
	TYPE_RULE,
	TYPE_TENANT,
	TYPE_HITS,
	TYPE_VAR_ENABLED,
	TYPE_VAR_SEEN,
	TYPE_BSS,
	TYPE_HOSTILE,
};

/*
 * struct rule { __be32 source; __be16 port; __u16 pad; enum mode mode; char name[8]; __u32 hits; };
 * struct tenant { __u32 id; enum mode mode; };
 * struct hits { __u32 packets; __u32 bytes; };
 * .bss: __u32 enabled; __u64 seen;
 */
static inline const struct btf *situation_btf(void)
{
	static struct btf *btf;

	if (btf)
		return btf;
	btf = btf__new_empty();
	btf__add_int(btf, "unsigned char", 1, 0);
	btf__add_int(btf, "unsigned short", 2, 0);
	btf__add_int(btf, "unsigned int", 4, 0);
	btf__add_int(btf, "unsigned long long", 8, 0);
	btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	btf__add_typedef(btf, "__be16", TYPE_U16);
	btf__add_typedef(btf, "__be32", TYPE_U32);
	btf__add_enum(btf, "mode", 4);
	btf__add_enum_value(btf, "OFF", 0);
	btf__add_enum_value(btf, "LEARN", 1);
	btf__add_enum_value(btf, "ENFORCE", 2);
	btf__add_array(btf, TYPE_U32, TYPE_CHAR, 8);
	btf__add_struct(btf, "rule", 24);
	btf__add_field(btf, "source", TYPE_BE32, 0, 0);
	btf__add_field(btf, "port", TYPE_BE16, 32, 0);
	btf__add_field(btf, "mode", TYPE_MODE, 64, 0);
	btf__add_field(btf, "name", TYPE_NAME, 96, 0);
	btf__add_field(btf, "hits", TYPE_U32, 160, 0);
	btf__add_struct(btf, "tenant", 8);
	btf__add_field(btf, "id", TYPE_U32, 0, 0);
	btf__add_field(btf, "mode", TYPE_MODE, 32, 0);
	btf__add_struct(btf, "hits", 8);
	btf__add_field(btf, "packets", TYPE_U32, 0, 0);
	btf__add_field(btf, "bytes", TYPE_U32, 32, 0);
	btf__add_var(btf, "enabled", BTF_VAR_GLOBAL_ALLOCATED, TYPE_U32);
	btf__add_var(btf, "seen", BTF_VAR_STATIC, TYPE_U64);
	btf__add_datasec(btf, ".bss", 16);
	btf__add_datasec_var_info(btf, TYPE_VAR_ENABLED, 0, 4);
	btf__add_datasec_var_info(btf, TYPE_VAR_SEEN, 8, 8);
	btf__add_struct(btf, "\"hostile\"", 8);
	btf__add_field(btf, "\"}\n{\"v\":1\x1b[2J", TYPE_U32, 0, 0);
	btf__add_field(btf, "\"}\n{\"v\":1\x1b[2J", TYPE_U32, 32, 0);
	return btf;
}

static inline struct event_mapinfo situation_info(uint32_t key_type, uint32_t value_type)
{
	return (struct event_mapinfo){
		.btf_id = 40,
		.btf = situation_btf(),
		.key_type = key_type,
		.value_type = value_type,
	};
}

static inline void rules_map(struct record *r)
{
	hash_map(r, 8, 24);
	set_name(r->op.map.name, "rules_by_tenant");
}

static inline struct event_mapinfo rules(void)
{
	struct event_mapinfo info = situation_info(TYPE_TENANT, TYPE_RULE);

	info.full_name = "rules_by_tenant_and_mode";
	return info;
}

static inline void create_btf(struct record *r)
{
	record_cmd(r, BPF_MAP_CREATE, NULL);
	r->cmd.fd = 4;
	r->cmd.map.type = BPF_MAP_TYPE_HASH;
	r->cmd.map.key_size = 8;
	r->cmd.map.value_size = 24;
	set_name(r->cmd.map.name, "rules_by_tenant");
}

static const char ssh_rule[] = "\x0a\0\0\1\0\x16\0\0\1\0\0\0ssh\0\0\0\0\0\x07\0\0";

static inline void update_btf(struct record *r)
{
	rules_map(r);
	record_data(r, "\x17\0\0\0\2\0\0\0", 8, WIRE_VALUE_ONE, ssh_rule, 24);
}

static inline void update_btf_cut(struct record *r)
{
	rules_map(r);
	record_data(r, "\x17\0\0\0\2\0\0\0", 8, WIRE_VALUE_ONE, ssh_rule, 14);
}

/* A mode that has no name. */
static inline void delete_btf(struct record *r)
{
	rules_map(r);
	r->op.op = WIRE_OP_DELETE;
	r->op.cmd = BPF_MAP_DELETE_ELEM;
	record_data(r, "\x17\0\0\0\7\0\0\0", 8, WIRE_VALUE_NONE, NULL, 0);
}

static inline void percpu_btf(struct record *r)
{
	percpu_map(r, 8);
	record_data(r, "\7\0\0\0", 4, WIRE_VALUE_CPUS,
		    "\1\0\0\0\x64\0\0\0\2\0\0\0\xc8\0\0\0\0\0\0\0\0\0\0\0", 24);
}

static inline struct event_mapinfo hits(void)
{
	return situation_info(TYPE_U32, TYPE_HITS);
}

static inline struct event_mapinfo only_key(void)
{
	return situation_info(TYPE_MODE, 0);
}

static inline void update_section(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	set_name(r->op.map.name, "my_objec.bss");
	r->op.map.value_size = 16;
	r->op.map.max_entries = 1;
	record_data(r, "\0\0\0\0", 4, WIRE_VALUE_ONE, "\1\0\0\0....\x2a\0\0\0\0\0\0\0", 16);
}

static inline struct event_mapinfo section(void)
{
	return situation_info(0, TYPE_BSS);
}

static inline struct event_mapinfo hostile_btf(void)
{
	struct event_mapinfo info = situation_info(TYPE_U32, TYPE_HOSTILE);

	info.full_name = "rules\"},\n\x1b[2J\xff\x9b";
	return info;
}

/* Larger than what is read of BTF: there is only its id. */
static inline struct event_mapinfo no_types(void)
{
	return (struct event_mapinfo){ .btf_id = 41 };
}

/* ---- with the value before ---- */

static inline void old_btf(struct record *r)
{
	update_btf(r);
	record_old(r, WIRE_VALUE_ONE, "\x0a\0\0\1\0\x17\0\0\1\0\0\0ssh\0\0\0\0\0\x06\0\0", 24);
}

/* Nothing changed then. */
static inline void old_btf_refused(struct record *r)
{
	old_btf(r);
	r->op.result = -EPERM;
}

static inline void old_btf_percpu(struct record *r)
{
	percpu_btf(r);
	record_old(r, WIRE_VALUE_CPUS, "\1\0\0\0\x63\0\0\0\2\0\0\0\xc8\0\0\0\1\0\0\0\0\0\0\0", 24);
}

static inline void old_section(struct record *r)
{
	update_section(r);
	record_old(r, WIRE_VALUE_ONE, "\1\0\0\0----\x2b\0\0\0\0\0\0\0", 16);
}

#endif
