/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A kernel with maps, and a clock, made up: what src/content/content.h asks. */
#ifndef BPFMON_TEST_CONTENT_KERNEL_H
#define BPFMON_TEST_CONTENT_KERNEL_H

#include <stdlib.h>

#include "content/content.h"

#include <errno.h>
#include <linux/bpf.h>

#include "lib/buf.h"
#include "test.h"

#define SECOND 1000000000ull
#define MAPS 20
#define ELEMENTS 600

/* Map n: an array, or from 10 on a hash, with a key of 4 bytes and a value of 8. */
static struct {
	struct inv_map is;
	int err;			/* of reading it */
	bool present[ELEMENTS];
	uint64_t values[ELEMENTS];
	uint32_t first;			/* elements are told from this one on */
	bool twice;			/* the first is told again */
	uint8_t behind;			/* lpm_trie: in each byte behind the prefix */
	uint64_t hidden;
	unsigned int readings;
} maps[MAPS];

static struct {
	uint32_t last;
	uint64_t now_ns, cpu_ns, read_cpu_ns, users_cpu_ns, losses, unheld;
	struct buf told;		/* "MAP KEY OLD>NEW", each */
	size_t changes;
	uint64_t time_ns, asked_ns;	/* of the last; and of who used its map */
	size_t asked;			/* about so many */
} kernel;
static struct content *content;

static inline bool next(void *context, uint32_t *id)
{
	(void)context;
	while (++*id <= kernel.last)
		if (maps[*id].is.id)
			return true;
	return false;
}

static inline int ask_map(void *context, uint32_t id, struct inv_map *out)
{
	(void)context;
	*out = maps[id].is;
	return maps[id].is.id ? 0 : -ENOENT;
}

/* Of an element of lpm_trie: KEY/8, with these bytes behind it. */
static inline void prefix_of(uint32_t key, uint8_t behind, uint8_t out[8])
{
	const uint32_t bits = 8;

	memcpy(out, &bits, sizeof(bits));
	memset(out + sizeof(bits), behind, 4);
	out[sizeof(bits)] = (uint8_t)key;
}

static inline void read_element(const struct inv_map *map, uint32_t key, struct reading *into)
{
	uint8_t prefix[8];

	prefix_of(key, maps[map->id].behind, prefix);
	reading_add(into, map->type == BPF_MAP_TYPE_LPM_TRIE ? prefix : (void *)&key,
		    &maps[map->id].values[key]);
}

static inline int ask_read(void *context, const struct inv_map *map, struct reading *into)
{
	uint32_t n = map->max_entries, key;

	(void)context;
	maps[map->id].readings++;
	kernel.cpu_ns += kernel.read_cpu_ns;
	if (!maps[map->id].is.id)
		return -ENOENT;
	for (uint32_t i = 0; i < n; i++) {
		key = (maps[map->id].first + i) % n;
		if (maps[map->id].present[key])
			read_element(map, key, into);
	}
	if (maps[map->id].twice)
		read_element(map, maps[map->id].first, into);
	return maps[map->id].err;
}

static inline uint64_t losses(void *context)
{
	(void)context;
	return kernel.losses;
}

static inline uint64_t hidden(void *context, uint32_t id)
{
	(void)context;
	return maps[id].hidden;
}

static inline uint64_t fake_clock(void *context, clockid_t clock)
{
	(void)context;
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return kernel.cpu_ns;
	return clock == CLOCK_REALTIME ? 1000000 * SECOND + kernel.now_ns : kernel.now_ns;
}

static inline void put_value(struct buf *b, const uint8_t *value)
{
	uint64_t n = 0;

	if (value)
		memcpy(&n, value, sizeof(n));
	if (value)
		buf_u64(b, n);
	else
		buf_str(b, "-");
}

