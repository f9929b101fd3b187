/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon top: a screen, or plain frames, of maps by writes a second; see top.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/top.h"
#include "lib/clock.h"
#include "lib/io.h"
#include "lib/log.h"
#include "sinks/socket.h"
#include "size.h"
#include "stop.h"
#include "top/screen.h"

#define WIDTH_DEFAULT 80

/* ---- options ---- */

enum { OPT_ASCII = 256, OPT_SOCKET, OPT_WATCH, OPT_REPLAY };

static int set_number(const char *option, const char *word, uint64_t min, uint64_t max,
		      uint64_t *out)
{
	if (size_parse(word, out) && *out >= min && *out <= max)
		return 0;
	log_error("%s '%s': give a number from %llu to %llu", option, word, (unsigned long long)min,
		  (unsigned long long)max);
	return -EINVAL;
}

static int set_filter(struct top_cmd *m, const char *word)
{
	for (const char *c = word; *c; c++) {
		if (*c >= ' ' && *c < 0x7f)
			continue;
		log_error("--filter: give printable ASCII, as names are shown");
		return -EINVAL;
	}
	top_copy(m->view.filter, sizeof(m->view.filter), word);
	return 0;
}

static int set_option(struct top_cmd *m, int c, const char *word)
{
	uint64_t n;

	switch (c) {
	case 'b':
		m->batch = true;
		return 0;
	case 'n':
		m->frames_given = true;
		return set_number("--frames", word, 1, UINT32_MAX, &m->frames);
	case 'd':
		if (set_number("--delay", word, 1, 3600, &n))
			return -EINVAL;
		m->delay_ns = n * 1000000000;
		return 0;
	case 's':
		if (top_sort_find(word, &m->view.sort))
			return 0;
		log_error("--sort '%s': there are: %s", word, top_sort_list());
		return -EINVAL;
	case 'f':
		return set_filter(m, word);
	case 'm':
		m->view.wanted = word;
		return 0;
	case 'w':
		if (set_number("--width", word, TOP_WIDTH_MIN, TOP_WIDTH_MAX, &n))
			return -EINVAL;
		m->view.width = (unsigned int)n;
		return 0;
	case OPT_ASCII:
		m->view.ascii = true;
		return 0;
	case OPT_SOCKET:
		m->socket = word;
		return 0;
	case OPT_WATCH:
		m->watch = true;
		return 0;
	case OPT_REPLAY:
		m->replay = word;
		return 0;
	case 'h':
		m->help = true;
		return 0;
	}
	return -EINVAL;
}

/* What goes to stdout by -o would not be read here. */
static int check_words(const struct top_cmd *m)
{
	if (m->watch + (m->socket != NULL) + (m->replay != NULL) > 1) {
		log_error("give one of --watch, --socket and --replay");
		return -EINVAL;
	}
	if (m->n_words && m->socket) {
		log_error("'%s': a bpfmon that runs has options of its own", m->words[0]);
		return -EINVAL;
	}
	return 0;
}

static int parse(struct top_cmd *m, int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "frames", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "sort", required_argument, NULL, 's' },
		{ "filter", required_argument, NULL, 'f' },
		{ "map", required_argument, NULL, 'm' },
		{ "width", required_argument, NULL, 'w' },
		{ "ascii", no_argument, NULL, OPT_ASCII },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "watch", no_argument, NULL, OPT_WATCH },
		{ "replay", required_argument, NULL, OPT_REPLAY },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, ":bn:d:s:f:m:w:h", options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_top, c, argv);
			return -EINVAL;
		}
		if (set_option(m, c, optarg))
			return -EINVAL;
	}
	m->n_words = argc - optind;
	m->words = argv + optind;
	if (m->n_words && strcmp(argv[optind - 1], "--")) {
		log_error("'%s' is not expected; see bpfmon top --help", argv[optind]);
		return -EINVAL;
	}
	return check_words(m);
}

/* ---- the source ---- */

/* The words that were given are between what top needs and the recording. */
static int start_child(struct top_cmd *m)
{
	static char json[] = "json", quiet[] = "-q", output[] = "-o", beat[] = "--heartbeat",
		    one[] = "1", dashes[] = "--";
	char **argv = calloc((size_t)m->n_words + 8, sizeof(*argv));
	const struct cmd *cmd = m->replay ? &cmd_replay : &cmd_watch;
	int argc = 0, err;

	if (!argv)
		return -ENOMEM;
	argv[argc++] = (char *)cmd->name;
	argv[argc++] = quiet;
	argv[argc++] = output;
	argv[argc++] = json;
	if (!m->replay) {
		argv[argc++] = beat;
		argv[argc++] = one;
	}
	for (int i = 0; i < m->n_words; i++)
		argv[argc++] = m->words[i];
	if (m->replay) {
		argv[argc++] = dashes;
		argv[argc++] = (char *)m->replay;
	}
	err = source_child(&m->source, cmd->run, argc, argv);
	free(argv);
	snprintf(m->said, sizeof(m->said), m->replay ? "recording %s" : "watching by itself",
		 m->replay);
	return err;
}

