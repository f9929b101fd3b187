/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What runs beside the stream of records, by timers: accounts, what is learned of maps, content that
 * is compared, what blinds bpfmon, heartbeats. See pipeline_state.h.
 */
#include <errno.h>
#include <string.h>

#include "content/ask.h"
#include "facts/progmaps.h"
#include "interest.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/notify.h"
#include "maptype.h"
#include "pipeline_state.h"

/* ---- what bpfmon finds about itself ---- */

static void put_alert(void *context, const struct event_alert *alert)
{
	struct event e = {
		.type = EVENT_ALERT, .time_ns = clock_ns(CLOCK_REALTIME), .fd = -1, .alert = *alert
	};
	struct pipeline *p = context;
	struct ruleset *rules = p->opts->rules ? *p->opts->rules : NULL;

	log_at(alert->severity >= SEVERITY_HIGH ? LOG_WARN : LOG_INFO, "alert (%s) %s: %s",
	       event_severity_names[alert->severity], alert->rule, alert->reason);
	p->accounts.derived++;
	if (pipeline_enough(p))
		pipeline_put_late(p, &e);
	else if ((rules && ruleset_event(rules, &e, EVENT_SEQ_NONE, pipeline_put_alert, p)) ||
		 !filter_event(p->opts->filter, &e))
		p->accounts.filtered++;
	else
		sink_event(p->sink, &e);
}

/* Has the accounts looked at, too: their line may come. */
static uint64_t skipped_seq(void *context)
{
	struct pipeline *p = context;

	p->account_at_ns = p->account_at_ns ?: clock_ns(CLOCK_MONOTONIC) + ACCOUNT_NS;
	return p->accounts.skipped_seq;
}

static uint64_t caught(void *context)
{
	const struct pipeline *p = context;

	return p->caught_ns;
}

/* What may have been the canary, too. */
static uint64_t records_lost(void *context)
{
	const struct pipeline *p = context;

	return accounts_records_lost(&p->accounts) + bpfobj_canary_lost(p->obj);
}

static bool is_own_program(void *context, uint32_t program)
{
	const struct pipeline *p = context;

	return ownmaps_has_program(p->own, program);
}

/* False: no memory. */
static bool open_eyes(struct pipeline *p)
{
	if (!p->opts->check_ns)
		return true;
	eyes_ask_kernel(&p->ask, p->obj);
	p->ask.context = p;
	p->ask.lost = skipped_seq;
	p->ask.caught = caught;
	p->ask.losses = records_lost;
	p->ask.is_own = is_own_program;
	p->ask.alert = put_alert;
	p->eyes = eyes_new(&p->ask, p->opts->check_ns);
	return p->eyes;
}

static void heartbeat(struct pipeline *p, uint64_t now)
{
	uint64_t interval = p->opts->heartbeat_ns;

	accounts_heartbeat(&p->accounts, now - p->start_ns, interval);
	p->heartbeat_at_ns += interval;
	/* Those that were missed are not made up for: the gap is what they tell. */
	if (p->heartbeat_at_ns <= now)
		p->heartbeat_at_ns = now + interval;
}

/* ---- changes that no event tells ---- */

static bool is_bpfmons(void *context, uint32_t id)
{
	const struct pipeline *p = context;

	return ownmaps_has(p->own, id);
}

static bool is_wanted(void *context, const struct inv_map *m)
{
	const struct pipeline *p = context;
	const struct event_map map = {
		.id = m->id,
		.type = m->type,
		.known = true,
		.name = m->name,
	};

	return interest_map(p->opts->filter, pipeline_rules(p), &map);
}

static uint64_t losses(void *context)
{
	const struct pipeline *p = context;

	return accounts_losses(&p->accounts);
}

static uint64_t hidden(void *context, uint32_t id)
{
	const struct pipeline *p = context;

	return accounts_hidden(&p->accounts, id) + bpfobj_summarized(p->obj, id);
}

/* By each helper, and wherever it is called: where a hook is what it is meant to be. */
static bool helpers_seen(void *context, uint32_t type)
{
	const struct pipeline *p = context;
	const struct hook_state *states = bpfobj_hooks(p->obj);

	for (unsigned int op = MAPTYPE_PROG_UPDATE; op < MAPTYPE_OPS; op++) {
		unsigned int hook = maptype_find(type)->hooks[op];

		if (hook && (states[hook].way != &hooks[hook].ways[0] || states[hook].incomplete))
			return false;
	}
	return bpfobj_full(p->obj);
}

static void unheld(void *context, uint64_t n)
{
	struct pipeline *p = context;

	p->accounts.unheld += n;
	p->accounts.derived += n;
	p->account_at_ns = p->account_at_ns ?: clock_ns(CLOCK_MONOTONIC) + ACCOUNT_NS;
}

