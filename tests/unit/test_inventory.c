/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the inventory and the content of maps are printed, and what it is kept in. Golden files are
 * tests/golden/maps_*.
 */
#include "inventory/inventory.h"

#include <bpf/btf.h>
#include <linux/bpf.h>

#include "golden.h"
#include "inventory/evicted.h"
#include "inventory/mapdump.h"
#include "out/inventory_out.h"
#include "test.h"

static struct inv_prog progs[] = {
	{ 31,
	  BPF_PROG_TYPE_RAW_TRACEPOINT,
	  0,
	  0,
	  0,
	  { 0xa0, 0x4f, 0x5e, 0xef, 6, 0xa7, 0xf5, 0x55 },
	  "on_tick",
	  NULL },
	{ 32, BPF_PROG_TYPE_XDP, 1000, 0, 0, { 1, 2, 3, 4, 5, 6, 7, 8 }, "", NULL },
	{ 33, 999, 0, 0, 0, { 0 }, "fifteen_letters", (char *)"fifteen_letters_and\033more" },
};
static struct inv_pin pins[] = {
	{ (char *)"/sys/fs/bpf/config", 0660, 0, 33, 0755, 0, 0700 },
	{ (char *)"/proc/812/root/sys/fs/bpf/c\033 \"x\"", 0600, 1000, 1000, 01777, 0, 0777 },
};
static struct inv_process processes[] = {
	{ 700, 0, "mapwriter", 2, 1, INV_READ | INV_WRITE, INV_READ | INV_WRITE },
	{ 901, 1000, "e\033vil\xff", 1, 0, INV_READ, 0 },
	{ 902, UINT32_MAX, "mapper", 0, 3, 0, INV_READ },
};
static uint32_t users[] = { 0, 1, 2 }, parents[] = { 3, 40 };

/* Each kind of thing to say, and of each list: none, some, more than a cell shows. */
static struct inv_map maps[] = {
	{ .id = 12,
	  .type = BPF_MAP_TYPE_ARRAY,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 16,
	  .flags = BPF_F_MMAPABLE | 1u << 30,
	  .name = "config",
	  .has_memory = true,
	  .memory = 456,
	  .btf_id = 211,
	  .key_type = 3,
	  .value_type = 7,
	  .pins = pins,
	  .n_pins = 2,
	  .progs = users,
	  .n_progs = 3,
	  .processes = processes,
	  .n_processes = 3 },
	{ .id = 13,
	  .type = BPF_MAP_TYPE_HASH_OF_MAPS,
	  .key_size = 16,
	  .value_size = 4,
	  .max_entries = 1u << 20,
	  .name = "fifteen_letters",
	  .has_inner = true,
	  .inner = { BPF_MAP_TYPE_ARRAY, 4, 8, 16, BPF_F_INNER_MAP } },
	{ .id = 4000000000,
	  .type = 999,
	  .name = "\033[2J",
	  .frozen = true,
	  .hidden = true,
	  .flags = BPF_F_RDONLY_PROG,
	  .parents = parents,
	  .n_parents = 2,
	  .progs = users,
	  .n_progs = 1 },
	{ .id = 4000000001,
	  .type = BPF_MAP_TYPE_LRU_HASH,
	  .key_size = 4,
	  .value_size = 8,
	  .max_entries = 256,
	  .name = "flows",
	  .evicted = 1744,
	  .evicted_since_ns = 1700000000000000000 },
};
static struct inventory inv = { maps, 4, progs, 3, NULL, 0 };

static void compare_and_drop(const char *name, const char *format, struct buf *b)
{
	const char *why = golden_compare(name, format, b);

	buf_fini(b);
	if (*why)
		FAIL("%s", why);
}

static void list_text(void)
{
	struct buf b = {};

	inventory_text_list(&b, &inv);
	compare_and_drop("maps_list", "text", &b);
}

static void list_empty_text(void)
{
	const struct inventory none = {};
	struct buf b = {};

	inventory_text_list(&b, &none);
	compare_and_drop("maps_none", "text", &b);
}

