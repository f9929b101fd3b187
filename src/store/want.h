/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a query asks for beside time: maps, actors and types of events. Pure. */
#ifndef BPFMON_STORE_WANT_H
#define BPFMON_STORE_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WANT_MAX 64	/* of each */

enum want_actor { WANT_PID, WANT_EXE, WANT_COMM, WANT_PROG_ID, WANT_PROG, WANT_NAME };

struct want {
	struct {
		uint32_t id;		/* 0: by name */
		const char *name;	/* a glob; lent */
	} maps[WANT_MAX];
	struct {
		enum want_actor kind;	/* WANT_NAME: of a command or a program */
		uint32_t id;
		const char *name;	/* a glob; lent */
	} actors[WANT_MAX];
	size_t n_maps, n_actors;
	bool by_type;
	uint32_t types, monitors;	/* bits of enum event_type and enum monitor_type */
};

/* What is not known is 0 or NULL. */
struct want_row {
	const char *type, *map_name, *comm, *exe, *prog_name;
	int64_t map_id, pid, prog_id;
};

/* A word of the command line; 0, or -EINVAL with what is wrong in `why`. */
int want_map(struct want *w, const char *word, char *why, size_t why_size);
int want_actor(struct want *w, const char *word, char *why, size_t why_size);
/* A list, which is cut up in place. */
int want_types(struct want *w, char *list, char *why, size_t why_size);

/* Nothing was asked for. */
bool want_all(const struct want *w);
bool want_matches(const struct want *w, const struct want_row *row);

#endif
