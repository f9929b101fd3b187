/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The canary: a write of bpfmon's own to a map of its own, in each round, that goes through bpf(2),
 * its hooks, the ring and the decoder like anybody's. What does not come out at the other end by the
 * next round is not seen of others either, whoever or whatever is to blame.
 */
#include "eyes/detect.h"

/*
 * The kernel may skip a hook for one write: it is at work on the same CPU for a task that was
 * preempted. That this happens to all of these, one after the other, is no chance.
 */
#define WRITES 3

enum {
	SEEN = 1,		/* an event at all */
	SEEN_CALL = 2,		/* with the command: the hooks on bpf(2) */
	SEEN_OPERATION = 4,	/* with the value before: the hooks on the map's operations */
};

static const struct {
	unsigned int kind;
	const char *lost;
} kinds[] = {
	{ SEEN, "no event came of it: nothing is seen" },
	{ SEEN_CALL, "the hooks on bpf(2) did not: refused attempts, opens and pins are not seen" },
	{ SEEN_OPERATION,
	  "the hooks on operations of maps did not: writes of BPF programs are not seen" },
};

void eyes_canary(struct eyes *eyes, const struct event *e)
{
	eyes->canary.seen |= SEEN;
	if (e->via == VIA_SYSCALL)
		eyes->canary.seen |= SEEN_CALL;
	if (e->old_state != OLD_UNKNOWN)
		eyes->canary.seen |= SEEN_OPERATION;
}

bool eyes_blind(const struct eyes *eyes)
{
	return eyes->canary.blind;
}

static void write_again(struct eyes *eyes)
{
	const struct eyes_ask *ask = eyes->ask;
	struct canary *c = &eyes->canary;

	c->seen = 0;
	c->wrote_ns = 0;
	c->losses = ask->losses(ask->context);
	for (int i = 0; i < WRITES; i++)
		if (ask->canary(ask->obj))
			return;	/* there is none: nothing is to be told of it */
	c->wrote_ns = eyes->now_ns;
}

static void judge(struct canary *c, struct finding *f)
{
	unsigned int missing = c->normal & ~c->seen;

	f->bad = c->blind = missing;
	f->which = missing;
	if (!missing) {
		buf_str(&f->reason, "the hooks see what bpfmon itself writes");
		return;
	}
	buf_str(&f->reason, "bpfmon wrote to a map of its own, and ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!(missing & kinds[i].kind))
			continue;
		buf_str(&f->reason, kinds[i].lost);
		return;	/* without an event all the others are missing, too */
	}
}

void eyes_look_canary(struct eyes *eyes, unsigned int what, struct finding *f)
{
	const struct eyes_ask *ask = eyes->ask;
	struct canary *c = &eyes->canary;
	bool lost;

	(void)what;
	f->unasked = true;
	/* A reader that is behind has it before it yet. */
	if (c->wrote_ns && ask->caught(ask->context) <= c->wrote_ns)
		return;
	/* What was lost by overload is told elsewhere: it may have been this. */
	lost = c->normal & ~c->seen && ask->losses(ask->context) != c->losses;
	if (c->wrote_ns && !lost) {
		if (!c->normal)
			c->normal = SEEN | c->seen;
		judge(c, f);
		f->unasked = false;
	}
	write_again(eyes);
}
