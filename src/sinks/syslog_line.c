/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages of RFC 5424; see syslog_line.h. The number behind the @ is the one that RFC 5612 gives
 * to those who have none.
 *
 * <30>1 2026-11-24T19:39:19.123456Z host bpfmon 700 map.update
 *	[bpfmon@32473 seq="7" mapId="12" map="config" pid="812" comm="bpftool" uid="0"] {"v":1,...}
 */
#include "sinks/syslog_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names.h"

bool syslog_facility(const char *name, unsigned int *facility)
{
	static const char *const names[] = {
		"kern",	  "user",   "mail",	"daemon", "auth",   "syslog", "lpr",	"news",
		"uucp",	  "cron",   "authpriv", "ftp",	  "ntp",    "audit",  "alert",	"clock",
		"local0", "local1", "local2",	"local3", "local4", "local5", "local6", "local7",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*facility = i;
			return true;
		}
	}
	return false;
}

void syslog_word(char *out, size_t size, const char *word)
{
	size_t n = 0;

	for (; *word && n + 1 < size; word++)
		if (*word > 0x20 && *word < 0x7f)
			out[n++] = *word;
	if (!n)
		out[n++] = '-';
	out[n] = '\0';
}

/* Microseconds are all that it may have. */
static void put_time(struct buf *b, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900) {
		buf_str(b, "-");
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "%s.%06uZ", text, (unsigned int)(ns / 1000 % 1000000));
}

/* Bytes that are no ASCII text become \xNN. */
static void param(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_printf(b, " %s=\"", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c >= 0x7f)
			buf_printf(b, "\\\\x%02x", c);
		else if (c == '"' || c == '\\' || c == ']')
			buf_printf(b, "\\%c", c);
		else
			buf_bytes(b, &c, 1);
	}
	buf_str(b, "\"");
}

static void number_param(struct buf *b, const char *name, uint64_t value)
{
	buf_printf(b, " %s=\"%" PRIu64 "\"", name, value);
}

static void put_data(struct buf *b, const struct item_about *a)
{
	const char *error;

	buf_str(b, "[bpfmon@32473");
	number_param(b, "seq", a->seq);
	if (a->map_id)
		number_param(b, "mapId", a->map_id);
	param(b, "map", a->map_name);
	if (a->has_task)
		number_param(b, "pid", a->pid);
	param(b, "comm", a->comm);
	if (a->has_task)
		number_param(b, "uid", a->uid);
	if (a->prog_id)
		number_param(b, "progId", a->prog_id);
	param(b, "prog", a->prog_name);
	param(b, "rule", a->rule);
	if (a->has_result) {
		error = a->result < 0 ? error_name(a->result) : "0";
		if (error)
			param(b, "result", error);
		else
			number_param(b, "result", (uint64_t)-a->result);
	}
	buf_str(b, "] ");
}

void syslog_line(struct buf *b, const struct syslog_header *h, const struct item *i, bool cut)
{
	size_t len = i->len;

	buf_printf(b, "<%u>1 ", h->facility * 8 + i->about.priority);
	put_time(b, i->about.time_ns);
	buf_printf(b, " %s %s %u %s ", h->host, h->app, h->pid, i->about.type);
	put_data(b, &i->about);
	if (len && i->text[len - 1] == '\n')
		len--;
	if (cut)
		buf_printf(b, "(a line of %zu bytes is too long for this socket)", len);
	else
		buf_bytes(b, i->text, len);
}
