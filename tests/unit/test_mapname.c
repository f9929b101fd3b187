/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that the kernel cut, completed by BTF as libbpf makes it, and by BTF made to mislead. */
#include "btfvalues.h"
#include "btf/mapname.h"

#include <linux/bpf.h>

static int maps[8], n_maps;	/* variables */

/* __uint(type, map_type); __type(key, key); __type(value, value); a type 0 is left out. */
static int definition(uint32_t map_type, int key, int value)
{
	int type = btf__add_ptr(btf, array(s32, map_type));
	int key_ptr = key ? btf__add_ptr(btf, key) : 0,
	    value_ptr = value ? btf__add_ptr(btf, value) : 0;
	int map = btf__add_struct(btf, NULL, 24);

	btf__add_field(btf, "type", type, 0, 0);
	if (key)
		btf__add_field(btf, "key", key_ptr, 64, 0);
	if (value)
		btf__add_field(btf, "value", value_ptr, 128, 0);
	return map;
}

static void add_map(const char *name, uint32_t map_type, int key, int value)
{
	int map = definition(map_type, key, value);

	maps[n_maps++] = btf__add_var(btf, name, BTF_VAR_GLOBAL_ALLOCATED, map);
}

static void end_maps(void)
{
	btf__add_datasec(btf, ".maps", 24 * (uint32_t)n_maps);
	for (int i = 0; i < n_maps; i++)
		btf__add_datasec_var_info(btf, maps[i], 24 * (uint32_t)i, 24);
	n_maps = 0;
}

static const char *complete(const char *name, uint32_t map_type, int key, int value)
{
	char kernel[16] = "";

	memcpy(kernel, name, strnlen(name, 16));
	return mapname_complete(btf, kernel, map_type, (uint32_t)key, (uint32_t)value);
}

static void variables(void)
{
	begin();
	add_map("sessions_by_address", BPF_MAP_TYPE_HASH, u32, u64);
	add_map("counters", BPF_MAP_TYPE_ARRAY, u32, u64);
	add_map("exactly_fifteen", BPF_MAP_TYPE_ARRAY, u32, u64);
	end_maps();
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), "sessions_by_address");
	/* No cut names. */
	CHECK_STR(complete("sessions_by", BPF_MAP_TYPE_HASH, u32, u64), NULL);
	CHECK_STR(complete("counters", BPF_MAP_TYPE_ARRAY, u32, u64), NULL);
	CHECK_STR(complete("exactly_fifteen", BPF_MAP_TYPE_ARRAY, u32, u64), NULL);
	CHECK_STR(complete("", BPF_MAP_TYPE_ARRAY, u32, u64), NULL);
	/* Another map's. */
	CHECK_STR(complete("sessions_by_adr", BPF_MAP_TYPE_HASH, u32, u64), NULL);
}

/* sessions_by_address.inner: its template is called like a variable of another type. */
static void contradictions(void)
{
	begin();
	add_map("sessions_by_address", BPF_MAP_TYPE_HASH_OF_MAPS, u32, 0);
	end_maps();
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), NULL);
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH_OF_MAPS, u64, 0), NULL);
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH_OF_MAPS, u32, 0),
		  "sessions_by_address");
}

static void several(void)
{
	begin();
	add_map("sessions_by_address", BPF_MAP_TYPE_HASH, u32, u64);
	add_map("sessions_by_addend", BPF_MAP_TYPE_HASH, u32, u32);
	end_maps();
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, 0, 0), NULL);
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), "sessions_by_address");
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u32), "sessions_by_addend");
	begin();
	add_map("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64);
	add_map("sessions_by_address", BPF_MAP_TYPE_HASH, u32, u64);
	end_maps();
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), NULL);
}

static void sections(void)
{
	int section, bss;

	begin();
	section = btf__add_datasec(btf, ".rodata.abracadabra", 8);
	bss = btf__add_datasec(btf, ".bss", 8);
	CHECK_STR(complete(".rodata.abracad", BPF_MAP_TYPE_ARRAY, 0, section),
		  ".rodata.abracadabra");
	/* The beginning is the object's name, which BTF does not have. */
	CHECK_STR(complete("my_objec.rodata", BPF_MAP_TYPE_ARRAY, 0, section), NULL);
	CHECK_STR(complete("my_objec.bss", BPF_MAP_TYPE_ARRAY, 0, bss), NULL);
}

static void hostile(void)
{
	char name[5000];

	begin();
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, 99, 99), NULL);
	/* Variables that are none, and of no type; what they point to as well. */
	btf__add_datasec(btf, ".maps", 24);
	btf__add_datasec_var_info(btf, u32, 0, 24);
	btf__add_datasec_var_info(btf, 4711, 0, 24);
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), NULL);
	begin();
	btf__add_var(btf, "sessions_by_address", BTF_VAR_GLOBAL_ALLOCATED, 4711);
	btf__add_datasec(btf, ".maps", 24);
	btf__add_datasec_var_info(btf, character + 1, 0, 24);
	CHECK_STR(complete("sessions_by_add", BPF_MAP_TYPE_HASH, u32, u64), NULL);
	/* What no map can be called. */
	begin();
	CHECK_STR(complete(".data.cache_of_", BPF_MAP_TYPE_ARRAY, 0,
			   btf__add_datasec(btf, ".data.cache_of_x (array)", 8)),
		  NULL);
	/* Too long to be said with each event. */
	begin();
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	add_map(name, BPF_MAP_TYPE_HASH, u32, u64);
	end_maps();
	CHECK_STR(complete("aaaaaaaaaaaaaaa", BPF_MAP_TYPE_HASH, u32, u64), NULL);
}

int main(void)
{
	RUN(variables);
	RUN(contradictions);
	RUN(several);
	RUN(sections);
	RUN(hostile);
	btf__free(btf);
	return TEST_STATUS();
}
