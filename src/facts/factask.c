/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pins, programs and maps as bpf(2) and the bpf file systems tell; see factask.h. */
#include "facts/factask.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "inventory/pinwalk.h"

static void set_file(const struct stat *st, struct learn_file *file)
{
	*file = (struct learn_file){ major(st->st_dev) << 20 | minor(st->st_dev), st->st_ino };
}

struct walk {
	void (*each)(void *to, const char *path, const struct learn_file *file);
	void *to;
};

static void walk_file(void *context, const char *path, const struct stat *st,
		      const struct stat *dir)
{
	struct walk *w = context;
	struct learn_file file;

	(void)dir;
	set_file(st, &file);
	w->each(w->to, path, &file);
}

static int ask_walk(void *context,
		    void (*each)(void *to, const char *path, const struct learn_file *file),
		    void *to)
{
	struct inventory *inv = calloc(1, sizeof(*inv));
	struct walk w = { each, to };
	int err;

	(void)context;
	if (!inv)
		return -ENOMEM;
	err = pinwalk_files(inv, walk_file, &w);
	inventory_free(inv);
	return err;
}

static int ask_file(void *context, const char *path, struct learn_file *file)
{
	struct stat st;

	(void)context;
	if (lstat(path, &st))
		return -errno;
	set_file(&st, file);
	return 0;
}

static int ask_pinned(void *context, const char *path, uint32_t *map)
{
	char why[512];

	(void)context;
	return pinwalk_map_id(path, map, why, sizeof(why));
}

static int ask_map(void *context, uint32_t map, struct event_inner *inner)
{
	int fd = inventory_open(map), err;
	struct inv_map m;

	(void)context;
	if (fd < 0)
		return fd;
	err = inventory_read(fd, &m);
	close(fd);
	if (!err)
		*inner = (struct event_inner){ m.type, m.key_size, m.value_size, m.max_entries,
					       m.flags };
	return err;
}

static int read_maps(int fd, uint32_t **maps, uint32_t *n)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info), room;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	room = info.nr_map_ids;
	*maps = calloc(room + 1, sizeof(**maps));
	if (!*maps)
		return -ENOMEM;
	info = (struct bpf_prog_info){ .nr_map_ids = room, .map_ids = (uintptr_t)*maps };
	len = sizeof(info);
	if (room && bpf_obj_get_info_by_fd(fd, &info, &len)) {
		free(*maps);
		return -errno;
	}
	*n = info.nr_map_ids < room ? info.nr_map_ids : room;
	return 0;
}

static int ask_prog(void *context, uint32_t prog, uint32_t **maps, uint32_t *n)
{
	int fd = bpf_prog_get_fd_by_id(prog), err;

	(void)context;
	if (fd < 0)
		return -errno;
	err = read_maps(fd, maps, n);
	close(fd);
	return err;
}

static int ask_next_prog(void *context, uint32_t prog, uint32_t *next)
{
	(void)context;
	return bpf_prog_get_next_id(prog, next) ? -errno : 0;
}

const struct learn_source factask_kernel = {
	.walk = ask_walk,
	.file = ask_file,
	.pinned = ask_pinned,
	.map = ask_map,
	.prog = ask_prog,
	.next_prog = ask_next_prog,
};
