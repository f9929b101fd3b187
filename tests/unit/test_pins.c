/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names from the kernel as paths, mounts from mountinfo, and changes of names as events. */
#include "pins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void pins_paths(void)
{
	char out[64];

	CHECK_INT(pins_path("/sys/fs/bpf", "x\0dir\0", 6, out, sizeof(out)), 17);
	CHECK_STR(out, "/sys/fs/bpf/dir/x");
	CHECK_INT(pins_path("/", "x", 2, out, sizeof(out)), 2);
	CHECK_STR(out, "/x");
	CHECK_INT(pins_path("/mnt/", "", 0, out, sizeof(out)), 4);
	CHECK_STR(out, "/mnt");
	CHECK_INT(pins_path("", "", 0, out, sizeof(out)), 1);
	CHECK_STR(out, "/");
	CHECK_INT(pins_path("/sys/fs/bpf", "x\0dir\0", 6, out, 18), 0);
}

static void pins_mounts(void)
{
	struct pins_mount m;

	CHECK(pins_parse_mount(
		"36 24 0:31 / /sys/fs/b\\040f rw,nosuid shared:9 - bpf bpf rw,mode=700", &m));
	CHECK_INT(m.id, 36);
	CHECK_INT(m.dev, 31);
	CHECK_STR(m.path, "/sys/fs/b f");
	CHECK_STR(m.root, "/");
	CHECK(m.is_bpffs);
	pins_mount_fini(&m);
	CHECK(pins_parse_mount("1 1 254:1 / / rw - ext4 /dev/vda1 rw", &m));
	CHECK_INT(m.dev, 254 << 20 | 1);
	CHECK(!m.is_bpffs);
	pins_mount_fini(&m);
	CHECK(!pins_parse_mount("", &m));
	CHECK(!pins_parse_mount("36 24 0:31 /", &m));
}

static struct event rename_of(const char *from, size_t from_len, const char *to, size_t to_len)
{
	return (struct event){ .type = EVENT_NAMES,
			       .map = { .id = 7, .known = true, .address = 0x1000 },
			       .has_result = true,
			       .names = { .op = NAME_RENAME,
					  .path = from,
					  .path_len = from_len,
					  .path2 = to,
					  .path2_len = to_len,
					  .on_bpffs = true,
					  .dev = UINT32_MAX } };
}

static bool is_map(void *context, const struct event_map *map)
{
	(void)context;
	return map->address == 0x1000 || map->address == 0x2000;
}

static void pins_rename(void)
{
	struct pins *pins = pins_new();
	struct event e = rename_of("a", 2, "b", 2), out[PINS_EVENTS];

	CHECK(pins);
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 2);
	CHECK_INT(out[0].type, EVENT_MAP_UNPIN);
	CHECK_STR(out[0].path, "/a");
	CHECK_STR(out[0].path2, "/b");
	CHECK_INT(out[1].type, EVENT_MAP_PIN);
	CHECK_STR(out[1].path, "/b");
	CHECK_STR(out[1].path2, "/a");
	e.over = (struct event_map){ .id = 8, .known = true, .address = 0x2000 };
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 3);
	CHECK_INT(out[0].name_op, NAME_REPLACE);
	CHECK_INT(out[0].map.id, 8);
	e.names.exchange = true;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 4);
	CHECK_INT(out[1].type, EVENT_MAP_PIN);
	CHECK_STR(out[1].path, "/a");
	CHECK_INT(out[1].map.id, 8);
	CHECK_STR(out[3].path, "/b");
	CHECK_INT(out[3].map.id, 7);
	e.result = -EPERM;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_INT(out[0].type, EVENT_MAP_UNPIN);
	e.map.address = 0x3000;	/* a program's name */
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 0);
	e.result = 0;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_INT(out[0].map.id, 8);
	e.names.is_dir = true;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_INT(out[0].type, EVENT_FS_CHANGE);
	pins_free(pins);
	pins_free(NULL);
}

static void take_mounts(struct pins *pins, char *text, char *elsewhere)
{
	FILE *f = fmemopen(text, strlen(text), "r");
	FILE *g = elsewhere ? fmemopen(elsewhere, strlen(elsewhere), "r") : NULL;

	pins_take_mounts(pins, f, g);
	fclose(f);
	if (g)
		fclose(g);
}

/* Read anew after the end and before that is told: the path is still known, and once only. */
static void pins_late_umount(void)
{
	struct pins *pins = pins_new();
	struct event e = { .type = EVENT_NAMES,
			   .names = { .op = NAME_UMOUNT, .mount = 3000002, .dev = 95 << 20 } };
	struct event out[PINS_EVENTS];

	CHECK(pins);
	take_mounts(pins,
		    "3000001 1 95:1 / / rw - ext4 x rw\n"
		    "3000002 1 95:0 / /far/bpf rw - bpf x rw\n"
		    "3000003 1 95:0 / /far/other rw - bpf x rw\n",
		    NULL);
	CHECK(pins_mounted(pins, 95 << 20));
	take_mounts(pins,
		    "3000001 1 95:1 / / rw - ext4 x rw\n"
		    "3000003 1 95:0 / /far/other rw - bpf x rw\n",
		    NULL);
	CHECK(pins_mounted(pins, 95 << 20));
	take_mounts(pins, "3000001 1 95:1 / / rw - ext4 x rw\n", NULL);
	CHECK(!pins_mounted(pins, 95 << 20));
	CHECK_INT(pins_show(pins, 95 << 20, "/x", (char[64]){}, 64), 0);
	e.names.on_bpffs = true;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_INT(out[0].type, EVENT_FS_CHANGE);
	CHECK_STR(out[0].path, "/far/bpf");
	e.names.mount = 3000003;
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_STR(out[0].path, "/far/other");
	CHECK_INT(pins_gone(pins), 95 << 20);
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_STR(out[0].path, "/");
	pins_free(pins);
}

/* A mount that only the first process has: named, but its path leads nowhere here. */
static void pins_elsewhere(void)
{
	struct pins *pins = pins_new();
	struct event e = { .type = EVENT_NAMES,
			   .names = { .op = NAME_UMOUNT, .mount = 3000005, .on_bpffs = true } };
	struct event out[PINS_EVENTS];

	CHECK(pins);
	take_mounts(pins, "3000001 1 95:1 / / rw - ext4 x rw\n",
		    "3000004 1 95:1 / / rw - ext4 x rw\n"
		    "3000005 1 96:0 / /far/bpf rw - bpf x rw\n");
	CHECK(!pins_mounted(pins, 96 << 20));
	CHECK_INT(pins_show(pins, 96 << 20, "/x", (char[64]){}, 64), 0);
	CHECK_INT(pins_events(pins, &e, is_map, NULL, out), 1);
	CHECK_STR(out[0].path, "/far/bpf");
	pins_free(pins);
}

int main(void)
{
	RUN(pins_paths);
	RUN(pins_mounts);
	RUN(pins_rename);
	RUN(pins_late_umount);
	RUN(pins_elsewhere);
	return TEST_STATUS();
}
