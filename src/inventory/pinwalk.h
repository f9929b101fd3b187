/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pins of maps: walks the bpf file systems that are mounted here and in the mount namespaces
 * of other processes, each part of each once. A pin is opened to read, which is the only way to
 * tell what is behind it.
 */
#ifndef BPFMON_PINWALK_H
#define BPFMON_PINWALK_H

#include "inventory/inventory.h"

/* 0, or -ENOMEM. What could not be read becomes a gap. */
int pinwalk_gather(struct inventory *inv);

struct stat;
/* A file on a bpf file system, whatever is pinned there, and the directory that it is in. */
typedef void pinwalk_each(void *context, const char *path, const struct stat *st,
			  const struct stat *dir);
/* The same walk, for whoever wants all files; gaps go to the inventory. */
int pinwalk_files(struct inventory *inv, pinwalk_each *each, void *context);

/* The id of the map that is pinned there; -EINVAL or -EPERM with a sentence in `why`. */
int pinwalk_map_id(const char *path, uint32_t *id, char *why, size_t why_size);

#endif
