/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* map.change for the pipeline; see changes.h. */
#include "content/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "content/ask.h"
#include "content/tell.h"
#include "lib/clock.h"
#include "lib/log.h"

#define ALL_LIMITS 16	/* what is kept of all maps, in limits of one */

struct changes {
	struct changes_env env;
	struct content *content;
	struct content_ask *ask;
	struct tell tell;
	uint64_t told_interval_ns;
	uint32_t told_restless;
};

static bool next(void *context, uint32_t *id)
{
	(void)context;
	return content_ask_next(id);
}

static int ask_map(void *context, uint32_t id, struct inv_map *out)
{
	const struct changes *c = context;
	int err;

	/* Not even opened: to that bpfmon it would look like an access to its maps. */
	if (c->env.is_bpfmons(c->env.context, id))
		return -EPERM;
	err = content_ask_map(id, out);
	return !err && !c->env.wanted(c->env.context, out) ? -EPERM : err;
}

static int ask_read(void *context, const struct inv_map *map, struct reading *into)
{
	(void)context;
	return content_ask_read(map, into);
}

static uint64_t losses(void *context)
{
	const struct changes *c = context;

	return c->env.losses(c->env.context);
}

static uint64_t hidden(void *context, uint32_t id)
{
	const struct changes *c = context;

	return c->env.hidden(c->env.context, id);
}

static uint64_t ask_clock(void *context, clockid_t clock)
{
	(void)context;
	return clock_ns(clock);
}

static void unheld(void *context, uint64_t n)
{
	const struct changes *c = context;

	c->env.unheld(c->env.context, n);
}

static struct inventory *ask_users(void *context, const struct content_change *changes, size_t n)
{
	struct changes *c = context;

	return content_ask_users(c->ask, changes, n);
}

static void report(void *context, const struct content_change *changes, size_t n)
{
	struct changes *c = context;
	struct event e;

	for (size_t i = 0; i < n; i++) {
		c->tell.helpers_seen = c->env.helpers_seen(c->env.context, changes[i].map->type);
		tell_change(&c->tell, &changes[i], &e);
		c->env.put(c->env.context, &e);
	}
}

int changes_possible(void)
{
	return content_ask_possible();
}

/* Without one it is the clock's, of the boot, which few know. */
static uint64_t random_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = clock_ns(CLOCK_MONOTONIC);
	return seed;
}

struct changes *changes_new(const struct changes_env *env)
{
	const struct content_opts opts = { .interval_ns = env->interval_ns,
					   .map_bytes = env->limit_bytes,
					   .all_bytes = ALL_LIMITS * env->limit_bytes,
					   .cpus = env->cpus,
					   .every_round = env->every_round,
					   .seed = random_seed() };
	struct changes *c = calloc(1, sizeof(*c));
	const struct content_source source = { .next = next,
					       .map = ask_map,
					       .read = ask_read,
					       .losses = losses,
					       .hidden = hidden,
					       .clock = ask_clock,
					       .users = ask_users,
					       .report = report,
					       .unheld = unheld,
					       .context = c };

	if (!c)
		return NULL;
	c->env = *env;
	c->tell.cpus = env->cpus;
	c->tell.bytes = env->bytes;
	c->ask = content_ask_new();
	c->content = content_new(&opts, &source);
	if (c->ask && c->content)
		return c;
	changes_free(c);
	return NULL;
}

void changes_free(struct changes *c)
{
	if (!c)
		return;
	content_free(c->content);
	content_ask_free(c->ask);
	free(c);
}

void changes_event(struct changes *c, const struct event *e)
{
	if (c)
		content_event(c->content, e);
}

uint64_t changes_due(const struct changes *c)
{
	return c ? content_due(c->content) : UINT64_MAX;
}

/* Once for each time that it doubles, or is again what was asked for. */
static void tell_interval(struct changes *c, const struct content_stats *stats)
{
	uint64_t told = c->told_interval_ns;

	if (stats->interval_ns < 2 * told &&
	    (stats->interval_ns > c->env.interval_ns || told <= c->env.interval_ns))
		return;
	c->told_interval_ns = stats->interval_ns;
	log_debug("content of %" PRIu64 " maps is compared every %" PRIu64 ".%03" PRIu64
		  " s; %" PRIu64 " kB kept, %" PRIu64 " maps are too large",
		  stats->maps, stats->interval_ns / 1000000000, stats->interval_ns / 1000000 % 1000,
		  stats->bytes / 1024, stats->too_large);
}

void changes_step(struct changes *c, uint64_t caught_ns)
{
	struct content_stats stats;

	if (!c || clock_ns(CLOCK_MONOTONIC) < changes_due(c))
		return;
	content_step(c->content, caught_ns);
	stats = content_stats(c->content);
	if (stats.rounds)
		tell_interval(c, &stats);
	if (stats.restless != c->told_restless)
		log_info(
			"content of map %" PRIu32
			" changes all the time: it is compared in one round of %d; -m compares it in each",
			stats.restless, CONTENT_RESTLESS_ROUNDS + 1);
	c->told_restless = stats.restless;
}

void changes_begin(struct changes *c)
{
	while (c && clock_ns(CLOCK_MONOTONIC) >= changes_due(c))
		changes_step(c, 0);
}

void changes_end(struct changes *c)
{
	if (c)
		content_end(c->content);
}

struct content_stats changes_stats(const struct changes *c)
{
	return c ? content_stats(c->content) : (struct content_stats){};
}
