/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon watch: options to a running pipeline. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "load/bpfobj.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/watch.h"
#include "conf/limits.h"
#include "lib/caps.h"
#include "lib/clock.h"
#include "inventory/pinwalk.h"
#include "pipeline.h"
#include "size.h"
#include "stop.h"
#include "version.h"

enum {
	OPT_BUFFER = OPT_OWN,
	OPT_DURATION,
	OPT_HEARTBEAT,
	OPT_CHECK_INTERVAL,
	OPT_COMPARE_INTERVAL,
	OPT_COMPARE_LIMIT,
	OPT_SUMMARY_AFTER,
};

static int set_option(struct watch *w, int c, char *word)
{
	switch (c) {
	case OPT_BUFFER:
		return options_number("--buffer", word, BUFFER_MIN, BUFFER_MAX, &w->buffer);
	case OPT_DURATION:
		return options_number("--duration", word, 1, DURATION_MAX, &w->duration);
	case OPT_HEARTBEAT:
		return options_number("--heartbeat", word, 0, TIMER_MAX, &w->heartbeat);
	case OPT_CHECK_INTERVAL:
		return options_number("--check-interval", word, 0, TIMER_MAX, &w->check);
	case OPT_COMPARE_INTERVAL:
		return options_number("--compare-interval", word, 0, COMPARE_INTERVAL_MAX,
				      &w->compare_interval);
	case OPT_COMPARE_LIMIT:
		return options_number("--compare-limit", word, COMPARE_LIMIT_MIN, COMPARE_LIMIT_MAX,
				      &w->compare_limit);
	case OPT_SUMMARY_AFTER:
		return options_number("--summary-after", word, 0, SUMMARY_AFTER_MAX,
				      &w->summary_after);
	default:
		return options_set(&w->common, c, word);
	}
}

static int parse(struct watch *w, int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_LONG,
		{ "buffer", required_argument, NULL, OPT_BUFFER },
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "heartbeat", required_argument, NULL, OPT_HEARTBEAT },
		{ "check-interval", required_argument, NULL, OPT_CHECK_INTERVAL },
		{ "compare-interval", required_argument, NULL, OPT_COMPARE_INTERVAL },
		{ "compare-limit", required_argument, NULL, OPT_COMPARE_LIMIT },
		{ "summary-after", required_argument, NULL, OPT_SUMMARY_AFTER },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_watch, c, argv);
			return -EINVAL;
		}
		if (set_option(w, c, optarg))
			return -EINVAL;
	}
	if (optind < argc) {
		log_error("'%s' is not expected; see bpfmon watch --help", argv[optind]);
		return -EINVAL;
	}
	return options_check(&w->common);
}

/* ---- what the command line names must be there ---- */

static int resolve_pin(struct map_match *m)
{
	char why[512];
	int err = pinwalk_map_id(m->text, &m->id, why, sizeof(why));

	if (err)
		log_error("%s", why);
	return err;
}

struct find_map {
	const struct map_match *match;
	bool found;
};

static void find_map(void *context, const void *record)
{
	const struct wire_map *map = &((const struct wire_listed *)record)->map;
	struct find_map *find = context;

	if (find->match->kind == MATCH_ID && find->match->id == map->id)
		find->found = true;
	if (find->match->kind == MATCH_NAME) {
		struct filter one = { .only = { .maps = { *find->match }, .n_maps = 1 } };

		find->found |= filter_map(&one, map->id, map->name, sizeof(map->name));
	}
}

/* An id that isn't there is a mistake; a name may belong to a map that is yet to come. */
static int check_maps(struct bpfobj *obj, const struct filter_list *list)
{
	for (size_t i = 0; i < list->n_maps; i++) {
		struct find_map find = { &list->maps[i], list->maps[i].kind == MATCH_PIN };

		if (bpfobj_list(obj, BPFOBJ_MAPS, find_map, &find) || find.found)
			continue;
		if (list->maps[i].kind == MATCH_ID) {
			log_error("no map has id %u; bpftool map lists them", list->maps[i].id);
			return -EINVAL;
		}
		log_warn("no map is named '%s' yet; waiting for one", list->maps[i].text);
	}
	return 0;
}

