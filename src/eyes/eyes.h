/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The monitor's own eyes: detections of what costs bpfmon its sight, or touches it. They are asked
 * together in rounds, by a timer: nothing of this is done for an event. One that goes bad raises
 * one alert, and one of severity info when it is well again.
 */
#ifndef BPFMON_EYES_H
#define BPFMON_EYES_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "load/attach.h"

struct bpf_insn;
struct bpfobj;
struct eyes;

enum eyes_list {
	EYES_MAPS_ASKED,	/* BPF_MAP_GET_NEXT_ID */
	EYES_MAPS_ITERATED,	/* the bpf iterator over maps */
	EYES_PROGRAMS_ASKED,	/* the same of programs */
	EYES_PROGRAMS_ITERATED,
	EYES_LISTS
};

/* A program that is loaded for a function of the kernel. */
struct eyes_program {
	uint32_t id, type, attach_type;
	const char *name;	/* EVENT_NAME_BYTES, maybe without a NUL; lent, as the following */
	const char *function;
};

/* A program as the kernel shows it. */
struct eyes_code {
	uint32_t type;
	char name[EVENT_NAME_BYTES];
	struct bpf_insn *insns;	/* to be freed */
	size_t n;
};

/* What is asked in a round. A test answers for itself. */
struct eyes_ask {
	const char *root;	/* before /proc and /sys; "" is the real one */
	bool sees_addresses;	/* whatever kernel.kptr_restrict below 2 says: CAP_SYSLOG */
	struct bpfobj *obj;
	/* See attach_program(). */
	bool (*program)(const struct bpfobj *obj, unsigned int hook, unsigned int n,
			struct attach_program *program);
	/* Whether the hooks are switched on, and spare nobody but this process. */
	bool (*armed)(const struct bpfobj *obj);
	/* A write that all hooks are to see. 0, or a negative errno: it can't be done. */
	int (*canary)(struct bpfobj *obj);
	/* Ids, some twice. 0, or a negative errno: it can't be listed. */
	int (*ids)(struct bpfobj *obj, enum eyes_list list, void (*each)(void *to, uint32_t id),
		   void *to);
	/* Programs for functions. 0, or a negative errno. */
	int (*programs)(struct bpfobj *obj,
			void (*each)(void *to, const struct eyes_program *program), void *to);
	/* 0, -ENOENT: it is gone, or another errno. */
	int (*code)(struct bpfobj *obj, uint32_t program, struct eyes_code *code);
	/* Whether hooks are on the function, or programs of them call it. */
	bool (*uses)(struct bpfobj *obj, const char *function);
	void *context;	/* of what follows */
	/* Whether it is a program of a bpfmon. */
	bool (*is_own)(void *context, uint32_t program);
	/* `seq` of the last monitor.lost that skipped programs caused; EVENT_SEQ_NONE: none yet. */
	uint64_t (*lost)(void *context);
	/* All that was in the ring at this time, CLOCK_MONOTONIC, has been read. */
	uint64_t (*caught)(void *context);
	/* Events that did not get through, up to now. */
	uint64_t (*losses)(void *context);
	/* Takes what is found. */
	void (*alert)(void *context, const struct event_alert *alert);
};

/* Has the kernel asked; see src/eyes/ask.c. What has `context` is left to the caller. */
void eyes_ask_kernel(struct eyes_ask *ask, struct bpfobj *obj);

/* Learns what is normal. `ask` is lent. NULL: no memory. */
struct eyes *eyes_new(const struct eyes_ask *ask, uint64_t interval_ns);
void eyes_free(struct eyes *eyes);

/* The first round is due an interval after this; all times are CLOCK_MONOTONIC. */
void eyes_begin(struct eyes *eyes, uint64_t now_ns);
uint64_t eyes_due_ns(const struct eyes *eyes);
/* Each detection once. */
void eyes_round(struct eyes *eyes, uint64_t now_ns);
/* bpfmon itself was busy elsewhere for so long: a round that is late by that was not held up. */
void eyes_busy(struct eyes *eyes, uint64_t took_ns);

/* An event of programs or links, whose ever. Only notes it, as the following. */
void eyes_attached(struct eyes *eyes, const struct event *e);
/* A program or link that is not bpfmon's was opened by its id. */
void eyes_listed(struct eyes *eyes, const struct event *e);
/*
 * Somebody else did this to a map, program or link of this bpfmon; `seq` of its line, or
 * EVENT_SEQ_NONE.
 */
void eyes_touched(struct eyes *eyes, const struct event *e, uint64_t seq);

/* An event of the write that all hooks are to see. */
void eyes_canary(struct eyes *eyes, const struct event *e);
/* Hooks did not see it: who has somebody to restart bpfmon is better off. */
bool eyes_blind(const struct eyes *eyes);

#endif
