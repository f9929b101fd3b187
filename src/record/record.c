/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes recordings; see record.h. */
#include "record/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "record/record_fields.h"

#define WAYS 4	/* places that one thing may take: those of others that are in use stay */

struct place {
	char *identity;	/* of the thing that is there */
	size_t len;
	uint64_t number;
};

struct recorder {
	struct output out;
	struct buf event, shared;	/* a block's content, while it is put together */
	struct buf identity[SHARED_KINDS];	/* what tells a thing from others of its kind */
	struct place places[SHARED_KINDS][RECORD_PLACES];
	unsigned int turn;		/* which of the ways is taken next */
	uint64_t blocks, events;
};

uint32_t record_crc(const struct record_block_head *h, const void *content)
{
	uLong crc = crc32(0, (const Bytef *)h, offsetof(struct record_block_head, crc));

	/* Of NULL it returns its start value. */
	return (uint32_t)(h->len ? crc32(crc, content, h->len) : crc);
}

/* ---- blocks ---- */

static void put_block(struct recorder *r, enum record_block type, const struct buf *content)
{
	struct record_block_head h = { .len = (uint32_t)content->len, .type = type };

	h.crc = record_crc(&h, content->data);
	buf_bytes(&r->out.buf, &h, sizeof(h));
	buf_bytes(&r->out.buf, content->data, content->len);
	r->out.buf.failed |= content->failed;
	r->blocks++;
	output_line(&r->out);
}

/* The events among the blocks that are complete; what can't be written is counted so. */
static uint64_t count_events(const char *data, size_t len)
{
	struct record_block_head h;
	uint64_t events = 0;
	size_t at = 0;

	/* Only the first write begins with the head of the file. */
	if (len >= sizeof(struct record_head) && !memcmp(data, RECORD_MAGIC, 8))
		at = sizeof(struct record_head);
	for (; len - at >= sizeof(h); at += sizeof(h) + h.len) {
		memcpy(&h, data + at, sizeof(h));
		if (h.len > len - at - sizeof(h))
			break;
		events += h.type == BLOCK_EVENT;
	}
	return events;
}

/* ---- fields ---- */

void put_number(struct buf *b, uint64_t n)
{
	uint8_t bytes[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		bytes[len++] = (uint8_t)(n | 0x80);
	bytes[len++] = (uint8_t)n;
	buf_bytes(b, bytes, len);
}

void put_bytes(struct buf *b, const void *data, size_t len)
{
	put_number(b, len);
	buf_bytes(b, data, len);
}

static uint64_t put_shared(struct recorder *r, enum record_shared kind, const void *thing,
			   uint32_t key);

static uint64_t number_of(struct recorder *r, const struct field *f, const char *from)
{
	const char *at = from + f->offset;
	const void *thing;
	uint16_t u16;
	uint32_t u32 = 0;
	uint64_t u64;
	int i;

	switch (f->kind) {
	case FIELD_BOOL:
		return *(const bool *)at;
	case FIELD_U16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case FIELD_U64:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	case FIELD_INT:
		memcpy(&i, at, sizeof(i));
		return i < 0 ? 2 * (uint64_t)~i + 1 : 2 * (uint64_t)i;
	case FIELD_SHARED:
		memcpy(&thing, at, sizeof(thing));
		if (f->count)
			memcpy(&u32, from + f->count, sizeof(u32));
		return thing ? put_shared(r, f->limit, thing, u32) : 0;
	default:
		memcpy(&u32, at, sizeof(u32));	/* enums, too */
		return u32;
	}
}

static void put_fields(struct recorder *r, struct buf *b, const struct field_table *t,
		       const void *from);

static void put_list(struct recorder *r, struct buf *b, const struct field *f, const char *list,
		     size_t n)
{
	struct buf all = { 0 }, one = { 0 };

	put_number(&all, n);
	for (size_t i = 0; i < n; i++) {
		one.len = 0;
		put_fields(r, &one, f->of, list + i * f->of->struct_bytes);
		put_bytes(&all, one.data, one.len);
	}
	b->failed |= one.failed || all.failed;
	put_bytes(b, all.data, all.len);
	buf_fini(&one);
	buf_fini(&all);
}

static void put_choice(struct recorder *r, struct buf *b, uint64_t id, const struct field *f,
		       const char *from)
{
	struct buf one = { 0 };
	uint32_t which;

	memcpy(&which, from + f->count, sizeof(which));
	if (!which)
		return;
	put_fields(r, &one, &f->of[which], from + f->offset);
	put_number(b, 2 * id + 1);
	put_bytes(b, one.data, one.len);
	b->failed |= one.failed;
	buf_fini(&one);
}

static void put_field(struct recorder *r, struct buf *b, uint64_t id, const struct field *f,
		      const char *from)
{
	char name[EVENT_NAME_BYTES] = "";
	const char *at = from + f->offset, *data = at;
	size_t n = 0;

	if (field_is_number(f->kind)) {
		uint64_t number = number_of(r, f, from);

		if (number) {
			put_number(b, 2 * id);
			put_number(b, number);
		}
		return;
	}
	if (f->kind == FIELD_CHOICE) {
		put_choice(r, b, id, f, from);
		return;
	}
	if (f->kind != FIELD_ARRAY && f->kind != FIELD_ROWS)
		memcpy(&data, at, sizeof(data));
	if (f->count)
		memcpy(&n, from + f->count, sizeof(n));
	if (!data || ((f->kind == FIELD_LIST || f->kind == FIELD_ROWS) && !n))
		return;
	put_number(b, 2 * id + 1);
	if (f->kind == FIELD_LIST || f->kind == FIELD_ROWS) {
		put_list(r, b, f, data, n);
	} else if (f->kind == FIELD_NAME) {
		memcpy(name, data, strnlen(data, sizeof(name)));
		put_bytes(b, name, sizeof(name));
	} else {
		put_bytes(b, data,
			  f->kind == FIELD_ARRAY || f->kind == FIELD_FIXED ? f->limit :
			  f->kind == FIELD_TEXT				   ? strlen(data) + 1 :
									     n);
	}
}

static void put_fields(struct recorder *r, struct buf *b, const struct field_table *t,
		       const void *from)
{
	for (size_t id = 0; id < t->n; id++)
		if (t->rows[id].kind)
			put_field(r, b, id, &t->rows[id], from);
}

static void put_struct(struct recorder *r, enum record_block type, const struct field_table *t,
		       const void *from)
{
	r->event.len = 0;
	put_fields(r, &r->event, t, from);
	put_block(r, type, &r->event);
}

/* ---- what events share ---- */

/* FNV-1a: only spreads over places. */
static uint32_t hash(const struct buf *b)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < b->len; i++)
		h = (h ^ (uint8_t)b->data[i]) * 16777619u;
	return h;
}

