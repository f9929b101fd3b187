/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queues and outputs: what a blocked one holds and loses, and that it hurts no other; filters; the
 * words of the command line.
 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>

#include "lib/log.h"
#include "sinks.h"
#include "sinks/queue.h"
#include "sinks/values.h"

/* ---- a type that writes when it is let ---- */

struct slow {
	sem_t entered, let;
	size_t written;
	uint64_t last_seq;
	int error;
};

static int slow_write(void *state, struct item **items, size_t n, size_t *done)
{
	struct slow *s = state;

	sem_post(&s->entered);
	sem_wait(&s->let);
	if (s->error)
		return s->error;
	for (; *done < n; ++*done) {
		s->last_seq = items[*done]->about.seq;
		s->written++;
	}
	return 0;
}

static const struct sinks_type slow_type = { .name = "slow", .write = slow_write };

static struct queue *slow_queue(struct slow *s, size_t bytes)
{
	struct queue *q = queue_new(&(struct queue_opts){
		.type = &slow_type, .state = s, .label = "slow", .bytes = bytes, .wake_fd = -1 });

	*s = (struct slow){ 0 };
	sem_init(&s->entered, 0, 0);
	sem_init(&s->let, 0, 0);
	queue_start(q);
	return q;
}

#define LINE_BYTES 100
#define HELD 64

static size_t line_bytes(void)
{
	return sizeof(struct item) + LINE_BYTES;
}

static bool put(struct queue *q, uint64_t seq)
{
	static const char line[LINE_BYTES];
	struct item *i =
		item_new(&(struct item_about){ .seq = seq, .time_ns = seq }, line, sizeof(line));
	bool taken = queue_put(q, i);

	item_put(i);
	return taken;
}

/* Lets both go, and waits for the end. */
static void let_all(struct slow *s, struct queue *q)
{
	for (int i = 0; i < 1000; i++)
		sem_post(&s->let);
	queue_end(q);
	while (!queue_done(q))
		;
}

static void blocked_hurts_no_other(void)
{
	static struct slow slow, quick;
	struct queue *blocked = slow_queue(&slow, HELD * line_bytes());
	struct queue *other = slow_queue(&quick, HELD * line_bytes());
	struct queue_stats stats, others;
	struct queue_loss loss;
	size_t taken = 0, rounds = 0;

	/* The thread is in a write of the first line: it counts as held until it is written. */
	put(blocked, 0);
	queue_flush(blocked);
	sem_wait(&slow.entered);
	for (uint64_t seq = 1; seq < 2 * HELD; seq++)
		taken += put(blocked, seq);
	for (uint64_t seq = 0; seq < 10 * HELD; seq++) {
		put(other, seq);
		sem_post(&quick.let);
		queue_flush(other);
		sem_wait(&quick.entered);
		rounds++;
	}
	queue_stats(blocked, &stats);
	let_all(&quick, other);
	queue_stats(other, &others);
	CHECK_INT(taken, HELD - 1);
	CHECK_INT(stats.lost, HELD);
	CHECK_INT(stats.lines, 0);
	CHECK_INT(stats.bytes, HELD * line_bytes());
	CHECK_INT(rounds, 10 * HELD);
	CHECK_INT(others.lines, 10 * HELD);
	CHECK_INT(others.lost, 0);
	CHECK(!queue_loss(blocked, false, &loss));
	CHECK(queue_loss(blocked, true, &loss));
	CHECK_INT(loss.lost, HELD);
	CHECK_INT(loss.seq, HELD);
	CHECK_INT(loss.since_ns, HELD);
	CHECK(!queue_loss(blocked, true, &loss));
	let_all(&slow, blocked);
	queue_stats(blocked, &stats);
	CHECK_INT(stats.lines, HELD);
	CHECK_INT(slow.last_seq, HELD - 1);
	queue_free(blocked);
	queue_free(other);
}

/*
 * After a loss nothing is taken until it is half empty, so that the loss is told once; and until it
 * is told, though it got empty meanwhile: its place is before what comes.
 */
