/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and parts of an event; see event.h. */
#include "event.h"

/* clang-format off */
const char *const event_type_names[EVENT_TYPES] = {
	[EVENT_MAP_CREATE] = "map.create",
	[EVENT_MAP_OPEN] = "map.open",
	[EVENT_MAP_UPDATE] = "map.update",
	[EVENT_MAP_DELETE] = "map.delete",
	[EVENT_MAP_FREEZE] = "map.freeze",
	[EVENT_MAP_PIN] = "map.pin",
	[EVENT_MAP_FREE] = "map.free",
	[EVENT_MAP_UNPIN] = "map.unpin",
	[EVENT_MAP_CHMOD] = "map.chmod",
	[EVENT_MAP_MMAP] = "map.mmap",
	[EVENT_MAP_LOOKUP] = "map.lookup",
	[EVENT_FS_CHANGE] = "fs.change",
};
/* clang-format on */

struct event_bytes event_cpu_value(const struct event *e, uint32_t cpu)
{
	size_t size = e->map.value_size, stride = (size + 7) & ~(size_t)7, at = cpu * stride;
	struct event_bytes one = { NULL, 0, size };

	if (at < e->value.len) {
		one.data = e->value.data + at;
		one.len = e->value.len - at < size ? e->value.len - at : size;
		if (one.len > e->value_bytes_max)
			one.len = e->value_bytes_max;
	}
	return one;
}
