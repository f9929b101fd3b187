/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Recordings that are cut, damaged, of another version, or no recordings: each is told, and what
 * is before is shown.
 */
#include <errno.h>

#include "record/record_fields.h"
#include "recording.h"
#include "record/replay_shared.h"

static void every_cut(void)
{
	struct file f = recorded(&info, 0, 4), cut = f;
	size_t events = 0, block = sizeof(struct record_head);
	char why[1024] = "";

	for (cut.len = 0; cut.len < f.len && !why[0]; cut.len++) {
		struct outcome o;

		if (cut.len >= block && cut.len == next_block(f, block)) {
			events += block_at(f, block)->type == BLOCK_EVENT;
			block = cut.len;
		}
		/* A copy, so that a sanitizer sees a read past its end. */
		cut.data = malloc(cut.len ? cut.len : 1);
		memcpy(cut.data, f.data, cut.len);
		o = replay(cut, NULL, &out_json);
		free(cut.data);
		if (o.item != REPLAY_BAD || o.events != events ||
		    !strstr(o.why, cut.len ? "cut off" : "not a recording"))
			snprintf(why, sizeof(why), "after %zu bytes: %zu events of %zu, %s",
				 cut.len, o.events, events, o.why);
	}
	free(f.data);
	CHECK_INT(events, 5);
	CHECK_STR(why, "");
}

