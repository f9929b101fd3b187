/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the kernel's numbers, the unknown ones too, and the tables that go by name. */
#include "maptype.h"
#include "names.h"

#include <errno.h>
#include <linux/bpf.h>

#include "event.h"
#include "load/hooks.h"
#include "out/out.h"
#include "test.h"

static void names_errors(void)
{
	CHECK_STR(error_name(-EPERM), "EPERM");
	CHECK_STR(error_name(-E2BIG), "E2BIG");
	CHECK_STR(error_name(-524), "ENOTSUPP");
	CHECK_STR(error_name(-EOPNOTSUPP), "EOPNOTSUPP");
	CHECK_STR(error_name(-4000), NULL);
	CHECK_STR(error_name(-4095), NULL);
}

/* Known to libbpf or not. */
static void names_later_types(void)
{
	CHECK_STR(prog_type_name(6), "xdp");
	CHECK_STR(prog_type_name(32), "netfilter");
	CHECK_STR(prog_type_name(4711), NULL);
	CHECK_STR(attach_type_name(24), "trace_fentry");
	CHECK_STR(attach_type_name(46), "tcx_ingress");
	CHECK_STR(attach_type_name(58), "trace_fsession");
	CHECK_STR(attach_type_name(4711), NULL);
	CHECK_STR(attach_type_name(UINT32_MAX), NULL);
	CHECK_STR(link_type_name(1), "raw_tracepoint");
	for (uint32_t type = 0; type < 15; type++)
		CHECK(link_type_name(type));
	CHECK_STR(link_type_name(4711), NULL);
}

static void names_map_types(void)
{
	CHECK_STR(maptype_name(BPF_MAP_TYPE_HASH), "hash");
	CHECK_STR(maptype_name(BPF_MAP_TYPE_LRU_PERCPU_HASH), "lru_percpu_hash");
	CHECK_STR(maptype_name(BPF_MAP_TYPE_USER_RINGBUF), "user_ringbuf");
	for (uint32_t type = 0; type < 36; type++)
		if (!maptype_name(type))
			FAIL("map type %u has no name", type);
	CHECK_STR(maptype_name(36), NULL);
	CHECK_STR(maptype_name(UINT32_MAX), NULL);
	CHECK(maptype_is_array(BPF_MAP_TYPE_ARRAY));
	CHECK(maptype_is_array(BPF_MAP_TYPE_PERCPU_ARRAY));
	CHECK(!maptype_is_array(BPF_MAP_TYPE_HASH));
	CHECK(!maptype_is_array(UINT32_MAX));
	CHECK(maptype_is_queue(BPF_MAP_TYPE_STACK));
	CHECK(!maptype_is_queue(BPF_MAP_TYPE_HASH));
}

static void names_flags(void)
{
	uint64_t all = 0;

	for (const struct flag_name *f = map_flag_names; f->name; f++) {
		CHECK(f->bit && !(f->bit & (f->bit - 1)) && !(all & f->bit));
		all |= f->bit;
	}
	CHECK(all & BPF_F_MMAPABLE);
	all = 0;
	for (const struct flag_name *f = update_flag_names; f->name; f++) {
		CHECK(f->bit && !(f->bit & (f->bit - 1)) && !(all & f->bit));
		all |= f->bit;
	}
	CHECK_INT(all, BPF_NOEXIST | BPF_EXIST | BPF_F_LOCK | UPDATE_F_CPU | UPDATE_F_ALL_CPUS);
}

static void names_events(void)
{
	for (int t = 0; t < EVENT_TYPES; t++)
		CHECK(event_type_names[t] && (!strncmp(event_type_names[t], "map.", 4) ||
					      !strncmp(event_type_names[t], "fs.", 3) ||
					      !strncmp(event_type_names[t], "prog.", 5) ||
					      !strncmp(event_type_names[t], "link.", 5) ||
					      !strcmp(event_type_names[t], "alert") ||
					      !strcmp(event_type_names[t], "monitor.summary")));
	for (int s = 0; s < SEVERITIES; s++)
		CHECK(event_severity_names[s]);
}

static void names_hooks(void)
{
	struct hook_state missing = { 0 }, state = { 0 };

	for (int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = hooks[i].ways;

		if (!hooks[i].name || !way->function || !way->programs[0])
			FAIL("hook %d has no name or no way", i);
		CHECK_STR(hook_loss(&hooks[i], &missing), hooks[i].missing);
		for (int w = 0; w < HOOK_WAYS && way[w].function; w++) {
			state.way = &way[w];
			CHECK(attach_kind_names[way[w].kind]);
			CHECK_STR(hook_loss(&hooks[i], &state), way[w].loss);
		}
	}
#define SAME_NAME(id, text) CHECK_STR(hooks[WIRE_HOOK_##id].name, #text);
	WIRE_HOOKS(SAME_NAME)
#undef SAME_NAME
}

static void names_formats(void)
{
	CHECK(out_find("json") == &out_json);
	CHECK(out_find("text") == &out_text);
	CHECK(!out_find("yaml"));
	CHECK(!out_find(""));
	CHECK(strstr(out_names(), out_json.name));
	CHECK(strstr(out_names(), out_text.name));
}

int main(void)
{
	RUN(names_errors);
	RUN(names_map_types);
	RUN(names_later_types);
	RUN(names_flags);
	RUN(names_events);
	RUN(names_hooks);
	RUN(names_formats);
	return TEST_STATUS();
}
