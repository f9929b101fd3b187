/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was learned, as src/normal/normal.c gathers it and src/normal/rules.c writes it. */
#ifndef BPFMON_NORMAL_LEARNED_H
#define BPFMON_NORMAL_LEARNED_H

#include "lib/pool.h"
#include "normal/normal.h"

#define NORMAL_MAPS 8192	/* rules at most, and names that fold into them */
#define NORMAL_WRITERS 128	/* of one map: who differs from so many is no stranger */
#define NORMAL_PLACES 8		/* of one writer: from there on it is at home everywhere */
#define NORMAL_FAMILY 8		/* names that differ by digits alone: from there on they are one */

/* Who, as conditions of a rule, a line each; "" for nobody that is known. */
struct writer {
	const char *who;
	const char *places[NORMAL_PLACES];	/* one more condition each */
	size_t n_places;
	bool anywhere;		/* at more of them, or where is not known */
	bool succeeded;		/* not all of it was refused */
	uint32_t vias;		/* a bit for each enum event_via */
	uint64_t writes;
};

enum subject_kind {
	SUBJECT_NAME,
	SUBJECT_PIN,
	SUBJECT_NONE,	/* maps without either */
	SUBJECT_FAMILY,	/* names, or */
	SUBJECT_PINS,	/* pins that differ by digits */
};

/* The maps that one rule is about; texts are words of YAML. */
struct subject {
	enum subject_kind kind;
	const char *text, *type;
	const char *raw;	/* of the name or pin, letters of names of rules alone */
	bool clean;		/* `raw` is all of it */
	struct subject *family;	/* that it may fold into; NULL: none */
	size_t members;		/* of a family: names or pins that it has */
	bool folded;		/* it has too many; of a member: it is in its family */
	struct writer *writers;
	size_t n_writers, cap_writers;
	bool many;		/* more writers than are kept */
	uint64_t writes;
};

struct normal_fields {
	const struct rule_field *name, *type, *pins, *exe, *comm, *cgroup, *container, *runtime,
		*prog_name, *prog_type, *prog_tag;
};

struct normal {
	struct pool pool;
	struct subject **table;		/* by text; 2 * NORMAL_MAPS */
	struct subject **subjects;	/* all of them; NORMAL_MAPS */
	size_t n_subjects;
	bool full;			/* there were more maps */
	bool failed;			/* no memory for all of it */
	uint64_t writes, lost, first_ns, last_ns;
	struct normal_fields fields;
	struct buf word, type, raw, who, place;	/* of the event at hand */
};

#endif
