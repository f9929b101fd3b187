/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The object behind a value: the program, map, perf event, cgroup, socket, device or CPU that a
 * slot of a map of descriptors refers to. User memory has a number only, which means nothing to
 * who reads it later.
 *
 * What the kernel itself took, not what a descriptor is a moment later: descriptors become objects
 * in functions of their own (map_fd_get_ptr of struct bpf_map_ops and its like), and leave a map
 * through others (map_fd_put_ptr). Hooks there note the object in the slot of the task, and the
 * hook on the operation takes it from there, if the operation succeeded. Where there are no such
 * functions, the map is read: before the operation, and after it if it still holds what was put.
 */
#ifndef BPFMON_OBJECT_BPF_H
#define BPFMON_OBJECT_BPF_H

#include "fd.bpf.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2u
#define AF_INET6 10u

/* ---- facts of each kind ---- */

static __always_inline void named_prog(struct wire_named *out, struct bpf_prog *prog)
{
	out->id = BPF_CORE_READ(prog, aux, id);
	out->type = BPF_CORE_READ(prog, type);
	BPF_CORE_READ_INTO(&out->name, prog, aux, name);
}

static __always_inline void note_program(struct wire_object *o, struct bpf_prog *prog)
{
	o->kind = WIRE_OBJECT_PROGRAM;
	named_prog(&o->named, prog);
}

static __always_inline void note_map(struct wire_object *o, struct bpf_map *map)
{
	o->kind = WIRE_OBJECT_MAP;
	o->named.id = BPF_CORE_READ(map, id);
	o->named.type = BPF_CORE_READ(map, map_type);
	BPF_CORE_READ_INTO(&o->named.name, map, name);
}

static __always_inline void note_perf(struct wire_object *o, struct bpf_event_entry *entry)
{
	struct perf_event *event = BPF_CORE_READ(entry, event);

	o->kind = WIRE_OBJECT_PERF_EVENT;
	o->perf.type = BPF_CORE_READ(event, attr.type);
	o->perf.config = BPF_CORE_READ(event, attr.config);
	o->perf.cpu = BPF_CORE_READ(event, cpu);
}

/* The path comes with the record: put_cgroup_path(). */
static __always_inline void note_cgroup(struct wire_object *o, struct cgroup *cgroup)
{
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);

	o->kind = WIRE_OBJECT_CGROUP;
	o->cgroup.id = BPF_CORE_READ(node, id);
	o->cgroup.node = (u64)node;
	o->cgroup.path_len = o->cgroup.has_path = 0;
}

