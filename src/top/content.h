/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The content of a map, as `bpfmon maps MAP --dump -o json` tells it, into the model. */
#ifndef BPFMON_TOP_CONTENT_H
#define BPFMON_TOP_CONTENT_H

#include "top/model.h"

/* False: it is no such text, or the map is not known any more. */
bool top_content(struct top *t, uint32_t id, const char *text, size_t len);

#endif
