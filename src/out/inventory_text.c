/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inventory for a person: a table of all maps, or one map in detail.
 *
 * ID  NAME    TYPE   KEY  VALUE  ENTRIES  MEMORY  FLAGS            PINS  PROGRAMS    PROCESSES
 * 12  config  array    4      8       16     456  MMAPABLE,frozen  -     31 on_tick  owner[700] rw
 *
 * map 12 config (array)
 *   key          4 bytes
 *   ...
 *   findings
 *     not_frozen   it is not frozen: bpf(2) can change it
 *   elements
 *     [0] = {enabled: 1}
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "btf/btfval.h"
#include "inventory/findings.h"
#include "maptype.h"
#include "names.h"
#include "out/inventory_out.h"

#define FLAG_PREFIX "BPF_F_"

/* Whole, where that is known. */
static void put_name(struct buf *b, const char *name, const char *full_name)
{
	if (full_name)
		buf_safe(b, full_name, strlen(full_name));
	else if (name[0])
		buf_safe(b, name, EVENT_NAME_BYTES);
	else
		buf_str(b, "-");
}

static void put_type(struct buf *b, const char *name, uint32_t type)
{
	if (name)
		buf_str(b, name);
	else
		buf_printf(b, "type %u", type);
}

static void put_mode(struct buf *b, uint32_t mode)
{
	buf_printf(b, "%s%s", mode & INV_READ ? "r" : "", mode & INV_WRITE ? "w" : "");
}

/* Without BPF_F_, which all have; "-": none. */
static void put_flags(struct buf *b, uint32_t flags, bool frozen, bool hidden)
{
	size_t start = b->len;

	for (const struct flag_name *f = map_flag_names; f->name; f++) {
		if (flags & f->bit)
			buf_printf(b, "%s%s", b->len > start ? "," : "",
				   f->name + strlen(FLAG_PREFIX));
		flags &= ~(uint32_t)f->bit;
	}
	if (flags)
		buf_printf(b, "%s0x%x", b->len > start ? "," : "", flags);
	if (frozen)
		buf_printf(b, "%sfrozen", b->len > start ? "," : "");
	if (hidden)
		buf_printf(b, "%shidden", b->len > start ? "," : "");
	if (b->len == start)
		buf_str(b, "-");
}

static void put_prog(struct buf *b, const struct inv_prog *p)
{
	buf_printf(b, "%u ", p->id);
	put_name(b, p->name, p->full_name);
}

static void put_holding(struct buf *b, const struct inv_process *p)
{
	if (p->fds) {
		buf_str(b, " ");
		put_mode(b, p->fd_mode);
	}
	if (p->mmaps) {
		buf_str(b, " mmap ");
		put_mode(b, p->mmap_mode);
	}
}

/* ---- the table ---- */

#define SHOWN 2	/* of a list in a cell */
#define WIDTH_MAX 60	/* a longer cell pushes the rest of its row alone */

/* Between the items of a list, and behind the last that is shown; "-" where there are none. */
static void put_comma(struct buf *b, size_t i)
{
	if (i)
		buf_str(b, ", ");
}

static void put_more(struct buf *b, size_t n)
{
	if (!n)
		buf_str(b, "-");
	else if (n > SHOWN)
		buf_printf(b, " +%zu", n - SHOWN);
}

#define CELL(name) \
	static void name(struct buf *b, const struct inventory *inv, const struct inv_map *m)

CELL(cell_id)
{
	(void)inv;
	buf_u64(b, m->id);
}

CELL(cell_name)
{
	(void)inv;
	put_name(b, m->name, m->full_name);
}

CELL(cell_type)
{
	(void)inv;
	put_type(b, maptype_name(m->type), m->type);
}

CELL(cell_key)
{
	(void)inv;
	buf_u64(b, m->key_size);
}

CELL(cell_value)
{
	(void)inv;
	buf_u64(b, m->value_size);
}

CELL(cell_entries)
{
	(void)inv;
	buf_u64(b, m->max_entries);
}

