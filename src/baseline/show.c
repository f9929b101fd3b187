/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Differences as lines.
 *
 * {"v":1,"diff":"map.attribute","map":{"id":7,"name":"config","type":"hash"},
 *  "attribute":"frozen","old":true,"new":false}
 * {"v":1,"diff":"map.element.changed","map":{...},"key":{"size":4,"hex":"01000000","number":1},
 *  "value":{...},"old":{...},"changed":["limit"]}
 */
#include "baseline/show.h"

#include <stdio.h>
#include <string.h>

#include "out/out.h"

static size_t stride(size_t value_size)
{
	return (value_size + 7) / 8 * 8;
}

static struct event_bytes cut(const struct show *s, const uint8_t *data, size_t size)
{
	return (struct event_bytes){ data, size < s->bytes ? size : s->bytes, size };
}

/* The value on one CPU; one that does not lie in it is empty. */
static struct event_bytes cpu_value(const struct show *s, const struct snap_parts *p, uint32_t cpu)
{
	size_t at = cpu * stride(s->map.value_size);

	if (!s->cpus)
		return cut(s, p->value, p->value_len);
	if (at > p->value_len || s->map.value_size > p->value_len - at)
		return (struct event_bytes){};
	return cut(s, p->value + at, s->map.value_size);
}

static bool cpu_differs(const struct show *s, const struct diff *d, uint32_t cpu)
{
	const struct snap_parts *a = d->old_entry, *b = d->new_entry;
	size_t at = cpu * stride(s->map.value_size), len = s->map.value_size;

	if (!a || !b || a->value_len != b->value_len || a->kind || b->kind || at > a->value_len ||
	    len > a->value_len - at)
		return true;
	return memcmp(a->value + at, b->value + at, len) != 0;
}

/* ---- JSON ---- */

static void put_fact(struct buf *b, const char *name, const struct fact *f, unsigned int use)
{
	json_open(b, name, '{');
	for (size_t i = 0; i < f->n; i++) {
		const struct attr_row *row = &attr_rows[f->attrs[i].id];

		if (!(row->use & ATTR_INTERNAL) && (row->use & use) == use)
			attr_put_json(b, row->name, &f->attrs[i]);
	}
	json_close(b, '}');
}

static void put_value(struct buf *b, const char *name, const struct show *s, const struct diff *d,
		      const struct snap_parts *p)
{
	json_open(b, name, '{');
	if (p->kind == ENTRY_ERROR) {
		json_u64(b, "error", p->number);
	} else if (p->kind == ENTRY_OBJECT) {
		json_u64(b, "id", p->number);
		json_bytes(b, "object", (const char *)p->value, p->value_len);
	} else if (!s->cpus) {
		struct event_bytes bytes = cpu_value(s, p, 0);

		out_json_bytes(b, &s->map, OUT_VALUE, &bytes);
	} else {
		json_open(b, "cpus", '[');
		for (uint32_t cpu = 0; cpu < s->cpus; cpu++) {
			struct event_bytes bytes = cpu_value(s, p, cpu);

			if (!bytes.size || !cpu_differs(s, d, cpu))
				continue;
			json_open(b, NULL, '{');
			json_u64(b, "cpu", cpu);
			out_json_bytes(b, &s->map, OUT_VALUE, &bytes);
			json_close(b, '}');
		}
		json_close(b, ']');
	}
	json_close(b, '}');
}

static void put_element(struct buf *b, const struct show *s, const struct diff *d)
{
	const struct snap_parts *old = d->old_entry, *new = d->new_entry;
	struct event_bytes key = cut(s, (old ?: new)->key, s->map.key_size), was, now;

	json_open(b, "key", '{');
	out_json_bytes(b, &s->map, OUT_KEY, &key);
	json_close(b, '}');
	if (new)
		put_value(b, "value", s, d, new);
	if (old)
		put_value(b, "old", s, d, old);
	if (!old || !new || old->kind || new->kind || s->cpus)
		return;
	was = cpu_value(s, old, 0);
	now = cpu_value(s, new, 0);
	out_json_changed(b, &s->map, &now, &was);
}

