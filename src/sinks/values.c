/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and values of outputs; see values.h. */
#include "sinks/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

static int find(const struct sinks_values *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->options[i]->name, name))
			return (int)i;
	return -1;
}

static const char *value(const struct sinks_values *v, const char *name)
{
	int i = find(v, name);

	if (i < 0)
		return "";
	return v->text[i] ? v->text[i] : v->options[i]->def;
}

const char *sinks_text(const struct sinks_values *v, const char *name)
{
	return value(v, name);
}

uint64_t sinks_number(const struct sinks_values *v, const char *name)
{
	uint64_t n;

	return size_parse(value(v, name), &n) ? n : 0;
}

bool sinks_yes(const struct sinks_values *v, const char *name)
{
	return !strcmp(value(v, name), "yes");
}

bool values_given(const struct sinks_values *v, const char *name)
{
	int i = find(v, name);

	return i >= 0 && v->text[i];
}

static void add_options(struct sinks_values *v, const struct sinks_option *o)
{
	for (; o->name && v->n < VALUES_MAX; o++)
		v->options[v->n++] = o;
}

static int unknown(const struct sinks_values *v, const char *type, const char *key, char *why,
		   size_t why_size)
{
	size_t len;

	snprintf(why, why_size, "output %s has no option '%.64s'; there are: ", type, key);
	for (size_t i = 0; i < v->n; i++) {
		len = strlen(why);
		snprintf(why + len, why_size - len, "%s%s", i ? ", " : "", v->options[i]->name);
	}
	return -EINVAL;
}

static int check_value(const struct sinks_option *o, const char *type, const char *word, char *why,
		       size_t why_size)
{
	uint64_t n;

	if (o->kind == SINKS_YES && strcmp(word, "yes") && strcmp(word, "no")) {
		snprintf(why, why_size, "output %s: %s is yes or no, not '%.64s'", type, o->name,
			 word);
		return -EINVAL;
	}
	if (o->kind == SINKS_NUMBER && (!size_parse(word, &n) || n < o->min || n > o->max)) {
		snprintf(why, why_size,
			 "output %s: %s '%.64s': give a number from %" PRIu64 " to %" PRIu64, type,
			 o->name, word, o->min, o->max);
		return -EINVAL;
	}
	if (!*word) {
		snprintf(why, why_size, "output %s: %s is empty: give a value, or leave it out",
			 type, o->name);
		return -EINVAL;
	}
	return 0;
}

static int set(struct sinks_values *v, const char *type, const struct sinks_pair *p, char *why,
	       size_t why_size)
{
	int i = find(v, p->key), err;
	size_t len;
	char *more;

	if (i < 0)
		return unknown(v, type, p->key, why, why_size);
	err = check_value(v->options[i], type, p->value, why, why_size);
	if (err)
		return err;
	if (v->text[i] && v->options[i]->kind != SINKS_LIST) {
		snprintf(why, why_size, "output %s: %s is given twice", type, p->key);
		return -EINVAL;
	}
	len = v->text[i] ? strlen(v->text[i]) : 0;
	more = realloc(v->text[i], len + strlen(p->value) + 2);
	if (!more) {
		snprintf(why, why_size, "output %s: no memory", type);
		return -ENOMEM;
	}
	snprintf(more + len, strlen(p->value) + 2, "%s%s", v->text[i] ? "," : "", p->value);
	v->text[i] = more;
	return 0;
}

int values_init(struct sinks_values *v, const struct sinks_type *type,
		const struct sinks_pair *pairs, size_t n_pairs, char *why, size_t why_size)
{
	int err = 0;

	memset(v, 0, sizeof(*v));
	add_options(v, type->options);
	add_options(v, sinks_options);
	for (size_t i = 0; !err && i < n_pairs; i++)
		err = set(v, type->name, &pairs[i], why, why_size);
	if (err)
		values_fini(v);
	return err;
}

void values_fini(struct sinks_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->text[i]);
	v->n = 0;
}

static bool is_pair(const char *part)
{
	size_t n = strspn(part, KEY_CHARACTERS);

	return n && part[n] == '=';
}

int values_cut(char *word, struct sinks_pair pairs[SINKS_PAIRS], size_t *n_pairs, char *why,
	       size_t why_size)
{
	char *at = strchr(word, ',');

	*n_pairs = 0;
	if (!at)
		return 0;
	*at++ = '\0';
	while (*at) {
		char *equal = strchr(at, '='), *next;

		if (!is_pair(at) || *n_pairs == SINKS_PAIRS) {
			snprintf(why, why_size,
				 is_pair(at) ? "output %s: too many options from '%.64s' on" :
					       "output %s: '%.64s' is not KEY=VALUE",
				 word, at);
			return -EINVAL;
		}
		*equal = '\0';
		next = strchr(equal + 1, ',');
		while (next && !is_pair(next + 1))
			next = strchr(next + 1, ',');
		if (next)
			*next = '\0';
		pairs[(*n_pairs)++] = (struct sinks_pair){ at, equal + 1 };
		at = next ? next + 1 : strchr(equal + 1, '\0');
	}
	return 0;
}
