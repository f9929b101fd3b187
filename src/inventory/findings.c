/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Findings; see findings.h. What the kernel checks, that they rest on:
 * - map_get_sys_perms(): bpf(2) writes neither a frozen map nor by a descriptor that is not
 *   open for writing. A BPF program's writes are stopped by BPF_F_RDONLY_PROG alone.
 * - bpf_map_mmap(): no writable mapping of a map that is frozen or BPF_F_RDONLY_PROG.
 * - bpf_map_get_fd_by_id(): asks for CAP_SYS_ADMIN, not for rights on a pin.
 * - bpf_obj_get_user(): a pin is opened by its mode and owner, as a file is.
 */
#include "inventory/findings.h"

#include <linux/bpf.h>
#include <string.h>

#include "maptype.h"

struct list {
	const struct inv_map *map;
	void (*each)(void *context, const char *name, const char *text);
	void *context;
	struct buf text;	/* of the finding that is being put together */
};

static void add(struct list *l, const char *name)
{
	buf_bytes(&l->text, "", 1);
	if (!l->text.failed)
		l->each(l->context, name, l->text.data);
	l->text.len = 0;
}

/* Whether bpf(2) has a command that changes elements of this type. */
static bool has_writes(const struct inv_map *m)
{
	const struct maptype *type = maptype_find(m->type);

	return type->hooks[MAPTYPE_SYS_UPDATE] || type->hooks[MAPTYPE_SYS_DELETE] ||
	       type->hooks[MAPTYPE_SYS_TAKE];
}

static bool programs_can_write(const struct inv_map *m)
{
	const struct maptype *type = maptype_find(m->type);

	return type->shape & MAPTYPE_STORES || type->hooks[MAPTYPE_PROG_UPDATE] ||
	       type->hooks[MAPTYPE_PROG_DELETE] || type->hooks[MAPTYPE_PROG_TAKE];
}

static bool can_be_mapped_to_write(const struct inv_map *m)
{
	return (m->flags & BPF_F_MMAPABLE || m->type == BPF_MAP_TYPE_RINGBUF ||
		m->type == BPF_MAP_TYPE_USER_RINGBUF) &&
	       !(m->flags & BPF_F_RDONLY_PROG) && !m->frozen;
}

/* ---- who may write ---- */

static void about_freezing(struct list *l)
{
	const struct inv_map *m = l->map;

	if (m->frozen || !has_writes(m))
		return;
	if (m->flags & BPF_F_RDONLY_PROG) {
		buf_str(&l->text, "programs can only read it, but it is not frozen: "
				  "bpf(2) can still change it under them");
		add(l, "read_only_not_frozen");
		return;
	}
	buf_str(&l->text, "it is not frozen: bpf(2) can change it");
	add(l, "not_frozen");
}

static void about_programs(struct list *l)
{
	const struct inv_map *m = l->map;

	if (!m->n_progs || m->flags & BPF_F_RDONLY_PROG || !programs_can_write(m))
		return;
	buf_printf(&l->text, "%zu program%s it, and no BPF_F_RDONLY_PROG keeps %s from writing%s",
		   m->n_progs, m->n_progs == 1 ? " uses" : "s use", m->n_progs == 1 ? "it" : "them",
		   m->frozen ? ", although it is frozen" : "");
	add(l, "programs_may_write");
}

static void about_id(struct list *l)
{
	const struct inv_map *m = l->map;
	bool writes = !m->frozen && (has_writes(m) || can_be_mapped_to_write(m));

	if (m->hidden)
		return;	/* what bpf(2) does with its id is not known */
	buf_printf(&l->text, "any process with CAP_SYS_ADMIN can open it by its id %u", m->id);
	/* What can be done with a type that is not known here is not known either. */
	if (maptype_name(m->type))
		buf_str(&l->text, writes ? ", to read and to write" : ", to read");
	add(l, !maptype_name(m->type) ? "open_by_id" : writes ? "write_by_id" : "read_by_id");
}

/* ---- pins ---- */

static void put_path(struct list *l, const struct inv_pin *pin)
{
	buf_str(&l->text, "the pin ");
	buf_safe(&l->text, pin->path, strlen(pin->path));
}

static void about_pin(struct list *l, const struct inv_pin *pin)
{
	bool sticky = pin->dir_mode & 01000;
	/* A frozen map can be opened to write, and then not be written. */
	bool writes = pin->mode & 0002 && !l->map->frozen;

	if (writes || pin->mode & 0004) {
		put_path(l, pin);
		buf_printf(&l->text, " has mode %04o, which lets every user open it to %s%s",
			   pin->mode, writes ? "write" : "read",
			   pin->search & 0001 ? "" : "; a directory above keeps others out");
		add(l, writes ? "pin_world_writable" : "pin_world_readable");
	}
	if (pin->mode & 0020 && !l->map->frozen) {
		put_path(l, pin);
		buf_printf(&l->text, " has mode %04o, which lets group %u open it to write",
			   pin->mode, pin->gid);
		add(l, "pin_group_writable");
	}
	if (pin->uid) {
		put_path(l, pin);
		buf_printf(&l->text, " belongs to uid %u, not to root", pin->uid);
		add(l, "pin_not_root");
	}
	if (pin->dir_mode & 0022 && !sticky) {
		put_path(l, pin);
		buf_printf(&l->text,
			   " is in a directory with mode %04o: %s may remove or replace it",
			   pin->dir_mode, pin->dir_mode & 0002 ? "every user" : "its group");
		add(l, "pin_replaceable");
	}
	if (pin->dir_uid && pin->dir_uid != pin->uid) {
		put_path(l, pin);
		buf_printf(&l->text, " is in a directory of uid %u, who may remove or replace it",
			   pin->dir_uid);
		add(l, "pin_dir_of_other");
	}
}

