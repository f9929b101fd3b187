/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* decode_record(): each kind of record, and every way in which one can be malformed. */
#include "decode.h"

#include <errno.h>

#include "names.h"
#include "decoding.h"
#include "test.h"

static void decode_update(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_UPDATE);
	CHECK_INT(e.op, OP_UPDATE);
	CHECK_INT(e.via, VIA_SYSCALL);
	CHECK_INT(e.time_ns, RECORD_TIME_NS + 1000);
	CHECK_INT(e.task.pid, 812);
	CHECK_INT(e.task.uid, 1000);
	CHECK_STR(e.task.comm, "bpftool");
	CHECK_INT(e.map.id, 12);
	CHECK_INT(e.map.known, 1);
	CHECK_STR(e.map.name, "config");
	CHECK_INT(e.key.len, 4);
	CHECK_INT(e.key.size, 4);
	CHECK(!memcmp(e.key.data, "\1\0\0\0", 4));
	CHECK_INT(e.shape, VALUE_ONE);
	CHECK_INT(e.value.len, 8);
	CHECK_INT(e.value.size, 8);
	CHECK(!memcmp(e.value.data, "\1\2\3\4\5\6\7\0", 8));
	CHECK_INT(e.has_result, 1);
	CHECK_INT(e.result, 0);
	CHECK_INT(e.fd, -1);
	CHECK(!e.program_error);
	CHECK(!e.path);
}

static void decode_delete(void)
{
	record_op(&r, WIRE_OP_DELETE);
	r.op.result = -ENOENT;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_DELETE);
	CHECK_INT(e.op, OP_DELETE);
	CHECK_INT(e.shape, VALUE_NONE);
	CHECK_INT(e.value.len, 0);
	CHECK_INT(e.result, -ENOENT);
	record_op(&r, WIRE_OP_LOOKUP_AND_DELETE);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_DELETE);
	CHECK_INT(e.op, OP_LOOKUP_AND_DELETE);
}

static void decode_without_result(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.op.has_result = 0;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.has_result, 0);
}

static void decode_without_key(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	record_data(&r, NULL, 0, WIRE_VALUE_NONE, NULL, 0);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.key.size, 0);
	CHECK_INT(e.key.len, 0);
	CHECK_INT(e.shape, VALUE_NONE);
}

static void decode_via(void)
{
	static const struct {
		uint8_t from;
		uint32_t cmd;
		enum event_via via;
		bool error;
	} rows[] = {
		{ WIRE_FROM_KERNEL, BPF_MAP_UPDATE_ELEM, VIA_SYSCALL, false },
		{ WIRE_FROM_KERNEL, BPF_MAP_DELETE_ELEM, VIA_SYSCALL, false },
		{ WIRE_FROM_KERNEL, BPF_MAP_LOOKUP_AND_DELETE_ELEM, VIA_SYSCALL, false },
		{ WIRE_FROM_KERNEL, BPF_MAP_UPDATE_BATCH, VIA_BATCH, false },
		{ WIRE_FROM_KERNEL, BPF_MAP_DELETE_BATCH, VIA_BATCH, false },
		{ WIRE_FROM_KERNEL, BPF_MAP_LOOKUP_AND_DELETE_BATCH, VIA_BATCH, false },
		{ WIRE_FROM_SYSCALL, BPF_MAP_UPDATE_ELEM, VIA_SYSCALL, false },
		{ WIRE_FROM_SYSCALL, BPF_MAP_DELETE_BATCH, VIA_BATCH, false },
		{ WIRE_FROM_UNKNOWN, BPF_MAP_UPDATE_ELEM, VIA_SYSCALL, false },
		{ WIRE_FROM_UNKNOWN, WIRE_CMD_NONE, VIA_UNKNOWN, true },
		{ WIRE_FROM_KERNEL, WIRE_CMD_NONE, VIA_UNKNOWN, true },
		{ WIRE_FROM_KERNEL, BPF_PROG_LOAD, VIA_UNKNOWN, true },
		{ WIRE_FROM_PROGRAM, WIRE_CMD_NONE, VIA_PROGRAM, false },
		{ WIRE_FROM_HELPER, WIRE_CMD_NONE, VIA_PROGRAM, true },
		/* a program that runs while its task is inside bpf(2) */
		{ WIRE_FROM_PROGRAM, BPF_MAP_UPDATE_ELEM, VIA_PROGRAM, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record_op(&r, WIRE_OP_UPDATE);
		r.op.from = rows[i].from;
		r.op.cmd = rows[i].cmd;
		r.op.caller = 0x1234;
		CHECK_INT(decode(), 0);
		if (e.via != rows[i].via)
			FAIL("row %zu: via is %d", i, e.via);
		CHECK_INT(e.caller, rows[i].from == WIRE_FROM_PROGRAM ? 0x1234 : 0);
		if (!!e.program_error != rows[i].error)
			FAIL("row %zu: program_error is %s", i, e.program_error);
	}
}

static void percpu_map(uint32_t value_size)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.op.map.type = BPF_MAP_TYPE_PERCPU_HASH;
	r.op.map.value_size = value_size;
}