static void put_change(void *context, struct event *e)
{
	struct pipeline *p = context;

	p->accounts.derived++;
	pipeline_put_event(p, e);
}

/* They may be written, or rules ask for them. */
static bool wants_changes(const struct pipeline *p)
{
	struct filter f = *p->opts->filter;

	if (pipeline_rules(p))
		f.types |= ruleset_types(pipeline_rules(p));
	return filter_changes(&f);
}

/* False: no memory. */
static bool init_changes(struct pipeline *p)
{
	const struct changes_env env = {
		.interval_ns = p->opts->compare_ns,
		.limit_bytes = p->opts->compare_bytes,
		.cpus = bpfobj_cpus(p->obj),
		.bytes = p->opts->bytes,
		.every_round = p->opts->filter->only.n_maps,
		.helpers_seen = helpers_seen,
		.is_bpfmons = is_bpfmons,
		.wanted = is_wanted,
		.losses = losses,
		.hidden = hidden,
		.unheld = unheld,
		.put = put_change,
		.context = p,
	};
	int err;

	if (!p->opts->compare_ns || !wants_changes(p))
		return true;
	err = changes_possible();
	if (err) {
		log_warn(
			"content of maps is not compared (%s): what is stored past every hook is not seen; run as root, or with CAP_SYS_ADMIN",
			strerror(-err));
		return true;
	}
	p->changes = changes_new(&env);
	return p->changes;
}

/* ---- busy writers ---- */

static void name_writer(void *context, struct event *e)
{
	struct pipeline *p = context;

	writers_event(p->writers, e);
}

/* When the events before it were lost, what the map is has to be asked: filters may be by its name. */
static void put_summary(void *context, struct event *e)
{
	struct pipeline *p = context;
	struct inv_map m;

	if (!e->map.known && !content_ask_map(e->map.id, &m))
		e->map = inventory_event_map(&m);
	pipeline_put_event(p, e);
	changes_event(p->changes, e);
}

/* False: no memory. */
static bool init_summaries(struct pipeline *p)
{
	const struct summaries_env env = {
		.table = bpfobj_summaries(p->obj),
		.generation = bpfobj_generation(p->obj),
		.hot = bpfobj_summary_hot(p->obj),
		.news = bpfobj_summary_news(p->obj),
		.writer = name_writer,
		.put = put_summary,
		.context = p,
	};

	p->summaries = summaries_new(&env);
	return p->summaries;
}

bool beside_tell_counted(struct pipeline *p, enum beside_counted which)
{
	struct summaries_clock clock = { clock_ns(CLOCK_MONOTONIC), p->caught_ns,
					 p->decode.realtime_offset_ns };

	/* At the end all is told when the ring is empty, and not at the first load that is in it. */
	if (p->finishing && which == BESIDE_ALL)
		clock.known_ns = UINT64_MAX;
	else if (clock.known_ns < p->record_ns)
		clock.known_ns = p->record_ns;
	if (which == BESIDE_ALL)
		return summaries_tell(p->summaries, &clock);
	summaries_tell_news(p->summaries, &clock);
	return false;
}

/* ---- what is learned of maps ---- */

/* Records of names that did not get through: what is pinned where has to be looked up. */
static uint64_t names_lost(const struct pipeline *p)
{
	static const enum wire_hook of_names[] = {
		WIRE_HOOK_PIN_UNLINK, WIRE_HOOK_PIN_RENAME, WIRE_HOOK_PIN_LINK,	 WIRE_HOOK_PIN_MADE,
		WIRE_HOOK_FS_MOUNT,   WIRE_HOOK_FS_MOVE,    WIRE_HOOK_FS_UMOUNT,
	};
	uint64_t lost = 0;

	for (size_t i = 0; i < sizeof(of_names) / sizeof(of_names[0]); i++)
		for (unsigned int where = 0; where < WHERES; where++)
			lost += p->accounts.reported[where][of_names[i]];
	return lost;
}

/* What is learned of maps beside their events, and what of it can't be told. */
static void learn_more(struct pipeline *p)
{
	uint64_t lost = names_lost(p);

	learn_later(p->learn, lost != p->names_lost);
	p->names_lost = lost;
	if (mapinfo_forgotten(p->info) && !p->told_forgotten)
		log_warn(
			"more than %u maps: of those used longest ago it is forgotten who created them, their pins and programs",
			MAPINFO_MAPS);
	if (learn_is_full(p->learn) && !p->told_full)
		log_warn("more than %u programs: the members \"users\" of maps lack some",
			 PROGMAPS_MAX);
	p->told_forgotten = mapinfo_forgotten(p->info);
	p->told_full = learn_is_full(p->learn);
}

