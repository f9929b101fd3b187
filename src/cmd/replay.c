/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon replay: a recording through filters to a format, or to another recording. Needs no rights
 * and asks no kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bpfmon/wire.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "lib/bpflog.h"
#include "record/replay.h"
#include "rules/ruleset.h"
#include "stop.h"

/* An event names another of a minute before at most, see src/flips.h. */
#define SEQS 65536

struct replayed {
	struct options common;
	const char *name;	/* for messages */
	int fd;
	struct sink sink;
	uint64_t filtered;
	struct ruleset *rules;	/* NULL: none are asked */
	/* Lines that were written: `seq` when they were recorded, and now + 1; 0: not written. */
	struct {
		uint64_t recorded, now;
	} seqs[SEQS];
};

enum { OPT_RULES = OPT_OWN };

/* More than one may be given. */
static int load_rules(struct replayed *p, const char *path)
{
	struct tree_error error;

	if (!p->rules)
		p->rules = ruleset_new(NULL);
	if (!p->rules) {
		log_error("no memory for the rules");
		return -ENOMEM;
	}
	if (!ruleset_load(p->rules, path, &error))
		return 0;
	log_error("%s", error.text);
	return -EINVAL;
}

static int seal_rules(struct replayed *p)
{
	struct tree_error error;

	if (!p->rules || !ruleset_seal(p->rules, &error))
		return 0;
	log_error("%s", error.text);
	return -ENOMEM;
}

static int parse(struct replayed *p, int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_LONG,
		{ "rules", required_argument, NULL, OPT_RULES },
		{},
	};
	const struct filter *f = &p->common.filter;
	int c;

	while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_replay, c, argv);
			return -EINVAL;
		}
		if (c == OPT_RULES ? load_rules(p, optarg) : options_set(&p->common, c, optarg))
			return -EINVAL;
	}
	if (p->common.help)
		return 0;
	if (optind != argc - 1) {
		log_error("give one recording, or - for standard input; see bpfmon replay --help");
		return -EINVAL;
	}
	p->name = argv[optind];
	if (options_names_pin(&f->only) || options_names_pin(&f->except))
		return -EINVAL;
	return seal_rules(p) ?: options_check(&p->common);
}

