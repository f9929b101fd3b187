/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording, as it is and with a valid head, lengths that fit and right checksums, which a
 * stranger can make as well. What is read is filtered and written in both formats: one line each,
 * without control bytes.
 *
 * links: src/record/re*.c src/record/blocks.c src/output.c -lz
 * links: src/event.c src/filter.c src/maptype.c src/names.c src/load/hooks.c src/lib/buf.c
 * links: src/out/json.c src/out/json_map.c src/out/json_process.c src/out/kept.c src/out/text.c src/out/object.c
 * links: src/who/container.c
 * links: src/out/bytes.c src/btf/mapinfo.c src/facts/mapfacts.c src/btf/mapname.c
 * links: src/btf/btfval*.c src/pins.c
 * links: src/out/run.c
 */
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "blocks.h"
#include "filter.h"
#include "record/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const struct buf *b, bool may_be_empty)
{
	for (size_t i = 0; i + 1 < b->len; i++)
		if ((unsigned char)b->data[i] < 0x20 || b->data[i] == 0x7f)
			abort();
	if (b->len ? b->data[b->len - 1] != '\n' : !may_be_empty)
		abort();
}

static void write_both(const struct out_env *env, const struct event *e, const struct monitor *m)
{
	static const struct out_format *const formats[] = { &out_json, &out_text };
	static const struct filter glob = { .only = { .maps = { { MATCH_NAME, 0, "*b*" } },
						      .n_maps = 1,
						      .comms = { "a*" },
						      .n_comms = 1,
						      .progs = { { 0, "*c" } },
						      .n_progs = 1 },
					    .types = UINT32_MAX };

	for (size_t f = 0; f < 2; f++) {
		struct buf b = { 0 };

		if (e)
			formats[f]->event(&b, env, 1, e);
		else
			formats[f]->monitor(&b, env, 1, m);
		check_line(&b, !e && formats[f] == &out_text);
		buf_fini(&b);
	}
	if (e)
		filter_event(&glob, e);
}

static void read_all(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct replay *r = replay_new(source, &in);
	struct record_info info;
	struct monitor m;
	struct event e;
	enum replay_item item = replay_begin(r, &info);

	while (item == REPLAY_EVENT || item == REPLAY_MONITOR) {
		struct out_env env = { .host = info.host };

		item = replay_next(r, &e, &m);
		if (item == REPLAY_EVENT)
			write_both(&env, &e, NULL);
		else if (item == REPLAY_MONITOR)
			write_both(&env, NULL, &m);
	}
	if (item != REPLAY_END && (item != REPLAY_BAD || !*replay_why(r)))
		abort();
	replay_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record_head head = { RECORD_MAGIC, RECORD_ORDER, RECORD_MAJOR };

	libbpf_set_print(NULL);
	read_twice(data, size, &head, read_all);
	return 0;
}
