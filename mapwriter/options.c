// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The command line of mapwriter: one table with a row per option, made into getopt_long's and
 * into the help text. Gives checked options, or says in one line what is wrong with them.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapwriter.h"

#define OPTION_BASE 256		/* above every letter */
#define OPTION_MAX 32

struct option_row {
	const char *name;
	char letter;
	const char *arg;	/* NULL: takes none */
	int (*set)(struct options *opts, const char *arg);
	const char *help;
};

static int __attribute__((format(printf, 1, 2))) bad(const char *format, ...)
{
	va_list args;

	fputs("mapwriter: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see mapwriter --help\n", stderr);
	return -EINVAL;
}

static int set_number(const char *option, const char *arg, uint64_t min, uint64_t max,
		      uint64_t *number)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 10);
	if (!isdigit((unsigned char)*arg) || *end || errno || value < min || value > max)
		return bad("--%s '%s': give a whole number from %llu to %llu", option, arg,
			   (unsigned long long)min, (unsigned long long)max);
	*number = value;
	return 0;
}

static int set_number32(const char *option, const char *arg, uint32_t max, uint32_t *number)
{
	uint64_t value;
	int err = set_number(option, arg, 1, max, &value);

	if (!err)
		*number = (uint32_t)value;
	return err;
}

static int set_type(struct options *opts, const char *arg)
{
	const struct maptype *type;
	bool list = !strcmp(arg, "list");

	for (type = names_types; type->name; type++) {
		if (list)
			puts(type->name);
		else if (!strcmp(type->name, arg))
			break;
	}
	if (list)
		return 1;
	if (!type->name && strcmp(arg, "all"))
		return bad("--type '%s' is not one that it can write; --type list prints them",
			   arg);
	opts->type = type->name ? type : NULL;
	return 0;
}

static int set_count(struct options *opts, const char *arg)
{
	uint64_t value;
	int err = set_number("count", arg, 0, INT64_MAX, &value);

	if (!err)
		opts->count = (int64_t)value;
	return err;
}

static int set_interval(struct options *opts, const char *arg)
{
	uint64_t value;
	int err = set_number("interval", arg, 0, INT32_MAX, &value);

	if (!err)
		opts->interval_ms = (int64_t)value;
	return err;
}

static int set_map(struct options *opts, const char *arg)
{
	size_t i, len = strlen(arg);

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)arg[i]) && arg[i] != '_' && arg[i] != '.')
			len = BPF_OBJ_NAME_LEN;
	if (!len || len >= BPF_OBJ_NAME_LEN)
		return bad("--map '%s': give a name of 1 to %d letters, digits, '_' and '.'", arg,
			   BPF_OBJ_NAME_LEN - 1);
	opts->map_name = arg;
	return 0;
}

static int set_output(struct options *opts, const char *arg)
{
	opts->json = !strcmp(arg, "json");
	if (!opts->json && strcmp(arg, "text"))
		return bad("--output '%s': give text or json", arg);
	return 0;
}

/* Takes the next word off a list with commas; false at its end. */
static bool next_word(const char **list, const char **word, size_t *len)
{
	if (!*list)
		return false;
	*word = *list;
	*len = strcspn(*list, ",");
	*list = (*list)[*len] ? *list + *len + 1 : NULL;
	return true;
}

static bool is_word(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && !memcmp(name, word, len);
}

static int set_op(struct options *opts, const char *arg)
{
	const struct op *op;
	const char *word;
	size_t len;

	for (opts->op_count = 0; next_word(&arg, &word, &len);) {
		for (op = names_ops; op->name && !is_word(op->name, word, len); op++)
			;
		if (!op->name)
			return bad("--op: unknown operation '%.*s'", (int)len, word);
		if (opts->op_count == MW_LIST_MAX)
			return bad("--op: give at most %d operations", MW_LIST_MAX);
		opts->ops[opts->op_count++] = op;
	}
	return 0;
}

static int set_from(struct options *opts, const char *arg)
{
	const struct source *source;
	const char *word;
	size_t len;

	for (opts->source_count = 0; next_word(&arg, &word, &len);) {
		for (source = names_sources; source->name && !is_word(source->name, word, len);)
			source++;
		if (!source->name)
			return bad("--from: unknown source '%.*s'", (int)len, word);
		if (opts->source_count == MW_LIST_MAX)
			return bad("--from: give at most %d sources", MW_LIST_MAX);
		opts->sources[opts->source_count++] = source;
	}
	return 0;
}

static int set_flags(struct options *opts, const char *arg)
{
	const struct flagname *flag;

	for (flag = names_flags; flag->name && strcmp(flag->name, arg); flag++)
		;
	if (!flag->name)
		return bad("--flags '%s': give any, noexist or exist", arg);
	opts->flags = flag;
	return 0;
}

static int set_batch(struct options *opts, const char *arg)
{
	return set_number32("batch", arg, MW_BATCH_MAX, &opts->batch);
}

static int set_key_size(struct options *opts, const char *arg)
{
	return set_number32("key-size", arg, MW_KEY_MAX, &opts->key_bytes);
}

static int set_value_size(struct options *opts, const char *arg)
{
	return set_number32("value-size", arg, MW_VALUE_MAX, &opts->value_bytes);
}

static int set_max_entries(struct options *opts, const char *arg)
{
	return set_number32("max-entries", arg, UINT32_MAX, &opts->max_entries);
}

static int set_burst(struct options *opts, const char *arg)
{
	return set_number("burst", arg, 1, INT64_MAX, &opts->burst);
}

static int set_pin(struct options *opts, const char *arg)
{
	opts->pin = arg;
	return *arg ? 0 : bad("--pin: give a path below a mounted bpffs");
}

