/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is learned of maps from events, and by asking a kernel made up: pins on a file system that
 * is mounted here (the first in mountinfo), programs that come and go.
 */
#include "facts/learn.h"

#include <errno.h>
#include <stdlib.h>

#include "facts/mapfacts.h"
#include "test.h"

#define ADDRESS(id) (0xffff888000000000ull + (id))

/* Files of the made-up file system: the map that is pinned there, and where. */
static struct {
	struct {
		char path[128];
		uint32_t map;
		uint64_t number;
	} files[8];
	struct {
		uint32_t id, maps[2];
	} progs[3];
	uint32_t maps_asked, progs_asked;
} kernel;

static uint32_t dev;		/* of what is mounted */
static char root[64];		/* where */
static struct mapinfo *info;
static struct mapids *ids;
static struct pins *pins;
static struct learn *learn;

/* ---- the kernel ---- */

static int ask_walk(void *context,
		    void (*each)(void *to, const char *path, const struct learn_file *file),
		    void *to)
{
	(void)context;
	for (size_t i = 0; i < 8; i++)
		if (kernel.files[i].map)
			each(to, kernel.files[i].path,
			     &(struct learn_file){ dev, kernel.files[i].number });
	each(to, "/proc/1/root/elsewhere", &(struct learn_file){ UINT32_MAX, 1 });
	return 0;
}

static int ask_file(void *context, const char *path, struct learn_file *file)
{
	(void)context;
	for (size_t i = 0; i < 8; i++)
		if (kernel.files[i].map && !strcmp(kernel.files[i].path, path)) {
			*file = (struct learn_file){ dev, kernel.files[i].number };
			return 0;
		}
	return -ENOENT;
}

static int ask_pinned(void *context, const char *path, uint32_t *map)
{
	(void)context;
	for (size_t i = 0; i < 8; i++)
		if (kernel.files[i].map && !strcmp(kernel.files[i].path, path)) {
			*map = kernel.files[i].map;
			return 0;
		}
	return -ENOENT;
}

static int ask_map(void *context, uint32_t map, struct event_inner *inner)
{
	(void)context;
	kernel.maps_asked++;
	*inner = (struct event_inner){ BPF_MAP_TYPE_HASH, 4, map, 16, 0 };
	return 0;
}

static int ask_prog(void *context, uint32_t prog, uint32_t **maps, uint32_t *n)
{
	(void)context;
	kernel.progs_asked++;
	for (size_t i = 0; i < 3; i++) {
		if (kernel.progs[i].id != prog)
			continue;
		*maps = malloc(sizeof(kernel.progs[i].maps));
		memcpy(*maps, kernel.progs[i].maps, sizeof(kernel.progs[i].maps));
		*n = kernel.progs[i].maps[1] ? 2 : 1;
		return 0;
	}
	return -ENOENT;
}

static int ask_next(void *context, uint32_t prog, uint32_t *next)
{
	(void)context;
	for (size_t i = 0; i < 3; i++)
		if (kernel.progs[i].id > prog) {
			*next = kernel.progs[i].id;
			return 0;
		}
	return -ENOENT;
}

static int no_info(void *context, uint32_t id, struct bpf_map_info *out)
{
	(void)context;
	(void)id;
	(void)out;
	return -ENOENT;
}

static const struct mapinfo_source nothing = { no_info, NULL, NULL };
static const struct learn_source source = { ask_walk, ask_file, ask_pinned, ask_map,
					    ask_prog, ask_next, NULL };

static void end(void)
{
	learn_free(learn);
	mapinfo_free(info);
	mapids_free(ids);
	pins_free(pins);
}

static void start(bool hears)
{
	struct learn_opts opts = { .hears_names = hears, .hears_pins = hears };

	end();
	memset(&kernel, 0, sizeof(kernel));
	info = mapinfo_new(&nothing);
	ids = mapids_new();
	pins = pins_new();
	learn = learn_new(&source, &opts, info, ids, pins);
	if (!info || !ids || !pins || !learn)
		abort();
	for (uint32_t id = 1; id < 100; id++)
		mapids_add(ids, ADDRESS(id), id);
}

