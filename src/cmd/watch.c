/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon watch: options to a running pipeline. */
#include <bpf/bpf.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpfobj.h"
#include "cmd/cmd.h"
#include "lib/log.h"
#include "pipeline.h"
#include "size.h"
#include "stop.h"

/*
 * A record of a small element takes 208 bytes, so 64 MiB hold some 320,000. A line of JSON takes
 * the reader five times as long as a write takes the program that makes it, so in a burst the ring
 * decides: of a million writes 16 MiB lose about 85 %, 64 MiB about 60 %, 256 MiB none
 * (bench/RESULTS.md). 64 MiB, allocated whole at start, is what a host that runs BPF programs can
 * spare. What a ring can not hold is counted.
 */
#define BUFFER_DEFAULT (64u << 20)
#define BUFFER_MIN (64u << 10)	/* must hold several of the largest records, 12 KiB */
#define BUFFER_MAX (1u << 30)
#define DURATION_MAX (366ull * 86400)	/* seconds */

struct watch {
	struct filter filter;
	const struct out_format *format;
	uint64_t buffer, bytes, duration, count;
	enum log_level level;
	bool help;
};

static int number(const char *option, const char *word, uint64_t min, uint64_t max, uint64_t *out)
{
	if (size_parse(word, out) && *out >= min && *out <= max)
		return 0;
	log_error("%s '%s': give a number from %llu to %llu", option, word, (unsigned long long)min,
		  (unsigned long long)max);
	return -EINVAL;
}

static int set_format(struct watch *w, const char *name)
{
	w->format = out_find(name);
	if (w->format)
		return 0;
	log_error("no output format '%s'; there are: %s", name, out_names());
	return -EINVAL;
}

enum { OPT_PROG = 256, OPT_BYTES, OPT_BUFFER, OPT_DURATION, OPT_COUNT };

static int set_option(struct watch *w, int c, char *word)
{
	char why[256] = "";
	int err = 0;

	switch (c) {
	case 'm':
		err = filter_add_map(&w->filter.only, word, why, sizeof(why));
		break;
	case 'p':
		err = filter_add_pid(&w->filter.only, word, why, sizeof(why));
		break;
	case 'c':
		err = filter_add_comm(&w->filter.only, word, why, sizeof(why));
		break;
	case OPT_PROG:
		err = filter_add_prog(&w->filter.only, word, why, sizeof(why));
		break;
	case 'x':
		err = filter_add_except(&w->filter, word, why, sizeof(why));
		break;
	case 'e':
		err = filter_set_types(&w->filter, word, why, sizeof(why));
		break;
	case 'a':
		break;	/* every event is a line of its own already */
	case 'o':
		return set_format(w, word);
	case 'q':
		w->level = LOG_WARN;
		break;
	case 'v':
		w->level = LOG_DEBUG;
		break;
	case 'h':
		w->help = true;
		break;
	case OPT_BYTES:
		return number("--bytes", word, 0, WIRE_BYTES_MAX, &w->bytes);
	case OPT_BUFFER:
		return number("--buffer", word, BUFFER_MIN, BUFFER_MAX, &w->buffer);
	case OPT_DURATION:
		return number("--duration", word, 1, DURATION_MAX, &w->duration);
	case OPT_COUNT:
		return number("--count", word, 1, UINT64_MAX, &w->count);
	}
	if (err)
		log_error("%s", why);
	return err;
}

static int parse(struct watch *w, int argc, char **argv)
{
	static const struct option options[] = {
		{ "map", required_argument, NULL, 'm' },
		{ "pid", required_argument, NULL, 'p' },
		{ "comm", required_argument, NULL, 'c' },
		{ "prog", required_argument, NULL, OPT_PROG },
		{ "exclude", required_argument, NULL, 'x' },
		{ "events", required_argument, NULL, 'e' },
		{ "all", no_argument, NULL, 'a' },
		{ "output", required_argument, NULL, 'o' },
		{ "bytes", required_argument, NULL, OPT_BYTES },
		{ "buffer", required_argument, NULL, OPT_BUFFER },
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "count", required_argument, NULL, OPT_COUNT },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, ":m:p:c:x:e:ao:qvh", options, NULL)) != -1) {
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
	return 0;
}

