/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon learn: watches for a while, or reads a recording, and writes rules that tell of whoever
 * writes to a map and was not seen writing to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/watch.h"
#include "conf/limits.h"
#include "lib/bpflog.h"
#include "lib/io.h"
#include "normal/normal.h"
#include "record/replay.h"
#include "stop.h"

struct learning {
	struct watch watch;
	const char *out;	/* NULL: standard output */
	const char *recording;	/* NULL: this kernel */
	struct normal *normal;
	int fd;			/* of the recording */
};

enum { OPT_DURATION = OPT_OWN, OPT_REPLAY };

/* ---- options ---- */

/* "90", "90s", "15m", "12h", "7d". */
static int set_duration(struct learning *l, const char *word)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end = NULL;
	uint64_t n;

	errno = 0;
	n = word[0] >= '0' && word[0] <= '9' ? strtoull(word, &end, 10) : 0;
	for (size_t i = 0; n && !errno && i < sizeof(units) / sizeof(units[0]); i++) {
		if (*end != units[i].letter || (*end && end[1]) ||
		    n > DURATION_MAX / units[i].seconds)
			continue;
		l->watch.duration = n * units[i].seconds;
		return 0;
	}
	log_error("--duration '%s': give a time, as 90s, 15m, 12h or 7d, of 366 days at most",
		  word);
	return -EINVAL;
}

static int set_option(struct learning *l, int c, char *word)
{
	switch (c) {
	case OPT_DURATION:
		return set_duration(l, word);
	case OPT_REPLAY:
		l->recording = word;
		return 0;
	case 'o':
		l->out = word;
		return 0;
	default:
		return options_set(&l->watch.common, c, word);
	}
}

/* What a recording has no answer to. */
static int check_recording(const struct learning *l)
{
	const struct filter *f = &l->watch.common.filter;

	if (!l->recording)
		return 0;
	if (l->watch.duration) {
		log_error("--duration and --replay: give one");
		return -EINVAL;
	}
	return options_names_pin(&f->only) || options_names_pin(&f->except) ? -EINVAL : 0;
}

static int parse(struct learning *l, int argc, char **argv)
{
	static const struct option options[] = {
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "replay", required_argument, NULL, OPT_REPLAY },
		{ "output", required_argument, NULL, 'o' },
		{ "map", required_argument, NULL, 'm' },
		{ "exclude", required_argument, NULL, 'x' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, ":o:m:x:qvh", options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_learn, c, argv);
			return -EINVAL;
		}
		if (set_option(l, c, optarg))
			return -EINVAL;
	}
	if (optind < argc) {
		log_error("'%s' is not expected; see bpfmon learn --help", argv[optind]);
		return -EINVAL;
	}
	return check_recording(l);
}

/* ---- what is learned from ---- */

static void take_event(void *context, const struct event *e)
{
	struct learning *l = context;

	normal_event(l->normal, e);
}

static void take_monitor(void *context, const struct monitor *m)
{
	struct learning *l = context;

	if (m->type == MONITOR_LOST)
		normal_lost(l->normal, m->lost);
}

static int open_sink(struct watch *w, const struct record_info *info, struct sink *sink)
{
	int status;

	w->common.no_text = true;
	status = options_sink(&w->common, info, stop_insisted, sink);
	sink->tap = (struct sink_tap){ take_event, take_monitor, w->context };
	/* Nothing is written there before the end. */
	sink->out.fd = -1;
	return status;
}

static int learn_here(struct learning *l, struct buf *rules)
{
	struct watch *w = &l->watch;
	struct utsname host;
	int status;

	w->open_sink = open_sink;
	w->context = l;
	status = watch_run(w);
	uname(&host);
	normal_rules(l->normal, host.nodename, host.release, rules);
	return status;
}

