/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One record for each situation that the output formats have to tell, and the table of them. */
#ifndef BPFMON_TEST_SITUATIONS_H
#define BPFMON_TEST_SITUATIONS_H

#include <errno.h>

#include "names.h"
#include "record_maps.h"
#include "situations_btf.h"
#include "situations_facts.h"
#include "situations_object.h"
#include "situations_run.h"

static void create(struct record *r)
{
	record_cmd(r, BPF_MAP_CREATE, NULL);
	r->cmd.fd = 4;
	r->cmd.map.flags = BPF_F_MMAPABLE | BPF_F_RDONLY_PROG;
}

static void create_unknown_type(struct record *r)
{
	create(r);
	r->cmd.map.type = 77;
	r->cmd.map.flags = BPF_F_NO_PREALLOC | 1u << 31;
	r->cmd.map.name[0] = '\0';
}

static void open_by_id(struct record *r, uint32_t fmode)
{
	record_cmd(r, BPF_MAP_GET_FD_BY_ID, NULL);
	r->cmd.fd = 5;
	r->cmd.fmode = fmode;
}

static void open_id_r(struct record *r)
{
	open_by_id(r, 1);
}

static void open_id_w(struct record *r)
{
	open_by_id(r, 2);
}

static void open_id_rw(struct record *r)
{
	open_by_id(r, 3);
	r->cmd.map.frozen = 1;
}

/* Refused before the kernel looked the map up: only the id is known. */
static void open_id_refused(struct record *r)
{
	record_cmd(r, BPF_MAP_GET_FD_BY_ID, NULL);
	r->cmd.map = (struct wire_map){ .id = 12 };
	r->cmd.result = -EPERM;
}

static void open_pin(struct record *r)
{
	record_cmd(r, BPF_OBJ_GET, "/sys/fs/bpf/config");
	r->cmd.fd = 6;
	r->cmd.fmode = 3;
}

static void open_pin_refused(struct record *r)
{
	record_cmd(r, BPF_OBJ_GET, "/sys/fs/bpf/config");
	r->cmd.fmode = 2;
	r->cmd.result = -EACCES;
}

static void update_syscall(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
}

static void update_batch(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.cmd = BPF_MAP_UPDATE_BATCH;
}

static void update_program(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.from = WIRE_FROM_PROGRAM;
	r->op.caller = 0xffffffffc0001234;
	r->op.cmd = WIRE_CMD_NONE;
	set_name(r->op.task.comm, "swapper/1");
	r->op.task.pid = r->op.task.tid = r->op.task.uid = 0;
}

static void update_unknown(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.from = WIRE_FROM_UNKNOWN;
	r->op.cmd = WIRE_CMD_NONE;
}

static void update_kernel(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.cmd = WIRE_CMD_NONE;
}

static void update_refused(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.map.frozen = 1;
	r->op.from = WIRE_FROM_SYSCALL;
	r->hdr.hook = WIRE_HOOK_SYS_EXIT;
	r->op.result = -EPERM;
}

static void update_error_without_name(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.result = -4000;
}

static void update_error_of_kernel(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.result = -524;
}

/* The fallback by kprobe does not see the result. */
static void update_without_result(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.has_result = 0;
}

/* Key and value could not be read: from an address that is not mapped, say. */
static void update_unread(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.result = -EFAULT;
	r->op.key_len = r->op.value_len = 0;
}

static void update_flags(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.flags = BPF_NOEXIST | BPF_F_LOCK | 1ull << 40;
	r->op.result = -EINVAL;
}

static void update_thread(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.task.tid = 815;
}

/* A process that more is known of. */
static void update_process(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.task.who = 1;
	r->op.task.start_ns = RECORD_TIME_NS - 1000000000;
	r->op.task.ppid = 790;
	r->op.task.tracer = 791;
}

static void update_hash(struct record *r)
{
	hash_map(r, 6, 3);
	record_data(r, "\xde\xad\xbe\xef\0\1", 6, WIRE_VALUE_ONE, "abc", 3);
}

