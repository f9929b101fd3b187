/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon test-rules DIR: whether the rules of DIR/NAME.yaml fire on the recordings DIR/NAME/fires.*
 * and do not on DIR/NAME/quiet.*. Each rule must have both.
 *
 * ok NAME/fires.rec
 * not ok NAME/quiet.rec - RULE fired: its text
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "lib/bpflog.h"
#include "lib/log.h"
#include "record/replay.h"
#include "rules/ruleset.h"

#define PATH_BYTES 4096

/* One file of rules. */
struct tested {
	char rules[PATH_BYTES], folder[PATH_BYTES];
	const char *name;
	bool *fired;		/* each of its rules, by a recording that is to fire */
	size_t n;
	bool has_quiet, bad, failed;
};

struct reading {
	int fd;
	char told[256];		/* the first alert of a rule; "": none */
};

static ssize_t read_more(void *context, void *data, size_t size)
{
	const struct reading *r = context;
	ssize_t n;

	do
		n = read(r->fd, data, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void on_alert(void *context, struct event *alert)
{
	struct reading *r = context;

	if (!r->told[0])
		snprintf(r->told, sizeof(r->told), "%s fired: %s", alert->alert.rule,
			 alert->alert.reason);
}

static struct ruleset *load(const char *path)
{
	struct ruleset *rules = ruleset_new(NULL);
	struct tree_error error = { "no memory for the rules" };

	if (rules && !ruleset_load(rules, path, &error) && !ruleset_seal(rules, &error))
		return rules;
	log_error("%s", error.text);
	ruleset_free(rules);
	return NULL;
}

/* False, and why: it is no whole recording. */
static bool read_recording(const char *path, struct ruleset *rules, struct reading *reading,
			   char *why, size_t why_size)
{
	struct replay *r;
	enum replay_item item = REPLAY_FAILED;
	struct record_info info;
	struct monitor m;
	struct event e;

	reading->told[0] = '\0';
	reading->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r = reading->fd < 0 ? NULL : replay_new(read_more, reading);
	if (!r) {
		snprintf(why, why_size, "cannot open it: %s", strerror(errno));
	} else {
		for (item = replay_begin(r, &info);
		     item == REPLAY_EVENT || item == REPLAY_MONITOR;) {
			item = replay_next(r, &e, &m);
			if (item != REPLAY_EVENT)
				continue;
			ruleset_tick(rules, e.time_ns, on_alert, reading);
			ruleset_event(rules, &e, replay_seq(r), on_alert, reading);
		}
		if (item != REPLAY_END)
			snprintf(why, why_size, "%s", replay_why(r));
	}
	replay_free(r);
	if (reading->fd >= 0)
		close(reading->fd);
	return item == REPLAY_END;
}

static void tell(struct tested *t, const char *what, const char *why)
{
	t->failed |= why != NULL;
	printf("%s %s/%s%s%s\n", why ? "not ok" : "ok", t->name, what, why ? " - " : "", why ?: "");
}

/* One recording, with rules that remember nothing of another. */
static void test_one(struct tested *t, const char *recording)
{
	bool fires = !strncmp(recording, "fires.", 6);
	struct ruleset *rules = load(t->rules);
	struct reading reading;
	char path[2 * PATH_BYTES], why[512];

	if (!rules) {
		t->bad = true;
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", t->folder, recording);
	if (!read_recording(path, rules, &reading, why, sizeof(why)))
		tell(t, recording, why);
	else if (fires && !reading.told[0])
		tell(t, recording, "no rule fired");
	else
		tell(t, recording, !fires && reading.told[0] ? reading.told : NULL);
	for (size_t i = 0; fires && i < t->n; i++)
		t->fired[i] |= ruleset_fired(rules, i) != 0;
	t->has_quiet |= !fires;
	ruleset_free(rules);
}

static int is_recording(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "fires.", 6) || !strncmp(entry->d_name, "quiet.", 6);
}

static void test_recordings(struct tested *t)
{
	struct dirent **names = NULL;
	int n = scandir(t->folder, &names, is_recording, alphasort);

	for (int i = 0; i < n; i++) {
		if (!t->bad)
			test_one(t, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static void test_file(struct tested *t)
{
	struct ruleset *rules = load(t->rules);

	t->bad = !rules;
	if (!rules)
		return;
	t->n = ruleset_count(rules);
	t->fired = calloc(t->n + 1, sizeof(*t->fired));
	t->bad = !t->fired;
	if (!t->bad)
		test_recordings(t);
	for (size_t i = 0; !t->bad && i < t->n; i++)
		if (!t->fired[i])
			tell(t, ruleset_name(rules, i), "no recording fires.* makes it fire");
	if (!t->bad && !t->has_quiet)
		tell(t, "quiet", "no recording quiet.* leaves it quiet");
	free(t->fired);
	ruleset_free(rules);
}

static int is_rules(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".yaml");
}

/* The exit status. */
static int test_folder(const char *folder)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_rules, alphasort), status = STATUS_DONE;

	if (n <= 0) {
		log_error("%s: %s", folder, n ? strerror(errno) : "no NAME.yaml with rules in it");
		free(names);
		return STATUS_USAGE;
	}
	for (int i = 0; i < n; i++) {
		static struct tested t;	/* large */
		char *name = names[i]->d_name;

		memset(&t, 0, sizeof(t));
		snprintf(t.rules, sizeof(t.rules), "%s/%s", folder, name);
		name[strlen(name) - 5] = '\0';
		snprintf(t.folder, sizeof(t.folder), "%s/%s", folder, name);
		t.name = name;
		test_file(&t);
		if (t.bad)
			status = STATUS_USAGE;
		else if (t.failed && !status)
			status = STATUS_FAILED;
		free(names[i]);
	}
	free(names);
	return status;
}

static int test_rules(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, {} };
	int c, status = STATUS_DONE, one;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return cmd_bad_option(&cmd_test_rules, c, argv);
		cmd_usage(&cmd_test_rules);
		return STATUS_DONE;
	}
	if (optind == argc) {
		log_error("give a folder with rules; see bpfmon test-rules --help");
		return STATUS_USAGE;
	}
	bpflog_init();
	for (; optind < argc; optind++) {
		one = test_folder(argv[optind]);
		if (one > status)
			status = one;
	}
	return fflush(stdout) ? STATUS_FAILED : status;
}

const struct cmd cmd_test_rules = {
	"test-rules",
	"tell whether rules fire on the recordings that they should",
	"  -h, --help             this text\n"
	"\n"
	"The rules of DIR/NAME.yaml must fire on recordings DIR/NAME/fires.*, each at least once,\n"
	"and none on DIR/NAME/quiet.*; see bpfmon-rules(5). Needs no privilege.\n"
	"Exit status: 0 they do; 1 some do not; 2 bad usage, or rules that can't be read.\n",
	test_rules,
	"DIR...",
};
