/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules about events: what has come before, windows and limits, and the alert. */
#include <inttypes.h>
#include <string.h>

#include "rules/index.h"
#include "rules/rule.h"

#define HASH_START 0xcbf29ce484222325ull

struct asked {
	struct ruleset *r;
	const struct event *e;
	uint64_t seq;
	ruleset_put *put;
	void *context;
	bool fired;	/* a rule of it did, or its limit held it back */
	size_t done;	/* 1 + the rule that has had its say; its other matches add nothing */
};

static uint64_t key_of(const struct key_fields *fields, const struct event *e, uint64_t hash)
{
	for (size_t i = 0; i < fields->n; i++)
		hash = rule_field_hash(hash, fields->list[i].field, fields->list[i].member, e);
	return hash;
}

static bool excepted(const struct rule *rule, const struct event *e)
{
	for (size_t i = 0; i < rule->n_exceptions; i++)
		if (match_event(&rule->exceptions[i], e))
			return true;
	return false;
}

/* What came before it within the window, of the same. */
static bool came_after(const struct rule *rule, const struct event *e)
{
	uint64_t last;

	if (!rule->after.count)
		return true;
	last = seen_last(rule->state->after, key_of(&rule->after.per, e, HASH_START));
	return last && last <= e->time_ns && e->time_ns - last <= rule->after.ns;
}

static bool is_burst(const struct rule *rule, const struct event *e)
{
	return !rule->burst.count ||
	       seen_burst(rule->state->burst, key_of(&rule->burst.per, e, HASH_START), e->time_ns,
			  rule->burst.ns);
}

/* A new `of` for a `per` that had another before. */
static bool is_first(const struct rule *rule, const struct event *e)
{
	struct rule_state *s = rule->state;
	uint64_t per, pair;
	bool had;

	if (!rule->first_of.n)
		return true;
	per = key_of(&rule->first_per, e, HASH_START);
	pair = key_of(&rule->first_of, e, per);
	had = seen_last(s->firsts, per);
	seen_note(s->firsts, per, 1);
	if (seen_last(s->pairs, pair)) {
		seen_note(s->pairs, pair, 1);	/* used again: kept longer */
		return false;
	}
	seen_note(s->pairs, pair, 1);
	return had;
}

/* ---- alerts ---- */

static void put_text(struct ruleset *r, const struct rule *rule, const struct event *e)
{
	r->text.len = 0;
	r->text.failed = false;
	for (size_t i = 0; i < rule->n_pieces; i++) {
		const struct piece *p = &rule->pieces[i];

		buf_safe(&r->text, p->text, p->len);
		if (p->field.field)
			rule_field_put(&r->text, p->field.field, p->field.member, e);
	}
	buf_bytes(&r->text, "", 1);
}

static void raise(struct asked *a, const struct rule *rule)
{
	const struct event *e = a->e;
	const struct event_cause cause = { a->seq };
	/* An alert of bpfmon's own that is not written has this one tell its causes. */
	bool in_place = e->type == EVENT_ALERT && a->seq == EVENT_SEQ_NONE;
	struct event alert = {
		.type = EVENT_ALERT,
		.time_ns = e->time_ns,
		.monotonic_ns = e->monotonic_ns,
		.fd = -1,
		.task = e->task,
		.map = e->map,
		.program = event_program(e),
		.alert = {
			.rule = rule->name,
			.severity = rule->severity,
			.causes = in_place ? e->alert.causes : &cause,
			.n_causes = in_place ? e->alert.n_causes : a->seq != EVENT_SEQ_NONE,
			.of = 1 + (uint32_t)e->type,
			.mitre = rule->mitre,
			.count = rule->burst.count,
			.suppressed = rule->state->held_back,
		},
	};

	put_text(a->r, rule, e);
	alert.alert.reason = a->r->text.failed ? rule->name : a->r->text.data;
	rule->state->held_back = 0;
	rule->state->held_until_ns = 0;
	a->put(a->context, &alert);
}

