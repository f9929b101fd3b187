/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of JSON into the model; see line.h. */
#include "top/line.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "top/value.h"

void top_lines_init(struct top_lines *l, struct top *t)
{
	memset(l, 0, sizeof(*l));
	l->top = t;
}

void top_lines_fini(struct top_lines *l)
{
	jsonread_fini(&l->json);
	buf_fini(&l->rest);
	buf_fini(&l->actor);
	buf_fini(&l->key);
	buf_fini(&l->value);
	buf_fini(&l->text);
}

/* ---- members ---- */

static uint32_t member(const struct top_lines *l, const char *name)
{
	return jsonread_member(&l->json, 0, name);
}

static uint64_t number(const struct top_lines *l, uint32_t object, const char *name)
{
	uint64_t n;

	return jsonread_u64(&l->json, jsonread_member(&l->json, object, name), &n) ? n : 0;
}

static void clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* Its text, ended by a NUL; "" without memory. */
static const char *text_of(struct buf *b)
{
	buf_bytes(b, "", 1);
	return b->failed ? "" : b->data;
}

static void copy_member(struct top_lines *l, uint32_t object, const char *name, char *to,
			size_t size)
{
	uint32_t node = jsonread_member(&l->json, object, name);

	if (!node)
		return;
	clear(&l->text);
	jsonread_safe(&l->json, node, &l->text);
	top_copy(to, size, text_of(&l->text));
}

static bool digits(const char **at, const char *end, unsigned int n, int *out)
{
	*out = 0;
	for (; n; n--, ++*at) {
		if (*at == end || **at < '0' || **at > '9')
			return false;
		*out = *out * 10 + **at - '0';
	}
	return true;
}

static bool character(const char **at, const char *end, char c)
{
	return *at < end && *(*at)++ == c;
}

/* RFC 3339 in UTC: "2026-11-24T21:41:54.609993038Z". 0: it is none. */
static uint64_t time_of(const struct top_lines *l, uint32_t node)
{
	const struct jsonread *j = &l->json;
	const char *at, *end;
	uint64_t ns = 0, unit = 100000000;
	struct tm tm = {};
	time_t seconds;

	if (!node)
		return 0;
	at = j->text + j->nodes[node].at;
	end = at + j->nodes[node].len;
	if (!digits(&at, end, 4, &tm.tm_year) || !character(&at, end, '-') ||
	    !digits(&at, end, 2, &tm.tm_mon) || !character(&at, end, '-') ||
	    !digits(&at, end, 2, &tm.tm_mday) || !character(&at, end, 'T') ||
	    !digits(&at, end, 2, &tm.tm_hour) || !character(&at, end, ':') ||
	    !digits(&at, end, 2, &tm.tm_min) || !character(&at, end, ':') ||
	    !digits(&at, end, 2, &tm.tm_sec))
		return 0;
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9'; at++, unit /= 10)
			ns += (uint64_t)(*at - '0') * unit;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	seconds = timegm(&tm);
	/* Up to 2200: its nanoseconds fit, and so do sums of two. */
	if (!character(&at, end, 'Z') || seconds <= 0 || seconds > 7258118400)
		return 0;
	return (uint64_t)seconds * 1000000000 + ns;
}

/* ---- events of maps ---- */

static const char *const write_types[] = { "map.update", "map.delete", "map.change", NULL };
static const char *const note_types[] = { "map.create", "map.freeze", "map.pin",  "map.unpin",
					  "map.chmod",	"map.free",   "map.mmap", NULL };

/* What is behind the point; NULL: the string is none of them. */
static const char *find_type(const struct top_lines *l, uint32_t node, const char *const *types)
{
	for (; *types; types++)
		if (jsonread_is(&l->json, node, *types))
			return strchr(*types, '.') + 1;
	return NULL;
}

static void put_named(struct top_lines *l, uint32_t object, const char *name)
{
	jsonread_safe(&l->json, jsonread_member(&l->json, object, name), &l->actor);
}