static void takes_again_when_half_empty(void)
{
	static struct slow s;
	struct queue *q = slow_queue(&s, HELD * line_bytes());
	struct queue_loss loss;
	size_t taken = 0;

	for (uint64_t seq = 0; seq < HELD + 5; seq++)
		taken += put(q, seq);
	CHECK_INT(taken, HELD);
	CHECK(!put(q, 100));
	let_all(&s, q);	/* it ends with nothing left in it */
	CHECK(!put(q, 101));
	CHECK(queue_loss(q, false, &loss));
	CHECK_INT(loss.lost, 7);
	CHECK(put(q, 102));
	queue_free(q);
}

static void abandoned_is_counted(void)
{
	static struct slow s;
	struct queue *q = slow_queue(&s, HELD * line_bytes());
	struct queue_stats stats;

	put(q, 0);
	queue_flush(q);
	sem_wait(&s.entered);
	put(q, 1);
	put(q, 2);
	queue_abandon(q);
	s.error = -ECANCELED;
	let_all(&s, q);
	queue_stats(q, &stats);
	CHECK_INT(stats.lines, 0);
	CHECK_INT(stats.lost, 3);
	queue_free(q);
}

static void closed_takes_no_more(void)
{
	static struct slow s;
	struct queue *q = slow_queue(&s, HELD * line_bytes());
	struct queue_stats stats;

	log_set_level(LOG_ERROR);
	s.error = -EPIPE;
	put(q, 0);
	let_all(&s, q);
	queue_stats(q, &stats);
	CHECK(stats.closed);
	CHECK(!put(q, 1));
	queue_stats(q, &stats);
	CHECK_INT(stats.lost, 2);
	queue_free(q);
}

/* ---- all together ---- */

