/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the ring to the sink; see pipeline.h. */
#include "pipeline.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "facts/factask.h"
#include "interest.h"
#include "pipeline_state.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "btf/mapask.h"
#include "version.h"

/*
 * After a wake-up records are left to gather this long. While they do, nobody is woken for them:
 * the ring wakes its reader only when the reader had caught up. 20 ms is not seen by a person and
 * makes at most 50 wake-ups a second; the default ring then takes 16 million records a second.
 */
#define GATHER_NS (20 * 1000 * 1000)
/* After so many records, some 20 ms of JSON, a ring that never gets empty is left for a timer. */
#define TIMER_RECORDS 4096

/* ---- records ---- */

struct ruleset *pipeline_rules(const struct pipeline *p)
{
	return p->opts->rules ? *p->opts->rules : NULL;
}

static void learn_verdict(struct pipeline *p, const struct event_map *m)
{
	const struct filter *f = p->opts->filter;

	if ((!f->only.n_maps && !f->except.n_maps && !p->by_rules) || !m->known ||
	    bpfobj_has_verdict(p->obj, m->id))
		return;
	/* What is done to our own maps is an alert, whatever is filtered. */
	bpfobj_set_verdict(p->obj, m->id,
			   !interest_map(f, pipeline_rules(p), m) &&
				   !ownmaps_ours(p->own, bpfobj_own_pid(p->obj), m->id));
}

bool pipeline_enough(const struct pipeline *p)
{
	return sink_ended(p->sink) ||
	       (p->opts->max_events && p->sink->events >= p->opts->max_events);
}

/* Of a record about names there is an event at most of these. */
#define OF_NAMES \
	(1u << EVENT_MAP_PIN | 1u << EVENT_MAP_UNPIN | 1u << EVENT_MAP_CHMOD | \
	 1u << EVENT_FS_CHANGE)

/* What would have been left out is not lost. */
static bool is_wanted(const struct filter *f, const struct event *e)
{
	return e->type == EVENT_NAMES ? f->types & OF_NAMES : filter_event(f, e);
}

void pipeline_put_late(struct pipeline *p, const struct event *e)
{
	if (sink_failed(p->sink) && is_wanted(p->opts->filter, e))
		p->sink->missed += event_count(e);
	else
		p->accounts.filtered += event_count(e);
}

void pipeline_put_alert(void *context, struct event *alert)
{
	struct pipeline *p = context;

	p->accounts.derived++;
	if (pipeline_enough(p))
		pipeline_put_late(p, alert);
	else if (filter_event(p->opts->filter, alert))
		sink_event(p->sink, alert);
	else
		p->accounts.filtered++;
}

/* One that is written, or that only rules are asked about. */
static void put_known(struct pipeline *p, struct event *e, bool wanted)
{
	uint64_t seq = wanted ? p->sink->seq : EVENT_SEQ_NONE;

	mapinfo_get(p->info, &e->map, e->type != EVENT_MAP_FREE);
	flips_event(p->flips, e, seq);
	procs_find(p->procs, &e->task);
	procs_find(p->procs, &e->sender);
	if (wanted)
		sink_event(p->sink, e);
	if (pipeline_rules(p))
		ruleset_event(pipeline_rules(p), e, seq, pipeline_put_alert, p);
}

void pipeline_put_event(struct pipeline *p, struct event *e)
{
	uint64_t writes = event_count(e);
	enum ownmaps_is is;
	bool wanted, asked;

	if (pipeline_enough(p)) {
		pipeline_put_late(p, e);
		return;
	}
	is = ownmaps_event(p->own, bpfobj_own_pid(p->obj), e);
	wanted = is != OWNMAPS_BOOKKEEPING && filter_event(p->opts->filter, e);
	if (is == OWNMAPS_TOUCHED && p->eyes)
		eyes_touched(p->eyes, e, wanted ? p->sink->seq : EVENT_SEQ_NONE);
	/* Whatever its type: rules may ask for what nobody wants written. */
	asked = is != OWNMAPS_BOOKKEEPING && pipeline_rules(p) &&
		(wanted || filter_subject(p->opts->filter, e));
	if (!wanted)
		p->accounts.filtered += writes;
	if (!wanted && !asked)
		return;
	put_known(p, e, wanted);
}

