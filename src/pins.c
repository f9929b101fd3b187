/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and mounts as events; see pins.h. */
#include "pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 4096	/* PATH_MAX of the kernel */

/* The path that a command which still runs has used: few tasks are in one at the same time. */
#define USED 64

struct used {
	uint32_t tid;		/* 0: none */
	uint32_t mount, dev;
	uint64_t map;		/* its address */
	char *names;		/* below the mount, or the file system: "/dir/x" */
};

/* How many mounts are known after their end, until that is told: events of them may be due. */
#define ENDED_MAX 256

/*
 * The mounts are those of bpfmon's own mount namespace; those that have ended follow the others. As a
 * service or in a container it has a namespace of its own, where each mount has another id: then
 * those of the first process, which most others share, follow: they name things, but lead nowhere.
 */
struct pins {
	struct pins_mount *mounts;
	bool apart;		/* the first process has another mount namespace */
	size_t n;
	struct used used[USED];
	uint32_t gone;		/* see pins_gone() */
	char path[PATH_ROOM], path2[PATH_ROOM];
};

/* mountinfo writes these bytes of a path as three octal digits. */
static void unescape(char *text)
{
	char *out = text;
	unsigned int c;

	for (; *text; text++) {
		if (*text == '\\' && strspn(text + 1, "01234567") >= 3 &&
		    sscanf(text + 1, "%3o", &c) == 1) {
			*out++ = (char)c;
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

void pins_mount_fini(struct pins_mount *m)
{
	free(m->path);
	free(m->root);
}

bool pins_parse_mount(const char *line, struct pins_mount *out)
{
	char root[PATH_ROOM], path[PATH_ROOM];
	struct pins_mount m = {};
	unsigned int major, minor;

	if (sscanf(line, "%u %*u %u:%u %4095s %4095s", &m.id, &major, &minor, root, path) != 5)
		return false;
	unescape(root);
	unescape(path);
	m.dev = major << 20 | minor;
	m.is_bpffs = strstr(line, " - bpf ");
	m.path = strdup(path);
	m.root = strdup(root);
	if (!m.path || !m.root) {
		pins_mount_fini(&m);
		return false;
	}
	*out = m;
	return true;
}

/* Takes what `m` holds. */
static void add_mount(struct pins *pins, struct pins_mount *m)
{
	struct pins_mount *mounts = realloc(pins->mounts, (pins->n + 1) * sizeof(*mounts));

	if (!mounts) {
		pins_mount_fini(m);	/* names there get no mount point */
		return;
	}
	pins->mounts = mounts;
	mounts[pins->n++] = *m;
}

static bool is_live(const struct pins_mount *m)
{
	return !m->ended && !m->elsewhere;
}

/* By its id, or if that is 0, the first of a device. */
static const struct pins_mount *find_mount(const struct pins *pins, uint32_t id, uint32_t dev)
{
	for (size_t i = 0; i < pins->n; i++)
		if (id ? pins->mounts[i].id == id : pins->mounts[i].dev == dev)
			return &pins->mounts[i];
	return NULL;
}

/* Of the `n` that were known before, those that are not there any more: behind the others. */
static void keep_ended(struct pins *pins, struct pins_mount *before, size_t n)
{
	size_t live = pins->n, at = 0;

	for (size_t i = 0; i < n; i++) {
		struct pins_mount *m = &before[i];
		size_t tried = 0;

		/* The order is most often the same: next to the one before. */
		while (tried < live && pins->mounts[at % live].id != m->id)
			tried++, at++;
		if (tried < live || pins->n - live == ENDED_MAX) {
			pins_mount_fini(m);
			at++;
			continue;
		}
		m->ended = true;
		add_mount(pins, m);
	}
}

/* Its end was told: nothing else of it comes. */
static void forget_mount(struct pins *pins, uint32_t id)
{
	for (size_t i = 0; i < pins->n; i++) {
		if (pins->mounts[i].id != id || !pins->mounts[i].ended)
			continue;
		pins_mount_fini(&pins->mounts[i]);
		pins->n--;
		memmove(&pins->mounts[i], &pins->mounts[i + 1],
			(pins->n - i) * sizeof(pins->mounts[0]));
		return;
	}
}

static void take_lines(struct pins *pins, FILE *mountinfo, bool elsewhere)
{
	struct pins_mount m;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, mountinfo) > 0) {
		if (!pins_parse_mount(line, &m))
			continue;
		m.elsewhere = elsewhere;
		add_mount(pins, &m);
	}
	free(line);
}

void pins_take_mounts(struct pins *pins, FILE *mountinfo, FILE *elsewhere)
{
	struct pins_mount *before = pins->mounts;
	size_t n = pins->n;

	pins->mounts = NULL;
	pins->n = 0;
	take_lines(pins, mountinfo, false);
	if (elsewhere)
		take_lines(pins, elsewhere, true);
	keep_ended(pins, before, n);
	free(before);
}

void pins_read_mounts(struct pins *pins)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	FILE *elsewhere = f && pins->apart ? fopen("/proc/1/mountinfo", "re") : NULL;

	if (!f)
		return;		/* what was known stays */
	pins_take_mounts(pins, f, elsewhere);
	fclose(f);
	if (elsewhere)
		fclose(elsewhere);
}

