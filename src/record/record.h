/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Recordings, and their writer. A recording holds events as they are just before they are
 * formatted, so that src/record/replay.c can read them without rights, kernel or BPF.
 *
 *   head     8 bytes RECORD_MAGIC; u32 RECORD_ORDER; u32 RECORD_MAJOR
 *   block    u32 bytes of its content; u32 enum record_block; u32 CRC-32 of those and the content
 *   ...      the first is BLOCK_INFO, the last BLOCK_END: without it the file is cut off
 *
 * The u32 are in the byte order of the machine that recorded, as keys and values are; RECORD_ORDER
 * tells it. The content of a block is packed: a number has 7 bits in each byte, the lowest first,
 * bit 7 set in all but the last; one that can be negative is 2n, or -2n - 1. A field is the number
 * 2 * id, then a number, or 2 * id + 1, then how many bytes and these bytes. Ids rise, none comes
 * twice; they and their kinds are in src/record/record_fields.c. A list is a number, how many, and for each
 * how many bytes and its fields.
 *
 * What events share is a block of its own, BLOCK_SHARED: enum record_shared, its number, its
 * fields, or just its bytes. There are RECORD_PLACES places for each kind; a number modulo that is
 * the place, and takes it from what was there. An event, or a thing that it is part of, names the
 * number. So neither side keeps more than the places, however long it runs.
 *
 * What changes of the format and still lets an old reader read the rest raises RECORD_MINOR: new
 * fields, blocks, values of enums. Anything else raises RECORD_MAJOR.
 */
#ifndef BPFMON_RECORD_H
#define BPFMON_RECORD_H

#include "event.h"
#include "out/out.h"
#include "output.h"

#define RECORD_MAGIC \
	"\x8f" \
	"bpfmon\n" /* a first byte that no text begins with */
#define RECORD_ORDER 0x01020304u
#define RECORD_MAJOR 1u
#define RECORD_MINOR 0u
#define RECORD_PLACES 4096u
/* Of one block: the largest thing to come is the BTF of a map, BTF_MAX_SIZE of the kernel. */
#define RECORD_BLOCK_MAX (17u << 20)

enum record_block { BLOCK_INFO = 1, BLOCK_SHARED, BLOCK_EVENT, BLOCK_MONITOR, BLOCK_END };

struct record_head {
	char magic[8];
	uint32_t order, major;
};

struct record_block_head {
	uint32_t len, type, crc;
};

/* Of len, type and content. */
uint32_t record_crc(const struct record_block_head *h, const void *content);

/* Where and when it was recorded. */
struct record_info {
	uint32_t minor;
	uint32_t cpus;		/* possible ones */
	const char *host, *kernel, *version;
	uint64_t start_ns;	/* CLOCK_REALTIME */
};

struct record_end {
	uint64_t blocks;	/* before it */
	uint64_t events;	/* of them */
};

struct recorder;

/* NULL: no memory; else it owns `fd`. What can't be written shows in the recorder's output. */
struct recorder *recorder_new(int fd, const struct record_info *info, bool (*give_up)(void));
void recorder_free(struct recorder *r);

void recorder_event(struct recorder *r, const struct event *e);
void recorder_monitor(struct recorder *r, const struct monitor *m);
/* After the last: without it the recording counts as cut off. */
void recorder_end(struct recorder *r);
struct output *recorder_output(struct recorder *r);	/* its `lost` counts events */

#endif
