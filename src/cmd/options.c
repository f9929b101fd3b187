/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Options of watch and replay; see options.h. */
#include "cmd/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfmon/wire.h"
#include "cmd/cmd.h"
#include "cmd/outputs.h"
#include "size.h"

void options_init(struct options *o)
{
	memset(o, 0, sizeof(*o));
	filter_init(&o->filter);
	o->level = LOG_INFO;
}

int options_number(const char *option, const char *word, uint64_t min, uint64_t max, uint64_t *out)
{
	if (size_parse(word, out) && *out >= min && *out <= max)
		return 0;
	log_error("%s '%s': give a number from %llu to %llu", option, word, (unsigned long long)min,
		  (unsigned long long)max);
	return -EINVAL;
}

static int set_format(struct options *o, const char *name)
{
	o->format = out_find(name);
	if (o->format)
		return 0;
	log_error("no output format '%s'; there are: %s; for an output give TYPE,KEY=VALUE", name,
		  out_names());
	return -EINVAL;
}

int options_set(struct options *o, int c, char *word)
{
	char why[256] = "";
	int err = 0;

	switch (c) {
	case 'm':
		err = filter_add_map(&o->filter.only, word, why, sizeof(why));
		break;
	case 'p':
		err = filter_add_pid(&o->filter.only, word, why, sizeof(why));
		break;
	case 'c':
		err = filter_add_comm(&o->filter.only, word, why, sizeof(why));
		break;
	case OPT_PROG:
		err = filter_add_prog(&o->filter.only, word, why, sizeof(why));
		break;
	case 'x':
		err = filter_add_except(&o->filter, word, why, sizeof(why));
		break;
	case 'e':
		err = filter_set_types(&o->filter, word, why, sizeof(why));
		break;
	case 'a':
		o->all = true;
		break;
	case 'o':
		return sinks_is_word(word) ? outputs_word(o, word) : set_format(o, word);
	case 'w':
		o->write = word;
		break;
	case 'q':
		o->level = LOG_WARN;
		break;
	case 'v':
		o->level = LOG_DEBUG;
		break;
	case 'h':
		o->help = true;
		break;
	case OPT_BYTES:
		return options_number("--bytes", word, 0, WIRE_BYTES_MAX, &o->bytes);
	case OPT_COUNT:
		return options_number("--count", word, 1, UINT64_MAX, &o->count);
	}
	if (err)
		log_error("%s", why);
	return err;
}

static bool to_stdout(const char *name)
{
	return name && !strcmp(name, "-");
}

int options_check(const struct options *o)
{
	int err = outputs_check(o);

	if (err || !to_stdout(o->write))
		return err;
	if (o->format) {
		log_error("-w - and -o both write to standard output: give -w a file");
		return -EINVAL;
	}
	if (isatty(STDOUT_FILENO)) {
		log_error(
			"-w -: a recording is not for a terminal: redirect it, or give -w a file");
		return -EINVAL;
	}
	return 0;
}

bool options_names_pin(const struct filter_list *list)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		if (list->maps[i].kind != MATCH_PIN)
			continue;
		log_error("which map was pinned at %s is not in a recording: give its id or name",
			  list->maps[i].text);
		return true;
	}
	return false;
}

/* A recording is evidence: it is never written over, and for its owner alone. */
static int open_record(const char *name)
{
	int fd = to_stdout(name) ?
			 fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) :
			 open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0 && errno == EEXIST)
		log_error("%s exists and is not written over: remove it or give another name",
			  name);
	else if (fd < 0)
		log_error("cannot create %s: %s", name, strerror(errno));
	return fd;
}

int options_sink(const struct options *o, const struct record_info *info, bool (*give_up)(void),
		 struct sink *s)
{
	int fd, status;

	memset(s, 0, sizeof(*s));
	s->format = o->format;
	if (!o->format && !o->write && !o->n_outputs && !o->no_text)
		s->format = &out_text;
	s->env.host = info->host;
	s->env.kept = out_kept_new();	/* without, JSON is slower */
	s->env.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	output_init(&s->out, STDOUT_FILENO, give_up);
	status = outputs_open(o, give_up, s);
	if (status || !o->write)
		return status;
	s->record_name = to_stdout(o->write) ? "standard output" : o->write;
	fd = open_record(o->write);
	if (fd >= 0)
		s->record = recorder_new(fd, info, give_up);
	if (s->record)
		return STATUS_DONE;
	sink_fini(s);
	if (fd < 0)
		return STATUS_USAGE;
	close(fd);
	log_error("no memory to record");
	return STATUS_FAILED;
}
