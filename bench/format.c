/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How fast events become lines, on one CPU, without kernel and without output: an update of an
 * element by bpf(2), from the record on, in each format, of a map without BTF and with it, and with
 * all that was learned of it ("facts", beside BTF and process). And what
 * is kept of maps: 10,000 of them with the BTF of OBJECT, each CHUNK maps with a copy of their own.
 *
 *   format OBJECT [ROUNDS]
 *
 * json   plain   1234567 events/s   (1200000 to 1240000)   350 bytes/event
 */
#include <bpf/btf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tests/unit/record.h"
#include "../tests/unit/situations_btf.h"
#include "decode.h"
#include "facts/mapfacts.h"
#include "lib/clock.h"
#include "btf/mapinfo.h"
#include "out/out.h"

#define EVENTS 200000	/* of one sample */
#define MAPS 10000
#define CHUNK 20

static struct out_env env = { .host = "localhost" };
static const struct decode_env decode = { .cpus = 8, .bytes = 64 };

/* ---- what the map of the record is, for src/btf/mapinfo.h ---- */

static struct btf *object;	/* whose BTF many maps have */

static int ask_map(void *context, uint32_t id, struct bpf_map_info *info)
{
	const struct wire_map *m = context;

	*info = (struct bpf_map_info){ .id = id,
				       .type = m->type,
				       .key_size = m->key_size,
				       .value_size = m->value_size,
				       .btf_id = 1 + id / CHUNK,
				       .btf_key_type_id = TYPE_TENANT,
				       .btf_value_type_id = TYPE_RULE };
	memcpy(info->name, m->name, sizeof(info->name));
	return 0;
}

/* The first is that of the rules. */
static int ask_btf(void *context, uint32_t id, void **data, uint32_t *size)
{
	const void *raw = btf__raw_data(id == 1 ? situation_btf() : object, size);

	(void)context;
	if (!raw)
		return -ENOMEM;
	if (!data)
		return 0;
	*data = malloc(*size);
	if (!*data)
		return -ENOMEM;
	memcpy(*data, raw, *size);
	return 0;
}

/* ---- events/s ---- */

/* struct tenant and struct rule; without BTF the same bytes are hex, and a number for the key. */
static void make_record(struct record *r)
{
	record_op(r, WIRE_OP_UPDATE);
	r->op.map.type = BPF_MAP_TYPE_HASH;
	r->op.map.key_size = 8;
	r->op.map.value_size = 24;
	r->op.task.ppid = 790;
	record_data(r, "\x17\0\0\0\2\0\0\0", 8, WIRE_VALUE_ONE,
		    "\x0a\0\0\1\0\x16\0\0\1\0\0\0ssh\0\0\0\0\0\x07\0\0", 24);
}

/* Of a tool that somebody ran in a session over ssh. */
static const struct event_process process = {
	.serial = 1,
	.exe = "/usr/sbin/bpftool",
	.args = "bpftool\0map\0update\0name\0rules\0key\0hex\0"
		"17\0value\0hex\0"
		"0a",
	.args_len = 53,
	.cgroup = "/user.slice/user-1000.slice/session-12.scope",
	.has_loginuid = true,
	.loginuid = 1000,
	.n_ancestors = 6,
	.ancestors = { { 790, "bash" },
		       { 789, "sudo" },
		       { 700, "bash" },
		       { 699, "sshd-session" },
		       { 500, "sshd" },
		       { 1, "systemd" } },
};

/* What is asked of the map, and who writes. */
struct known {
	struct mapinfo *mi;	/* NULL: nothing */
	bool who;
};

static uint64_t sample(const struct out_format *format, struct known known, struct record *r,
		       struct buf *b, size_t *bytes)
{
	uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct event e;

