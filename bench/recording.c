/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * recording COUNT [known] [NS]: a recording of so many made-up events to standard output, for
 * bench/replay, each NS (1171) after the one before. Of ten events six are updates by bpf(2), of a
 * hash and an array, two are updates by one of three BPF programs, one is a delete and one a map that
 * is opened. Time, pid, key and value differ. With `known` the hash, two events of three, has BTF, and
 * the processes are known.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/unit/situations_btf.h"
#include "record/record.h"

static bool never(void)
{
	return false;
}

static const struct event_map maps[] = {
	{ .id = 12,
	  .type = BPF_MAP_TYPE_HASH,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 10240,
	  .known = true,
	  .name = "sessions" },
	{ .id = 15,
	  .type = BPF_MAP_TYPE_ARRAY,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 16,
	  .flags = BPF_F_MMAPABLE,
	  .known = true,
	  .name = "config" },
};

static const struct event_prog progs[] = {
	{ .id = 31, .type = BPF_PROG_TYPE_RAW_TRACEPOINT, .tag = { 1, 2, 3 }, .name = "on_tick" },
	{ .id = 32, .type = BPF_PROG_TYPE_XDP, .tag = { 4, 5, 6 }, .name = "xdp_drop" },
	{ .id = 47, .type = BPF_PROG_TYPE_KPROBE, .tag = { 7, 8, 9 }, .name = "count_opens" },
};

static const struct event_process process = {
	.exe = "/usr/sbin/bpftool",
	.args = "bpftool\0map\0update\0name\0rules",
	.args_len = 30,
	.cgroup = "/user.slice/user-1000.slice/session-12.scope",
	.has_loginuid = true,
	.loginuid = 1000,
	.n_ancestors = 4,
	.ancestors = { { 790, "bash" }, { 700, "sshd-session" }, { 500, "sshd" }, { 1, "systemd" } },
};

struct bytes {
	uint32_t key[2];
	uint64_t value[3];
};

/* struct tenant and struct rule of situations_btf.h. */
static void make_known(const struct event_mapinfo *info, struct bytes *data, struct event *e)
{
	e->task.process = &process;
	if (e->map.id != maps[0].id)
		return;
	e->map.info = info;
	e->map.key_size = sizeof(data->key);
	e->map.value_size = sizeof(data->value);
	if (e->key.size)
		e->key.len = e->key.size = sizeof(data->key);
	if (e->value.size)
		e->value.len = e->value.size = sizeof(data->value);
}

static void make_event(uint64_t i, uint64_t step_ns, struct bytes *data, struct event *e)
{
	memset(e, 0, sizeof(*e));
	e->time_ns = 1795549159123456789ull + i * step_ns;
	e->task.pid = e->task.tid = 800 + (uint32_t)(i % 13);
	e->task.cpu = (uint32_t)(i % 8);
	e->task.comm = "bpftool";
	e->task.start_ns = 123456789012;
	e->task.ppid = 790;
	e->map = maps[i % 3 == 0];
	e->fd = -1;
	e->has_result = true;
	if (i % 10 == 9) {
		e->type = EVENT_MAP_OPEN;
		e->how = HOW_ID;
		e->fd = 5;
		e->can_read = e->can_write = true;
		return;
	}
	data->key[0] = i % 16;
	data->value[0] = i * 7;
	e->type = i % 10 == 8 ? EVENT_MAP_DELETE : EVENT_MAP_UPDATE;
	e->op = i % 10 == 8 ? OP_DELETE : OP_UPDATE;
	e->via = VIA_SYSCALL;
	e->key = (struct event_bytes){ (const uint8_t *)data->key, 4, 4 };
	if (i % 10 == 8)
		return;
	e->shape = VALUE_ONE;
	e->value = (struct event_bytes){ (const uint8_t *)data->value, 8, 8 };
	if (i % 10 >= 6) {
		e->via = VIA_PROGRAM;
		e->context = CONTEXT_SOFTIRQ;
		e->program = &progs[i % 3];
	}
}

int main(int argc, char **argv)
{
	static const struct record_info info = { .cpus = 8,
						 .host = "bench",
						 .kernel = "6.12.0",
						 .version = BPFMON_VERSION,
						 .start_ns = 1795549159123456789ull };
	bool known = argc > 2 && !strcmp(argv[2], "known"), right = argc > 1 && argc <= 3 + known;
	uint64_t step_ns = argc > 2 + known ? strtoull(argv[2 + known], NULL, 10) : 1171;
	struct recorder *r = right ? recorder_new(dup(STDOUT_FILENO), &info, never) : NULL;
	uint64_t count = right ? strtoull(argv[1], NULL, 10) : 0;
	struct bytes data = { { 0, 1 }, { 0, 2, 0 } };
	struct event_mapinfo map = rules();
	struct event e;
	int err;

	if (!r) {
		fprintf(stderr, "usage: recording COUNT [known] [NS] >FILE\n");
		return 2;
	}
	for (uint64_t i = 0; i < count; i++) {
		make_event(i, step_ns, &data, &e);
		if (known)
			make_known(&map, &data, &e);
		recorder_event(r, &e);
	}
	recorder_end(r);
	err = recorder_output(r)->error;
	if (err)
		fprintf(stderr, "recording: %s\n", strerror(-err));
	recorder_free(r);
	return err ? 1 : 0;
}
