/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The object behind a value that is a descriptor, in each format.
 *
 * {"type":"program","id":31,"name":"on_tick","prog_type":"xdp"}      prog 31 on_tick
 * {"type":"map","id":7,"name":"inner","map_type":"array"}            map 7 inner
 * {"type":"perf_event","perf_type":1,"config":9,"cpu":0}             perf event type 1 config 9 cpu 0
 * {"type":"cgroup","id":4123,"path":"/system.slice"}                 cgroup /system.slice
 * {"type":"socket","family":"inet","protocol":"tcp",                 tcp 127.0.0.1:80 -> 127.0.0.1:4711
 *  "local":"127.0.0.1:80","remote":"127.0.0.1:4711"}
 * {"type":"netdev","ifindex":2,"name":"eth0","program":{...}}        eth0 (2), prog 31 on_tick
 * {"type":"cpu","cpu":1,"qsize":64,"program":{...}}                  cpu 1 queue of 64, prog 31 on_tick
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "maptype.h"
#include "names.h"
#include "out/out.h"
#include "pins.h"
#include "bpfmon/wire.h"

/* Names of numbers, ended by a row without. */
struct number_name {
	uint32_t number;
	const char *name;
};

static const struct number_name families[] = {
	{ AF_UNIX, "unix" },   { AF_INET, "inet" }, { AF_INET6, "inet6" },
	{ AF_VSOCK, "vsock" }, { AF_XDP, "xdp" },   { 0, NULL },
};

static const struct number_name protocols[] = {
	{ IPPROTO_ICMP, "icmp" },   { IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" },	    { IPPROTO_ICMPV6, "icmpv6" },
	{ IPPROTO_SCTP, "sctp" },   { IPPROTO_UDPLITE, "udplite" },
	{ IPPROTO_MPTCP, "mptcp" }, { 0, NULL },
};

#define NUMBER_ROOM 24

/* The name, or `prefix` and the number in `room`. */
static const char *name_of(const struct number_name *names, const char *prefix, uint32_t number,
			   char room[NUMBER_ROOM])
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	snprintf(room, NUMBER_ROOM, "%s%u", prefix, number);
	return room;
}

/* "127.0.0.1:80", "[::1]:80"; "" where there is no address. */
#define ADDRESS_ROOM (INET6_ADDRSTRLEN + 9)

