/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is asked about maps, how often, and what is forgotten: with a kernel made up. */
#include "btf/mapinfo.h"

#include <errno.h>
#include <stdlib.h>

#include "btfvalues.h"
#include "facts/mapfacts.h"
#include "lib/bpflog.h"

/*
 * A kernel with a map of each id up to `last`. The last digit is the id of its BTF, 0 is none. BTF n
 * has bytes[n]: an u64 as type 1, and strings as long as is needed.
 */
static struct {
	uint32_t last, bytes[10], maps_asked, btfs_read;
	uint8_t broken;		/* written over the magic number */
	bool wrong_sizes;	/* types of another size than the map has */
	bool struct_ops;	/* values are of the kernel's BTF */
} kernel;
static struct mapinfo *mi;

static int ask_map(void *context, uint32_t id, struct bpf_map_info *info)
{
	(void)context;
	kernel.maps_asked++;
	if (id > kernel.last)
		return -ENOENT;
	*info = (struct bpf_map_info){ .id = id,
				       .type = BPF_MAP_TYPE_HASH,
				       .key_size = kernel.wrong_sizes ? 4 : 8,
				       .value_size = kernel.wrong_sizes ? 4 : 8,
				       .name = "config",
				       .btf_id = id % 10,
				       .btf_vmlinux_value_type_id = kernel.struct_ops,
				       .btf_key_type_id = !kernel.struct_ops,
				       .btf_value_type_id = !kernel.struct_ops };
	return 0;
}

static int ask_btf(void *context, uint32_t btf_id, void **data, uint32_t *size)
{
	static const uint32_t types[] = { 1, BTF_KIND_INT << 24, 8, 64 };
	struct btf_header *h;

	(void)context;
	*size = kernel.bytes[btf_id];
	if (!*size)
		return -ENOENT;
	if (!data)
		return 0;
	kernel.btfs_read++;
	h = calloc(1, *size);
	if (!h)
		return -ENOMEM;
	*h = (struct btf_header){ .magic = (uint16_t)(BTF_MAGIC ^ kernel.broken),
				  .version = BTF_VERSION,
				  .hdr_len = sizeof(*h),
				  .type_len = sizeof(types),
				  .str_off = sizeof(types),
				  .str_len = *size - sizeof(*h) - sizeof(types) };
	memcpy(h + 1, types, sizeof(types));
	memcpy((char *)(h + 1) + sizeof(types) + 1, "u64", 4);
	*data = h;
	return 0;
}

static void start(void)
{
	static const struct mapinfo_source source = { ask_map, ask_btf, NULL };

	mapinfo_free(mi);
	memset(&kernel, 0, sizeof(kernel));
	kernel.last = 100000;
	for (int i = 1; i < 10; i++)
		kernel.bytes[i] = 64;
	mi = mapinfo_new(&source);
}

static struct event_map event_map(uint32_t id)
{
	return (struct event_map){ .id = id,
				   .type = BPF_MAP_TYPE_HASH,
				   .key_size = kernel.wrong_sizes ? 4 : 8,
				   .value_size = kernel.wrong_sizes ? 4 : 8,
				   .known = true,
				   .name = "config",
				   .address = 0xffff888000000000 + id };
}

static const struct event_mapinfo *get(uint32_t id)
{
	struct event_map m = event_map(id);

	mapinfo_get(mi, &m, true);
	return m.info;
}

/* The map was there, its BTF no longer: an id that leads nowhere is not told. */
static void btf_gone(void)
{
	const struct event_mapinfo *info;

	start();
	kernel.bytes[3] = 0;
	info = get(13);
	CHECK(info && !info->btf);
	CHECK_INT(info->btf_id, 0);
	kernel.bytes[4] = MAPINFO_ONE_BTF_BYTES + 1;
	info = get(14);
	CHECK(info && !info->btf);
	CHECK_INT(info->btf_id, 4);
}

