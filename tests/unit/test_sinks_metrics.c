/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Metrics: what is counted where, the bound on series, labels from strangers; requests; addresses. */
#include <errno.h>
#include <unistd.h>

#include "load/hooks.h"
#include "sinks.h"
#include "sinks/address.h"
#include "sinks/http.h"
#include "sinks/metrics.h"

static struct buf text;

static void add(struct metrics *m, struct event *e)
{
	struct item_about about;

	item_about_event(&about, 0, e);
	metrics_event(m, e, &about);
}

static struct event update_of(uint32_t map, const char *name, const char *comm)
{
	return (struct event){ .type = EVENT_MAP_UPDATE,
			       .via = VIA_SYSCALL,
			       .has_result = true,
			       .task = { .pid = 1, .comm = comm },
			       .map = { .id = map, .known = true, .name = name } };
}

/* The text, with a NUL. */
static const char *written(const struct metrics *m)
{
	text.len = 0;
	metrics_write(m, NULL, &text);
	buf_bytes(&text, "", 1);
	return text.data;
}

static bool has_line(const char *all, const char *line)
{
	const char *at = all;

	for (; (at = strstr(at, line)); at++)
		if ((at == all || at[-1] == '\n') && at[strlen(line)] == '\n')
			return true;
	return false;
}

static void counts(void)
{
	struct metrics *m = metrics_new(10);
	struct event e = update_of(8, "config", "bpftool");
	struct event_prog prog = { .id = 31, .name = "on_tick" };
	struct event alert = { .type = EVENT_ALERT,
			       .alert = { .rule = "traced", .severity = SEVERITY_HIGH } };
	struct hook_report hooks_now[] = { { .name = "a", .attached = "fexit" },
					   { .name = "b", .attached = "missing" } };
	struct monitor start = { .type = MONITOR_START,
				 .time_ns = 1500000000,
				 .mode = "degraded",
				 .kernel = "6.1",
				 .hooks = hooks_now,
				 .n_hooks = 2 };
	struct monitor lost = { .type = MONITOR_LOST, .where = "ring", .lost = 7 };
	const char *all;

	add(m, &e);
	e.result = -EPERM;
	add(m, &e);
	e.via = VIA_PROGRAM;
	e.program = &prog;
	e.result = 0;
	add(m, &e);
	add(m, &alert);
	metrics_monitor(m, &start);
	metrics_monitor(m, &lost);
	metrics_monitor(m, &lost);
	all = written(m);
	CHECK(has_line(all, "bpfmon_events_total{type=\"map.update\"} 3"));
	CHECK(has_line(all, "bpfmon_events_total{type=\"map.free\"} 0"));
	CHECK(has_line(all, "bpfmon_results_total{result=\"refused\"} 1"));
	CHECK(has_line(all, "bpfmon_map_events_total{map_id=\"8\",map=\"config\",writer_type="
			    "\"process\",writer=\"bpftool\"} 2"));
	CHECK(has_line(all, "bpfmon_map_events_total{map_id=\"8\",map=\"config\",writer_type="
			    "\"program\",writer=\"on_tick\"} 1"));
	CHECK(has_line(all, "bpfmon_alerts_total{rule=\"traced\",severity=\"high\"} 1"));
	CHECK(has_line(all, "bpfmon_lost_total{where=\"ring\"} 14"));
	CHECK(has_line(all, "bpfmon_hook_attached{hook=\"a\",state=\"fexit\"} 1"));
	CHECK(has_line(all, "bpfmon_hook_attached{hook=\"b\",state=\"missing\"} 0"));
	CHECK(has_line(all, "bpfmon_degraded 1"));
	CHECK(has_line(all, "bpfmon_start_time_seconds 1.500"));
	metrics_free(m);
}