/* ---- one map ---- */

static size_t current; /* in maps[] */
static const char *golden_name;

static void map_text(void)
{
	struct buf b = {};

	inventory_text_map(&b, &inv, &maps[current]);
	compare_and_drop(golden_name, "text", &b);
}

static void map_json(void)
{
	struct buf b = {};

	inventory_json_open(&b, &inv, &maps[current]);
	inventory_json_close(&b);
	compare_and_drop(golden_name, "json", &b);
}

/* ---- elements ---- */

static struct inventory_dump dump;
static struct inv_map shown;
static struct mapdump_entry entries[4];
static size_t n_entries;
static struct mapdump_end end;
static uint8_t key[4][4] = { { 0 }, { 1 }, { 2, 0, 0, 1 }, { 3 } }, value[4][48];
static struct btf *btf;

static void prepare(uint32_t type, uint32_t value_size)
{
	shown = (struct inv_map){ .id = 50,
				  .type = type,
				  .key_size = 4,
				  .value_size = value_size,
				  .max_entries = 4,
				  .name = "shown" };
	dump = (struct inventory_dump){ .inv = &inv, .map = &shown, .bytes = 64 };
	end = (struct mapdump_end){};
	memset(value, 0, sizeof(value));
	n_entries = 0;
}

static void add(const void *bytes, size_t len)
{
	size_t i = n_entries++;

	if (len)
		memcpy(value[i], bytes, len);
	entries[i] = (struct mapdump_entry){
		.key = key[i], .value = value[i], .key_size = 4, .value_size = shown.value_size
	};
	end.shown++;
}

static void print_json(struct buf *b)
{
	inventory_json_open(b, &inv, &shown);
	inventory_json_begin(b);
	for (size_t i = 0; i < n_entries; i++)
		inventory_json_entry(b, &dump, &entries[i]);
	inventory_json_end(b, &end);
	inventory_json_close(b);
}

static void print_text(struct buf *b)
{
	for (size_t i = 0; i < n_entries; i++)
		inventory_text_entry(b, &dump, &entries[i]);
	inventory_text_end(b, &end);
}

/* struct { int on; char name[4]; } */
static void make_btf(void)
{
	int s32, character, chars;

	btf = btf__new_empty();
	s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	character = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	chars = btf__add_array(btf, s32, character, 4);
	dump.key_type = (uint32_t)s32;
	dump.value_type = (uint32_t)btf__add_struct(btf, "config", 8);
	btf__add_field(btf, "on", s32, 0, 0);
	btf__add_field(btf, "name", chars, 32, 0);
	dump.btf = btf;
}

static void decoded(void)
{
	prepare(BPF_MAP_TYPE_HASH, 8);
	make_btf();
	add("\1\0\0\0abc", 8);
	add("\2\0\0\0x\"y", 8);
	end.left_out = 15;
}

static void bytes(void)
{
	prepare(BPF_MAP_TYPE_HASH, 6);
	add("\1\2\3\4\5\6", 6);
	add("", 0);
	entries[1].value = NULL;
	entries[1].value_error = -EOPNOTSUPP;
	dump.bytes = 3;
	end.changed = true;
	end.error = -EACCES;
}

