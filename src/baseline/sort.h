/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entries of a map in the order of their keys, however many: what does not fit into the memory
 * that is allowed goes, sorted, to a file without a name, and is merged from there. Of a key that
 * was added twice the later one stays.
 *
 * Sorting both sides lets verify walk them beside each other with one entry of each in memory. A
 * set of digests by key would do without the file, but needs some 40 bytes of memory for each
 * entry, without an upper bound.
 */
#ifndef BPFMON_BASELINE_SORT_H
#define BPFMON_BASELINE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SORT_MEMORY (12u << 20)

struct sort;

/*
 * The key is `key_size` bytes from `key_at` of each record; `is_index`: of 4 bytes, and a number
 * of this machine. NULL: no memory.
 */
struct sort *sort_new(size_t key_at, size_t key_size, bool is_index, size_t memory);
void sort_free(struct sort *s);

/* 0, or a negative errno, which stays. */
int sort_add(struct sort *s, const void *record, size_t len);
/* After the last. */
int sort_end(struct sort *s);
/* In order, lent until the next call. 1; 0: no more; or a negative errno. */
int sort_next(struct sort *s, const uint8_t **record, size_t *len);

/* How many keys came again. */
uint64_t sort_repeated(const struct sort *s);
/* As sort_add() orders them. */
int sort_compare_keys(const uint8_t *a, const uint8_t *b, size_t size, bool is_index);

#endif
