/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The value before an update or delete. It must be read before the operation, and reported after
 * it: a program on the entry of the function reads it into the memory of its CPU, the one on its
 * return takes it from there. Both know the operation by the address of its trampoline's frame,
 * which no other has while it runs.
 *
 * The operation stays on its CPU: bpf_disable_instrumentation() and whatever runs a BPF program
 * forbid to migrate. An operation that interrupts another takes the place; the other's value is
 * then not known.
 *
 * Elements are found as the kernel finds them, without its locks. What a concurrent writer does
 * between this and the operation itself is not seen. The functions that are not inlined are
 * verified once for each program; they can't be given pointers, so the place says what on.
 */
#ifndef BPFMON_OLD_BPF_H
#define BPFMON_OLD_BPF_H

#include "emit.bpf.h"
#include "summary.bpf.h"

/* Longer keys are not looked for. */
#define OLD_KEY_BYTES 64
#define OLD_KEY_WORDS (OLD_KEY_BYTES / 8)
/* Elements of a bucket that are looked at: there are as many buckets as elements, so 16 are many. */
#define OLD_WALK 16

/*
 * One for each CPU, and one that stays empty. 12 KiB of data: the last value of a per-CPU element
 * begins in the first 8 and may have 4.
 */
struct old {
	u64 frame;	/* of the operation that this is about, 0: none */
	u64 map;	/* address */
	u64 key;
	u64 at;		/* where the value is; a per-CPU pointer if the map has such */
	u64 elem;	/* of a hash, what was found */
	volatile u64 pass;	/* where a write is counted that is only counted */
	volatile u64 pass_frame;	/* of that operation, 0: none */
	u32 lock;	/* programs that want it: whoever finds more than itself goes without */
	u32 key_size;
	u32 value_size;
	u32 max_entries;
	u32 cpu;	/* shape WIRE_VALUE_CPU */
	u32 len;	/* bytes in data */
	u32 shape;	/* enum wire_shape */
	u32 state;	/* enum wire_old */
	u64 want[OLD_KEY_WORDS];	/* the key, then zeros */
	u64 found[OLD_KEY_WORDS];	/* that of an element */
	u8 data[WIRE_VALUE_BYTES + WIRE_BYTES_MAX];
};

/*
 * The number is set before load. An array, because the verifier inlines its lookup, so that
 * there is no function for others to hook.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct old);
} olds SEC(".maps");

/*
 * Where a hash element keeps its per-CPU pointer: right after the key, or at the next multiple of
 * 8. Nothing but trying tells: src/load/bpfobj.c writes a value that nobody else knows to a map of its
 * own, with keys of 4 bytes, and here it is looked for.
 */
#define PERCPU_AT_UNKNOWN 0
#define PERCPU_AT_KEY_END 1
#define PERCPU_AT_ALIGNED 2
volatile __u32 percpu_at;
volatile __u32 percpu_at_map;	/* id */
volatile __u64 percpu_at_value;

extern const unsigned long this_cpu_off __ksym __weak;

static __always_inline struct old *old_here(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return cpu < cfg_cpus ? bpf_map_lookup_elem(&olds, &cpu) : NULL;
}

static __always_inline struct old *old_lock(void)
{
	struct old *o = old_here();

	if (!o)
		return NULL;
	__sync_fetch_and_add(&o->lock, 1);
	if (*(volatile u32 *)&o->lock == 1)
		return o;
	__sync_fetch_and_add(&o->lock, -1);
	return NULL;
}

static __always_inline void old_unlock(struct old *o)
{
	__sync_fetch_and_add(&o->lock, -1);
}

/* What to add to a per-CPU pointer; 0: not known. */
static __always_inline u64 cpu_offset(u32 cpu)
{
	const unsigned long *known;
	u64 offset = 0;

	if (&this_cpu_off) {
		known = bpf_per_cpu_ptr(&this_cpu_off, cpu);
		return known ? *known : 0;
	}
	if (cfg_per_cpu_offset)
		bpf_probe_read_kernel(&offset, sizeof(offset),
				      (void *)cfg_per_cpu_offset + 8 * (u64)cpu);
	return offset;
}

/* ---- arrays ---- */

__attribute__((noinline)) int old_find_array(void)
{
	struct bpf_array *array = NULL;
	struct old *o = old_here();
	u32 index = 0, size;

	if (!o || !bpf_core_field_exists(array->pptrs))
		return 0;
	array = (void *)o->map;
	if (read_short(&index, sizeof(index), sizeof(index), (void *)o->key, false) !=
		    sizeof(index) ||
	    index >= o->max_entries)
		return 0;
	if (o->shape == WIRE_VALUE_ONE) {
		size = bpf_core_field_exists(array->elem_size) ? load_u32(&array->elem_size) :
								 round_up8(o->value_size);
		o->at = (u64)array + bpf_core_field_offset(struct bpf_array, value) +
			(u64)size * index;
	} else {
		o->at = load_u64((void *)array + bpf_core_field_offset(struct bpf_array, pptrs) +
				 8 * (u64)index);
	}
	o->state = WIRE_OLD_READ;
	return 0;
}