static void numbers(void)
{
	prepare(BPF_MAP_TYPE_ARRAY, 8);
	add("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	add("\7", 1);
}

/* Each CPU's value is padded to 8 bytes. */
static void cpus(void)
{
	prepare(BPF_MAP_TYPE_PERCPU_ARRAY, 4);
	make_btf();
	dump.value_type = dump.key_type;
	add("\1\0\0\0____\2\0\0\0____\xfd\xff\xff\xff____", 24);
	entries[0].cpus = 3;
}

static void maps_inside(void)
{
	prepare(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4);
	add("\14\0\0\0", 4);
	add("\143\0\0\0", 4);
}

static void programs_inside(void)
{
	prepare(BPF_MAP_TYPE_PROG_ARRAY, 4);
	add("\37\0\0\0", 4);
	add("\143\0\0\0", 4);
}

static void devices_inside(void)
{
	prepare(BPF_MAP_TYPE_DEVMAP, 8);
	add("\2\0\0\0\0\0\0\0", 8);
	add("\3\0\0\0\40\0\0\0", 8);
}

static void cpus_inside(void)
{
	prepare(BPF_MAP_TYPE_CPUMAP, 8);
	add("\100\0\0\0\0\0\0\0", 8);
	add("\200\0\0\0\41\0\0\0", 8);
}

static void no_elements(void)
{
	prepare(BPF_MAP_TYPE_QUEUE, 8);
	end.reason = "a queue can be emptied, but not listed";
}

static void empty(void)
{
	prepare(BPF_MAP_TYPE_HASH, 8);
}

static const struct {
	const char *name;
	void (*make)(void);
} contents[] = {
	{ "maps_decoded", decoded },	     { "maps_bytes", bytes },
	{ "maps_numbers", numbers },	     { "maps_cpus", cpus },
	{ "maps_inside", maps_inside },	     { "maps_programs", programs_inside },
	{ "maps_devices", devices_inside },  { "maps_cpumap", cpus_inside },
	{ "maps_no_elements", no_elements }, { "maps_empty", empty },
};

static void content_text(void)
{
	struct buf b = {};

	contents[current].make();
	print_text(&b);
	btf__free(btf);
	btf = NULL;
	compare_and_drop(golden_name, "text", &b);
}

static void content_json(void)
{
	struct buf b = {};

	contents[current].make();
	print_json(&b);
	btf__free(btf);
	btf = NULL;
	compare_and_drop(golden_name, "json", &b);
}

/* ---- the structure ---- */

static void find(void)
{
	const struct inventory none = {};

	CHECK(inventory_find(&inv, 12) == &maps[0]);
	CHECK(inventory_find(&inv, 4000000000) == &maps[2]);
	CHECK(!inventory_find(&inv, 14));
	CHECK(inventory_prog(&inv, 33) == &progs[2]);
	CHECK(!inventory_prog(&inv, 1));
	CHECK(!inventory_find(&none, 1) && !inventory_prog(&none, 1));
	inventory_free(NULL);
}

static void grow(void)
{
	uint32_t *list = NULL;

	for (size_t n = 0; n < 1000; n++) {
		list = inventory_grow(list, n, sizeof(*list));
		CHECK(list && !list[n]);
		list[n] = (uint32_t)n + 1;
	}
	for (size_t n = 0; n < 1000; n++)
		CHECK_INT(list[n], n + 1);
	free(list);
}

static void gaps(void)
{
	struct inventory *some = calloc(1, sizeof(*some));

	CHECK(some);
	inventory_gap(some, "%s cannot be read", "/sys/fs/bpf/\033[2J");
	inventory_gap(some, "map %u", 7);
	CHECK_INT(some->n_gaps, 2);
	CHECK_STR(some->gaps[0], "/sys/fs/bpf/\\x1b[2J cannot be read");
	CHECK_STR(some->gaps[1], "map 7");
	inventory_free(some);
}

static void run_golden(const char *name, const char *format, void (*test)(void))
{
	char line[128];

	golden_name = name;
	snprintf(line, sizeof(line), "golden/%s.%s", name, format);
	test_run(line, test);
}

/* A bpfmon's counts: since when, and of one slot. */
static struct wire_evicted *counts_since(uint64_t since_ns, struct wire_evicted of, uint32_t slot)
{
	struct wire_evicted *counts = calloc(EVICTED_ENTRIES, sizeof(*counts));
	struct wire_evicted since = { .count = since_ns };
	const uint32_t last = WIRE_EVICTED, beyond = EVICTED_ENTRIES;
	struct mapdump_entry entry = { .key = (uint8_t *)&last, .value = (uint8_t *)&since };

	if (!counts)
		abort();
	evicted_entry(counts, &entry);
	entry.value = (uint8_t *)&of;
	entry.key = (uint8_t *)&slot;
	evicted_entry(counts, &entry);
	entry.key = (uint8_t *)&beyond;
	evicted_entry(counts, &entry);
	return counts;
}

/* What is told of map 5, an LRU map, and its neighbour, with these counts; -1: nothing. */
static int64_t evicted_of(uint64_t since_ns, struct wire_evicted of)
{
	struct inv_map list[] = { { .id = 4, .type = BPF_MAP_TYPE_HASH },
				  { .id = 5, .type = BPF_MAP_TYPE_LRU_PERCPU_HASH } };
	struct inventory some = { .maps = list, .n_maps = 2 };
	struct wire_evicted *counts = counts_since(since_ns, of, 5);

	evicted_put(&some, counts);
	free(counts);
	if (list[0].evicted_since_ns || (list[1].evicted_since_ns != since_ns && list[1].evicted))
		return -2;
	return list[1].evicted_since_ns ? (int64_t)list[1].evicted : -1;
}

static void evicted(void)
{
	CHECK_INT(evicted_of(7, (struct wire_evicted){ 0, 0, 0 }), 0);
	CHECK_INT(evicted_of(7, (struct wire_evicted){ 5, 0, 30 }), 30);
	/* one with a smaller id had the slot, and pushes nothing out any more */
	CHECK_INT(evicted_of(7, (struct wire_evicted){ 1, 0, 30 }), 0);
	/* a younger one has it; an older one came back to it */
	CHECK_INT(evicted_of(7, (struct wire_evicted){ 5 + WIRE_EVICTED, 0, 30 }), -1);
	CHECK_INT(evicted_of(7, (struct wire_evicted){ 5, 1, 30 }), -1);
	/* the hook could not be attached */
	CHECK_INT(evicted_of(0, (struct wire_evicted){ 5, 0, 30 }), -1);
}

static void evicted_by_two(void)
{
	static const uint64_t since[][3] = {
		{ 7, 9, 7 }, { 9, 7, 7 }, { 0, 9, 9 }, { 9, 0, 9 }, { 0, 0, 0 },
	};
	struct wire_evicted none = {}, *counts;

	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
		counts = evicted_longer(counts_since(since[i][0], none, 1),
					counts_since(since[i][1], none, 1));
		CHECK_INT(counts[WIRE_EVICTED].count, since[i][2]);
		free(counts);
	}
	counts = evicted_longer(NULL, counts_since(7, none, 1));
	CHECK_INT(counts[WIRE_EVICTED].count, 7);
	free(counts);
	CHECK(evicted_longer(NULL, NULL) == NULL);
}

