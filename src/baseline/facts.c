/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of attributes, and facts as lists of them; see facts.h. */
#include "baseline/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/inventory.h"
#include "record/record_fields.h"
#include "record/replay_fields.h"

#define CMP ATTR_COMPARED
#define BOOT ATTR_BOOT_ONLY
#define SUBJECT ATTR_SUBJECT
#define INTERNAL ATTR_INTERNAL

/* clang-format off */
const struct attr_row attr_rows[ATTRS] = {
	[ATTR_ID] = { "id", FORM_NUMBER, BOOT | SUBJECT },
	[ATTR_NAME] = { "name", FORM_TEXT, CMP | SUBJECT },
	[ATTR_TYPE] = { "type", FORM_MAP_TYPE, CMP | SUBJECT },
	[ATTR_KEY_SIZE] = { "key_size", FORM_NUMBER, CMP },
	[ATTR_VALUE_SIZE] = { "value_size", FORM_NUMBER, CMP },
	[ATTR_MAX_ENTRIES] = { "max_entries", FORM_NUMBER, CMP },
	[ATTR_FLAGS] = { "flags", FORM_MAP_FLAGS, CMP },
	[ATTR_EXTRA] = { "map_extra", FORM_NUMBER, CMP },
	[ATTR_FROZEN] = { "frozen", FORM_BOOL, CMP },
	[ATTR_HIDDEN] = { "hidden", FORM_BOOL, CMP },
	[ATTR_IFINDEX] = { "ifindex", FORM_NUMBER, CMP | BOOT },
	[ATTR_KEY_TYPE] = { "btf_key", FORM_TEXT, CMP },
	[ATTR_VALUE_TYPE] = { "btf_value", FORM_TEXT, CMP },
	[ATTR_BTF] = { "btf", FORM_TEXT, CMP },
	[ATTR_INNER] = { "inner", FORM_TEXT, CMP },
	[ATTR_VALUE_BYTES] = { "value_bytes", FORM_NUMBER, INTERNAL },
	[ATTR_USERS] = { "users", FORM_TEXT, INTERNAL },
	[ATTR_PATH] = { "path", FORM_TEXT, SUBJECT },
	[ATTR_OBJECT] = { "object", FORM_TEXT, CMP | SUBJECT },
	[ATTR_OBJECT_ID] = { "object_id", FORM_NUMBER, CMP | BOOT },
	[ATTR_OBJECT_NAME] = { "object_name", FORM_TEXT, CMP },
	[ATTR_MODE] = { "mode", FORM_OCTAL, CMP },
	[ATTR_UID] = { "uid", FORM_NUMBER, CMP },
	[ATTR_GID] = { "gid", FORM_NUMBER, CMP },
	[ATTR_DIR_MODE] = { "dir_mode", FORM_OCTAL, CMP },
	[ATTR_DIR_UID] = { "dir_uid", FORM_NUMBER, CMP },
	[ATTR_TAG] = { "tag", FORM_TEXT, CMP | SUBJECT },
	[ATTR_CODE] = { "code", FORM_TEXT, CMP | ATTR_KERNEL_ONLY },
	[ATTR_LOADED] = { "loaded_ns", FORM_NUMBER, BOOT },
	[ATTR_MAPS] = { "maps", FORM_TEXT, CMP },
	[ATTR_PROGRAM_ID] = { "program_id", FORM_NUMBER, CMP | BOOT },
	[ATTR_PROGRAM] = { "program", FORM_TEXT, CMP | SUBJECT },
	[ATTR_ATTACH] = { "attach_type", FORM_ATTACH, CMP | SUBJECT },
	[ATTR_TARGET] = { "target", FORM_TEXT, CMP | SUBJECT },
	[ATTR_POSITION] = { "position", FORM_NUMBER, CMP },
	[ATTR_DETAIL] = { "detail", FORM_TEXT, CMP | SUBJECT },
	[ATTR_MINOR] = { "minor", FORM_NUMBER, INTERNAL },
	[ATTR_HOST] = { "host", FORM_TEXT, 0 },
	[ATTR_KERNEL] = { "kernel", FORM_TEXT, 0 },
	[ATTR_BOOT] = { "boot_id", FORM_TEXT, 0 },
	[ATTR_VERSION] = { "version", FORM_TEXT, 0 },
	[ATTR_TIME] = { "time", FORM_NUMBER, 0 },
	[ATTR_CPUS] = { "cpus", FORM_NUMBER, 0 },
	[ATTR_RULE] = { "rule", FORM_TEXT, 0 },
	[ATTR_WORD] = { "word", FORM_TEXT, 0 },
	[ATTR_MAP] = { "map", FORM_NUMBER, INTERNAL },
	[ATTR_ENTRIES] = { "entries", FORM_NUMBER, 0 },
	[ATTR_UNSTABLE] = { "unstable", FORM_BOOL, 0 },
	[ATTR_REASON] = { "reason", FORM_TEXT, 0 },
	[ATTR_ERROR] = { "error", FORM_NUMBER, 0 },
	[ATTR_MODULE] = { "module", FORM_TEXT, CMP },
	[ATTR_PROG_TYPE] = { "type", FORM_PROG_TYPE, CMP | SUBJECT },
	[ATTR_LINK_TYPE] = { "type", FORM_LINK_TYPE, CMP | SUBJECT },
};
/* clang-format on */

const char *const fact_kind_names[FACT_KINDS] = {
	[FACT_MAP] = "map",
	[FACT_PIN] = "pin",
	[FACT_PROGRAM] = "program",
	[FACT_LINK] = "link",
	[FACT_ATTACHMENT] = "attachment",
};