static const char *subject(const struct diff *d)
{
	return fact_kind_names[(d->was ?: d->now)->kind];
}

void show_json(struct buf *b, const struct show *s, const struct diff *d)
{
	bool both = d->was && d->now;
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", d->kind, d->what);
	b->comma = false;
	json_open(b, NULL, '{');
	json_u64(b, "v", 1);
	json_string(b, "diff", name);
	put_fact(b, subject(d), d->now ?: d->was,
		 both || d->text || d->old_entry || d->new_entry ? ATTR_SUBJECT : 0);
	if (both && !strcmp(d->what, "replaced"))
		put_fact(b, "old", d->was, ATTR_SUBJECT);
	if (d->old) {
		json_string(b, "attribute", attr_rows[d->old->id].name);
		attr_put_json(b, "old", d->old);
		attr_put_json(b, "new", d->new);
	}
	if (d->old_entry || d->new_entry)
		put_element(b, s, d);
	if (!both && !strcmp(d->what, "ambiguous"))
		json_string(b, "side", d->was ? "snapshot" : "host");
	if (d->text)
		json_string(b, "reason", d->text);
	json_close(b, '}');
	buf_str(b, "\n");
}

/* ---- text ---- */

static void text_fact(struct buf *b, const struct fact *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct attr_row *row = &attr_rows[f->attrs[i].id];

		if (!(row->use & ATTR_SUBJECT) || (f->attrs[i].text && !f->attrs[i].len))
			continue;
		buf_printf(b, " %s ", row->name);
		attr_put_text(b, &f->attrs[i]);
	}
}

static void text_value(struct buf *b, const struct show *s, const struct diff *d,
		       const struct snap_parts *p, const struct snap_parts *other)
{
	const char *sep = "";

	if (p->kind == ENTRY_ERROR) {
		buf_printf(b, "error %llu", (unsigned long long)p->number);
		return;
	}
	if (p->kind == ENTRY_OBJECT) {
		buf_safe(b, (const char *)p->value, p->value_len);
		buf_printf(b, " (id %llu)", (unsigned long long)p->number);
		return;
	}
	for (uint32_t cpu = 0; cpu < (s->cpus ?: 1); cpu++) {
		struct event_bytes bytes = cpu_value(s, p, cpu), before = {};

		if (s->cpus && (!bytes.size || !cpu_differs(s, d, cpu)))
			continue;
		if (other && !other->kind)
			before = cpu_value(s, other, cpu);
		if (s->cpus)
			buf_printf(b, "%scpu %u: ", sep, cpu);
		out_text_bytes(b, &s->map, OUT_VALUE, &bytes, before.size ? &before : NULL);
		sep = ", ";
	}
}

void show_text(struct buf *b, const struct show *s, const struct diff *d)
{
	const struct snap_parts *old = d->old_entry, *new = d->new_entry;
	size_t start = b->len;

	buf_printf(b, "%s.%s", d->kind, d->what);
	buf_pad(b, start, 20);
	text_fact(b, d->now ?: d->was);
	if (d->was && d->now && !strcmp(d->what, "replaced")) {
		buf_str(b, ", was");
		text_fact(b, d->was);
	}
	if (d->old) {
		buf_printf(b, ": %s ", attr_rows[d->old->id].name);
		attr_put_text(b, d->new);
		buf_str(b, ", was ");
		attr_put_text(b, d->old);
	}
	if (old || new) {
		struct event_bytes key = cut(s, (old ?: new)->key, s->map.key_size);

		buf_str(b, ": key ");
		out_text_bytes(b, &s->map, OUT_KEY, &key, NULL);
		buf_str(b, new ? " value " : " had ");
		text_value(b, s, d, new ?: old, new ? old : NULL);
		if (new &&old) {
			buf_str(b, ", was ");
			text_value(b, s, d, old, new);
		}
	}
	if (d->text)
		buf_printf(b, ": %s", d->text);
	buf_str(b, "\n");
}
