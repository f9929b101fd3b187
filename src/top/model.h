/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `bpfmon top` knows: maps, who writes them and how often, what was written last, and how
 * bpfmon itself is. Bounded, however many maps and writers there are; what is over a bound is counted.
 * Asks nothing and draws nothing: src/top/line.c fills it, src/top/frame.c shows it.
 */
#ifndef BPFMON_TOP_MODEL_H
#define BPFMON_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_MAPS 10000		/* then those go that are gone, or were written longest ago */
#define TOP_SECONDS 60		/* of which the writes of each are kept */
#define TOP_RATE_SECONDS 5	/* over which a rate is taken */
#define TOP_WRITERS 8		/* of a map, by name */
#define TOP_DETAILS 256		/* maps of which elements and changes are kept: those written last */
#define TOP_ELEMENTS 64		/* of each of these */
#define TOP_CHANGES 32
#define TOP_ALERTS 8
#define TOP_PLACES 16		/* where events got lost */
#define TOP_HOOKS 128		/* that are not attached as they should */
#define TOP_OUTPUTS 16
#define TOP_GONE_NS (60ull * 1000 * 1000 * 1000)	/* a map that is gone is shown so long */

#define TOP_NAME 48		/* room for names; all text is printable ASCII */
#define TOP_KEY 96
#define TOP_TEXT 256

enum top_by { TOP_BY_USER, TOP_BY_PROG, TOP_BY_OTHER, TOP_BYS };

struct top_writer {
	char name[TOP_NAME];
	uint64_t count, last_ns;
};

struct top_element {
	char key[TOP_KEY], value[TOP_TEXT];
	uint64_t last_ns;		/* of its last write; 0: it was only read */
};

struct top_change {
	uint64_t time_ns;
	char op[12], actor[TOP_NAME], text[TOP_TEXT];
};

/* Of a map that was written lately. */
struct top_detail {
	struct top_map *map;
	uint64_t used;			/* rises with each use */
	struct top_element elements[TOP_ELEMENTS];
	size_t n_elements;
	uint64_t elements_more;		/* that had to make room */
	uint64_t read_ns;		/* when all was read from the kernel; 0: it was not */
	uint64_t left_out;		/* elements of which there was no room then */
	char none[TOP_TEXT];		/* why there was nothing to read; "": there was */
	struct top_change changes[TOP_CHANGES];	/* a ring; n is all there ever were */
	uint64_t n_changes;
};

struct top_map {
	struct top_map *next;		/* in its chain */
	uint32_t id, key_size, value_size, max_entries;
	bool known, frozen;
	char name[TOP_NAME], type[TOP_NAME];
	uint64_t gone_ns, last_ns;	/* of its end, of the last write; 0: none */
	uint64_t seen_ns;		/* of the last event */
	uint64_t writes[TOP_BYS], refused;
	uint64_t second;		/* the newest that per_second has */
	uint32_t per_second[TOP_SECONDS][TOP_BYS];
	struct top_writer writers[TOP_WRITERS];
	size_t n_writers;
	uint64_t others;		/* writes of those that had to make room */
	struct top_detail *detail;	/* NULL: none is kept */
};

struct top_alert {
	uint64_t time_ns;
	char severity[12], rule[TOP_NAME], reason[TOP_TEXT];
};

struct top_place {
	char name[TOP_NAME];
	uint64_t lost;
};

/* A hook that is missing, or a fallback. */
struct top_hook {
	char name[TOP_NAME], attached[TOP_NAME], loss[TOP_TEXT];
};

struct top_output {
	char name[TOP_NAME];
	uint64_t lines, lost, queued;
};

struct top_health {
	char host[TOP_NAME], kernel[TOP_NAME], mode[12];
	bool started, stopped;
	uint64_t n_hooks, n_missing;
	struct top_hook hooks[TOP_HOOKS];
	size_t n_told;			/* of them */
	struct top_place places[TOP_PLACES];
	size_t n_places;
	uint64_t lost;			/* in all, as bpfmon says, or as was read */
	bool beats;			/* there was a heartbeat */
	uint64_t ring_used, ring_size, uptime_ns, beat_ns;
	struct top_output outputs[TOP_OUTPUTS];
	size_t n_outputs;
	uint64_t n_alerts;		/* the last TOP_ALERTS are kept, in a ring */
	struct top_alert alerts[TOP_ALERTS];
	uint64_t unread;		/* lines that were none */
};

struct top {
	uint64_t now_ns, first_ns;	/* CLOCK_REALTIME; of the first event */
	struct top_map *chains[4096];
	size_t n_maps;
	uint64_t forgotten;		/* maps that had to make room */
	struct top_detail *details[TOP_DETAILS];
	size_t n_details;
	uint64_t used;
	uint32_t shown;			/* the map whose detail stays; 0: none */
	uint64_t events, writes;
	struct top_health health;
};

/* One write, or several of the same. Text is lent, printable, and "" where it is not known. */
struct top_write {
	const char *op, *actor, *key, *value, *text;	/* text: all of it, as it is to be shown */
	enum top_by by;
	bool refused, deleted;
	uint64_t count, first_ns, last_ns;
};

struct top *top_new(void);	/* NULL: no memory */
void top_free(struct top *t);

/* The time that rates are about; maps that have been gone for long are dropped. */
void top_tick(struct top *t, uint64_t now_ns);
/* NULL: it is not there. */
struct top_map *top_find(const struct top *t, uint32_t id);
/* The same, made if it is not there; NULL: no memory. */
struct top_map *top_map(struct top *t, uint32_t id, uint64_t time_ns);
void top_write(struct top *t, struct top_map *m, const struct top_write *w);
/* What is to be told of a map and is no write: frozen, pinned, gone. */
void top_note(struct top *t, struct top_map *m, const struct top_write *w);
void top_alert(struct top *t, const struct top_alert *a);
void top_lost(struct top *t, const char *where, uint64_t lost);

/* Writes in a second, in tenths, over the last seconds. */
uint64_t top_rate(const struct top *t, const struct top_map *m, enum top_by by);
/* All writes in the second that was `ago` seconds before this one. */
uint64_t top_second(const struct top *t, const struct top_map *m, unsigned int ago);
uint64_t top_total(const struct top_map *m);
/* Who wrote last; NULL: nobody. */
const struct top_writer *top_last_writer(const struct top_map *m);
/*
 * The content is read now: what is known from a reading before goes. Then each element: it is taken as
 * older than all that was written, the first one as the newest of these.
 */
void top_read_begin(struct top_detail *d, uint64_t now_ns);
void top_read(struct top_detail *d, const char *key, const char *value);
/* The map's detail stays while others are written; 0: none. */
void top_show(struct top *t, uint32_t id);

/* Copies what fits, with ".." at the end of what is cut. */
void top_copy(char *to, size_t size, const char *from);

#endif