/* A summary is one line, and as many writes. */
static void summary(void)
{
	struct metrics *m = metrics_new(1);
	struct event_prog prog = { .id = 31, .name = "on_tick" };
	struct event e = { .type = EVENT_SUMMARY,
			   .via = VIA_PROGRAM,
			   .program = &prog,
			   .has_result = true,
			   .task = { .comm = "" },
			   .map = { .id = 8, .known = true, .name = "config" },
			   .summary = { .of = EVENT_MAP_DELETE, .count = 1000 } };
	const char *all;

	add(m, &e);
	e.type = EVENT_MAP_DELETE;
	add(m, &e);
	e.type = EVENT_SUMMARY;
	e.map.id = 9;
	add(m, &e);
	all = written(m);
	CHECK(has_line(all, "bpfmon_events_total{type=\"monitor.summary\"} 2"));
	CHECK(has_line(all, "bpfmon_events_total{type=\"map.delete\"} 1"));
	CHECK(has_line(all, "bpfmon_summarized_total 2000"));
	CHECK(has_line(all, "bpfmon_results_total{result=\"done\"} 2001"));
	CHECK(has_line(all, "bpfmon_map_events_total{map_id=\"8\",map=\"config\",writer_type="
			    "\"program\",writer=\"on_tick\"} 1001"));
	CHECK(has_line(all, "bpfmon_map_events_total{map_id=\"other\",map=\"other\",writer_type="
			    "\"other\",writer=\"other\"} 1000"));
	metrics_free(m);
}

/* What is over the bound is in `other`; a map that is gone makes room. */
static void bounded(void)
{
	struct metrics *m = metrics_new(3);
	struct event e, gone = { .type = EVENT_MAP_FREE, .map = { .id = 2 } };
	const char *all;

	for (uint32_t id = 1; id <= 5; id++) {
		e = update_of(id, "config", "bpftool");
		add(m, &e);
		add(m, &e);
	}
	all = written(m);
	CHECK(has_line(all, "bpfmon_map_series 3"));
	CHECK(has_line(all, "bpfmon_map_events_total{map_id=\"other\",map=\"other\",writer_type="
			    "\"other\",writer=\"other\"} 4"));
	add(m, &gone);
	add(m, &e);
	all = written(m);
	CHECK(has_line(all, "bpfmon_map_series 3"));
	CHECK(!strstr(all, "map_id=\"2\""));
	CHECK(strstr(all, "map_id=\"5\""));
	CHECK(strstr(all, "map_id=\"1\""));
	CHECK(strstr(all, "map_id=\"3\""));
	metrics_free(m);
}

static void hostile_labels(void)
{
	struct metrics *m = metrics_new(3);
	struct event e = update_of(1, "a\"\\\n\xff{}", "0123456789abcdef");
	const char *all;

	add(m, &e);
	all = written(m);
	CHECK(strstr(all, "map=\"a\\\"\\\\\\\\x0a\\\\xff{}\",writer_type=\"process\",writer="
			  "\"0123456789abcdef\"} 1\n"));
	metrics_free(m);
}

static void requests(void)
{
	static const struct {
		const char *data;
		enum http_request asks;
	} rows[] = {
		{ "", HTTP_MORE },
		{ "GET /metrics HTTP/1.1\r\n", HTTP_MORE },
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTP_METRICS },
		{ "GET /metrics?a=b HTTP/1.0\r\n\r\n", HTTP_METRICS },
		{ "HEAD /metrics HTTP/1.1\r\n\r\n", HTTP_METRICS_HEAD },
		{ "GET / HTTP/1.1\r\n\r\n", HTTP_ELSEWHERE },
		{ "GET /metricsx HTTP/1.1\r\n\r\n", HTTP_ELSEWHERE },
		{ "POST /metrics HTTP/1.1\r\n\r\n", HTTP_METHOD },
		{ "GET /metrics HTTP/2\r\n\r\n", HTTP_BAD },
		{ "GET  /metrics HTTP/1.1\r\n\r\n", HTTP_BAD },
		{ "GET metrics HTTP/1.1\r\n\r\n", HTTP_BAD },
		{ "GET /metrics\r\n\r\n", HTTP_BAD },
		{ "\r\n\r\n", HTTP_BAD },
	};
	static char large[HTTP_REQUEST_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_parse(rows[i].data, strlen(rows[i].data)) != rows[i].asks)
			FAIL("%s: %d", rows[i].data,
			     http_parse(rows[i].data, strlen(rows[i].data)));
	memset(large, 'a', sizeof(large));
	CHECK_INT(http_parse(large, sizeof(large) - 1), HTTP_MORE);
	CHECK_INT(http_parse(large, sizeof(large)), HTTP_BAD);
	CHECK_INT(http_parse("GET\0", 4), HTTP_BAD);
}