static void hold_back(struct asked *a, const struct rule *rule)
{
	struct rule_state *s = rule->state;
	uint64_t until = a->e->time_ns + rule->limit.ns;

	if (!s->held_back++)
		s->held_until_ns = until;
	s->held_type = a->e->type;
	s->held_seq = a->seq;
	if (!a->r->due_ns || s->held_until_ns < a->r->due_ns)
		a->r->due_ns = s->held_until_ns;
}

static void on_clause(void *context, const struct clause *clause)
{
	struct asked *a = context;
	const struct rule *rule = &a->r->rules[clause->rule];
	const struct event *e = a->e;
	bool first;

	if (clause->before) {
		seen_note(rule->state->after, key_of(&rule->after.per, e, HASH_START), e->time_ns);
		return;
	}
	if (a->done == clause->rule + 1)
		return;
	a->done = clause->rule + 1;
	/* Learned of each that matches: who writes to its own map, excepted, makes others new. */
	first = is_first(rule, e);
	if (!first || excepted(rule, e) || !came_after(rule, e) || !is_burst(rule, e))
		return;
	rule->state->fired++;
	a->fired = true;
	if (rule->limit.count &&
	    !seen_allow(rule->state->limit, key_of(&rule->limit.per, e, HASH_START), e->time_ns,
			rule->limit.ns))
		hold_back(a, rule);
	else
		raise(a, rule);
}

bool ruleset_event(struct ruleset *r, const struct event *e, uint64_t seq, ruleset_put *put,
		   void *context)
{
	struct asked a = { .r = r, .e = e, .seq = seq, .put = put, .context = context };

	/* Of an alert of a rule no rule makes another. */
	if (e->type >= EVENT_TYPES || (e->type == EVENT_ALERT && e->alert.of))
		return false;
	index_event(r, e, on_clause, &a);
	return a.fired;
}

/* ---- what was held back ---- */

static void tell_held(struct ruleset *r, const struct rule *rule, uint64_t now_ns, ruleset_put *put,
		      void *context)
{
	struct rule_state *s = rule->state;
	const struct event_cause cause = { s->held_seq };
	struct event alert = {
		.type = EVENT_ALERT,
		.time_ns = now_ns,
		.fd = -1,
		.alert = {
			.rule = rule->name,
			.severity = rule->severity,
			.causes = &cause,
			.n_causes = s->held_seq != EVENT_SEQ_NONE,
			.of = 1 + (uint32_t)s->held_type,
			.mitre = rule->mitre,
			.suppressed = s->held_back,
		},
	};

	r->text.len = 0;
	r->text.failed = false;
	buf_printf(&r->text, "%" PRIu64 " more, held back by rate_limit", s->held_back);
	buf_bytes(&r->text, "", 1);
	alert.alert.reason = r->text.failed ? rule->name : r->text.data;
	s->held_back = 0;
	s->held_until_ns = 0;
	put(context, &alert);
}

void ruleset_tick(struct ruleset *r, uint64_t now_ns, ruleset_put *put, void *context)
{
	uint64_t due = 0;

	if (!r->due_ns || now_ns < r->due_ns)
		return;
	for (size_t i = 0; i < r->n_rules; i++) {
		const struct rule_state *s = r->rules[i].state;

		if (s->held_back && s->held_until_ns <= now_ns)
			tell_held(r, &r->rules[i], now_ns, put, context);
		if (s->held_back && (!due || s->held_until_ns < due))
			due = s->held_until_ns;
	}
	r->due_ns = due;
}

uint64_t ruleset_due_ns(const struct ruleset *r)
{
	return r->due_ns;
}

void ruleset_end(struct ruleset *r, ruleset_put *put, void *context)
{
	for (size_t i = 0; i < r->n_rules; i++)
		if (r->rules[i].state->held_back)
			tell_held(r, &r->rules[i], r->rules[i].state->held_until_ns, put, context);
	r->due_ns = 0;
}
