/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the ring to the output; see pipeline.h. */
#include "pipeline.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "decode.h"
#include "holders.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "mapids.h"
#include "ownmaps.h"
#include "pins.h"
#include "version.h"
#include "writers.h"

/*
 * After a wake-up records are left to gather this long. While they do, nobody is woken for them:
 * the ring wakes its reader only when the reader had caught up. 20 ms is not seen by a person and
 * makes at most 50 wake-ups a second; the default ring then takes 16 million records a second.
 */
#define GATHER_NS (20 * 1000 * 1000)
/* How long after activity the accounts are looked at; nothing runs when nothing happens. */
#define ACCOUNT_NS 1000000000ull

/* The first are those of enum wire_loss. */
enum where {
	WHERE_RING = WIRE_LOSS_RING,
	WHERE_TABLE = WIRE_LOSS_TABLE,
	WHERE_DESCRIPTOR = WIRE_LOSS_DESCRIPTOR,
	WHERE_BATCH = WIRE_LOSS_BATCH,
	WHERE_EXIT = WIRE_LOSS_EXIT,
	WHERE_RECURSION = WIRE_LOSS_COUNT,
	WHERE_RECORD,	/* not well-formed */
	WHERE_OUTPUT,
	WHERES
};

static const char *const where_names[WHERES] = {
	[WHERE_RING] = "ring",	   [WHERE_TABLE] = "table",   [WHERE_DESCRIPTOR] = "descriptor",
	[WHERE_BATCH] = "batch",   [WHERE_EXIT] = "exit",     [WHERE_RECURSION] = "recursion",
	[WHERE_RECORD] = "record", [WHERE_OUTPUT] = "output",
};

struct pipeline {
	struct bpfobj *obj;
	const struct pipeline_opts *opts;
	struct output out;
	struct out_env env;
	struct utsname host;
	struct decode_env decode;
	struct ownmaps *own;
	struct mapids *ids;
	struct holders *holders;
	struct pins *pins;
	struct writers *writers;
	uint64_t types;		/* of maps, a bit each, that hooks on demand are asked for */
	uint64_t new_types;	/* the same, not yet asked for */
	bool finishing;		/* the hooks are off: what is in the ring is all there is */
	uint64_t seq, events, filtered, malformed, lost;
	uint64_t derived;	/* events that are not a record's own: held, inherited, of one rename */
	uint64_t reported[WHERES][WIRE_HOOK_COUNT + 1];	/* lost, as reported so far; + no hook */
	uint64_t since_ns[WHERES];		/* CLOCK_REALTIME of the last report */
	uint64_t seen_before[WIRE_HOOK_COUNT];	/* at the last look at the accounts */
	uint64_t hidden_before[WIRE_HIDDEN];	/* the same of hidden[] */
	uint64_t hidden_reported[WIRE_HIDDEN];
	uint32_t slot_map[WIRE_HIDDEN];		/* the last map known of each slot, gone or not */
	uint64_t account_at_ns;			/* CLOCK_MONOTONIC, 0: nothing happened since */
};

static void put_monitor(struct pipeline *p, struct monitor *m)
{
	m->time_ns = clock_ns(CLOCK_REALTIME);
	p->opts->format->monitor(&p->out.buf, &p->env, p->seq++, m);
	output_line(&p->out);
}

/* ---- records ---- */

static void learn_verdict(struct pipeline *p, const struct event_map *m)
{
	const struct filter *f = p->opts->filter;

	if ((!f->only.n_maps && !f->except.n_maps) || !m->known ||
	    bpfobj_has_verdict(p->obj, m->id))
		return;
	bpfobj_set_verdict(p->obj, m->id, !filter_map(f, m->id, m->name, EVENT_NAME_BYTES));
}

/* A program's write is never bpfmon's, whoever runs while it happens. */
static bool is_bookkeeping(struct pipeline *p, const struct event *e)
{
	bool own = ownmaps_event(p->own, e) || e->task.pid == bpfobj_own_pid(p->obj);

	return own && (e->via == VIA_NONE || e->via == VIA_SYSCALL || e->via == VIA_BATCH);
}

static bool enough(const struct pipeline *p)
{
	return output_ended(&p->out) || (p->opts->max_events && p->events >= p->opts->max_events);
}

/* One line, unless nobody wants it. */
static void put_event(struct pipeline *p, const struct event *e)
{
	if (enough(p) && p->out.error) {
		p->out.lost++;
		return;
	}
	if (enough(p) || is_bookkeeping(p, e) || !filter_event(p->opts->filter, e)) {
		p->filtered++;
		return;
	}
	p->opts->format->event(&p->out.buf, &p->env, p->seq++, e);
	p->events++;
	output_line(&p->out);
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
	opened.flags = 0;
	opened.path = NULL;
	opened.has_result = false;
	opened.result = 0;
	p->derived++;
	put_event(p, &opened);
}