CELL(cell_memory)
{
	(void)inv;
	if (m->has_memory)
		buf_u64(b, m->memory);
	else
		buf_str(b, "-");
}

CELL(cell_flags)
{
	(void)inv;
	put_flags(b, m->flags, m->frozen, m->hidden);
}

CELL(cell_pins)
{
	(void)inv;
	for (size_t i = 0; i < m->n_pins && i < SHOWN; i++) {
		put_comma(b, i);
		buf_safe(b, m->pins[i].path, strlen(m->pins[i].path));
		buf_printf(b, " %04o %u:%u", m->pins[i].mode, m->pins[i].uid, m->pins[i].gid);
	}
	put_more(b, m->n_pins);
}

CELL(cell_programs)
{
	for (size_t i = 0; i < m->n_progs && i < SHOWN; i++) {
		put_comma(b, i);
		put_prog(b, &inv->progs[m->progs[i]]);
	}
	put_more(b, m->n_progs);
}

CELL(cell_processes)
{
	(void)inv;
	for (size_t i = 0; i < m->n_processes && i < SHOWN; i++) {
		put_comma(b, i);
		buf_safe(b, m->processes[i].comm, EVENT_NAME_BYTES);
		buf_printf(b, "[%u]", m->processes[i].pid);
		put_holding(b, &m->processes[i]);
	}
	put_more(b, m->n_processes);
}