static __always_inline void note_socket(struct wire_object *o, struct sock *sk)
{
	__builtin_memset(o, 0, sizeof(*o));
	o->kind = WIRE_OBJECT_SOCKET;
	o->socket.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	o->socket.protocol = BPF_CORE_READ(sk, sk_protocol);
	if (o->socket.family != AF_INET && o->socket.family != AF_INET6)
		return;
	o->socket.local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	o->socket.remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (o->socket.family == AF_INET) {
		bpf_core_read(o->socket.local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(o->socket.remote, 4, &sk->__sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		bpf_core_read(o->socket.local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(o->socket.remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

/* An AF_XDP socket. */
static __always_inline void note_xsk(struct wire_object *o, struct xdp_sock *xs)
{
	note_socket(o, (void *)xs);
	o->number = BPF_CORE_READ(xs, dev, ifindex);
	o->socket.queue = BPF_CORE_READ(xs, queue_id);
}

static __always_inline void note_target(struct wire_object *o, u32 kind, u32 number,
					struct bpf_prog *prog)
{
	__builtin_memset(o, 0, sizeof(*o));
	o->kind = kind;
	o->number = number;
	if (prog)
		named_prog(&o->target.program, prog);
}

static __always_inline void note_netdev(struct wire_object *o, struct bpf_dtab_netdev *entry)
{
	struct net_device *dev = BPF_CORE_READ(entry, dev);

	note_target(o, WIRE_OBJECT_NETDEV, BPF_CORE_READ(dev, ifindex),
		    BPF_CORE_READ(entry, xdp_prog));
	BPF_CORE_READ_INTO(&o->target.name, dev, name);
}

static __always_inline void note_cpu(struct wire_object *o, struct bpf_cpu_map_entry *entry)
{
	note_target(o, WIRE_OBJECT_CPU, BPF_CORE_READ(entry, cpu), BPF_CORE_READ(entry, prog));
	o->target.qsize = BPF_CORE_READ(entry, value.qsize);
}

/* ---- noted on the way ---- */

/*
 * The slot of the bpf(2) command that the running task is in. Programs that interrupt it write
 * sockets into maps, too; other descriptors only bpf(2) does.
 */
static __always_inline struct slot *object_slot(const u32 kind)
{
	struct slot *s = slot_find(bpf_get_current_pid_tgid());

	if (kind == WIRE_OBJECT_SOCKET && context() != WIRE_CONTEXT_TASK)
		return NULL;
	return s && s->cmd < CMD_RECEIVE ? s : NULL;
}

/* The kernel empties a slot of an array on its own: a place to note it until the hook on that. */
static __always_inline struct slot *gone_slot(void)
{
	if (!gone_is_taken || state != STATE_ON || context() != WIRE_CONTEXT_TASK ||
	    slot_find(bpf_get_current_pid_tgid()))
		return NULL;
	return slot_mark(CMD_GONE);
}

static __always_inline void note_object(struct wire_object *o, void *object, const u32 kind)
{
	if (kind == WIRE_OBJECT_PROGRAM)
		note_program(o, object);
	else if (kind == WIRE_OBJECT_MAP)
		note_map(o, object);
	else if (kind == WIRE_OBJECT_PERF_EVENT)
		note_perf(o, object);
	else if (kind == WIRE_OBJECT_CGROUP)
		note_cgroup(o, object);
	else if (kind == WIRE_OBJECT_SOCKET)
		note_socket(o, object);
}

/* A descriptor became this object, or an error. */
static __always_inline int object_added(void *object, const u32 kind)
{
	struct slot *s = object_slot(kind);

	if (s && object && (u64)object < (u64)-4095)
		note_object(&s->objects.now, object, kind);
	return 0;
}

/* This object leaves a map. */
static __always_inline int object_removed(void *object, const u32 kind)
{
	struct slot *s = object_slot(kind);

	if (!s && kind != WIRE_OBJECT_MAP && kind != WIRE_OBJECT_SOCKET)
		s = gone_slot();
	if (s && object)
		note_object(&s->objects.old, object, kind);
	return 0;
}

/* clang-format off */
/* Up from 6.8 (20c20bd11a07 "bpf: Add map and need_defer parameters to .map_fd_put_ptr()") put has three. */
#define OBJECT_HOOK(name, get, put, kind)							\
	SEC("fexit/" #get)									\
	int BPF_PROG(name, struct bpf_map *map, struct file *map_file, int fd, void *object)	\
	{											\
		return object_added(object, WIRE_OBJECT_##kind);				\
	}											\
	SEC("fentry/" #put)									\
	int BPF_PROG(name##_old, struct bpf_map *map, void *object)				\
	{											\
		return object_removed(object, WIRE_OBJECT_##kind);				\
	}											\
	SEC("fentry/" #put)									\
	int BPF_PROG(name##_old_1, void *object)						\
	{											\
		return object_removed(object, WIRE_OBJECT_##kind);				\
	}

OBJECT_HOOK(object_prog, prog_fd_array_get_ptr, prog_fd_array_put_ptr, PROGRAM)
OBJECT_HOOK(object_map, bpf_map_fd_get_ptr, bpf_map_fd_put_ptr, MAP)
OBJECT_HOOK(object_perf, perf_event_fd_array_get_ptr, perf_event_fd_array_put_ptr, PERF_EVENT)
OBJECT_HOOK(object_cgroup, cgroup_fd_array_get_ptr, cgroup_fd_array_put_ptr, CGROUP)
/* clang-format on */

SEC("fentry/sock_map_update_common")
int BPF_PROG(object_sockmap, struct bpf_map *map, u32 index, struct sock *sk)
{
	return object_added(sk, WIRE_OBJECT_SOCKET);
}

SEC("fentry/sock_hash_update_common")
int BPF_PROG(object_sockhash, struct bpf_map *map, void *key, struct sock *sk)
{
	return object_added(sk, WIRE_OBJECT_SOCKET);
}

SEC("fentry/sock_map_unref")
int BPF_PROG(object_sock_old, struct sock *sk)
{
	return object_removed(sk, WIRE_OBJECT_SOCKET);
}

/* ---- read from the map ---- */

/* The element of a pointer array in a map; an index that is out of bounds reads what is not used. */
static __always_inline void *pointer_at(void *pointers, u32 index)
{
	void *p = NULL;

	bpf_probe_read_kernel(&p, sizeof(p), pointers + 8ull * index);
	return p;
}

/* A bucket has one entry on average; 16 are many. */
static __always_inline struct bpf_dtab_netdev *devmap_hash_find(struct bpf_dtab *dtab, u32 key)
{
	u32 bucket = key & (BPF_CORE_READ(dtab, n_buckets) - 1);
	struct hlist_node *node = pointer_at(BPF_CORE_READ(dtab, dev_index_head), bucket);

	for (u32 i = 0; node && i < 16; i++) {
		struct bpf_dtab_netdev *entry =
			(void *)node - bpf_core_field_offset(struct bpf_dtab_netdev, index_hlist);

		if (BPF_CORE_READ(entry, idx) == key)
			return entry;
		node = BPF_CORE_READ(node, next);
	}
	return NULL;
}

/* What is in the map: the element's own structure, for object_of_element(). */
static __always_inline void *element_of(struct bpf_map *map, const u32 hook, u32 key)
{
	if (hook == WIRE_HOOK_DEVMAP_HASH_UPDATE || hook == WIRE_HOOK_DEVMAP_HASH_DELETE)
		return devmap_hash_find((void *)map, key);
	if (key >= map->max_entries)
		return NULL;
	if (hook == WIRE_HOOK_DEVMAP_UPDATE || hook == WIRE_HOOK_DEVMAP_DELETE)
		return pointer_at(BPF_CORE_READ((struct bpf_dtab *)map, netdev_map), key);
	if (hook == WIRE_HOOK_CPUMAP_UPDATE || hook == WIRE_HOOK_CPUMAP_DELETE)
		return pointer_at(BPF_CORE_READ((struct bpf_cpu_map *)map, cpu_map), key);
	if (hook == WIRE_HOOK_XSKMAP_UPDATE || hook == WIRE_HOOK_XSKMAP_DELETE)
		return pointer_at((void *)map + bpf_core_field_offset(struct xsk_map, xsk_map),
				  key);
	if (hook == WIRE_HOOK_REUSEPORT_UPDATE || hook == WIRE_HOOK_REUSEPORT_DELETE)
		return pointer_at((void *)map + bpf_core_field_offset(struct reuseport_array, ptrs),
				  key);
	return NULL;
}

static __always_inline void object_of_element(struct wire_object *o, const u32 hook, void *element)
{
	if (hook == WIRE_HOOK_CPUMAP_UPDATE || hook == WIRE_HOOK_CPUMAP_DELETE)
		note_cpu(o, element);
	else if (hook == WIRE_HOOK_XSKMAP_UPDATE || hook == WIRE_HOOK_XSKMAP_DELETE)
		note_xsk(o, element);
	else if (hook == WIRE_HOOK_REUSEPORT_UPDATE || hook == WIRE_HOOK_REUSEPORT_DELETE)
		note_socket(o, element);
	else
		note_netdev(o, element);
}

/* Before an operation of bpf(2) on such a map: what it replaces or deletes. */
static __always_inline int object_before(struct bpf_map *map, const u32 hook, const void *at)
{
	struct slot *s = object_slot(WIRE_OBJECT_NONE);
	void *element;
	u32 key = 0;

	if (!s || bpf_probe_read_kernel(&key, sizeof(key), at))
		return 0;
	s->objects.now.kind = s->objects.old.kind = WIRE_OBJECT_NONE;
	element = element_of(map, hook, key);
	if (element)
		object_of_element(&s->objects.old, hook, element);
	return 0;
}

/* After it: what it put there. Not what another task put there since, or the value means. */
static __always_inline void object_after(struct wire_object *o, struct bpf_map *map, const u32 hook,
					 const void *at, const void *value_at)
{
	struct socket *socket;
	u32 key = 0, value = 0;
	struct file *file;
	void *element;

	if (bpf_probe_read_kernel(&key, sizeof(key), at) ||
	    bpf_probe_read_kernel(&value, sizeof(value), value_at))
		return;
	element = element_of(map, hook, key);
	if (!element)
		return;
	object_of_element(o, hook, element);
	if (hook == WIRE_HOOK_CPUMAP_UPDATE) {
		if (o->target.qsize != value)
			o->kind = WIRE_OBJECT_NONE;
	} else if (hook == WIRE_HOOK_XSKMAP_UPDATE || hook == WIRE_HOOK_REUSEPORT_UPDATE) {
		file = file_by_fd(value);
		socket = BPF_CORE_READ(file, private_data);
		if (BPF_CORE_READ(socket, sk) != element)
			o->kind = WIRE_OBJECT_NONE;
	} else if (o->number != value) {
		o->kind = WIRE_OBJECT_NONE;
	}
}

/*
 * Where no hook noted it, after the operation: what the descriptor is now, if that is what the
 * slot holds now, too. Where a slot holds what descriptors do: programs and maps.
 */
static __always_inline void object_late(struct wire_object *o, struct bpf_map *map, u32 type,
					const struct elem *e)
{
	void *pointers = (void *)map + bpf_core_field_offset(struct bpf_array, ptrs);
	u32 index = 0, fd = 0;
	struct file *file;
	void *object;

	if (!read_bytes(&index, sizeof(index), sizeof(index), e->key, e->user) ||
	    !read_bytes(&fd, sizeof(fd), sizeof(fd), e->value, e->user))
		return;
	file = file_by_fd(fd);
	object = BPF_CORE_READ(file, private_data);
	if (!object || index >= BPF_CORE_READ(map, max_entries) ||
	    pointer_at(pointers, index) != object)
		return;
	if (type == BPF_MAP_TYPE_PROG_ARRAY)
		note_program(o, object);
	else if (type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		note_map(o, object);
}

/* ---- into the record ---- */

/* Operations of these hooks, which stand together, have a program that calls object_before(). */
_Static_assert(WIRE_HOOK_REUSEPORT_DELETE - WIRE_HOOK_DEVMAP_UPDATE == 9, "five types");

static __always_inline bool hook_reads_map(const u32 hook)
{
	return hook >= WIRE_HOOK_DEVMAP_UPDATE && hook <= WIRE_HOOK_REUSEPORT_DELETE;
}

/* What the kernel deleted on its own; its slot is free again, whatever comes of it. */
static __always_inline void objects_of_gone(struct wire_objects *out)
{
	u64 id = bpf_get_current_pid_tgid();
	struct slot *s = slot_find(id);

	if (!s || s->cmd != CMD_GONE)
		return;
	out->old = s->objects.old;
	slot_free(id, s);
}

/* What was noted for the operation on `map` that ends here, in the command of this slot. */
static __always_inline void objects_take(struct wire_objects *out, struct slot *s,
					 struct bpf_map *map, u32 id, u32 type,
					 const struct elem *e, s32 result)
{
	if (!s || s->map.id != id)
		return;
	if (!result) {
		*out = s->objects;
		if (hook_reads_map(e->hook) && e->op == WIRE_OP_UPDATE)
			object_after(&out->now, map, e->hook, e->key, e->value);
		if (e->hook == WIRE_HOOK_FD_ARRAY_UPDATE && !out->now.kind)
			object_late(&out->now, map, type, e);
	}
	s->objects.now.kind = s->objects.old.kind = WIRE_OBJECT_NONE;
}

/* Names from the last one up to the root. A cgroup that is gone by now has no path any more. */
static __always_inline void put_cgroup_path(char *out, struct wire_object *o)
{
	struct kernfs_node *node = (void *)o->cgroup.node, *parent;
	u64 len = 0;
	long n;

	if (o->kind != WIRE_OBJECT_CGROUP || BPF_CORE_READ(node, id) != o->cgroup.id)
		return;
	for (u32 i = 0; i < WIRE_CGROUP_LEVELS; i++) {
		parent = kernfs_parent(node);
		if (!parent) {
			o->cgroup.path_len = len;
			o->cgroup.has_path = 1;
			return;
		}
		opaque(len);
		if (len > WIRE_CGROUP_ROOM - WIRE_CGROUP_NAME)
			return;
		n = bpf_probe_read_kernel_str(out + len, WIRE_CGROUP_NAME,
					      BPF_CORE_READ(node, name));
		if (n <= 0 || n == WIRE_CGROUP_NAME)
			return;
		len += n;
		node = parent;
	}
}

/* As ELEM_TRY, with the objects behind the value, and `paths` bytes for those of cgroups. */
#define OBJECT_TRY(key_room, value_room, paths) \
	if (klen <= (key_room) && vlen <= (value_room)) { \
		const u32 at = (key_room) + (value_room); \
		struct wire_objects *objects; \
\
		op = bpf_ringbuf_reserve(&events, sizeof(*op) + at + sizeof(*objects) + (paths), \
					 0); \
		if (!op) \
			return NULL; \
		op->hdr.size = sizeof(*op) + at + sizeof(*objects) + (paths); \
		op->value_off = (key_room); \
		op->key_len = read_bytes(op->data, klen, key_room, e->key, e->user); \
		op->value_len = \
			read_bytes(op->data + (key_room), vlen, value_room, e->value, e->user); \
		objects = (void *)(op->data + at); \
		*objects = *e->objects; \
		if (paths) { \
			put_cgroup_path((char *)(objects + 1), &objects->now); \
			put_cgroup_path((char *)(objects + 1) + WIRE_CGROUP_ROOM, &objects->old); \
		}										\
		return op;									\
	}

static __always_inline struct wire_op *object_reserve(const struct elem *e, const bool cgroups)
{
	u64 klen = e->key ? e->key_size : 0, vlen = e->value ? e->value_total : 0;
	struct wire_op *op;

	if (klen > cfg_bytes)
		klen = cfg_bytes;
	if (vlen > cfg_bytes)
		vlen = cfg_bytes;
	if (cgroups)
		OBJECT_TRY(16, 16, 2 * WIRE_CGROUP_ROOM)
	OBJECT_TRY(16, 16, 0)
	OBJECT_TRY(64, 16, 0)
	OBJECT_TRY(WIRE_BYTES_MAX, 16, 0)
	return NULL;
}

/* elem_begin() for a map whose values are descriptors; `cgroups`: of cgroups. */
static __always_inline struct wire_op *object_begin(const struct elem *e, u32 type)
{
	const bool arrays = e->hook == WIRE_HOOK_FD_ARRAY_UPDATE ||
			    e->hook == WIRE_HOOK_FD_ARRAY_DELETE;
	bool cgroups = arrays && type == BPF_MAP_TYPE_CGROUP_ARRAY;
	struct wire_op *op;

	__sync_fetch_and_add(&counts[e->hook].taken, 1);
	op = elem_fill(object_reserve(e, cgroups), e);
	if (op)
		op->objects_off = op->hdr.size - sizeof(*op) - sizeof(struct wire_objects) -
				  (cgroups ? 2 * WIRE_CGROUP_ROOM : 0);
	return op;
}

#endif
