/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences as lines: text for a person, or JSON. */
#ifndef BPFMON_BASELINE_SHOW_H
#define BPFMON_BASELINE_SHOW_H

#include "baseline/compare.h"
#include "event.h"

/* What elements of one map are shown with. */
struct show {
	struct event_map map; /* its `info` has the BTF, if there is any */
	uint32_t cpus; /* 0: one value */
	uint32_t bytes; /* of each key and value, at most */
};

void show_json(struct buf *b, const struct show *s, const struct diff *d);
void show_text(struct buf *b, const struct show *s, const struct diff *d);

#endif