static void evicted_named(void)
{
	struct inv_map m = { .type = BPF_MAP_TYPE_ARRAY,
			     .key_size = 4,
			     .value_size = 16,
			     .max_entries = 4097,
			     .name = "evicted" };

	CHECK(evicted_is(&m));
	m.value_size = 8;
	CHECK(!evicted_is(&m));
	m.value_size = 16;
	m.name[0] = 'E';
	CHECK(!evicted_is(&m));
}

int main(void)
{
	static const char *const names[] = { "maps_map", "maps_outer", "maps_unknown", "maps_lru" };

	setenv("TZ", "UTC", 1);
	run_golden("maps_list", "text", list_text);
	run_golden("maps_none", "text", list_empty_text);
	for (current = 0; current < sizeof(names) / sizeof(names[0]); current++) {
		run_golden(names[current], "text", map_text);
		run_golden(names[current], "json", map_json);
	}
	for (current = 0; current < sizeof(contents) / sizeof(contents[0]); current++) {
		run_golden(contents[current].name, "text", content_text);
		run_golden(contents[current].name, "json", content_json);
	}
	RUN(find);
	RUN(grow);
	RUN(gaps);
	RUN(evicted);
	RUN(evicted_by_two);
	RUN(evicted_named);
	return TEST_STATUS();
}