static void update_truncated(struct record *r)
{
	hash_map(r, 64, 4096);
	record_data(r, "0123456789abcdef", RECORD_BYTES, WIRE_VALUE_ONE, "ABCDEFGHIJKLMNOP",
		    RECORD_BYTES);
}

/* With --bytes 0. */
static void update_no_bytes(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	record_data(r, "", 0, WIRE_VALUE_ONE, "", 0);
}

static void percpu_all(struct record *r)
{
	percpu_map(r, 4);
	record_data(r, "key1", 4, WIRE_VALUE_CPUS, "AAAA\0\0\0\0BBBB\0\0\0\0CCCC\0\0\0\0", 24);
}

/* The capture ends in the second CPU's value, and --bytes cuts the first's. */
static void percpu_truncated(struct record *r)
{
	percpu_map(r, 20);
	record_data(r, "key1", 4, WIRE_VALUE_CPUS, "AAAAAAAAAAAAAAAAAAAA\0\0\0\0BBBB", 28);
}

static void percpu_one_cpu(struct record *r)
{
	percpu_map(r, 4);
	r->op.flags = UPDATE_F_CPU | BPF_EXIST | 2ull << 32;
	record_data(r, "key1", 4, WIRE_VALUE_CPU, "BBBB", 4);
}

static void percpu_flag_all_cpus(struct record *r)
{
	percpu_map(r, 4);
	r->op.flags = UPDATE_F_ALL_CPUS;
	record_data(r, "key1", 4, WIRE_VALUE_ONE, "BBBB", 4);
}

static void percpu_program(struct record *r)
{
	percpu_map(r, 4);
	r->hdr.hook = WIRE_HOOK_PERCPU_HASH_UPDATE;
	r->op.from = WIRE_FROM_PROGRAM;
	r->op.cmd = WIRE_CMD_NONE;
	record_data(r, "key1", 4, WIRE_VALUE_CPU, "BBBB", 4);
}

static void delete_elem(struct record *r)
{
	hash_map(r, 4, 8);
	r->hdr.hook = WIRE_HOOK_HASH_DELETE;
	r->op.op = WIRE_OP_DELETE;
	r->op.cmd = BPF_MAP_DELETE_ELEM;
	record_data(r, "key1", 4, WIRE_VALUE_NONE, NULL, 0);
}

static void delete_refused(struct record *r)
{
	delete_elem(r);
	r->op.result = -ENOENT;
}

static void delete_batch(struct record *r)
{
	delete_elem(r);
	r->op.cmd = BPF_MAP_DELETE_BATCH;
}

static void delete_program(struct record *r)
{
	delete_elem(r);
	r->op.from = WIRE_FROM_PROGRAM;
	r->op.cmd = WIRE_CMD_NONE;
}

static void lookup_and_delete(struct record *r)
{
	delete_elem(r);
	r->hdr.hook = WIRE_HOOK_HASH_POP;
	r->op.op = WIRE_OP_LOOKUP_AND_DELETE;
	r->op.cmd = BPF_MAP_LOOKUP_AND_DELETE_ELEM;
}

/* A pop: a queue has no keys. */
static void lookup_and_delete_queue(struct record *r)
{
	hash_map(r, 0, 8);
	r->op.map.type = BPF_MAP_TYPE_QUEUE;
	r->hdr.hook = WIRE_HOOK_SYS_EXIT;
	r->op.from = WIRE_FROM_SYSCALL;
	r->op.op = WIRE_OP_LOOKUP_AND_DELETE;
	r->op.cmd = BPF_MAP_LOOKUP_AND_DELETE_ELEM;
	record_data(r, NULL, 0, WIRE_VALUE_NONE, NULL, 0);
}

static void push_program(struct record *r)
{
	lookup_and_delete_queue(r);
	r->hdr.hook = WIRE_HOOK_QUEUE_PUSH;
	r->op.op = WIRE_OP_UPDATE;
	r->op.from = WIRE_FROM_PROGRAM;
	r->op.cmd = WIRE_CMD_NONE;
	r->op.task.context = WIRE_CONTEXT_SOFTIRQ;
	record_data(r, NULL, 0, WIRE_VALUE_ONE, "\1\2\3\4\5\6\7", 8);
}