static void asks_once(void)
{
	struct event_map end = event_map(21);

	start();
	for (int i = 0; i < 3; i++) {
		CHECK(get(11) && get(11)->btf);
		CHECK_INT(get(11)->btf_id, 1);
		CHECK_INT(get(11)->key_type, 1);
		CHECK_INT(get(11)->value_type, 1);
	}
	CHECK_INT(kernel.maps_asked, 1);
	CHECK_INT(kernel.btfs_read, 1);
	/* The same BTF, another map: shared until both are gone. */
	CHECK(get(11)->btf == get(21)->btf);
	mapinfo_drop(mi, 11);
	CHECK(get(21)->btf);
	CHECK_INT(kernel.btfs_read, 1);
	/* At the end of a map what is known is told, and nobody asked. */
	mapinfo_get(mi, &end, false);
	CHECK(end.info && end.info->btf);
	mapinfo_drop(mi, 21);
	mapinfo_get(mi, &end, false);
	CHECK(!end.info);
	CHECK_INT(kernel.maps_asked, 2);
	CHECK(get(21)->btf);
	CHECK_INT(kernel.btfs_read, 2);
	mapinfo_drop(mi, 4711);
}

static void without_btf(void)
{
	start();
	CHECK(get(70) && !get(70)->btf && !get(70)->btf_id);
	CHECK_INT(kernel.maps_asked, 1);
	CHECK_INT(kernel.btfs_read, 0);
}

static void gone(void)
{
	start();
	kernel.last = 0;
	CHECK(!get(11));
	CHECK(!get(11));
	CHECK_INT(kernel.maps_asked, 1);
	CHECK(!get(0));
	CHECK_INT(kernel.maps_asked, 1);
}

static void not_known(void)
{
	struct event_map m = event_map(11);

	start();
	m.known = false;
	mapinfo_get(mi, &m, true);
	CHECK(!m.info);
	CHECK_INT(kernel.maps_asked, 0);
}

/* bpf(2) speaks of another map than the record. */
static void another_map(void)
{
	struct event_map maps[4];

	start();
	for (int i = 0; i < 4; i++)
		maps[i] = event_map(11 + 10 * (uint32_t)i);
	maps[0].type = BPF_MAP_TYPE_ARRAY;
	maps[1].key_size = 4;
	maps[2].value_size = 16;
	maps[3].name = "confih";
	for (int i = 0; i < 4; i++) {
		mapinfo_get(mi, &maps[i], true);
		CHECK(!maps[i].info);
	}
}

/* The id is used again, and the end of the map that had it was not seen. */
static void id_again(void)
{
	struct event_map m = event_map(11);

	start();
	CHECK(get(11));
	m.address++;
	mapinfo_get(mi, &m, true);
	CHECK_INT(kernel.maps_asked, 2);
	mapinfo_get(mi, &m, true);
	CHECK_INT(kernel.maps_asked, 2);
}

/* Its descriptor has an effect when it is closed. */
static void prog_array(void)
{
	struct event_map m = event_map(11);

	start();
	m.type = BPF_MAP_TYPE_PROG_ARRAY;
	mapinfo_get(mi, &m, true);
	CHECK(!m.info);
	CHECK_INT(kernel.maps_asked, 0);
}

static void oldest_go(void)
{
	start();
	for (uint32_t id = 1; id <= MAPINFO_MAPS; id++)
		get(id);
	get(1);
	CHECK_INT(kernel.maps_asked, MAPINFO_MAPS);
	get(MAPINFO_MAPS + 1);
	/* 1 was used since: 2 had to go. */
	get(1);
	get(3);
	CHECK_INT(kernel.maps_asked, MAPINFO_MAPS + 1);
	get(2);
	CHECK_INT(kernel.maps_asked, MAPINFO_MAPS + 2);
}

static void bytes_are_bounded(void)
{
	start();
	for (int i = 1; i < 10; i++)
		kernel.bytes[i] = 3u << 20;
	for (uint32_t i = 1; i < 4; i++)
		CHECK(get(i)->btf);
	CHECK_INT(kernel.maps_asked, 3);
	CHECK(get(1)->btf && get(2)->btf && get(3)->btf);
	CHECK_INT(kernel.maps_asked, 3);
	/* A fourth of 3 MiB, each half as much again in memory, is too much. */
	CHECK(get(4)->btf);
	CHECK(get(2)->btf);
	CHECK_INT(kernel.maps_asked, 4);
	CHECK(get(1)->btf);
	CHECK_INT(kernel.maps_asked, 5);
}