static int open_recording(struct replayed *p)
{
	if (strcmp(p->name, "-")) {
		p->fd = open(p->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} else if (isatty(STDIN_FILENO)) {
		log_error("standard input is a terminal: give a recording");
		return -EINVAL;
	} else {
		p->name = "standard input";
		p->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	}
	if (p->fd < 0)
		log_error("cannot open %s: %s", p->name, strerror(errno));
	return p->fd < 0 ? -EINVAL : 0;
}

/* Waits, for a pipe, until there is more, or nobody wants it any longer. */
static ssize_t read_more(void *context, void *data, size_t size)
{
	struct replayed *p = context;
	struct output *reader = sink_reader(&p->sink);

	sink_flush(&p->sink);
	while (!stop_asked() && !sink_ended(&p->sink)) {
		struct pollfd fds[] = {
			{ .fd = p->fd, .events = POLLIN },
			{ .fd = stop_fd(), .events = POLLIN },
			{ .fd = reader->fd },
		};
		ssize_t n;

		poll(fds, 3, -1);
		if (fds[2].revents & (POLLERR | POLLNVAL))
			reader->closed = true;
		if (!fds[0].revents)
			continue;
		n = read(p->fd, data, size);
		if (n >= 0)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return -ECANCELED;
}

static size_t at_most(size_t n, uint64_t max)
{
	return n < max ? n : max;
}

static void cut_value(struct event *e, enum event_value_shape shape, struct event_bytes *value,
		      uint64_t bytes)
{
	if (shape != VALUE_CPUS)
		value->len = at_most(value->len, bytes);
	else
		e->value_bytes_max = (uint32_t)at_most(e->value_bytes_max, bytes);
}

static void cut(struct event *e, uint64_t bytes)
{
	e->key.len = at_most(e->key.len, bytes);
	cut_value(e, e->shape, &e->value, bytes);
	cut_value(e, e->old_shape, &e->old, bytes);
	e->differs.now.len = at_most(e->differs.now.len, bytes);
	e->differs.old.len = at_most(e->differs.old.len, bytes);
}

/* Before it is written. */
static void note_seq(struct replayed *p, uint64_t recorded)
{
	p->seqs[recorded % SEQS].recorded = recorded;
	p->seqs[recorded % SEQS].now = p->sink.seq + 1;
}

/* Another `seq` now, or none: it was left out, or was too long ago. */
static uint64_t renumber(const struct replayed *p, uint64_t seq)
{
	uint64_t at = seq % SEQS;
	bool written = p->seqs[at].now && p->seqs[at].recorded == seq;

	return written ? p->seqs[at].now - 1 : EVENT_SEQ_NONE;
}

static void put_event(struct replayed *p, uint64_t recorded, struct event *e)
{
	cut(e, p->common.bytes);
	if (e->flip)
		e->flip_seq = renumber(p, e->flip_seq);
	note_seq(p, recorded);
	sink_event(&p->sink, e);
}

static void renumber_causes(const struct replayed *p, struct event *e,
			    struct event_cause causes[EVENT_CAUSES])
{
	size_t n = 0;

	for (size_t i = 0; i < e->alert.n_causes; i++) {
		causes[n].seq = renumber(p, e->alert.causes[i].seq);
		n += causes[n].seq != EVENT_SEQ_NONE;
	}
	e->alert.causes = causes;
	e->alert.n_causes = n;
}

static void put_alert(void *context, struct event *alert)
{
	struct replayed *p = context;

	if (filter_event(&p->common.filter, alert))
		sink_event(&p->sink, alert);
}

static void on_event(struct replayed *p, uint64_t recorded, struct event *e)
{
	const struct filter *f = &p->common.filter;
	struct event_cause causes[EVENT_CAUSES];
	uint64_t seq = EVENT_SEQ_NONE;
	bool own = e->type == EVENT_ALERT;

	renumber_causes(p, e, causes);
	if (p->rules)
		ruleset_tick(p->rules, e->time_ns, put_alert, p);
	if (p->rules && own && ruleset_event(p->rules, e, seq, put_alert, p)) {
		p->filtered++;
	} else if (filter_event(f, e)) {
		seq = p->sink.seq;
		put_event(p, recorded, e);
	} else {
		p->filtered++;
	}
	if (p->rules && !own && filter_subject(f, e))
		ruleset_event(p->rules, e, seq, put_alert, p);
}

static enum replay_item replay_all(struct replayed *p, struct replay *r)
{
	const struct options *o = &p->common;
	enum replay_item item;
	struct monitor m;
	struct event e;

	do {
		item = replay_next(r, &e, &m);
		if (item == REPLAY_MONITOR) {
			note_seq(p, replay_seq(r));
			sink_monitor(&p->sink, &m);
		} else if (item == REPLAY_EVENT) {
			on_event(p, replay_seq(r), &e);
		}
		if (sink_ended(&p->sink) || (o->count && p->sink.events >= o->count))
			return REPLAY_STOPPED;
	} while (item == REPLAY_EVENT || item == REPLAY_MONITOR);
	return item;
}

static int say_error(const struct replayed *p, const struct replay *r, enum replay_item item)
{
	if (item != REPLAY_BAD && item != REPLAY_FAILED)
		return STATUS_DONE;
	log_error("%s: %s", p->name, replay_why(r));
	return item == REPLAY_BAD ? STATUS_USAGE : STATUS_FAILED;
}

/* The words are a stranger's. */
static void say_origin(const struct replayed *p, const struct record_info *info)
{
	time_t start = (time_t)(info->start_ns / 1000000000);
	char since[32] = "";
	struct buf b = {};
	struct tm tm;

	if (localtime_r(&start, &tm))
		strftime(since, sizeof(since), "%F %T", &tm);
	buf_printf(&b, "recorded since %s on ", since);
	buf_safe(&b, info->host, 256);
	buf_printf(&b, ", %u CPUs, kernel ", info->cpus);
	buf_safe(&b, info->kernel, 256);
	buf_str(&b, ", by bpfmon ");
	buf_safe(&b, info->version, 64);
	log_info("%s: %.*s", p->name, (int)b.len, b.data);
	buf_fini(&b);
	if (info->minor > RECORD_MINOR)
		log_warn("%s is of a newer version: what this one does not know is left out",
			 p->name);
}

static int finish(struct replayed *p, const struct replay *r, enum replay_item item)
{
	char why[512];
	int status;

	if (p->rules)
		ruleset_end(p->rules, put_alert, p);
	sink_end(&p->sink);
	log_info("%" PRIu64 " events, %" PRIu64 " left out", sink_written(&p->sink), p->filtered);
	if (replay_skipped(r))
		log_warn("%" PRIu64 " events of a newer version are not shown: use that version",
			 replay_skipped(r));
	if (replay_unread(r))
		log_warn("types of %" PRIu64 " maps can't be read: their values are not decoded",
			 replay_unread(r));
	status = say_error(p, r, item);
	if (!sink_error(&p->sink, why, sizeof(why)))
		return status;
	log_error("%s", why);
	return STATUS_FAILED;
}

static int run(struct replayed *p)
{
	struct replay *r = replay_new(read_more, p);
	struct record_info info;
	enum replay_item item;
	int status;

	if (!r) {
		log_error("no memory to read %s", p->name);
		return STATUS_FAILED;
	}
	/* Until there is a sink: nothing is waited for but the recording. */
	p->sink.out.fd = -1;
	item = replay_begin(r, &info);
	status = say_error(p, r, item);
	if (item == REPLAY_EVENT)
		status = options_sink(&p->common, &info, stop_insisted, &p->sink);
	if (item == REPLAY_EVENT && !status) {
		say_origin(p, &info);
		status = finish(p, r, replay_all(p, r));
		sink_fini(&p->sink);
	}
	replay_free(r);
	return status;
}

static int replay(int argc, char **argv)
{
	static struct replayed p; /* large */
	char all[] = "all", why[64];
	int err, status;

	options_init(&p.common);
	p.common.bytes = WIRE_BYTES_MAX;
	p.common.waits = true;
	filter_set_types(&p.common.filter, all, why, sizeof(why));
	if (parse(&p, argc, argv))
		return STATUS_USAGE;
	if (p.common.help) {
		cmd_usage(&cmd_replay);
		return STATUS_DONE;
	}
	log_set_level(p.common.level);
	bpflog_init();
	if (open_recording(&p))
		return STATUS_USAGE;
	err = stop_init();
	if (err)
		log_error("cannot handle signals: %s", strerror(-err));
	status = err ? STATUS_FAILED : run(&p);
	close(p.fd);
	ruleset_free(p.rules);
	return status;
}

const struct cmd cmd_replay = {
	"replay",
	"print what watch -w recorded; FILE may be -, standard input",
	"  -m, --map MAP          only this map: id, name or glob; repeatable\n" OPTIONS_HELP_FILTERS
	"                         by default all that was recorded\n"
	"  -a, --all              as of watch; what was recorded as a summary stays one\n" OUTPUTS_HELP
	"  -w, --write FILE       record what passes into a new file; - is standard output;\n"
	"                         prints nothing unless -o is given as well\n"
	"      --bytes N          bytes of key and value to show, 0 to 4096 (default: as recorded)\n"
	"      --count N          stop after so many events\n"
	"      --rules FILE       ask the rules of a file or folder, too; see bpfmon-rules(5);\n"
	"                         repeatable\n"
	"  -q, --quiet            only warnings and errors on stderr\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs no privilege. What is damaged or cut off is shown up to there.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage, or no whole recording.\n",
	replay,
	"FILE",
};
