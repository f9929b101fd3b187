/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads recordings; see replay.h. */
#include "record/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record_fields.h"
#include "record/replay_fields.h"
#include "record/replay_shared.h"

struct replay {
	struct blocks in;
	struct arena *lent;		/* what the current block's lists take */
	struct arena *info;
	struct places *places;
	uint32_t minor;
	uint64_t blocks, events, skipped;
	uint64_t items;		/* events and monitor events, which have a `seq` each */
	char why[512];
};

struct replay *replay_new(replay_source *source, void *context)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->in.source = source;
	r->in.context = context;
	r->places = places_new();
	if (r->places)
		return r;
	free(r);
	return NULL;
}

void replay_free(struct replay *r)
{
	if (!r)
		return;
	places_free(r->places);
	arena_free(&r->lent);
	arena_free(&r->info);
	blocks_fini(&r->in);
	free(r);
}

const char *replay_why(const struct replay *r)
{
	return r->why;
}

uint64_t replay_seq(const struct replay *r)
{
	return r->items - 1;
}

uint64_t replay_skipped(const struct replay *r)
{
	return r->skipped;
}

uint64_t replay_unread(const struct replay *r)
{
	return places_unread(r->places);
}

/* ---- what is wrong ---- */

static enum replay_item __attribute__((format(printf, 2, 3)))
bad(struct replay *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, sizeof(r->why), format, args);
	va_end(args);
	return REPLAY_BAD;
}

static enum replay_item cut_off(struct replay *r)
{
	return bad(
		r,
		"cut off at byte %" PRIu64 ", after %" PRIu64
		" events: bpfmon was killed while it recorded, the disk was full, or only a part was copied; what is before is complete",
		r->in.offset + (r->in.end - r->in.start), r->events);
}

static enum replay_item damaged(struct replay *r, const char *what)
{
	return bad(r,
		   "damaged at byte %" PRIu64 " (%s), after %" PRIu64
		   " events: copy it again from where it was recorded; what is before is good",
		   r->in.offset, what, r->events);
}

static enum replay_item failed(struct replay *r, int err)
{
	if (err == -ECANCELED)
		return REPLAY_STOPPED;
	bad(r, "cannot be read: %s", strerror(-err));
	return REPLAY_FAILED;
}

/* ---- blocks ---- */

/* The next block's head and content; the one before is dropped. REPLAY_EVENT: there is one. */
static enum replay_item next_block(struct replay *r, struct bytes *content)
{
	const char *what = NULL;
	int ok = blocks_next(&r->in, content, &what);

	if (ok == -EBADMSG)
		return damaged(r, what);
	if (ok <= 0)
		return ok ? failed(r, ok) : cut_off(r);
	r->blocks++;
	return REPLAY_EVENT;
}

/* ---- recordings ---- */

enum replay_item replay_begin(struct replay *r, struct record_info *info)
{
	static const char *const what = "not a recording of bpfmon: bpfmon watch -w FILE makes one";
	struct record_head head;
	struct bytes content;
	enum replay_item item;
	int ok = blocks_fill(&r->in, sizeof(head));

	if (ok < 0)
		return failed(r, ok);
	if (!ok) {
		size_t n = r->in.end < 8 ? r->in.end : 8;

		return n && !memcmp(r->in.data, RECORD_MAGIC, n) ? cut_off(r) : bad(r, "%s", what);
	}
	memcpy(&head, r->in.data, sizeof(head));
	if (memcmp(head.magic, RECORD_MAGIC, sizeof(head.magic)))
		return bad(r, "%s", what);
	if (head.order == __builtin_bswap32(RECORD_ORDER))
		return bad(
			r,
			"recorded on a machine of the other byte order: replay it on such a one");
	if (head.order != RECORD_ORDER)
		return damaged(r, "byte order");
	if (head.major != RECORD_MAJOR)
		return bad(
			r,
			"in version %u of the format, and this bpfmon reads version %u: replay it with the bpfmon that recorded it",
			head.major, RECORD_MAJOR);
	blocks_drop(&r->in, sizeof(head));
	item = next_block(r, &content);
	if (item != REPLAY_EVENT)
		return item;
	memset(info, 0, sizeof(*info));
	/* Not lent from the block: it is needed up to the end. */
	if (r->in.head.type == BLOCK_INFO) {
		uint8_t *copy = arena_alloc(&r->info, r->in.head.len);

		if (!copy)
			return failed(r, -ENOMEM);
		memcpy(copy, content.at, r->in.head.len);
		content = (struct bytes){ copy, copy + r->in.head.len };
	}
	if (r->in.head.type != BLOCK_INFO ||
	    get_fields(&(struct fields_env){ &r->info, NULL, NULL }, content, &record_info_fields,
		       info) ||
	    !info->host || !info->kernel || !info->version)
		return damaged(r, "begin");
	r->minor = info->minor;
	return REPLAY_EVENT;
}

static enum replay_item end(struct replay *r, struct bytes content)
{
	struct record_end e = { 0 };

	if (get_fields(&(struct fields_env){ &r->lent, NULL, NULL }, content, &record_end_fields,
		       &e))
		return damaged(r, "end");
	if (e.blocks != r->blocks - 1 || e.events != r->events)
		return damaged(r, "blocks are missing");
	blocks_drop(&r->in, r->in.block_bytes);
	return blocks_fill(&r->in, 1) > 0 ? damaged(r, "more after the end") : REPLAY_END;
}

/* 0, or -ENOTSUP: of a newer version; -EBADMSG; -ENOMEM. */
static int read_block(struct replay *r, struct bytes content, struct event *e, struct monitor *m)
{
	struct fields_env env = { &r->lent, places_find, r->places };
	int err;

	switch (r->in.head.type) {
	case BLOCK_SHARED:
		return places_read(r->places, content);
	case BLOCK_EVENT:
		r->events++;
		memset(e, 0, sizeof(*e));
		err = get_fields(&env, content, &record_event_fields, e);
		return err ?: replay_check_event(e);
	case BLOCK_MONITOR:
		memset(m, 0, sizeof(*m));
		err = get_fields(&env, content, &record_monitor_fields, m);
		return err ?: replay_check_monitor(m);
	default:
		return -ENOTSUP;
	}
}

enum replay_item replay_next(struct replay *r, struct event *e, struct monitor *m)
{
	for (;;) {
		struct bytes content;
		enum replay_item item = next_block(r, &content);
		int err;

		if (item != REPLAY_EVENT)
			return item;
		if (r->in.head.type == BLOCK_END)
			return end(r, content);
		arena_free(&r->lent);
		err = read_block(r, content, e, m);
		if (err == -ENOMEM)
			return failed(r, err);
		/* What a newer version has more is left out, and told; ours must make sense. */
		if (err && (err != -ENOTSUP || r->minor <= RECORD_MINOR))
			return damaged(r, "content");
		if (r->in.head.type == BLOCK_SHARED)
			continue;
		r->items++;
		if (err)
			r->skipped++;
		else
			return r->in.head.type == BLOCK_EVENT ? REPLAY_EVENT : REPLAY_MONITOR;
	}
}