/* ---- the timers ---- */

/* What is due so soon is done now, for one wake-up less: an idle bpfmon wakes once in an interval. */
#define SOON_NS (200 * 1000 * 1000)

uint64_t beside_sooner(uint64_t a, uint64_t b)
{
	if (!b || b == UINT64_MAX)
		return a;
	return a && a < b ? a : b;
}

/* Rules go by the time of events. */
static uint64_t rules_due(const struct pipeline *p)
{
	uint64_t due = p->opts->rules && *p->opts->rules ? ruleset_due_ns(*p->opts->rules) : 0;
	uint64_t now = due ? clock_ns(CLOCK_REALTIME) : 0;

	return due ? clock_ns(CLOCK_MONOTONIC) + (due > now ? due - now : 0) : 0;
}

uint64_t beside_due_ns(const struct pipeline *p)
{
	uint64_t due = beside_sooner(p->account_at_ns, p->heartbeat_at_ns);

	due = beside_sooner(due, p->watchdog_at_ns);
	due = beside_sooner(due, changes_due(p->changes));
	due = beside_sooner(due, rules_due(p));
	return beside_sooner(due, p->eyes ? eyes_due_ns(p->eyes) : 0);
}

void beside_run(struct pipeline *p, bool busy)
{
	uint64_t now;

	changes_step(p->changes, p->caught_ns);
	now = clock_ns(CLOCK_MONOTONIC);
	if (p->account_at_ns && now >= p->account_at_ns) {
		/* Of a write that raced with this one will be told then. */
		busy |= beside_tell_counted(p, BESIDE_ALL);
		p->account_at_ns = busy ? now + ACCOUNT_NS : 0;
		accounts_look(&p->accounts, false);
		learn_more(p);
	}
	if (p->opts->rules && *p->opts->rules)
		ruleset_tick(*p->opts->rules, clock_ns(CLOCK_REALTIME), pipeline_put_alert, p);
	if (p->eyes && now + SOON_NS >= eyes_due_ns(p->eyes))
		eyes_round(p->eyes, now);
	if (p->heartbeat_at_ns && now >= p->heartbeat_at_ns)
		heartbeat(p, now);
	sink_flush(p->sink);
	if (p->watchdog_ns && now + SOON_NS >= p->watchdog_at_ns) {
		/* One that sees nothing is of no use, however alive: a start attaches all anew. */
		if (!p->eyes || !eyes_blind(p->eyes))
			notify_send("WATCHDOG=1");
		p->watchdog_at_ns = now + p->watchdog_ns;
	}
}

void beside_reloaded(struct pipeline *p)
{
	bool before = p->by_rules;

	p->by_rules = interest_by_rules(p->opts->filter, pipeline_rules(p));
	if (!before && !p->by_rules)
		return;
	/* Of a map that was left out writes are not known: what it holds is read as if for the first time. */
	bpfobj_forget_verdicts(p->obj);
	changes_free(p->changes);
	p->changes = NULL;
	if (!init_changes(p))
		log_error("no memory to compare the content of maps any more");
}

bool beside_init(struct pipeline *p)
{
	p->by_rules = interest_by_rules(p->opts->filter, pipeline_rules(p));
	if (!open_eyes(p)) {
		log_error("no memory to look for what blinds bpfmon: --check-interval 0");
		return false;
	}
	if (!init_changes(p)) {
		log_error("no memory to compare the content of maps: --compare-interval 0");
		return false;
	}
	if (!init_summaries(p)) {
		log_error("no memory for summaries of busy writers");
		return false;
	}
	return true;
}

void beside_free(struct pipeline *p)
{
	summaries_free(p->summaries);
	changes_free(p->changes);
	eyes_free(p->eyes);
}

void beside_begin(struct pipeline *p)
{
	int err;

	p->start_ns = clock_ns(CLOCK_MONOTONIC);
	p->heartbeat_at_ns = p->opts->heartbeat_ns ? p->start_ns + p->opts->heartbeat_ns : 0;
	if (p->eyes)
		eyes_begin(p->eyes, p->start_ns);
	/* Twice as often as is wanted, as sd_watchdog_enabled(3) says. */
	p->watchdog_ns = notify_watchdog_ns() / 2;
	p->watchdog_at_ns = p->watchdog_ns ? p->start_ns + p->watchdog_ns : 0;
	err = notify_send("READY=1");
	if (err)
		log_warn("NOTIFY_SOCKET: %s: the service manager does not know that bpfmon runs",
			 strerror(-err));
}