/*
 * Notes who gets a descriptor. Who uses one that no hook saw it get has it over fork or exec: that
 * is told first. Where received descriptors are not seen either, it may be another way.
 */
static void follow_holder(struct pipeline *p, const struct event *e)
{
	bool gets = e->type == EVENT_MAP_CREATE ||
		    (e->type == EVENT_MAP_OPEN && e->how != HOW_ITERATOR);
	struct event opened = *e;

	if (e->type == EVENT_MAP_FREE)
		holders_drop_map(p->holders, e->map.id);
	if (!e->task.start_ns || !e->map.known || (gets && e->result))
		return;
	if (!gets && (e->fd < 0 || e->type == EVENT_MAP_OPEN || e->type == EVENT_MAP_MMAP))
		return;
	if (!holders_add(p->holders, e->map.id, &e->task) || gets)
		return;
	opened.type = EVENT_MAP_OPEN;
	opened.via = VIA_NONE;
	opened.how = bpfobj_hooks(p->obj)[WIRE_HOOK_FD_TAKEN].way ? HOW_INHERIT : HOW_OTHER;
	opened.op = OP_UPDATE;
	opened.key.size = 0;
	opened.shape = VALUE_NONE;
	opened.old_state = OLD_UNKNOWN;
	opened.object.kind = opened.old_object.kind = OBJECT_NONE;
	opened.flags = 0;
	opened.path = NULL;
	opened.has_result = false;
	opened.result = 0;
	p->accounts.derived++;
	pipeline_put_event(p, &opened);
}

static void follow_types(struct pipeline *p, const struct event_map *m)
{
	if (m->known)
		accounts_map(&p->accounts, m->id);
	if (m->known && m->type < 64)
		p->new_types |= 1ull << m->type & ~p->types;
}

static bool is_map(void *context, const struct event_map *map)
{
	struct pipeline *p = context;

	return mapids_has(p->ids, map->address, map->id);
}

static void on_names(struct pipeline *p, const struct event *e)
{
	struct event out[PINS_EVENTS];
	size_t n = pins_events(p->pins, e, is_map, p, out);

	learn_names(p->learn, e, n);
	if (!n)
		p->accounts.filtered++;
	else
		p->accounts.derived += n - 1;
	for (size_t i = 0; i < n; i++)
		pipeline_put_event(p, &out[i]);
}

static void on_handle(struct pipeline *p, const struct event *e)
{
	enum ownmaps_is is = ownmaps_event(p->own, bpfobj_own_pid(p->obj), e);

	if (p->eyes && is == OWNMAPS_TOUCHED)
		eyes_touched(p->eyes, e, EVENT_SEQ_NONE);
	else if (p->eyes && is == OWNMAPS_OTHER)
		eyes_listed(p->eyes, e);
	p->accounts.filtered++;
}