	*bytes = 0;
	for (uint64_t i = 0; i < EVENTS; i++) {
		if (decode_record(&decode, r->bytes, r->len, &e))
			abort();
		if (known.mi)
			mapinfo_get(known.mi, &e.map, true);
		if (known.who)
			e.task.process = &process;
		format->event(b, &env, i, &e);
		if (b->len > 1 << 16) {
			*bytes += b->len;
			b->len = 0;
		}
	}
	return EVENTS * 1000000000ull / (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t measure(const struct out_format *format, const char *what, struct known known,
			unsigned int rounds)
{
	uint64_t rates[101];
	struct buf b = { 0 };
	struct record r;
	size_t bytes;

	make_record(&r);
	sample(format, known, &r, &b, &bytes);	/* warm */
	for (unsigned int i = 0; i < rounds; i++)
		rates[i] = sample(format, known, &r, &b, &bytes);
	buf_fini(&b);
	qsort(rates, rounds, sizeof(rates[0]), compare);
	printf("%-5s %-7s %8llu events/s   (%llu to %llu)   %zu bytes/event\n", format->name, what,
	       (unsigned long long)rates[rounds / 2], (unsigned long long)rates[0],
	       (unsigned long long)rates[rounds - 1], bytes / EVENTS);
	return rates[rounds / 2];
}

/* Of the map of the record: two pins, who created it, two programs, an inner map, a parent. */
static void learn(struct mapinfo *mi, uint32_t id, uint64_t address)
{
	static const uint32_t users[] = { 31, 32 };
	static const struct event_inner inner = { BPF_MAP_TYPE_HASH, 4, 8, 64, 0 };
	struct event e = { .time_ns = 1795549159123456789ull,
			   .task = { .pid = 700, .comm = "mapwriter", .process = &process } };
	struct mapfacts *f = mapinfo_facts(mi, id, address, true);

	if (!f)
		abort();
	mapfacts_created(f, &e);
	mapfacts_add_pin(f, &(struct mapfacts_pin){ 31, 0, "/rules", "/sys/fs/bpf/rules" });
	mapfacts_add_pin(f, &(struct mapfacts_pin){ 31, 0, "/b/rules", "/sys/fs/bpf/b/rules" });
	mapfacts_users(f, users, 2);
	mapfacts_inner(f, &inner);
	mapfacts_add_parent(f, 7);
}

static void measure_format(const struct out_format *format, const struct mapinfo_source *source,
			   unsigned int rounds)
{
	const struct wire_map *m = source->context;
	struct mapinfo *mi = mapinfo_new(source), *learned = mapinfo_new(source);
	uint64_t plain, who, decoded, both, facts;

	if (!mi || !learned)
		abort();
	learn(learned, m->id, m->address);
	plain = measure(format, "plain", (struct known){ NULL, false }, rounds);
	who = measure(format, "process", (struct known){ NULL, true }, rounds);
	decoded = measure(format, "btf", (struct known){ mi, false }, rounds);
	both = measure(format, "both", (struct known){ mi, true }, rounds);
	facts = measure(format, "facts", (struct known){ learned, true }, rounds);
	printf("%-5s process/plain %.2f  btf/plain %.2f  both/plain %.2f  facts/both %.2f\n",
	       format->name, (double)who / (double)plain, (double)decoded / (double)plain,
	       (double)both / (double)plain, (double)facts / (double)both);
	mapinfo_free(mi);
	mapinfo_free(learned);
}

/* ---- memory ---- */

static void measure_maps(const struct mapinfo_source *source, const struct wire_map *m)
{
	struct mallinfo2 before = mallinfo2(), after;
	struct mapinfo *mi = mapinfo_new(source);
	uint32_t size, kept = 0;

	for (uint32_t id = 100; mi && id < 100 + MAPS; id++) {
		struct event_map map = { .id = id,
					 .type = m->type,
					 .key_size = m->key_size,
					 .value_size = m->value_size,
					 .known = true,
					 .name = m->name,
					 .address = id };

		mapinfo_get(mi, &map, true);
		kept += map.info && map.info->btf;
	}
	after = mallinfo2();
	btf__raw_data(object, &size);
	printf("%d maps, %u bytes of BTF for each %d: %.1f MiB kept; %u got their BTF in this second\n",
	       MAPS, size, CHUNK,
	       (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
		       (1 << 20),
	       kept);
	mapinfo_free(mi);
}

static void measure_facts(const struct mapinfo_source *source, const struct wire_map *m)
{
	struct mallinfo2 before = mallinfo2(), after;
	struct mapinfo *mi = mapinfo_new(source);

	for (uint32_t id = 1; mi && id <= MAPINFO_MAPS; id++) {
		struct event_map map = { .id = id, .type = m->type, .known = true, .name = m->name };

		learn(mi, id, 0);
		mapinfo_get(mi, &map, false);
	}
	after = mallinfo2();
	printf("%d maps of which all was learned: %.1f MiB kept\n", MAPINFO_MAPS,
	       (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
		       (1 << 20));
	mapinfo_free(mi);
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 11;
	static struct record r;
	struct mapinfo_source source = { ask_map, ask_btf, &r.op.map };

	env.kept = out_kept_new();
	make_record(&r);
	object = argc > 1 ? btf__parse(argv[1], NULL) : NULL;
	if (!object || rounds < 1 || rounds > 101) {
		fprintf(stderr, "usage: format OBJECT [ROUNDS]\n");
		return 2;
	}
	measure_format(&out_json, &source, rounds);
	measure_format(&out_text, &source, rounds);
	out_kept_free(env.kept);
	measure_maps(&source, &r.op.map);
	measure_facts(&source, &r.op.map);
	btf__free(object);
	return 0;
}