/* Who used the maps at that moment: told by the time. */
static inline struct inventory *ask_users(void *context, const struct content_change *changes,
					  size_t n)
{
	struct inventory *inv = calloc(1, sizeof(*inv));

	(void)context;
	(void)changes;
	kernel.asked += n;
	kernel.cpu_ns += kernel.users_cpu_ns;
	if (inv)
		inv->maps = calloc(1, sizeof(*inv->maps));
	if (!inv || !inv->maps)
		abort();
	inv->n_maps = 1;
	inv->maps[0].memory = kernel.now_ns;
	return inv;
}

static inline void report(void *context, const struct content_change *changes, size_t n)
{
	(void)context;
	for (size_t i = 0; i < n; i++) {
		bool is_trie = changes[i].map->type == BPF_MAP_TYPE_LPM_TRIE;
		uint32_t key = is_trie ? changes[i].what.key[4] : 0;

		if (!is_trie && changes[i].map->key_size)
			memcpy(&key, changes[i].what.key, sizeof(key));
		buf_printf(&kernel.told, "%s%u %u ", kernel.told.len ? ", " : "",
			   changes[i].map->id, key);
		put_value(&kernel.told, changes[i].what.old);
		buf_str(&kernel.told, ">");
		put_value(&kernel.told, changes[i].what.value);
		kernel.time_ns = changes[i].time_ns;
		kernel.asked_ns = changes[i].users->maps[0].memory;
	}
	kernel.changes += n;
}

/* What was reported since it was asked last. */
static inline const char *told(void)
{
	static char text[16384];
	size_t len = kernel.told.len < sizeof(text) ? kernel.told.len : sizeof(text) - 1;

	if (len)
		memcpy(text, kernel.told.data, len);
	text[len] = '\0';
	kernel.told.len = 0;
	return text;
}

static inline void unheld(void *context, uint64_t n)
{
	(void)context;
	kernel.unheld += n;
}

static inline void make(uint32_t id, uint32_t entries)
{
	memset(&maps[id], 0, sizeof(maps[id]));
	maps[id].is = (struct inv_map){ .id = id,
					.type = id < 10 ? BPF_MAP_TYPE_ARRAY : BPF_MAP_TYPE_HASH,
					.key_size = 4,
					.value_size = 8,
					.max_entries = entries };
	for (uint32_t i = 0; id < 10 && i < entries; i++)
		maps[id].present[i] = true;
	if (id > kernel.last)
		kernel.last = id;
}

static bool every_round;

static inline void start_with(size_t map_bytes, size_t all_bytes)
{
	const struct content_opts opts = { SECOND, map_bytes, all_bytes, 2, 12345, every_round };
	const struct content_source source = {
		next,	    ask_map,   ask_read, losses, hidden,
		fake_clock, ask_users, report,	 unheld, NULL,
	};

	content_free(content);
	buf_fini(&kernel.told);
	memset(&kernel, 0, sizeof(kernel));
	memset(maps, 0, sizeof(maps));
	kernel.now_ns = 1000 * SECOND;
	content = content_new(&opts, &source);
}

static inline void start(void)
{
	start_with(1 << 20, 16 << 20);
	make(3, 16);
	make(12, 100);
}

static inline void step(void)
{
	while (kernel.now_ns >= content_due(content))
		content_step(content, kernel.now_ns);
}

/* One round, a second later. What was reported since the last. */
static inline const char *round_of(void)
{
	kernel.now_ns += SECOND;
	step();
	return told();
}

static inline void store(uint32_t id, uint32_t key, uint64_t value)
{
	maps[id].present[key] = true;
	maps[id].values[key] = value;
}

static inline struct event event_of(enum event_type type, uint32_t id, const uint32_t *key)
{
	return (struct event){ .type = type,
			       .monotonic_ns = kernel.now_ns,
			       .map = { .id = id, .known = true },
			       .has_result = true,
			       .key = { (const uint8_t *)key, key ? 4 : 0, 4 } };
}

/* A write that is recorded now; of no key: it was not captured. */
static inline void wrote(uint32_t id, const uint32_t *key, int result)
{
	struct event e = event_of(EVENT_MAP_UPDATE, id, key);

	e.result = result;
	content_event(content, &e);
}

static const uint32_t key_0 = 0, key_1 = 1, key_5 = 5;

#endif
