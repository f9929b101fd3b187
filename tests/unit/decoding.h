/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One record and the event that it decodes to, from a copy that a sanitizer sees the end of. */
#ifndef BPFMON_TEST_DECODING_H
#define BPFMON_TEST_DECODING_H

#include "decode.h"
#include "record.h"

static const struct decode_env env = {
	.realtime_offset_ns = 1000,
	.cpus = RECORD_CPUS,
	.bytes = RECORD_BYTES,
};

static struct record r;
static struct event e;
static void *lent;	/* what `e` points into */

static inline int decode_len(size_t len)
{
	free(lent);
	lent = record_copy(&r, len);
	memset(&e, 0xa5, sizeof(e));
	return decode_record(&env, lent, len, &e);
}

static inline int decode(void)
{
	return decode_len(r.len);
}

#endif
