/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What values stand for: maps and programs by id, devices, CPUs; plain numbers. */
#include <linux/bpf.h>
#include <string.h>

#include "out/inventory_out.h"

struct inventory_object inventory_object(const struct inventory_dump *dump,
					 const struct mapdump_entry *entry)
{
	struct inventory_object o = {};
	uint32_t words[2] = {};	/* struct bpf_devmap_val, struct bpf_cpumap_val: a program second */

	if (entry->value_error || entry->value_size < sizeof(words[0]) ||
	    entry->key_size < sizeof(words[0]))
		return o;
	memcpy(words, entry->value,
	       entry->value_size < sizeof(words) ? entry->value_size : sizeof(words));
	switch (dump->map->type) {
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		o.type = "map";
		o.map_id = words[0];
		o.map = inventory_find(dump->inv, o.map_id);
		break;
	case BPF_MAP_TYPE_PROG_ARRAY:
		o.type = "program";
		o.prog_id = words[0];
		break;
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
		o.type = "netdev";
		o.ifindex = words[0];
		o.prog_id = words[1];
		break;
	case BPF_MAP_TYPE_CPUMAP:
		o.type = "cpu";
		memcpy(&o.cpu, entry->key, sizeof(o.cpu));
		o.qsize = words[0];
		o.prog_id = words[1];
		break;
	}
	if (o.prog_id)
		o.prog = inventory_prog(dump->inv, o.prog_id);
	return o;
}

bool inventory_number(const uint8_t *data, size_t size, uint64_t *number)
{
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1:
		*number = data[0];
		return true;
	case 2:
		memcpy(&u16, data, sizeof(u16));
		*number = u16;
		return true;
	case 4:
		memcpy(&u32, data, sizeof(u32));
		*number = u32;
		return true;
	case 8:
		memcpy(number, data, sizeof(*number));
		return true;
	}
	return false;
}