/* As the format text names it. */
static const char *actor_of(struct top_lines *l, enum top_by *by)
{
	uint32_t via = member(l, "via"), program = member(l, "program"),
		 process = member(l, "process");
	const struct jsonread *j = &l->json;

	clear(&l->actor);
	*by = TOP_BY_OTHER;
	if (program || jsonread_is(j, via, "program") || jsonread_is(j, via, "pointer"))
		*by = TOP_BY_PROG;
	else if (jsonread_is(j, via, "syscall") || jsonread_is(j, via, "batch") ||
		 jsonread_is(j, via, "mmap"))
		*by = TOP_BY_USER;
	if (program) {
		buf_str(&l->actor, "prog ");
		put_named(l, program, "id");
		buf_str(&l->actor, " ");
		put_named(l, program, "name");
	} else if (jsonread_is(j, via, "program")) {
		buf_str(&l->actor, "a BPF program");
	} else if (jsonread_is(j, via, "kernel")) {
		buf_str(&l->actor, "the kernel");
	} else if (jsonread_is(j, via, "unknown")) {
		buf_str(&l->actor, "unknown");
	} else if (jsonread_is(j, via, "pointer") || jsonread_is(j, via, "mmap")) {
		buf_str(&l->actor, jsonread_is(j, via, "mmap") ? "a mapping" : "a pointer");
	} else if (process) {
		put_named(l, process, "comm");
		buf_str(&l->actor, "[");
		put_named(l, process, "pid");
		buf_str(&l->actor, "]");
	} else {
		buf_str(&l->actor, "-");
	}
	return text_of(&l->actor);
}

static bool is_refused(const struct top_lines *l)
{
	uint32_t result = member(l, "result");

	return result && !jsonread_is(&l->json, result, "0");
}

/* [3] = 1  was 0  refused: EPERM; of what is no write: the path. */
static const char *what_of(struct top_lines *l)
{
	static const char *const more[] = { "path", "mode", "mode_bits" };
	uint32_t key = member(l, "key"), value = member(l, "value"), old = member(l, "old");
	struct buf *b = &l->text;

	clear(b);
	if (key) {
		buf_str(b, "[");
		top_bytes(&l->json, key, b);
		buf_str(b, "]");
	}
	if (value) {
		buf_str(b, key ? " = " : "= ");
		top_bytes(&l->json, value, b);
	}
	if (old) {
		buf_str(b, "  was ");
		top_bytes(&l->json, old, b);
	} else if (jsonread_is(&l->json, member(l, "existed"), "false")) {
		buf_str(b, "  was not there");
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		uint32_t node = member(l, more[i]);

		buf_str(b, node && b->len ? "  " : "");
		jsonread_safe(&l->json, node, b);
	}
	if (is_refused(l)) {
		buf_str(b, b->len ? "  refused: " : "refused: ");
		jsonread_safe(&l->json, member(l, "result"), b);
	}
	return text_of(b);
}

static void learn_map(struct top_lines *l, struct top_map *m, uint32_t node)
{
	/* These do not change, but for frozen. */
	m->frozen |= jsonread_is(&l->json, jsonread_member(&l->json, node, "frozen"), "true");
	if (m->known || !jsonread_member(&l->json, node, "type"))
		return;
	m->known = true;
	copy_member(l, node, "name", m->name, sizeof(m->name));
	copy_member(l, node, "full_name", m->name, sizeof(m->name));
	copy_member(l, node, "type", m->type, sizeof(m->type));
	m->key_size = (uint32_t)number(l, node, "key_size");
	m->value_size = (uint32_t)number(l, node, "value_size");
	m->max_entries = (uint32_t)number(l, node, "max_entries");
}

