/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pins of maps; see pinwalk.h. */
#include "inventory/pinwalk.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fdinfo.h"
#include "pins.h"

#define DEPTH_MAX 64	/* of directories: a descriptor each while walking */

/* A mounted part of a file system. */
struct part {
	struct pins_mount mount;
	uint32_t pid;	/* whose mount namespace; 0: this process's */
	bool walked;
};

struct walk {
	struct inventory *inv;
	pinwalk_each *each;	/* NULL: what is pinned becomes the inventory's */
	void *context;
	struct part *parts;
	size_t n_parts;
	uint64_t *namespaces;	/* inode numbers of those that were looked at */
	size_t n_namespaces;
	/* Of the part that is being walked. */
	const struct part *part;
	char path[PATH_MAX];	/* where we are, as it can be opened here */
	char inner[PATH_MAX];	/* the same from the root of the file system */
	int err;
};

/* ---- one pin ---- */

/* The id of the map behind it; 0: something else is pinned there; or a negative errno. */
static int64_t id_at(const char *path)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get_opts(path, &opts), err;
	struct fdinfo info = {};
	char fdinfo[64];

	/* A link can't be opened for reading only. */
	if (fd < 0)
		return errno == EINVAL ? 0 : -errno;
	snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", fd);
	err = fdinfo_read(fdinfo, &info);
	close(fd);
	return err ? err : (int64_t)info.map_id;
}

/* The kernel refuses any other file as it refuses one that may not be opened. */
static bool is_other_file(const char *path)
{
	struct statfs st;

	return !statfs(path, &st) && st.f_type != BPF_FS_MAGIC;
}

int pinwalk_map_id(const char *path, uint32_t *id, char *why, size_t why_size)
{
	int64_t found = id_at(path);

	if (found > 0) {
		*id = (uint32_t)found;
		return 0;
	}
	if (found == -EACCES && is_other_file(path))
		found = 0;
	if (found == -EPERM || found == -EACCES) {
		snprintf(why, why_size, "not permitted to open %s; run as root", path);
		return -EPERM;
	}
	if (found)
		snprintf(why, why_size, "no map is pinned at %s: %s", path, strerror((int)-found));
	else
		snprintf(why, why_size, "%s is not a pinned map", path);
	return -EINVAL;
}

static void add_pin(struct walk *w, const struct stat *st, const struct stat *dir, uint32_t search)
{
	int64_t id = w->each ? 0 : id_at(w->path);
	struct inv_map *m = id > 0 ? inventory_find(w->inv, (uint32_t)id) : NULL;
	struct inv_pin *pins;

	if (id < 0 && id != -ENOENT)
		inventory_gap(w->inv, "%s cannot be opened: %s", w->path, strerror((int)-id));
	if (w->each)
		w->each(w->context, w->path, st, dir);
	if (!m)
		return;
	pins = inventory_grow(m->pins, m->n_pins, sizeof(*pins));
	if (!pins) {
		w->err = -ENOMEM;
		return;
	}
	m->pins = pins;
	pins[m->n_pins].path = strdup(w->path);
	if (!pins[m->n_pins].path) {
		w->err = -ENOMEM;
		return;
	}
	pins[m->n_pins].mode = st->st_mode & 07777;
	pins[m->n_pins].uid = st->st_uid;
	pins[m->n_pins].gid = st->st_gid;
	pins[m->n_pins].dir_mode = dir->st_mode & 07777;
	pins[m->n_pins].dir_uid = dir->st_uid;
	pins[m->n_pins].search = search;
	m->n_pins++;
}

/* ---- one file system ---- */

static uint32_t dev_of(const struct stat *st)
{
	return major(st->st_dev) << 20 | minor(st->st_dev);
}

/* Appends "/name" to both paths; false: too long. */
static bool enter(struct walk *w, const char *name)
{
	size_t path = strlen(w->path), inner = strlen(w->inner), n = strlen(name);

	if (path + n + 2 > sizeof(w->path) || inner + n + 2 > sizeof(w->inner))
		return false;
	if (!path || w->path[path - 1] != '/')
		w->path[path++] = '/';
	if (!inner || w->inner[inner - 1] != '/')
		w->inner[inner++] = '/';
	memcpy(w->path + path, name, n + 1);
	memcpy(w->inner + inner, name, n + 1);
	return true;
}

/* Another mount of the same file system showed this directory already. */
static bool is_walked(const struct walk *w)
{
	for (size_t i = 0; i < w->n_parts; i++) {
		const struct part *p = &w->parts[i];
		size_t n = strlen(p->mount.root);

		if (!p->walked || p->mount.dev != w->part->mount.dev)
			continue;
		while (n && p->mount.root[n - 1] == '/')
			n--;
		if (!strncmp(w->inner, p->mount.root, n) && (!w->inner[n] || w->inner[n] == '/'))
			return true;
	}
	return false;
}