static void decode_percpu_all(void)
{
	uint8_t values[3 * 16];

	for (size_t i = 0; i < sizeof(values); i++)
		values[i] = (uint8_t)i;
	percpu_map(12);
	record_data(&r, "key1", 4, WIRE_VALUE_CPUS, values, sizeof(values));
	CHECK_INT(decode(), 0);
	CHECK_INT(e.shape, VALUE_CPUS);
	CHECK_INT(e.value_cpus, RECORD_CPUS);
	CHECK_INT(e.value.size, 3 * 16);
	CHECK_INT(event_cpu_value(&e, &e.value, 2).data[0], 32);
	CHECK_INT(event_cpu_value(&e, &e.value, 2).len, 12);
	/* one byte more than there can be */
	record_data(&r, "key1", 4, WIRE_VALUE_CPUS, r.bytes, 3 * 16 + 1);
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_percpu_cut(void)
{
	percpu_map(16);
	record_data(&r, "key1", 4, WIRE_VALUE_CPUS, r.bytes, 20);
	CHECK_INT(decode(), 0);
	CHECK_INT(event_cpu_value(&e, &e.value, 0).len, 16);
	CHECK_INT(event_cpu_value(&e, &e.value, 1).len, 4);
	CHECK_INT(event_cpu_value(&e, &e.value, 2).len, 0);
	CHECK_INT(event_cpu_value(&e, &e.value, 2).size, 16);
}

static void decode_percpu_one(void)
{
	/* a program writes that of its own CPU */
	percpu_map(8);
	r.op.from = WIRE_FROM_PROGRAM;
	r.op.task.cpu = 1;
	record_data(&r, "key1", 4, WIRE_VALUE_CPU, "value..", 8);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.shape, VALUE_CPU);
	CHECK_INT(e.value_cpu, 1);
	/* BPF_F_CPU names another */
	r.op.flags = UPDATE_F_CPU | 2ull << 32;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.value_cpu, 2);
	CHECK_INT(e.flags, UPDATE_F_CPU | 2ull << 32);
	/* of one value there is at most one */
	record_data(&r, "key1", 4, WIRE_VALUE_CPU, "value...", 9);
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_commands(void)
{
	static const struct {
		uint32_t cmd;
		enum event_type type;
		enum event_how how;
	} rows[] = {
		{ BPF_MAP_CREATE, EVENT_MAP_CREATE, 0 },
		{ BPF_MAP_GET_FD_BY_ID, EVENT_MAP_OPEN, HOW_ID },
		{ BPF_OBJ_GET, EVENT_MAP_OPEN, HOW_PIN },
		{ BPF_OBJ_PIN, EVENT_MAP_PIN, 0 },
		{ BPF_MAP_FREEZE, EVENT_MAP_FREEZE, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record_cmd(&r, rows[i].cmd, NULL);
		r.cmd.fd = 7;
		r.cmd.fmode = 2;
		CHECK_INT(decode(), 0);
		CHECK_INT(e.type, rows[i].type);
		CHECK_INT(e.how, rows[i].how);
		CHECK_INT(e.via, VIA_NONE);
		CHECK_INT(e.fd, 7);
		CHECK_INT(e.can_read, 0);
		CHECK_INT(e.can_write, 1);
		CHECK(!e.path);
	}
	record_cmd(&r, BPF_MAP_UPDATE_ELEM, NULL);
	CHECK_INT(decode(), -EBADMSG);
	r.cmd.cmd = WIRE_CMD_NONE;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_path(void)
{
	record_cmd(&r, BPF_OBJ_PIN, "/sys/fs/bpf/x");
	CHECK_INT(decode(), 0);
	CHECK_INT(e.path_len, 13);
	CHECK(!memcmp(e.path, "/sys/fs/bpf/x", 13));
	r.cmd.path_len = (uint32_t)(r.len - sizeof(r.cmd));
	CHECK_INT(decode(), 0);
	r.cmd.path_len++;
	CHECK_INT(decode(), -EBADMSG);
	r.cmd.path_len = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_free(void)
{
	record_free(&r);
	r.cmd.map.id = 0;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_FREE);
	CHECK_INT(e.map.address, 0xffff888012345600);
	CHECK_STR(e.map.name, "config");
	CHECK_INT(e.has_result, 0);
	CHECK_INT(e.fd, -1);
}

/* Each length below that of the kind's struct, with a header that agrees. */
static void decode_short(void)
{
	for (int kind = WIRE_OP; kind <= WIRE_FREE; kind++) {
		size_t whole = kind == WIRE_OP ? sizeof(r.op) : sizeof(r.cmd);

		for (size_t len = 0; len < whole; len++) {
			record_op(&r, WIRE_OP_UPDATE);
			r.hdr.kind = (uint16_t)kind;
			r.hdr.size = (uint32_t)len;
			if (decode_len(len) != -EBADMSG)
				FAIL("kind %d of %zu bytes was taken", kind, len);
		}
	}
}

static void decode_size_mismatch(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.hdr.size++;
	CHECK_INT(decode(), -EBADMSG);
	r.hdr.size -= 2;
	CHECK_INT(decode(), -EBADMSG);
	r.hdr.size = 0;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	CHECK_INT(decode_len(r.len - 1), -EBADMSG);
}

static void decode_fd_kinds(void)
{
	record_fd(&r, WIRE_FD_PIDFD);
	r.fd.from = 77;
	memcpy(r.fd.from_comm, "owner", 5);
	r.fd.map.frozen = 1;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_MAP_OPEN);
	CHECK_INT(e.how, HOW_PIDFD);
	CHECK_INT(e.sender.pid, 77);
	CHECK_STR(e.sender.comm, "owner");
	CHECK(e.can_read && !e.can_write);
	record_fd(&r, WIRE_FD_SENT);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_SENT);
	record_fd(&r, WIRE_FD_SENT);
	r.fd.list = 7;
	r.fd.list_from = 8;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_SENT);
	CHECK(e.list == 7 && e.list_from == 8);
	record_fd(&r, WIRE_FD_KINDS);
	CHECK_INT(decode(), -EBADMSG);
	record_fd(&r, WIRE_FD_MMAP);
	r.fd.result = 1;
	CHECK_INT(decode(), -EBADMSG);
	record_fd(&r, WIRE_FD_MMAP);
	CHECK_INT(decode_len(r.len - 1), -EBADMSG);
}

