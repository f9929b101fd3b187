/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The id of a map by its descriptor, as the actors print it. */
#ifndef BPFMON_ACTORS_MAPID_H
#define BPFMON_ACTORS_MAPID_H

#include <bpf/bpf.h>

static inline __u32 map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

#endif
