// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Writes to the target from user space, by the commands of bpf(2), one element or a batch. Given
 * an operation and a counter, gives how many elements were done and what stopped it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "mapwriter.h"

int user_init(struct user *user, const struct target *target, const struct options *opts)
{
	*user = (struct user){
		.target = target,
		.flags = opts->flags->value,
		.batch = opts->batch,
	};
	user->keys = calloc(opts->batch, target->key_bytes);
	user->values = calloc(opts->batch, target->slot_bytes);
	/* The kernel puts a key or a bucket number there, by map type. */
	user->cursor = calloc(1, target->key_bytes + sizeof(uint64_t));
	if (user->keys && user->values && user->cursor)
		return 0;
	user_fini(user);
	return -ENOMEM;
}

void user_fini(struct user *user)
{
	free(user->keys);
	free(user->values);
	free(user->cursor);
	*user = (struct user){};
}

/*
 * A batch that is refused before its first element (bad flags, or a command that the type does
 * not have) leaves the count as it was given; seen on 6.1, 6.12 and 6.18. Past that point it is
 * set to what was done, in generic batches since 06e5c999f102 "bpf: Set uattr->batch.count as zero
 * before batched update or deletion" from the start. As a batch that failed has not done all, a
 * count that is still whole means none.
 */
static uint32_t user_done(const struct user *user, uint32_t count, int err)
{
	return err && count >= user->batch ? 0 : count;
}

static void user_run_batch(struct user *user, const struct op *op, struct outcome *outcome)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count = user->batch;
	int fd = user->target->fd;
	int err;

	outcome->error_has_key = op->kind != OP_LOOKUP_AND_DELETE;
	switch (op->kind) {
	case OP_UPDATE:
		opts.elem_flags = user->flags;
		err = bpf_map_update_batch(fd, user->keys, user->values, &count, &opts);
		break;
	case OP_DELETE:
		err = bpf_map_delete_batch(fd, user->keys, &count, &opts);
		break;
	default:
		err = bpf_map_lookup_and_delete_batch(fd, NULL, user->cursor, user->keys,
						      user->values, &count, &opts);
		/* So the kernel says that the end of the map was reached. */
		if (err == -ENOENT && count) {
			outcome->done = count;
			outcome->error = 0;
			return;
		}
	}
	outcome->done = user_done(user, count, err);
	outcome->error = err;
}

static int user_run_one(struct user *user, const struct op *op)
{
	int fd = user->target->fd;

	switch (op->kind) {
	case OP_UPDATE:
		return bpf_map_update_elem(fd, user->keys, user->values, user->flags);
	case OP_DELETE:
		return bpf_map_delete_elem(fd, user->keys);
	default:
		return bpf_map_lookup_and_delete_elem(fd, user->keys, user->values);
	}
}

void user_run(struct user *user, const struct op *op, uint64_t counter, struct outcome *outcome)
{
	const struct target *target = user->target;
	uint32_t i, elements = op->batch ? user->batch : 1;

	for (i = 0; i < elements; i++) {
		target_key(target, counter + i, user->keys + (size_t)i * target->key_bytes);
		target_value(target, counter + i, user->values + (size_t)i * target->slot_bytes);
	}
	if (op->batch) {
		user_run_batch(user, op, outcome);
		return;
	}
	outcome->error = user_run_one(user, op);
	outcome->done = !outcome->error;
	outcome->error_has_key = true;
}

void user_burst(struct user *user, uint64_t counter, uint64_t writes, struct burst *burst)
{
	const struct target *target = user->target;
	uint64_t i;

	for (i = 0; i < writes; i++) {
		target_key(target, counter + i, user->keys);
		target_value(target, counter + i, user->values);
		if (bpf_map_update_elem(target->fd, user->keys, user->values, user->flags))
			burst->failed++;
		else
			burst->count++;
	}
}