/* ---- processes ---- */

static bool owns_a_pin(const struct inv_map *m, uint32_t uid)
{
	for (size_t i = 0; i < m->n_pins; i++)
		if (m->pins[i].uid == uid)
			return true;
	return false;
}

static void put_process(struct list *l, const struct inv_process *p)
{
	buf_safe(&l->text, p->comm, sizeof(p->comm));
	buf_printf(&l->text, "[%u]", p->pid);
	if (p->uid != UINT32_MAX)
		buf_printf(&l->text, " of uid %u", p->uid);
}

static void about_process(struct list *l, const struct inv_process *p)
{
	const struct inv_map *m = l->map;

	if (p->mmap_mode & INV_WRITE) {
		put_process(l, p);
		buf_str(&l->text, " has its memory mapped to write: "
				  "what it stores there passes no function of the kernel");
		add(l, "mapped_writable");
	}
	if (m->n_pins && p->fds && p->uid != UINT32_MAX && !owns_a_pin(m, p->uid)) {
		put_process(l, p);
		buf_printf(&l->text, ", who owns none of its pins, has it open to %s",
			   p->fd_mode & INV_WRITE && !m->frozen ? "write" : "read");
		add(l, "held_by_other");
	}
}

/* ---- what a write to this type does ---- */

static void about_type(struct list *l)
{
	static const struct {
		uint32_t type;
		const char *name, *text;
	} consequences[] = {
		{ BPF_MAP_TYPE_PROG_ARRAY, "tail_calls",
		  "who writes it cuts tail calls or leads them to other programs" },
		{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "output_slots",
		  "who deletes its slots silences what programs put out" },
		{ BPF_MAP_TYPE_RINGBUF, "output_ring",
		  "who opens it to write can move the reader's position: records vanish" },
		{ BPF_MAP_TYPE_USER_RINGBUF, "input_ring",
		  "who opens it to write can feed programs records" },
		{ BPF_MAP_TYPE_ARRAY_OF_MAPS, "inner_maps",
		  "who writes it puts other maps in the place of the inner ones" },
		{ BPF_MAP_TYPE_HASH_OF_MAPS, "inner_maps",
		  "who writes it puts other maps in the place of the inner ones" },
		{ BPF_MAP_TYPE_LRU_HASH, "evictions",
		  "who writes many elements pushes others out" },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, "evictions",
		  "who writes many elements pushes others out" },
		{ BPF_MAP_TYPE_DEVMAP, "redirects", "who writes it redirects packets" },
		{ BPF_MAP_TYPE_DEVMAP_HASH, "redirects", "who writes it redirects packets" },
		{ BPF_MAP_TYPE_XSKMAP, "redirects", "who writes it redirects packets" },
		{ BPF_MAP_TYPE_CPUMAP, "redirects", "who writes it redirects packets" },
		{ BPF_MAP_TYPE_SOCKMAP, "redirects", "who writes it redirects what sockets send" },
		{ BPF_MAP_TYPE_SOCKHASH, "redirects", "who writes it redirects what sockets send" },
		{ BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, "redirects",
		  "who writes it redirects connections" },
		{ BPF_MAP_TYPE_STRUCT_OPS, "struct_ops",
		  "who deletes its element unregisters the structure, unless a link holds it" },
	};
	const struct inv_map *m = l->map;

	for (size_t i = 0; !m->frozen && i < sizeof(consequences) / sizeof(consequences[0]); i++) {
		if (consequences[i].type != m->type)
			continue;
		buf_str(&l->text, consequences[i].text);
		add(l, consequences[i].name);
	}
	if (can_be_mapped_to_write(m) && m->flags & BPF_F_MMAPABLE) {
		buf_str(&l->text, "who opens it to write can map its memory "
				  "and store there past every function of the kernel");
		add(l, "mmapable");
	}
}

void findings_of(const struct inv_map *map,
		 void (*each)(void *context, const char *name, const char *text), void *context)
{
	struct list l = { .map = map, .each = each, .context = context };

	if (map->hidden) {
		buf_str(&l.text, "the kernel has it, but bpf(2) does not list it");
		add(&l, "hidden");
	}
	about_freezing(&l);
	about_programs(&l);
	for (size_t i = 0; i < map->n_pins; i++)
		about_pin(&l, &map->pins[i]);
	for (size_t i = 0; i < map->n_processes; i++)
		about_process(&l, &map->processes[i]);
	about_type(&l);
	about_id(&l);
	buf_fini(&l.text);
}