struct fact *facts_add(struct facts *facts, enum fact_kind kind)
{
	struct fact *list = facts->failed ? NULL :
					    inventory_grow(facts->list, facts->n, sizeof(*list));

	if (!list) {
		facts->failed = true;
		return NULL;
	}
	facts->list = list;
	list[facts->n].kind = kind;
	return &list[facts->n++];
}

/* In its place among the others; NULL: no memory. */
static struct attr *add_attr(struct facts *facts, struct fact *f, enum fact_attr id)
{
	struct attr *attrs = f && !facts->failed ? inventory_grow(f->attrs, f->n, sizeof(*attrs)) :
						   NULL;
	size_t at;

	if (!attrs) {
		facts->failed = true;
		return NULL;
	}
	f->attrs = attrs;
	for (at = f->n; at && attrs[at - 1].id > id; at--)
		;
	memmove(attrs + at + 1, attrs + at, (f->n - at) * sizeof(*attrs));
	attrs[at] = (struct attr){ .id = (uint16_t)id };
	f->n++;
	return &attrs[at];
}

void fact_number(struct facts *facts, struct fact *f, enum fact_attr id, uint64_t number)
{
	struct attr *a = add_attr(facts, f, id);

	if (a)
		a->number = number;
}

void fact_text(struct facts *facts, struct fact *f, enum fact_attr id, const char *text, size_t len)
{
	char *copy = malloc(strnlen(text, len) + 1);
	struct attr *a = copy ? add_attr(facts, f, id) : NULL;

	if (!a) {
		facts->failed = true;
		free(copy);
		return;
	}
	a->len = (uint32_t)strnlen(text, len);
	memcpy(copy, text, a->len);
	copy[a->len] = '\0';
	a->text = copy;
}

void fact_string(struct facts *facts, struct fact *f, enum fact_attr id, const char *text)
{
	fact_text(facts, f, id, text, strlen(text));
}

void facts_fini(struct facts *facts)
{
	for (size_t i = 0; i < facts->n; i++) {
		for (size_t a = 0; a < facts->list[i].n; a++)
			free(facts->list[i].attrs[a].text);
		free(facts->list[i].attrs);
	}
	free(facts->list);
	*facts = (struct facts){};
}

const struct attr *fact_get(const struct fact *f, enum fact_attr id)
{
	for (size_t i = 0; f && i < f->n && f->attrs[i].id <= id; i++)
		if (f->attrs[i].id == id)
			return &f->attrs[i];
	return NULL;
}

uint64_t fact_get_number(const struct fact *f, enum fact_attr id)
{
	const struct attr *a = fact_get(f, id);

	return a ? a->number : 0;
}

const char *fact_get_text(const struct fact *f, enum fact_attr id)
{
	const struct attr *a = fact_get(f, id);

	return a && a->text ? a->text : "";
}

bool attr_equal(const struct attr *a, const struct attr *b)
{
	if (!a->text != !b->text)
		return false;
	return a->text ? !strcmp(a->text, b->text) : a->number == b->number;
}

uint64_t fact_value_bytes(const struct fact *map)
{
	const struct attr *a = fact_get(map, ATTR_VALUE_BYTES);

	return a ? a->number : fact_get_number(map, ATTR_VALUE_SIZE);
}

/* ---- in a snapshot ---- */

/*
 * The number of its kind, then how many bytes and these: as a block of a recording has fields, the
 * number 2 * id and a number, or 2 * id + 1, how many bytes and these.
 */
void fact_put(struct buf *b, const struct fact *f)
{
	struct buf one = {};

	for (size_t i = 0; i < f->n; i++) {
		const struct attr *a = &f->attrs[i];

		put_number(&one, 2 * (uint64_t)a->id + !!a->text);
		if (a->text)
			put_bytes(&one, a->text, a->len);
		else
			put_number(&one, a->number);
	}
	put_number(b, f->kind);
	put_bytes(b, one.data, one.len);
	b->failed |= one.failed;
	buf_fini(&one);
}

/* What a newer version has more of an old kind of fact is left out. */
static int take_attr(struct bytes *b, struct facts *facts, struct fact *f, uint64_t *before)
{
	struct bytes text;
	uint64_t id, number;

	if (!get_number(b, &id) || id / 2 <= *before)
		return -EBADMSG;
	*before = id / 2;
	if (id & 1 ? !get_bytes(b, &text) : !get_number(b, &number))
		return -EBADMSG;
	if (id / 2 >= ATTRS)
		return 0;
	if ((attr_rows[id / 2].form == FORM_TEXT) != (id & 1))
		return -EBADMSG;
	if (!(id & 1)) {
		fact_number(facts, f, (enum fact_attr)(id / 2), number);
		return facts->failed ? -ENOMEM : 0;
	}
	if (memchr(text.at, '\0', (size_t)(text.end - text.at)))
		return -EBADMSG;
	fact_text(facts, f, (enum fact_attr)(id / 2), (const char *)text.at,
		  (size_t)(text.end - text.at));
	return facts->failed ? -ENOMEM : 0;
}

int fact_take(struct bytes *b, struct facts *facts)
{
	struct bytes content;
	struct fact *f;
	uint64_t kind, before = 0;
	int err = 0;

	if (!get_number(b, &kind) || !get_bytes(b, &content) || !kind)
		return -EBADMSG;
	if (kind >= FACT_KINDS)
		return -ENOTSUP;
	f = facts_add(facts, (enum fact_kind)kind);
	if (!f)
		return -ENOMEM;
	while (!err && content.at < content.end)
		err = take_attr(&content, facts, f, &before);
	return err;
}
