/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* BPF programs by the addresses of their code; see progs.h. */
#include "who/progs.h"

#include <stdlib.h>
#include <string.h>

#define FORGET_NS 10000000000ULL	/* no record follows one so much younger in the ring */

struct range {
	struct event_code code;
	char *full_name;	/* code.prog's, which lends it */
	uint64_t since, until;	/* when it holds */
	bool listed;
};

/* Sorted by start; none overlap. */
struct progs {
	struct range *list;
	size_t n, cap;
	uint64_t since;		/* of what the last list added */
};

struct progs *progs_new(void)
{
	return calloc(1, sizeof(struct progs));
}

void progs_free(struct progs *progs)
{
	if (!progs)
		return;
	for (size_t i = 0; i < progs->n; i++)
		free(progs->list[i].full_name);
	free(progs->list);
	free(progs);
}

/* The first range that ends behind the address. */
static size_t first_behind(const struct progs *progs, uint64_t address)
{
	size_t from = 0, to = progs->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct event_code *c = &progs->list[middle].code;

		if (c->start + c->len > address)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

static void remove_ranges(struct progs *progs, size_t at, size_t count)
{
	if (!count)
		return;
	for (size_t i = at; i < at + count; i++)
		free(progs->list[i].full_name);
	progs->n -= count;
	memmove(&progs->list[at], &progs->list[at + count], (progs->n - at) * sizeof(*progs->list));
}

static bool make_room(struct progs *progs)
{
	size_t cap = progs->cap ? progs->cap * 2 : 64;
	struct range *list;

	if (progs->n < progs->cap)
		return true;
	list = realloc(progs->list, cap * sizeof(*list));
	if (!list)
		return false;
	progs->list = list;
	progs->cap = cap;
	return true;
}

/* The range of just this code, or NULL. */
static struct range *find_code(struct progs *progs, const struct event_code *code)
{
	size_t at = first_behind(progs, code->start);
	struct range *r = at < progs->n ? &progs->list[at] : NULL;

	if (!r || r->code.start != code->start || r->code.len != code->len ||
	    r->code.prog.id != code->prog.id)
		return NULL;
	return r;
}

static void set_code(struct range *r, const struct event_code *code)
{
	const char *name = code->prog.full_name;

	free(r->full_name);
	r->full_name = name ? strdup(name) : NULL;
	r->code = *code;
	r->code.prog.full_name = r->full_name;
}

/* In the place of all that overlaps it. */
static bool insert(struct progs *progs, const struct event_code *code, uint64_t since)
{
	size_t at = first_behind(progs, code->start), n = 0;
	struct range *r;

	if (!code->len || code->start + code->len < code->start)
		return true;	/* runs in the interpreter */
	while (at + n < progs->n && progs->list[at + n].code.start < code->start + code->len)
		n++;
	remove_ranges(progs, at, n);
	if (!make_room(progs))
		return false;
	r = &progs->list[at];
	memmove(r + 1, r, (progs->n++ - at) * sizeof(*r));
	*r = (struct range){ .since = since, .until = UINT64_MAX, .listed = true };
	set_code(r, code);
	return true;
}

bool progs_add(struct progs *progs, const struct event_code *code, uint64_t time)
{
	struct range *r = find_code(progs, code);

	if (!r)
		return time < progs->since || insert(progs, code, 0);
	set_code(r, code);
	r->since = 0;
	return true;
}

bool progs_list(struct progs *progs, const struct event_code *code)
{
	struct range *r = find_code(progs, code);

	if (!r)
		return insert(progs, code, progs->since);
	r->listed = true;
	r->until = UINT64_MAX;
	return true;
}

void progs_begin_list(struct progs *progs, uint64_t since)
{
	progs->since = since;
	for (size_t i = 0; i < progs->n; i++)
		progs->list[i].listed = false;
}

void progs_end_list(struct progs *progs, uint64_t until)
{
	size_t kept = 0;

	for (size_t i = 0; i < progs->n; i++) {
		struct range *r = &progs->list[i];

		if (!r->listed && r->until > until)
			r->until = until;
		if (r->listed || r->until + FORGET_NS > until)
			progs->list[kept++] = *r;
		else
			free(r->full_name);
	}
	progs->n = kept;
}

const char *progs_full_name(const struct progs *progs, uint32_t id)
{
	for (size_t i = 0; i < progs->n; i++)
		if (progs->list[i].code.prog.id == id)
			return progs->list[i].full_name;
	return NULL;
}

const struct event_prog *progs_find(const struct progs *progs, uint64_t return_address,
				    uint64_t time)
{
	/* What returns there is the byte before, which may be the last of the code. */
	uint64_t address = return_address - 1;
	size_t at = first_behind(progs, address);
	const struct range *r;

	if (at == progs->n)
		return NULL;
	r = &progs->list[at];
	if (r->code.start > address || time < r->since || time > r->until)
		return NULL;
	return &r->code.prog;
}
