/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rules may ask of an event: a table of fields, by their dotted names in JSON, each with a
 * function that reads it out of struct event. Nothing is allocated and nothing is formatted.
 */
#ifndef BPFMON_RULES_FIELDS_H
#define BPFMON_RULES_FIELDS_H

#include "event.h"
#include "lib/buf.h"

enum fact_kind {
	FACT_TEXT,
	FACT_NUMBER,	/* with a sign */
	FACT_BOOL,
	FACT_BYTES,
	FACT_MEMBER,	/* of a key or value by BTF: number or text, known with the event */
	FACT_TYPES,	/* the type of the event: rules are found by it */
};

/* One value of a field; what it points to lends from the event. */
struct fact {
	enum fact_kind kind;	/* TEXT, NUMBER, BOOL, BYTES */
	const char *text;	/* TEXT; BYTES: as they are */
	size_t len;
	int64_t number;		/* NUMBER, BOOL; a TEXT that is an enumerator: its number, too */
	bool has_number;
};

/* What a field depends on: what is the same in many events is matched once for them. */
enum fact_group { GROUP_EVENT, GROUP_MAP, GROUP_PROCESS, GROUPS };

struct rule_field {
	const char *name;
	enum fact_kind kind;
	enum fact_group group;
	/*
	 * The i-th value, for some fields have several, as the pins of a map: false when there is
	 * none. `member` is the path of a FACT_MEMBER.
	 */
	bool (*get)(const struct event *e, const char *member, size_t i, struct fact *fact);
	const char *help;
	const char *const *words;	/* the only ones that there are; NULL: any */
	size_t n_words;
};

/* Ended by a row without a name. */
extern const struct rule_field rule_fields[];

/*
 * NULL: no such field. For "value.btf.a.b" that of "value.btf", and `member` is "a.b", which lends
 * from `name`; else `member` is NULL.
 */
const struct rule_field *rule_field_find(const char *name, const char **member);

/* As a person reads it, all values, a comma between; "?" when there is none. */
void rule_field_put(struct buf *b, const struct rule_field *field, const char *member,
		    const struct event *e);
/* Of all its values, as one number. */
uint64_t rule_field_hash(uint64_t hash, const struct rule_field *field, const char *member,
			 const struct event *e);

/* src/rules/member.c: a member of a value of that type; `path` "" is the value itself. */
bool rule_member(const struct event_mapinfo *info, uint32_t type_id,
		 const struct event_bytes *bytes, const char *path, struct fact *fact);

#endif