/* ---- what the command line names must be there ---- */

static int resolve_pin(struct map_match *m)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get_opts(m->text, &opts);

	if (fd < 0) {
		log_error("no map is pinned at %s: %s", m->text, strerror(errno));
		return -EINVAL;
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || !info.id) {
		log_error("%s is not a pinned map", m->text);
		close(fd);
		return -EINVAL;
	}
	m->id = info.id;
	close(fd);
	return 0;
}

struct find_map {
	const struct map_match *match;
	bool found;
};

static void find_map(void *context, const void *record)
{
	const struct wire_map *map = record;
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

static int watch_run(struct watch *w)
{
	struct bpfobj_opts bpf = { .ring_bytes = (uint32_t)size_power_of_two(w->buffer),
				   .bytes = (uint32_t)w->bytes,
				   .lookups = filter_reads(&w->filter) };
	struct pipeline_opts opts = {
		.filter = &w->filter,
		.format = w->format,
		.bytes = (uint32_t)w->bytes,
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
		.max_events = w->count,
		.duration_ns = w->duration * 1000000000,
		.stop = stop_asked,
		.give_up = stop_insisted,
	};
	struct bpfobj *obj = NULL;
	char why[512];
	int err;

	err = bpfobj_new(&bpf, &obj, why, sizeof(why));
	if (err) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
	if (check_maps(obj, &w->filter.only) || check_progs(obj, &w->filter.only)) {
		bpfobj_free(obj);
		return STATUS_USAGE;
	}
	opts.stop_fd = stop_fd();
	err = pipeline_run(obj, &opts, STDOUT_FILENO);
	bpfobj_free(obj);
	return err ? STATUS_FAILED : STATUS_DONE;
}

static int watch(int argc, char **argv)
{
	struct watch w = {
		.format = &out_text, .buffer = BUFFER_DEFAULT, .bytes = 64, .level = LOG_INFO
	};
	int err;

	filter_init(&w.filter);
	if (parse(&w, argc, argv))
		return STATUS_USAGE;
	if (w.help) {
		cmd_usage(&cmd_watch);
		return STATUS_DONE;
	}
	log_set_level(w.level);
	if (check_words(&w.filter))
		return STATUS_USAGE;
	err = stop_init();
	if (err) {
		log_error("cannot handle signals: %s", strerror(-err));
		return STATUS_FAILED;
	}
	return watch_run(&w);
}

const struct cmd cmd_watch = {
	"watch",
	"print changes of maps as they happen, until Ctrl-C",
	"  -m, --map MAP          only this map: id, name, glob or pinned path; repeatable\n"
	"  -p, --pid PID          only this process; repeatable\n"
	"  -c, --comm NAME        only this command, a name or glob; repeatable\n"
	"      --prog PROG        only this BPF program, an id, name or glob; repeatable\n"
	"  -x, --exclude LIST     leave out: map=MAP,comm=NAME,pid=PID,prog=PROG; repeatable\n"
	"  -e, --events LIST      event types, or groups: open, write, life, read, all;\n"
	"                         by default everything but read\n"
	"  -a, --all              every event as its own line (this version makes no summaries)\n"
	"  -o, --output FORMAT    text (default) or json\n"
	"      --bytes N          bytes of key and value to capture, 0 to 4096 (default 64)\n"
	"      --buffer BYTES     size of the ring, 64K to 1G (default 64M); K, M, G allowed;\n"
	"                         rounded up to a power of two\n"
	"      --duration SEC     stop after so many seconds\n"
	"      --count N          stop after so many events\n"
	"  -q, --quiet            only warnings and errors on stderr\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_RESOURCE.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or bad input.\n",
	watch,
};
