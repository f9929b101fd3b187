/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keys and values of maps, decoded by the BTF that came with the map: as JSON and as text for a
 * person. Whoever loaded the map wrote that BTF, so nothing in it is believed: not that types
 * end, not that members lie inside their struct, not that names are names.
 *
 * In both: typedefs and qualifiers are looked through, members of anonymous structs and unions
 * belong to the parent, enums have names, char[] is a string up to its NUL, __be16/32/64 are in
 * host order, struct in6_addr is an address, a lock or a timer of the kernel is only named,
 * pointers and 128 bits are hex. The name that an object had already becomes "name#2", by its
 * place in the object; a member without one is "(anon)".
 *
 * Bytes that were cut (`len` below the type's size) decode as far as they go: what does not lie
 * in them completely is left out, arrays and strings end early. Bytes behind the type are
 * ignored: values of per-CPU maps are padded to 8.
 */
#ifndef BPFMON_BTFVAL_H
#define BPFMON_BTFVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "lib/buf.h"

/* Appended at most by one call: a line with more is read by nobody, and the caller has hex. */
#define BTFVAL_MAX_BYTES (64 * 1024)

/*
 * All return false and append nothing when there is nothing to say: no such type, a kind without
 * values, too few bytes for a number, malformed or endless types, too much text.
 */

/* Member `name`, NULL for an array element. */
bool btfval_json(struct buf *b, const char *name, const struct btf *btf, uint32_t type_id,
		 const uint8_t *data, size_t len);
/*
 * {on: true, name: "x", ip: 167772161 (10.0.0.1), seen: [1, 2]}. With `old`, as many bytes from
 * before, only what differs, elements with their index: {seen: {[1]: 2, ...}, ...}. Where
 * something was left out, as equal or as cut, the brackets end in "...".
 */
bool btfval_text(struct buf *b, const struct btf *btf, uint32_t type_id, const uint8_t *data,
		 size_t len, const uint8_t *old);

/*
 * Member `name` in JSON: an array of the names, as btfval_json() gives them, of the members or
 * variables that differ from `old`, as many bytes from before. False also when the type has none.
 */
bool btfval_changed(struct buf *b, const char *name, const struct btf *btf, uint32_t type_id,
		    const uint8_t *data, size_t len, const uint8_t *old);

/* Bytes of a value of the type; 0: unknown, or none. */
uint32_t btfval_size(const struct btf *btf, uint32_t type_id);

#endif
