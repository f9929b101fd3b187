/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon query: the events of a local store, by time, map, actor and type. Asks no kernel, and needs
 * no right but to read the file.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "lib/clock.h"
#include "lib/io.h"
#include "lib/log.h"
#include "store/read.h"
#include "store/when.h"

struct query {
	const char *path;
	struct want want;
	int64_t since_ns, until_ns;
	uint64_t last;
	bool json, help;
};

static int set_time(const char *option, const char *word, int64_t *ns)
{
	if (when_parse(word, clock_ns(CLOCK_REALTIME), ns))
		return 0;
	log_error("%s '%s' is no time: " WHEN_FORMS, option, word);
	return -EINVAL;
}

static int set_option(struct query *q, int c, char *word)
{
	char why[256] = "";
	int err = 0;

	switch (c) {
	case 'S':
		return set_time("--since", word, &q->since_ns);
	case 'U':
		return set_time("--until", word, &q->until_ns);
	case 'm':
		err = want_map(&q->want, word, why, sizeof(why));
		break;
	case 'a':
		err = want_actor(&q->want, word, why, sizeof(why));
		break;
	case 'e':
		err = want_types(&q->want, word, why, sizeof(why));
		break;
	case 'n':
		return options_number("--lines", word, 1, INT64_MAX, &q->last);
	case 'o':
		return cmd_format(word, &q->json);
	case 'h':
		q->help = true;
		break;
	}
	if (err)
		log_error("%s", why);
	return err;
}

static int parse(struct query *q, int argc, char **argv)
{
	static const struct option options[] = {
		{ "since", required_argument, NULL, 'S' },
		{ "until", required_argument, NULL, 'U' },
		{ "map", required_argument, NULL, 'm' },
		{ "actor", required_argument, NULL, 'a' },
		{ "type", required_argument, NULL, 'e' },
		{ "lines", required_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, ":S:U:m:a:e:n:o:h", options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_query, c, argv);
			return -EINVAL;
		}
		if (set_option(q, c, optarg))
			return -EINVAL;
	}
	if (optind < argc - 1) {
		log_error("'%s' is not expected: give one store", argv[optind + 1]);
		return -EINVAL;
	}
	if (q->since_ns > q->until_ns) {
		log_error("--since is after --until: nothing is between");
		return -EINVAL;
	}
	q->path = optind < argc ? argv[optind] : STORE_DEFAULT;
	return 0;
}

/* All of them. The exit status; what was read before something failed is printed. */
static int print(const struct query *q, struct reading *r)
{
	struct buf b = {};
	bool more = true;
	int rc = read_begin(r), err = 0;

	while (rc == SQLITE_OK && more && !err) {
		rc = read_some(r, &b, &more);
		err = b.failed ? -ENOMEM : io_write(STDOUT_FILENO, b.data, b.len);
		b.len = 0;
	}
	if (rc != SQLITE_OK)
		log_error("%s: %s; what is before it was printed", q->path,
			  rc == SQLITE_CORRUPT ? "it is damaged" : sqlite3_errmsg(r->db));
	read_end(r);
	buf_fini(&b);
	/* A reader that has seen enough. */
	if (err && err != -EPIPE)
		log_error("cannot write events: %s", strerror(-err));
	return rc != SQLITE_OK ? STATUS_USAGE : err && err != -EPIPE ? STATUS_FAILED : STATUS_DONE;
}

static int show(const struct query *q)
{
	struct reading r = { .want = &q->want,
			     .since_ns = q->since_ns,
			     .until_ns = q->until_ns,
			     .last = q->last,
			     .json = q->json };
	char why[512];
	int status;

	if (store_open_read(q->path, &r.db, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_USAGE;
	}
	status = print(q, &r);
	sqlite3_close(r.db);
	if (!r.bad)
		return status;
	log_error("%s: %llu lines that bpfmon did not write were left out", q->path,
		  (unsigned long long)r.bad);
	return status ?: STATUS_USAGE;
}

static int query(int argc, char **argv)
{
	struct query q = { .until_ns = INT64_MAX };

	if (parse(&q, argc, argv))
		return STATUS_USAGE;
	if (q.help) {
		cmd_usage(&cmd_query);
		return STATUS_DONE;
	}
	signal(SIGPIPE, SIG_IGN);
	return show(&q);
}

const struct cmd cmd_query = {
	"query",
	"read a local store of events, which the output sqlite wrote",
	"  -S, --since TIME       not before: as journalctl takes it, such as '2026-11-24 21:41',\n"
	"                         21:41, yesterday, -2h, '3 days ago', @SECONDS, or as JSON has it\n"
	"  -U, --until TIME       not after\n"
	"  -m, --map MAP          only this map: id, name or glob; repeatable\n"
	"  -a, --actor ACTOR      only this actor: a pid, the path of a program's file, the name of\n"
	"                         a command or BPF program; globs, too; or one of pid=PID,\n"
	"                         exe=PATH, comm=NAME, prog=ID-or-NAME; repeatable\n"
	"  -e, --type LIST        event types, or groups: open, write, life, prog, alert, read,\n"
	"                         monitor, all; repeatable\n"
	"  -n, --lines N          only the last N\n"
	"  -o, --output FORMAT    text (default) or json\n"
	"  -h, --help             this text\n"
	"\n"
	"FILE is " STORE_DEFAULT " when none is given. Needs no privilege but to read it.\n"
	"Exit status: 0 done; 1 could not write; 2 bad usage, no store, or a damaged one.\n",
	query,
	"[FILE]",
};
