/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon's own hooks: whether their links still run their programs, and how often these are skipped. */
#include <inttypes.h>
#include <string.h>

#include "eyes/detect.h"

/* A spell of skipped programs is over when there was none for so long, and all were asked again. */
#define QUIET_NS (10 * SECOND_NS)
#define QUIET_ROUNDS 5
/* The accounts tell what was lost by it up to two looks later: so long the alert waits for that. */
#define WAIT_NS (3 * SECOND_NS)

static void learn_misses(struct eyes *eyes, unsigned int hook, uint64_t more)
{
	struct programs *p = &eyes->programs;

	if (!more)
		return;
	p->missed[hook] += more;
	p->last_miss_ns = eyes->now_ns;
	if (!p->first_miss_ns)
		p->first_miss_ns = eyes->now_ns;
}

static void ask_program(struct eyes *eyes, unsigned int hook, unsigned int n)
{
	struct programs *p = &eyes->programs;
	struct attach_program now = { .id = 0 };
	uint64_t *misses = &p->of[hook][n].misses;
	uint32_t *id = &p->of[hook][n].id;

	if (!eyes->ask->program(eyes->ask->obj, hook, n, &now))
		return;
	/* Hooks on demand come later; what was skipped before is not news. */
	if (p->of[hook][n].known && now.misses > *misses)
		learn_misses(eyes, hook, now.misses - *misses);
	p->of[hook][n].known = true;
	if (now.misses > *misses)
		*misses = now.misses;
	if (!*id)
		*id = now.id;
	if (now.id != *id) {
		p->gone[hook] = true;
		p->why[hook] = now.err;
	}
}

void eyes_ask_programs(struct eyes *eyes, unsigned int n_hooks)
{
	struct programs *p = &eyes->programs;

	for (; n_hooks; n_hooks--) {
		p->gone[p->next] = false;
		for (unsigned int n = 0; n < HOOK_PROGRAMS; n++)
			ask_program(eyes, p->next, n);
		p->next = (p->next + 1) % WIRE_HOOK_COUNT;
	}
}

void eyes_look_gone(struct eyes *eyes, unsigned int what, struct finding *f)
{
	const struct programs *p = &eyes->programs;

	(void)what;
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		if (!p->gone[i])
			continue;
		buf_printf(&f->reason, "%s%s",
			   f->bad ? ", " : "hooks that are not attached any more: ", hooks[i].name);
		if (p->why[i])
			buf_printf(&f->reason, " (%s)", strerror(-p->why[i]));
		f->bad = true;
		f->which = f->which * 31 + i + 1;
	}
	if (!f->bad)
		buf_str(&f->reason, "all hooks are attached");
}

/*
 * Waits for the line that tells what was lost, which is the cause to look at; that it does not come
 * is well possible: what was skipped may have been reported by another hook.
 */
void eyes_look_misses(struct eyes *eyes, unsigned int what, struct finding *f)
{
	struct programs *p = &eyes->programs;
	uint64_t quiet_ns = QUIET_ROUNDS * eyes->interval_ns, lost, sum = 0;

	(void)what;
	if (!p->last_miss_ns)
		return;
	if (quiet_ns < QUIET_NS)
		quiet_ns = QUIET_NS;
	lost = eyes->ask->lost(eyes->ask->context);
	if (p->told && eyes->now_ns - p->last_miss_ns >= quiet_ns) {
		memset(p->missed, 0, sizeof(p->missed));
		p->first_miss_ns = p->last_miss_ns = 0;
		p->told_lost = lost;
		p->told = false;
		buf_printf(&f->reason, "no program of bpfmon was skipped for %" PRIu64 " s",
			   (uint64_t)(quiet_ns / SECOND_NS));
		return;
	}
	if (!p->told && lost == p->told_lost && eyes->now_ns - p->first_miss_ns < WAIT_NS)
		return;
	p->told = true;
	f->bad = true;
	buf_str(&f->reason, "the kernel skipped programs of bpfmon that were at work already: ");
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		if (p->missed[i])
			buf_printf(&f->reason, "%s%s %" PRIu64, sum ? ", " : "", hooks[i].name,
				   p->missed[i]);
		sum += p->missed[i];
	}
	if (lost != p->told_lost)
		f->causes[f->n_causes++].seq = lost;
}