/* `search` is what the modes of the directories above share. */
static void walk_dir(struct walk *w, int fd, unsigned int depth, uint32_t search)
{
	size_t path = strlen(w->path), inner = strlen(w->inner);
	struct stat dir, st;
	struct dirent *entry;
	DIR *stream;

	if (fstat(fd, &dir) || dev_of(&dir) != w->part->mount.dev || is_walked(w) ||
	    !(stream = fdopendir(fd))) {
		close(fd);
		return;
	}
	search &= dir.st_mode;
	while (!w->err && (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!enter(w, entry->d_name) || depth == DEPTH_MAX) {
			inventory_gap(w->inv, "what lies deeper than %s was not looked at",
				      w->path);
		} else if (S_ISREG(st.st_mode)) {
			add_pin(w, &st, &dir, search);
		} else if (S_ISDIR(st.st_mode)) {
			int below = openat(fd, entry->d_name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				walk_dir(w, below, depth + 1, search);
		}
		w->path[path] = '\0';
		w->inner[inner] = '\0';
	}
	closedir(stream);
}

static void walk_part(struct walk *w, struct part *part)
{
	struct stat st;
	int fd;

	w->part = part;
	if (part->pid)
		snprintf(w->path, sizeof(w->path), "/proc/%u/root%s", part->pid, part->mount.path);
	else
		snprintf(w->path, sizeof(w->path), "%s", part->mount.path);
	snprintf(w->inner, sizeof(w->inner), "%s", part->mount.root);
	fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* Something else is mounted over it: see untold(). */
	if (fstat(fd, &st) || dev_of(&st) != part->mount.dev) {
		close(fd);
		return;
	}
	walk_dir(w, fd, 0, 07777);
	part->walked = true;
}

/* A file system that no path leads to: its pins are there all the same. */
static void untold(struct walk *w)
{
	for (size_t i = 0; i < w->n_parts; i++) {
		const struct part *p = &w->parts[i];
		bool told = false;

		for (size_t j = 0; j < w->n_parts; j++)
			told |= w->parts[j].mount.dev == p->mount.dev &&
				(w->parts[j].walked || j < i);
		if (!told)
			inventory_gap(
				w->inv,
				"pins on the bpf file system at %s are not known: another mount covers it",
				p->mount.path);
	}
}

/* ---- all of them ---- */

static void add_part(struct walk *w, const char *line, uint32_t pid)
{
	struct part *parts;
	struct pins_mount m;

	if (!pins_parse_mount(line, &m))
		return;
	parts = m.is_bpffs ? inventory_grow(w->parts, w->n_parts, sizeof(*parts)) : NULL;
	if (!parts) {
		w->err = m.is_bpffs ? -ENOMEM : 0;
		pins_mount_fini(&m);
		return;
	}
	w->parts = parts;
	parts[w->n_parts++] = (struct part){ .mount = m, .pid = pid };
}

static void add_mounts(struct walk *w, const char *path, uint32_t pid)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (f && !w->err && getline(&line, &size, f) > 0)
		add_part(w, line, pid);
	free(line);
	if (f)
		fclose(f);
}

/* The mount namespace of a process, if it is one that was not looked at yet. */
static bool is_new_namespace(struct walk *w, const char *path)
{
	uint64_t *list;
	struct stat st;

	if (stat(path, &st))
		return false;
	for (size_t i = 0; i < w->n_namespaces; i++)
		if (w->namespaces[i] == st.st_ino)
			return false;
	list = inventory_grow(w->namespaces, w->n_namespaces, sizeof(*list));
	if (!list) {
		w->err = -ENOMEM;
		return false;
	}
	w->namespaces = list;
	list[w->n_namespaces++] = st.st_ino;
	return true;
}

static void add_all_mounts(struct walk *w)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	is_new_namespace(w, "/proc/self/ns/mnt");
	add_mounts(w, "/proc/self/mountinfo", 0);
	dir = opendir("/proc");
	while (dir && !w->err && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/ns/mnt", entry->d_name);
		if (!is_new_namespace(w, path))
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/mountinfo", entry->d_name);
		add_mounts(w, path, (uint32_t)strtoul(entry->d_name, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

int pinwalk_gather(struct inventory *inv)
{
	return pinwalk_files(inv, NULL, NULL);
}

int pinwalk_files(struct inventory *inv, pinwalk_each *each, void *context)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->inv = inv;
	w->each = each;
	w->context = context;
	add_all_mounts(w);
	for (size_t i = 0; !w->err && i < w->n_parts; i++)
		walk_part(w, &w->parts[i]);
	untold(w);
	for (size_t i = 0; i < w->n_parts; i++)
		pins_mount_fini(&w->parts[i].mount);
	free(w->parts);
	free(w->namespaces);
	err = w->err;
	free(w);
	return err;
}
