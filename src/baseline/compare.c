/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Matches and compares facts; see compare.h. */
#include "baseline/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ATTRS 7

/* One way to find out which is which; the next is for those that it leaves over. */
struct way {
	enum fact_kind kind;
	bool same_boot;
	bool alike; /* several with this key are interchangeable */
	bool last; /* several with this key are unclear */
	enum fact_attr attrs[KEY_ATTRS];
};

/* clang-format off */
static const struct way ways[] = {
	{ FACT_MAP, true, false, false, { ATTR_ID, ATTR_TYPE, ATTR_KEY_SIZE, ATTR_VALUE_SIZE, ATTR_NAME } },
	{ FACT_PROGRAM, true, false, false, { ATTR_ID, ATTR_LOADED } },
	{ FACT_LINK, true, false, false, { ATTR_ID, ATTR_LINK_TYPE } },
	{ FACT_PIN, false, false, false, { ATTR_PATH } },
	/* by_pins() comes here */
	{ FACT_MAP, false, false, false, { ATTR_NAME, ATTR_TYPE, ATTR_KEY_SIZE, ATTR_VALUE_SIZE,
					   ATTR_MAX_ENTRIES, ATTR_BTF, ATTR_USERS } },
	{ FACT_MAP, false, false, false, { ATTR_NAME, ATTR_TYPE, ATTR_KEY_SIZE, ATTR_VALUE_SIZE, ATTR_BTF } },
	{ FACT_MAP, false, false, true, { ATTR_NAME, ATTR_TYPE, ATTR_KEY_SIZE, ATTR_VALUE_SIZE } },
	{ FACT_PROGRAM, false, true, false, { ATTR_NAME, ATTR_PROG_TYPE, ATTR_TAG, ATTR_CODE, ATTR_MAPS, ATTR_UID } },
	{ FACT_PROGRAM, false, true, false, { ATTR_NAME, ATTR_PROG_TYPE, ATTR_TAG, ATTR_MAPS, ATTR_UID } },
	{ FACT_PROGRAM, false, false, false, { ATTR_NAME, ATTR_PROG_TYPE, ATTR_TAG } },
	{ FACT_PROGRAM, false, false, true, { ATTR_NAME, ATTR_PROG_TYPE } },
	{ FACT_LINK, false, true, false, { ATTR_LINK_TYPE, ATTR_ATTACH, ATTR_TARGET, ATTR_PROGRAM, ATTR_DETAIL } },
	{ FACT_LINK, false, false, true, { ATTR_LINK_TYPE, ATTR_ATTACH, ATTR_TARGET } },
	{ FACT_ATTACHMENT, true, false, false, { ATTR_ATTACH, ATTR_TARGET, ATTR_PROGRAM_ID, ATTR_DETAIL } },
	{ FACT_ATTACHMENT, false, true, false, { ATTR_ATTACH, ATTR_TARGET, ATTR_PROGRAM, ATTR_DETAIL } },
	{ FACT_ATTACHMENT, false, false, false, { ATTR_ATTACH, ATTR_TARGET, ATTR_PROGRAM } },
	{ FACT_ATTACHMENT, false, false, true, { ATTR_ATTACH, ATTR_TARGET } },
};
/* clang-format on */

#define PINS_FROM 4 /* ways before this are by identity */

struct key {
	char *text;
	size_t fact;
	bool now;
};

static char *key_of(const struct fact *f, const struct way *way)
{
	struct buf b = {};

	for (size_t i = 0; i < KEY_ATTRS && way->attrs[i]; i++) {
		const struct attr *a = fact_get(f, way->attrs[i]);

		if (a && a->text)
			buf_safe(&b, a->text, a->len);
		else if (a)
			buf_u64(&b, a->number);
		buf_str(&b, "\n");
	}
	buf_bytes(&b, "", 1);
	if (!b.failed)
		return b.data;
	buf_fini(&b);
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (!order)
		order = (x->now > y->now) - (x->now < y->now);
	return order ?: (x->fact > y->fact) - (x->fact < y->fact);
}

static void mate(const struct compare *c, size_t was, size_t now)
{
	c->was->list[was].mate = 1 + now;
	c->now->list[now].mate = 1 + was;
}

/* Keys of one side come before those of the other. */
static void match_group(const struct compare *c, const struct way *way, const struct key *keys,
			size_t n)
{
	size_t n_was = 0, pairs;

	while (n_was < n && !keys[n_was].now)
		n_was++;
	pairs = n_was < n - n_was ? n_was : n - n_was;
	if (!pairs)
		return;
	if (way->alike || n == 2) {
		for (size_t i = 0; i < pairs; i++)
			mate(c, keys[i].fact, keys[n_was + i].fact);
		return;
	}
	for (size_t i = 0; way->last && i < n; i++)
		(keys[i].now ? c->now : c->was)->list[keys[i].fact].unclear = true;
}

static int add_keys(const struct facts *facts, const struct way *way, bool now, struct key *keys,
		    size_t *n)
{
	for (size_t i = 0; i < facts->n; i++) {
		const struct fact *f = &facts->list[i];

		if (f->kind != way->kind || f->mate || f->left_out)
			continue;
		keys[*n] = (struct key){ key_of(f, way), i, now };
		if (!keys[*n].text)
			return -ENOMEM;
		++*n;
	}
	return 0;
}