static void filters_and_formats(void)
{
	struct sinks *s = sinks_new(false, never);
	size_t n;
	const struct monitor_output *told;

	CHECK_INT(add_file(s, "all", ""), 0);
	CHECK_INT(add_file(s, "writes", ",format=text,events=map.update,map.delete,exclude-map=9"),
		  0);
	CHECK_INT(add_file(s, "map9", ",map=9"), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	put_event(s, 0, EVENT_MAP_UPDATE, 8, 1);
	put_event(s, 1, EVENT_MAP_UPDATE, 9, 1);
	put_event(s, 2, EVENT_MAP_FREE, 8, 1);
	CHECK(sinks_end(s));
	told = sinks_outputs(s, &n);
	CHECK_INT(n, 3);
	CHECK_INT(told[0].lines, 3);
	CHECK_INT(told[1].lines, 1);
	CHECK_INT(told[2].lines, 1);
	CHECK_INT(told[2].lost, 0);
	sinks_free(s);
	CHECK_INT(count_in("all", "\n"), 3);
	CHECK_INT(count_in("writes", "update  test[7]"), 1);
	CHECK_INT(count_in("map9", "\"seq\":1,"), 1);
}

/* Every missing `seq` is told by the monitor.lost in its place. */
static bool gaps_are_told(const char *name, uint64_t last, size_t *lost_lines)
{
	char *text = text_of(name), *line = text;
	unsigned long long seq, lost, next = 0;
	const char *at;
	bool good = true;

	*lost_lines = 0;
	for (char *end; good && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		at = strstr(line, "\"seq\":");
		good = line[0] == '{' && end[-1] == '}' && at &&
		       sscanf(at, "\"seq\":%llu", &seq) == 1 && seq == next++;
		at = strstr(line, "\"lost\":");
		if (!at || !strstr(line, "\"where\":\"output\""))
			continue;
		++*lost_lines;
		good = good && sscanf(at, "\"lost\":%llu", &lost) == 1;
		next = seq + lost;
	}
	good = good && !*line && next == last + 1;
	free(text);
	return good;
}

#define EVENTS 2000

/* A full disk: what fits the queue is written when there is room again, the rest is told. */
static void full_disk(void)
{
	struct rlimit before, small;
	struct sinks *s = sinks_new(false, never);
	const struct monitor_output *told;
	struct monitor stop = { .type = MONITOR_STOP };
	size_t n, lost_lines;

	log_set_level(LOG_ERROR);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1024;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(add_file(s, "full", ",queue=64K,linger=3600"), 0);
	CHECK_INT(add_file(s, "beside", ",events=map.free"), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	for (uint64_t seq = 0; seq < EVENTS; seq++) {
		put_event(s, seq, EVENT_MAP_UPDATE, 8, seq);
		sinks_flush(s);
	}
	put_event(s, EVENTS, EVENT_MAP_FREE, 8, 1);
	told = sinks_outputs(s, &n);
	CHECK(told[0].lost > 0);
	CHECK_INT(told[1].lost, 0);
	setrlimit(RLIMIT_FSIZE, &before);
	sinks_monitor(s, EVENTS + 1, &stop);
	CHECK(!sinks_end(s));
	told = sinks_outputs(s, &n);
	CHECK(told[0].lines + told[0].lost >= EVENTS + 2);
	CHECK_INT(told[1].lines, 2);
	sinks_free(s);
	CHECK(gaps_are_told("full", EVENTS + 1, &lost_lines));
	CHECK(lost_lines > 0);
}

/* A source that can wait loses nothing, however small the queue is. */
static void waits_for_room(void)
{
	struct sinks *s = sinks_new(true, never);
	size_t lost_lines;

	CHECK_INT(add_file(s, "waits", ",queue=64K,linger=3600"), 0);
	CHECK_INT(sinks_start(s, &test_env, why, sizeof(why)), 0);
	for (uint64_t seq = 0; seq < EVENTS; seq++)
		put_event(s, seq, EVENT_MAP_UPDATE, 8, seq);
	CHECK(sinks_end(s));
	sinks_free(s);
	CHECK(gaps_are_told("waits", EVENTS - 1, &lost_lines));
	CHECK_INT(lost_lines, 0);
}

/* ---- words ---- */

static void words(void)
{
	static const struct {
		const char *word, *says;
	} bad[] = {
		{ "none,path=x", "no type of output 'none'" },
		{ "file,pth=x", "has no option 'pth'; there are: path" },
		{ "file,path", "'path' is not KEY=VALUE" },
		{ "file,path=", "path is empty" },
		{ "file,path=a,path=b", "path is given twice" },
		{ "file,path=a,keep=0", "give a number from 1" },
		{ "file,path=a,max-size=x", "give a number from 0" },
		{ "file,path=a,format=xml", "no format 'xml'; there are: text, json, ecs, ocsf" },
		{ "file,path=a,events=map.none", "'map.none' is no event type" },
		{ "file,path=a,map=/sys/fs/bpf/x", "not by a path" },
		{ "file,path=a,full=never", "full is drop or wait" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(sinks_check_word(bad[i].word, why, sizeof(why)), -EINVAL);
		if (!strstr(why, bad[i].says))
			FAIL("%s: %s", bad[i].word, why);
	}
	CHECK_INT(sinks_check_word("file,path=/a,b,events=write,life,keep=3", why, sizeof(why)), 0);
	CHECK(sinks_is_word("file"));
	CHECK(sinks_is_word("stdout,format=json"));
	CHECK(sinks_is_word("none,a=b"));
	CHECK(!sinks_is_word("json"));
	CHECK(!sinks_is_word("text"));
}

static void lists_go_on(void)
{
	char word[] = "file,path=/a,b=,c,events=write,life,events=alert";
	struct sinks_pair pairs[SINKS_PAIRS];
	size_t n;

	CHECK_INT(values_cut(word, pairs, &n, why, sizeof(why)), 0);
	CHECK_STR(word, "file");
	CHECK_INT(n, 4);
	CHECK_STR(pairs[0].value, "/a");
	CHECK_STR(pairs[1].key, "b");
	CHECK_STR(pairs[1].value, ",c");
	CHECK_STR(pairs[2].value, "write,life");
	CHECK_STR(pairs[3].value, "alert");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	sinks_dir();
	RUN(blocked_hurts_no_other);
	RUN(takes_again_when_half_empty);
	RUN(abandoned_is_counted);
	RUN(closed_takes_no_more);
	RUN(filters_and_formats);
	RUN(full_disk);
	RUN(waits_for_room);
	RUN(words);
	RUN(lists_go_on);
	sinks_rmdir();
	return TEST_STATUS();
}