static void every_bit(void)
{
	struct file f = recorded(&info, 6, 3);
	char why[128] = "";

	for (size_t bit = 0; bit < 8 * f.len && !why[0]; bit++) {
		struct outcome o;

		f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		o = replay(f, NULL, &out_text);
		if (o.item != REPLAY_BAD || !o.why[0] || o.events > 4)
			snprintf(why, sizeof(why), "bit %zu: %zu events, outcome %d", bit, o.events,
				 o.item);
		f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(f.data);
	CHECK_STR(why, "");
}

/* Whoever writes such a file can make checksums, too: what is read then is wrong, but safe. */
static void each_sealed_bit(size_t first, size_t n, char *why, size_t why_size)
{
	struct file f = recorded(&info, first, n);
	size_t at = sizeof(struct record_head), end;

	why[0] = '\0';

	for (; at < f.len; at = end) {
		end = next_block(f, at);
		for (size_t bit = 8 * (at + sizeof(struct record_block_head)); bit < 8 * end;
		     bit++) {
			struct outcome o;

			f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			seal(f, at);
			o = replay(f, NULL, &out_json);
			if (o.item != REPLAY_END && (o.item != REPLAY_BAD || !o.why[0]))
				snprintf(why, why_size, "bit %zu: outcome %d", bit, o.item);
			f.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		seal(f, at);
	}
	free(f.data);
}

static void every_sealed_bit(void)
{
	char why[128];

	each_sealed_bit(6, 3, why, sizeof(why));
	CHECK_STR(why, "");
	/* The last ones have all that can be learned of a map. */
	each_sealed_bit(SITUATIONS - 2, 2, why, sizeof(why));
	CHECK_STR(why, "");
}

static struct outcome replay_text(const char *text)
{
	struct file f = { (uint8_t *)text, strlen(text), 0, SIZE_MAX };

	return replay(f, NULL, &out_json);
}

static void not_a_recording(void)
{
	static const char *const texts[] = { "",
					     "{",
					     "{\"v\":1,\"seq\":0}\n",
					     "\x8f",
					     "\x8f"
					     "bpf",
					     "\x7f"
					     "ELF\2\1\1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct outcome o = replay_text(texts[i]);

		CHECK_INT(o.item, REPLAY_BAD);
		CHECK(strstr(o.why, texts[i][0] == '\x8f' ? "cut off" : "not a recording"));
	}
}

static void other_versions(void)
{
	struct file f = recorded(&info, 0, 1);
	struct record_head *head = (struct record_head *)f.data;
	struct outcome major, order;

	head->major = 2;
	major = replay(f, NULL, &out_json);
	head->order = __builtin_bswap32(head->order);
	order = replay(f, NULL, &out_json);
	free(f.data);
	CHECK_INT(major.item, REPLAY_BAD);
	CHECK(strstr(major.why, "version 2"));
	CHECK(strstr(major.why, "version 1"));
	CHECK_INT(order.item, REPLAY_BAD);
	CHECK(strstr(order.why, "byte order"));
}

/* Puts bytes into the content of the block at `at`, at its end, and seals it. */
static void append(struct file *f, size_t at, const void *bytes, size_t n)
{
	size_t end = next_block(*f, at);

	f->data = realloc(f->data, f->len + n);
	memmove(f->data + end + n, f->data + end, f->len - end);
	memcpy(f->data + end, bytes, n);
	f->len += n;
	block_at(*f, at)->len += (uint32_t)n;
	seal(*f, at);
}

/* Fields that this version does not know are passed over, whatever the minor version. */
static void unknown_fields(void)
{
	struct file f = recorded(&info, 0, 1);
	struct buf now = { 0 }, later = { 0 };
	struct outcome o;
	bool same;

	/* 2 * 200 and 2 * 201 + 1, with 2 bytes. */
	append(&f, find_block(f, BLOCK_EVENT), "\x90\3\7\x93\3\2ab", 8);
	append(&f, find_block(f, BLOCK_INFO), "\x90\3\7\x93\3\2ab", 8);
	append(&f, find_block(f, BLOCK_END), "\x90\3\7", 3);
	o = replay(f, &later, &out_json);
	print(&now, &out_json, 0, 1);
	same = now.len == later.len && !memcmp(now.data, later.data, now.len);
	buf_fini(&now);
	buf_fini(&later);
	free(f.data);
	CHECK_STR(o.why, "");
	CHECK_INT(o.item, REPLAY_END);
	CHECK(same);
}

/* An event type and a block of a later minor version are left out; of ours they are damage. */
static void unknown_values(void)
{
	for (uint32_t newer = 0; newer < 2; newer++) {
		struct record_info later = info;
		struct outcome type, block;
		struct file f;
		size_t at;

		later.minor = RECORD_MINOR + newer;
		f = recorded(&later, 2, 2);
		/* Begins with the type: 2 * id, 1. */
		at = find_block(f, BLOCK_EVENT);
		f.data[at + sizeof(struct record_block_head) + 1] = 0x70;
		seal(f, at);
		type = replay(f, NULL, &out_json);
		free(f.data);
		f = recorded(&later, 0, 2);
		block_at(f, find_block(f, BLOCK_MONITOR))->type = 0;
		seal(f, find_block(f, 0));
		block = replay(f, NULL, &out_json);
		free(f.data);
		CHECK_INT(type.item, newer ? REPLAY_END : REPLAY_BAD);
		CHECK_INT(type.skipped, newer);
		CHECK_INT(type.events, newer ? 2 : 0);
		CHECK_INT(block.item, newer ? REPLAY_END : REPLAY_BAD);
		CHECK_INT(block.skipped, newer);
	}
}

/* A field that comes twice, or an id that falls. */
static void fields_in_order(void)
{
	static const char *const more[] = { "\2\1", "\4\1" };

	for (size_t i = 0; i < 2; i++) {
		struct file f = recorded(&info, 2, 1);
		struct outcome o;

		append(&f, find_block(f, BLOCK_EVENT), more[i], 2);
		o = replay(f, NULL, &out_json);
		free(f.data);
		CHECK_INT(o.item, REPLAY_BAD);
		CHECK(strstr(o.why, "content"));
	}
}

/* A block that somebody takes out is missed, and what somebody adds behind the end is told. */
static void missing_and_more(void)
{
	struct file f = recorded(&info, 0, 3);
	size_t at = find_block(f, BLOCK_EVENT), n = next_block(f, at) - at;
	struct outcome missing, more;

	memmove(f.data + at, f.data + at + n, f.len - at - n);
	f.len -= n;
	missing = replay(f, NULL, &out_json);
	free(f.data);
	f = recorded(&info, 0, 3);
	f.data[f.len++] = 0;
	more = replay(f, NULL, &out_json);
	free(f.data);
	CHECK_INT(missing.item, REPLAY_BAD);
	CHECK(strstr(missing.why, "missing"));
	CHECK_INT(more.item, REPLAY_BAD);
	CHECK(strstr(more.why, "after the end"));
}

/* BTF of 1 MiB, again and again: what is too much is not kept, until a place gets free. */
static void much_btf(void)
{
	struct places *places = places_new();
	struct btf *btf = btf__new_empty();
	char *name = malloc(1 << 20);
	const void *raw, *thing = NULL;
	uint8_t *content;
	uint32_t size;
	bool kept = true;

	CHECK(places && btf && name);
	memset(name, 'x', (1 << 20) - 1);
	name[(1 << 20) - 1] = '\0';
	CHECK(btf__add_int(btf, name, 4, 0) == 1);
	raw = btf__raw_data(btf, &size);
	CHECK(raw && (content = malloc(size + 2)));
	memcpy(content + 2, raw, size);
	for (uint8_t n = 1; n <= 100; n++) {
		content[0] = SHARED_BTF;
		content[1] = n;
		CHECK(!places_read(places, (struct bytes){ content, content + size + 2 }));
		CHECK(places_find(places, SHARED_BTF, n, &thing));
		CHECK(kept || !thing);
		kept = thing;
	}
	CHECK_INT(places_unread(places), 37);
	content[1] = 1;
	CHECK(!places_read(places, (struct bytes){ content, content + 3 }));
	content[1] = 2;
	CHECK(!places_read(places, (struct bytes){ content, content + size + 2 }));
	CHECK(places_find(places, SHARED_BTF, 2, &thing) && thing);
	places_free(places);
	btf__free(btf);
	free(content);
	free(name);
}

/* What was learned of a map, as its fields say; NULL: refused. */
static const struct event_mapfacts *read_facts(struct places *places, const char *fields, size_t n)
{
	uint8_t content[64] = { SHARED_MAPFACTS, 1 };
	const void *thing = NULL;

	memcpy(content + 2, fields, n);
	if (places_read(places, (struct bytes){ content, content + 2 + n }))
		return NULL;
	places_find(places, SHARED_MAPFACTS, 1, &thing);
	return thing;
}

/* A pin without its path is none; more than there is room for is damage. */
static void odd_facts(void)
{
	struct places *places = places_new();
	const struct event_mapfacts *f;
	char many[2 + 1 + 17] = { 2 * 7 + 1, 18, 17 };

	f = read_facts(places, "\x0b\6\2\0\3\3\1\0", 8);
	CHECK(f);
	CHECK_INT(f->n_pins, 1);
	CHECK_STR(f->pins[0].path, "");
	CHECK_INT(f->json_len, strlen(",\"pins\":[\"\"]"));
	CHECK(!memcmp(f->json, ",\"pins\":[\"\"]", f->json_len));
	CHECK(!read_facts(places, "\x0b\5\1\3\3\1x", 7));	/* does not end */
	CHECK(!read_facts(places, many, sizeof(many)));
	many[1] = 17;
	many[2] = 16;
	CHECK(read_facts(places, many, sizeof(many) - 1));
	CHECK(read_facts(places, "", 0));
	places_free(places);
}

/* The formats write both words without asking. */
static void alerts_incomplete(void)
{
	static struct event_cause many[EVENT_CAUSES + 1];
	static const struct event_alert alerts[] = {
		{ .rule = "r", .reason = "why", .causes = many, .n_causes = EVENT_CAUSES },
		{ .rule = "r" },
		{ .reason = "why" },
		{ .rule = "r", .reason = "why", .severity = SEVERITIES },
		{ .rule = "r", .reason = "why", .causes = many, .n_causes = EVENT_CAUSES + 1 },
	};

	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		struct event e = { .type = EVENT_ALERT, .fd = -1, .alert = alerts[i] };
		int fd = memfd_create("recording", MFD_CLOEXEC);
		struct recorder *r = recorder_new(dup(fd), &info, never);
		struct outcome o;
		struct file f;

		recorder_event(r, &e);
		recorder_end(r);
		recorder_free(r);
		f = slurp(fd);
		o = replay(f, NULL, &out_text);
		free(f.data);
		CHECK_INT(o.item, i ? REPLAY_BAD : REPLAY_END);
	}
}

static ssize_t broken_source(void *context, void *data, size_t size)
{
	(void)data;
	(void)size;
	return *(int *)context;
}

static void broken_reads(void)
{
	static const struct {
		int err;
		enum replay_item item;
	} cases[] = { { -EIO, REPLAY_FAILED }, { -ECANCELED, REPLAY_STOPPED } };

	for (size_t i = 0; i < 2; i++) {
		int err = cases[i].err;
		struct replay *r = replay_new(broken_source, &err);
		struct record_info read;
		enum replay_item item = replay_begin(r, &read);

		replay_free(r);
		CHECK_INT(item, cases[i].item);
	}
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	RUN(every_cut);
	RUN(every_bit);
	RUN(every_sealed_bit);
	RUN(not_a_recording);
	RUN(other_versions);
	RUN(unknown_fields);
	RUN(unknown_values);
	RUN(fields_in_order);
	RUN(missing_and_more);
	RUN(much_btf);
	RUN(odd_facts);
	RUN(alerts_incomplete);
	RUN(broken_reads);
	return TEST_STATUS();
}
