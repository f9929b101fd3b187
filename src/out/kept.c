/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parts of lines that are kept as text: of a process and of a map, two thirds of a line and the same
 * in all of its events. Each has one place, which who comes last takes.
 */
#include <stdlib.h>
#include <string.h>

#include "out/out.h"

/* Twice as many as threads and maps that write in turn; 4 MiB at most, some 600 KiB as a rule. */
#define PLACES 1024
#define TEXT_MAX 4096

struct place {
	uint64_t key[OUT_KEY_WORDS]; /* the rest of it is 0 */
	char *text;
	size_t len;
};

struct out_kept {
	struct place places[PLACES];
};

struct out_kept *out_kept_new(void)
{
	return calloc(1, sizeof(struct out_kept));
}

void out_kept_free(struct out_kept *kept)
{
	if (!kept)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(kept->places[i].text);
	free(kept);
}

/* Where a key belongs. */
static size_t place_of(const uint64_t *key, size_t words)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < words; i++)
		hash = (hash ^ key[i]) * 0x9e3779b97f4a7c15ull ^ hash >> 29;
	return hash >> 32 & (PLACES - 1);
}

bool out_kept_put(struct buf *b, const struct out_kept *kept, const void *key, size_t bytes)
{
	const struct place *p;

	if (!kept)
		return false;
	p = &kept->places[place_of(key, bytes / sizeof(uint64_t))];
	if (!p->text || memcmp(p->key, key, bytes) != 0)
		return false;
	buf_bytes(b, p->text, p->len);
	return true;
}

void out_kept_keep(struct out_kept *kept, const void *key, size_t bytes, const struct buf *b,
		   size_t start)
{
	size_t len = b->len - start;
	struct place *p;
	char *text;

	if (!kept || b->failed || len > TEXT_MAX)
		return;
	p = &kept->places[place_of(key, bytes / sizeof(uint64_t))];
	text = realloc(p->text, len + 1);
	if (!text)
		return;
	memcpy(text, b->data + start, len);
	memset(p->key, 0, sizeof(p->key));
	memcpy(p->key, key, bytes);
	p->text = text;
	p->len = len;
}
