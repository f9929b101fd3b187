/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Metrics for Prometheus: at a port of this machine, as a file for node_exporter's textfile
 * collector, or both. Events are counted at once, so there is no queue and nothing is lost; a thread
 * answers and writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/io.h"
#include "lib/log.h"
#include "sinks/http.h"
#include "sinks/metrics.h"
#include "sinks/thread.h"
#include "sinks/type.h"

struct state {
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;	/* of the metrics */
	struct metrics *metrics;
	struct sinks *all;
	int listener;		/* -1: none */
	int end_fd;		/* readable: the thread is to end */
	const char *textfile;	/* lent; NULL: none */
	char *temporary;	/* in the same directory; the collector does not take its name */
	uint64_t interval_ns;
	bool failing;
};

static void put_text(void *context, struct buf *b)
{
	struct state *s = context;

	pthread_mutex_lock(&s->lock);
	metrics_write(s->metrics, s->all, b);
	pthread_mutex_unlock(&s->lock);
}

/* Whole or not at all: whoever reads it sees the one before or this one. */
static int write_textfile(struct state *s)
{
	struct buf b = { 0 };
	int fd, err;

	put_text(s, &b);
	unlink(s->temporary);
	fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	err = fd < 0 ? -errno : b.failed ? -ENOMEM : io_write(fd, b.data, b.len);
	/* The collector runs as somebody else. */
	if (!err && fchmod(fd, 0644))
		err = -errno;
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && rename(s->temporary, s->textfile))
		err = -errno;
	if (err && fd >= 0)
		unlink(s->temporary);
	buf_fini(&b);
	return err;
}

static void refresh_textfile(struct state *s)
{
	int err = write_textfile(s);

	if (err && !s->failing)
		log_warn("output prometheus: cannot write %s: %s; tried again", s->textfile,
			 strerror(-err));
	s->failing = err;
}

static void *run(void *context)
{
	struct state *s = context;
	struct pollfd fds[] = {
		{ .fd = s->end_fd, .events = POLLIN },
		{ .fd = s->listener, .events = POLLIN },
	};
	uint64_t due = clock_ns(CLOCK_MONOTONIC), now;
	int timeout = -1;

	while (!fds[0].revents) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (s->textfile && now >= due) {
			refresh_textfile(s);
			due = now + s->interval_ns;
		}
		if (s->textfile)
			timeout = (int)((due - now) / 1000000) + 1;
		poll(fds, 2, timeout);
		if (fds[1].revents)
			http_answer(s->listener, s->end_fd, put_text, s);
	}
	if (s->textfile)
		refresh_textfile(s);
	return NULL;
}

static void free_state(struct state *s)
{
	if (s->listener >= 0)
		close(s->listener);
	if (s->end_fd >= 0)
		close(s->end_fd);
	metrics_free(s->metrics);
	free(s->temporary);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int set_textfile(struct state *s, const char *path, char *why, size_t why_size)
{
	size_t len = strlen(path);
	int err;

	if (!len)
		return 0;
	s->textfile = path;
	s->temporary = malloc(len + 5);
	if (!s->temporary)
		return -ENOMEM;
	snprintf(s->temporary, len + 5, "%s.tmp", path);
	err = write_textfile(s);
	if (err)
		snprintf(why, why_size, "output prometheus: cannot write %s: %s", path,
			 strerror(-err));
	return err ? -EINVAL : 0;
}

static int start(void *state)
{
	struct state *s = state;
	int err = sinks_thread(&s->thread, run, s);

	s->started = !err;
	return err;
}

/* Where to listen; NULL: nowhere, as a file is given. */
static const char *listen_at(const struct sinks_values *v)
{
	const char *listen = sinks_text(v, "listen");

	if (*listen)
		return listen;
	return *sinks_text(v, "textfile") ? NULL : "127.0.0.1:9936";
}

static int check(const struct sinks_open *o)
{
	const char *textfile = sinks_text(o->values, "textfile"), *listen = listen_at(o->values);
	size_t len = strlen(textfile);

	if (len && (len < 5 || strcmp(textfile + len - 5, ".prom"))) {
		snprintf(
			o->why, o->why_size,
			"output prometheus: textfile '%s': its name must end in .prom: the collector reads no other",
			textfile);
		return -EINVAL;
	}
	return listen ? http_check(listen, sinks_yes(o->values, "allow-remote"), o->why,
				   o->why_size) :
			0;
}

static int open_prometheus(const struct sinks_open *o, void **state)
{
	const char *listen = listen_at(o->values), *textfile = sinks_text(o->values, "textfile");
	struct state *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	snprintf(o->why, o->why_size, "output prometheus: cannot start");
	if (!s)
		return err;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = -1;
	s->all = o->all;
	s->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->metrics = metrics_new(sinks_number(o->values, "series"));
	s->interval_ns = sinks_number(o->values, "interval") * 1000000000;
	if (s->end_fd >= 0 && s->metrics)
		err = set_textfile(s, textfile, o->why, o->why_size);
	if (!err && listen) {
		s->listener = http_listen(listen, sinks_yes(o->values, "allow-remote"), o->why,
					  o->why_size);
		err = s->listener < 0 ? s->listener : 0;
	}
	if (err) {
		free_state(s);
		return err;
	}
	snprintf(o->label, SINKS_LABEL, "prometheus %s", s->listener >= 0 ? listen : textfile);
	*state = s;
	return 0;
}

static void count_event(void *state, const struct event *e, const struct item_about *about)
{
	struct state *s = state;

	pthread_mutex_lock(&s->lock);
	metrics_event(s->metrics, e, about);
	pthread_mutex_unlock(&s->lock);
}

static void count_monitor(void *state, const struct monitor *m)
{
	struct state *s = state;

	pthread_mutex_lock(&s->lock);
	metrics_monitor(s->metrics, m);
	pthread_mutex_unlock(&s->lock);
}

static void close_prometheus(void *state)
{
	const uint64_t one = 1;
	struct state *s = state;

	if (write(s->end_fd, &one, sizeof(one)) < 0) {
		/* Full: it is readable already. */
	}
	if (s->started)
		pthread_join(s->thread, NULL);
	free_state(s);
}

static const struct sinks_option options[] = {
	{ "listen", SINKS_TEXT, "",
	  "PORT or ADDRESS:PORT, answers /metrics; 127.0.0.1:9936 without listen and textfile", 0,
	  0 },
	{ "allow-remote", SINKS_YES, "no", "whether other addresses than loopback are allowed", 0,
	  0 },
	{ "textfile", SINKS_TEXT, "", "FILE.prom for node_exporter's textfile collector", 0, 0 },
	{ "interval", SINKS_NUMBER, "15", "seconds after which the textfile is written anew", 1,
	  86400 },
	{ "series", SINKS_NUMBER, "1000", "series of maps and writers; more are counted in other",
	  1, 100000 },
	{ NULL, SINKS_TEXT, NULL, NULL, 0, 0 },
};

const struct sinks_type sinks_prometheus = {
	.name = "prometheus",
	.help = "metrics at a port of this machine, or in a file for node_exporter",
	.options = options,
	.check = check,
	.open = open_prometheus,
	.start = start,
	.event = count_event,
	.monitor = count_monitor,
	.close = close_prometheus,
};
