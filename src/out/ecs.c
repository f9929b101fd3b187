/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON lines in the shape of the Elastic Common Schema 8.11: what it has a field for is there; all
 * that json tells is in `bpfmon`, under the names of json.
 *
 * {"@timestamp":"2026-11-24T19:39:19.123456789Z","ecs":{"version":"8.11.0"},
 *  "event":{"kind":"event","module":"bpfmon","dataset":"bpfmon.event","action":"map.update",
 *	     "category":["configuration"],"type":["change"],"outcome":"success","sequence":7},
 *  "host":{"hostname":"h"},"process":{"pid":812,"name":"bpftool",...},"user":{"id":"0"},
 *  "bpfmon":{"process":{...},"map":{"id":12,...},"via":"syscall",...}}
 */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "out/out.h"

#define VERSION "8.11.0"

/* Allowed values of event.category and event.type. What is not here is configuration, info. */
static const struct {
	const char *category, *type;
} kinds[EVENT_TYPES] = {
	[EVENT_MAP_CREATE] = { "configuration", "creation" },
	[EVENT_MAP_OPEN] = { "configuration", "access" },
	[EVENT_MAP_UPDATE] = { "configuration", "change" },
	[EVENT_MAP_DELETE] = { "configuration", "deletion" },
	[EVENT_MAP_FREEZE] = { "configuration", "change" },
	[EVENT_MAP_PIN] = { "file", "creation" },
	[EVENT_MAP_FREE] = { "configuration", "deletion" },
	[EVENT_MAP_UNPIN] = { "file", "deletion" },
	[EVENT_MAP_CHMOD] = { "file", "change" },
	[EVENT_MAP_MMAP] = { "configuration", "access" },
	[EVENT_MAP_LOOKUP] = { "configuration", "access" },
	[EVENT_FS_CHANGE] = { "file", "change" },
	[EVENT_ALERT] = { "intrusion_detection", "info" },
	[EVENT_MAP_CHANGE] = { "configuration", "change" },
	[EVENT_PROG_LOAD] = { "driver", "start" },
	[EVENT_PROG_UNLOAD] = { "driver", "end" },
	[EVENT_PROG_ATTACH] = { "driver", "change" },
	[EVENT_PROG_DETACH] = { "driver", "change" },
	[EVENT_LINK_CREATE] = { "driver", "change" },
	[EVENT_LINK_UPDATE] = { "driver", "change" },
	[EVENT_LINK_DETACH] = { "driver", "change" },
};

static void list_of_one(struct buf *b, const char *name, const char *value)
{
	json_open(b, name, '[');
	json_string(b, NULL, value);
	json_close(b, ']');
}

static void id_string(struct buf *b, const char *name, uint64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	json_string(b, name, text);
}

static void begin(struct buf *b, const struct out_env *env, uint64_t time_ns)
{
	b->comma = false;
	json_open(b, NULL, '{');
	out_json_time(b, "@timestamp", time_ns);
	json_open(b, "ecs", '{');
	json_string(b, "version", VERSION);
	json_close(b, '}');
	json_open(b, "host", '{');
	json_string(b, "hostname", env->host);
	json_close(b, '}');
}

static void begin_event(struct buf *b, const char *kind, const char *dataset, const char *action,
			uint64_t seq)
{
	json_open(b, "event", '{');
	json_string(b, "kind", kind);
	json_string(b, "module", "bpfmon");
	json_string(b, "dataset", dataset);
	json_string(b, "action", action);
	json_u64(b, "sequence", seq);
}

/* Elastic's own numbers for its words. */
static void put_alert(struct buf *b, const struct event_alert *a)
{
	static const uint64_t numbers[SEVERITIES] = {
		[SEVERITY_INFO] = 0,  [SEVERITY_LOW] = 21,	[SEVERITY_MEDIUM] = 47,
		[SEVERITY_HIGH] = 73, [SEVERITY_CRITICAL] = 99,
	};

	json_u64(b, "severity", numbers[a->severity]);
	json_string(b, "reason", a->reason);
	json_close(b, '}');
	json_open(b, "rule", '{');
	json_string(b, "name", a->rule);
	json_string(b, "ruleset", "bpfmon");
	json_close(b, '}');
	json_string(b, "message", a->reason);
}