static void decode_fs_names(void)
{
	record_fs(&r, WIRE_FS_RENAME, "x\0dir\0", 6);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.type, EVENT_NAMES);
	CHECK_INT(e.names.op, NAME_RENAME);
	CHECK_INT(e.names.path_len, 6);
	CHECK(e.names.on_bpffs && !e.names.is_dir && e.has_result);
	record_fs(&r, WIRE_FS_UNLINK, "x", 1);
	CHECK_INT(decode(), -EBADMSG);
	record_fs(&r, WIRE_FS_KINDS, "x", 2);
	CHECK_INT(decode(), -EBADMSG);
	record_fs(&r, WIRE_FS_UNLINK, "x", 2);
	r.fs.path_len = WIRE_FS_PATH_BYTES + 1;
	CHECK_INT(decode(), -EBADMSG);
	record_fs(&r, WIRE_FS_UNLINK, "x", 2);
	r.fs.path2_len = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_context(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.op.from = WIRE_FROM_HELPER;
	r.op.task.context = WIRE_CONTEXT_NMI;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.via, VIA_PROGRAM);
	CHECK_INT(e.context, CONTEXT_NMI);
	r.op.task.context = WIRE_CONTEXTS;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_program_code(void)
{
	struct wire_prog w = {
		.hdr = { .size = sizeof(w), .kind = WIRE_PROG, .hook = WIRE_HOOK_PROG_LOAD },
		.task = { .pid = 7, .uid = 3, .comm = "loader" },
		.code = { .func = 0x5000,
			  .len = 64,
			  .id = 31,
			  .type = BPF_PROG_TYPE_XDP,
			  .tag = { 0xab },
			  .name = "on_tick" },
	};

	CHECK_INT(decode_record(&(struct decode_env){ .cpus = 1 }, &w, sizeof(w), &e), 0);
	CHECK_INT(e.type, EVENT_CODE);
	CHECK_INT(e.code.start, 0x5000);
	CHECK_INT(e.code.len, 64);
	CHECK_INT(e.code.prog.id, 31);
	CHECK_INT(e.code.prog.type, BPF_PROG_TYPE_XDP);
	CHECK_INT(e.code.prog.tag[0], 0xab);
	CHECK_STR(e.code.prog.name, "on_tick");
	CHECK(e.code.prog.has_loader);
	CHECK_INT(e.code.prog.loader_pid, 7);
	CHECK_STR(e.code.prog.loader_comm, "loader");
	CHECK(!e.code.prog.full_name);
	w.hdr.size--;
	CHECK_INT(decode_record(&(struct decode_env){ .cpus = 1 }, &w, sizeof(w) - 1, &e),
		  -EBADMSG);
}

