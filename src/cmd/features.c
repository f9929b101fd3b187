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
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpfobj.h"
#include "cmd/cmd.h"
#include "lib/log.h"
#include "out/out.h"

static void print_text(const struct hook_state *states, const char *mode, const char *kernel)
{
	printf("mode: %s\nkernel: %s\n%-19s %-11s %s\n", mode, kernel, "HOOK", "ATTACHED",
	       "FUNCTION");
	for (unsigned int i = 0; i < WIRE_HOOK_COUNT; i++) {
		const struct hook_way *way = states[i].way;
		const char *loss = hook_loss(&hooks[i], &states[i]);

		printf("%-19s %-11s %s\n", hooks[i].name,
		       way ? attach_kind_names[way->kind] : "missing",
		       way ? way->function : hooks[i].ways[0].function);
		if (states[i].why[0])
			printf("    why: %s\n", states[i].why);
		if (loss)
			printf("    not seen: %s\n", loss);
		else if (!way)
			printf("    covered by: sys_exit\n");
	}
	printf("Seen by no hook:\n");
	for (const char *const *line = never_seen; *line; line++)
		printf("    %s\n", *line);
}

static void print_json(const struct hook_state *states, const char *mode, const char *kernel)
{
	struct buf b = {};

	json_open(&b, NULL, '{');
	json_string(&b, "mode", mode);
	json_string(&b, "kernel", kernel);
	out_json_hooks(&b, states);
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
		json = !strcmp(optarg, "json");
		if (!json && strcmp(optarg, "text")) {
			log_error("no output format '%s'; there are: %s", optarg, out_names());
			return STATUS_USAGE;
		}
	}
	if (optind < argc) {
		log_error("'%s' is not expected; see bpfmon features --help", argv[optind]);
		return STATUS_USAGE;
	}
	if (bpfobj_new(&opts, &obj, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
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
};