/* `type`: of the event, or of those that a summary counts. */
static void put_map(struct top_lines *l, struct top_map *m, uint32_t type, uint64_t time_ns)
{
	const char *writes = find_type(l, type, write_types),
		   *notes = find_type(l, type, note_types);
	struct top_write w = { .op = writes ? writes : notes, .count = 1, .last_ns = time_ns };

	if (!w.op)
		return;
	w.actor = actor_of(l, &w.by);
	if (member(l, "count")) {
		w.count = number(l, 0, "count");
		w.first_ns = time_of(l, member(l, "first"));
	}
	w.first_ns = w.first_ns ? w.first_ns : time_ns;
	clear(&l->key);
	clear(&l->value);
	top_bytes(&l->json, member(l, "key"), &l->key);
	top_bytes(&l->json, member(l, "value"), &l->value);
	w.key = text_of(&l->key);
	w.value = text_of(&l->value);
	w.text = what_of(l);
	w.refused = is_refused(l);
	/* A change says it by having no value. */
	w.deleted = !member(l, "value");
	if (writes)
		top_write(l->top, m, &w);
	else
		top_note(l->top, m, &w);
	if (jsonread_is(&l->json, type, "map.free"))
		m->gone_ns = time_ns;
	if (jsonread_is(&l->json, type, "map.freeze") && !w.refused)
		m->frozen = true;
}

/* Also of what is no write: a map that somebody opens is there. */
static void on_map(struct top_lines *l, uint32_t type, uint32_t node, uint64_t time_ns)
{
	uint64_t id = number(l, node, "id");
	struct top_map *m = id && id <= UINT32_MAX ? top_map(l->top, (uint32_t)id, time_ns) : NULL;

	if (!m)
		return;
	learn_map(l, m, node);
	put_map(l, m, type, time_ns);
}

/* ---- bpfmon itself ---- */

static void on_hooks(struct top_lines *l, uint32_t hooks)
{
	const struct jsonread *j = &l->json;
	struct top_health *h = &l->top->health;

	h->n_hooks = h->n_missing = h->n_told = 0;
	for (uint32_t at = hooks + 1; at < j->nodes[hooks].next; at = j->nodes[at].next) {
		uint32_t lost = jsonread_member(j, at, "lost");
		bool missing = jsonread_is(j, jsonread_member(j, at, "attached"), "missing");
		struct top_hook *hook = &h->hooks[h->n_told];

		h->n_hooks++;
		h->n_missing += missing;
		if (!lost || h->n_told == TOP_HOOKS)
			continue;
		h->n_told++;
		memset(hook, 0, sizeof(*hook));
		copy_member(l, at, "hook", hook->name, sizeof(hook->name));
		copy_member(l, at, "attached", hook->attached, sizeof(hook->attached));
		copy_member(l, at, "lost", hook->loss, sizeof(hook->loss));
	}
}

static void on_start(struct top_lines *l)
{
	struct top_health *h = &l->top->health;
	uint32_t hooks = member(l, "hooks");

	h->started = true;
	h->stopped = false;
	copy_member(l, 0, "kernel", h->kernel, sizeof(h->kernel));
	copy_member(l, 0, "mode", h->mode, sizeof(h->mode));
	if (hooks && l->json.nodes[hooks].kind == JSONREAD_ARRAY)
		on_hooks(l, hooks);
}

static void on_outputs(struct top_lines *l)
{
	const struct jsonread *j = &l->json;
	uint32_t outputs = member(l, "outputs");
	struct top_health *h = &l->top->health;

	h->n_outputs = 0;
	if (!outputs || j->nodes[outputs].kind != JSONREAD_ARRAY)
		return;
	for (uint32_t at = outputs + 1; at < j->nodes[outputs].next && h->n_outputs < TOP_OUTPUTS;
	     at = j->nodes[at].next) {
		struct top_output *o = &h->outputs[h->n_outputs++];

		*o = (struct top_output){ .lines = number(l, at, "lines"),
					  .lost = number(l, at, "lost"),
					  .queued = number(l, at, "queued") };
		copy_member(l, at, "output", o->name, sizeof(o->name));
	}
}

