/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters and their text; see metrics.h. */
#include "sinks/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/type.h"
#include "version.h"

#define NAMES_MAX 32	/* rules of alerts, places of loss: more than there are */
#define NAME_ROOM 64

enum writer { WRITER_PROCESS, WRITER_PROGRAM, WRITER_KERNEL, WRITER_UNKNOWN, WRITERS };

static const char *const writer_names[WRITERS] = { "process", "program", "kernel", "unknown" };

/* Without holes: compared and hashed as bytes. */
struct series_key {
	uint32_t map_id;
	uint32_t writer;	/* enum writer */
	char map[EVENT_NAME_BYTES], by[EVENT_NAME_BYTES];	/* padded with NULs */
};

struct series {
	struct series_key key;
	uint64_t count;		/* 0: free */
	bool gone;		/* its map; others may take its place */
};

struct named {
	char name[NAME_ROOM];
	uint64_t count[SEVERITIES];	/* alerts by severity; else the first */
};

struct hook_health {
	char name[NAME_ROOM], state[NAME_ROOM];	/* "fexit", ..., "missing" */
	bool attached;
};

struct metrics {
	uint64_t by_type[EVENT_TYPES], results[2];
	uint64_t summarized;	/* writes */
	struct named alerts[NAMES_MAX], lost[NAMES_MAX];
	struct hook_health hooks[WIRE_HOOK_COUNT];
	size_t n_hooks;
	bool started, degraded;
	uint64_t start_ns, last_ns;
	char kernel[NAME_ROOM];
	bool has_heartbeat;
	struct monitor heartbeat;	/* only its numbers */
	/* A hash table of twice as many places as may be taken. */
	struct series *series;
	size_t places, n_series, n_gone, max_series;
	uint64_t other;
};

struct metrics *metrics_new(size_t series)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->max_series = series;
	m->places = series * 2;
	m->series = calloc(m->places, sizeof(*m->series));
	if (m->series)
		return m;
	free(m);
	return NULL;
}

void metrics_free(struct metrics *m)
{
	if (m)
		free(m->series);
	free(m);
}

/* ---- counting ---- */

static uint64_t hash_of(const struct series_key *key)
{
	const unsigned char *bytes = (const unsigned char *)key;
	uint64_t hash = 14695981039346656037ull;	/* FNV-1a */

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ bytes[i]) * 1099511628211ull;
	return hash;
}

/* Its place, or the free one where it belongs. */
static struct series *find(struct metrics *m, const struct series_key *key)
{
	size_t at = hash_of(key) % m->places;

	while (m->series[at].count && memcmp(&m->series[at].key, key, sizeof(*key)))
		at = (at + 1) % m->places;
	return &m->series[at];
}

/* Maps that are gone make room, all at once. False: there are none. */
static bool drop_gone(struct metrics *m)
{
	struct series *before = m->series;
	struct series *now = m->n_gone ? calloc(m->places, sizeof(*now)) : NULL;

	if (!now)
		return false;
	m->series = now;
	m->n_series = m->n_gone = 0;
	for (size_t i = 0; i < m->places; i++) {
		if (!before[i].count || before[i].gone)
			continue;
		*find(m, &before[i].key) = before[i];
		m->n_series++;
	}
	free(before);
	return true;
}

static void count_series(struct metrics *m, const struct series_key *key, uint64_t n)
{
	struct series *s = find(m, key);

	if (!s->count && m->n_series == m->max_series) {
		if (!drop_gone(m)) {
			m->other += n;
			return;
		}
		s = find(m, key);
	}
	if (!s->count) {
		s->key = *key;
		s->gone = false;
		m->n_series++;
	}
	s->count += n;
}

static void map_gone(struct metrics *m, uint32_t id)
{
	for (size_t i = 0; i < m->places; i++) {
		struct series *s = &m->series[i];

		if (!s->count || s->gone || s->key.map_id != id)
			continue;
		s->gone = true;
		m->n_gone++;
	}
}

/* The last place is for all that have none. */
static struct named *find_named(struct named *list, const char *name)
{
	size_t i;

	for (i = 0; i < NAMES_MAX - 1 && list[i].name[0]; i++)
		if (!strncmp(list[i].name, name, NAME_ROOM - 1))
			return &list[i];
	if (!list[i].name[0])
		snprintf(list[i].name, NAME_ROOM, "%s", i < NAMES_MAX - 1 ? name : "other");
	return &list[i];
}

static enum writer writer_of(const struct event *e, const struct item_about *about)
{
	if (e->via == VIA_PROGRAM && e->program)
		return WRITER_PROGRAM;
	if (e->via == VIA_KERNEL)
		return WRITER_KERNEL;
	return about->has_task && e->via != VIA_PROGRAM ? WRITER_PROCESS : WRITER_UNKNOWN;
}