/* The first of what is mounted, whatever that is. */
static bool find_mount(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	struct pins_mount m;
	bool found = f && fgets(line, sizeof(line), f) && pins_parse_mount(line, &m);

	if (found) {
		dev = m.dev;
		snprintf(root, sizeof(root), "%s", strcmp(m.path, "/") ? m.path : "");
		found = !strcmp(m.root, "/") && strlen(m.path) < 32;
		pins_mount_fini(&m);
	}
	if (f)
		fclose(f);
	return found;
}

/* ---- what happens ---- */

static struct event_map map_of(uint32_t id)
{
	return (struct event_map){ .id = id,
				   .type = BPF_MAP_TYPE_HASH,
				   .known = true,
				   .name = "m",
				   .address = ADDRESS(id) };
}

static void put_file(size_t at, const char *name, uint32_t map)
{
	static uint64_t numbers;

	snprintf(kernel.files[at].path, sizeof(kernel.files[at].path), "%s%s", root, name);
	kernel.files[at].map = map;
	kernel.files[at].number = ++numbers;
}

static void names(enum event_name_op op, uint32_t map, const char *from, size_t from_len,
		  const char *to, size_t to_len)
{
	struct event e = { .type = EVENT_NAMES,
			   .map = map_of(map),
			   .names = { .op = op,
				      .path = from,
				      .path_len = from_len,
				      .path2 = to,
				      .path2_len = to_len,
				      .on_bpffs = true,
				      .is_dir = !map,
				      .dev = dev } };

	e.map.known = map;
	learn_names(learn, &e, true);
}

/* What is told of a map, with @ for the root of the file system. */
static const char *told(uint32_t id)
{
	static char text[2048];
	struct event_map m = map_of(id);
	size_t n = strlen(root), len = 0;

	mapinfo_get(info, &m, true);
	for (size_t i = 0; m.facts && i < m.facts->json_len && len + 1 < sizeof(text); i++) {
		const char *at = m.facts->json + i;

		if (i && at[-1] == '"' && !strncmp(at, root, n) && at[n] == '/')
			text[len++] = '@', i += n;
		text[len++] = m.facts->json[i];
	}
	text[len] = '\0';
	return text;
}

/* ---- tests ---- */

static void follows_names(void)
{
	start(true);
	names(NAME_PIN, 7, "a", 2, "", 0);
	names(NAME_PIN, 7, "b\0dir", 6, "", 0);
	names(NAME_PIN, 8, "c", 2, "", 0);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\",\"@/dir/b\"]");
	CHECK_STR(told(8), ",\"pins\":[\"@/c\"]");
	names(NAME_LINK, 7, "a", 2, "a2", 3);
	names(NAME_UNLINK, 7, "a", 2, "", 0);
	CHECK_STR(told(7), ",\"pins\":[\"@/dir/b\",\"@/a2\"]");
	names(NAME_RENAME, 7, "a2", 3, "a3", 3);
	CHECK_STR(told(7), ",\"pins\":[\"@/dir/b\",\"@/a3\"]");
	names(NAME_RENAME, 0, "dir", 4, "other\0deep", 11);
	CHECK_STR(told(7), ",\"pins\":[\"@/deep/other/b\",\"@/a3\"]");
	CHECK_STR(told(8), ",\"pins\":[\"@/c\"]");
	dev++; /* of another file system */
	names(NAME_RENAME, 0, "deep", 5, "x", 2);
	names(NAME_UNLINK, 8, "c", 2, "", 0);
	dev--;
	CHECK_STR(told(7), ",\"pins\":[\"@/deep/other/b\",\"@/a3\"]");
	CHECK_STR(told(8), ",\"pins\":[\"@/c\"]");
	names(NAME_UNLINK, 8, "c", 2, "", 0);
	CHECK_STR(told(8), "");
	put_file(0, "/a4", 7);	/* while records were lost */
	put_file(1, "/b4", 7);
	learn_later(learn, false);
	CHECK_STR(told(8), "");
	CHECK_STR(told(7), ",\"pins\":[\"@/deep/other/b\",\"@/a3\"]");
	learn_later(learn, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/a4\",\"@/b4\"]");
	/* Of what is no map nothing is learned. */
	names(NAME_PIN, 500, "x", 2, "", 0);
	CHECK_STR(told(500), "");
}

