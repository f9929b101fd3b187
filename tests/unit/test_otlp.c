/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests of OTLP, answers to them, and the folder where they wait: its bound, and strangers in it. */
#include <errno.h>
#include <sys/stat.h>

#include "otlp/otlp.h"
#include "sinks.h"
#include "sinks/type.h"
#include "sinks/values.h"

static struct item *one_item(void)
{
	struct event e = { .type = EVENT_MAP_UPDATE,
			   .time_ns = 1795549159123456789,
			   .task = { .pid = 7, .tid = 7, .comm = "te\"st" },
			   .map = { .id = 8, .known = true, .name = "config" },
			   .has_result = true,
			   .result = -EPERM };
	struct item_about about;

	item_about_event(&about, 5, &e);
	return item_new(&about, "{\"a\":\"\\u0001\"}\n", 15);
}

static void request(void)
{
	struct item *items[] = { one_item(), one_item() };
	struct buf b = {};

	otlp_request(&b, "host", items, 1);
	buf_bytes(&b, "", 1);
	CHECK_STR(strstr(b.data, "\"logRecords\""),
		  "\"logRecords\":[{\"timeUnixNano\":\"1795549159123456789\","
		  "\"observedTimeUnixNano\":\"1795549159123456789\",\"severityNumber\":10,"
		  "\"severityText\":\"INFO2\","
		  "\"body\":{\"stringValue\":\"{\\\"a\\\":\\\"\\\\u0001\\\"}\"},\"attributes\":["
		  "{\"key\":\"bpfmon.type\",\"value\":{\"stringValue\":\"map.update\"}},"
		  "{\"key\":\"bpfmon.seq\",\"value\":{\"intValue\":\"5\"}},"
		  "{\"key\":\"bpfmon.map.id\",\"value\":{\"intValue\":\"8\"}},"
		  "{\"key\":\"bpfmon.map.name\",\"value\":{\"stringValue\":\"config\"}},"
		  "{\"key\":\"process.pid\",\"value\":{\"intValue\":\"7\"}},"
		  "{\"key\":\"bpfmon.uid\",\"value\":{\"intValue\":\"0\"}},"
		  "{\"key\":\"bpfmon.comm\",\"value\":{\"stringValue\":\"te\\\"st\"}},"
		  "{\"key\":\"bpfmon.result\",\"value\":{\"stringValue\":\"EPERM\"}}]}]}]}]}");
	b.len = 0;
	otlp_request(&b, "host", items, 2);
	buf_bytes(&b, "", 1);
	CHECK(strstr(b.data, "}]},{\"timeUnixNano\""));
	buf_fini(&b);
	item_put(items[0]);
	item_put(items[1]);
}

static uint64_t rejected(const char *answer)
{
	return otlp_rejected(answer, strlen(answer));
}

static void answers(void)
{
	CHECK_INT(rejected(""), 0);
	CHECK_INT(rejected("{}"), 0);
	CHECK_INT(rejected("{\"partialSuccess\":{}}"), 0);
	CHECK_INT(rejected("{\"partialSuccess\":{\"rejectedLogRecords\":\"12\"}}"), 12);
	CHECK_INT(
		rejected("{\"partialSuccess\":{\"rejectedLogRecords\" : 7,\"errorMessage\":\"\"}}"),
		7);
	CHECK_INT(rejected("\"rejectedLogRecords\""), 0);
	CHECK_INT(rejected("\"rejectedLogRecords\":"), 0);
	CHECK_INT(rejected("\"rejectedLogRecords\":-1"), 0);
	CHECK(rejected("\"rejectedLogRecords\":99999999999999999999999") > UINT32_MAX);
}

static int put(struct spool *s, const char *text, size_t lines)
{
	struct buf b = {};
	int err;

	buf_str(&b, text);
	err = spool_put(s, &b, lines);
	buf_fini(&b);
	return err;
}

/* What is the oldest; -1 lines: there is none. */
static bool oldest_is(struct spool *s, const char *text, long long lines)
{
	struct buf b = {};
	size_t n = 0;
	int err = spool_get(s, &b, &n);
	bool same = err ? lines < 0 && err == -ENOENT :
			  (long long)n == lines && b.len == strlen(text) &&
				    !memcmp(b.data, text, b.len);

	buf_fini(&b);
	return same;
}

static void in_order(void)
{
	struct spool s, again;

	CHECK_INT(spool_open(&s, in_dir("order"), 1 << 20), 0);
	CHECK(oldest_is(&s, "", -1));
	CHECK_INT(put(&s, "one", 1), 0);
	CHECK_INT(put(&s, "two", 256), 0);
	CHECK(oldest_is(&s, "one", 1));
	CHECK(oldest_is(&s, "one", 1));
	spool_drop(&s);
	CHECK_INT(put(&s, "three", 3), 0);
	CHECK_INT(spool_open(&again, in_dir("order"), 1 << 20), -EBUSY);
	spool_close(&s);
	/* The next one that runs. */
	CHECK_INT(spool_open(&again, in_dir("order"), 1 << 20), 0);
	CHECK_INT(again.bytes, 8192);
	CHECK(oldest_is(&again, "two", 256));
	spool_drop(&again);
	CHECK(oldest_is(&again, "three", 3));
	spool_drop(&again);
	CHECK(oldest_is(&again, "", -1));
	CHECK_INT(again.bytes, 0);
	spool_close(&again);
	CHECK(!rmdir(in_dir("order")));
}