static void too_large(void)
{
	start();
	kernel.bytes[1] = MAPINFO_ONE_BTF_BYTES + 1;
	CHECK(get(11) && !get(11)->btf);
	CHECK_INT(get(11)->btf_id, 1);
	CHECK_INT(get(11)->value_type, 0);
	CHECK_INT(kernel.btfs_read, 0);
}

static void malformed(void)
{
	start();
	kernel.broken = 1;
	CHECK(get(11) && !get(11)->btf);
	CHECK_INT(get(21)->btf_id, 1);
	CHECK_INT(kernel.btfs_read, 1);
}

static void wrong_sizes(void)
{
	start();
	kernel.wrong_sizes = true;
	CHECK(get(11) && get(11)->btf);
	CHECK_INT(get(11)->key_type, 0);
	CHECK_INT(get(11)->value_type, 0);
}

/* The map came with BTF, but its values are of the kernel's. */
static void struct_ops(void)
{
	start();
	kernel.struct_ops = true;
	kernel.bytes[0] = MAPINFO_ONE_BTF_BYTES + 1;
	CHECK(get(11) && get(11)->btf);
	CHECK_INT(get(11)->btf_id, 1);
	CHECK_INT(get(11)->key_type, 0);
	CHECK_INT(get(11)->value_type, 1);
	CHECK(get(11)->btf == get(21)->btf);
	kernel.struct_ops = false;
	CHECK(get(31)->btf != get(11)->btf);
	CHECK_INT(kernel.btfs_read, 2);
	start();
	kernel.struct_ops = true;
	kernel.bytes[0] = MAPINFO_KERNEL_BTF_BYTES + 1;
	CHECK(get(11) && !get(11)->btf);
	CHECK_INT(kernel.btfs_read, 0);
}

/* Maps in turn that each push the BTF of another out: not all of it is read again and again. */
static void reads_are_bounded(void)
{
	uint32_t refused = 0;

	start();
	for (int i = 1; i < 10; i++)
		kernel.bytes[i] = 4u << 20;
	for (uint32_t i = 0; i < 100 && !refused; i++)
		refused += !get(1 + i % 7);
	CHECK_INT(refused, 1);
	/* No verdict: it is asked for again. */
	refused = kernel.maps_asked;
	get(9);
	CHECK_INT(kernel.maps_asked, refused + 1);
}

/* What was learned goes with its map, not for BTF, which can be read again. */
static void facts_stay(void)
{
	struct event_map m = event_map(1);
	const uint32_t user = 31;

	start();
	CHECK(!mapinfo_facts(mi, 1, m.address, false));
	CHECK(mapinfo_facts(mi, 1, 0, true));
	CHECK_INT(kernel.maps_asked, 0);
	mapfacts_users(mapinfo_facts(mi, 1, m.address, true), &user, 1);
	for (int i = 1; i < 10; i++)
		kernel.bytes[i] = 3u << 20;
	for (uint32_t i = 1; i < 5; i++)
		CHECK(get(i)->btf);
	CHECK_INT(kernel.btfs_read, 4);
	mapinfo_get(mi, &m, false);	/* its BTF made room */
	CHECK(!m.info);
	CHECK(m.facts && m.facts->n_users == 1);
	mapinfo_get(mi, &m, true);
	CHECK(m.info && m.info->btf && m.facts);
	CHECK_INT(kernel.btfs_read, 5);
	m.address++;
	mapinfo_get(mi, &m, true);
	CHECK(!m.facts);
	CHECK_INT(mapinfo_forgotten(mi), 0);
}

int main(void)
{
	bpflog_init();
	RUN(asks_once);
	RUN(btf_gone);
	RUN(without_btf);
	RUN(gone);
	RUN(not_known);
	RUN(another_map);
	RUN(id_again);
	RUN(prog_array);
	RUN(oldest_go);
	RUN(bytes_are_bounded);
	RUN(too_large);
	RUN(malformed);
	RUN(wrong_sizes);
	RUN(struct_ops);
	RUN(reads_are_bounded);
	RUN(facts_stay);
	mapinfo_free(mi);
	return TEST_STATUS();
}