static void on_event(struct pipeline *p, struct event *e)
{
	if (e->type == EVENT_MAP_UPDATE && bpfobj_is_canary(p->obj, e->map.id, e->task.pid)) {
		if (p->eyes)
			eyes_canary(p->eyes, e);
		p->accounts.filtered++;
		p->canaries++;
		return;
	}
	if (e->type == EVENT_CODE) {
		/* What was counted of the code that it takes the place of. */
		beside_tell_counted(p, BESIDE_NEWS);
		writers_loaded(p->writers, e);
		ownmaps_loaded(p->own, bpfobj_own_pid(p->obj), e);
		learn_loaded(p->learn, e->code.prog.id);
		p->accounts.filtered++;
		return;
	}
	if (e->type == EVENT_HANDLE) {
		on_handle(p, e);
		return;
	}
	if (event_is_run(e)) {
		writers_run(p->writers, e);
		if (p->eyes)
			eyes_attached(p->eyes, e);
		pipeline_put_event(p, e);
		return;
	}
	writers_event(p->writers, e);
	if (e->type == EVENT_NAMES) {
		on_names(p, e);
		return;
	}
	if (!mapids_event(p->ids, e)) {
		p->accounts.filtered++;	/* the end of a map whose creation failed */
		return;
	}
	if (e->type == EVENT_MAP_FREE || e->type == EVENT_MAP_CREATE)
		flips_drop_map(p->flips, e->map.id);
	learn_verdict(p, &e->map);
	if (e->type == EVENT_SENT) {
		holders_sent(p->holders, e);
		p->accounts.filtered++;
		return;
	}
	if (e->type == EVENT_MAP_OPEN && e->how == HOW_RECEIVE)
		holders_sender(p->holders, e->file, e->list, &e->sender);
	pins_path_used(p->pins, e);
	if (e->type == EVENT_MAP_CREATE)
		procs_find(p->procs, &e->task);
	if (p->opts->summary_after)
		summaries_event(p->summaries, e);
	learn_event(p->learn, e);
	follow_types(p, &e->map);
	follow_holder(p, e);
	/* Changes are told before the map's end, and bpfmon's own maps are known after put_event(). */
	if (e->type == EVENT_MAP_FREE) {
		beside_tell_counted(p, BESIDE_NEWS);
		changes_event(p->changes, e);
	}
	pipeline_put_event(p, e);
	if (e->type != EVENT_MAP_FREE)
		changes_event(p->changes, e);
	/* What was written before was in the ring before. */
	if (e->type == EVENT_MAP_FREE)
		mapinfo_drop(p->info, e->map.id);
}

static bool timer_is_due(struct pipeline *p)
{
	return !(++p->records % TIMER_RECORDS) && p->timer_ns &&
	       clock_ns(CLOCK_MONOTONIC) >= p->timer_ns;
}

static void on_decoded(struct pipeline *p, struct event *e)
{
	p->record_ns = e->monotonic_ns;
	if (e->type == EVENT_PROCESS)
		procs_told(p->procs, e);	/* in no account: it tells of no event */
	else if (!pipeline_enough(p))
		on_event(p, e);
	else
		pipeline_put_late(p, e);
}

static int on_record(void *context, void *data, size_t size)
{
	struct pipeline *p = context;
	struct event e;

	if (decode_record(&p->decode, data, size, &e))
		p->accounts.malformed++;
	else
		on_decoded(p, &e);
	/* Leaves a ring that is filled as fast as it is read; this record is done with. */
	if (p->finishing)
		return 0;
	return pipeline_enough(p) || p->opts->stop() || timer_is_due(p) ? -ECANCELED : 0;
}

/* The hooks that maps of new types ask for. What is written meanwhile, the exit of bpf(2) tells. */
static void demand_hooks(struct pipeline *p)
{
	uint64_t start_ns;
	int err;

	if (!p->new_types || p->finishing)
		return;
	p->types |= p->new_types;
	start_ns = clock_ns(CLOCK_MONOTONIC);
	err = bpfobj_demand(p->obj, p->new_types);
	p->new_types = 0;
	ownmaps_look(p->own);
	if (p->eyes)
		eyes_busy(p->eyes, clock_ns(CLOCK_MONOTONIC) - start_ns);
	if (err)
		log_warn(
			"cannot load the hooks for a new type of map (%s): its keys and values are read from user memory",
			strerror(-err));
}

/* ---- the loop ---- */

static void tell_loss(const struct pipeline *p)
{
	const struct hook_state *states = bpfobj_hooks(p->obj);

	if (!bpfobj_full(p->obj))
		log_warn("degraded mode: %s", states[WIRE_HOOK_SYS_ENTER].why);
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const char *loss = hook_loss(&hooks[i], &states[i]);

		if (states[i].why[0] && loss)
			log_warn("hook %s %s: not seen: %s", hooks[i].name,
				 states[i].incomplete ? "is incomplete" :
				 states[i].way	      ? "is a fallback" :
							"is missing",
				 loss);
	}
}

