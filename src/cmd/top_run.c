/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon top at work. Lines come from a source, keys from the screen; time passes by the clock, or by
 * the recording that is replayed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/top.h"
#include "lib/clock.h"
#include "lib/io.h"
#include "stop.h"
#include "top/content.h"
#include "top/frame.h"
#include "top/screen.h"

#define READ_BYTES (64 * 1024)
#define READS 16		/* of which keys and signals are looked for in between */
#define MESSAGES_MAX (16 * 1024)

/* ---- frames ---- */

static void put_plain(void *context, enum top_style style, const char *text, size_t len)
{
	struct top_cmd *m = context;

	(void)style;
	buf_bytes(&m->frame, text, len);
	buf_str(&m->frame, "\n");
}

static void draw_plain(struct top_cmd *m)
{
	m->frame.len = 0;
	if (m->drawn)
		buf_str(&m->frame, "\n");
	top_frame(m->top, &m->view, put_plain, m);
	if (m->frame.failed || io_write(STDOUT_FILENO, m->frame.data, m->frame.len))
		m->ended = true;
}

static void draw(struct top_cmd *m, uint64_t now_ns)
{
	top_tick(m->top, now_ns);
	if (m->screen) {
		screen_size(&m->view.width, &m->view.height);
		if (m->view.width > TOP_WIDTH_MAX)
			m->view.width = TOP_WIDTH_MAX;
		if (m->view.width < TOP_WIDTH_MIN)
			m->view.width = TOP_WIDTH_MIN;
		screen_begin();
		top_frame(m->top, &m->view, screen_line, NULL);
		screen_end();
	} else {
		draw_plain(m);
	}
}

static void count_frame(struct top_cmd *m)
{
	m->drawn++;
	m->ended |= m->frames && m->drawn >= m->frames;
}

/* A recording's own time: a frame that is due before an event is drawn without it. */
static void before_event(void *context, uint64_t time_ns)
{
	struct top_cmd *m = context;

	if (m->last_ns < time_ns)
		m->last_ns = time_ns;
	if (m->screen || !m->frames_given)
		return;
	if (!m->next_ns)
		m->next_ns = time_ns + m->delay_ns;
	while (!m->ended && time_ns >= m->next_ns) {
		draw(m, m->next_ns);
		count_frame(m);
		m->next_ns += m->delay_ns;
	}
}

static uint64_t now_of(const struct top_cmd *m)
{
	return m->replay ? m->last_ns : clock_ns(CLOCK_REALTIME);
}

/* ---- the loop ---- */

static bool heard(const struct top_cmd *m)
{
	return m->top->health.started || m->top->events;
}

static void say(struct top_cmd *m, const char *what)
{
	top_copy(m->view.said, sizeof(m->view.said), what);
}

/* False: no more will come. */
static bool take_message(struct top_cmd *m)
{
	char data[1024];
	ssize_t n = read(m->source.messages, data, sizeof(data));
	struct buf said = {};
	const char *last;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (m->messages.len < MESSAGES_MAX)
		buf_bytes(&m->messages, data, (size_t)n);
	while (n && data[n - 1] == '\n')
		n--;
	last = n ? memrchr(data, '\n', (size_t)n) : NULL;
	last = last ? last + 1 : data;
	buf_safe(&said, last, (size_t)(data + n - last));
	buf_bytes(&said, "", 1);
	/* What is said at the start is on the page of health, and why it could not start is told later. */
	if (!said.failed && heard(m))
		say(m, said.data);
	buf_fini(&said);
	return true;
}

/* All that there are; `end`: until there can't be any more. */
static void take_messages(struct top_cmd *m, bool end)
{
	struct pollfd fd = { .fd = m->source.messages, .events = POLLIN };

	while (fd.fd >= 0 && poll(&fd, 1, end ? -1 : 0) > 0) {
		if (take_message(m))
			continue;
		close(fd.fd);
		m->source.messages = fd.fd = -1;
	}
}

static void end_of_lines(struct top_cmd *m)
{
	close(m->source.fd);
	m->source.fd = -1;
	/* What it said is still to be read. */
	take_messages(m, true);
	m->ended |= !m->screen || !heard(m);
	if (!m->replay)
		snprintf(m->view.said, sizeof(m->view.said), "%s has ended; %sq quits",
			 m->view.source, m->listens ? "another is waited for; " : "");
}

static void take_lines(struct top_cmd *m)
{
	static char data[READ_BYTES];
	ssize_t n;

	for (int i = 0; i < READS && m->source.fd >= 0 && !m->ended; i++) {
		struct pollfd fd = { .fd = m->source.fd, .events = POLLIN };

		if (i && poll(&fd, 1, 0) <= 0)
			return;
		n = read(m->source.fd, data, sizeof(data));
		if (n > 0)
			top_lines_put(&m->lines, data, (size_t)n);
		else if (!n || errno != EINTR)
			end_of_lines(m);
	}
}

static void take_keys(struct top_cmd *m)
{
	int key;

	while (!m->ended && (key = screen_key()) != SCREEN_NO_KEY) {
		/* It was read; that nothing more comes stays. */
		if (m->source.fd >= 0)
			say(m, "");
		m->ended = !top_view_key(&m->view, m->top, key);
		if (!m->ended)
			draw(m, now_of(m));
	}
}

