/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rules: how many events a second rules are asked about, on one CPU. Made-up events as those of
 * bench/recording.c: updates and deletes of MAPS maps by PROCESSES processes, in turns. Each set of
 * rules is measured for a second; alerts are counted and go nowhere.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "rules/ruleset.h"

#define BATCH 4096

static uint64_t alerts;

static void on_alert(void *context, struct event *alert)
{
	(void)context;
	(void)alert;
	alerts++;
}

static struct event_process processes[64];
static struct event_mapfacts facts[256];
static char exes[64][32], names[256][16];

static void make_event(uint64_t i, size_t n_maps, size_t n_processes, struct event *e)
{
	static const uint8_t key[4] = { 1 }, value[8] = { 2 };
	size_t m = i * 7 % n_maps, p = i * 5 % n_processes;

	*e = (struct event){
		.type = i % 10 == 8 ? EVENT_MAP_DELETE : EVENT_MAP_UPDATE,
		.time_ns = 1795549159123456789ull + i * 1171,
		.task = { .pid = 800 + (uint32_t)p, .comm = exes[p] + 9, .process = &processes[p] },
		.map = { .id = 10 + (uint32_t)m,
			 .type = m % 4 ? BPF_MAP_TYPE_HASH : BPF_MAP_TYPE_ARRAY,
			 .known = true,
			 .name = names[m],
			 .facts = &facts[m] },
		.via = i % 5 ? VIA_SYSCALL : VIA_PROGRAM,
		.key = { key, 4, 4 },
		.shape = VALUE_ONE,
		.value = { value, 8, 8 },
		.has_result = true,
	};
}

static void make_subjects(void)
{
	for (size_t i = 0; i < 64; i++) {
		snprintf(exes[i], sizeof(exes[i]), "/usr/bin/tool%zu", i);
		processes[i] = (struct event_process){ .serial = i + 1, .exe = exes[i] };
	}
	for (size_t i = 0; i < 256; i++) {
		snprintf(names[i], sizeof(names[i]), "map%zu", i);
		facts[i] = (struct event_mapfacts){ .serial = i + 1,
						    .created_ns = 1,
						    .creator_exe = exes[i % 64] };
	}
}

static void measure(const char *what, struct ruleset *rules, size_t n_maps, size_t n_processes)
{
	uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID), took, n = 0;
	struct event e;

	alerts = 0;
	do {
		for (size_t i = 0; i < BATCH; i++) {
			make_event(n++, n_maps, n_processes, &e);
			if (rules)
				ruleset_event(rules, &e, n, on_alert, NULL);
		}
		took = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	} while (took < 1000000000);
	printf("%-44s %4zu rules %4zu maps %3zu processes  %10.0f events/s  %6.0f ns  %.4f alerts each\n",
	       what, rules ? ruleset_count(rules) : 0, n_maps, n_processes,
	       (double)n * 1e9 / (double)took, (double)took / (double)n,
	       (double)alerts / (double)n);
}

/* `make` is one rule by its number. */
static void measure_text(const char *what, const char *make, size_t n, size_t n_maps,
			 size_t n_processes)
{
	struct ruleset *rules = ruleset_new(NULL);
	struct tree_error error = { "no memory" };
	struct tree_file *file;
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "- {name: r%zu, severity: low, text: x, match: {", i);
		for (const char *c = make; *c; c++) {
			if (*c == '#')
				buf_printf(&b, "%zu", i);
			else
				buf_bytes(&b, c, 1);
		}
		buf_str(&b, "}}\n");
	}
	file = tree_parse("bench", b.data, b.len, &error);
	if (file && !ruleset_add_file(rules, file->root, &error) && !ruleset_seal(rules, &error))
		measure(what, rules, n_maps, n_processes);
	else
		fprintf(stderr, "rules: %s\n", error.text);
	ruleset_free(rules);
	tree_free(file);
	buf_fini(&b);
}

int main(int argc, char **argv)
{
	struct tree_error error = { "no memory" };
	struct ruleset *rules = ruleset_new(NULL);

	make_subjects();
	measure("none: making the event alone", NULL, 16, 13);
	for (int i = 1; i < argc; i++) {
		if (!ruleset_load(rules, argv[i], &error))
			continue;
		fprintf(stderr, "rules: %s\n", error.text);
		return 1;
	}
	if (argc > 1 && !ruleset_seal(rules, &error))
		measure("those of dist/rules", rules, 16, 13);
	ruleset_free(rules);
	measure_text("each about a map's name", "type: write, map.name: 'fw_#*'", 1000, 16, 13);
	measure_text("the same, more maps and processes", "type: write, map.name: 'fw_#*'", 1000,
		     256, 64);
	measure_text("map, process and value",
		     "map.name: 'map#', process.exe: '*/tool1', value.number: 2", 1000, 256, 64);
	measure_text("the value alone: nothing is kept", "type: map.update, value.number: {gt: 9#}",
		     1000, 16, 13);
	measure_text("of other types", "type: map.freeze, map.name: 'fw_#*'", 1000, 16, 13);
	return 0;
}
