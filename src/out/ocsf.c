/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON lines in the shape of the Open Cybersecurity Schema Framework 1.3: events are Kernel
 * Activity (1003), alerts Detection Finding (2004), what bpfmon says of itself Application Lifecycle
 * (6002). All that json tells is in `unmapped`, under the names of json.
 *
 * {"time":1795549159123,"class_uid":1003,"class_name":"Kernel Activity","category_uid":1,
 *  "category_name":"System Activity","activity_id":99,"activity_name":"Update","type_uid":100399,
 *  "severity_id":1,"severity":"Informational","metadata":{...},"device":{"hostname":"h","type_id":0},
 *  "actor":{"process":{"pid":812,"name":"bpftool",...}},"status_id":1,"status":"Success",
 *  "kernel":{"name":"config","type_id":99,"type":"BPF map","uid":"12"},"unmapped":{...}}
 */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "out/out.h"

#define VERSION "1.3.0"
#define OTHER 99

struct class
{
	uint64_t uid, category_uid;
	const char *name, *category;
};

static const struct class kernel_class = { 1003, 1, "Kernel Activity", "System Activity" };
static const struct class finding_class = { 2004, 2, "Detection Finding", "Findings" };
static const struct class lifecycle_class = { 6002, 6, "Application Lifecycle",
					      "Application Activity" };

struct activity {
	uint64_t id;
	const char *name;
};

/* Of Kernel Activity: 1 Create, 2 Read, 3 Delete, 4 Invoke. What is not here is Other. */
static const struct activity activities[EVENT_TYPES] = {
	[EVENT_MAP_CREATE] = { 1, "Create" },	   [EVENT_MAP_OPEN] = { OTHER, "Open" },
	[EVENT_MAP_UPDATE] = { OTHER, "Update" },  [EVENT_MAP_DELETE] = { 3, "Delete" },
	[EVENT_MAP_FREEZE] = { OTHER, "Freeze" },  [EVENT_MAP_PIN] = { OTHER, "Pin" },
	[EVENT_MAP_FREE] = { 3, "Delete" },	   [EVENT_MAP_UNPIN] = { OTHER, "Unpin" },
	[EVENT_MAP_CHMOD] = { OTHER, "Chmod" },	   [EVENT_MAP_MMAP] = { OTHER, "Mmap" },
	[EVENT_MAP_LOOKUP] = { 2, "Read" },	   [EVENT_FS_CHANGE] = { OTHER, "Change" },
	[EVENT_MAP_CHANGE] = { OTHER, "Update" },  [EVENT_ALERT] = { 1, "Create" },
	[EVENT_PROG_LOAD] = { 1, "Create" },	   [EVENT_PROG_UNLOAD] = { 3, "Delete" },
	[EVENT_PROG_ATTACH] = { OTHER, "Attach" }, [EVENT_PROG_DETACH] = { OTHER, "Detach" },
	[EVENT_LINK_CREATE] = { OTHER, "Attach" }, [EVENT_LINK_UPDATE] = { OTHER, "Update" },
	[EVENT_LINK_DETACH] = { OTHER, "Detach" },
};

static const struct activity lifecycle[MONITOR_TYPES] = {
	[MONITOR_START] = { 3, "Start" },
	[MONITOR_STOP] = { 4, "Stop" },
	[MONITOR_LOST] = { OTHER, "Lost" },
	[MONITOR_HEARTBEAT] = { OTHER, "Heartbeat" },
};

static const char *const severities[SEVERITIES] = {
	[SEVERITY_INFO] = "Informational", [SEVERITY_LOW] = "Low",
	[SEVERITY_MEDIUM] = "Medium",	   [SEVERITY_HIGH] = "High",
	[SEVERITY_CRITICAL] = "Critical",
};

static void id_string(struct buf *b, const char *name, uint64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
	json_string(b, name, text);
}

static void put_metadata(struct buf *b, uint64_t seq, const char *type)
{
	json_open(b, "metadata", '{');
	json_string(b, "version", VERSION);
	json_open(b, "product", '{');
	json_string(b, "name", "bpfmon");
	json_string(b, "vendor_name", "bpfmon");
	json_close(b, '}');
	json_string(b, "event_code", type);
	json_u64(b, "sequence", seq);
	json_close(b, '}');
}

static void begin(struct buf *b, const struct out_env *env, uint64_t time_ns,
		  const struct class *class, const struct activity *activity,
		  enum event_severity severity)
{
	const struct activity other = { OTHER, "Other" };

	activity = activity->name ? activity : &other;
	b->comma = false;
	json_open(b, NULL, '{');
	json_u64(b, "time", time_ns / 1000000);
	json_u64(b, "class_uid", class->uid);
	json_string(b, "class_name", class->name);
	json_u64(b, "category_uid", class->category_uid);
	json_string(b, "category_name", class->category);
	json_u64(b, "activity_id", activity->id);
	json_string(b, "activity_name", activity->name);
	json_u64(b, "type_uid", class->uid * 100 + activity->id);
	json_u64(b, "severity_id", (uint64_t)severity + 1);
	json_string(b, "severity", severities[severity]);
	json_open(b, "device", '{');
	json_string(b, "hostname", env->host);
	json_u64(b, "type_id", 0);
	json_close(b, '}');
}

/* One string, as the schema wants it: what is between arguments is lost in it. */
static void put_command(struct buf *b, const struct event_process *p)
{
	struct buf line = { 0 };

	buf_bytes(&line, p->args, p->args_len);
	for (size_t i = 0; i < line.len; i++)
		if (!line.data[i])
			line.data[i] = ' ';
	while (line.len && line.data[line.len - 1] == ' ')
		line.len--;
	if (line.len)
		json_bytes(b, "cmd_line", line.data, line.len);
	b->failed |= line.failed;
	buf_fini(&line);
}