void metrics_event(struct metrics *m, const struct event *e, const struct item_about *about)
{
	struct series_key key = { .map_id = about->map_id };
	uint64_t n = event_count(e);

	m->by_type[e->type]++;
	m->last_ns = e->time_ns;
	if (e->type == EVENT_SUMMARY)
		m->summarized += n;
	if (e->type == EVENT_ALERT) {
		find_named(m->alerts, about->rule)->count[e->alert.severity]++;
		return;
	}
	if (about->has_result)
		m->results[about->result < 0] += n;
	if (!about->map_id)
		return;
	if (e->type == EVENT_MAP_FREE) {
		map_gone(m, about->map_id);
		return;
	}
	key.writer = writer_of(e, about);
	memcpy(key.map, about->map_name, strlen(about->map_name));
	if (key.writer == WRITER_PROGRAM)
		memcpy(key.by, about->prog_name, strlen(about->prog_name));
	else if (key.writer == WRITER_PROCESS)
		memcpy(key.by, about->comm, strlen(about->comm));
	count_series(m, &key, n);
}

static void note_start(struct metrics *m, const struct monitor *said)
{
	m->started = true;
	m->start_ns = said->time_ns;
	m->degraded = said->mode && strcmp(said->mode, "full") != 0;
	snprintf(m->kernel, sizeof(m->kernel), "%s", said->kernel ? said->kernel : "");
	m->n_hooks = 0;
	for (size_t i = 0; i < said->n_hooks && i < WIRE_HOOK_COUNT; i++) {
		struct hook_health *h = &m->hooks[m->n_hooks++];

		snprintf(h->name, sizeof(h->name), "%s", said->hooks[i].name);
		snprintf(h->state, sizeof(h->state), "%s", said->hooks[i].attached);
		for (int k = ATTACH_FENTRY; k <= ATTACH_TRACEPOINT; k++)
			h->attached |= !strcmp(h->state, attach_kind_names[k]);
	}
}

void metrics_monitor(struct metrics *m, const struct monitor *said)
{
	if (said->type == MONITOR_START)
		note_start(m, said);
	if (said->type == MONITOR_LOST)
		find_named(m->lost, said->where)->count[0] += said->lost;
	if (said->type == MONITOR_HEARTBEAT || said->type == MONITOR_STOP) {
		m->has_heartbeat = true;
		m->heartbeat = *said;
		m->heartbeat.outputs = NULL;	/* lent */
	}
}

