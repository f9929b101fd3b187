/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and values of JSON lines as text for a person, as the format text shows them. */
#ifndef BPFMON_TOP_VALUE_H
#define BPFMON_TOP_VALUE_H

#include "lib/jsonread.h"

/* Any JSON: {enabled: 1, name: eth0}. Printable ASCII, cut where it gets long. */
void top_json(const struct jsonread *j, uint32_t node, struct buf *b);
/* Of a member key, value or old: what is behind it, decoded, a number or hex; nothing of 0. */
void top_bytes(const struct jsonread *j, uint32_t node, struct buf *b);

#endif
