/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a difference to map.change; see tell.h. */
#include "content/tell.h"

#include <string.h>

#include "bpfmon/wire.h"
#include "maptype.h"

#define CPUS_BYTES 8192	/* shown of all CPUs' values together, as of those that hooks capture */

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static void set_value(const struct tell *t, const struct inv_map *m, const uint8_t *data,
		      enum event_value_shape *shape, struct event_bytes *out)
{
	size_t size = m->value_size;

	if (!data)
		return;
	*shape = VALUE_ONE;
	*out = (struct event_bytes){ data, at_most(size, t->bytes), size };
	if (!(maptype_percpu() >> m->type & 1))
		return;
	*shape = VALUE_CPUS;
	size = (size + 7) / 8 * 8 * t->cpus;
	*out = (struct event_bytes){ data, at_most(size, CPUS_BYTES), size };
}

/* Where both values are there, but not all of them can be shown. */
static void set_differs(const struct tell *t, struct event *e)
{
	size_t first = 0, end = e->value.size;
	const uint8_t *now = e->value.data, *old = e->old.data;

	if (e->shape == VALUE_NONE || e->old_state != OLD_READ ||
	    (e->shape == VALUE_ONE && e->value.len == e->value.size) ||
	    (e->shape == VALUE_CPUS && e->value.len == e->value.size &&
	     e->map.value_size <= t->bytes))
		return;
	while (first < end && now[first] == old[first])
		first++;
	while (end > first && now[end - 1] == old[end - 1])
		end--;
	e->differs.offset = first;
	e->differs.now =
		(struct event_bytes){ now + first, at_most(end - first, t->bytes), end - first };
	e->differs.old =
		(struct event_bytes){ old + first, at_most(end - first, t->bytes), end - first };
}

static void set_suspects(struct tell *t, const struct inv_map *m, const struct inventory *users,
			 struct event *e)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_progs && i < TELL_SUSPECTS; i++) {
		const struct inv_prog *p = &users->progs[m->progs[i]];

		t->progs[i] = (struct event_suspect_prog){ .id = p->id, .type = p->type };
		memcpy(t->progs[i].name, p->name, sizeof(p->name));
	}
	for (size_t i = 0; i < m->n_processes; i++) {
		const struct inv_process *p = &m->processes[i];

		if (!p->mmaps || !(p->mmap_mode & INV_WRITE))
			continue;
		if (n == TELL_SUSPECTS) {
			e->suspects_cut = true;
			break;
		}
		t->processes[n].pid = p->pid;
		memcpy(t->processes[n++].comm, p->comm, sizeof(p->comm));
	}
	e->suspect_progs = t->progs;
	e->n_suspect_progs = at_most(m->n_progs, TELL_SUSPECTS);
	e->suspects = t->processes;
	e->n_suspects = n;
	e->suspects_cut |= m->n_progs > TELL_SUSPECTS;
}

/*
 * A store can't make an element or remove one. Without a suspect whoever it was has gone since: a
 * program that was unloaded, or a process that unmapped it.
 */
static enum event_via via_of(const struct tell *t, const struct event *e)
{
	if (e->op == OP_DELETE || e->old_state == OLD_NONE)
		return VIA_UNKNOWN;
	if (e->n_suspect_progs)
		return t->helpers_seen ? VIA_POINTER : VIA_UNKNOWN;
	return e->n_suspects ? VIA_MMAP : VIA_UNKNOWN;
}

void tell_change(struct tell *t, const struct content_change *change, struct event *e)
{
	static const char nobody[EVENT_NAME_BYTES];
	const struct difference *d = &change->what;
	const struct inventory *users = change->users;
	const struct inv_map *m = users ? inventory_find(users, change->map->id) : NULL;

	*e = (struct event){ .type = EVENT_MAP_CHANGE,
			     .time_ns = change->time_ns,
			     .task.comm = nobody,
			     .op = d->value ? OP_UPDATE : OP_DELETE,
			     .fd = -1,
			     .value_cpus = t->cpus,
			     .value_bytes_max = t->bytes,
			     .old_state = d->old ? OLD_READ : OLD_NONE };
	e->map = inventory_event_map(change->map);
	e->key =
		(struct event_bytes){ d->key, at_most(e->map.key_size, t->bytes), e->map.key_size };
	set_value(t, change->map, d->value, &e->shape, &e->value);
	set_value(t, change->map, d->old, &e->old_shape, &e->old);
	set_differs(t, e);
	/* Into a slot for a descriptor neither a program nor a mapping can store. */
	if (m && maptype_has(change->map->type, MAPTYPE_STORES | MAPTYPE_QUEUE))
		set_suspects(t, m, users, e);
	e->via = via_of(t, e);
}