/* ---- the content of one map ---- */

static void begin_reading(struct top_cmd *m)
{
	static char name[] = "maps", dump[] = "--dump", output[] = "-o", json[] = "json",
		    entries[] = "--entries", many[] = "64", bytes[] = "--bytes", size[] = "256";
	char id[16];
	char *argv[] = { name, id, dump, output, json, entries, many, bytes, size, NULL };

	m->view.reads = false;
	if (m->reader.child)
		return;
	if (m->replay) {
		say(m, "a recording has no content to read");
		return;
	}
	m->reads = m->view.map;
	m->read.len = 0;
	snprintf(id, sizeof(id), "%u", m->reads);
	if (source_child(&m->reader, cmd_maps.run, 9, argv))
		say(m, "cannot start a process to read the content");
}

/* Its first line tells. */
static void say_why(struct top_cmd *m)
{
	char data[TOP_TEXT];
	ssize_t n = read(m->reader.messages, data, sizeof(data));
	struct buf said = {};
	const char *end = n > 0 ? memchr(data, '\n', (size_t)n) : NULL;

	buf_safe(&said, data, end ? (size_t)(end - data) : n > 0 ? (size_t)n : 0);
	buf_bytes(&said, "", 1);
	say(m, said.failed ? "no memory" : said.data);
	buf_fini(&said);
}

static void take_content(struct top_cmd *m)
{
	char data[READ_BYTES / 4];
	ssize_t n = read(m->reader.fd, data, sizeof(data));

	if (n > 0 && m->read.len < TOP_LINE_MAX)
		buf_bytes(&m->read, data, (size_t)n);
	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	if (!m->read.len || m->read.failed)
		say_why(m);
	else if (top_content(m->top, m->reads, m->read.data, m->read.len))
		say(m, "");
	source_end(&m->reader);
	draw(m, now_of(m));
}

/* A bpfmon that ended may have been started anew. */
static void connect_again(struct top_cmd *m)
{
	if (m->source.fd >= 0 || !m->listens || source_socket(&m->source, m->listens))
		return;
	top_lines_again(&m->lines, clock_ns(CLOCK_REALTIME));
	say(m, "");
}

/* Frames by the clock: the first when there is something to tell, but on a screen at once. */
static void take_time(struct top_cmd *m)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (m->replay && !m->screen)
		return;
	if (!m->next_ns && !m->screen && !heard(m))
		return;
	if (!m->next_ns)
		m->next_ns = m->screen ? now : now + m->delay_ns;
	if (now < m->next_ns)
		return;
	m->next_ns += m->delay_ns;
	if (m->next_ns < now)
		m->next_ns = now + m->delay_ns;
	connect_again(m);
	if (!m->view.paused)
		draw(m, now_of(m));
	count_frame(m);
}

static int wait_ms(const struct top_cmd *m)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!m->next_ns || (m->replay && !m->screen))
		return m->screen ? 0 : -1;
	return now < m->next_ns ? (int)((m->next_ns - now) / 1000000) + 1 : 0;
}

static void loop(struct top_cmd *m)
{
	take_time(m);
	while (!m->ended && !stop_asked()) {
		struct pollfd fds[] = {
			{ .fd = m->source.fd, .events = POLLIN },
			{ .fd = m->source.messages, .events = POLLIN },
			{ .fd = stop_fd(), .events = POLLIN },
			{ .fd = m->screen ? STDIN_FILENO : -1, .events = POLLIN },
			{ .fd = m->reader.fd, .events = POLLIN },
		};

		poll(fds, 5, wait_ms(m));
		if (fds[1].revents)
			take_messages(m, false);
		if (fds[0].revents)
			take_lines(m);
		/* Nobody is at the terminal any more. */
		if (fds[3].revents & (POLLERR | POLLHUP | POLLNVAL))
			m->ended = true;
		/* Also when a signal came: the terminal may have another size. */
		if (m->screen)
			take_keys(m);
		if (m->view.reads)
			begin_reading(m);
		if (fds[4].revents)
			take_content(m);
		if (!m->ended)
			take_time(m);
	}
}

/* What is drawn when nothing more comes: of a recording, or of what ended early. */
static void finish_plain(struct top_cmd *m)
{
	if (m->screen || stop_asked() || (!heard(m) && !m->replay))
		return;
	if (!m->drawn || (m->frames && m->drawn < m->frames && m->replay)) {
		draw(m, now_of(m));
		m->drawn++;
	}
}

int top_run(struct top_cmd *m)
{
	int status;

	if (m->replay) {
		m->lines.before = before_event;
		m->lines.context = m;
	}
	loop(m);
	if (m->screen)
		screen_close();
	source_end(&m->reader);
	status = source_end(&m->source);
	if (status && !heard(m)) {
		/* It could not begin, and said why. */
		io_write(STDERR_FILENO, m->messages.data, m->messages.len);
		return status;
	}
	finish_plain(m);
	return STATUS_DONE;
}
