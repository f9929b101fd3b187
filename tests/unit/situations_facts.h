/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Situations in which something was learned of the map before. */
#ifndef BPFMON_TEST_SITUATIONS_FACTS_H
#define BPFMON_TEST_SITUATIONS_FACTS_H

#include "event.h"
#include "record.h"

/* Pinned twice by whoever made it, and used by a program. */
static inline struct event_mapfacts facts_some(void)
{
	return (struct event_mapfacts){
		.created_ns = 1795549159000000000ull,
		.creator_pid = 700,
		.creator_comm = "mapwriter",
		.creator_exe = "/usr/sbin/mapwriter",
		.n_pins = 2,
		.pins = { { "/sys/fs/bpf/config" }, { "/sys/fs/bpf/dir/config" } },
		.n_users = 1,
		.users = { { 31 } },
	};
}

/* It was there before: all that is known is where it is pinned. */
static inline struct event_mapfacts facts_pinned(void)
{
	return (struct event_mapfacts){ .n_pins = 1, .pins = { { "/sys/fs/bpf/config" } } };
}

/* More of everything than is told. */
static inline struct event_mapfacts facts_more(void)
{
	struct event_mapfacts f = facts_some();

	f.creator_exe = NULL;
	f.pins_more = 7;
	f.n_users = EVENT_USERS;
	f.users_more = 1000;
	f.n_parents = EVENT_PARENTS;
	f.parents_cut = true;
	for (uint32_t i = 0; i < EVENT_USERS; i++)
		f.users[i].id = 100 + i;
	for (uint32_t i = 0; i < EVENT_PARENTS; i++)
		f.parents[i].id = UINT32_MAX - i;
	return f;
}

static inline struct event_mapfacts facts_outer(void)
{
	return (struct event_mapfacts){ .inner = { BPF_MAP_TYPE_HASH, 4, 8, 64,
						   BPF_F_NO_PREALLOC } };
}

static inline struct event_mapfacts facts_hostile(void)
{
	return (struct event_mapfacts){
		.created_ns = UINT64_MAX,
		.creator_pid = UINT32_MAX,
		.creator_comm = { '"', '\n', '\\', '\x1b', '[', '2', 'J', '\xff', '\xc2', '\x9b',
				  'a', 'b', 'c', 'd', 'e', 'f' },
		.creator_exe = "/\"},\n\x1b[2J\xff\xe2\x82\xac",
		.n_pins = 2,
		.pins = { { "/sys/fs/bpf/\"]\n\x9b\xc3\xa4\\x41" }, { "" } },
		.inner = { .type = 9999 },
	};
}

static inline void update_outer(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.map.type = BPF_MAP_TYPE_ARRAY_OF_MAPS;
	r->op.map.value_size = 4;
	record_data(r, "\1\0\0\0", 4, WIRE_VALUE_ONE, "\7\0\0\0", 4);
}

static inline void create_some(struct record *r)
{
	record_cmd(r, BPF_MAP_CREATE, NULL);
	r->cmd.fd = 7;
	r->cmd.fmode = 3;
}

static inline void open_some(struct record *r)
{
	record_cmd(r, BPF_MAP_GET_FD_BY_ID, NULL);
	r->cmd.fd = 7;
	r->cmd.fmode = 3;
}

static inline void update_some(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
}

/* Where a pin is the path of the event, the text does not tell pins once more. */
static inline void open_some_pin(struct record *r)
{
	record_cmd(r, BPF_OBJ_GET, "/sys/fs/bpf/config");
	r->cmd.fd = 7;
	r->cmd.fmode = 3;
}

/* clang-format off */
#define FACTS_SITUATIONS					\
	{ "facts_create", create_some, NULL, facts_some },	\
	{ "facts_update", update_some, NULL, facts_some },	\
	{ "facts_open", open_some, NULL, facts_pinned },	\
	{ "facts_open_more", open_some, NULL, facts_more },	\
	{ "facts_open_pin", open_some_pin, NULL, facts_pinned }, \
	{ "facts_outer", update_outer, NULL, facts_outer },	\
	{ "facts_hostile", open_some, NULL, facts_hostile }
/* clang-format on */

#endif