struct find_prog {
	uint32_t id;
	bool found;
};

static void find_prog(void *context, const void *record)
{
	const struct wire_code *code = record;
	struct find_prog *find = context;

	find->found |= code->id == find->id;
}

/* The same of programs, which get new names more often: of a name nothing is said. */
static int check_progs(struct bpfobj *obj, const struct filter_list *list)
{
	for (size_t i = 0; i < list->n_progs; i++) {
		struct find_prog find = { list->progs[i].id, !list->progs[i].id };

		if (find.found || bpfobj_list(obj, BPFOBJ_CODE, find_prog, &find) || find.found)
			continue;
		log_error("no BPF program has id %u; bpftool prog lists them", find.id);
		return -EINVAL;
	}
	return 0;
}

static int check_words(struct filter *f)
{
	for (size_t i = 0; i < f->only.n_pids; i++) {
		if (kill((pid_t)f->only.pids[i], 0) && errno == ESRCH) {
			log_error("no process has pid %u", f->only.pids[i]);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < f->only.n_maps; i++)
		if (f->only.maps[i].kind == MATCH_PIN && resolve_pin(&f->only.maps[i]))
			return -EINVAL;
	for (size_t i = 0; i < f->except.n_maps; i++)
		if (f->except.maps[i].kind == MATCH_PIN && resolve_pin(&f->except.maps[i]))
			return -EINVAL;
	return 0;
}

static void drop_capabilities(uint64_t keep)
{
	int err = caps_keep(keep);

	if (err)
		log_warn("cannot give up capabilities that are not needed any more: %s",
			 strerror(-err));
}

/* A summary does not tell in whose context a program wrote, which these filters ask for. */
static uint32_t summary_after(const struct watch *w)
{
	if (w->common.all || filter_needs_process(&w->common.filter))
		return 0;
	return (uint32_t)w->summary_after;
}

static int run_pipeline(struct watch *w, struct bpfobj *obj)
{
	struct utsname host;
	struct pipeline_opts opts = {
		.filter = &w->common.filter,
		.kernel = host.release,
		.bytes = (uint32_t)w->common.bytes,
		.max_events = w->common.count,
		.duration_ns = w->duration * 1000000000,
		.heartbeat_ns = w->heartbeat * 1000000000,
		.check_ns = w->check * 1000000000,
		.compare_ns = w->compare_interval * 1000000000,
		.compare_bytes = w->compare_limit,
		.summary_after = summary_after(w),
		.stop = stop_asked,
		.stop_fd = stop_fd(),
		.between = w->between,
		.context = w->context,
		.rules = w->rules,
	};
	struct record_info info = {
		.minor = RECORD_MINOR,
		.cpus = bpfobj_cpus(obj),
		.host = host.nodename,
		.kernel = host.release,
		.version = BPFMON_VERSION,
		.start_ns = clock_ns(CLOCK_REALTIME),
	};
	struct sink sink;
	int status;

	uname(&host);
	/* Everything is attached: what only that took goes. Outputs have threads, which inherit. */
	drop_capabilities(CAPS_WATCHING | CAPS_OUTPUTS);
	status = w->open_sink ? w->open_sink(w, &info, &sink) :
				options_sink(&w->common, &info, stop_insisted, &sink);
	if (status)
		return status;
	drop_capabilities(CAPS_WATCHING);
	if (pipeline_run(obj, &opts, &sink))
		status = STATUS_FAILED;
	sink_fini(&sink);
	return status;
}

/*
 * Bytes of memory that can be had without swapping, or UINT64_MAX when the kernel does not say.
 * MemAvailable, Documentation/filesystems/proc.rst.
 */
static uint64_t memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t kib, available = UINT64_MAX;
	char line[128];

	if (!file)
		return available;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			available = kib * 1024;
	fclose(file);
	return available;
}

