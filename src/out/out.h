/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Output formats: one file each, one row in table.c. A format puts one line, with its newline,
 * into a buffer; where the bytes go is not its business.
 */
#ifndef BPFMON_OUT_H
#define BPFMON_OUT_H

#include "event.h"
#include "load/hooks.h"
#include "lib/buf.h"

struct out_env {
	const char *host;
	bool color;
	struct out_kept *kept;	/* by JSON; NULL: nothing is */
};

/* What bpfmon says about itself. */
enum monitor_type { MONITOR_START, MONITOR_LOST, MONITOR_STOP, MONITOR_HEARTBEAT, MONITOR_TYPES };

/* What became of lines in one of several outputs. */
struct monitor_output {
	const char *name, *type;	/* "file /var/log/bpfmon.json", "file" */
	uint64_t lines, lost;		/* written; not written */
	uint64_t queued;		/* bytes that wait */
};

struct monitor {
	enum monitor_type type;
	uint64_t time_ns;	/* CLOCK_REALTIME */
	const struct hook_report *hooks;	/* start: all; lost: those that lost */
	size_t n_hooks;
	/* start */
	const char *mode, *kernel, *version;
	/* lost */
	const char *where;	/* "ring", "table", "descriptor", "batch", "recursion", ... */
	uint32_t map_id;	/* recursion: the map that was written; 0: not known */
	uint64_t lost;		/* also stop and heartbeat: in all */
	uint64_t since_ns;	/* CLOCK_REALTIME */
	/* stop, heartbeat: totals, the latter's so far */
	uint64_t seen, events, filtered;
	uint64_t summaries, summarized;	/* lines, and writes counted in them alone */
	/* heartbeat */
	uint64_t ring_used, ring_size;	/* bytes */
	uint64_t uptime_ns;		/* since the start of watching */
	uint64_t interval_ns;		/* to the next */
	/* stop, heartbeat: of each output beside the first; lent */
	const struct monitor_output *outputs;
	size_t n_outputs;
	struct {
		uint64_t maps, too_large, rounds, interval_ns, skipped;
	} compared;		/* as in struct content_stats; no rounds: nothing was */
};

extern const char *const monitor_type_names[MONITOR_TYPES];

struct out_format {
	const char *name;
	void (*event)(struct buf *b, const struct out_env *env, uint64_t seq,
		      const struct event *e);
	void (*monitor)(struct buf *b, const struct out_env *env, uint64_t seq,
			const struct monitor *m);
};

extern const struct out_format out_text, out_json, out_ecs, out_ocsf;

/* NULL when there is no such format. */
const struct out_format *out_find(const char *name);
/* "text, json, ..." for messages. */
const char *out_names(void);

/* Members of the open object: what json tells beside v, seq, time, type and host. */
void out_json_event(struct buf *b, const struct out_env *env, const struct event *e);
void out_json_monitor(struct buf *b, const struct monitor *m);

/* The object behind a value, in JSON a member of that name; nothing where there is none. */
void out_json_object(struct buf *b, const char *name, const struct event_object *o);
void out_text_object(struct buf *b, const struct event_object *o);

/*
 * Text that many lines have: the members of an object, kept by all that they depend on, a `key` of
 * whole words without padding, that begins with what it is.
 */
#define OUT_KEY_WORDS 7
enum out_kept_what { OUT_KEPT_PROCESS = 1, OUT_KEPT_MAP };
struct out_kept *out_kept_new(void);	/* NULL: no memory */
void out_kept_free(struct out_kept *kept);
/* Puts what is kept; false: nothing is, it has to be written. `kept` may be NULL, here and below. */
bool out_kept_put(struct buf *b, const struct out_kept *kept, const void *key, size_t bytes);
/* Keeps what was written since the buffer had `start` bytes, as far as there is room. */
void out_kept_keep(struct out_kept *kept, const void *key, size_t bytes, const struct buf *b,
		   size_t start);

/* What is known of a process beyond its task: more members of the open object. */
void out_json_process(struct buf *b, const struct event_process *p);

/* prog.* and link.*: members of the open object, after `process`; details of the line of text. */
void out_json_run(struct buf *b, const struct event *e);
void out_text_run(struct buf *b, const struct event *e);
/* Of an event: `program` and its type by name. */
void out_json_program(struct buf *b, const char *name, const struct event_prog *p);
void out_json_prog_type(struct buf *b, uint32_t type);
/* The path of a cgroup that an object is; 0: not known. */
size_t out_cgroup_path(const struct event_object *o, char path[WIRE_CGROUP_ROOM + 2]);

/* Member "map". */
void out_json_map(struct buf *b, const struct out_env *env, const struct event_map *m);
/* What was learned of it as more members of the open object. */
void out_json_mapfacts(struct buf *b, const struct event_mapfacts *f);
/* The same for event_mapfacts.json, to be freed; NULL: nothing to tell, or no memory. */
char *out_json_mapfacts_text(const struct event_mapfacts *f, size_t *len);
/* RFC 3339, UTC; nothing for a time beyond the year 9999. */
void out_json_time(struct buf *b, const char *name, uint64_t ns);
/* A negative errno by its name, "E4095" where it has none. */
void out_json_error(struct buf *b, const char *name, int error);

/* As members of a JSON array, for monitor.start and `bpfmon features`. */
void out_json_hooks(struct buf *b, const struct hook_report *reports, size_t n);

/*
 * What captured bytes of a map mean: decoded by its BTF, else the number where they have the size
 * of one, else hex alone.
 */
enum out_part { OUT_KEY, OUT_VALUE };

/* Members of the open object: size, hex, truncated, btf or number. */
void out_json_bytes(struct buf *b, const struct event_map *m, enum out_part part,
		    const struct event_bytes *bytes);
/* Member "changed": the names of what differs in a value, of struct members or variables. */
void out_json_changed(struct buf *b, const struct event_map *m, const struct event_bytes *value,
		      const struct event_bytes *old);
/* The name of a program, as much of it as is known. */
void out_text_program(struct buf *b, const struct event_prog *p);
/* With `old`, where both are decoded, only what differs from it; `old` may be NULL. */
void out_text_bytes(struct buf *b, const struct event_map *m, enum out_part part,
		    const struct event_bytes *bytes, const struct event_bytes *old);
struct flag_name;
/* Member `flags`: an array of names; those without one as a number. */
void out_json_flags(struct buf *b, const struct flag_name *names, uint64_t flags);

#endif
