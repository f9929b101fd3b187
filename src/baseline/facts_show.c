/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attributes for a person and in JSON; see facts.h. */
#include <stdio.h>

#include "baseline/facts.h"
#include "maptype.h"
#include "names.h"

static const char *name_of(enum attr_form form, uint64_t number)
{
	if (number > UINT32_MAX)
		return NULL;
	switch (form) {
	case FORM_MAP_TYPE:
		return maptype_name((uint32_t)number);
	case FORM_PROG_TYPE:
		return prog_type_name((uint32_t)number);
	case FORM_LINK_TYPE:
		return link_type_name((uint32_t)number);
	case FORM_ATTACH:
		return attach_type_name((uint32_t)number);
	default:
		return NULL;
	}
}

static uint64_t known_flags(void)
{
	uint64_t flags = 0;

	for (const struct flag_name *f = map_flag_names; f->name; f++)
		flags |= f->bit;
	return flags;
}

static void put_flags(struct buf *b, uint64_t flags)
{
	const char *sep = "";

	for (const struct flag_name *f = map_flag_names; f->name; f++) {
		if (!(flags & f->bit))
			continue;
		buf_printf(b, "%s%s", sep, f->name);
		flags &= ~f->bit;
		sep = "|";
	}
	if (flags || !*sep)
		buf_printf(b, "%s%#llx", sep, (unsigned long long)flags);
}

void attr_put_text(struct buf *b, const struct attr *a)
{
	enum attr_form form = attr_rows[a->id].form;
	const char *name;

	if (a->text) {
		buf_safe(b, a->text, a->len);
		return;
	}
	name = name_of(form, a->number);
	if (name)
		buf_str(b, name);
	else if (form == FORM_BOOL)
		buf_str(b, a->number ? "yes" : "no");
	else if (form == FORM_OCTAL)
		buf_printf(b, "%04llo", (unsigned long long)a->number);
	else if (form == FORM_MAP_FLAGS)
		put_flags(b, a->number);
	else
		buf_u64(b, a->number);
}

void attr_put_json(struct buf *b, const char *name, const struct attr *a)
{
	enum attr_form form = attr_rows[a->id].form;
	char text[32];

	if (a->text) {
		json_bytes(b, name, a->text, a->len);
		return;
	}
	switch (form) {
	case FORM_BOOL:
		json_bool(b, name, a->number);
		return;
	case FORM_OCTAL:
		snprintf(text, sizeof(text), "%04llo", (unsigned long long)a->number);
		json_string(b, name, text);
		return;
	case FORM_MAP_FLAGS:
		json_open(b, name, '[');
		for (const struct flag_name *f = map_flag_names; f->name; f++)
			if (a->number & f->bit)
				json_string(b, NULL, f->name);
		if (a->number & ~known_flags())
			json_u64(b, NULL, a->number & ~known_flags());
		json_close(b, ']');
		return;
	case FORM_NUMBER:
		json_u64(b, name, a->number);
		return;
	default:
		snprintf(text, sizeof(text), "%llu", (unsigned long long)a->number);
		json_string(b, name, name_of(form, a->number) ?: text);
	}
}
