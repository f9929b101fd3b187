/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --output TYPE[,KEY=VALUE...]; see outputs.h. */
#include "cmd/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A list of keys is what a person asks for who does not know them. */
static void print_option(const struct sinks_option *o)
{
	printf("  %-14s %s%s%s%s\n", o->name, o->help, *o->def ? " (default " : "", o->def,
	       *o->def ? ")" : "");
}

static bool wants_help(const char *word)
{
	const char *comma = strchr(word, ',');

	return comma && !strcmp(comma, ",help");
}

static void print_type(const struct sinks_type *type)
{
	printf("%s: %s\n", sinks_type_name(type), sinks_type_help(type));
	for (const struct sinks_option *o = sinks_type_options(type); o->name; o++)
		print_option(o);
	for (const struct sinks_option *o = sinks_options; o->name; o++)
		if (sinks_type_takes(type, o))
			print_option(o);
}

int outputs_word(struct options *o, const char *word)
{
	if (wants_help(word)) {
		for (size_t i = 0; sinks_type_at(i); i++)
			if (!strncmp(sinks_type_name(sinks_type_at(i)), word, strcspn(word, ",")))
				print_type(sinks_type_at(i));
		exit(STATUS_DONE);
	}
	if (o->n_outputs == OPTIONS_OUTPUTS) {
		log_error("more than %d outputs: give fewer", OPTIONS_OUTPUTS);
		return -EINVAL;
	}
	o->outputs[o->n_outputs++] = word;
	return 0;
}

int outputs_check(const struct options *o)
{
	char why[512];

	for (size_t i = 0; i < o->n_outputs; i++) {
		if (!sinks_check_word(o->outputs[i], why, sizeof(why)))
			continue;
		log_error("%s", why);
		return -EINVAL;
	}
	return 0;
}

int outputs_fail(struct sink *s, int err, const char *why)
{
	log_error("%s", why);
	sink_fini(s);
	return err == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

int outputs_new(bool waits, bool (*give_up)(void), struct sink *s)
{
	s->more = sinks_new(waits, give_up);
	return s->more ? STATUS_DONE : outputs_fail(s, -ENOMEM, "no memory for outputs");
}

int outputs_start(const struct options *o, struct sink *s)
{
	char why[512];
	int err;

	if (sinks_use_stdout(s->more) && (s->format || (o->write && !strcmp(o->write, "-"))))
		return outputs_fail(
			s, -EINVAL,
			"--output stdout and -o, or -w -, both write to standard output: give one");
	err = sinks_start(s->more, &s->env, why, sizeof(why));
	if (err)
		return outputs_fail(s, err, why);
	/* Whether its reader is still there matters where there is no other. */
	if (!s->format && !sinks_only_stdout(s->more))
		s->out.fd = -1;
	return STATUS_DONE;
}

int outputs_open(const struct options *o, bool (*give_up)(void), struct sink *s)
{
	char why[512];
	int err;

	if (!o->n_outputs)
		return STATUS_DONE;
	err = outputs_new(o->waits, give_up, s);
	if (err)
		return err;
	for (size_t i = 0; i < o->n_outputs; i++) {
		err = sinks_add_word(s->more, o->outputs[i], why, sizeof(why));
		if (err)
			return outputs_fail(s, err, why);
	}
	return outputs_start(o, s);
}
