/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What watch and replay have in common on the command line: which events, and how and where they
 * are written.
 */
#ifndef BPFMON_OPTIONS_H
#define BPFMON_OPTIONS_H

#include <getopt.h>

#include "filter.h"
#include "lib/log.h"
#include "out/out.h"
#include "record/sink.h"

#define OPTIONS_OUTPUTS 16

struct options {
	struct filter filter;
	const struct out_format *format;	/* NULL: not given */
	const char *write;			/* NULL: not given; "-": standard output */
	const char *outputs[OPTIONS_OUTPUTS];	/* "TYPE[,KEY=VALUE...]" of --output */
	size_t n_outputs;
	bool no_text;	/* not even if nothing else is given: outputs come from elsewhere */
	bool waits;				/* the source waits for outputs; replay */
	uint64_t bytes, count;
	enum log_level level;
	bool help;
	bool all;		/* no summaries */
};

/* For getopt_long(); a command's own long options have values from OPT_OWN. */
enum { OPT_PROG = 256, OPT_BYTES, OPT_COUNT, OPT_OWN };

#define OPTIONS_SHORT ":m:p:c:x:e:ao:w:qvh"
/* clang-format off */
#define OPTIONS_LONG						\
	{ "map", required_argument, NULL, 'm' },		\
	{ "pid", required_argument, NULL, 'p' },		\
	{ "comm", required_argument, NULL, 'c' },		\
	{ "prog", required_argument, NULL, OPT_PROG },		\
	{ "exclude", required_argument, NULL, 'x' },		\
	{ "events", required_argument, NULL, 'e' },		\
	{ "all", no_argument, NULL, 'a' },			\
	{ "output", required_argument, NULL, 'o' },		\
	{ "write", required_argument, NULL, 'w' },		\
	{ "bytes", required_argument, NULL, OPT_BYTES },	\
	{ "count", required_argument, NULL, OPT_COUNT },	\
	{ "quiet", no_argument, NULL, 'q' },			\
	{ "verbose", no_argument, NULL, 'v' },			\
	{ "help", no_argument, NULL, 'h' }
/* clang-format on */

/* The lines of help that do not differ. */
#define OPTIONS_HELP_FILTERS                                                                  \
	"  -p, --pid PID          only this process; repeatable\n"                           \
	"  -c, --comm NAME        only this command, a name or glob; repeatable\n"            \
	"      --prog PROG        only this BPF program, an id, name or glob; repeatable\n"   \
	"  -x, --exclude LIST     leave out: map=MAP,comm=NAME,pid=PID,prog=PROG; repeatable\n" \
	"  -e, --events LIST      event types, or groups: open, write, life, prog, alert,\n" \
	"                         read, all;\n"

void options_init(struct options *o);
/* One that getopt_long() found. -EINVAL: it was said what is wrong. */
int options_set(struct options *o, int c, char *word);
/* After the last: what does not go together. */
int options_check(const struct options *o);
int options_number(const char *option, const char *word, uint64_t min, uint64_t max, uint64_t *out);

/* A recording does not tell what was pinned where: true, and it was said. */
bool options_names_pin(const struct filter_list *list);

/* Opens what is written to. The exit status; when it is not 0, it was said why. */
int options_sink(const struct options *o, const struct record_info *info, bool (*give_up)(void),
		 struct sink *s);

#endif