/* Bytes are not compared again and again: there may be a million of them. */
struct bytes_identity {
	const void *thing, *bytes;
	uint32_t size, key;
};

static bool is_at(const struct place *p, const struct buf *identity)
{
	return p->number && p->len == identity->len && !memcmp(p->identity, identity->data, p->len);
}

/* Where it is, or else a place for it: one that is free, if there is. */
static struct place *find_place(struct recorder *r, enum record_shared kind, uint32_t *at)
{
	uint32_t first = hash(&r->identity[kind]), way;
	struct place *places = r->places[kind];

	for (way = 0; way < WAYS; way++) {
		*at = (first + way) % RECORD_PLACES;
		if (is_at(&places[*at], &r->identity[kind]))
			return &places[*at];
	}
	for (way = 0; way < WAYS && places[(first + way) % RECORD_PLACES].number; way++)
		;
	*at = (first + (way < WAYS ? way : r->turn++ % WAYS)) % RECORD_PLACES;
	return &places[*at];
}

/* Its number; writes the thing first unless just that is in a place. */
static uint64_t put_shared(struct recorder *r, enum record_shared kind, const void *thing,
			   uint32_t key)
{
	const struct shared_kind *k = &record_shared[kind];
	struct bytes_identity bytes = { .thing = thing, .key = key };
	struct buf *identity = &r->identity[kind], *b = &r->shared;
	struct place *p;
	char *copy;
	uint64_t serial = k->serial ? k->serial(thing) : 0;
	uint32_t at;

	identity->len = 0;
	if (serial) {
		buf_bytes(identity, &serial, sizeof(serial));
	} else if (k->fields) {
		put_fields(r, identity, k->fields, thing);
	} else {
		bytes.bytes = k->bytes(thing, &bytes.size);
		buf_bytes(identity, &bytes, sizeof(bytes));
	}
	p = find_place(r, kind, &at);
	if (is_at(p, identity))
		return p->number;
	copy = malloc(identity->len ? identity->len : 1);
	if (!copy || identity->failed) {
		free(copy);
		r->out.buf.failed = true;
		return 0;
	}
	memcpy(copy, identity->data, identity->len);
	free(p->identity);
	*p = (struct place){ copy, identity->len, (p->number ? p->number : at) + RECORD_PLACES };
	b->len = 0;
	put_number(b, kind);
	put_number(b, p->number);
	if (serial)
		put_fields(r, b, k->fields, thing);
	else if (k->fields)
		buf_bytes(b, identity->data, identity->len);
	else
		buf_bytes(b, bytes.bytes, bytes.size);
	put_block(r, BLOCK_SHARED, b);
	return p->number;
}

/* ---- recordings ---- */

struct recorder *recorder_new(int fd, const struct record_info *info, bool (*give_up)(void))
{
	struct record_head head = { RECORD_MAGIC, RECORD_ORDER, RECORD_MAJOR };
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	output_init(&r->out, fd, give_up);
	r->out.count = count_events;
	buf_bytes(&r->out.buf, &head, sizeof(head));
	put_struct(r, BLOCK_INFO, &record_info_fields, info);
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	for (unsigned int kind = 0; kind < SHARED_KINDS; kind++)
		for (unsigned int i = 0; i < RECORD_PLACES; i++)
			free(r->places[kind][i].identity);
	buf_fini(&r->event);
	buf_fini(&r->shared);
	for (unsigned int kind = 0; kind < SHARED_KINDS; kind++)
		buf_fini(&r->identity[kind]);
	close(r->out.fd);
	output_fini(&r->out);
	free(r);
}

void recorder_event(struct recorder *r, const struct event *e)
{
	r->events++;
	put_struct(r, BLOCK_EVENT, &record_event_fields, e);
}

void recorder_monitor(struct recorder *r, const struct monitor *m)
{
	put_struct(r, BLOCK_MONITOR, &record_monitor_fields, m);
}

void recorder_end(struct recorder *r)
{
	put_struct(r, BLOCK_END, &record_end_fields,
		   &(struct record_end){ .blocks = r->blocks, .events = r->events });
	output_flush(&r->out);
}

struct output *recorder_output(struct recorder *r)
{
	return &r->out;
}
