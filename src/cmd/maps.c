/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfmon maps: the maps on this host, or some of them in detail and with their content. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "filter.h"
#include "lib/bpflog.h"
#include "lib/log.h"
#include "inventory/mapdump.h"
#include "out/inventory_out.h"
#include "out/out.h"
#include "inventory/pinwalk.h"
#include "size.h"

#define ENTRIES_DEFAULT 1000
#define BYTES_DEFAULT 4096	/* most values are decoded whole */
#define BYTES_DEFAULT_TEXT 256	/* a few lines on a terminal */
#define BYTES_MAX (1u << 20)
#define FLUSH_BYTES (1u << 16)	/* a map's content need not fit into memory twice */

struct maps {
	struct filter filter;
	struct inventory *inv;
	bool json, dump, help;
	uint64_t entries, bytes;
	struct buf out;
	int error;	/* of writing it; EPIPE: its reader has enough */
	/* Of the map that is being shown. */
	struct inventory_dump shown;
	struct btf *btf;	/* the last one loaded, and its id: many maps share one */
	uint32_t btf_id;
	struct btf *vmlinux;
};

/* ---- options ---- */

enum { OPT_DUMP = 256, OPT_ENTRIES, OPT_BYTES };

static int set_number(const char *option, const char *word, uint64_t max, uint64_t *out)
{
	if (size_parse(word, out) && *out <= max)
		return 0;
	log_error("%s '%s': give a number from 0 to %llu", option, word, (unsigned long long)max);
	return -EINVAL;
}

static int set_option(struct maps *maps, int c, const char *word)
{
	switch (c) {
	case 'o':
		return cmd_format(word, &maps->json);
	case OPT_DUMP:
		maps->dump = true;
		return 0;
	case OPT_ENTRIES:
		return set_number("--entries", word, UINT32_MAX, &maps->entries);
	case OPT_BYTES:
		return set_number("--bytes", word, BYTES_MAX, &maps->bytes);
	case 'v':
		log_set_level(LOG_DEBUG);
		return 0;
	case 'h':
		maps->help = true;
		return 0;
	}
	return -EINVAL;
}

static int parse(struct maps *maps, int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "dump", no_argument, NULL, OPT_DUMP },
		{ "entries", required_argument, NULL, OPT_ENTRIES },
		{ "bytes", required_argument, NULL, OPT_BYTES },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	char why[256];
	int c;

	while ((c = getopt_long(argc, argv, ":o:vh", options, NULL)) != -1) {
		if (c == '?' || c == ':') {
			cmd_bad_option(&cmd_maps, c, argv);
			return -EINVAL;
		}
		if (set_option(maps, c, optarg))
			return -EINVAL;
	}
	for (; optind < argc; optind++) {
		if (filter_add_map(&maps->filter.only, argv[optind], why, sizeof(why))) {
			log_error("%s", why);
			return -EINVAL;
		}
	}
	return 0;
}

static bool is_wanted(void *context, uint32_t id, const char *name)
{
	const struct maps *maps = context;

	return filter_map(&maps->filter, id, name, EVENT_NAME_BYTES);
}

static int resolve_pins(struct filter_list *list)
{
	char why[512];
	int err = 0;

	for (size_t i = 0; !err && i < list->n_maps; i++)
		if (list->maps[i].kind == MATCH_PIN)
			err = pinwalk_map_id(list->maps[i].text, &list->maps[i].id, why,
					     sizeof(why));
	if (err)
		log_error("%s%s", why,
			  err == -EPERM ? "" : "; bpfmon maps lists the maps and their pins");
	return err;
}

/* Each word must be about a map that is there. */
static int check_words(const struct maps *maps)
{
	for (size_t i = 0; i < maps->filter.only.n_maps; i++) {
		const struct map_match *m = &maps->filter.only.maps[i];
		struct filter one = { .only = { .maps = { *m }, .n_maps = 1 } };
		size_t at = 0;

		while (at < maps->inv->n_maps &&
		       !filter_map(&one, maps->inv->maps[at].id, maps->inv->maps[at].name,
				   EVENT_NAME_BYTES))
			at++;
		if (at < maps->inv->n_maps)
			continue;
		if (m->kind == MATCH_NAME)
			log_error("no map is named '%s'; bpfmon maps lists them", m->text);
		else
			log_error("no map has id %u; bpfmon maps lists them", m->id);
		return -EINVAL;
	}
	return 0;
}

/* ---- output ---- */

static void flush(struct maps *maps, size_t above)
{
	if (maps->out.len <= above)
		return;
	if (!maps->error && fwrite(maps->out.data, 1, maps->out.len, stdout) != maps->out.len)
		maps->error = errno;
	maps->out.len = 0;
}

/* ---- content ---- */

/* A module's types are not read: they would have to be joined to the kernel's. */
static bool is_of_kernel(const struct inv_map *m)
{
	char name[8] = "";
	struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
	uint32_t len = sizeof(info);
	int fd;

	if (!m->vmlinux_btf_id)
		return true;
	fd = bpf_btf_get_fd_by_id(m->vmlinux_btf_id);
	if (fd < 0)
		return false;
	/* A longer name is cut, and an error that changes nothing. */
	bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return !strcmp(name, "vmlinux");
}

