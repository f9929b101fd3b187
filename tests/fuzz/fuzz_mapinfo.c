/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A map with hostile BTF, from the answer of bpf(2) to the line of its event, in both formats.
 * Eight bytes say what the map is, its value follows, then the BTF. What is written must be one
 * line without control bytes.
 *
 * links: src/btf/mapinfo.c src/facts/mapfacts.c src/btf/mapname.c src/btf/btfval*.c
 * links: src/event.c src/maptype.c src/names.c src/load/hooks.c src/lib/buf.c
 * links: src/out/bytes.c src/out/json.c src/out/json_map.c src/out/json_process.c src/out/kept.c
 * links: src/out/object.c src/out/text.c src/pins.c
 * links: src/out/run.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "btf/mapinfo.h"
#include "one_line.h"
#include "out/out.h"

struct input {
	uint8_t map_type, key_type, value_type, key_size, value_size, name, bytes, name_high;
};

static struct {
	const struct input *in;
	const uint8_t *btf;
	uint32_t btf_size;
	char name[16];
} given;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int ask_map(void *context, uint32_t id, struct bpf_map_info *info)
{
	(void)context;
	*info = (struct bpf_map_info){ .id = id,
				       .type = given.in->map_type,
				       .key_size = given.in->key_size,
				       .value_size = given.in->value_size,
				       .btf_id = 1,
				       .btf_key_type_id = given.in->key_type,
				       .btf_value_type_id = given.in->value_type };
	memcpy(info->name, given.name, sizeof(info->name));
	return 0;
}

static int ask_btf(void *context, uint32_t id, void **data, uint32_t *size)
{
	(void)context;
	(void)id;
	*size = given.btf_size;
	if (!data)
		return 0;
	*data = malloc(*size + 1);
	if (!*data)
		return -ENOMEM;
	memcpy(*data, given.btf, *size);
	return 0;
}

/* Any string of the BTF, so that it can be what the name is a cut of. */
static void pick_name(void)
{
	size_t at = given.in->name + 256 * (size_t)given.in->name_high;

	memset(given.name, 0, sizeof(given.name));
	for (size_t i = 0; i < 15 && at + i < given.btf_size; i++)
		given.name[i] = (char)given.btf[at + i];
}

static int no_print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mapinfo_source source = { ask_map, ask_btf, NULL };
	struct event e = { .type = EVENT_MAP_UPDATE, .via = VIA_SYSCALL, .fd = -1 };
	struct mapinfo *mi;
	uint8_t *value;

	libbpf_set_print(no_print);
	if (size < sizeof(*given.in))
		return 0;
	given.in = (const void *)data;
	data += sizeof(*given.in);
	size -= sizeof(*given.in);
	e.value.len = given.in->bytes < size ? given.in->bytes : size;
	e.value.len = e.value.len < given.in->value_size ? e.value.len : given.in->value_size;
	value = malloc(e.value.len + 1);
	mi = mapinfo_new(&source);
	if (!value || !mi)
		abort();
	memcpy(value + 1, data, e.value.len);	/* at its end, for the sanitizer */
	given.btf = data + e.value.len;
	given.btf_size = (uint32_t)(size - e.value.len);
	pick_name();
	e.task.comm = "fuzz";
	e.value.data = value + 1;
	e.value.size = given.in->value_size;
	e.shape = VALUE_ONE;
	e.key = e.value;
	e.key.size = given.in->key_size;
	e.key.len = e.key.len < e.key.size ? e.key.len : e.key.size;
	e.map = (struct event_map){ .id = 7,
				    .type = given.in->map_type,
				    .key_size = given.in->key_size,
				    .value_size = given.in->value_size,
				    .known = true,
				    .name = given.name };
	mapinfo_get(mi, &e.map, true);
	write_event(&out_json, &e);
	write_event(&out_text, &e);
	mapinfo_drop(mi, 7);
	mapinfo_free(mi);
	free(value);
	return 0;
}
