/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From facts to a record in the ring: who runs, which map, who called, key and value. A record is
 * submitted or counted as lost; there is no third way.
 *
 * Records are sent with the ring's own wake-up rule: the reader is woken when it had caught up.
 * The reader lets records gather after each wake-up, so a burst costs few of them.
 */
#ifndef BPFMON_EMIT_BPF_H
#define BPFMON_EMIT_BPF_H

#include "state.bpf.h"

/*
 * A pointer to load from, of which the verifier trusts nothing more: `type` is the BTF id of what it
 * points to. From 6.3 on, for each pointer that is loaded from a trusted one, verifiers search all
 * of the kernel's BTF by name (57539b1c0ac2 "bpf: Enable annotating trusted nested pointers"), until
 * names there were sorted, after 6.18. On 6.12 that was three quarters of a start.
 */
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym __weak;

#define distrust(pointer, type) ((type) ? bpf_rdonly_cast(pointer, type) : (void *)(pointer))

/* Two words of kernel memory. Where there are casts no helper is called. */
static __always_inline void read_words(u64 out[2], const void *at)
{
	if (cfg_cast_words) {
		const struct timespec64 *words = bpf_rdonly_cast(at, cfg_cast_words);

		out[0] = words->tv_sec;
		out[1] = words->tv_nsec;
	} else if (bpf_probe_read_kernel(out, 16, at)) {
		out[0] = out[1] = 0;
	}
}

/* A number in kernel memory; 0 where that can't be read. */
static __always_inline u32 load_u32(const void *at)
{
	u32 number = 0;

	if (cfg_cast_words)
		return *(const u32 *)bpf_rdonly_cast(at, cfg_cast_words);
	bpf_probe_read_kernel(&number, sizeof(number), at);
	return number;
}

static __always_inline u64 load_u64(const void *at)
{
	u64 number = 0;

	if (cfg_cast_words)
		return *(const u64 *)bpf_rdonly_cast(at, cfg_cast_words);
	bpf_probe_read_kernel(&number, sizeof(number), at);
	return number;
}

static __always_inline u32 round_up8(u32 n)
{
	return (n + 7) & ~7u;
}

/* Per-CPU variables; which of them a kernel has, libbpf finds in its BTF. */
extern const int __preempt_count __ksym __weak;
extern const struct pcpu_hot pcpu_hot __ksym __weak;

