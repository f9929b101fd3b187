/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What pipeline.c and beside.c share: nobody else includes it. */
#ifndef BPFMON_PIPELINE_STATE_H
#define BPFMON_PIPELINE_STATE_H

#include "accounts.h"
#include "content/changes.h"
#include "decode.h"
#include "eyes/eyes.h"
#include "facts/learn.h"
#include "flips.h"
#include "mapids.h"
#include "btf/mapinfo.h"
#include "ownmaps.h"
#include "pins.h"
#include "pipeline.h"
#include "summaries.h"
#include "who/holders.h"
#include "who/procs.h"
#include "who/writers.h"

/* How long after activity the accounts are looked at; they do not change when nothing happens. */
#define ACCOUNT_NS 1000000000ull

struct pipeline {
	struct bpfobj *obj;
	const struct pipeline_opts *opts;
	struct sink *sink;
	struct decode_env decode;
	struct ownmaps *own;
	struct mapids *ids;
	struct mapinfo *info;
	struct holders *holders;
	struct pins *pins;
	struct learn *learn;
	uint64_t names_lost;
	bool told_forgotten, told_full;
	struct writers *writers;
	struct flips *flips;
	struct procs *procs;
	struct summaries *summaries;
	struct changes *changes;	/* NULL: content is not compared */
	bool by_rules;		/* rules decide which maps the kernel leaves out */
	uint64_t types;		/* of maps, a bit each, that hooks on demand are asked for */
	uint64_t new_types;	/* the same, not yet asked for */
	uint64_t record_ns;	/* CLOCK_MONOTONIC of the last record */
	uint64_t caught_ns;	/* what was in the ring then has been read */
	bool finishing;		/* the hooks are off: what is in the ring is all there is */
	struct accounts accounts;
	uint64_t account_at_ns;	/* CLOCK_MONOTONIC, 0: nothing happened since */
	struct eyes_ask ask;
	struct eyes *eyes;	/* NULL: no detections */
	uint64_t start_ns, heartbeat_at_ns;	/* CLOCK_MONOTONIC; 0: no heartbeat */
	uint64_t watchdog_ns, watchdog_at_ns;	/* of the service manager; 0: it has none */
	uint64_t timer_ns;	/* the next of all these, 0: none */
	uint32_t records;
	uint32_t canaries;	/* of bpfmon's own writes among the records that were read last */
};

/* ---- pipeline.c ---- */

/* Those in use now; NULL: there are none. */
struct ruleset *pipeline_rules(const struct pipeline *p);

/* There was enough: what comes now is only counted. */
bool pipeline_enough(const struct pipeline *p);
/* An event that comes after there was enough. */
void pipeline_put_late(struct pipeline *p, const struct event *e);
/* An alert of a rule, of which `p` is the pipeline; see ruleset.h. */
void pipeline_put_alert(void *p, struct event *alert);
/* Written, unless nobody wants it. */
void pipeline_put_event(struct pipeline *p, struct event *e);

/* ---- beside.c ---- */

/* Before the ring is read: false, and said: no memory. */
bool beside_init(struct pipeline *p);
void beside_free(struct pipeline *p);
/* After the filter and rules were read again. */
void beside_reloaded(struct pipeline *p);
/* From here on the timers run. */
void beside_begin(struct pipeline *p);
/* When the next of them is due, CLOCK_MONOTONIC; 0: never. */
uint64_t beside_due_ns(const struct pipeline *p);
/* Runs those that are due, and tells the service manager of it. `busy`: there were records since the last time. */
void beside_run(struct pipeline *p, bool busy);
/* What the kernel side counted of busy writers, all of it, or if there is news: whether any was told. */
enum beside_counted { BESIDE_NEWS, BESIDE_ALL };
bool beside_tell_counted(struct pipeline *p, enum beside_counted which);
/* The earlier of two times, of which 0 and UINT64_MAX are never. */
uint64_t beside_sooner(uint64_t a, uint64_t b);

#endif