static int match_way(const struct compare *c, const struct way *way)
{
	struct key *keys = calloc(c->was->n + c->now->n + 1, sizeof(*keys));
	size_t n = 0, from = 0;
	int err = keys ? add_keys(c->was, way, false, keys, &n) : -ENOMEM;

	if (!err)
		err = add_keys(c->now, way, true, keys, &n);
	if (!err && n)
		qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; !err && i <= n; i++) {
		if (i < n && !strcmp(keys[i].text, keys[from].text))
			continue;
		match_group(c, way, keys + from, i - from);
		from = i;
	}
	for (size_t i = 0; i < n; i++)
		free(keys[i].text);
	free(keys);
	return err;
}

static enum fact_kind pinned_kind(const struct fact *pin)
{
	for (unsigned int k = FACT_MAP; k < FACT_KINDS; k++)
		if (fact_kind_names[k] &&
		    !strcmp(fact_get_text(pin, ATTR_OBJECT), fact_kind_names[k]))
			return (enum fact_kind)k;
	return FACT_PIN;
}

static size_t find_id(const struct facts *facts, enum fact_kind kind, uint64_t id)
{
	size_t i;

	for (i = 0; i < facts->n; i++)
		if (facts->list[i].kind == kind && fact_get_number(&facts->list[i], ATTR_ID) == id)
			break;
	return i;
}

/* What had a name that something of the same kind and type has now. */
static void by_pins(const struct compare *c)
{
	for (size_t i = 0; i < c->was->n; i++) {
		const struct fact *was = &c->was->list[i], *now, *x, *y;
		enum fact_kind kind;
		size_t a, b;

		if (was->kind != FACT_PIN || !was->mate)
			continue;
		now = &c->now->list[was->mate - 1];
		kind = pinned_kind(was);
		if (kind == FACT_PIN || kind != pinned_kind(now))
			continue;
		a = find_id(c->was, kind, fact_get_number(was, ATTR_OBJECT_ID));
		b = find_id(c->now, kind, fact_get_number(now, ATTR_OBJECT_ID));
		if (a == c->was->n || b == c->now->n)
			continue;
		x = &c->was->list[a];
		y = &c->now->list[b];
		if (!x->mate && !y->mate &&
		    fact_get_number(x, ATTR_TYPE) == fact_get_number(y, ATTR_TYPE))
			mate(c, a, b);
	}
}

int compare_match(const struct compare *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (i == PINS_FROM)
			by_pins(c);
		if (!ways[i].same_boot || c->same_boot)
			err = match_way(c, &ways[i]);
	}
	return err;
}

/* ---- what differs ---- */

static void compare_attrs(const struct compare *c, const struct diff *of, diff_told *told,
			  void *context)
{
	for (unsigned int id = 1; id < ATTRS; id++) {
		unsigned int use = attr_rows[id].use;
		const struct attr *old = fact_get(of->was, (enum fact_attr)id);
		const struct attr *new = fact_get(of->now, (enum fact_attr)id);
		struct diff d = *of;

		if (!(use & ATTR_COMPARED) || ((use & ATTR_BOOT_ONLY) && !c->same_boot) ||
		    ((use & ATTR_KERNEL_ONLY) && !c->same_kernel) || !old || !new ||
		    attr_equal(old, new))
			continue;
		d.what = "attribute";
		d.old = old;
		d.new = new;
		told(context, &d);
	}
}

static void compare_fact(const struct compare *c, const struct fact *was, const struct fact *now,
			 diff_told *told, void *context)
{
	struct diff d = { .kind = fact_kind_names[(was ?: now)->kind], .was = was, .now = now };

	if (!was || !now) {
		d.what = (was ?: now)->unclear ? "ambiguous" : was ? "missing" : "added";
		told(context, &d);
		return;
	}
	if (c->same_boot && fact_get_number(was, ATTR_ID) != fact_get_number(now, ATTR_ID)) {
		d.what = "replaced";
		told(context, &d);
	}
	compare_attrs(c, &d, told, context);
}

void compare_facts(const struct compare *c, diff_told *told, void *context)
{
	for (size_t i = 0; i < c->was->n; i++) {
		const struct fact *f = &c->was->list[i];

		if (fact_kind_names[f->kind] && !f->left_out)
			compare_fact(c, f, f->mate ? &c->now->list[f->mate - 1] : NULL, told,
				     context);
	}
	for (size_t i = 0; i < c->now->n; i++) {
		const struct fact *f = &c->now->list[i];

		if (fact_kind_names[f->kind] && !f->mate)
			compare_fact(c, NULL, f, told, context);
	}
}

bool compare_entry(const struct compare *c, const struct snap_parts *was,
		   const struct snap_parts *now)
{
	if (!was || !now || was->kind != now->kind || was->value_len != now->value_len ||
	    (was->value_len && memcmp(was->value, now->value, was->value_len) != 0))
		return true;
	return was->kind != ENTRY_VALUE && (c->same_boot || was->kind == ENTRY_ERROR) &&
	       was->number != now->number;
}
