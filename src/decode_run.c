/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records about programs and links; see decode.h. */
#include <errno.h>
#include <string.h>

#include "decode.h"

static void decode_program(const struct wire_program *w, struct event_prog *p)
{
	p->id = w->id;
	p->type = w->type;
	memcpy(p->tag, w->tag, sizeof(p->tag));
	memcpy(p->name, w->name, sizeof(p->name));
}

static enum event_type type_of(uint32_t what)
{
	static const enum event_type types[WIRE_RUN_KINDS] = {
		[WIRE_RUN_LOAD] = EVENT_PROG_LOAD,
		[WIRE_RUN_UNLOAD] = EVENT_PROG_UNLOAD,
		[WIRE_RUN_ATTACH] = EVENT_PROG_ATTACH,
		[WIRE_RUN_DETACH] = EVENT_PROG_DETACH,
		[WIRE_RUN_LINK_CREATE] = EVENT_LINK_CREATE,
		[WIRE_RUN_LINK_UPDATE] = EVENT_LINK_UPDATE,
		[WIRE_RUN_LINK_DETACH] = EVENT_LINK_DETACH,
		[WIRE_RUN_LINK_FREE] = EVENT_LINK_DETACH,
		[WIRE_RUN_PROG_OPEN] = EVENT_HANDLE,
		[WIRE_RUN_LINK_OPEN] = EVENT_HANDLE,
	};

	return types[what];
}

int decode_run(const struct decode_env *env, const void *record, size_t len, struct event *e)
{
	const struct wire_run *w = record;
	struct event_run *r = &e->run;

	(void)env;
	_Static_assert(sizeof(struct event_used) == sizeof(struct wire_used) &&
			       offsetof(struct event_used, name) ==
				       offsetof(struct wire_used, name),
		       "lent as they are");
	if (len < sizeof(*w) || w->what >= WIRE_RUN_KINDS || w->result > 0 || w->result < -4095 ||
	    !memchr(w->name, '\0', sizeof(w->name)) ||
	    decode_object(&w->target, w->path, &e->object))
		return -EBADMSG;
	e->type = type_of(w->what);
	if (w->what == WIRE_RUN_LINK_FREE)
		e->via = VIA_KERNEL;
	e->has_result = w->flags & WIRE_RUN_RESULT;
	e->result = w->result;
	decode_program(&w->program, &r->program);
	decode_program(&w->old_program, &r->old_program);
	r->link_id = w->link_id;
	r->link_type = w->link_type;
	r->has_attach_type = w->flags & WIRE_RUN_TYPE;
	r->attach_type = w->attach_type;
	r->name = w->name[0] ? w->name : NULL;
	r->n_maps = w->maps < WIRE_USED ? w->maps : WIRE_USED;
	r->maps = (const struct event_used *)w->used;
	r->maps_more = w->maps - (uint32_t)r->n_maps;
	return 0;
}