static void addresses(void)
{
	static const struct {
		const char *word;
		unsigned int port;
		int family;
		bool loopback;
	} rows[] = {
		{ "9936", 0, AF_INET, true },
		{ "127.0.0.1:1", 0, AF_INET, true },
		{ "127.0.0.1", 514, AF_INET, true },
		{ "10.1.2.3:65535", 0, AF_INET, false },
		{ "0.0.0.0:80", 0, AF_INET, false },
		{ "[::1]:80", 0, AF_INET6, true },
		{ "[::]:80", 0, AF_INET6, false },
		{ "::1", 514, AF_INET6, true },
		{ "[::1]", 514, AF_INET6, true },
		{ "127.0.0.1", 0, 0, false },
		{ "127.0.0.1:0", 0, 0, false },
		{ "127.0.0.1:65536", 0, 0, false },
		{ "127.0.0.1:1k", 0, 0, false },
		{ "localhost:80", 0, 0, false },
		{ "[::1:80", 0, 0, false },
		{ "[::1]80", 0, 0, false },
		{ "", 514, 0, false },
		{ ":80", 0, 0, false },
		{ "0000000000000000000000000000000000000000000000000000000000000000001.1.1.1:1", 0,
		  0, false },
	};
	struct sockaddr_storage a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		socklen_t len = address_parse(rows[i].word, rows[i].port, &a);

		if (!len != !rows[i].family || (len && a.ss_family != rows[i].family) ||
		    (len && address_is_loopback(&a) != rows[i].loopback))
			FAIL("%s: %u", rows[i].word, len);
	}
}

static int add_textfile(struct sinks *s)
{
	char word[128];

	snprintf(word, sizeof(word), "prometheus,textfile=%s", in_dir("bpfmon.prom"));
	return sinks_add_word(s, word, why, sizeof(why));
}

/* A file for the collector: there at once, readable for others, whole. */
static void textfile(void)
{
	struct sinks *s = sinks_new(false, never);

	CHECK_INT(add_textfile(s), 0);
	CHECK_INT(access(in_dir("bpfmon.prom"), R_OK), 0);
	CHECK_INT(add_file(s, "beside", ""), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(count_in("bpfmon.prom", "bpfmon_events_total{type=\"map.update\"} 1\n"), 1);
	CHECK_INT(count_in("bpfmon.prom", "type=\"file\"} 1\n"), 1);
	CHECK_INT(access(in_dir("bpfmon.prom.tmp"), F_OK), -1);
}

/* What it tells at its end is of outputs that are still there, also of those before it. */
static void told_at_the_end(void)
{
	struct sinks *s = sinks_new(false, never);

	unlink(in_dir("beside"));
	CHECK_INT(add_file(s, "beside", ""), 0);
	CHECK_INT(add_textfile(s), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK_INT(count_in("bpfmon.prom", "type=\"file\"} 1\n"), 1);
}

static void refused(void)
{
	static const char *const rows[][2] = {
		{ "prometheus,listen=0.0.0.0:9936", "allow-remote=yes" },
		{ "prometheus,listen=[::]:9936", "allow-remote=yes" },
		{ "prometheus,listen=localhost:9936", "in numbers" },
		{ "prometheus,textfile=/tmp/x", "must end in .prom" },
		{ "prometheus,textfile=/none/x.prom", "No such file" },
		{ "prometheus,allow-remote=maybe", "yes or no" },
		{ "prometheus,format=json", "no lines" },
	};
	struct sinks *s = sinks_new(false, never);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(sinks_add_word(s, rows[i][0], why, sizeof(why)), -EINVAL);
		if (!strstr(why, rows[i][1]))
			FAIL("%s: %s", rows[i][0], why);
	}
	sinks_free(s);
}

int main(void)
{
	sinks_dir();
	RUN(counts);
	RUN(summary);
	RUN(bounded);
	RUN(hostile_labels);
	RUN(requests);
	RUN(addresses);
	RUN(textfile);
	RUN(told_at_the_end);
	RUN(refused);
	sinks_rmdir();
	buf_fini(&text);
	return TEST_STATUS();
}
