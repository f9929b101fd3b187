/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file of rules; what it makes is asked about events of several types, twice, for some is kept.
 * What an alert says is one line without control bytes.
 *
 * links: src/rules/?*.c src/conf/tree.c src/lib/pool.c src/lib/buf.c src/filter.c src/event.c -lyaml
 * links: src/maptype.c src/names.c src/load/hooks.c src/out/bytes.c src/btf/btfval*.c
 */
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "rules/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* struct { int a:3; unsigned b; char c[4]; } */
static const struct btf *make_btf(void)
{
	static struct btf *btf;

	if (btf)
		return btf;
	btf = btf__new_empty();
	btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	btf__add_int(btf, "char", 1, 0);
	btf__add_array(btf, 1, 2, 4);
	btf__add_struct(btf, "s", 12);
	btf__add_field(btf, "a", 1, 0, 3);
	btf__add_field(btf, "b", 1, 32, 0);
	btf__add_field(btf, "c", 3, 64, 0);
	return btf;
}

static void on_alert(void *context, struct event *alert)
{
	(void)context;
	if (!alert->alert.rule || !alert->alert.reason || !alert->alert.of)
		abort();
	for (const char *c = alert->alert.reason; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
}

static void ask(struct ruleset *rules)
{
	static const enum event_type types[] = { EVENT_MAP_UPDATE, EVENT_MAP_DELETE, EVENT_MAP_OPEN,
						 EVENT_MAP_PIN,	   EVENT_FS_CHANGE,  EVENT_MAP_FREE,
						 EVENT_ALERT,	   EVENT_MAP_CHANGE };
	static const uint8_t value[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 'x', 'y' };
	static const struct event_process process = {
		.serial = 1, .exe = "/bin/x", .args = "x\0y", .args_len = 4
	};
	static const struct event_mapfacts facts = { .serial = 1,
						     .created_ns = 1,
						     .creator_exe = "/bin/x",
						     .n_pins = 1,
						     .pins = { { "/p" } } };
	static const struct event_prog prog = { .id = 3, .name = "prog" };
	struct event_mapinfo info = {
		.btf_id = 1, .btf = make_btf(), .key_type = 1, .value_type = 4
	};

	for (size_t i = 0; i < 2 * sizeof(types) / sizeof(types[0]); i++) {
		struct event e = {
			.type = types[i / 2],
			.time_ns = 1000000000ull * (i + 1),
			.task = { .pid = 1, .comm = "x\033sixteen_bytes", .process = &process },
			.map = { .id = 2,
				 .type = BPF_MAP_TYPE_HASH,
				 .known = true,
				 .name = "map",
				 .info = &info,
				 .facts = &facts },
			.via = VIA_SYSCALL,
			.program = &prog,
			.key = { value, 4, 4 },
			.shape = VALUE_ONE,
			.value = { value, 12, 12 },
			.old_state = OLD_READ,
			.old_shape = VALUE_ONE,
			.old = { value, 5, 12 },
			.has_result = true,
			.path = "/p",
			.path_len = 2,
			.alert = { .rule = "r", .reason = "x" },
		};

		ruleset_tick(rules, e.time_ns, on_alert, NULL);
		ruleset_event(rules, &e, i, on_alert, NULL);
	}
	ruleset_end(rules, on_alert, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree_error error = { "" };
	struct tree_file *file;
	struct ruleset *rules;

	/* libyaml takes long for what is long, and nothing new comes of it. */
	if (size > 4096)
		return 0;
	file = tree_parse("f", data, size, &error);
	rules = ruleset_new(NULL);
	if (file && file->root && !ruleset_add_file(rules, file->root, &error) &&
	    !ruleset_seal(rules, &error)) {
		ask(rules);
	} else if (!file && !error.text[0]) {
		abort();
	}
	for (const char *c = error.text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	ruleset_free(rules);
	tree_free(file);
	return 0;
}