static void put_details(struct buf *b, const struct event_process *p)
{
	uint64_t count = 0;

	if (p->exe)
		json_bytes(b, "executable", p->exe, strlen(p->exe));
	if (!p->args)
		return;
	json_open(b, "args", '[');
	for (size_t at = 0; at < p->args_len; count++) {
		size_t n = strnlen(p->args + at, p->args_len - at);

		json_bytes(b, NULL, p->args + at, n);
		at += n + 1;
	}
	json_close(b, ']');
	if (!p->args_cut)
		json_u64(b, "args_count", count);
}

static void put_container(struct buf *b, const struct event_process *p)
{
	if (p->container.id[0]) {
		json_open(b, "container", '{');
		json_bytes(b, "id", p->container.id, CONTAINER_ID_BYTES);
		if (p->container.runtime)
			json_string(b, "runtime", p->container.runtime);
		json_close(b, '}');
	}
	if (p->container.pod[0]) {
		json_open(b, "orchestrator", '{');
		json_open(b, "resource", '{');
		json_string(b, "type", "pod");
		json_string(b, "id", p->container.pod);
		json_close(b, '}');
		json_close(b, '}');
	}
}

static void put_process(struct buf *b, const struct event_task *t)
{
	json_open(b, "process", '{');
	json_u64(b, "pid", t->pid);
	json_bytes(b, "name", t->comm, EVENT_NAME_BYTES);
	json_open(b, "thread", '{');
	json_u64(b, "id", t->tid);
	json_close(b, '}');
	if (t->started_ns)
		out_json_time(b, "start", t->started_ns);
	if (t->ppid) {
		json_open(b, "parent", '{');
		json_u64(b, "pid", t->ppid);
		json_close(b, '}');
	}
	if (t->process)
		put_details(b, t->process);
	json_close(b, '}');
	json_open(b, "user", '{');
	id_string(b, "id", t->uid);
	json_close(b, '}');
	if (t->process)
		put_container(b, t->process);
}

static void put_error(struct buf *b, int result)
{
	json_open(b, "error", '{');
	out_json_error(b, "code", result);
	json_close(b, '}');
}

static void ecs_event(struct buf *b, const struct out_env *env, uint64_t seq, const struct event *e)
{
	enum event_type kind = e->type == EVENT_SUMMARY ? e->summary.of : e->type;
	const char *category = kinds[kind].category, *type = kinds[kind].type;
	bool is_alert = e->type == EVENT_ALERT;

	begin(b, env, e->time_ns);
	begin_event(b, is_alert ? "alert" : "event", is_alert ? "bpfmon.alert" : "bpfmon.event",
		    event_type_names[e->type], seq);
	list_of_one(b, "category", category ? category : "configuration");
	list_of_one(b, "type", type ? type : "info");
	if (is_alert) {
		put_alert(b, &e->alert);
	} else {
		json_string(b, "outcome",
			    !e->has_result ? "unknown" :
			    e->result < 0  ? "failure" :
					     "success");
		if (e->type == EVENT_SUMMARY) {
			out_json_time(b, "start", e->summary.first_ns);
			out_json_time(b, "end", e->summary.last_ns);
		}
		json_close(b, '}');
		if (e->has_result && e->result < 0)
			put_error(b, e->result);
		if (event_has_actor(e->type))
			put_process(b, &e->task);
		if (e->path) {
			json_open(b, "file", '{');
			json_bytes(b, "path", e->path, e->path_len);
			json_close(b, '}');
		}
	}
	json_open(b, "bpfmon", '{');
	out_json_event(b, env, e);
	json_close(b, '}');
	json_close(b, '}');
	buf_str(b, "\n");
}

static void ecs_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			const struct monitor *m)
{
	static const char *const types[MONITOR_TYPES] = {
		[MONITOR_START] = "start",
		[MONITOR_LOST] = "info",
		[MONITOR_STOP] = "end",
		[MONITOR_HEARTBEAT] = "info",
	};

	begin(b, env, m->time_ns);
	begin_event(b, m->type == MONITOR_LOST ? "pipeline_error" : "state", "bpfmon.monitor",
		    monitor_type_names[m->type], seq);
	list_of_one(b, "category", "process");
	list_of_one(b, "type", types[m->type]);
	json_close(b, '}');
	json_open(b, "bpfmon", '{');
	out_json_monitor(b, m);
	json_close(b, '}');
	json_close(b, '}');
	buf_str(b, "\n");
}

const struct out_format out_ecs = { "ecs", ecs_event, ecs_monitor };