/* The kernel takes the whole ring at once, and would push everything else out for minutes first. */
static int check_buffer(uint64_t ring_bytes)
{
	uint64_t available = memory_available();

	if (ring_bytes < available)
		return 0;
	log_error("a ring of %" PRIu64 " MiB does not fit: %" PRIu64
		  " MiB of memory are available; lower --buffer",
		  ring_bytes >> 20, available >> 20);
	return -ENOMEM;
}

int watch_run(struct watch *w)
{
	const struct filter *filter = &w->common.filter;
	struct bpfobj_opts bpf = { .ring_bytes = (uint32_t)size_power_of_two(w->buffer),
				   .bytes = (uint32_t)w->common.bytes,
				   .lookups = filter_reads(filter) || w->lookups };
	struct bpfobj *obj = NULL;
	int status = STATUS_USAGE, err;
	char why[512];

	if (check_words(&w->common.filter))
		return STATUS_USAGE;
	err = stop_init();
	if (err) {
		log_error("cannot handle signals: %s", strerror(-err));
		return STATUS_FAILED;
	}
	if (w->between)
		stop_hup_reloads();
	if (check_buffer(bpf.ring_bytes))
		return STATUS_FAILED;
	if (bpfobj_new(&bpf, &obj, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
	if (!check_maps(obj, &filter->only) && !check_progs(obj, &filter->only))
		status = run_pipeline(w, obj);
	bpfobj_free(obj);
	return status;
}

static int watch(int argc, char **argv)
{
	struct watch w = { .buffer = BUFFER_DEFAULT,
			   .check = CHECK_INTERVAL,
			   .compare_interval = COMPARE_INTERVAL,
			   .compare_limit = COMPARE_LIMIT,
			   .summary_after = SUMMARY_AFTER };

	options_init(&w.common);
	w.common.bytes = BYTES_DEFAULT;
	if (parse(&w, argc, argv))
		return STATUS_USAGE;
	if (w.common.help) {
		cmd_usage(&cmd_watch);
		return STATUS_DONE;
	}
	log_set_level(w.common.level);
	return watch_run(&w);
}

const struct cmd cmd_watch = {
	"watch",
	"print changes of maps as they happen, until Ctrl-C",
	"  -m, --map MAP          only this map: id, name, glob or pinned path; repeatable\n" OPTIONS_HELP_FILTERS
	"                         by default everything but read\n"
	"      --summary-after N  of a BPF program's writes to a map so many in a second have an\n"
	"                         event each (default 100), the others are counted and told of\n"
	"                         in one monitor.summary a second; 0: all have. Always have: a\n"
	"                         failed write, any by bpf(2), and all with -p, -c or -x pid=,\n"
	"                         comm=, for a summary is of a program in any process\n"
	"  -a, --all              every event as its own line: no summaries\n" OUTPUTS_HELP
	"  -w, --write FILE       record into a new file, for bpfmon replay; - is standard\n"
	"                         output; prints nothing unless -o is given as well\n"
	"      --bytes N          bytes of key and value to capture, 0 to 4096 (default 64)\n"
	"      --buffer BYTES     size of the ring, 64K to 1G (default 64M); K, M, G allowed;\n"
	"                         rounded up to a power of two\n"
	"      --compare-interval SEC  how often the content of maps is compared, for changes\n"
	"                         that no hook sees (default 1); 0: never\n"
	"      --compare-limit SIZE  bytes of content that are compared of one map, 4K to 1G\n"
	"                         (default 1M); 16 times as much of all\n"
	"      --duration SEC     stop after so many seconds\n"
	"      --count N          stop after so many events\n"
	"      --heartbeat SEC    write monitor.heartbeat each SEC seconds (default 0: never)\n"
	"      --check-interval SEC  look each SEC seconds for what blinds bpfmon, and raise\n"
	"                         alerts (default 1; 0: never)\n"
	"  -q, --quiet            only warnings and errors on stderr\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs root, or CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYSLOG and,\n"
	"before Linux 5.11, CAP_SYS_RESOURCE.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or bad input.\n",
	watch,
	NULL,
};
