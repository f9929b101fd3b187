/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record about programs and links: a part of wire.h, which includes it. */
#ifndef BPFMON_WIRE_RUN_H
#define BPFMON_WIRE_RUN_H

#ifndef BPFMON_WIRE_H
#error "include bpfmon/wire.h"
#endif

enum wire_run_kind {
	WIRE_RUN_LOAD,
	WIRE_RUN_UNLOAD,
	WIRE_RUN_ATTACH,
	WIRE_RUN_DETACH,
	WIRE_RUN_LINK_CREATE,
	WIRE_RUN_LINK_UPDATE,
	WIRE_RUN_LINK_DETACH,
	WIRE_RUN_LINK_FREE,	/* its last reference went */
	WIRE_RUN_PROG_OPEN,	/* by its id, as the following: of the program, or the link, only that is told */
	WIRE_RUN_LINK_OPEN,
	WIRE_RUN_KINDS
};

struct wire_program {
	__u32 id;		/* 0: there is none (yet) */
	__u32 type;
	__u8 tag[BPF_TAG_SIZE];
	char name[WIRE_NAME_BYTES];
};

struct wire_used {
	__u32 id;
	char name[WIRE_NAME_BYTES];
};

#define WIRE_USED 64		/* maps of a program that are told; MAX_USED_MAPS of the kernel */
#define WIRE_TARGET_NAME 128	/* KSYM_NAME_LEN of older kernels; a longer name is cut */

#define WIRE_RUN_RESULT 1u	/* result is known */
#define WIRE_RUN_TYPE 2u	/* attach_type is known */

struct wire_run {
	struct wire_hdr hdr;
	struct wire_task task;
	__u32 what;		/* enum wire_run_kind */
	__s32 result;		/* 0 or a negative errno */
	__u32 flags;		/* WIRE_RUN_* */
	__u32 attach_type;	/* enum bpf_attach_type */
	__u32 link_id;		/* 0: there is none, or not known */
	__u32 link_type;	/* enum bpf_link_type */
	struct wire_program program;
	struct wire_program old_program;	/* that it replaces */
	struct wire_object target;	/* cgroup, map, program, netdev: by number alone */
	char name[WIRE_TARGET_NAME];	/* of the tracepoint or function; ends with a NUL */
	__u32 maps;		/* how many the program uses, of which WIRE_USED are told */
	__u32 pad;
	struct wire_used used[WIRE_USED];
	char path[WIRE_CGROUP_ROOM];	/* of the target */
};

WIRE_ASSERT(sizeof(struct wire_used) == 20);
WIRE_ASSERT(sizeof(struct wire_run) == 360 + 20 * WIRE_USED + WIRE_CGROUP_ROOM);

#endif
