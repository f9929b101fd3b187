/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two lists of maps, one against the other: by BPF_MAP_GET_NEXT_ID, and by the kernel's iterator; and
 * two of programs. Both walk the same table of ids, so they differ by what came or went between; ids
 * are not given twice. What differs in two rounds is hidden from one of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "eyes/detect.h"

/* Each is a system call in the one list, and a call of a program in the other. */
#define EVERY_NS (10 * SECOND_NS)

static const struct {
	const char *name;
	enum eyes_list asked, iterated;
} kinds[] = {
	[HIDDEN_MAP] = { "map", EYES_MAPS_ASKED, EYES_MAPS_ITERATED },
	[HIDDEN_PROGRAM] = { "program", EYES_PROGRAMS_ASKED, EYES_PROGRAMS_ITERATED },
};

struct ids {
	uint32_t *list;
	size_t n, cap;
	bool failed;
};

static void add_id(void *to, uint32_t id)
{
	struct ids *ids = to;
	size_t cap = ids->cap ? 2 * ids->cap : 256;
	uint32_t *list = ids->list;

	if (ids->n == ids->cap) {
		list = realloc(list, cap * sizeof(*list));
		if (!list) {
			ids->failed = true;
			return;
		}
		ids->list = list;
		ids->cap = cap;
	}
	ids->list[ids->n++] = id;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Each once, by rising id. */
static bool get_ids(const struct eyes_ask *ask, enum eyes_list list, struct ids *ids)
{
	size_t n = 0;

	if (ask->ids(ask->obj, list, add_id, ids) || ids->failed)
		return false;
	if (ids->n)
		qsort(ids->list, ids->n, sizeof(*ids->list), compare);
	for (size_t i = 0; i < ids->n; i++)
		if (!n || ids->list[i] != ids->list[n - 1])
			ids->list[n++] = ids->list[i];
	ids->n = n;
	return true;
}

static size_t differences(const struct ids *asked, const struct ids *iterated,
			  struct suspect suspects[HIDDEN_SUSPECTS])
{
	size_t a = 0, i = 0, n = 0;

	while (n < HIDDEN_SUSPECTS && (a < asked->n || i < iterated->n)) {
		uint64_t x = a < asked->n ? asked->list[a] : UINT64_MAX;
		uint64_t y = i < iterated->n ? iterated->list[i] : UINT64_MAX;

		if (x < y)
			suspects[n++] = (struct suspect){ (uint32_t)x, true };
		else if (y < x)
			suspects[n++] = (struct suspect){ (uint32_t)y, false };
		a += x <= y;
		i += y <= x;
	}
	return n;
}

static bool was_suspect(const struct hidden *h, const struct suspect *s)
{
	for (size_t i = 0; i < h->n_before; i++)
		if (h->before[i].id == s->id && h->before[i].asked == s->asked)
			return true;
	return false;
}

static void judge(struct hidden *h, const char *name, const struct suspect *now, size_t n,
		  struct finding *f)
{
	for (size_t i = 0; i < n; i++) {
		if (!was_suspect(h, &now[i]))
			continue;
		buf_printf(&f->reason, "%s%s %" PRIu32 " is %s", f->bad ? "; " : "", name,
			   now[i].id,
			   now[i].asked ? "not in the kernel's own list, bpf(2) tells of it" :
					  "hidden from bpf(2), the kernel's own list has it");
		f->bad = true;
		f->which = f->which * 31 + now[i].id * 2 + now[i].asked;
	}
	if (!f->bad)
		buf_printf(&f->reason, "bpf(2) and the kernel's own list have the same %ss", name);
	if (n)
		memcpy(h->before, now, n * sizeof(*now));
	h->n_before = n;
}

void eyes_look_hidden(struct eyes *eyes, unsigned int what, struct finding *f)
{
	struct hidden *h = &eyes->hidden[what];
	struct suspect now[HIDDEN_SUSPECTS];
	struct ids asked = { 0 }, iterated = { 0 };

	f->unasked = true;
	if (eyes->now_ns < h->next_ns)
		return;
	h->next_ns = eyes->now_ns + EVERY_NS;
	if (get_ids(eyes->ask, kinds[what].asked, &asked) &&
	    get_ids(eyes->ask, kinds[what].iterated, &iterated)) {
		f->unasked = false;
		judge(h, kinds[what].name, now, differences(&asked, &iterated, now), f);
	}
	free(asked.list);
	free(iterated.list);
}
