/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON values as text; see value.h. */
#include "top/value.h"

#include "top/model.h"

#define ENOUGH (2 * TOP_TEXT)	/* more is shown nowhere */

static void put_many(const struct jsonread *j, uint32_t node, struct buf *b)
{
	bool object = j->nodes[node].kind == JSONREAD_OBJECT, first = true;
	uint32_t at = node + 1;

	buf_str(b, object ? "{" : "[");
	while (at < j->nodes[node].next && b->len < ENOUGH) {
		buf_str(b, first ? "" : ", ");
		if (object) {
			jsonread_safe(j, at++, b);
			buf_str(b, ": ");
		}
		top_json(j, at, b);
		at = j->nodes[at].next;
		first = false;
	}
	buf_str(b, object ? "}" : "]");
}

/* As deep as jsonread.h lets it be. */
void top_json(const struct jsonread *j, uint32_t node, struct buf *b)
{
	if (node >= j->n)
		return;
	if (j->nodes[node].kind < JSONREAD_STRING)
		put_many(j, node, b);
	else
		jsonread_safe(j, node, b);
}

static void put_cpus(const struct jsonread *j, uint32_t cpus, struct buf *b)
{
	const char *before = "{";

	for (uint32_t at = cpus + 1; at < j->nodes[cpus].next && b->len < ENOUGH;
	     at = j->nodes[at].next, before = ", ") {
		buf_str(b, before);
		buf_str(b, "cpu ");
		jsonread_safe(j, jsonread_member(j, at, "cpu"), b);
		buf_str(b, ": ");
		top_bytes(j, at, b);
	}
	buf_str(b, "}");
}

void top_bytes(const struct jsonread *j, uint32_t node, struct buf *b)
{
	static const char *const shown[] = { "object", "btf", "number", "hex" };
	uint32_t cpus = jsonread_member(j, node, "cpus"), value = 0;

	if (cpus && j->nodes[cpus].kind == JSONREAD_ARRAY) {
		/* No deeper: none of a CPU has CPUs. */
		if (!jsonread_member(j, node, "cpu"))
			put_cpus(j, cpus, b);
		return;
	}
	for (size_t i = 0; !value && i < sizeof(shown) / sizeof(shown[0]); i++)
		value = jsonread_member(j, node, shown[i]);
	if (value)
		top_json(j, value, b);
}
