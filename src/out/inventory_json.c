/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inventory as JSON lines, one object a map; members as in events where there are such.
 *
 * {"v":1,"map":{"id":12,"name":"config","type":"array","key_size":4,...,"pins":["/sys/fs/bpf/c"]},
 *  "pins":[{"path":"/sys/fs/bpf/c","mode":"0660","uid":0,"gid":0}],
 *  "programs":[{"id":31,"name":"on_tick","type":"raw_tracepoint","tag":"a04f5eef06a7f555","uid":0}],
 *  "processes":[{"pid":700,"comm":"mapwriter","uid":0,"fds":1,"mode":"rw","mmap":"rw"}],
 *  "findings":[{"finding":"not_frozen","text":"it is not frozen: bpf(2) can change it"}],
 *  "entries":[{"key":{"size":4,"hex":"00000000","btf":0},"value":{...}}],"left_out":15}
 */
#include <stdio.h>
#include <string.h>

#include "btf/btfval.h"
#include "inventory/findings.h"
#include "maptype.h"
#include "names.h"
#include "out/inventory_out.h"
#include "out/out.h"

static void put_type(struct buf *b, const char *member, const char *name, uint32_t type)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", type);
	json_string(b, member, name ? name : number);
}

static void put_octal(struct buf *b, const char *name, uint32_t mode)
{
	char text[16];

	snprintf(text, sizeof(text), "%04o", mode);
	json_string(b, name, text);
}

static void put_shape(struct buf *b, uint32_t type, uint32_t key_size, uint32_t value_size,
		      uint32_t max_entries, uint32_t flags)
{
	put_type(b, "type", maptype_name(type), type);
	json_u64(b, "key_size", key_size);
	json_u64(b, "value_size", value_size);
	json_u64(b, "max_entries", max_entries);
	out_json_flags(b, map_flag_names, flags);
}

static void put_names(struct buf *b, const char *name, const char *full_name)
{
	json_bytes(b, "name", name, EVENT_NAME_BYTES);
	if (full_name)
		json_bytes(b, "full_name", full_name, strlen(full_name));
}

static void put_map(struct buf *b, const struct inv_map *m)
{
	const struct inv_inner *inner = &m->inner;

	json_open(b, "map", '{');
	json_u64(b, "id", m->id);
	put_names(b, m->name, m->full_name);
	put_shape(b, m->type, m->key_size, m->value_size, m->max_entries, m->flags);
	json_bool(b, "frozen", m->frozen);
	if (m->hidden)
		json_bool(b, "hidden", true);
	json_open(b, "pins", '[');
	for (size_t i = 0; i < m->n_pins; i++)
		json_string(b, NULL, m->pins[i].path);
	json_close(b, ']');
	if (m->has_memory)
		json_u64(b, "memory", m->memory);
	if (m->btf_id) {
		json_u64(b, "btf_id", m->btf_id);
		if (m->key_type)
			json_u64(b, "btf_key_type_id", m->key_type);
		if (m->value_type)
			json_u64(b, "btf_value_type_id", m->value_type);
	}
	if (m->has_inner) {
		json_open(b, "inner", '{');
		put_shape(b, inner->type, inner->key_size, inner->value_size, inner->max_entries,
			  inner->flags);
		json_close(b, '}');
	}
	if (m->n_parents) {
		json_open(b, "parents", '[');
		for (size_t i = 0; i < m->n_parents; i++)
			json_u64(b, NULL, m->parents[i]);
		json_close(b, ']');
	}
	json_close(b, '}');
}