/* The sums of bpfmon are since its own start: more than what was told to who came later. */
static void on_sums(struct top_lines *l)
{
	uint64_t lost = number(l, 0, "lost");

	if (lost > l->top->health.lost)
		l->top->health.lost = lost;
	on_outputs(l);
}

static void on_beat(struct top_lines *l, uint64_t time_ns)
{
	struct top_health *h = &l->top->health;

	h->beats = true;
	h->beat_ns = time_ns;
	h->ring_used = number(l, 0, "ring_used");
	h->ring_size = number(l, 0, "ring_size");
	h->uptime_ns = number(l, 0, "uptime_ms") * 1000000;
	on_sums(l);
}

static void on_lost(struct top_lines *l)
{
	char where[TOP_NAME] = "?";

	copy_member(l, 0, "where", where, sizeof(where));
	top_lost(l->top, where, number(l, 0, "lost"));
}

static void on_alert(struct top_lines *l, uint64_t time_ns)
{
	struct top_alert a = { .time_ns = time_ns };

	copy_member(l, 0, "severity", a.severity, sizeof(a.severity));
	copy_member(l, 0, "rule", a.rule, sizeof(a.rule));
	copy_member(l, 0, "reason", a.reason, sizeof(a.reason));
	top_alert(l->top, &a);
}

/* False: it is about something else. */
static bool on_monitor(struct top_lines *l, uint32_t type, uint64_t time_ns)
{
	const struct jsonread *j = &l->json;

	if (jsonread_is(j, type, "monitor.start")) {
		on_start(l);
	} else if (jsonread_is(j, type, "monitor.heartbeat")) {
		on_beat(l, time_ns);
	} else if (jsonread_is(j, type, "monitor.lost")) {
		on_lost(l);
	} else if (jsonread_is(j, type, "monitor.stop")) {
		l->top->health.stopped = true;
		on_sums(l);
	} else if (jsonread_is(j, type, "alert")) {
		on_alert(l, time_ns);
	} else {
		return false;
	}
	return true;
}

/* ---- lines ---- */

/* False: it is none of bpfmon's. */
static bool put_line(struct top_lines *l, const char *line, size_t len)
{
	uint32_t type, map;
	uint64_t time_ns;

	if (!jsonread_parse(&l->json, line, len))
		return false;
	type = member(l, "type");
	time_ns = time_of(l, member(l, "time"));
	if (!type || !time_ns)
		return false;
	if (l->before)
		l->before(l->context, time_ns);
	if (!l->top->first_ns)
		l->top->first_ns = time_ns;
	if (!l->top->health.host[0])
		copy_member(l, 0, "host", l->top->health.host, sizeof(l->top->health.host));
	if (on_monitor(l, type, time_ns))
		return true;
	l->top->events++;
	map = member(l, "map");
	if (jsonread_is(&l->json, type, "monitor.summary"))
		type = member(l, "of");
	if (map)
		on_map(l, type, map, time_ns);
	return true;
}

void top_lines_again(struct top_lines *l, uint64_t now_ns)
{
	clear(&l->rest);
	l->too_long = false;
	memset(&l->top->health, 0, sizeof(l->top->health));
	l->top->first_ns = now_ns;
}

static void end_line(struct top_lines *l, const char *line, size_t len)
{
	if (l->too_long || l->rest.failed || !put_line(l, line, len))
		l->top->health.unread++;
	l->too_long = false;
	clear(&l->rest);
}

void top_lines_put(struct top_lines *l, const char *data, size_t len)
{
	const char *end;

	while ((end = memchr(data, '\n', len))) {
		size_t n = (size_t)(end - data);

		if (l->rest.len || l->too_long) {
			buf_bytes(&l->rest, data, n);
			end_line(l, l->rest.data, l->rest.len);
		} else {
			end_line(l, data, n);
		}
		data = end + 1;
		len -= n + 1;
	}
	if (l->rest.len + len > TOP_LINE_MAX) {
		l->too_long = true;
		clear(&l->rest);
	}
	if (len && !l->too_long)
		buf_bytes(&l->rest, data, len);
}