static const struct {
	const char *head;
	bool right;	/* numbers stand at the right */
	void (*put)(struct buf *b, const struct inventory *inv, const struct inv_map *m);
} columns[] = {
	{ "ID", true, cell_id },
	{ "NAME", false, cell_name },
	{ "TYPE", false, cell_type },
	{ "KEY", true, cell_key },
	{ "VALUE", true, cell_value },
	{ "ENTRIES", true, cell_entries },
	{ "MEMORY", true, cell_memory },
	{ "FLAGS", false, cell_flags },
	{ "PINS", false, cell_pins },
	{ "PROGRAMS", false, cell_programs },
	{ "PROCESSES", false, cell_processes },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_padded(struct buf *b, const char *text, size_t len, size_t column, size_t width)
{
	int pad = width > len ? (int)(width - len) : 0;

	if (columns[column].right)
		buf_printf(b, "%*s", pad, "");
	buf_bytes(b, text, len);
	if (column + 1 == COLUMNS)
		buf_str(b, "\n");
	else
		buf_printf(b, "%*s  ", columns[column].right ? 0 : pad, "");
}

void inventory_text_list(struct buf *b, const struct inventory *inv)
{
	size_t width[COLUMNS];
	struct buf cell = {};

	for (size_t c = 0; c < COLUMNS; c++)
		width[c] = strlen(columns[c].head);
	/* Twice the same cells: their widths first. */
	for (size_t i = 0; i < inv->n_maps; i++) {
		for (size_t c = 0; c + 1 < COLUMNS; c++) {
			cell.len = 0;
			columns[c].put(&cell, inv, &inv->maps[i]);
			width[c] = cell.len > width[c] ? cell.len : width[c];
		}
	}
	for (size_t c = 0; c < COLUMNS; c++)
		width[c] = width[c] < WIDTH_MAX ? width[c] : WIDTH_MAX;
	for (size_t c = 0; c < COLUMNS; c++)
		put_padded(b, columns[c].head, strlen(columns[c].head), c, width[c]);
	for (size_t i = 0; i < inv->n_maps; i++) {
		for (size_t c = 0; c < COLUMNS; c++) {
			cell.len = 0;
			columns[c].put(&cell, inv, &inv->maps[i]);
			put_padded(b, cell.data, cell.len, c, width[c]);
		}
	}
	b->failed |= cell.failed;
	buf_fini(&cell);
}

/* ---- one map ---- */

static void label(struct buf *b, const char *text)
{
	buf_printf(b, "  %-12s ", text);
}

/* In the local time zone. */
static void put_when(struct buf *b, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[40] = "?";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%F %T", &tm);
	buf_str(b, text);
}

static void put_type_ids(struct buf *b, const struct inv_map *m)
{
	if (!m->btf_id)
		return;
	label(b, "btf");
	buf_u64(b, m->btf_id);
	if (m->key_type)
		buf_printf(b, ", key type %u", m->key_type);
	if (m->value_type)
		buf_printf(b, ", value type %u", m->value_type);
	buf_str(b, "\n");
}

static void put_maps(struct buf *b, const struct inv_map *m)
{
	if (m->has_inner) {
		label(b, "inner maps");
		put_type(b, maptype_name(m->inner.type), m->inner.type);
		buf_printf(b, ", key %u, value %u bytes, %u entries, flags ", m->inner.key_size,
			   m->inner.value_size, m->inner.max_entries);
		put_flags(b, m->inner.flags, false, false);
		buf_str(b, "\n");
	}
	for (size_t i = 0; i < m->n_parents; i++) {
		label(b, i ? "" : "in maps");
		buf_printf(b, "%u\n", m->parents[i]);
	}
}

static void put_users(struct buf *b, const struct inventory *inv, const struct inv_map *m)
{
	for (size_t i = 0; i < m->n_pins; i++) {
		label(b, i ? "" : "pins");
		buf_safe(b, m->pins[i].path, strlen(m->pins[i].path));
		buf_printf(b, "  mode %04o, owner %u:%u\n", m->pins[i].mode, m->pins[i].uid,
			   m->pins[i].gid);
	}
	for (size_t i = 0; i < m->n_progs; i++) {
		const struct inv_prog *p = &inv->progs[m->progs[i]];

		label(b, i ? "" : "programs");
		put_prog(b, p);
		buf_str(b, " (");
		put_type(b, prog_type_name(p->type), p->type);
		buf_printf(b, "), loaded by uid %u\n", p->uid);
	}
	for (size_t i = 0; i < m->n_processes; i++) {
		const struct inv_process *p = &m->processes[i];

		label(b, i ? "" : "processes");
		buf_safe(b, p->comm, EVENT_NAME_BYTES);
		buf_printf(b, "[%u]", p->pid);
		if (p->uid != UINT32_MAX)
			buf_printf(b, " of uid %u", p->uid);
		if (p->fds) {
			buf_printf(b, ", %u descriptor%s ", p->fds, p->fds == 1 ? "" : "s");
			put_mode(b, p->fd_mode);
		}
		if (p->mmaps) {
			buf_printf(b, ", %u mapping%s ", p->mmaps, p->mmaps == 1 ? "" : "s");
			put_mode(b, p->mmap_mode);
		}
		buf_str(b, "\n");
	}
}

static void put_finding(void *context, const char *name, const char *text)
{
	struct buf *b = context;
	size_t start = b->len;

	buf_printf(b, "    %s", name);
	buf_pad(b, start, 25);
	buf_str(b, text);
	buf_str(b, "\n");
}

void inventory_text_map(struct buf *b, const struct inventory *inv, const struct inv_map *m)
{
	buf_printf(b, "map %u", m->id);
	if (m->name[0]) {
		buf_str(b, " ");
		put_name(b, m->name, m->full_name);
	}
	buf_str(b, " (");
	put_type(b, maptype_name(m->type), m->type);
	buf_str(b, ")\n");
	label(b, "key");
	buf_printf(b, "%u bytes\n", m->key_size);
	label(b, "value");
	buf_printf(b, "%u bytes\n", m->value_size);
	label(b, "max entries");
	buf_printf(b, "%u\n", m->max_entries);
	label(b, "flags");
	put_flags(b, m->flags, false, false);
	buf_str(b, "\n");
	label(b, "frozen");
	buf_printf(b, "%s\n", m->frozen ? "yes" : "no");
	if (m->has_memory) {
		label(b, "memory");
		buf_printf(b, "%" PRIu64 " bytes\n", m->memory);
	}
	if (m->evicted_since_ns) {
		label(b, "evicted");
		buf_printf(b, "%" PRIu64 " element%s since ", m->evicted,
			   m->evicted == 1 ? "" : "s");
		put_when(b, m->evicted_since_ns);
		buf_str(b, "\n");
	}
	put_type_ids(b, m);
	put_maps(b, m);
	put_users(b, inv, m);
	buf_str(b, "  findings\n");
	findings_of(m, put_finding, b);
}

/* ---- content ---- */

/* Decoded if there is a type; else a number if it is as long as one, else hex. */
static void put_bytes(struct buf *b, const struct inventory_dump *dump, uint32_t type,
		      const uint8_t *data, size_t size)
{
	size_t len = size < dump->bytes ? size : dump->bytes;
	uint64_t number;

	if (dump->btf && type && btfval_text(b, dump->btf, type, data, len, NULL))
		return;
	if (inventory_number(data, len < size ? 0 : size, &number)) {
		buf_u64(b, number);
		return;
	}
	buf_hex(b, data, len);
	if (len < size)
		buf_printf(b, "… of %zu bytes", size);
}

static void put_key(struct buf *b, const struct inventory_dump *dump,
		    const struct mapdump_entry *entry)
{
	uint32_t index;

	buf_str(b, "    [");
	if (maptype_is_array(dump->map->type) && entry->key_size == sizeof(index)) {
		memcpy(&index, entry->key, sizeof(index));
		buf_u64(b, index);
	} else {
		put_bytes(b, dump, dump->key_type, entry->key, entry->key_size);
	}
	buf_str(b, "] = ");
}

static void put_object(struct buf *b, const struct inventory_object *o)
{
	if (o->map_id)
		buf_printf(b, "map %u", o->map_id);
	if (o->map) {
		buf_str(b, " ");
		put_name(b, o->map->name, o->map->full_name);
	}
	if (o->ifindex)
		buf_printf(b, "ifindex %u", o->ifindex);
	if (o->qsize)
		buf_printf(b, "cpu %u queue of %u", o->cpu, o->qsize);
	if (o->prog_id)
		buf_printf(b, "%sprog %u", o->ifindex || o->qsize ? ", " : "", o->prog_id);
	if (o->prog) {
		buf_str(b, " ");
		put_name(b, o->prog->name, o->prog->full_name);
	}
}

void inventory_text_entry(struct buf *b, const struct inventory_dump *dump,
			  const struct mapdump_entry *entry)
{
	struct inventory_object o = inventory_object(dump, entry);
	size_t stride = (entry->value_size + 7) / 8 * 8;

	put_key(b, dump, entry);
	if (entry->value_error) {
		buf_printf(b, "not readable: %s", error_name(entry->value_error) ?: "?");
	} else if (entry->cpus) {
		for (uint32_t cpu = 0; cpu < entry->cpus; cpu++) {
			buf_printf(b, "%scpu %u: ", cpu ? ", " : "", cpu);
			put_bytes(b, dump, dump->value_type, entry->value + cpu * stride,
				  entry->value_size);
		}
	} else if (o.type) {
		put_object(b, &o);
	} else {
		put_bytes(b, dump, dump->value_type, entry->value, entry->value_size);
	}
	buf_str(b, "\n");
}

void inventory_text_end(struct buf *b, const struct mapdump_end *end)
{
	if (end->reason)
		buf_printf(b, "    none: %s\n", end->reason);
	else if (!end->shown && !end->left_out && !end->error)
		buf_str(b, "    none\n");
	if (end->left_out)
		buf_printf(b, "    %" PRIu64 " more are left out; --entries shows more\n",
			   end->left_out);
	if (end->changed)
		buf_str(b, "    elements went away meanwhile: some may be missing\n");
	if (end->error)
		buf_printf(b, "    not readable to the end: %s\n", error_name(end->error) ?: "?");
}