/* ---- text ---- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
	const char *const words[] = {
		"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		buf_str(b, words[i]);
}

/* Bytes that are no ASCII text become \xNN: a backslash is escaped here. */
static void label(struct buf *b, const char *name, const char *value, size_t size)
{
	buf_printf(b, "%c%s=\"", b->len && b->data[b->len - 1] == '"' ? ',' : '{', name);
	for (size_t i = 0; i < size && value[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\\' || c == '"')
			buf_printf(b, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			buf_bytes(b, &c, 1);
		else
			buf_printf(b, "\\\\x%02x", c);
	}
	buf_str(b, "\"");
}

static void value(struct buf *b, uint64_t n)
{
	buf_printf(b, "%s %" PRIu64 "\n", b->data[b->len - 1] == '"' ? "}" : "", n);
}

static void seconds(struct buf *b, uint64_t ns)
{
	buf_printf(b, " %" PRIu64 ".%03" PRIu64 "\n", ns / 1000000000, ns / 1000000 % 1000);
}

static void plain(struct buf *b, const char *name, const char *type, const char *help, uint64_t n)
{
	head(b, name, type, help);
	buf_str(b, name);
	value(b, n);
}

static void put_self(const struct metrics *m, struct buf *b)
{
	head(b, "bpfmon_build_info", "gauge", "Version of bpfmon and of the kernel.");
	buf_str(b, "bpfmon_build_info");
	label(b, "version", BPFMON_VERSION, SIZE_MAX);
	label(b, "kernel", m->kernel, sizeof(m->kernel));
	value(b, 1);
	if (!m->started)
		return;
	head(b, "bpfmon_start_time_seconds", "gauge", "When watching began, Unix time.");
	buf_str(b, "bpfmon_start_time_seconds");
	seconds(b, m->start_ns);
	plain(b, "bpfmon_degraded", "gauge", "1 when it sees less than in full mode.", m->degraded);
	if (m->n_hooks)
		head(b, "bpfmon_hook_attached", "gauge",
		     "1 for each hook that is attached, by whatever way.");
	for (size_t i = 0; i < m->n_hooks; i++) {
		buf_str(b, "bpfmon_hook_attached");
		label(b, "hook", m->hooks[i].name, NAME_ROOM);
		label(b, "state", m->hooks[i].state, NAME_ROOM);
		value(b, m->hooks[i].attached);
	}
}

static void put_events(const struct metrics *m, struct buf *b)
{
	head(b, "bpfmon_events_total", "counter", "Events by type.");
	for (unsigned int t = 0; t < EVENT_TYPES; t++) {
		buf_str(b, "bpfmon_events_total");
		label(b, "type", event_type_names[t], SIZE_MAX);
		value(b, m->by_type[t]);
	}
	plain(b, "bpfmon_summarized_total", "counter",
	      "Writes that are in a count of monitor.summary and in no other event.",
	      m->summarized);
	head(b, "bpfmon_results_total", "counter",
	     "Events with a result, each write of a summary too: done, or refused.");
	for (unsigned int i = 0; i < 2; i++) {
		buf_str(b, "bpfmon_results_total");
		label(b, "result", i ? "refused" : "done", SIZE_MAX);
		value(b, m->results[i]);
	}
	if (m->last_ns) {
		head(b, "bpfmon_last_event_time_seconds", "gauge",
		     "When the last event happened, Unix time.");
		buf_str(b, "bpfmon_last_event_time_seconds");
		seconds(b, m->last_ns);
	}
}

static void put_one_series(struct buf *b, const char *map_id, const char *map, const char *kind,
			   const char *by, uint64_t count)
{
	buf_str(b, "bpfmon_map_events_total");
	label(b, "map_id", map_id, SIZE_MAX);
	label(b, "map", map, EVENT_NAME_BYTES);
	label(b, "writer_type", kind, SIZE_MAX);
	label(b, "writer", by, EVENT_NAME_BYTES);
	value(b, count);
}

static void put_series(const struct metrics *m, struct buf *b)
{
	char id[16];

	plain(b, "bpfmon_map_series", "gauge", "Series of bpfmon_map_events_total, but for other.",
	      m->n_series);
	plain(b, "bpfmon_map_series_limit", "gauge",
	      "How many there may be; what is over that is in the series other.", m->max_series);
	head(b, "bpfmon_map_events_total", "counter",
	     "Events by map and who made them, each write of a summary too.");
	for (size_t i = 0; i < m->places; i++) {
		const struct series *s = &m->series[i];

		if (!s->count)
			continue;
		snprintf(id, sizeof(id), "%u", s->key.map_id);
		put_one_series(b, id, s->key.map, writer_names[s->key.writer], s->key.by, s->count);
	}
	put_one_series(b, "other", "other", "other", "other", m->other);
}

static void put_alerts(const struct metrics *m, struct buf *b)
{
	head(b, "bpfmon_alerts_total", "counter", "Alerts by rule and severity.");
	for (size_t i = 0; i < NAMES_MAX && m->alerts[i].name[0]; i++) {
		for (unsigned int s = 0; s < SEVERITIES; s++) {
			if (!m->alerts[i].count[s])
				continue;
			buf_str(b, "bpfmon_alerts_total");
			label(b, "rule", m->alerts[i].name, NAME_ROOM);
			label(b, "severity", event_severity_names[s], SIZE_MAX);
			value(b, m->alerts[i].count[s]);
		}
	}
}

static void put_losses(const struct metrics *m, struct buf *b)
{
	head(b, "bpfmon_lost_total", "counter", "Events that were lost, by where.");
	for (size_t i = 0; i < NAMES_MAX && m->lost[i].name[0]; i++) {
		buf_str(b, "bpfmon_lost_total");
		label(b, "where", m->lost[i].name, NAME_ROOM);
		value(b, m->lost[i].count[0]);
	}
	if (!m->has_heartbeat)
		return;
	plain(b, "bpfmon_seen_total", "counter", "What hooks saw, at the last heartbeat.",
	      m->heartbeat.seen);
	plain(b, "bpfmon_filtered_total", "counter",
	      "What filters left out, at the last heartbeat.", m->heartbeat.filtered);
	if (!m->heartbeat.ring_size)
		return;
	plain(b, "bpfmon_ring_used_bytes", "gauge", "Of the ring, at the last heartbeat.",
	      m->heartbeat.ring_used);
	plain(b, "bpfmon_ring_size_bytes", "gauge", "Size of the ring.", m->heartbeat.ring_size);
}

static void put_outputs(struct sinks *all, struct buf *b)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		{ "bpfmon_output_lines_total", "counter", "Lines that an output wrote." },
		{ "bpfmon_output_lost_total", "counter", "Lines that an output could not take." },
		{ "bpfmon_output_queue_bytes", "gauge", "Bytes that wait in the output's queue." },
	};
	struct monitor_output o;

	for (size_t f = 0; all && f < sizeof(families) / sizeof(families[0]); f++) {
		head(b, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; sinks_output(all, i, &o); i++) {
			char number[16];

			if (!strcmp(o.type, sinks_prometheus.name))
				continue;	/* it has no queue */
			snprintf(number, sizeof(number), "%zu", i);
			buf_str(b, families[f].name);
			label(b, "number", number, SIZE_MAX);
			label(b, "output", o.name, SIZE_MAX);
			label(b, "type", o.type, SIZE_MAX);
			value(b, f == 0 ? o.lines : f == 1 ? o.lost : o.queued);
		}
	}
}

void metrics_write(const struct metrics *m, struct sinks *all, struct buf *b)
{
	put_self(m, b);
	put_events(m, b);
	put_series(m, b);
	put_alerts(m, b);
	put_losses(m, b);
	put_outputs(all, b);
}