static void replaced(void)
{
	struct event e = { .type = EVENT_NAMES,
			   .map = map_of(7),
			   .over = map_of(8),
			   .names = { .op = NAME_RENAME,
				      .path = "a",
				      .path_len = 2,
				      .path2 = "b",
				      .path2_len = 2,
				      .exchange = true } };

	start(true);
	e.names.dev = dev;
	names(NAME_PIN, 7, "a", 2, "", 0);
	names(NAME_PIN, 8, "b", 2, "", 0);
	learn_names(learn, &e, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/b\"]");
	CHECK_STR(told(8), ",\"pins\":[\"@/a\"]");
	e.names.exchange = false;
	e.names.path = "b";
	e.names.path2 = "a";
	e.result = -EPERM;
	learn_names(learn, &e, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/b\"]");
	e.result = 0;
	learn_names(learn, &e, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"]");
	CHECK_STR(told(8), "");
}

/* With the last mount of a file system its pins go, and they are not those of the next one. */
static void unmounted(void)
{
	struct event e = { .type = EVENT_NAMES,
			   .names = { .op = NAME_UMOUNT, .mount = UINT32_MAX, .path = "" } };
	struct event out[PINS_EVENTS];

	start(true);
	names(NAME_PIN, 7, "a", 2, "", 0);
	e.names.dev = dev;	/* another mount of it is still there */
	pins_events(pins, &e, NULL, NULL, out);
	learn_names(learn, &e, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"]");
	e.names.dev = UINT32_MAX - 1;	/* one that nothing is mounted of */
	pins_events(pins, &e, NULL, NULL, out);
	CHECK_INT(pins_gone(pins), UINT32_MAX - 1);
	learn_names(learn, &e, true);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"]");
	/* On a file system that is not seen from here: no path leads to it. */
	e = (struct event){ .type = EVENT_NAMES,
			    .map = map_of(8),
			    .names = {
				    .op = NAME_PIN, .path = "x", .path_len = 2, .dev = 0x123456 } };
	learn_names(learn, &e, true);
	CHECK_STR(told(8), "");
}

static void from_before(void)
{
	struct event_map m = map_of(9);
	struct event_inner inner = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };

	start(true);
	put_file(0, "/old", 7);
	put_file(1, "/dir/old", 7);
	kernel.progs[0].id = 31;
	kernel.progs[0].maps[0] = 7;
	kernel.progs[1].id = 32;
	kernel.progs[1].maps[0] = 7;
	kernel.progs[1].maps[1] = 8;
	CHECK(!learn_start(learn));
	learn_listed(learn, &m, &inner);
	CHECK_STR(told(7), ",\"pins\":[\"@/old\",\"@/dir/old\"],\"users\":[31,32]");
	CHECK_STR(told(8), ",\"users\":[32]");
	CHECK_STR(told(9), ",\"inner\":{\"type\":\"array\",\"key_size\":4,\"value_size\":8,"
			   "\"max_entries\":1,\"flags\":[]}");
}

static void programs_come_and_go(void)
{
	start(true);
	kernel.progs[0].id = 31;
	kernel.progs[0].maps[0] = 7;
	learn_later(learn, false);
	CHECK_STR(told(7), ",\"users\":[31]");
	kernel.progs[1].id = 32;
	kernel.progs[1].maps[0] = 7;
	learn_loaded(learn, 32);
	learn_loaded(learn, 32);	/* another function of it */
	CHECK_STR(told(7), ",\"users\":[31,32]");
	CHECK_INT(kernel.progs_asked, 2);
	kernel.progs[1].maps[1] = 8;	/* bound since */
	learn_later(learn, false);
	CHECK_STR(told(8), ",\"users\":[32]");
	CHECK_INT(kernel.progs_asked, 3);
	learn_later(learn, false);
	CHECK_INT(kernel.progs_asked, 3);
	kernel.progs[0] = kernel.progs[1];
	kernel.progs[1].id = 0;
	learn_later(learn, false);
	CHECK_STR(told(7), ",\"users\":[32]");
	kernel.progs[0].id = 0;
	learn_later(learn, false);
	CHECK_STR(told(7), "");
	CHECK_STR(told(8), "");
	CHECK(!learn_is_full(learn));
}

