/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The name that a map was given where the kernel keeps only its first 15 bytes: the BTF of the
 * object that the map came with has it whole. Pure; the BTF is anybody's.
 */
#ifndef BPFMON_MAPNAME_H
#define BPFMON_MAPNAME_H

#include <stdint.h>

#include <bpf/btf.h>

/*
 * Lent by the BTF. NULL where the name was not cut, or when there is not exactly one that it can be
 * a cut of: libbpf names data sections like ".data.cache", and other maps like their variable in
 * ".maps", which must not contradict the types.
 */
const char *mapname_complete(const struct btf *btf, const char name[16], uint32_t map_type,
			     uint32_t key_type, uint32_t value_type);

#endif