static int set_freeze(struct options *opts, const char *arg)
{
	(void)arg;
	opts->freeze = true;
	return 0;
}

static int set_hold(struct options *opts, const char *arg)
{
	(void)arg;
	opts->hold = true;
	return 0;
}

static int set_verbose(struct options *opts, const char *arg)
{
	(void)arg;
	opts->verbose = true;
	return 0;
}

static int set_version(struct options *opts, const char *arg)
{
	(void)opts;
	(void)arg;
	puts("mapwriter " BPFMON_VERSION);
	return 1;
}

static int set_help(struct options *opts, const char *arg);

static const struct option_row rows[] = {
	{ "type", 0, "TYPE", set_type, "map type; 'list' prints them, 'all' takes them in turn" },
	{ "count", 0, "N", set_count, "rounds; 0, the default, is forever (with 'all': 1)" },
	{ "interval", 0, "MS", set_interval, "milliseconds between rounds (1000)" },
	{ "map", 0, "NAME", set_map, "name of the map (mapwriter)" },
	{ "output", 'o', "FORMAT", set_output, "text or json (text)" },
	{ "op", 0, "LIST", set_op,
	  "in each round, in this order: update, delete, "
	  "lookup_and_delete, or one with _batch (update)" },
	{ "from", 0, "LIST", set_from,
	  "who writes: user, socket_filter, xdp, raw_tp, tracepoint, "
	  "kprobe, tc (user,socket_filter)" },
	{ "batch", 0, "N", set_batch, "elements of a batch (4)" },
	{ "flags", 0, "FLAGS", set_flags, "of updates: any, noexist or exist (any)" },
	{ "key-size", 0, "N", set_key_size, "bytes of a key, hash types only (4)" },
	{ "value-size", 0, "N", set_value_size, "bytes of a value (8)" },
	{ "max-entries", 0, "N", set_max_entries, "size of the map (16)" },
	{ "burst", 0, "N", set_burst, "instead of rounds, N updates by each source at full speed" },
	{ "hold", 0, NULL, set_hold, "after the last round keep the map until SIGINT or SIGTERM" },
	{ "pin", 0, "PATH", set_pin, "pin the map there, and unpin it at the end" },
	{ "freeze", 0, NULL, set_freeze, "freeze the map: user space may not write any more" },
	{ "verbose", 'v', NULL, set_verbose, "libbpf's messages on stderr" },
	{ "version", 0, NULL, set_version, "print the version" },
	{ "help", 'h', NULL, set_help, "print this" },
	{ NULL },
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPTION_MAX, "OPTION_MAX");

static int set_help(struct options *opts, const char *arg)
{
	const struct option_row *row;
	char name[40];

	(void)opts;
	(void)arg;
	puts("usage: mapwriter [OPTION]...\n"
	     "Writes to a BPF map of its own and prints what it wrote and how.\n");
	for (row = rows; row->name; row++) {
		snprintf(name, sizeof(name), "%c%c%s--%s %s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
			 row->arg ? row->arg : "");
		printf("  %-23s %s\n", name, row->help);
	}
	return 1;
}

/* What can be seen only when all options are there. */
static int options_check(struct options *opts)
{
	bool any = false;
	int i, j;

	if (opts->type && opts->type->array && opts->key_bytes != sizeof(uint32_t))
		return bad("--key-size %u: arrays have keys of 4 bytes, take a hash type",
			   opts->key_bytes);
	if (opts->burst && (opts->op_count != 1 || strcmp(opts->ops[0]->name, "update")))
		return bad("--burst only updates: leave --op out");
	for (i = 0; i < opts->source_count; i++)
		for (j = 0; j < opts->op_count; j++)
			any |= names_source_can(opts->sources[i], opts->ops[j]);
	if (!any)
		return bad("--op has nothing that BPF programs can do: add user to --from");
	if (!opts->type && opts->count == 0)
		return bad("--type all never comes to the second type: give a --count above 0");
	if (opts->count < 0)
		opts->count = opts->type ? 0 : 1;
	return 0;
}

static int options_set(struct options *opts, int found, char **argv)
{
	const struct option_row *row;

	for (row = rows; row->name; row++)
		if (found == row->letter || found == OPTION_BASE + (int)(row - rows))
			return row->set(opts, optarg);
	if (found == ':')
		return bad("option '%s' needs a value", argv[optind - 1]);
	if (optopt && optopt < OPTION_BASE)
		return bad("unknown option '-%c'", optopt);
	return bad("cannot take option '%s'", argv[optind - 1]);
}

int options_parse(struct options *opts, int argc, char **argv)
{
	struct option longs[OPTION_MAX] = {};
	char shorts[2 * OPTION_MAX + 2] = ":", *letter = shorts + 1;
	int i, found, err;

	*opts = (struct options){
		.type = names_types,
		.count = -1,
		.interval_ms = 1000,
		.map_name = "mapwriter",
		.ops = { names_ops },
		.op_count = 1,
		.sources = { &names_sources[0], &names_sources[1] },
		.source_count = 2,
		.batch = 4,
		.key_bytes = 4,
		.value_bytes = 8,
		.max_entries = 16,
		.flags = names_flags,
	};
	for (i = 0; rows[i].name; i++) {
		longs[i] = (struct option){
			rows[i].name,
			rows[i].arg ? required_argument : no_argument,
			NULL,
			OPTION_BASE + i,
		};
		if (rows[i].letter)
			*letter++ = rows[i].letter;
		if (rows[i].letter && rows[i].arg)
			*letter++ = ':';
	}
	opterr = 0;
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		err = options_set(opts, found, argv);
		if (err)
			return err;
	}
	if (optind < argc)
		return bad("unexpected argument '%s'", argv[optind]);
	return options_check(opts);
}