/* ---- hashes ---- */

#define rol(word, bits) ((word) << (bits) | (word) >> (32 - (bits)))

/*
 * jhash() of include/linux/jhash.h, on a key that zeros follow. On a little-endian machine jhash2(),
 * which kernels use for keys of whole words, gives the same.
 */
__attribute__((noinline)) int old_hash(u32 seed)
{
	struct old *o = old_here();
	u32 a, b, c, left;

	if (!o)
		return 0;
	left = o->key_size;
	a = b = c = 0xdeadbeef + left + seed;
#pragma unroll
	for (u32 i = 0; i < OLD_KEY_BYTES / 4; i += 3) {
		const u32 *word = (const u32 *)o->want + i;

		if (left <= 12) {
			a += word[0];
			b += i + 1 < OLD_KEY_BYTES / 4 ? word[1] : 0;
			c += i + 2 < OLD_KEY_BYTES / 4 ? word[2] : 0;
			break;
		}
		a += word[0];
		b += word[1];
		c += word[2];
		a -= c, a ^= rol(c, 4), c += b;
		b -= a, b ^= rol(a, 6), a += c;
		c -= b, c ^= rol(b, 8), b += a;
		a -= c, a ^= rol(c, 16), c += b;
		b -= a, b ^= rol(a, 19), a += c;
		c -= b, c ^= rol(b, 4), b += a;
		left -= 12;
	}
	c ^= b, c -= rol(b, 14);
	a ^= c, a -= rol(c, 11);
	b ^= a, b -= rol(a, 25);
	c ^= b, c -= rol(b, 16);
	a ^= c, a -= rol(c, 4);
	b ^= a, b -= rol(a, 14);
	c ^= b, c -= rol(b, 24);
	return c;
}

/* Whether the element has the key that is looked for. */
__attribute__((noinline)) int old_has_key(u64 elem)
{
	u64 key = elem + bpf_core_field_offset(struct htab_elem, key);
	struct old *o = old_here();
	u64 other = 0, len;

	if (!o)
		return 0;
	len = o->key_size;
	if (cfg_cast_words && len == 4)
		return load_u32((void *)key) == (u32)o->want[0];
	if (cfg_cast_words && len == 8)
		return load_u64((void *)key) == o->want[0];
	opaque(len);
	if (len > OLD_KEY_BYTES)
		return 0;
	__builtin_memset(o->found, 0, sizeof(o->found));
	if (bpf_probe_read_kernel(o->found, len, (void *)key))
		return 0;
#pragma unroll
	for (u32 i = 0; i < OLD_KEY_WORDS; i++)
		other |= o->want[i] ^ o->found[i];
	return !other;
}

__attribute__((noinline)) int old_find_hash(void)
{
	struct htab_elem *elem = NULL;
	struct bpf_htab *htab = NULL;
	struct old *o = old_here();
	u64 node = 0, len;
	u32 hash, mask;

	if (!o || !cfg_bucket_size || !bpf_core_field_exists(htab->hashrnd) ||
	    !bpf_core_field_exists(elem->hash))
		return 0;
	htab = (void *)o->map;
	len = o->key_size;
	opaque(len);
	if (len > OLD_KEY_BYTES)
		return 0;
	__builtin_memset(o->want, 0, sizeof(o->want));
	if (read_short(o->want, len, OLD_KEY_BYTES, (void *)o->key, false) != len)
		return 0;
	hash = old_hash(load_u32(&htab->hashrnd));
	mask = load_u32(&htab->n_buckets) - 1;
	node = load_u64((void *)load_u64(&htab->buckets) + (u64)cfg_bucket_size * (hash & mask));
	for (u32 i = 0; i < OLD_WALK && node; i++) {
		/* The end of a list names its bucket: elements may move to another meanwhile. */
		if (node & 1) {
			if (node >> 1 == (hash & mask))
				o->state = WIRE_OLD_NONE;
			return 0;
		}
		elem = (void *)node;
		if (load_u32(&elem->hash) == hash && old_has_key(node)) {
			o->elem = node;
			o->state = WIRE_OLD_READ;
			return 0;
		}
		node = load_u64((void *)node);
	}
	return 0;
}

/* ---- values ---- */

/*
 * The per-CPU pointer of a hash element. Where it is with keys of whole 64-bit words is known, with
 * others it has to be learned.
 */