static __always_inline u32 preempt_count(void)
{
	u64 base = 0;
	u32 count = 0;

	if (&__preempt_count)
		return *(u32 *)bpf_this_cpu_ptr(&__preempt_count);
	if (&pcpu_hot)
		return ((struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count;
	if (!cfg_per_cpu_offset || !cfg_preempt_count)
		return 0xffffffff;
	bpf_probe_read_kernel(&base, sizeof(base),
			      (void *)cfg_per_cpu_offset + 8 * bpf_get_smp_processor_id());
	bpf_probe_read_kernel(&count, sizeof(count), (void *)(base + cfg_preempt_count));
	return count;
}

/* Of a type of BTF that is not split; NULL: there is none. 5.10 counts one less: not its last. */
static __always_inline const char *btf_type_name(struct btf *btf, u32 id)
{
	struct btf_type *type = NULL;

	if (!id || id >= BPF_CORE_READ(btf, nr_types))
		return NULL;
	bpf_probe_read_kernel(&type, sizeof(type), BPF_CORE_READ(btf, types) + id);
	return BPF_CORE_READ(btf, strings) + BPF_CORE_READ(type, name_off);
}

/* In what the code runs: masks of include/linux/preempt.h. */
static __always_inline u32 context(void)
{
	u32 count = preempt_count(), shift = cfg_wide_preempt_count ? 8 : 0;

	if (count == 0xffffffff)
		return WIRE_CONTEXT_UNKNOWN;
	if (count & 0xf00000u << shift)
		return WIRE_CONTEXT_NMI;
	if (count & 0xf0000u << shift)
		return WIRE_CONTEXT_HARDIRQ;
	/* Being inside a softirq adds 1, forbidding softirqs 2. */
	return count & 0x100 ? WIRE_CONTEXT_SOFTIRQ : WIRE_CONTEXT_TASK;
}

static __always_inline void fill_task(struct wire_hdr *hdr, struct wire_task *task)
{
	u64 id = bpf_get_current_pid_tgid();

	hdr->time_ns = bpf_ktime_get_ns();
	task->pid = id >> 32;
	task->tid = id;
	task->uid = bpf_get_current_uid_gid();
	task->cpu = bpf_get_smp_processor_id();
	task->context = WIRE_CONTEXT_UNKNOWN;
	task->pad = 0;
	task->start_ns = 0;
	task->exec = 0;
	task->ppid = 0;
	task->who = 0;
	task->tracer = 0;
	task->pad2 = 0;
	bpf_get_current_comm(task->comm, sizeof(task->comm));
}

/* Facts of a map that a trampoline's argument points to: plain loads. */
static __always_inline void fill_map(struct wire_map *out, const struct bpf_map *map)
{
	out->id = map->id;
	out->type = map->map_type;
	out->key_size = map->key_size;
	out->value_size = map->value_size;
	out->max_entries = map->max_entries;
	out->flags = map->map_flags;
	out->frozen = map->frozen;
	out->known = 1;
	out->address = (u64)map;
	read_words((u64 *)out->name, map->name);
}

/* The same for a pointer that the verifier knows nothing of. */
static __always_inline void read_map(struct wire_map *out, const struct bpf_map *map)
{
	out->id = BPF_CORE_READ(map, id);
	out->type = BPF_CORE_READ(map, map_type);
	out->key_size = BPF_CORE_READ(map, key_size);
	out->value_size = BPF_CORE_READ(map, value_size);
	out->max_entries = BPF_CORE_READ(map, max_entries);
	out->flags = BPF_CORE_READ(map, map_flags);
	out->frozen = BPF_CORE_READ(map, frozen);
	out->known = 1;
	out->address = (u64)map;
	BPF_CORE_READ_INTO(&out->name, map, name);
}

/* What the maps in a map-in-map must look like; of any other map nothing. */
static __always_inline void read_inner(struct wire_inner *out, const struct bpf_map *map)
{
	struct bpf_map *inner = BPF_CORE_READ(map, inner_map_meta);

	if (!inner)
		return;
	out->type = BPF_CORE_READ(inner, map_type);
	out->key_size = BPF_CORE_READ(inner, key_size);
	out->value_size = BPF_CORE_READ(inner, value_size);
	out->max_entries = BPF_CORE_READ(inner, max_entries);
	out->flags = BPF_CORE_READ(inner, map_flags);
}

/* What an element operation is about, before it becomes a record. */
struct elem {
	u32 hook;
	u32 op;			/* enum wire_op_kind */
	u32 shape;		/* enum wire_shape */
	u32 key_size;		/* bytes at key */
	u32 value_size;		/* bytes of one value at value */
	u32 value_total;	/* bytes at value, over all CPUs */
	const void *key;
	const void *value;
	bool user;		/* key and value are user addresses */
	/* The value before; what is known of it. */
	u8 old_state;		/* enum wire_old */
	u8 old_shape;		/* enum wire_shape */
	u32 old_len;		/* bytes at old */
	const void *old;
	struct sock *socket;	/* what a program puts into a map of sockets, or NULL */
	const struct wire_objects *objects;	/* NULL: values of the map are no descriptors */
};

/* Bytes read: `len`, or 0 when they can't be. The verifier wants to see the bound, `room`, here. */
static __always_inline u64 read_bytes(void *dst, u64 len, const u64 room, const void *src,
				      bool user)
{
	long err;

	opaque(len);
	if (len > room)
		return 0;
	if (user)
		err = bpf_probe_read_user(dst, len, src);
	else
		err = bpf_probe_read_kernel(dst, len, src);
	return err ? 0 : len;
}

/*
 * The same of what the operation itself is about to use, so that it can be read: as many bytes as most
 * keys and values have take no helper.
 */
static __always_inline u64 read_short(void *dst, u64 len, const u64 room, const void *src,
				      bool user)
{
	if (cfg_cast_words && !user) {
		if (len == 4) {
			*(u32 *)dst = load_u32(src);
			return len;
		}
		if (len == 8) {
			*(u64 *)dst = load_u64(src);
			return len;
		}
	}
	return read_bytes(dst, len, room, src, user);
}

/* The same of memory of bpfmon's own, which can be read: fewer ways for the verifier to follow. */
static __always_inline void copy_bytes(void *dst, u64 len, const u64 room, const void *src)
{
	if (cfg_cast_words && len == 8) {
		*(u64 *)dst = *(const u64 *)src;
		return;
	}
	opaque(len);
	if (len > room)
		len = 0;
	bpf_probe_read_kernel(dst, len, src);
}

/*
 * Reserves the smallest record that key and value fit in, and copies them; `old` makes room for the
 * value before. Each has room of its own, because the verifier follows one variable length per place.
 * There is half as much room for the key: so one number decides, which is kept for nothing else.
 */
#define ELEM_TRY(value_room, read) \
	if (room <= (value_room)) { \
		const u64 key_room = (value_room) / 2; \
		const u64 size = sizeof(*op) + key_room + (value_room) * (1 + old); \
		op = bpf_ringbuf_reserve(&events, size, 0); \
		if (!op) \
			return NULL; \
		op->hdr.size = size; \
		op->value_off = key_room; \
		op->key_len = read(op->data, klen, key_room, e->key, e->user); \
		op->value_len = read(op->data + key_room, vlen, value_room, e->value, e->user); \
		op->old_off = key_room + (value_room); \
		op->old_len = olen; \
		if (old) \
			copy_bytes(op->data + key_room + (value_room), olen, value_room, e->old); \
		return op; \
	}

/* What only bpf(2) does is rare: fewer sizes, so that its many hooks load sooner. */
static __always_inline struct wire_op *elem_reserve(const struct elem *e, const bool rare,
						    const bool old)
{
	u64 klen = e->key ? e->key_size : 0, vlen = e->value ? e->value_total : 0;
	u64 olen = old ? e->old_len : 0, room;
	struct wire_op *op;

	if (klen > cfg_bytes)
		klen = cfg_bytes;
	if (e->shape == WIRE_VALUE_CPUS) {
		if (vlen > WIRE_VALUE_BYTES)
			vlen = WIRE_VALUE_BYTES;
	} else if (vlen > cfg_bytes) {
		vlen = cfg_bytes;
	}
	room = vlen | olen;
	if (room < 2 * klen)
		room = 2 * klen;
	forget(klen);
	forget(vlen);
	forget(room);
	if (!rare)
		ELEM_TRY(16, read_short)
	ELEM_TRY(64, read_bytes)
	ELEM_TRY(256, read_bytes)
	if (!rare)
		ELEM_TRY(1024, read_bytes)
	ELEM_TRY(WIRE_VALUE_BYTES, read_bytes)
	return NULL;
}

/* That of a write to bpfmon's canary, which nobody is told of, was none: as if it had not been seen. */
static __always_inline void elem_lost(const u32 hook)
{
	bool may = hook == WIRE_HOOK_ARRAY_UPDATE || hook == WIRE_HOOK_SYS_EXIT;

	if (!may || !canary || (u32)(bpf_get_current_pid_tgid() >> 32) != own_pid) {
		count_lost(hook, WIRE_LOSS_RING, 1);
		return;
	}
	__sync_fetch_and_add(&counts[hook].seen, -1);
	__sync_fetch_and_add(&counts[hook].taken, -1);
	__sync_fetch_and_add(&canary_lost, 1);
}

/* What every record has, as soon as there is one. */
static __always_inline struct wire_op *elem_fill(struct wire_op *op, const struct elem *e)
{
	if (!op) {
		elem_lost(e->hook);
		return NULL;
	}
	op->hdr.kind = WIRE_OP;
	op->hdr.hook = e->hook;
	fill_task(&op->hdr, &op->task);
	op->op = e->op;
	op->shape = e->value ? e->shape : WIRE_VALUE_NONE;
	op->key_size = e->key ? e->key_size : 0;
	op->value_size = e->value ? e->value_size : 0;
	op->fd = -1;
	op->fmode = 0;
	op->old = e->old_state;
	op->old_shape = e->old_shape;
	op->objects_off = 0;
	return op;
}

/* Everything but map, caller, flags, result and cmd, which the caller fills before it submits. */
static __always_inline struct wire_op *elem_begin(const struct elem *e, const bool rare,
						  const bool old)
{
	__sync_fetch_and_add(&counts[e->hook].taken, 1);
	return elem_fill(elem_reserve(e, rare, old), e);
}

#endif