/* 4 KiB each, at least. */
static void bound(void)
{
	struct spool s;

	CHECK_INT(spool_open(&s, in_dir("bound"), 8192), 0);
	CHECK_INT(put(&s, "one", 1), 0);
	CHECK_INT(put(&s, "two", 2), 0);
	CHECK_INT(put(&s, "three", 3), -ENOSPC);
	spool_drop(&s);
	CHECK_INT(put(&s, "three", 3), 0);
	CHECK(oldest_is(&s, "two", 2));
	spool_drop(&s);
	spool_drop(&s);
	spool_close(&s);
	CHECK(!rmdir(in_dir("bound")));
}

static bool make_file(const char *name, const char *text)
{
	FILE *file = fopen(in_dir(name), "we");

	return file && fputs(text, file) >= 0 && !fclose(file);
}

static void strangers(void)
{
	struct spool s;

	CHECK_INT(spool_open(&s, in_dir("none/spool"), 1 << 20), -ENOENT);
	CHECK(!mkdir(in_dir("strange"), 0700));
	/* Half a file, one that is being made, other names, a folder, a link. */
	CHECK(make_file("strange/00000000000000000003.json", "000"));
	CHECK(make_file("strange/00000000000000000004.json.new", "0000000001\nhalf"));
	CHECK(make_file("strange/notes.json", "mine"));
	CHECK(make_file("strange/99999999999999999999.json", "0000000001\nlast"));
	CHECK(make_file("strange/18446744073709551614.json", "0000000001\nlast"));
	CHECK(!mkdir(in_dir("strange/00000000000000000005.json"), 0700));
	CHECK(!symlink("/etc/passwd", in_dir("strange/00000000000000000006.json")));
	CHECK(make_file("strange/00000000000000000007.json", "0000000002\nseven"));
	CHECK_INT(spool_open(&s, in_dir("strange"), 1 << 20), 0);
	CHECK_INT(s.first, 3);
	CHECK_INT(s.next, 8);
	CHECK(oldest_is(&s, "seven", 2));
	CHECK_INT(s.first, 7);
	CHECK_INT(put(&s, "eight", 1), 0);
	spool_drop(&s);
	CHECK(oldest_is(&s, "eight", 1));
	spool_drop(&s);
	CHECK(!access(in_dir("strange/notes.json"), F_OK));
	CHECK(!rmdir(in_dir("strange/00000000000000000005.json")));
	unlink(in_dir("strange/00000000000000000006.json"));
	unlink(in_dir("strange/notes.json"));
	CHECK(access(in_dir("strange/00000000000000000004.json.new"), F_OK));
	spool_close(&s);
	unlink(in_dir("strange/99999999999999999999.json"));
	unlink(in_dir("strange/18446744073709551614.json"));
	CHECK(!rmdir(in_dir("strange")));
}

/*
 * Nobody is there: what the queue gives at once goes to disk but for the last, without which the queue
 * would be empty and never ask again. Of many lines there may be exactly so many.
 */
static void last_stays(void)
{
	static const struct {
		size_t n, done;
		bool more;
	} rows[] = { { 256, 255, true }, { 1, 0, false }, { 20, 19, false } };
	const struct sinks_pair pairs[] = { { "url", "http://127.0.0.1:1/" },
					    { "spool", in_dir("last") } };
	struct sinks_values values;
	char label[SINKS_LABEL];
	struct sinks_open open = { .values = &values,
				   .wake_fd = -1,
				   .label = label,
				   .why = why,
				   .why_size = sizeof(why) };
	struct item *items[256];
	struct buf read_back = {};
	struct spool s;
	size_t n;
	void *state;

	for (size_t i = 0; i < 256; i++)
		items[i] = one_item();
	CHECK_INT(values_init(&values, &sinks_otlp, pairs, 2, why, sizeof(why)), 0);
	CHECK_INT(sinks_otlp.open(&open, &state), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t done = 0;
		int err = sinks_otlp.write(state, items, rows[i].n, &done);

		CHECK_INT(done, rows[i].done);
		CHECK(err);
		CHECK_INT(err == -ECANCELED, rows[i].more);
	}
	sinks_otlp.close(state);
	values_fini(&values);
	CHECK_INT(spool_open(&s, in_dir("last"), 1 << 20), 0);
	for (size_t i = 0; !spool_get(&s, &read_back, &n); i++) {
		CHECK_INT(n, i ? 19 : 255);
		spool_drop(&s);
	}
	spool_close(&s);
	buf_fini(&read_back);
	CHECK(!rmdir(in_dir("last")));
	for (size_t i = 0; i < 256; i++)
		item_put(items[i]);
}

int main(void)
{
	sinks_dir();
	RUN(request);
	RUN(answers);
	RUN(in_order);
	RUN(bound);
	RUN(strangers);
	RUN(last_stays);
	sinks_rmdir();
	return TEST_STATUS();
}
