/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map that an event is about, with what was learned of it. That is the same in many events and
 * comes as text; where it does not, it is written here.
 *
 * {"id":12,"name":"config","type":"array","key_size":4,"value_size":8,"max_entries":16,"flags":[],
 *  "frozen":false,"btf_id":7,"created":"2026-11-24T19:39:19.123456789Z",
 *  "creator":{"pid":700,"comm":"mapwriter","exe":"/usr/sbin/mapwriter"},
 *  "pins":["/sys/fs/bpf/config"],"users":[31,32]}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "maptype.h"
#include "names.h"
#include "out/out.h"

static void put_digits(char *at, size_t n, uint64_t value)
{
	for (; n; n--, value /= 10)
		at[n - 1] = (char)('0' + value % 10);
}

void out_json_time(struct buf *b, const char *name, uint64_t ns)
{
	/* Most lines are of the second that the one before was of. */
	static _Thread_local char text[] = "1970-01-01T00:00:00.000000000Z";
	static _Thread_local time_t written;
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	if (seconds != written) {
		if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
			return;
		/* Without printf: this is in every line. */
		put_digits(text, 4, (uint64_t)(tm.tm_year + 1900));
		put_digits(text + 5, 2, (uint64_t)(tm.tm_mon + 1));
		put_digits(text + 8, 2, (uint64_t)tm.tm_mday);
		put_digits(text + 11, 2, (uint64_t)tm.tm_hour);
		put_digits(text + 14, 2, (uint64_t)tm.tm_min);
		put_digits(text + 17, 2, (uint64_t)tm.tm_sec);
		written = seconds;
	}
	put_digits(text + 20, 9, ns % 1000000000);
	json_plain(b, name, text, sizeof(text) - 1);
}

static void put_type(struct buf *b, uint32_t type)
{
	const char *name = maptype_name(type);
	char number[16];

	if (!name)
		snprintf(number, sizeof(number), "%u", type);
	json_string(b, "type", name ? name : number);
}

static void put_shape(struct buf *b, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
		      uint32_t flags)
{
	json_u64(b, "key_size", key_size);
	json_u64(b, "value_size", value_size);
	json_u64(b, "max_entries", max_entries);
	out_json_flags(b, map_flag_names, flags);
}

static void put_ids(struct buf *b, const char *name, const struct event_id *ids, size_t n)
{
	json_open(b, name, '[');
	for (size_t i = 0; i < n; i++)
		json_u64(b, NULL, ids[i].id);
	json_close(b, ']');
}

static void put_creation(struct buf *b, const struct event_mapfacts *f)
{
	out_json_time(b, "created", f->created_ns);
	json_open(b, "creator", '{');
	json_u64(b, "pid", f->creator_pid);
	json_bytes(b, "comm", f->creator_comm, EVENT_NAME_BYTES);
	if (f->creator_exe)
		json_bytes(b, "exe", f->creator_exe, strlen(f->creator_exe));
	json_close(b, '}');
}

void out_json_mapfacts(struct buf *b, const struct event_mapfacts *f)
{
	if (f->created_ns)
		put_creation(b, f);
	if (f->n_pins) {
		json_open(b, "pins", '[');
		for (size_t i = 0; i < f->n_pins; i++)
			json_bytes(b, NULL, f->pins[i].path, strlen(f->pins[i].path));
		json_close(b, ']');
	}
	if (f->pins_more)
		json_u64(b, "pins_more", f->pins_more);
	if (f->n_users)
		put_ids(b, "users", f->users, f->n_users);
	if (f->users_more)
		json_u64(b, "users_more", f->users_more);
	if (f->inner.type) {
		json_open(b, "inner", '{');
		put_type(b, f->inner.type);
		put_shape(b, f->inner.key_size, f->inner.value_size, f->inner.max_entries,
			  f->inner.flags);
		json_close(b, '}');
	}
	if (f->n_parents)
		put_ids(b, "parents", f->parents, f->n_parents);
	if (f->parents_cut)
		json_bool(b, "parents_truncated", true);
}

char *out_json_mapfacts_text(const struct event_mapfacts *f, size_t *len)
{
	struct buf b = { .comma = true };
	char *text = NULL;

	out_json_mapfacts(&b, f);
	if (!b.failed && b.len)
		text = malloc(b.len); /* a buffer has room for more */
	if (text)
		memcpy(text, b.data, b.len);
	*len = text ? b.len : 0;
	buf_fini(&b);
	return text;
}

static void put_members(struct buf *b, const struct event_map *m)
{
	json_u64(b, "id", m->id);
	json_bytes(b, "name", m->name, EVENT_NAME_BYTES);
	if (m->info && m->info->full_name)
		json_string(b, "full_name", m->info->full_name);
	put_type(b, m->type);
	put_shape(b, m->key_size, m->value_size, m->max_entries, m->flags);
	json_bool(b, "frozen", m->frozen);
	if (m->info && m->info->btf_id)
		json_u64(b, "btf_id", m->info->btf_id);
}

/* A map's whole name does not change; only whether it is known does. */
static void put_known(struct buf *b, const struct out_env *env, const struct event_map *m)
{
	struct {
		uint32_t what, id, type, key_size, value_size, max_entries, flags, frozen;
		char name[EVENT_NAME_BYTES];
		uint32_t btf_id, has_full_name;
	} key = { .what = OUT_KEPT_MAP,
		  .id = m->id,
		  .type = m->type,
		  .key_size = m->key_size,
		  .value_size = m->value_size,
		  .max_entries = m->max_entries,
		  .flags = m->flags,
		  .frozen = m->frozen };
	size_t start = b->len;

	if (m->info) {
		key.btf_id = m->info->btf_id;
		key.has_full_name = m->info->full_name != NULL;
	}
	memcpy(key.name, m->name, strnlen(m->name, EVENT_NAME_BYTES));
	if (out_kept_put(b, env->kept, &key, sizeof(key)))
		return;
	put_members(b, m);
	out_kept_keep(env->kept, &key, sizeof(key), b, start);
}

void out_json_map(struct buf *b, const struct out_env *env, const struct event_map *m)
{
	json_open(b, "map", '{');
	if (m->known)
		put_known(b, env, m);
	else
		json_u64(b, "id", m->id);
	b->comma = true;
	if (m->facts && m->facts->json)
		buf_bytes(b, m->facts->json, m->facts->json_len);
	else if (m->facts)
		out_json_mapfacts(b, m->facts);
	json_close(b, '}');
}
