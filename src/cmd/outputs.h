/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outputs beside standard output and recording, as the command line names them. */
#ifndef BPFMON_OUTPUTS_H
#define BPFMON_OUTPUTS_H

#include "cmd/options.h"

/* Notes a word of --output. -EINVAL: it was said what is wrong. "TYPE,help" lists keys and exits. */
int outputs_word(struct options *o, const char *word);
/* After the last: the same of all words, before anything is opened. */
int outputs_check(const struct options *o);
/* Opens them for s->more. The exit status; when it is not 0, it was said why, and `s` is ended. */
int outputs_open(const struct options *o, bool (*give_up)(void), struct sink *s);

/* The same in steps, for outputs that are named elsewhere: sinks_add() to s->more in between. */
int outputs_new(bool waits, bool (*give_up)(void), struct sink *s);
int outputs_start(const struct options *o, struct sink *s);
/* Says why, ends `s`, and returns the exit status. */
int outputs_fail(struct sink *s, int err, const char *why);

/* For --help. */
#define OUTPUTS_HELP                                                                    \
	"  -o, --output FORMAT    text (default), json, ecs or ocsf; as TYPE[,KEY=VALUE...]\n" \
	"                         one more output: file, stdout, prometheus, journald,\n"       \
	"                         syslog, socket, sqlite or otlp; repeatable; TYPE,help\n"      \
	"                         lists its keys\n"

#endif