static void start(struct pipeline *p)
{
	struct hook_report reports[WIRE_HOOK_COUNT];
	struct monitor m = {
		.type = MONITOR_START,
		.time_ns = clock_ns(CLOCK_REALTIME),
		.hooks = reports,
		.n_hooks = WIRE_HOOK_COUNT,
		.kernel = p->opts->kernel,
		.mode = bpfobj_full(p->obj) ? "full" : "degraded",
		.version = BPFMON_VERSION,
	};

	demand_hooks(p);
	tell_loss(p);
	if (!bpfobj_summarize(p->obj, p->opts->summary_after))
		log_debug("no summaries: loads of programs can not be followed on this kernel");
	bpfobj_arm(p->obj);
	writers_list(p->writers);
	if (learn_start(p->learn))
		log_warn("cannot list what is pinned: pins of before are not told");
	changes_begin(p->changes);
	hook_reports(bpfobj_hooks(p->obj), reports);
	sink_monitor(p->sink, &m);
	sink_flush(p->sink);
	log_info("watching, %s mode, kernel %s; end with Ctrl-C", m.mode, m.kernel);
}

/* What was the start of a process in one line must be it in the next: only steps are followed. */
#define CLOCK_STEP_NS 1000000

static void update_clock(struct pipeline *p)
{
	int64_t boot = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME));

	if (llabs(boot - p->decode.boot_offset_ns) > CLOCK_STEP_NS)
		p->decode.boot_offset_ns = boot;
	p->decode.realtime_offset_ns =
		(int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC));
}

/* Reads until the ring is empty or enough was written. */
static int drain(struct pipeline *p)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int n;

	update_clock(p);
	learn_look(p->learn);
	p->canaries = 0;
	n = ring_read(bpfobj_ring(p->obj), on_record, p);
	p->caught_ns = n >= 0 ? now : p->record_ns;
	/* After what bpfmon itself wrote nothing more is to be waited for: an idle one stays idle. */
	if (n > 0)
		n -= (int)p->canaries;
	if (n)
		p->account_at_ns = p->account_at_ns ?: clock_ns(CLOCK_MONOTONIC) + ACCOUNT_NS;
	return n == -ECANCELED || n == -EINTR ? 0 : n;
}

/* Waits for records, the end of the reader, the next timer, or a signal. */
static void wait_for_more(struct pipeline *p, bool gather, uint64_t end_ns)
{
	struct output *reader = sink_reader(p->sink);
	struct pollfd fds[] = {
		{ .fd = reader->fd },
		{ .fd = p->opts->stop_fd, .events = POLLIN },
		{ .fd = bpfobj_ring(p->obj)->fd, .events = POLLIN },
	};
	uint64_t now = clock_ns(CLOCK_MONOTONIC), until, left;
	struct timespec timeout;

	p->timer_ns = beside_sooner(beside_due_ns(p), end_ns);
	until = beside_sooner(p->timer_ns, gather ? now + GATHER_NS : 0);
	left = until > now ? until - now : 0;
	timeout.tv_sec = (time_t)(left / 1000000000);
	timeout.tv_nsec = (long)(left % 1000000000);
	/* While records gather, the ring is not watched. */
	ppoll(fds, gather ? 2 : 3, until ? &timeout : NULL, NULL);
	if (fds[0].revents & (POLLERR | POLLNVAL))
		reader->closed = true;
}

static int loop(struct pipeline *p)
{
	uint64_t end_ns = 0;
	bool gather = false;
	int n;

	beside_begin(p);
	if (p->opts->duration_ns)
		end_ns = p->start_ns + p->opts->duration_ns;
	while (!p->opts->stop() && !pipeline_enough(p)) {
		wait_for_more(p, gather, end_ns);
		n = drain(p);
		if (n < 0)
			return n;
		gather = n > 0;
		sink_flush(p->sink);
		demand_hooks(p);
		beside_run(p, gather);
		if (p->opts->between && p->opts->between(p->opts->context))
			beside_reloaded(p);
		if (end_ns && clock_ns(CLOCK_MONOTONIC) >= end_ns)
			break;
	}
	return 0;
}