static void put_details(struct buf *b, const struct event_process *p)
{
	const char *name;

	if (p->exe) {
		name = strrchr(p->exe, '/');
		name = name ? name + 1 : p->exe;
		json_open(b, "file", '{');
		json_bytes(b, "path", p->exe, strlen(p->exe));
		json_bytes(b, "name", name, strlen(name));
		json_u64(b, "type_id", 1);
		json_close(b, '}');
	}
	if (p->args)
		put_command(b, p);
	if (p->container.id[0]) {
		json_open(b, "container", '{');
		json_bytes(b, "uid", p->container.id, CONTAINER_ID_BYTES);
		if (p->container.runtime)
			json_string(b, "runtime", p->container.runtime);
		if (p->container.pod[0])
			json_string(b, "pod_uuid", p->container.pod);
		json_close(b, '}');
	}
}

static void put_actor(struct buf *b, const struct event_task *t)
{
	json_open(b, "actor", '{');
	json_open(b, "process", '{');
	json_u64(b, "pid", t->pid);
	json_u64(b, "tid", t->tid);
	json_bytes(b, "name", t->comm, EVENT_NAME_BYTES);
	json_open(b, "user", '{');
	id_string(b, "uid", t->uid);
	json_close(b, '}');
	if (t->started_ns)
		json_u64(b, "created_time", t->started_ns / 1000000);
	if (t->ppid) {
		json_open(b, "parent_process", '{');
		json_u64(b, "pid", t->ppid);
		json_close(b, '}');
	}
	if (t->process)
		put_details(b, t->process);
	json_close(b, '}');
	json_close(b, '}');
}

static void put_status(struct buf *b, const struct event *e)
{
	if (!e->has_result)
		return;
	json_u64(b, "status_id", e->result < 0 ? 2 : 1);
	json_string(b, "status", e->result < 0 ? "Failure" : "Success");
	if (e->result < 0)
		out_json_error(b, "status_code", e->result);
}

/* The object of the kernel: a map in most events. */
static void put_kernel(struct buf *b, const struct event *e)
{
	bool of_program = event_is_run(e);

	json_open(b, "kernel", '{');
	if (of_program && e->run.program.name[0])
		json_bytes(b, "name", e->run.program.name, EVENT_NAME_BYTES);
	else if (of_program)
		id_string(b, "name", e->run.program.id ?: e->run.link_id);
	else if (e->map.known && e->map.name && e->map.name[0])
		json_bytes(b, "name", e->map.name, EVENT_NAME_BYTES);
	else
		id_string(b, "name", e->map.id);
	json_u64(b, "type_id", OTHER);
	json_string(b, "type",
		    of_program		       ? "BPF program" :
		    e->type == EVENT_FS_CHANGE ? "bpf file system" :
						 "BPF map");
	if (e->path)
		json_bytes(b, "path", e->path, e->path_len);
	json_close(b, '}');
}

/* The class's own members for events that are told in one. */
static void put_span(struct buf *b, const struct event_summary *s)
{
	json_u64(b, "count", s->count);
	json_u64(b, "start_time", s->first_ns / 1000000);
	json_u64(b, "end_time", s->last_ns / 1000000);
}

static void put_finding(struct buf *b, uint64_t seq, const struct event_alert *a)
{
	json_string(b, "message", a->reason);
	json_open(b, "finding_info", '{');
	json_string(b, "title", a->rule);
	json_string(b, "desc", a->reason);
	id_string(b, "uid", seq);
	json_close(b, '}');
	json_u64(b, "status_id", 1);
	json_string(b, "status", "New");
}

static void ocsf_event(struct buf *b, const struct out_env *env, uint64_t seq,
		       const struct event *e)
{
	bool is_alert = e->type == EVENT_ALERT, is_summary = e->type == EVENT_SUMMARY;

	begin(b, env, e->time_ns, is_alert ? &finding_class : &kernel_class,
	      &activities[is_summary ? e->summary.of : e->type],
	      is_alert ? e->alert.severity : SEVERITY_INFO);
	put_metadata(b, seq, event_type_names[e->type]);
	if (is_alert) {
		put_finding(b, seq, &e->alert);
	} else {
		if (event_has_actor(e->type))
			put_actor(b, &e->task);
		put_status(b, e);
		if (is_summary)
			put_span(b, &e->summary);
		put_kernel(b, e);
	}
	json_open(b, "unmapped", '{');
	out_json_event(b, env, e);
	json_close(b, '}');
	json_close(b, '}');
	buf_str(b, "\n");
}

static void ocsf_monitor(struct buf *b, const struct out_env *env, uint64_t seq,
			 const struct monitor *m)
{
	begin(b, env, m->time_ns, &lifecycle_class, &lifecycle[m->type],
	      m->type == MONITOR_LOST ? SEVERITY_MEDIUM : SEVERITY_INFO);
	put_metadata(b, seq, monitor_type_names[m->type]);
	json_open(b, "app", '{');
	json_string(b, "name", "bpfmon");
	json_string(b, "vendor_name", "bpfmon");
	json_close(b, '}');
	json_open(b, "unmapped", '{');
	out_json_monitor(b, m);
	json_close(b, '}');
	json_close(b, '}');
	buf_str(b, "\n");
}

const struct out_format out_ocsf = { "ocsf", ocsf_event, ocsf_monitor };