static void put_pins(struct buf *b, const struct inv_map *m)
{
	json_open(b, "pins", '[');
	for (size_t i = 0; i < m->n_pins; i++) {
		json_open(b, NULL, '{');
		json_string(b, "path", m->pins[i].path);
		put_octal(b, "mode", m->pins[i].mode);
		json_u64(b, "uid", m->pins[i].uid);
		json_u64(b, "gid", m->pins[i].gid);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_prog(struct buf *b, const char *name, const struct inv_prog *p)
{
	json_open(b, name, '{');
	json_u64(b, "id", p->id);
	put_names(b, p->name, p->full_name);
	put_type(b, "type", prog_type_name(p->type), p->type);
	json_hex(b, "tag", p->tag, sizeof(p->tag));
	json_u64(b, "uid", p->uid);
	json_close(b, '}');
}

static void put_mode(struct buf *b, const char *name, uint32_t mode)
{
	if (mode)
		json_string(b, name, mode == INV_READ ? "r" : mode == INV_WRITE ? "w" : "rw");
}

static void put_processes(struct buf *b, const struct inv_map *m)
{
	json_open(b, "processes", '[');
	for (size_t i = 0; i < m->n_processes; i++) {
		const struct inv_process *p = &m->processes[i];

		json_open(b, NULL, '{');
		json_u64(b, "pid", p->pid);
		json_bytes(b, "comm", p->comm, EVENT_NAME_BYTES);
		if (p->uid != UINT32_MAX)
			json_u64(b, "uid", p->uid);
		json_u64(b, "fds", p->fds);
		put_mode(b, "mode", p->fd_mode);
		if (p->mmaps) {
			json_u64(b, "mmaps", p->mmaps);
			put_mode(b, "mmap", p->mmap_mode);
		}
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_finding(void *context, const char *name, const char *text)
{
	struct buf *b = context;

	json_open(b, NULL, '{');
	json_string(b, "finding", name);
	json_string(b, "text", text);
	json_close(b, '}');
}

void inventory_json_open(struct buf *b, const struct inventory *inv, const struct inv_map *map)
{
	b->comma = false;
	json_open(b, NULL, '{');
	json_u64(b, "v", 1);
	put_map(b, map);
	put_pins(b, map);
	json_open(b, "programs", '[');
	for (size_t i = 0; i < map->n_progs; i++)
		put_prog(b, NULL, &inv->progs[map->progs[i]]);
	json_close(b, ']');
	put_processes(b, map);
	if (map->evicted_since_ns) {
		json_open(b, "evicted", '{');
		json_u64(b, "count", map->evicted);
		out_json_time(b, "since", map->evicted_since_ns);
		json_close(b, '}');
	}
	json_open(b, "findings", '[');
	findings_of(map, put_finding, b);
	json_close(b, ']');
}

void inventory_json_close(struct buf *b)
{
	json_close(b, '}');
	buf_str(b, "\n");
}

/* ---- content ---- */

void inventory_json_begin(struct buf *b)
{
	json_open(b, "entries", '[');
}

/* `is_object`: it stands for something that is told beside it. */
static void put_bytes(struct buf *b, const struct inventory_dump *dump, uint32_t type,
		      const uint8_t *data, size_t size, bool is_object)
{
	size_t len = size < dump->bytes ? size : dump->bytes;
	uint64_t number;

	json_u64(b, "size", size);
	json_hex(b, "hex", data, len);
	if (len < size)
		json_bool(b, "truncated", true);
	if (dump->btf && type && btfval_json(b, "btf", dump->btf, type, data, len))
		return;
	if (!is_object && inventory_number(data, len < size ? 0 : size, &number))
		json_u64(b, "number", number);
}

/* A program that is gone is known by its id alone. */
static void put_object_prog(struct buf *b, const struct inventory_object *o)
{
	json_u64(b, "id", o->prog_id);
	if (!o->prog)
		return;
	put_names(b, o->prog->name, o->prog->full_name);
	put_type(b, "prog_type", prog_type_name(o->prog->type), o->prog->type);
}

/* As in events. */
static void put_object(struct buf *b, const struct inventory_object *o)
{
	json_open(b, "object", '{');
	json_string(b, "type", o->type);
	if (o->map_id)
		json_u64(b, "id", o->map_id);
	if (o->map) {
		put_names(b, o->map->name, o->map->full_name);
		put_type(b, "map_type", maptype_name(o->map->type), o->map->type);
	}
	if (o->ifindex)
		json_u64(b, "ifindex", o->ifindex);
	if (o->qsize) {
		json_u64(b, "cpu", o->cpu);
		json_u64(b, "qsize", o->qsize);
	}
	if (o->prog_id && !o->ifindex && !o->qsize) {
		put_object_prog(b, o);
	} else if (o->prog_id) {
		json_open(b, "program", '{');
		put_object_prog(b, o);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void put_value(struct buf *b, const struct inventory_dump *dump,
		      const struct mapdump_entry *entry)
{
	struct inventory_object o = inventory_object(dump, entry);
	size_t stride = (entry->value_size + 7) / 8 * 8;

	json_open(b, "value", '{');
	if (entry->cpus) {
		json_u64(b, "size", entry->value_size);
		json_open(b, "cpus", '[');
		for (uint32_t cpu = 0; cpu < entry->cpus; cpu++) {
			json_open(b, NULL, '{');
			json_u64(b, "cpu", cpu);
			put_bytes(b, dump, dump->value_type, entry->value + cpu * stride,
				  entry->value_size, false);
			json_close(b, '}');
		}
		json_close(b, ']');
	} else {
		put_bytes(b, dump, dump->value_type, entry->value, entry->value_size, o.type);
		if (o.type)
			put_object(b, &o);
	}
	json_close(b, '}');
}

void inventory_json_entry(struct buf *b, const struct inventory_dump *dump,
			  const struct mapdump_entry *entry)
{
	json_open(b, NULL, '{');
	json_open(b, "key", '{');
	put_bytes(b, dump, dump->key_type, entry->key, entry->key_size, false);
	json_close(b, '}');
	if (entry->value_error)
		out_json_error(b, "value_error", entry->value_error);
	else
		put_value(b, dump, entry);
	json_close(b, '}');
}

void inventory_json_end(struct buf *b, const struct mapdump_end *end)
{
	json_close(b, ']');
	if (end->left_out)
		json_u64(b, "left_out", end->left_out);
	if (end->changed)
		json_bool(b, "changed", true);
	if (end->reason)
		json_string(b, "no_entries", end->reason);
	if (end->error)
		out_json_error(b, "entries_error", end->error);
}