static void each_map(void *context, const void *record)
{
	const struct wire_listed *listed = record;
	const struct wire_map *map = &listed->map;
	struct event_map m = { .id = map->id,
			       .type = map->type,
			       .known = true,
			       .name = map->name,
			       .address = map->address };
	struct event_inner inner;
	struct pipeline *p = context;

	decode_inner(&listed->inner, &inner);
	learn_listed(p->learn, &m, &inner);
	mapids_add(p->ids, map->address, map->id);
	follow_types(p, &m);
	learn_verdict(p, &m);
}

/* A descriptor that was open before. */
static void each_file(void *context, const void *file)
{
	struct pipeline *p = context;
	struct event e;

	decode_held(&p->decode, file, &e);
	e.time_ns = clock_ns(CLOCK_REALTIME);
	holders_add(p->holders, e.map.id, &e.task);
	p->accounts.derived++;
	pipeline_put_event(p, &e);
}

static int finish(struct pipeline *p)
{
	char why[512];
	int err;

	notify_send("STOPPING=1");
	bpfobj_disarm(p->obj);
	p->finishing = true;
	do
		err = drain(p);
	while (err > 0);
	beside_tell_counted(p, BESIDE_ALL);
	changes_end(p->changes);
	if (pipeline_rules(p))
		ruleset_end(pipeline_rules(p), pipeline_put_alert, p);
	p->accounts.compared = changes_stats(p->changes);
	sink_flush(p->sink);
	if (!sink_closed(p->sink)) {
		accounts_look(&p->accounts, true);
		accounts_stop(&p->accounts);
		sink_end(p->sink);
	}
	if (!sink_error(p->sink, why, sizeof(why)))
		return err;
	log_error("%s", why);
	return -EIO;
}

int pipeline_run(struct bpfobj *obj, const struct pipeline_opts *opts, struct sink *sink)
{
	struct pipeline p = { .obj = obj, .opts = opts, .sink = sink };
	const struct hook_state *states = bpfobj_hooks(obj);
	struct learn_opts learn_opts = {
		.hears_names = states[WIRE_HOOK_PIN_UNLINK].way &&
			       states[WIRE_HOOK_PIN_RENAME].way && states[WIRE_HOOK_FS_UMOUNT].way,
		.hears_pins = states[WIRE_HOOK_PIN_MADE].way,
	};
	int err, end;

	p.decode.cpus = bpfobj_cpus(obj);
	p.decode.bytes = opts->bytes;
	p.own = ownmaps_new();
	p.ids = mapids_new();
	p.info = mapinfo_new(&mapask_kernel);
	p.holders = holders_new();
	p.pins = pins_new();
	p.writers = writers_new(obj);
	p.flips = flips_new();
	p.procs = procs_new();
	if (p.info && p.ids && p.pins)
		p.learn = learn_new(&factask_kernel, &learn_opts, p.info, p.ids, p.pins);
	if (!p.own || !p.ids || !p.info || !p.holders || !p.pins || !p.writers || !p.flips ||
	    !p.procs || !p.learn) {
		err = -ENOMEM;
		log_error("cannot begin: %s", strerror(-err));
		goto out;
	}
	accounts_init(&p.accounts, obj, sink, p.ids);
	if (!beside_init(&p)) {
		err = -ENOMEM;
		goto out;
	}
	bpfobj_list(obj, BPFOBJ_MAPS, each_map, &p);
	start(&p);
	update_clock(&p);
	if (bpfobj_list(obj, BPFOBJ_FILES, each_file, &p))
		log_warn("cannot list open descriptors: who held which map before is not known");
	sink_flush(sink);
	err = loop(&p);
	if (err)
		log_error("cannot read the ring: %s", strerror(-err));
	end = finish(&p);
	err = err ? err : end;
out:
	beside_free(&p);
	ownmaps_free(p.own);
	mapids_free(p.ids);
	mapinfo_free(p.info);
	holders_free(p.holders);
	pins_free(p.pins);
	writers_free(p.writers);
	flips_free(p.flips);
	procs_free(p.procs);
	learn_free(p.learn);
	return err;
}
