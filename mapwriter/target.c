// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The map that mapwriter writes to: creates it, pins it and takes it away again, and says which
 * bytes the n-th write puts there. Counters are in the byte order of the host, as array indices
 * have to be.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "mapwriter.h"

static int target_id(int fd, uint32_t *id)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &len);

	if (err)
		return err;
	*id = info.id;
	return 0;
}

/* On failure target is closed: target_close does nothing then. */
int target_create(struct target *target, const struct maptype *type, const struct options *opts)
{
	int cpus = type->per_cpu ? libbpf_num_possible_cpus() : 1;
	uint32_t key_bytes = type->array ? sizeof(uint32_t) : opts->key_bytes;
	size_t slot = opts->value_bytes;
	int err;

	*target = (struct target){ .fd = -1 };
	if (cpus < 0)
		return cpus;
	if (type->per_cpu)	/* the kernel rounds each CPU's part up to 8 bytes */
		slot = (slot + 7) / 8 * 8 * (size_t)cpus;
	*target = (struct target){
		.type = type,
		.name = opts->map_name,
		.key_bytes = key_bytes,
		.value_bytes = opts->value_bytes,
		.max_entries = opts->max_entries,
		.cpus = cpus,
		.slot_bytes = slot,
	};
	target->fd = bpf_map_create(type->kernel, opts->map_name, key_bytes, opts->value_bytes,
				    opts->max_entries, NULL);
	if (target->fd < 0)
		return target->fd;
	err = target_id(target->fd, &target->id);
	if (err)
		target_close(target);
	return err;
}

int target_pin(struct target *target, const char *path)
{
	int err = bpf_obj_pin(target->fd, path);

	if (!err)
		target->pinned = path;
	return err;
}

void target_close(struct target *target)
{
	if (target->pinned)
		unlink(target->pinned);
	target->pinned = NULL;
	if (target->fd >= 0)
		close(target->fd);
	target->fd = -1;
}

/* The first bytes hold the counter, the others their own number. */
static void target_fill(uint8_t *to, size_t bytes, const void *counter, size_t counter_bytes)
{
	size_t i;

	memcpy(to, counter, bytes < counter_bytes ? bytes : counter_bytes);
	for (i = counter_bytes; i < bytes; i++)
		to[i] = i & 0xff;
}

void target_key(const struct target *target, uint64_t counter, uint8_t *key)
{
	uint32_t index = counter % target->max_entries;

	target_fill(key, target->key_bytes, &index, sizeof(index));
}

/* One more than the counter, so that the first write to an array is seen; CPU c gets c more. */
void target_value(const struct target *target, uint64_t counter, uint8_t *slot)
{
	size_t step = target->slot_bytes / (size_t)target->cpus;
	int cpu;

	for (cpu = 0; cpu < target->cpus; cpu++) {
		uint64_t number = counter + 1 + (uint64_t)cpu;

		target_fill(slot + step * (size_t)cpu, target->value_bytes, &number,
			    sizeof(number));
	}
}