static __always_inline u64 old_percpu(struct old *o)
{
	u64 key = o->elem + bpf_core_field_offset(struct htab_elem, key), at = 0;

	if (!(o->key_size & 7) || percpu_at == PERCPU_AT_ALIGNED)
		bpf_probe_read_kernel(&at, sizeof(at), (void *)(key + round_up8(o->key_size)));
	else if (percpu_at == PERCPU_AT_KEY_END)
		bpf_probe_read_kernel(&at, sizeof(at), (void *)(key + o->key_size));
	return at;
}

/* bpfmon's own element: its value tells which of two places has the pointer to it. */
static __always_inline void old_learn(struct old *o)
{
	u64 key = o->elem + bpf_core_field_offset(struct htab_elem, key);

#pragma unroll
	for (u32 i = PERCPU_AT_KEY_END; i <= PERCPU_AT_ALIGNED; i++) {
		u64 at = 0, value = 0;

		bpf_probe_read_kernel(
			&at, sizeof(at),
			(void *)(key +
				 (i == PERCPU_AT_ALIGNED ? round_up8(o->key_size) : o->key_size)));
		bpf_probe_read_kernel(&value, sizeof(value), (void *)(at + cpu_offset(o->cpu)));
		if (value && value == percpu_at_value)
			percpu_at = i;
	}
}

static __always_inline bool old_copy(struct old *o, u64 to, u64 len, u64 from)
{
	opaque(to);
	opaque(len);
	if (to >= WIRE_VALUE_BYTES || len > WIRE_BYTES_MAX)
		return false;
	return read_short(o->data + to, len, WIRE_BYTES_MAX, (void *)from, false) == len;
}

/* Of each value as much as is shown of it. */
__attribute__((noinline)) int old_read(void)
{
	struct old *o = old_here();
	u64 stride, len, offset;

	if (!o)
		return 0;
	len = o->value_size;
	stride = round_up8(len);
	if (len > cfg_bytes)
		len = cfg_bytes;
	o->state = WIRE_OLD_UNKNOWN;
	if (o->shape == WIRE_VALUE_CPUS) {
		u32 cpu;

		for (cpu = 0; cpu < cfg_cpus && cpu * stride < WIRE_VALUE_BYTES; cpu++) {
			offset = cpu_offset(cpu);
			if (!offset || !old_copy(o, cpu * stride, len, o->at + offset))
				return 0;
		}
		len = cpu * stride;
		o->len = len < WIRE_VALUE_BYTES ? len : WIRE_VALUE_BYTES;
	} else {
		offset = o->shape == WIRE_VALUE_CPU ? cpu_offset(o->cpu) : 0;
		if ((o->shape == WIRE_VALUE_CPU && !offset) || !old_copy(o, 0, len, o->at + offset))
			return 0;
		o->len = len;
	}
	o->state = WIRE_OLD_READ;
	return 0;
}

/* ---- the two programs ---- */

/* A lock, timer or pointer of the kernel's lies in the values: lookups hide it, bytes would not. */
static __always_inline bool map_has_fields(const struct bpf_map *map)
{
	map = distrust(map, cfg_cast_map);
	if (bpf_core_field_exists(map->record)) {
		u64 record = (u64)map->record;

		return record && record < (u64)-4095;
	}
	if (bpf_core_field_exists(map->kptr_off_tab)) {
		u64 table = (u64)map->kptr_off_tab;

		if (table && table < (u64)-4095)
			return true;
	}
	if (bpf_core_field_exists(map->timer_off) && map->timer_off >= 0)
		return true;
	return bpf_core_field_exists(map->spin_lock_off) && map->spin_lock_off >= 0;
}

/* Each program has only what its hook is for: that much less is verified with it. */
static __always_inline void old_find(struct old *o, const u32 hook, bool learning)
{
	if (hook == WIRE_HOOK_ARRAY_UPDATE || hook == WIRE_HOOK_PERCPU_ARRAY_UPDATE) {
		old_find_array();
		if (o->state == WIRE_OLD_READ)
			old_read();
		return;
	}
	old_find_hash();
	if (o->state != WIRE_OLD_READ)
		return;
	if (learning)
		old_learn(o);
	if (o->shape == WIRE_VALUE_ONE)
		o->at = o->elem + bpf_core_field_offset(struct htab_elem, key) +
			round_up8(o->key_size);
	else
		o->at = old_percpu(o);
	if (!o->at) {
		o->state = WIRE_OLD_UNKNOWN;
		return;
	}
	old_read();
	/* The element may have been freed meanwhile, and used for another key. */
	if (!old_has_key(o->elem))
		o->state = WIRE_OLD_UNKNOWN;
}

