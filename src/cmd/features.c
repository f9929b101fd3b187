/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpfmon features: each hook on this kernel, attached how, or missing and what that loses.
 *
 * mode: full
 * kernel: 6.12.0
 * HOOK                ATTACHED    FUNCTION
 * sys_enter           fentry      security_bpf
 * hash_pop            missing     htab_map_lookup_and_delete_elem
 *     why: fexit htab_map_lookup_and_delete_elem: no such function in the kernel's BTF
 *
 * TYPE                  BPF(2)     PROGRAMS   KEY / VALUE
 * prog_array            seen       -          index / program descriptor
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "load/bpfobj.h"
#include "cmd/cmd.h"
#include "lib/log.h"
#include "maptype.h"
#include "out/out.h"

/* Whether what programs do to maps of this type by helpers is seen: all of it, some, none. */
static const char *programs_seen(const struct hook_state *states, const struct maptype *type)
{
	unsigned int has = 0, seen = 0, absent = 0;

	for (unsigned int op = MAPTYPE_PROG_UPDATE; op < MAPTYPE_OPS; op++) {
		unsigned int hook = type->hooks[op];

		has += hook != 0;
		seen += hook && states[hook].way;
		absent += hook && states[hook].absent;
	}
	return absent ? "n/a" : !has ? "-" : seen == has ? "seen" : seen ? "in part" : "not seen";
}

static const char *syscall_seen(const struct hook_state *states, const struct maptype *type)
{
	unsigned int hook = type->hooks[MAPTYPE_SYS_UPDATE];

	/* bpf(2) is seen for every type that there is. */
	return hook && states[hook].absent ? "n/a" : "seen";
}

static void print_types(const struct hook_state *states)
{
	printf("%-22s %-7s %-9s %s\n", "MAP TYPE", "BPF(2)", "PROGRAMS", "KEY / VALUE");
	for (uint32_t t = 1; t < maptype_count(); t++) {
		const struct maptype *type = maptype_find(t);

		printf("%-22s %-7s %-9s %s / %s\n", type->name, syscall_seen(states, type),
		       programs_seen(states, type), type->key ? type->key : "-",
		       type->value ? type->value : "-");
	}
	printf("%-22s %-7s %-9s %s\n", "any other", "seen", "not seen", "by number");
}

static void print_text(const struct hook_state *states, const char *mode, const char *kernel)
{
	printf("mode: %s\nkernel: %s\n%-21s %-13s %s\n", mode, kernel, "HOOK", "ATTACHED",
	       "FUNCTION");
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = states[i].way;
		const char *loss = hook_loss(&hooks[i], &states[i]);

		printf("%-21s %-13s %s\n", hooks[i].name, hook_attached(&states[i]),
		       way ? way->function : hooks[i].ways[0].function);
		if (states[i].why[0])
			printf("    why: %s\n", states[i].why);
		if (loss)
			printf("    not seen: %s\n", loss);
		else if (!way && !states[i].absent)
			printf("    covered by: sys_exit\n");
	}
	print_types(states);
	printf("Seen by no hook:\n");
	for (const char *const *line = never_seen; *line; line++)
		printf("    %s\n", *line);
}

static void print_json(const struct hook_state *states, const char *mode, const char *kernel)
{
	struct hook_report reports[WIRE_HOOK_COUNT];
	struct buf b = {};

	hook_reports(states, reports);
	json_open(&b, NULL, '{');
	json_string(&b, "mode", mode);
	json_string(&b, "kernel", kernel);
	out_json_hooks(&b, reports, WIRE_HOOK_COUNT);
	json_open(&b, "types", '[');
	for (uint32_t t = 1; t < maptype_count(); t++) {
		json_open(&b, NULL, '{');
		json_string(&b, "type", maptype_find(t)->name);
		json_string(&b, "syscall", syscall_seen(states, maptype_find(t)));
		json_string(&b, "programs", programs_seen(states, maptype_find(t)));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_open(&b, "never_seen", '[');
	for (const char *const *line = never_seen; *line; line++)
		json_string(&b, NULL, *line);
	json_close(&b, ']');
	json_close(&b, '}');
	printf("%.*s\n", (int)b.len, b.data);
	buf_fini(&b);
}

static int features(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	struct bpfobj_opts opts = { .ring_bytes = (uint32_t)sysconf(_SC_PAGESIZE), .bytes = 64 };
	struct bpfobj *obj = NULL;
	struct utsname host;
	bool json = false;
	char why[512];
	int c;

	while ((c = getopt_long(argc, argv, ":o:h", options, NULL)) != -1) {
		if (c == 'h') {
			cmd_usage(&cmd_features);
			return STATUS_DONE;
		}
		if (c != 'o')
			return cmd_bad_option(&cmd_features, c, argv);
		if (cmd_format(optarg, &json))
			return STATUS_USAGE;
	}
	if (optind < argc) {
		log_error("'%s' is not expected; see bpfmon features --help", argv[optind]);
		return STATUS_USAGE;
	}
	if (bpfobj_new(&opts, &obj, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
	bpfobj_demand(obj, UINT64_MAX);
	uname(&host);
	(json ? print_json : print_text)(bpfobj_hooks(obj), bpfobj_full(obj) ? "full" : "degraded",
					 host.release);
	bpfobj_free(obj);
	return STATUS_DONE;
}

const struct cmd cmd_features = {
	"features",
	"each hook on this kernel: attached how, or missing and what that loses",
	"  -o, --output FORMAT  text (default) or json\n"
	"  -h, --help           this text\n",
	features,
	NULL,
};