static void follow_types(struct pipeline *p, const struct event_map *m)
{
	if (m->known)
		p->slot_map[m->id & (WIRE_HIDDEN - 1)] = m->id;
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

	if (!n)
		p->filtered++;
	else
		p->derived += n - 1;
	for (size_t i = 0; i < n; i++)
		put_event(p, &out[i]);
}

static void on_event(struct pipeline *p, struct event *e)
{
	if (e->type == EVENT_CODE) {
		writers_loaded(p->writers, e);
		p->filtered++;
		return;
	}
	writers_event(p->writers, e);
	if (e->type == EVENT_NAMES) {
		on_names(p, e);
		return;
	}
	if (!mapids_event(p->ids, e)) {
		p->filtered++;	/* the end of a map whose creation failed */
		return;
	}
	learn_verdict(p, &e->map);
	if (e->type == EVENT_SENT) {
		holders_sent(p->holders, e);
		p->filtered++;
		return;
	}
	if (e->type == EVENT_MAP_OPEN && e->how == HOW_RECEIVE)
		holders_sender(p->holders, e->file, e->list, &e->sender);
	pins_path_used(p->pins, e);
	follow_types(p, &e->map);
	follow_holder(p, e);
	put_event(p, e);
}

static int on_record(void *context, void *data, size_t size)
{
	struct pipeline *p = context;
	struct event e;

	if (enough(p)) {
		if (p->out.error)
			p->out.lost++;
		else
			p->filtered++;
		return 0;
	}
	if (decode_record(&p->decode, data, size, &e)) {
		p->malformed++;
		return 0;
	}
	on_event(p, &e);
	/* Leaves a ring that is filled as fast as it is read; this record is done with. */
	return !p->finishing && (enough(p) || p->opts->stop()) ? -ECANCELED : 0;
}

/* The hooks that maps of new types ask for. What is written meanwhile, the exit of bpf(2) tells. */
static void demand_hooks(struct pipeline *p)
{
	int err;

	if (!p->new_types || p->finishing)
		return;
	p->types |= p->new_types;
	err = bpfobj_demand(p->obj, p->new_types);
	p->new_types = 0;
	if (err)
		log_warn(
			"cannot load the hooks for a new type of map (%s): its keys and values are read from user memory",
			strerror(-err));
}

/* ---- accounts ---- */

#define NO_HOOK WIRE_HOOK_COUNT

/* What was lost since the start, by place and hook. */
static void count_lost(struct pipeline *p, uint64_t lost[WHERES][WIRE_HOOK_COUNT + 1], bool final)
{
	const volatile struct wire_counts *c = bpfobj_counts(p->obj);

	memset(lost, 0, sizeof(p->reported));
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		uint64_t taken = c[i].taken, seen = c[i].seen;
		/* A write seen in the last second may still be on its way to the details. */
		uint64_t due = final ? seen : p->seen_before[i];

		for (unsigned int why = 0; why < WIRE_LOSS_COUNT; why++)
			lost[why][i] = c[i].lost[why];
		if (due > taken)
			lost[WHERE_RECURSION][i] = due - taken;
		lost[WHERE_EXIT][i] += bpfobj_misses(p->obj, i);
		p->seen_before[i] = seen;
	}
	lost[WHERE_RECORD][NO_HOOK] = p->malformed;
	lost[WHERE_OUTPUT][NO_HOOK] = p->out.lost;
}

static const char *lost_hint(unsigned int where)
{
	if (where == WHERE_RING)
		return "; a larger --buffer holds more";
	if (where == WHERE_RECURSION)
		return "; a program hid writes from bpfmon, or ran inside it";
	return "";
}

static void put_lost(struct pipeline *p, unsigned int where, struct monitor *m)
{
	char map[32] = "";

	m->type = MONITOR_LOST;
	m->where = where_names[where];
	m->since_ns = p->since_ns[where];
	put_monitor(p, m);
	if (m->map_id)
		snprintf(map, sizeof(map), " on map %u", m->map_id);
	log_warn("%" PRIu64 " events lost (%s)%s%s", m->lost, m->where, map, lost_hint(where));
	p->lost += m->lost;
}

/* The map of a slot of hidden[]; 0 where it may be one of several. */
static uint32_t hidden_map(const struct pipeline *p, uint32_t slot)
{
	uint32_t n, id = mapids_in_slot(p->ids, slot, WIRE_HIDDEN, &n);

	return n ? id : p->slot_map[slot];
}