/* Not where it may not be looked at. */
static bool is_apart(void)
{
	struct stat self, first;

	return !stat("/proc/self/ns/mnt", &self) && !stat("/proc/1/ns/mnt", &first) &&
	       self.st_ino != first.st_ino;
}

struct pins *pins_new(void)
{
	struct pins *pins = calloc(1, sizeof(*pins));

	if (!pins)
		return NULL;
	pins->apart = is_apart();
	pins_read_mounts(pins);
	return pins;
}

void pins_free(struct pins *pins)
{
	if (!pins)
		return;
	for (size_t i = 0; i < pins->n; i++)
		pins_mount_fini(&pins->mounts[i]);
	free(pins->mounts);
	for (size_t i = 0; i < USED; i++)
		free(pins->used[i].names);
	free(pins);
}

size_t pins_path(const char *root, const char *names, size_t names_len, char *out, size_t room)
{
	size_t len = strlen(root), end = names_len;

	if (len + names_len + 2 > room)
		return 0;
	memcpy(out, root, len);
	while (len && out[len - 1] == '/')
		len--;
	while (end) {
		size_t start = end - 1, n;

		while (start && names[start - 1])
			start--;
		n = end - 1 - start;
		out[len++] = '/';
		memcpy(out + len, names + start, n);
		len += n;
		end = start;
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return len;
}

/* Where a mount is by its id, or a file system by its device. */
static const char *mount_of(struct pins *pins, uint32_t id, uint32_t dev)
{
	const struct pins_mount *m = find_mount(pins, id, dev);

	if (!m || m->ended) {
		pins_read_mounts(pins);
		m = find_mount(pins, id, dev);
	}
	return m ? m->path : "";	/* in another mount namespace: the path below that mount */
}

/* ---- names of a file system, whatever mount shows them ---- */

/* What of `path` is below `dir`: "" or "/..."; NULL: it is not. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) || (path[n] && path[n] != '/') ? NULL : path + n;
}

/* The first mount of the file system whose `from` leads to the name: there it is at its `to`. */
static size_t translate(const struct pins *pins, uint32_t dev, bool to_path, const char *name,
			char *out, size_t room)
{
	for (size_t i = 0; i < pins->n; i++) {
		const struct pins_mount *m = &pins->mounts[i];
		const char *from = to_path ? m->root : m->path, *to = to_path ? m->path : m->root;
		const char *rest = m->dev == dev && is_live(m) ? below(name, from) : NULL;
		int len;

		if (!rest)
			continue;
		len = snprintf(out, room, "%.*s%s", (int)(strcmp(to, "/") ? strlen(to) : !*rest),
			       to, rest);
		return len > 0 && (size_t)len < room ? (size_t)len : 0;
	}
	return 0;
}

size_t pins_show(const struct pins *pins, uint32_t dev, const char *inner, char *out, size_t room)
{
	return translate(pins, dev, true, inner, out, room);
}

size_t pins_inner(const struct pins *pins, uint32_t dev, const char *path, char *out, size_t room)
{
	return translate(pins, dev, false, path, out, room);
}

bool pins_mounted(const struct pins *pins, uint32_t dev)
{
	const struct pins_mount *m = find_mount(pins, 0, dev);

	return m && is_live(m);
}

uint32_t pins_gone(const struct pins *pins)
{
	return pins->gone;
}

/* Before what is mounted is read anew: the next one may have its device. */
static bool is_last_mount(const struct pins *pins, const struct event_names *names)
{
	bool seen = false;

	for (size_t i = 0; i < pins->n; i++) {
		if (pins->mounts[i].dev != names->dev)
			continue;
		if (pins->mounts[i].id != names->mount)
			return false;
		seen = true;
	}
	return seen;
}

/* ---- paths of bpf(2) ---- */

static void note_used(struct pins *pins, const struct event *e)
{
	struct used *u = &pins->used[e->task.tid & (USED - 1)];

	free(u->names);
	*u = (struct used){ e->task.tid, e->names.mount, e->names.dev, e->map.address, NULL };
	if (pins_path("", e->names.path, e->names.path_len, pins->path, PATH_ROOM))
		u->names = strdup(pins->path);
}

/* "ROOT/names" is what the path says. */
static bool path_is(const struct event *e, const char *root, const char *names)
{
	size_t n = strlen(root), len = strlen(names);

	while (n && root[n - 1] == '/')
		n--;
	return e->path_len == n + len && !memcmp(e->path, root, n) &&
	       !memcmp(e->path + n, names, len);
}

static bool path_ends_with(const struct event *e, const char *names)
{
	size_t len = strlen(names);

	return e->path_len >= len && !memcmp(e->path + e->path_len - len, names, len);
}

void pins_path_used(struct pins *pins, struct event *e)
{
	struct used *u = &pins->used[e->task.tid & (USED - 1)];
	const char *root;

	if (!e->path || u->tid != e->task.tid)
		return;
	u->tid = 0;	/* of this command, whatever became of it */
	if (e->result || u->map != e->map.address || !u->names)
		return;
	root = mount_of(pins, u->mount, u->dev);
	/* Any mount of the file system that the caller may have named it by. */
	for (size_t i = 0; i < pins->n; i++)
		if (!u->mount && pins->mounts[i].dev == u->dev &&
		    path_is(e, pins->mounts[i].path, u->names))
			return;
	/* A mount that is not in bpfmon's namespace: the caller may name what is below it. */
	if (!root[0] && path_ends_with(e, u->names))
		return;
	if (!strcmp(root, "/"))
		root = "";
	e->path_len = (size_t)snprintf(pins->path, PATH_ROOM, "%s%s", root, u->names);
	if (e->path_len >= PATH_ROOM)
		e->path_len = PATH_ROOM - 1;
	e->path = pins->path;
}

/* ---- changes ---- */

static bool leads_to_bpffs(const struct pins *pins, const char *path)
{
	for (size_t i = 0; i < pins->n; i++)
		if (pins->mounts[i].is_bpffs && !pins->mounts[i].ended &&
		    below(pins->mounts[i].path, path))
			return true;
	return false;
}

/* A mount matters on a bpf file system, of one, or over a directory that leads to one. */
static bool mount_matters(struct pins *pins, const struct event_names *names, const char *path)
{
	bool matters = names->on_bpffs || leads_to_bpffs(pins, path);

	pins_read_mounts(pins);
	return matters || leads_to_bpffs(pins, path);
}

static size_t mount_events(struct pins *pins, const struct event *e, struct event *out)
{
	size_t len = pins_path(mount_of(pins, e->names.mount, 0), e->names.path, e->names.path_len,
			       pins->path, PATH_ROOM);
	bool umount = e->names.op == NAME_UMOUNT && !e->result;
	bool last = umount && is_last_mount(pins, &e->names);
	bool matters = len && mount_matters(pins, &e->names, pins->path);

	if (umount && (last || !pins_mounted(pins, e->names.dev)))
		pins->gone = e->names.dev;
	if (umount)
		forget_mount(pins, e->names.mount);
	if (!matters)
		return 0;
	*out = *e;
	out->type = EVENT_FS_CHANGE;
	out->name_op = e->names.op;
	out->path = pins->path;
	out->path_len = len;
	return 1;
}

static void put_name(struct event *out, const struct event *e, enum event_type type,
		     enum event_name_op op, const char *path)
{
	*out = *e;
	out->type = type;
	out->name_op = op;
	out->path = path;
	out->path_len = strlen(path);
}

static void set_path2(struct event *out, const char *path)
{
	out->path2 = path;
	out->path2_len = strlen(path);
}

/* A rename that succeeded took a name from one map, maybe from another, and gave it to the first. */
static size_t rename_events(struct pins *pins, const struct event *e, bool replaced,
			    struct event out[PINS_EVENTS])
{
	size_t n = 0;

	if (replaced && !e->result && e->names.exchange) {
		put_name(&out[n], e, EVENT_MAP_UNPIN, NAME_RENAME, pins->path2);
		out[n].map = e->over;
		set_path2(&out[n++], pins->path);
		put_name(&out[n], e, EVENT_MAP_PIN, NAME_RENAME, pins->path);
		out[n].map = e->over;
		set_path2(&out[n++], pins->path2);
	} else if (replaced && !e->result) {
		put_name(&out[n], e, EVENT_MAP_UNPIN, NAME_REPLACE, pins->path2);
		out[n++].map = e->over;
	}
	put_name(&out[n], e, EVENT_MAP_UNPIN, NAME_RENAME, pins->path);
	set_path2(&out[n++], pins->path2);
	if (e->result)
		return n;
	put_name(&out[n], e, EVENT_MAP_PIN, NAME_RENAME, pins->path2);
	set_path2(&out[n++], pins->path);
	return n;
}

size_t pins_events(struct pins *pins, const struct event *e,
		   bool (*is_map)(void *context, const struct event_map *map), void *context,
		   struct event out[PINS_EVENTS])
{
	const struct event_names *names = &e->names;
	bool known = e->map.known && is_map(context, &e->map);
	const char *root;

	pins->gone = 0;
	if (names->op == NAME_PIN || names->op == NAME_OPEN) {
		note_used(pins, e);
		return 0;
	}
	if (names->mount)
		return mount_events(pins, e, out);
	root = mount_of(pins, 0, names->dev);
	pins->path[0] = pins->path2[0] = '\0';
	pins_path(root, names->path, names->path_len, pins->path, PATH_ROOM);
	pins_path(root, names->path2, names->path2_len, pins->path2, PATH_ROOM);
	if (names->is_dir) {
		put_name(out, e, EVENT_FS_CHANGE, names->op, pins->path);
		if (names->op == NAME_RENAME)
			set_path2(out, pins->path2);
		return 1;
	}
	if (names->op == NAME_RENAME) {
		bool replaced = e->over.known && is_map(context, &e->over);

		if (known)
			return rename_events(pins, e, replaced, out);
		if (!replaced || e->result)
			return 0;
		/* A program's or a link's name took a map's place. */
		put_name(out, e, EVENT_MAP_UNPIN, NAME_REPLACE, pins->path2);
		out->map = e->over;
		return 1;
	}
	if (!known)
		return 0;
	if (names->op == NAME_LINK) {
		put_name(out, e, EVENT_MAP_PIN, NAME_LINK, pins->path2);
		set_path2(out, pins->path);
	} else {
		put_name(out, e, names->op == NAME_CHMOD ? EVENT_MAP_CHMOD : EVENT_MAP_UNPIN,
			 names->op, pins->path);
	}
	return 1;
}