static void choose_btf(struct maps *maps, const struct inv_map *m)
{
	struct inventory_dump *shown = &maps->shown;

	*shown = (struct inventory_dump){ .inv = maps->inv,
					  .map = m,
					  .bytes = (uint32_t)maps->bytes };
	if (m->vmlinux_value_type && is_of_kernel(m)) {
		if (!maps->vmlinux)
			maps->vmlinux = btf__load_vmlinux_btf();
		shown->btf = maps->vmlinux;
		shown->value_type = m->vmlinux_value_type;
	} else if (m->btf_id && !m->vmlinux_value_type) {
		if (m->btf_id != maps->btf_id) {
			btf__free(maps->btf);
			maps->btf = btf__load_from_kernel_by_id(m->btf_id);
			maps->btf_id = maps->btf ? m->btf_id : 0;
		}
		shown->btf = maps->btf;
		shown->key_type = m->key_type;
		shown->value_type = m->value_type;
	}
}

static void put_entry(void *context, const struct mapdump_entry *entry)
{
	struct maps *maps = context;

	(maps->json ? inventory_json_entry : inventory_text_entry)(&maps->out, &maps->shown, entry);
	flush(maps, FLUSH_BYTES);
}

static void dump(struct maps *maps, const struct inv_map *m)
{
	struct mapdump_end end = {};
	int fd = inventory_open(m->id);

	choose_btf(maps, m);
	if (maps->json)
		inventory_json_begin(&maps->out);
	else
		buf_str(&maps->out, "  elements\n");
	if (fd < 0)
		end.error = fd;
	else if (mapdump_read(fd, m, maps->entries, put_entry, maps, &end))
		end.error = -ENOMEM;
	if (fd >= 0)
		close(fd);
	(maps->json ? inventory_json_end : inventory_text_end)(&maps->out, &end);
}

static void show(struct maps *maps, const struct inv_map *m)
{
	if (maps->json)
		inventory_json_open(&maps->out, maps->inv, m);
	else
		inventory_text_map(&maps->out, maps->inv, m);
	if (maps->dump)
		dump(maps, m);
	if (maps->json)
		inventory_json_close(&maps->out);
}

static int show_all(struct maps *maps)
{
	bool table = !maps->json && !maps->dump && !maps->filter.only.n_maps;

	if (table)
		inventory_text_list(&maps->out, maps->inv);
	for (size_t i = 0; !table && i < maps->inv->n_maps && !maps->error; i++) {
		show(maps, &maps->inv->maps[i]);
		flush(maps, FLUSH_BYTES);
	}
	if (maps->out.failed) {
		log_error("out of memory");
		return STATUS_FAILED;
	}
	flush(maps, 0);
	if (!maps->error && fflush(stdout))
		maps->error = errno;
	if (!maps->error || maps->error == EPIPE)
		return STATUS_DONE;
	log_error("cannot write: %s", strerror(maps->error));
	return STATUS_FAILED;
}

static int maps_run(struct maps *maps)
{
	int err = resolve_pins(&maps->filter.only);
	char why[256];

	if (err)
		return err == -EPERM ? STATUS_FAILED : STATUS_USAGE;
	if (inventory_new(is_wanted, maps, &maps->inv, why, sizeof(why))) {
		log_error("%s", why);
		return STATUS_FAILED;
	}
	if (check_words(maps))
		return STATUS_USAGE;
	inventory_full_names(maps->inv);
	for (size_t i = 0; i < maps->inv->n_gaps; i++)
		log_warn("%s", maps->inv->gaps[i]);
	return show_all(maps);
}

static int maps_cmd(int argc, char **argv)
{
	struct maps maps = { .entries = ENTRIES_DEFAULT, .bytes = UINT64_MAX };
	int status;

	filter_init(&maps.filter);
	if (parse(&maps, argc, argv))
		return STATUS_USAGE;
	if (maps.help) {
		cmd_usage(&cmd_maps);
		return STATUS_DONE;
	}
	if (maps.bytes == UINT64_MAX)
		maps.bytes = maps.json ? BYTES_DEFAULT : BYTES_DEFAULT_TEXT;
	bpflog_init();
	signal(SIGPIPE, SIG_IGN);
	status = maps_run(&maps);
	inventory_free(maps.inv);
	btf__free(maps.btf);
	btf__free(maps.vmlinux);
	buf_fini(&maps.out);
	return status;
}

const struct cmd cmd_maps = {
	"maps",
	"the maps on this host: their pins, the programs and processes that use them",
	"  MAP...                 these in detail, with what somebody could do with them:\n"
	"                         id, name, glob or pinned path\n"
	"      --dump             with their elements, decoded if there is BTF\n"
	"      --entries N        elements of each map to show (default 1000)\n"
	"      --bytes N          bytes of each key and value, 0 to 1M\n"
	"                         (default 256, json 4K)\n"
	"  -o, --output FORMAT    text (default) or json\n"
	"  -v, --verbose          more on stderr\n"
	"  -h, --help             this text\n"
	"\n"
	"Needs root, or CAP_SYS_ADMIN.\n"
	"Exit status: 0 done; 1 could not do it; 2 bad usage or bad input.\n",
	maps_cmd,
	"[MAP]...",
};
