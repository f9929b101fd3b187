/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The content of one block of a recording to a struct, by its table, and the check that the struct
 * is one that the formats can write. Part of src/record/replay.c; only it includes this.
 */
#ifndef BPFMON_REPLAY_FIELDS_H
#define BPFMON_REPLAY_FIELDS_H

#include "event.h"
#include "out/out.h"
#include "record/blocks.h"
#include "record/record_fields.h"

/* Memory that is given back together. */
struct arena;

void *arena_alloc(struct arena **arena, size_t size);	/* zeroed; NULL: no memory */
void arena_free(struct arena **arena);

/* False: it does not end, or is none of 64 bits. */
bool get_number(struct bytes *b, uint64_t *n);
/* The number of so many bytes, and these; false: they do not lie in it. */
bool get_bytes(struct bytes *b, struct bytes *out);

struct fields_env {
	struct arena **arena;	/* for lists */
	/* False: there is none. NULL: there is one, but this version can't read it. */
	bool (*shared)(void *context, unsigned int kind, uint64_t number, const void **thing);
	void *context;
};

/*
 * Into a zeroed struct; pointers in it lend from `content`. -EBADMSG when it is not well-formed,
 * -ENOTSUP for a value that this version has not, -ENOMEM.
 */
int get_fields(const struct fields_env *env, struct bytes content, const struct field_table *t,
	       void *to);

/* The same errors; completes what a format reads without asking. */
int replay_check_event(struct event *e);
int replay_check_monitor(const struct monitor *m);

#endif
