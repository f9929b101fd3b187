/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* decode_record(): the value before a write, and what is told of a process. */
#include "decode.h"

#include <errno.h>

#include "decoding.h"
#include "test.h"

static void decode_old(void)
{
	record_op(&r, WIRE_OP_UPDATE);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.old_state, OLD_UNKNOWN);
	CHECK_INT(e.old_shape, VALUE_NONE);
	record_old(&r, WIRE_VALUE_ONE, "before..", 8);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.old_state, OLD_READ);
	CHECK_INT(e.old_shape, VALUE_ONE);
	CHECK_INT(e.old.size, 8);
	CHECK_INT(e.old.len, 8);
	CHECK(!memcmp(e.old.data, "before..", 8));
	CHECK(!memcmp(e.value.data, "\1\2\3\4\5\6\7\0", 8));
	/* a delete has no value, but one before; a program writes one CPU's of many */
	record_op(&r, WIRE_OP_DELETE);
	record_old(&r, WIRE_VALUE_ONE, "bef", 3);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.shape, VALUE_NONE);
	CHECK_INT(e.old.size, 8);
	CHECK_INT(e.old.len, 3);
	record_op(&r, WIRE_OP_UPDATE);
	r.op.map.type = BPF_MAP_TYPE_PERCPU_HASH;
	record_old(&r, WIRE_VALUE_CPUS, "before..before..before..", 24);
	CHECK_INT(decode(), 0);
	CHECK_INT(e.old_shape, VALUE_CPUS);
	CHECK(!memcmp(event_cpu_value(&e, &e.old, 2).data, "before..", 8));
	/* there was no such element: what is said beside is not looked at */
	r.op.old = WIRE_OLD_NONE;
	r.op.old_len = UINT32_MAX;
	CHECK_INT(decode(), 0);
	CHECK_INT(e.old_state, OLD_NONE);
	CHECK_INT(e.old_shape, VALUE_NONE);
	CHECK(!e.old.data);
}

static void decode_old_hostile(void)
{
	static const struct {
		uint8_t old, shape;
		uint32_t off, len;
	} rows[] = {
		{ WIRE_OLDS, WIRE_VALUE_ONE, 16, 8 },
		{ 255, WIRE_VALUE_ONE, 16, 8 },
		{ WIRE_OLD_READ, WIRE_VALUE_NONE, 16, 8 },
		{ WIRE_OLD_READ, WIRE_VALUE_SHAPES, 16, 8 },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 17, 8 },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 16, 9 },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 8, 9 },	/* more than a value */
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 25, 0 },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, UINT32_MAX, 1 },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 16, UINT32_MAX },
		{ WIRE_OLD_READ, WIRE_VALUE_ONE, 1u << 31, 1u << 31 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record_op(&r, WIRE_OP_UPDATE);
		record_old(&r, WIRE_VALUE_ONE, "before..", 8);
		CHECK_INT(decode(), 0);
		r.op.old = rows[i].old;
		r.op.old_shape = rows[i].shape;
		r.op.old_off = rows[i].off;
		r.op.old_len = rows[i].len;
		if (decode() != -EBADMSG)
			FAIL("row %zu is taken", i);
	}
}

static void decode_process_told(void)
{
	static struct wire_process w = {
		.hdr = { .size = sizeof(w), .kind = WIRE_PROCESS, .hook = WIRE_HOOK_PROCESS_TELL },
		.task = { .pid = 7, .who = 99, .start_ns = 5, .tracer = 3 },
		.flags = WIRE_PROCESS_EXE_DELETED | WIRE_PROCESS_CGROUP,
		.loginuid = 1000,
		.ancestors = 1,
		.exe_len = 9,
		.args_len = 3,
		.ancestor = { { 1, "systemd" } },
		.exe = "tool\0bin",
		.args = "a\0b",
	};
	static const struct decode_env boot = { .cpus = 1, .boot_offset_ns = 100 };

	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), 0);
	CHECK_INT(e.type, EVENT_PROCESS);
	CHECK_INT(e.task.who, 99);
	CHECK_INT(e.task.tracer, 3);
	CHECK_INT(e.task.started_ns, 105);
	CHECK_INT(e.told.exe_len, 9);
	CHECK(e.told.has_cgroup);
	CHECK(e.told.process.exe_deleted && e.told.process.has_loginuid);
	CHECK_INT(e.told.process.loginuid, 1000);
	CHECK_INT(e.told.process.args_len, 3);
	CHECK_INT(e.told.process.n_ancestors, 1);
	CHECK_STR(e.told.process.ancestors[0].comm, "systemd");
	w.loginuid = UINT32_MAX;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), 0);
	CHECK(!e.told.process.has_loginuid);
	w.exe_len = 7;	/* ends within a name */
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), -EBADMSG);
	w.exe_len = WIRE_NAMES_BYTES + 1;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), -EBADMSG);
	w.exe_len = 0;
	w.cgroup_len = UINT32_MAX;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), -EBADMSG);
	w.cgroup_len = 0;
	w.args_len = WIRE_ARGS_BYTES + 1;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), -EBADMSG);
	w.args_len = 0;
	w.ancestors = WIRE_ANCESTORS + 1;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), -EBADMSG);
	w.ancestors = 0;
	CHECK_INT(decode_record(&boot, &w, sizeof(w), &e), 0);
	w.hdr.size--;
	CHECK_INT(decode_record(&boot, &w, sizeof(w) - 1, &e), -EBADMSG);
}

int main(void)
{
	RUN(decode_old);
	RUN(decode_old_hostile);
	RUN(decode_process_told);
	free(lent);
	return TEST_STATUS();
}
