/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines as the JSON of OTLP (opentelemetry-proto 1.x, logs/v1/logs.proto), whose 64-bit integers
 * are strings. The line is the body, and what an item tells beside it are attributes:
 *
 * {"resourceLogs":[{"resource":{"attributes":[...]},"scopeLogs":[{"scope":{"name":"bpfmon",...},
 *  "logRecords":[{"timeUnixNano":"1795549159123456789","severityNumber":9,"severityText":"INFO",
 *  "body":{"stringValue":"{\"v\":1,...}"},"attributes":[{"key":"bpfmon.type",
 *  "value":{"stringValue":"map.update"}},...]}]}]}]}
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "otlp/otlp.h"
#include "version.h"

/* SeverityNumber: the lowest of each range. */
static const struct {
	int number;
	const char *text;
} severities[] = {
	[ITEM_CRITICAL] = { 21, "FATAL" }, [ITEM_ERROR] = { 17, "ERROR" },
	[ITEM_WARNING] = { 13, "WARN" },   [ITEM_NOTICE] = { 10, "INFO2" },
	[ITEM_INFO] = { 9, "INFO" },
};

static void put_decimal(struct buf *b, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	json_string(b, name, text);
}

static void put_text(struct buf *b, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	json_open(b, NULL, '{');
	json_string(b, "key", key);
	json_open(b, "value", '{');
	json_bytes(b, "stringValue", value, strlen(value));
	json_close(b, '}');
	json_close(b, '}');
}

static void put_number(struct buf *b, const char *key, uint64_t value)
{
	json_open(b, NULL, '{');
	json_string(b, "key", key);
	json_open(b, "value", '{');
	put_decimal(b, "intValue", value);
	json_close(b, '}');
	json_close(b, '}');
}

static void put_attributes(struct buf *b, const struct item_about *a)
{
	json_open(b, "attributes", '[');
	put_text(b, "bpfmon.type", a->type);
	put_number(b, "bpfmon.seq", a->seq);
	if (a->map_id)
		put_number(b, "bpfmon.map.id", a->map_id);
	put_text(b, "bpfmon.map.name", a->map_name);
	if (a->has_task) {
		put_number(b, "process.pid", a->pid);
		put_number(b, "bpfmon.uid", a->uid);
	}
	put_text(b, "bpfmon.comm", a->comm);
	if (a->prog_id)
		put_number(b, "bpfmon.program.id", a->prog_id);
	put_text(b, "bpfmon.program.name", a->prog_name);
	put_text(b, "bpfmon.rule", a->rule);
	if (a->has_result && a->result < 0)
		put_text(b, "bpfmon.result", error_name(a->result));
	json_close(b, ']');
}

static void put_record(struct buf *b, const struct item *i)
{
	size_t len = i->len && i->text[i->len - 1] == '\n' ? i->len - 1 : i->len;

	json_open(b, NULL, '{');
	put_decimal(b, "timeUnixNano", i->about.time_ns);
	put_decimal(b, "observedTimeUnixNano", i->about.time_ns);
	json_i64(b, "severityNumber", severities[i->about.priority].number);
	json_string(b, "severityText", severities[i->about.priority].text);
	json_open(b, "body", '{');
	json_bytes(b, "stringValue", i->text, len);
	json_close(b, '}');
	put_attributes(b, &i->about);
	json_close(b, '}');
}

void otlp_request(struct buf *b, const char *host, struct item *const *items, size_t n)
{
	b->comma = false;
	json_open(b, NULL, '{');
	json_open(b, "resourceLogs", '[');
	json_open(b, NULL, '{');
	json_open(b, "resource", '{');
	json_open(b, "attributes", '[');
	put_text(b, "service.name", "bpfmon");
	put_text(b, "service.version", BPFMON_VERSION);
	put_text(b, "host.name", host);
	json_close(b, ']');
	json_close(b, '}');
	json_open(b, "scopeLogs", '[');
	json_open(b, NULL, '{');
	json_open(b, "scope", '{');
	json_string(b, "name", "bpfmon");
	json_string(b, "version", BPFMON_VERSION);
	json_close(b, '}');
	json_open(b, "logRecords", '[');
	for (size_t i = 0; i < n; i++)
		put_record(b, items[i]);
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

/* "rejectedLogRecords":"3", also as a number: readers of this JSON take both. */
uint64_t otlp_rejected(const char *answer, size_t len)
{
	static const char name[] = "\"rejectedLogRecords\"";
	const char *end = answer + len, *at = memmem(answer, len, name, sizeof(name) - 1);
	uint64_t n = 0;

	if (!at)
		return 0;
	for (at += sizeof(name) - 1; at < end && strchr(" \t\r\n:\"", *at) && *at; at++)
		;
	for (; at < end && *at >= '0' && *at <= '9' && n < UINT32_MAX; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n;
}