static void delete_kernel(struct record *r)
{
	delete_elem(r);
	r->op.from = WIRE_FROM_ITSELF;
	r->op.cmd = WIRE_CMD_NONE;
	r->op.task.context = WIRE_CONTEXT_TASK;
}

static void storage_helper(struct record *r)
{
	hash_map(r, 4, 8);
	r->op.map.type = BPF_MAP_TYPE_SK_STORAGE;
	r->op.from = WIRE_FROM_HELPER;
	r->op.cmd = WIRE_CMD_NONE;
	r->op.task.context = WIRE_CONTEXT_HARDIRQ;
	record_data(r, NULL, 0, WIRE_VALUE_ONE, "\1\2\3\4\5\6\7", 8);
}

static void old_array(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	record_old(r, WIRE_VALUE_ONE, "\7\6\5\4\3\2\1", 8);
}

static void old_truncated(struct record *r)
{
	update_truncated(r);
	record_old(r, WIRE_VALUE_ONE, "abcdefghijklmnop", RECORD_BYTES);
}

static void old_percpu_all(struct record *r)
{
	percpu_all(r);
	record_old(r, WIRE_VALUE_CPUS, "aaaa\0\0\0\0bbbb\0\0\0\0cccc\0\0\0\0", 24);
}

static void old_percpu_program(struct record *r)
{
	percpu_program(r);
	record_old(r, WIRE_VALUE_CPU, "bbbb", 4);
}

static void old_delete(struct record *r)
{
	delete_elem(r);
	record_old(r, WIRE_VALUE_ONE, "\7\6\5\4\3\2\1", 8);
}

/* The first value of its key. */
static void old_none(struct record *r)
{
	update_hash(r);
	r->op.old = WIRE_OLD_NONE;
}

static void old_none_delete(struct record *r)
{
	delete_refused(r);
	r->op.old = WIRE_OLD_NONE;
}

static void lookup(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.op = WIRE_OP_LOOKUP;
	r->op.cmd = BPF_MAP_LOOKUP_ELEM;
	r->op.from = WIRE_FROM_SYSCALL;
	r->hdr.hook = WIRE_HOOK_SYS_EXIT;
}

static void mmap_rw(struct record *r)
{
	record_fd(r, WIRE_FD_MMAP);
	r->fd.offset = 4096;
	r->fd.length = 8192;
	r->fd.task.ppid = 790;
}

static void mmap_refused(struct record *r)
{
	record_fd(r, WIRE_FD_MMAP);
	r->fd.map.frozen = 1;
	r->fd.result = -EPERM;
	r->fd.length = 4096;
}

static void open_iterator(struct record *r)
{
	record_fd(r, WIRE_FD_ITERATOR);
	r->fd.fd = 9;
}

static void open_received(struct record *r)
{
	record_fd(r, WIRE_FD_RECEIVED);
}

static void open_pidfd(struct record *r)
{
	record_fd(r, WIRE_FD_PIDFD);
	r->fd.fd = 7;
	r->fd.fmode = 1;
	r->fd.from = 640;
	r->fd.from_uid = 33;
	set_name(r->fd.from_comm, "owner");
}

static void freeze(struct record *r)
{
	record_cmd(r, BPF_MAP_FREEZE, NULL);
	r->cmd.map.frozen = 1;
	r->cmd.fmode = 3;
}

static void freeze_refused(struct record *r)
{
	record_cmd(r, BPF_MAP_FREEZE, NULL);
	r->cmd.result = -EBUSY;
}

static void pin(struct record *r)
{
	record_cmd(r, BPF_OBJ_PIN, "/sys/fs/bpf/config");
	r->cmd.fmode = 3;
}

static void pin_refused(struct record *r)
{
	record_cmd(r, BPF_OBJ_PIN, "/sys/fs/bpf/config");
	r->cmd.result = -EEXIST;
}