static void format_address(char out[ADDRESS_ROOM], uint16_t family, const uint8_t *address,
			   uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	out[0] = '\0';
	if (!port || (family != AF_INET && family != AF_INET6) ||
	    !inet_ntop(family, address, text, sizeof(text)))
		return;
	snprintf(out, ADDRESS_ROOM, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

size_t out_cgroup_path(const struct event_object *o, char path[WIRE_CGROUP_ROOM + 2])
{
	return pins_path("", o->cgroup.names, o->cgroup.names_len, path, WIRE_CGROUP_ROOM + 2);
}

/* ---- JSON ---- */

static void json_named(struct buf *b, const struct event_named *n, const char *type_name,
		       const char *type)
{
	char number[NUMBER_ROOM];

	snprintf(number, sizeof(number), "%u", n->type);
	json_u64(b, "id", n->id);
	json_bytes(b, "name", n->name, EVENT_NAME_BYTES);
	json_string(b, type_name, type ? type : number);
}

static void json_program(struct buf *b, const struct event_named *n)
{
	json_named(b, n, "prog_type", prog_type_name(n->type));
}

static void json_target_program(struct buf *b, const struct event_named *n)
{
	if (!n->id)
		return;
	json_open(b, "program", '{');
	json_program(b, n);
	json_close(b, '}');
}

static void json_socket(struct buf *b, const struct event_object *o)
{
	char number[NUMBER_ROOM], address[ADDRESS_ROOM];

	json_string(b, "family", name_of(families, "", o->socket.family, number));
	if (o->socket.protocol)
		json_string(b, "protocol", name_of(protocols, "", o->socket.protocol, number));
	format_address(address, o->socket.family, o->socket.local, o->socket.local_port);
	if (address[0])
		json_string(b, "local", address);
	format_address(address, o->socket.family, o->socket.remote, o->socket.remote_port);
	if (address[0])
		json_string(b, "remote", address);
	if (o->socket.family == AF_XDP && o->socket.ifindex) {
		json_u64(b, "ifindex", o->socket.ifindex);
		json_u64(b, "queue", o->socket.queue);
	}
}

static void json_members(struct buf *b, const struct event_object *o)
{
	char path[WIRE_CGROUP_ROOM + 2];

	switch (o->kind) {
	case OBJECT_NONE:
		break;
	case OBJECT_PROGRAM:
		json_program(b, &o->named);
		break;
	case OBJECT_MAP:
		json_named(b, &o->named, "map_type", maptype_name(o->named.type));
		break;
	case OBJECT_PERF_EVENT:
		json_u64(b, "perf_type", o->perf.type);
		json_u64(b, "config", o->perf.config);
		if (o->perf.cpu >= 0)
			json_u64(b, "cpu", (uint64_t)o->perf.cpu);
		break;
	case OBJECT_CGROUP:
		json_u64(b, "id", o->cgroup.id);
		if (o->cgroup.names)
			json_bytes(b, "path", path, out_cgroup_path(o, path));
		break;
	case OBJECT_SOCKET:
		json_socket(b, o);
		break;
	case OBJECT_NETDEV:
		json_u64(b, "ifindex", o->target.number);
		json_bytes(b, "name", o->target.name, EVENT_NAME_BYTES);
		json_target_program(b, &o->target.program);
		break;
	case OBJECT_CPU:
		json_u64(b, "cpu", o->target.number);
		json_u64(b, "qsize", o->target.qsize);
		json_target_program(b, &o->target.program);
		break;
	}
}

void out_json_object(struct buf *b, const char *name, const struct event_object *o)
{
	static const char *const types[] = {
		[OBJECT_NONE] = NULL,	    [OBJECT_PROGRAM] = "program",
		[OBJECT_MAP] = "map",	    [OBJECT_PERF_EVENT] = "perf_event",
		[OBJECT_CGROUP] = "cgroup", [OBJECT_SOCKET] = "socket",
		[OBJECT_NETDEV] = "netdev", [OBJECT_CPU] = "cpu",
	};

	if (o->kind == OBJECT_NONE)
		return;
	json_open(b, name, '{');
	json_string(b, "type", types[o->kind]);
	json_members(b, o);
	json_close(b, '}');
}

/* ---- text ---- */

static void text_named(struct buf *b, const char *what, const struct event_named *n)
{
	buf_printf(b, "%s %u ", what, n->id);
	buf_safe(b, n->name, EVENT_NAME_BYTES);
}

static void text_socket(struct buf *b, const struct event_object *o)
{
	char number[NUMBER_ROOM], address[ADDRESS_ROOM];

	if (o->socket.protocol)
		buf_str(b, name_of(protocols, "protocol ", o->socket.protocol, number));
	else
		buf_printf(b, "%s socket", name_of(families, "family ", o->socket.family, number));
	format_address(address, o->socket.family, o->socket.local, o->socket.local_port);
	if (address[0])
		buf_printf(b, " %s", address);
	format_address(address, o->socket.family, o->socket.remote, o->socket.remote_port);
	if (address[0])
		buf_printf(b, " -> %s", address);
	if (o->socket.family == AF_XDP && o->socket.ifindex)
		buf_printf(b, " of ifindex %u queue %u", o->socket.ifindex, o->socket.queue);
}

void out_text_object(struct buf *b, const struct event_object *o)
{
	char path[WIRE_CGROUP_ROOM + 2];

	switch (o->kind) {
	case OBJECT_NONE:
		break;
	case OBJECT_PROGRAM:
		text_named(b, "prog", &o->named);
		break;
	case OBJECT_MAP:
		text_named(b, "map", &o->named);
		break;
	case OBJECT_PERF_EVENT:
		buf_printf(b, "perf event type %u config %" PRIu64, o->perf.type, o->perf.config);
		if (o->perf.cpu >= 0)
			buf_printf(b, " cpu %d", o->perf.cpu);
		break;
	case OBJECT_CGROUP:
		buf_str(b, "cgroup ");
		if (o->cgroup.names)
			buf_safe(b, path, out_cgroup_path(o, path));
		else
			buf_u64(b, o->cgroup.id);
		break;
	case OBJECT_SOCKET:
		text_socket(b, o);
		break;
	case OBJECT_NETDEV:
		buf_safe(b, o->target.name, EVENT_NAME_BYTES);
		buf_printf(b, " (%u)", o->target.number);
		break;
	case OBJECT_CPU:
		buf_printf(b, "cpu %u queue of %u", o->target.number, o->target.qsize);
		break;
	}
	if ((o->kind == OBJECT_NETDEV || o->kind == OBJECT_CPU) && o->target.program.id)
		text_named(b, ", prog", &o->target.program);
}
