/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ring record, decoded and written in both formats, on machines of few and of many CPUs.
 * What is written must be one line without control bytes.
 *
 * links: src/out/bytes.c src/btf/btfval*.c
 * links: src/decode.c src/decode_object.c src/event.c src/maptype.c src/names.c src/load/hooks.c
 * links: src/pins.c
 * links: src/lib/buf.c src/out/json.c src/out/json_map.c src/out/json_process.c src/out/kept.c src/out/object.c
 * links: src/out/text.c
 * links: src/decode_run.c src/out/run.c
 */
#include <stdlib.h>
#include <string.h>

#include "bpfmon/wire.h"
#include "decode.h"
#include "one_line.h"
#include "out/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct decode_env *env, const void *record, size_t size)
{
	struct event e;

	if (decode_record(env, record, size, &e) || e.type >= EVENT_TYPES)
		return;
	write_event(&out_json, &e);
	write_event(&out_text, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_env envs[] = {
		{ .cpus = 3, .bytes = 16 },
		{ .cpus = 64, .bytes = 4096, .realtime_offset_ns = INT64_MAX },
	};
	struct wire_hdr *fixed;

	decode(&envs[0], data, size);
	if (size < sizeof(*fixed))
		return 0;
	/* The same with the right size in the header, which the fuzzer seldom gets right. */
	fixed = malloc(size);
	if (!fixed)
		return 0;
	memcpy(fixed, data, size);
	fixed->size = (uint32_t)size;
	for (size_t i = 0; i < sizeof(envs) / sizeof(envs[0]); i++)
		decode(&envs[i], fixed, size);
	free(fixed);
	return 0;
}