static ssize_t read_more(void *context, void *data, size_t size)
{
	const struct learning *l = context;
	ssize_t n;

	do
		n = read(l->fd, data, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static enum replay_item read_all(struct learning *l, struct replay *r, enum replay_item item)
{
	struct monitor m;
	struct event e;

	while (item == REPLAY_EVENT || item == REPLAY_MONITOR) {
		item = replay_next(r, &e, &m);
		if (item == REPLAY_EVENT && filter_event(&l->watch.common.filter, &e))
			take_event(l, &e);
		else if (item == REPLAY_MONITOR)
			take_monitor(l, &m);
	}
	return item;
}

/* Half a recording is half of what is normal: nothing is written of it. */
static int learn_recorded(struct learning *l, struct buf *rules)
{
	struct replay *r = replay_new(read_more, l);
	enum replay_item item = REPLAY_FAILED;
	struct record_info info;

	if (!r) {
		log_error("no memory to read %s", l->recording);
		return STATUS_FAILED;
	}
	item = replay_begin(r, &info);
	if (item == REPLAY_EVENT) {
		item = read_all(l, r, item);
		normal_rules(l->normal, info.host, info.kernel, rules);
	}
	if (item != REPLAY_END)
		log_error("%s: %s", l->recording, replay_why(r));
	replay_free(r);
	return item == REPLAY_END ? STATUS_DONE : item == REPLAY_BAD ? STATUS_USAGE : STATUS_FAILED;
}

/* ---- the file ---- */

/* Before a week is watched: whether it can be written. Rules that are there may have been changed by hand. */
static int open_out(const struct learning *l)
{
	int fd = l->out ? open(l->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0644) :
			  fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 && errno == EEXIST)
		log_error("%s exists and is not written over: remove it or give another name",
			  l->out);
	else if (fd < 0)
		log_error("cannot create %s: %s", l->out ?: "standard output", strerror(errno));
	return fd;
}

static int write_out(const struct learning *l, int fd, const struct buf *rules)
{
	int err = rules->failed ? -ENOMEM : io_write(fd, rules->data, rules->len);

	if (!err) {
		log_info("%zu rules, of %" PRIu64 " writes", normal_count(l->normal),
			 normal_writes(l->normal));
		return STATUS_DONE;
	}
	log_error("cannot write %s: %s", l->out ?: "the rules", strerror(-err));
	return STATUS_FAILED;
}

static int learn_all(struct learning *l)
{
	struct buf rules = {};
	int fd = open_out(l), status;

	if (fd < 0)
		return STATUS_USAGE;
	status = l->recording ? learn_recorded(l, &rules) : learn_here(l, &rules);
	if (!status)
		status = write_out(l, fd, &rules);
	if (status && l->out)
		unlink(l->out);
	close(fd);
	buf_fini(&rules);
	return status;
}

static int open_recording(struct learning *l)
{
	if (!l->recording)
		return 0;
	l->fd = strcmp(l->recording, "-") ? open(l->recording, O_RDONLY | O_CLOEXEC | O_NOCTTY) :
					    fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (l->fd < 0)
		log_error("cannot open %s: %s", l->recording, strerror(errno));
	return l->fd < 0 ? -EINVAL : 0;
}

static int learn(int argc, char **argv)
{
	struct learning l = { .fd = -1,
			      .watch = { .buffer = BUFFER_DEFAULT,
					 .compare_interval = COMPARE_INTERVAL,
					 .compare_limit = COMPARE_LIMIT } };
	int status = STATUS_FAILED;

	options_init(&l.watch.common);
	if (parse(&l, argc, argv))
		return STATUS_USAGE;
	if (l.watch.common.help) {
		cmd_usage(&cmd_learn);
		return STATUS_DONE;
	}
	log_set_level(l.watch.common.level);
	bpflog_init();
	if (open_recording(&l))
		return STATUS_USAGE;
	l.normal = normal_new();
	if (l.normal)
		status = learn_all(&l);
	else
		log_error("no memory to learn");
	normal_free(l.normal);
	if (l.fd >= 0)
		close(l.fd);
	return status;
}

const struct cmd cmd_learn = {
	"learn",
	"write rules about whoever writes to a map and did not until now",
	"      --duration TIME    watch for so long: 90s, 15m, 12h, 7d; by default until Ctrl-C\n"
	"      --replay FILE      learn from what watch -w recorded instead; - is standard input\n"
	"  -o, --output FILE      a new file for the rules (default: standard output)\n"
	"  -m, --map MAP          only of this map: id, name, glob or pinned path; repeatable\n"
	"  -x, --exclude LIST     leave out: map=MAP,comm=NAME,pid=PID,prog=PROG; repeatable\n"
	"  -q, --quiet            only warnings and errors on stderr\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs what watch needs; --replay needs no privilege. See bpfmon-rules(5).\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage, or no whole recording.\n",
	learn,
	NULL,
};