/* What was hidden, by map. Which hooks missed it is told as well while it is one map's. */
static void put_hidden(struct pipeline *p, const uint64_t *by_hook, uint64_t sum, bool final)
{
	const volatile struct wire_hidden *h = bpfobj_hidden(p->obj);
	uint64_t rest = sum;

	for (uint32_t slot = 0; slot < WIRE_HIDDEN; slot++) {
		uint64_t taken = h[slot].taken, seen = h[slot].seen;
		uint64_t due = final ? seen : p->hidden_before[slot], lost;

		p->hidden_before[slot] = seen;
		lost = due > taken ? due - taken : 0;
		if (lost <= p->hidden_reported[slot] || !rest)
			continue;
		lost -= p->hidden_reported[slot];
		lost = lost < rest ? lost : rest;
		p->hidden_reported[slot] += lost;
		rest -= lost;
		put_lost(p, WHERE_RECURSION,
			 &(struct monitor){ .map_id = hidden_map(p, slot),
					    .lost = lost,
					    .lost_by_hook = lost == sum ? by_hook : NULL });
	}
	if (rest)
		put_lost(p, WHERE_RECURSION,
			 &(struct monitor){ .lost = rest,
					    .lost_by_hook = rest == sum ? by_hook : NULL });
}

static void account(struct pipeline *p, bool final)
{
	uint64_t lost[WHERES][WIRE_HOOK_COUNT + 1];

	count_lost(p, lost, final);
	for (unsigned int w = 0; w < WHERES; w++) {
		uint64_t sum = 0;

		for (unsigned int i = 0; i <= NO_HOOK; i++) {
			uint64_t more = lost[w][i] - p->reported[w][i];

			if (lost[w][i] < p->reported[w][i])
				more = 0;	/* late, not lost: the details came after all */
			p->reported[w][i] += more;
			lost[w][i] = more;
			sum += more;
		}
		if (w == WHERE_RECURSION)
			put_hidden(p, lost[w], sum, final);
		else if (sum)
			put_lost(p, w, &(struct monitor){ .lost = sum, .lost_by_hook = lost[w] });
		if (sum)
			p->since_ns[w] = clock_ns(CLOCK_REALTIME);
	}
}

static void put_stop(struct pipeline *p)
{
	const volatile struct wire_counts *c = bpfobj_counts(p->obj);
	struct monitor m = {
		.type = MONITOR_STOP, .events = p->events, .filtered = p->filtered, .lost = p->lost
	};

	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++)
		m.seen += (c[i].seen > c[i].taken ? c[i].seen : c[i].taken) +
			  p->reported[WHERE_EXIT][i] - c[i].lost[WIRE_LOSS_EXIT];
	m.seen += p->derived;
	put_monitor(p, &m);
	log_info("%" PRIu64 " events, %" PRIu64 " left out, %" PRIu64 " lost", m.events, m.filtered,
		 m.lost);
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
				 states[i].way ? "is a fallback" : "is missing", loss);
	}
}

static void start(struct pipeline *p)
{
	struct monitor m = {
		.type = MONITOR_START,
		.hooks = bpfobj_hooks(p->obj),
		.kernel = p->host.release,
		.mode = bpfobj_full(p->obj) ? "full" : "degraded",
		.version = BPFMON_VERSION,
	};

	demand_hooks(p);
	tell_loss(p);
	bpfobj_arm(p->obj);
	writers_list(p->writers);
	put_monitor(p, &m);
	output_flush(&p->out);
	log_info("watching, %s mode, kernel %s; end with Ctrl-C", m.mode, m.kernel);
}

static void update_clock(struct pipeline *p)
{
	p->decode.realtime_offset_ns =
		(int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC));
}

/* Reads until the ring is empty or enough was written. */
static int drain(struct pipeline *p, struct ring_buffer *ring)
{
	int n;

	update_clock(p);
	n = ring_buffer__consume(ring);
	if (n)
		p->account_at_ns = p->account_at_ns ?: clock_ns(CLOCK_MONOTONIC) + ACCOUNT_NS;
	return n == -ECANCELED || n == -EINTR ? 0 : n;
}

