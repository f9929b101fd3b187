/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs of others on functions that bpfmon hooks or calls. One that may refuse or answer in the
 * function's place (fmod_ret, LSM) can hide what was done; each of them runs before, after or inside
 * the hooks, where it can keep them from running.
 */
#include <linux/bpf.h>
#include <string.h>

#include "eyes/detect.h"
#include "names.h"

/* Events tell of changes at once; where they are not seen, it takes so long. */
#define EVERY_NS (10 * SECOND_NS)

static bool is_tracing(uint32_t type)
{
	return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM;
}

/* Its function is a tracepoint or what an iterator calls. */
static bool is_on_function(uint32_t attach_type)
{
	return attach_type != BPF_TRACE_RAW_TP && attach_type != BPF_TRACE_ITER;
}

static struct foreign_program *place_for(struct foreign *foreign, uint32_t id)
{
	for (size_t i = 0; i < foreign->n; i++)
		if (foreign->list[i].id == id)
			return &foreign->list[i];
	if (foreign->n < FOREIGN_MAX)
		return &foreign->list[foreign->n++];
	foreign->more++;
	return NULL;
}

static void add(void *to, const struct eyes_program *p)
{
	struct eyes *eyes = to;
	struct foreign_program *at;

	if (!p->id || !is_tracing(p->type) || !is_on_function(p->attach_type) ||
	    !eyes->ask->uses(eyes->ask->obj, p->function) ||
	    eyes->ask->is_own(eyes->ask->context, p->id))
		return;
	at = place_for(&eyes->foreign, p->id);
	if (!at)
		return;
	*at = (struct foreign_program){ p->id, p->type, p->attach_type, "", "" };
	memcpy(at->name, p->name, sizeof(at->name));
	memcpy(at->function, p->function, strnlen(p->function, sizeof(at->function) - 1));
}

/* Of one that is gone when it is looked at the event alone tells. */
void eyes_attached(struct eyes *eyes, const struct event *e)
{
	const struct event_run *r = &e->run;
	const struct eyes_program p = { r->program.id, r->program.type,
					r->has_attach_type ? r->attach_type : 0, r->program.name,
					r->name };

	if (e->type == EVENT_PROG_LOAD && e->result >= 0 && r->program.id)
		helpers_loaded(&eyes->helpers, r->program.id);
	if (!is_tracing(r->program.type) || e->type == EVENT_PROG_LOAD)
		return;
	eyes->foreign.look = true;
	if (e->type == EVENT_LINK_CREATE && e->result >= 0 && r->name)
		add(eyes, &p);
}

static bool answers(const struct foreign_program *p)
{
	return p->type == BPF_PROG_TYPE_LSM || p->attach_type == BPF_MODIFY_RETURN;
}

static void put_program(struct buf *b, const struct foreign_program *p)
{
	const char *type = attach_type_name(p->attach_type);

	buf_printf(b, "%u ", p->id);
	buf_safe(b, p->name, strnlen(p->name, sizeof(p->name)));
	buf_printf(b, " (%s) on ", p->attach_type && type ? type : "tracing");
	buf_safe(b, p->function, strlen(p->function));
}

static bool was_seen(const struct foreign *foreign, uint32_t id)
{
	for (size_t i = 0; i < foreign->n_seen; i++)
		if (foreign->seen[i] == id)
			return true;
	return false;
}

static void remember(struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->n; i++)
		foreign->seen[i] = foreign->list[i].id;
	foreign->n_seen = foreign->n;
	foreign->n = foreign->more = 0;
}

void eyes_look_foreign(struct eyes *eyes, unsigned int what, struct finding *f)
{
	struct foreign *foreign = &eyes->foreign;
	size_t told = foreign->n;
	bool again = told;	/* what events told of may be gone */

	(void)what;
	f->unasked = true;
	if (!foreign->look && eyes->now_ns < foreign->next_ns)
		return;
	foreign->next_ns = eyes->now_ns + EVERY_NS;
	if (eyes->ask->programs(eyes->ask->obj, add, eyes) && !told)
		return;
	f->unasked = false;
	for (size_t i = 0; i < foreign->n; i++) {
		const struct foreign_program *p = &foreign->list[i];

		/* It may be just going, as those of a bpfmon that ends while this one starts. */
		if (i >= told && !was_seen(foreign, p->id)) {
			again = true;
			continue;
		}
		buf_str(&f->reason,
			f->bad ? ", " :
				 "programs of others on functions that bpfmon hooks or calls: ");
		put_program(&f->reason, p);
		f->bad = true;
		f->which += p->id * 0x9e3779b97f4a7c15ull;
		if (answers(p))
			f->severity = SEVERITY_HIGH;
	}
	if (!f->bad)
		buf_str(&f->reason,
			"no program of others is on functions that bpfmon hooks or calls");
	if (foreign->more)
		buf_str(&f->reason, " and others");
	remember(foreign);
	foreign->look = again;
}
