// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mapwriter writes to a BPF map of its own, from user space and from BPF programs, and prints
 * what it wrote and how; its output can be held against bpfmon's. Here: start, the map types in
 * turn, exit status (0 done, 1 could not do it, 2 bad usage).
 */
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "mapwriter.h"

static int main_print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

/* Stop signals wait until they are asked for between two writes: nothing ends half done. */
static void main_set_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* One type that fails does not keep the others from their turn. */
static int main_run_all(const struct options *opts)
{
	const struct maptype *type;
	int err, status = 0;

	for (type = names_types; type->name; type++) {
		err = session_run(opts, type, !type[1].name);
		if (err > 0)
			break;
		if (err)
			status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options opts;
	int err = options_parse(&opts, argc, argv);

	if (err)
		return err < 0 ? 2 : 0;
	libbpf_set_print(opts.verbose ? main_print : NULL);
	main_set_signals();
	if (!opts.type)
		return main_run_all(&opts);
	return session_run(&opts, opts.type, true) < 0 ? 1 : 0;
}
