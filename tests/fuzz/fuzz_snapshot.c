/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A snapshot, as it is and with a valid head, lengths that fit and right checksums. What is read is
 * compared with itself, in which nothing differs but what is ambiguous.
 *
 * links: src/baseline/snapread.c src/baseline/facts.c src/baseline/sort.c src/baseline/compare.c
 * links: src/inventory/inventory.c src/record/re*.c src/record/blocks.c src/output.c -lz
 * links: src/event.c src/filter.c src/maptype.c src/names.c src/load/hooks.c src/lib/buf.c
 * links: src/lib/io.c
 * links: src/out/json.c src/out/json_map.c src/out/json_process.c src/out/kept.c src/out/text.c src/out/object.c
 * links: src/who/container.c
 * links: src/out/bytes.c src/btf/mapinfo.c src/facts/mapfacts.c src/btf/mapname.c
 * links: src/btf/btfval*.c src/pins.c
 * links: src/out/run.c
 */
#include <stdlib.h>
#include <string.h>

#include "baseline/compare.h"
#include "blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(void *context, const struct diff *d)
{
	(void)context;
	if (strcmp(d->what, "ambiguous") != 0)
		abort();
}

static struct snap_reader *read_all(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct snap_reader *r = snap_reader_new(source, &in);
	enum snap_item item = SNAP_ITEM_ENTRY;
	const uint8_t *entry;
	size_t len;

	while (item == SNAP_ITEM_ENTRY)
		item = snap_next(r, &entry, &len);
	if (item != SNAP_ITEM_END && (item != SNAP_ITEM_BAD || !*snap_why(r)))
		abort();
	return r;
}

static void read_both(const uint8_t *data, size_t size)
{
	struct snap_reader *a = read_all(data, size), *b = read_all(data, size);
	struct compare c = { snap_facts(a), snap_facts(b), false, true };

	if (compare_match(&c))
		abort();
	compare_facts(&c, told, NULL);
	snap_reader_free(a);
	snap_reader_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record_head head = { SNAP_MAGIC, RECORD_ORDER, SNAP_MAJOR };

	read_twice(data, size, &head, read_both);
	return 0;
}
