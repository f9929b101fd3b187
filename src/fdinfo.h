/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc/PID/fdinfo/FD says of a descriptor of a map, program or link, line by line. */
#ifndef BPFMON_FDINFO_H
#define BPFMON_FDINFO_H

#include <stdbool.h>
#include <stdint.h>

struct fdinfo {
	uint32_t map_id;	/* 0: not a map */
	uint32_t prog_id;	/* of a program, or of a link's; 0: neither */
	uint32_t link_id;	/* 0: not a link */
	uint32_t flags;		/* O_ACCMODE and others, of open(2) */
	bool frozen;
	bool has_memory;
	uint64_t memory;	/* bytes, as the kernel accounts them to the map */
};

/* Puts into `out` what one line says; a line about anything else changes nothing. */
void fdinfo_parse(const char *line, struct fdinfo *out);

/* All lines of the file. 0, or a negative errno. */
int fdinfo_read(const char *path, struct fdinfo *out);

#endif
