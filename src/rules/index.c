/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which rules an event can fire at all, of thousands, without asking each. A bit stands for each
 * match of a rule. There is one set of bits for each type of event, and one is kept for each map
 * and for each process that was seen: the matches whose conditions on it hold. What is in all
 * three has only its conditions on the event itself left.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/index.h"
#include "rules/rule.h"

/*
 * As many maps and processes as take turns; another one is matched anew, which takes some 20 us of
 * 1000 rules. Each has one of WAYS places, so that few drive each other out.
 */
#define PLACES 1024
#define WAYS 4

/* All that the conditions of a group read; the same key, the same answer. */
struct map_key {
	uint64_t facts;
	const void *info;
	const char *full_name;
	uint32_t id, type, key_size, value_size, max_entries, flags;
	uint32_t known_frozen;
	char name[EVENT_NAME_BYTES];
};

struct process_key {
	uint64_t serial;
	uint32_t pid, uid, ppid, tracer;
	uint64_t acts;
	char comm[EVENT_NAME_BYTES];
};

union group_key {
	struct map_key map;
	struct process_key process;
};

struct group_cache {
	union group_key keys[PLACES];
	bool used[PLACES];
	uint8_t next[PLACES / WAYS];	/* the way that is taken next */
	uint64_t *bits;	/* r->words of each */
	uint64_t *once;	/* of what can't be kept */
};

static struct group_cache *cache_new(size_t words)
{
	struct group_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->bits = calloc((PLACES + 1) * (words + 1), sizeof(*cache->bits));
	if (!cache->bits) {
		free(cache);
		return NULL;
	}
	cache->once = cache->bits + PLACES * words;
	return cache;
}

static void cache_free(struct group_cache *cache)
{
	if (!cache)
		return;
	free(cache->bits);
	free(cache);
}

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= 1ull << i % 64;
}

bool ruleset_index(struct ruleset *r)
{
	r->words = (r->n_clauses + 63) / 64;
	r->maps = cache_new(r->words);
	r->processes = cache_new(r->words);
	r->all = calloc(r->words + 1, sizeof(*r->all));
	if (!r->maps || !r->processes || !r->all)
		return false;
	for (unsigned int type = 0; type < EVENT_TYPES; type++) {
		r->of_type[type] = calloc(r->words + 1, sizeof(**r->of_type));
		if (!r->of_type[type])
			return false;
		for (size_t i = 0; i < r->n_clauses; i++)
			if (r->clauses[i].match.types >> type & 1)
				set_bit(r->of_type[type], i);
	}
	return true;
}

void ruleset_index_free(struct ruleset *r)
{
	cache_free(r->maps);
	cache_free(r->processes);
	free(r->all);
	for (unsigned int type = 0; type < EVENT_TYPES; type++)
		free(r->of_type[type]);
}

static void match_all(const struct ruleset *r, enum fact_group group, const struct event *e,
		      uint64_t *bits)
{
	memset(bits, 0, r->words * sizeof(*bits));
	for (size_t i = 0; i < r->n_clauses; i++)
		if (match_group(&r->clauses[i].match, group, e))
			set_bit(bits, i);
}

static uint64_t mix(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15ull;
	return n ^ n >> 32;
}

/* False: what is known of it may change without the key. */
static bool make_key(enum fact_group group, const struct event *e, union group_key *key,
		     size_t *set)
{
	const struct event_map *m = &e->map;
	const struct event_task *t = &e->task;

	memset(key, 0, sizeof(*key));
	if (group == GROUP_PROCESS) {
		key->process = (struct process_key){
			.serial = t->process ? t->process->serial : 0,
			.pid = t->pid,
			.uid = t->uid,
			.ppid = t->ppid,
			.tracer = t->tracer,
			.acts = event_has_actor(e->type),
		};
		memcpy(key->process.comm, t->comm, strnlen(t->comm, EVENT_NAME_BYTES));
		*set = mix(t->pid + key->process.serial) % (PLACES / WAYS);
		return !t->process || t->process->serial;
	}
	key->map = (struct map_key){
		.facts = m->facts ? m->facts->serial : 0,
		.info = m->info,
		.full_name = m->info ? m->info->full_name : NULL,
		.id = m->id,
		.type = m->type,
		.key_size = m->key_size,
		.value_size = m->value_size,
		.max_entries = m->max_entries,
		.flags = m->flags,
		.known_frozen = m->known | (uint32_t)m->frozen << 1,
	};
	if (m->name)
		memcpy(key->map.name, m->name, strnlen(m->name, EVENT_NAME_BYTES));
	*set = mix(m->id) % (PLACES / WAYS);
	return !m->facts || m->facts->serial;
}

static const uint64_t *bits_of(const struct ruleset *r, struct group_cache *cache,
			       enum fact_group group, const struct event *e)
{
	union group_key key;
	size_t set, place;
	uint64_t *bits;

	if (!make_key(group, e, &key, &set)) {
		match_all(r, group, e, cache->once);
		return cache->once;
	}
	for (place = set * WAYS; place < (set + 1) * WAYS; place++)
		if (cache->used[place] && !memcmp(&cache->keys[place], &key, sizeof(key)))
			return cache->bits + place * r->words;
	place = set * WAYS + cache->next[set]++ % WAYS;
	bits = cache->bits + place * r->words;
	match_all(r, group, e, bits);
	cache->keys[place] = key;
	cache->used[place] = true;
	return bits;
}

void index_event(struct ruleset *r, const struct event *e,
		 void (*each)(void *context, const struct clause *clause), void *context)
{
	const uint64_t *types = r->of_type[e->type], *maps, *processes;
	bool has_map = e->type != EVENT_FS_CHANGE && e->type != EVENT_ALERT;
	uint64_t any = 0;

	for (size_t w = 0; w < r->words; w++)
		any |= types[w];
	if (!any)
		return;
	/* What an event without the one or the other lacks is not kept. */
	if (has_map) {
		maps = bits_of(r, r->maps, GROUP_MAP, e);
	} else {
		match_all(r, GROUP_MAP, e, r->maps->once);
		maps = r->maps->once;
	}
	for (size_t w = any = 0; w < r->words; w++)
		any |= types[w] & maps[w];
	if (!any)
		return;
	if (e->type != EVENT_ALERT && e->task.comm) {
		processes = bits_of(r, r->processes, GROUP_PROCESS, e);
	} else {
		match_all(r, GROUP_PROCESS, e, r->processes->once);
		processes = r->processes->once;
	}
	for (size_t w = 0; w < r->words; w++) {
		uint64_t left = types[w] & maps[w] & processes[w];

		for (; left; left &= left - 1) {
			const struct clause *c = &r->clauses[w * 64 + __builtin_ctzll(left)];

			if (match_group(&c->match, GROUP_EVENT, e))
				each(context, c);
		}
	}
}
