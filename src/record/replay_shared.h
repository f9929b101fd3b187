/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What events of a recording share: the things in their places, and how long they live. One thing
 * may be part of another, which keeps it after its place was taken. Part of src/record/replay.c.
 */
#ifndef BPFMON_REPLAY_SHARED_H
#define BPFMON_REPLAY_SHARED_H

#include "record/replay_fields.h"

struct places;

struct places *places_new(void);	/* NULL: no memory */
void places_free(struct places *places);

/* The content of a BLOCK_SHARED; errors as of get_fields(). */
int places_read(struct places *places, struct bytes content);
/* For struct fields_env: lent until its place is taken. */
bool places_find(void *places, unsigned int kind, uint64_t number, const void **thing);

/* Things that are there, but mean nothing to this version, as BTF of later kinds. */
uint64_t places_unread(const struct places *places);

#endif