/* 0: there is one; -ENOENT: nobody listens. */
static int try_socket(struct top_cmd *m, const char *path)
{
	int err = source_socket(&m->source, path);

	if (!err) {
		m->listens = path;
		snprintf(m->said, sizeof(m->said), "socket %s", path);
		return 0;
	}
	if (!m->socket && (err == -ENOENT || err == -ECONNREFUSED))
		return -ENOENT;
	if (err == -EACCES)
		log_error(
			"%s: no permission: be root, or of the group that the socket is for (--output socket,group=)",
			path);
	else
		log_error("%s: %s; bpfmon --output socket,path=%s would listen there", path,
			  strerror(-err), path);
	return err;
}

static int start_source(struct top_cmd *m)
{
	int err = -ENOENT;

	if (!m->watch && !m->replay && !m->n_words) {
		err = try_socket(m, m->socket ? m->socket : SOCKET_DEFAULT);
		if (err && (m->socket || err != -ENOENT))
			return err;
	}
	/* What comes first from a socket may be of long ago. */
	if (!err)
		m->top->first_ns = clock_ns(CLOCK_REALTIME);
	else
		err = start_child(m);
	if (err)
		log_error("cannot start: %s", strerror(-err));
	m->view.source = m->said;
	return err;
}

/* ---- begin and end ---- */

/* What locale(7) says decides about the character set; it need not be installed. */
static bool says_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < 3 && !(value && *value); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, "UTF-8") || strcasestr(value, "UTF8"));
}

static int open_screen(struct top_cmd *m)
{
	m->screen = !m->batch && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
	if (m->screen && !screen_there()) {
		log_warn("this is the static bpfmon, which has no screen: plain frames follow");
		m->screen = false;
		return 0;
	}
	if (!m->screen) {
		m->frames = m->frames_given ? m->frames : 1;
		return 0;
	}
	if (!screen_open(!getenv("NO_COLOR"))) {
		m->view.ascii |= !screen_utf8();
		return 0;
	}
	log_error("TERM=%s is no terminal that is known here: -b prints plain frames",
		  getenv("TERM") ? getenv("TERM") : "");
	return -EINVAL;
}

static int run(struct top_cmd *m)
{
	int status;

	m->view.ascii |= !says_utf8();
	m->top = top_new();
	if (!m->top || stop_init()) {
		log_error("no memory, or no way to be stopped");
		return STATUS_FAILED;
	}
	if (start_source(m))
		return m->socket ? STATUS_FAILED : STATUS_USAGE;
	top_lines_init(&m->lines, m->top);
	if (open_screen(m)) {
		source_end(&m->source);
		return STATUS_USAGE;
	}
	status = top_run(m);
	if (m->view.wanted && !status)
		log_warn("nothing was heard of a map '%s'", m->view.wanted);
	return status;
}

static int top(int argc, char **argv)
{
	struct top_cmd m = { .delay_ns = 1000000000,
			     .view = { .width = WIDTH_DEFAULT },
			     .source = { .fd = -1, .messages = -1 },
			     .reader = { .fd = -1, .messages = -1 } };
	int status;

	if (parse(&m, argc, argv))
		return STATUS_USAGE;
	if (m.help) {
		cmd_usage(&cmd_top);
		return STATUS_DONE;
	}
	status = run(&m);
	top_lines_fini(&m.lines);
	top_view_fini(&m.view);
	top_free(m.top);
	buf_fini(&m.frame);
	buf_fini(&m.messages);
	buf_fini(&m.read);
	return status;
}

const struct cmd cmd_top = {
	"top",
	"a screen of maps by writes a second, and who writes them",
	"  -b, --batch            plain frames, as in a pipe; else a screen on a terminal\n"
	"  -n, --frames N         end after so many frames (default: of plain ones 1)\n"
	"  -d, --delay SEC        seconds between frames (default 1)\n"
	"  -s, --sort KEY         rate (default), user, prog, total, last, name or id\n"
	"  -f, --filter TEXT      only maps whose name, id, type or writer has it\n"
	"  -m, --map MAP          this map, by id or name: its writers, content, last changes\n"
	"  -w, --width N          columns of a plain frame, 20 to 500 (default 80)\n"
	"      --ascii            no UTF-8\n"
	"      --socket FILE      read from the bpfmon that runs and has this socket\n"
	"      --watch            watch by itself, as bpfmon watch\n"
	"      --replay FILE      read a recording; time is that of the recording\n"
	"  -h, --help             this text\n"
	"\n"
	"Without a source: " SOCKET_DEFAULT " if somebody listens there, else it watches.\n"
	"Behind -- options of bpfmon watch, or replay, may follow: bpfmon top -- -m config\n"
	"Keys: h on the screen lists them.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or bad input.\n",
	top,
	"[-- OPTION...]",
};
