/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A detection: a row of the table in src/eyes/eyes.c, and a function in a file of src/eyes/ that
 * looks. Part of src/eyes/eyes.c.
 */
#ifndef BPFMON_EYES_DETECT_H
#define BPFMON_EYES_DETECT_H

#include "eyes/eyes.h"
#include "lib/buf.h"
#include "load/hooks.h"

#define SECOND_NS 1000000000ull

/* What a look found. */
struct finding {
	bool bad;
	bool unasked;		/* not looked at in this round: all is as it was */
	uint64_t which;		/* while bad: another one is raised anew */
	enum event_severity severity;	/* the row's, unless the look changes it */
	struct buf reason;	/* one line */
	struct event_cause causes[EVENT_CAUSES];
	size_t n_causes;
};

/* ---- src/eyes/settings.c: values of the kernel that cost sight ---- */

enum eyes_setting {
	SETTING_FTRACE,
	SETTING_KPROBES,
	SETTING_OPTIMIZED,
	SETTING_JIT,
	SETTING_KPTR,
	SETTING_PARANOID,
	SETTING_UNPRIVILEGED,
	SETTING_LOCKDOWN,
	SETTINGS
};

struct settings {
	int fds[SETTINGS];		/* of those in /proc; -1: none */
	int64_t first[SETTINGS];	/* values at the start; INT64_MIN: not known */
};

void settings_init(struct settings *s, const struct eyes_ask *ask);
void settings_fini(struct settings *s);

/* ---- src/eyes/programs.c: links and programs of the hooks ---- */

struct programs {
	struct {
		uint32_t id;		/* that its link ran at first; 0: it can't be asked */
		bool known;
		uint64_t misses;
	} of[WIRE_HOOK_COUNT][HOOK_PROGRAMS];
	uint64_t missed[WIRE_HOOK_COUNT];	/* in this spell of it */
	uint64_t last_miss_ns, first_miss_ns;	/* 0: none */
	bool told;
	uint64_t told_lost;			/* as ask->lost() told before the spell */
	bool gone[WIRE_HOOK_COUNT];
	int why[WIRE_HOOK_COUNT];
	unsigned int next;	/* hook to be asked */
};

/* ---- src/eyes/hidden.c: two lists of maps, or of programs, one against the other ---- */

#define HIDDEN_SUSPECTS 64	/* what more differ is not looked at: one is enough for an alert */

enum hidden_kind { HIDDEN_MAP, HIDDEN_PROGRAM, HIDDEN_KINDS };

struct suspect {
	uint32_t id;
	bool asked;	/* bpf(2) tells of it, the iterator does not */
};

struct hidden {
	uint64_t next_ns;
	struct suspect before[HIDDEN_SUSPECTS];	/* of the last round */
	size_t n_before;
};

/* ---- src/eyes/self.c: what is done to bpfmon itself ---- */

#define TOUCHED_LISTERS 16

enum touched_kind { TOUCHED_MAP, TOUCHED_PROGRAM, TOUCHED_LINK, TOUCHED_KINDS };

#define TOUCHED_OPENERS 8

struct opener {
	uint32_t pid;
	uint32_t id;		/* the first that it opened */
	char comm[EVENT_NAME_BYTES];
};

struct touched {
	uint64_t n;		/* since the last round */
	uint32_t id;		/* of the worst of them, as the following */
	uint32_t pid;
	char comm[EVENT_NAME_BYTES];
	enum event_type type;
	enum event_severity severity;
	/* Who opened one by its id, since the last round. */
	struct opener openers[TOUCHED_OPENERS];
	size_t n_openers;
	/* Processes that opened one of others by its id, at last; 0: none. */
	uint32_t listers[TOUCHED_LISTERS];
	size_t next_lister;
	struct event_cause causes[EVENT_CAUSES];
	size_t n_causes;
};

/* ---- src/eyes/canary.c: a write of bpfmon's own that its hooks are to see ---- */

struct canary {
	uint64_t wrote_ns;	/* 0: not yet */
	uint64_t losses;	/* by then */
	unsigned int seen;	/* of the last writes: a bit for each kind of hook */
	unsigned int normal;	/* of the first; 0: not yet */
	bool blind;
};

/* ---- src/eyes/foreign.c: programs of others on functions that the hooks need ---- */

#define FOREIGN_MAX 32	/* that are told; more is said */

struct foreign_program {
	uint32_t id, type, attach_type;
	char name[EVENT_NAME_BYTES];
	char function[WIRE_FUNCTION_NAME];
};

struct foreign {
	uint64_t next_ns;
	bool look;		/* before that, for something happened */
	/* Those that events told of; while it is looked, all that there are. */
	struct foreign_program list[FOREIGN_MAX];
	size_t n, more;
	uint32_t seen[FOREIGN_MAX];	/* in the look before */
	size_t n_seen;
};

/* ---- src/eyes/helpers.c: programs of others that change what others see ---- */

#define HELPERS 2
#define HELPER_USERS 32	/* that are told; more is said */
#define HELPER_NEWS 64	/* loaded in a round; more, and all there are are looked at */

struct helper_user {
	uint32_t id;
	unsigned int calls;	/* a bit for each helper */
	char name[EVENT_NAME_BYTES];
};

struct helper_users {
	bool found;			/* the helpers were looked for */
	int32_t distance[HELPERS];	/* in calls; 0: not known */
	bool listed;			/* those there were before were looked at */
	uint32_t news[HELPER_NEWS];
	size_t n_news;
	struct helper_user list[HELPER_USERS];
	size_t n, more;
	uint64_t next_ns;
};

/* To be looked at in the next round. */
void helpers_loaded(struct helper_users *h, uint32_t id);

/* ---- all of it ---- */

struct known {
	bool bad;
	uint64_t which;
};

struct eyes {
	const struct eyes_ask *ask;
	uint64_t interval_ns, due_ns, now_ns;
	uint64_t late_ns;	/* of this round */
	struct settings settings;
	struct programs programs;
	struct hidden hidden[HIDDEN_KINDS];
	struct touched touched[TOUCHED_KINDS];
	struct canary canary;
	struct foreign foreign;
	struct helper_users helpers;
	int status_fd;		/* of /proc/self/status */
	struct known *known;	/* of each detection, from the round before */
	struct finding finding;
};

/* A descriptor of a file below the root, or -1. */
int eyes_open(const struct eyes_ask *ask, const char *path);
/* All of it that there is room for, from its start, with a NUL. False: it can't be read. */
bool eyes_read(int fd, char *text, size_t size);

/* `what` is the detection's own. */
void eyes_look_setting(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_gone(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_misses(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_hidden(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_touched(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_switch(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_foreign(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_helpers(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_tracer(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_canary(struct eyes *eyes, unsigned int what, struct finding *f);
void eyes_look_stalled(struct eyes *eyes, unsigned int what, struct finding *f);

/* Asks for the programs of the next so many hooks: for the two looks at them, which come after. */
void eyes_ask_programs(struct eyes *eyes, unsigned int n_hooks);

#endif