static void created_and_nested(void)
{
	struct event e = { .type = EVENT_MAP_CREATE,
			   .time_ns = 1795549159123456789ull,
			   .map = map_of(7),
			   .task = { .pid = 700, .comm = "maker" } };

	start(true);
	learn_event(learn, &e);
	CHECK_STR(told(7), ",\"created\":\"2026-11-24T19:39:19.123456789Z\","
			   "\"creator\":{\"pid\":700,\"comm\":\"maker\"}");
	CHECK_STR(told(8), "");
	e = (struct event){ .type = EVENT_MAP_UPDATE,
			    .map = map_of(12),
			    .object = { .kind = OBJECT_MAP, .named = { .id = 8 } } };
	learn_event(learn, &e);
	CHECK_STR(told(8), "");		/* a hash with an object is no map-in-map */
	e.map.type = BPF_MAP_TYPE_ARRAY_OF_MAPS;
	e.result = -EPERM;
	learn_event(learn, &e);
	CHECK_STR(told(8), "");
	e.result = 0;
	learn_event(learn, &e);
	CHECK_STR(told(8), ",\"parents\":[12]");
	CHECK_STR(told(12), ",\"inner\":{\"type\":\"hash\",\"key_size\":4,\"value_size\":8,"
			    "\"max_entries\":16,\"flags\":[]}");
	learn_event(learn, &e);
	CHECK_INT(kernel.maps_asked, 1);
	e.type = EVENT_MAP_FREE;
	learn_event(learn, &e);
	CHECK_STR(told(8), "");
}

/* Without hooks on names: a pin as it was named, and whether its file is still that one. */
static void looks_at_files(void)
{
	struct event e = { .type = EVENT_MAP_PIN, .map = map_of(7) };
	char path[128];

	start(false);
	kernel.progs[0].id = 31;
	kernel.progs[0].maps[0] = 7;
	learn_later(learn, false);
	snprintf(path, sizeof(path), "%s/a", root);
	put_file(0, "/a", 7);
	put_file(1, "/b", 8);
	e.path = path;
	e.path_len = strlen(path);
	learn_event(learn, &e);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"],\"users\":[31]");
	learn_look(learn);
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"],\"users\":[31]");
	/* In another mount namespace: that path is another map's here. */
	e.map = map_of(9);
	learn_event(learn, &e);
	CHECK_STR(told(9), "");
	CHECK_STR(told(7), ",\"pins\":[\"@/a\"],\"users\":[31]");
	/* A relative one is found by the walk, and so is what the file is called now. */
	e.path = "b";
	e.path_len = 1;
	e.map = map_of(8);
	learn_event(learn, &e);
	CHECK_STR(told(8), "");
	put_file(0, "/a2", 7);
	learn_look(learn);
	CHECK_STR(told(7), ",\"users\":[31]");
	learn_later(learn, false);
	CHECK_STR(told(8), ",\"pins\":[\"@/b\"]");
	CHECK_STR(told(7), ",\"pins\":[\"@/a2\"],\"users\":[31]");
	put_file(0, "/a2", 9);	/* the same name, another file */
	learn_look(learn);
	CHECK_STR(told(7), ",\"users\":[31]");
}

/* What was learned goes with the map, and for newer maps; then no list of pins is taken for whole. */
static void forgotten(void)
{
	struct event_map m = map_of(7);

	start(true);
	names(NAME_PIN, 7, "a", 2, "", 0);
	mapinfo_drop(info, 7);
	CHECK_STR(told(7), "");
	names(NAME_PIN, 7, "a", 2, "", 0);
	m.address++;	/* its id is another map's now */
	mapinfo_get(info, &m, true);
	CHECK(!m.facts);
	names(NAME_PIN, 8, "a", 2, "", 0);
	for (uint32_t id = 1000; id < 1000 + MAPINFO_MAPS; id++)
		CHECK_STR(told(id), "");
	CHECK_INT(mapinfo_forgotten(info), 1);
	CHECK_STR(told(8), "");
	names(NAME_PIN, 8, "b", 2, "", 0);
	CHECK_STR(told(8), "");
	put_file(0, "/a", 8);
	put_file(1, "/b", 8);
	learn_start(learn);
	CHECK_STR(told(8), ",\"pins\":[\"@/a\",\"@/b\"]");
}

int main(void)
{
	if (!find_mount()) {
		printf("ok skipped: nothing simple is mounted\n");
		return 0;
	}
	RUN(follows_names);
	RUN(replaced);
	RUN(unmounted);
	RUN(from_before);
	RUN(programs_come_and_go);
	RUN(created_and_nested);
	RUN(looks_at_files);
	RUN(forgotten);
	end();
	return TEST_STATUS();
}