static void hostile_names(struct record *r)
{
	record_cmd(r, BPF_OBJ_PIN,
		   "/sys/\"fs\"/\n19:39:19.123  open\t\x1b[2J\x9b\xc2\x9b\xc3\xa4\\x41");
	memcpy(r->cmd.map.name, "\"}\n{\"v\":1\x7f\x1b[31m", sizeof(r->cmd.map.name));
	memcpy(r->cmd.task.comm, "a\xff\xc3(\xe2\x82\xac\r\b\\n\xf0\x9f\x90\x9d", 16);
}

static const struct {
	const char *name;
	void (*make)(struct record *r);
	struct event_mapinfo (*info)(void);	/* NULL: nothing is known of the map */
	struct event_mapfacts (*facts)(void);	/* NULL: nothing was learned of it */
} situations[] = {
/* clang-format off */
#define SITUATION(name) { #name, name, NULL, NULL }
	/* clang-format on */
	SITUATION(create),
	SITUATION(create_unknown_type),
	SITUATION(open_id_r),
	SITUATION(open_id_w),
	SITUATION(open_id_rw),
	SITUATION(open_id_refused),
	SITUATION(open_pin),
	SITUATION(open_pin_refused),
	SITUATION(update_syscall),
	SITUATION(update_batch),
	SITUATION(update_program),
	SITUATION(update_unknown),
	SITUATION(update_kernel),
	SITUATION(update_refused),
	SITUATION(update_error_without_name),
	SITUATION(update_error_of_kernel),
	SITUATION(update_without_result),
	SITUATION(update_unread),
	SITUATION(update_flags),
	SITUATION(update_thread),
	SITUATION(update_process),
	SITUATION(update_hash),
	SITUATION(update_truncated),
	SITUATION(update_no_bytes),
	SITUATION(percpu_all),
	SITUATION(percpu_truncated),
	SITUATION(percpu_one_cpu),
	SITUATION(percpu_flag_all_cpus),
	SITUATION(percpu_program),
	{ "delete", delete_elem, NULL, NULL },
	SITUATION(delete_refused),
	SITUATION(delete_batch),
	SITUATION(delete_program),
	SITUATION(lookup_and_delete),
	SITUATION(lookup_and_delete_queue),
	SITUATION(push_program),
	SITUATION(delete_kernel),
	SITUATION(storage_helper),
	SITUATION(old_array),
	SITUATION(old_truncated),
	SITUATION(old_percpu_all),
	SITUATION(old_percpu_program),
	SITUATION(old_delete),
	SITUATION(old_none),
	SITUATION(old_none_delete),
	SITUATION(lookup),
	SITUATION(mmap_rw),
	SITUATION(mmap_refused),
	SITUATION(open_iterator),
	SITUATION(open_received),
	SITUATION(open_pidfd),
	SITUATION(freeze),
	SITUATION(freeze_refused),
	SITUATION(pin),
	SITUATION(pin_refused),
	{ "free", record_free, NULL, NULL },
	SITUATION(hostile_names),
	{ "create_btf", create_btf, rules, NULL },
	{ "update_btf", update_btf, rules, NULL },
	{ "update_btf_cut", update_btf_cut, rules, NULL },
	{ "update_btf_key", update_syscall, only_key, NULL },
	{ "update_btf_hostile", update_syscall, hostile_btf, NULL },
	{ "update_btf_unread", update_syscall, no_types, NULL },
	{ "update_section", update_section, section, NULL },
	{ "delete_btf", delete_btf, rules, NULL },
	{ "percpu_btf", percpu_btf, hits, NULL },
	{ "old_btf", old_btf, rules, NULL },
	{ "old_btf_refused", old_btf_refused, rules, NULL },
	{ "old_btf_percpu", old_btf_percpu, hits, NULL },
	{ "old_section", old_section, section, NULL },
	OBJECT_SITUATIONS,
	FACTS_SITUATIONS,
	RUN_SITUATIONS,
};

#define SITUATIONS (sizeof(situations) / sizeof(situations[0]))

#endif