/*
 * Nobody will be told of this write, or only of its failure: what was there is not needed. The return
 * finds in `pass` where it is to be counted. Who interrupts this takes `pass` and leaves none: then
 * the return looks for itself.
 */
static __always_inline bool old_is_summary(void *ctx, const u32 nargs, u32 map_id, const u32 hook,
					   const u32 op)
{
	u64 caller, i;
	struct old *o;

	if (!nargs || !summary_after || !summary_hot[map_id & (WIRE_HIDDEN - 1)])
		return false;
	o = old_here();
	if (!o)
		return false;
	o->pass_frame = 0;
	caller = caller_of(ctx, nargs, hook);
	if (caller_is(caller) != WIRE_FROM_PROGRAM)
		return false;
	i = (u32)summary_busy(summary_what(map_id, op), caller);
	if (i >= WIRE_SUMMARIES)
		return false;
	o->pass = i;
	o->pass_frame = (u64)ctx;
	return true;
}

/* On the return: whether it was a write that is only counted, and succeeded. */
static __always_inline bool old_was_summary(void *ctx, u32 map_id, const u32 op, s32 result)
{
	struct old *o;
	u64 i;

	if (!summary_hot[map_id & (WIRE_HIDDEN - 1)])
		return false;
	o = old_here();
	if (!o)
		return false;
	if (o->pass_frame != (u64)ctx)
		return false;
	i = o->pass;
	o->pass = WIRE_SUMMARIES;
	o->pass_frame = 0;
	return !result && i < WIRE_SUMMARIES && summary_taken(i, summary_what(map_id, op));
}

static __always_inline bool old_is_learning(u32 id, const u32 hook)
{
	return hook == WIRE_HOOK_PERCPU_HASH_SYS && id && id == percpu_at_map;
}

static __always_inline bool old_is_wanted(const struct bpf_map *map, const u32 hook)
{
	u32 id = map->id;

	return (!map_skipped(id) && id && state != STATE_OFF) || old_is_learning(id, hook);
}

/*
 * On the entry, of a map that old_is_wanted() said it of. `shape` is how the value of a per-CPU
 * element lies that is written or goes; `nargs` is 0 where only bpf(2) calls.
 */
static __always_inline int old_take(void *ctx, const u32 nargs, struct bpf_map *map, void *key,
				    u64 flags, const u32 hook, const u32 op, u32 shape)
{
	u32 id = map->id, type = map->map_type;
	bool learning = old_is_learning(id, hook);
	struct old *o;

	if (!learning && !type_is_for(type, hook))
		return 0;
	if (type == BPF_MAP_TYPE_HASH_OF_MAPS || old_is_summary(ctx, nargs, id, hook, op) ||
	    map_has_fields(map))
		return 0;
	o = old_lock();
	if (!o)
		return 0;
	o->frame = 0;
	o->map = (u64)map;
	o->key = (u64)key;
	o->key_size = map->key_size;
	o->value_size = map->value_size;
	o->max_entries = map->max_entries;
	o->cpu = bpf_get_smp_processor_id();
	o->len = 0;
	o->state = WIRE_OLD_UNKNOWN;
	if (!type_is_percpu(type))
		shape = WIRE_VALUE_ONE;
	if (shape == WIRE_VALUE_CPUS && flags & F_CPU) {
		shape = WIRE_VALUE_CPU;
		o->cpu = flags >> 32;
	}
	o->shape = shape;
	old_find(o, hook, learning);
	o->frame = (u64)ctx;
	old_unlock(o);
	return 0;
}

/* On the return, of what nobody is told: the next operation in the same frame must not take it. */
static __always_inline void old_drop(void *ctx)
{
	struct old *o = old_here();

	if (o && o->frame == (u64)ctx)
		o->frame = 0;
}

/*
 * On the return: what was taken, or an element that is about nothing. That is one of the same map,
 * so that the verifier goes on with one state instead of two. It stays locked until old_unlock().
 * NULL can't be, but the verifier does not know.
 */
static __always_inline struct old *old_taken(void *ctx, struct bpf_map *map, const void *key)
{
	struct old *o = old_lock(), *nothing;
	u32 at = cfg_cpus;

	if (o) {
		if (o->frame == (u64)ctx && o->map == (u64)map && o->key == (u64)key)
			at = bpf_get_smp_processor_id();
		o->frame = 0;
		if (at == cfg_cpus)
			old_unlock(o);
	}
	if (at == cfg_cpus) {
		nothing = bpf_map_lookup_elem(&olds, &at);
		if (nothing)
			__sync_fetch_and_add(&nothing->lock, 1);
	}
	return bpf_map_lookup_elem(&olds, &at);
}

#endif