/* Waits for records, the end of the reader, the next look at the accounts, or a signal. */
static void wait_for_more(struct pipeline *p, struct ring_buffer *ring, bool gather,
			  uint64_t end_ns)
{
	struct pollfd fds[] = {
		{ .fd = p->out.fd },
		{ .fd = p->opts->stop_fd, .events = POLLIN },
		{ .fd = ring_buffer__epoll_fd(ring), .events = POLLIN },
	};
	uint64_t now = clock_ns(CLOCK_MONOTONIC), until = gather ? now + GATHER_NS : 0;
	struct timespec timeout;

	if (p->account_at_ns && (!until || p->account_at_ns < until))
		until = p->account_at_ns;
	if (end_ns && (!until || end_ns < until))
		until = end_ns;
	until = until > now ? until - now : 0;
	timeout.tv_sec = (time_t)(until / 1000000000);
	timeout.tv_nsec = (long)(until % 1000000000);
	/* While records gather, the ring is not watched. */
	ppoll(fds, gather ? 2 : 3, p->account_at_ns || end_ns || gather ? &timeout : NULL, NULL);
	if (fds[0].revents & (POLLERR | POLLNVAL))
		p->out.closed = true;
}

static int loop(struct pipeline *p, struct ring_buffer *ring)
{
	uint64_t end_ns = p->opts->duration_ns ? clock_ns(CLOCK_MONOTONIC) + p->opts->duration_ns :
						 0;
	bool gather = false;
	int n;

	while (!p->opts->stop() && !enough(p)) {
		uint64_t now;

		wait_for_more(p, ring, gather, end_ns);
		n = drain(p, ring);
		if (n < 0)
			return n;
		gather = n > 0;
		output_flush(&p->out);
		demand_hooks(p);
		now = clock_ns(CLOCK_MONOTONIC);
		if (p->account_at_ns && now >= p->account_at_ns) {
			p->account_at_ns = gather ? now + ACCOUNT_NS : 0;
			account(p, false);
		}
		if (end_ns && now >= end_ns)
			break;
	}
	return 0;
}

static void each_map(void *context, const void *record)
{
	const struct wire_map *map = record;
	struct event_map m = { .id = map->id, .type = map->type, .known = true, .name = map->name };
	struct pipeline *p = context;

	mapids_add(p->ids, map->address, map->id);
	follow_types(p, &m);
	learn_verdict(p, &m);
}

/* A descriptor that was open before. */
static void each_file(void *context, const void *file)
{
	struct pipeline *p = context;
	struct event e;

	decode_held(file, &e);
	e.time_ns = clock_ns(CLOCK_REALTIME);
	holders_add(p->holders, e.map.id, &e.task);
	p->derived++;
	put_event(p, &e);
}

static int finish(struct pipeline *p, struct ring_buffer *ring)
{
	int err;

	bpfobj_disarm(p->obj);
	p->finishing = true;
	do
		err = drain(p, ring);
	while (err > 0);
	if (!p->out.closed) {
		account(p, true);
		put_stop(p);
		output_flush(&p->out);
	}
	if (p->out.error) {
		log_error("cannot write events: %s; %" PRIu64 " lines lost",
			  strerror(-p->out.error), p->out.lost);
		return p->out.error;
	}
	return err;
}

int pipeline_run(struct bpfobj *obj, const struct pipeline_opts *opts, int fd)
{
	struct pipeline p = { .obj = obj, .opts = opts };
	struct ring_buffer *ring;
	int err, end;

	uname(&p.host);
	p.env = (struct out_env){ .host = p.host.nodename, .color = opts->color };
	p.decode.cpus = bpfobj_cpus(obj);
	p.decode.bytes = opts->bytes;
	output_init(&p.out, fd, opts->give_up);
	for (unsigned int w = 0; w < WHERES; w++)
		p.since_ns[w] = clock_ns(CLOCK_REALTIME);
	p.own = ownmaps_new();
	p.ids = mapids_new();
	p.holders = holders_new();
	p.pins = pins_new();
	p.writers = writers_new(obj);
	ring = ring_buffer__new(bpfobj_ring_fd(obj), on_record, &p, NULL);
	if (!p.own || !p.ids || !p.holders || !p.pins || !p.writers || !ring) {
		err = ring ? -ENOMEM : -errno;
		log_error("cannot read the ring: %s", strerror(-err));
		goto out;
	}
	bpfobj_list(obj, BPFOBJ_MAPS, each_map, &p);
	start(&p);
	if (bpfobj_list(obj, BPFOBJ_FILES, each_file, &p))
		log_warn("cannot list open descriptors: who held which map before is not known");
	output_flush(&p.out);
	err = loop(&p, ring);
	if (err)
		log_error("cannot read the ring: %s", strerror(-err));
	end = finish(&p, ring);
	err = err ? err : end;
out:
	ring_buffer__free(ring);
	ownmaps_free(p.own);
	mapids_free(p.ids);
	holders_free(p.holders);
	pins_free(p.pins);
	writers_free(p.writers);
	output_fini(&p.out);
	return err;
}