/* Only where it is what the name was cut from. */
static void decode_full_name(void)
{
	struct wire_code w = { .name = "count_by_tenant", .full_name = "count_by_tenant_and_mode" };
	struct event_code c;

	decode_code(&w, &c);
	CHECK_STR(c.prog.full_name, "count_by_tenant_and_mode");
	w.full_name[15] = '\0';
	decode_code(&w, &c);
	CHECK(!c.prog.full_name);
	memcpy(w.full_name, "another_that_is_longer", sizeof("another_that_is_longer"));
	decode_code(&w, &c);
	CHECK(!c.prog.full_name);
	memset(w.full_name, 'c', sizeof(w.full_name));	/* no end */
	memset(w.name, 'c', sizeof(w.name));
	decode_code(&w, &c);
	CHECK(!c.prog.full_name);
}

static void decode_bad_header(void)
{
	static const uint16_t kinds[] = { 0, WIRE_PROCESS + 1, 255, UINT16_MAX };
	static const uint16_t numbers[] = { WIRE_HOOK_COUNT, WIRE_HOOK_COUNT + 1, UINT16_MAX };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		record_op(&r, WIRE_OP_UPDATE);
		r.hdr.kind = kinds[i];
		CHECK_INT(decode(), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		record_op(&r, WIRE_OP_UPDATE);
		r.hdr.hook = numbers[i];
		CHECK_INT(decode(), -EBADMSG);
	}
	record_op(&r, WIRE_OP_UPDATE);
	r.hdr.hook = WIRE_HOOK_COUNT - 1;
	CHECK_INT(decode(), 0);
}

static void decode_bad_op(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.op.op = WIRE_OP_KINDS;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.from = WIRE_FROM_COUNT;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.shape = WIRE_VALUE_SHAPES;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.shape = 255;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_bad_key(void)
{
	/* more captured than there is */
	record_op(&r, WIRE_OP_UPDATE);
	r.op.key_size = 3;
	CHECK_INT(decode(), -EBADMSG);
	/* into the value */
	record_op(&r, WIRE_OP_UPDATE);
	r.op.key_size = r.op.key_len = 9;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.key_size = r.op.key_len = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
	r.op.value_off = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
}

static void decode_bad_value(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	r.op.value_off++;	/* its end is past the record's */
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.value_off = (uint32_t)(r.len - sizeof(r.op)) + 1;
	r.op.value_len = 0;
	CHECK_INT(decode(), -EBADMSG);
	r.op.value_off--;
	CHECK_INT(decode(), 0);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.value_off = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.value_len = UINT32_MAX;
	CHECK_INT(decode(), -EBADMSG);
	/* offset and length that are good only when they overflow */
	r.op.value_off = 9;
	r.op.value_len = UINT32_MAX - 8;
	CHECK_INT(decode(), -EBADMSG);
	/* more captured than there is, in a record that has room for it */
	record_op(&r, WIRE_OP_UPDATE);
	record_end(&r, r.len + 64);
	r.op.value_len = 9;
	CHECK_INT(decode(), -EBADMSG);
	/* not the map's size */
	record_op(&r, WIRE_OP_UPDATE);
	r.op.value_size = 16;
	CHECK_INT(decode(), -EBADMSG);
}

/* What is no errno must not get to who negates it. */
static void decode_bad_result(void)
{
	static const int32_t bad[] = { INT32_MIN, INT32_MIN + 1, -4096, 1, INT32_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		record_op(&r, WIRE_OP_UPDATE);
		r.op.result = bad[i];
		if (decode() != -EBADMSG)
			FAIL("result %d of an element was taken", bad[i]);
		record_cmd(&r, BPF_MAP_FREEZE, NULL);
		r.cmd.result = bad[i];
		if (decode() != -EBADMSG)
			FAIL("result %d of a command was taken", bad[i]);
	}
	record_op(&r, WIRE_OP_UPDATE);
	r.op.result = -4095;
	CHECK_INT(decode(), 0);
}

int main(void)
{
	RUN(decode_update);
	RUN(decode_delete);
	RUN(decode_without_result);
	RUN(decode_without_key);
	RUN(decode_via);
	RUN(decode_percpu_all);
	RUN(decode_percpu_cut);
	RUN(decode_percpu_one);
	RUN(decode_commands);
	RUN(decode_path);
	RUN(decode_free);
	RUN(decode_short);
	RUN(decode_size_mismatch);
	RUN(decode_fd_kinds);
	RUN(decode_fs_names);
	RUN(decode_context);
	RUN(decode_program_code);
	RUN(decode_full_name);
	RUN(decode_bad_header);
	RUN(decode_bad_op);
	RUN(decode_bad_key);
	RUN(decode_bad_value);
	RUN(decode_bad_result);
	free(lent);
	return TEST_STATUS();
}
