/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings: which there are of which map, and no others. */
#include "inventory/findings.h"

#include <fcntl.h>
#include <linux/bpf.h>

#include "test.h"

static struct inv_map map;
static struct inv_pin pins[2];
static struct inv_process processes[2];
static uint32_t progs[3];
static char text[4096];	/* of the last one that list() was asked for */

struct names {
	char list[1024];
	const char *asked;
};

static void add_name(void *context, const char *name, const char *what)
{
	struct names *names = context;
	size_t len = strlen(names->list);

	snprintf(names->list + len, sizeof(names->list) - len, "%s%s", len ? " " : "", name);
	if (names->asked && !strcmp(name, names->asked))
		snprintf(text, sizeof(text), "%s", what);
}

/* All names in order; `text` is that of the one that is asked for. */
static const char *list(const char *asked)
{
	static struct names names;

	names = (struct names){ .asked = asked };
	text[0] = '\0';
	findings_of(&map, add_name, &names);
	return names.list;
}

static void begin(uint32_t type)
{
	map = (struct inv_map){
		.id = 12, .type = type, .pins = pins, .processes = processes, .progs = progs
	};
	memset(processes, 0, sizeof(processes));
	for (size_t i = 0; i < 2; i++)
		pins[i] = (struct inv_pin){ .path = (char *)"/sys/fs/bpf/x",
					    .mode = 0600,
					    .dir_mode = 01777,
					    .search = 01777 };
}

static void plain(void)
{
	begin(BPF_MAP_TYPE_ARRAY);
	CHECK_STR(list("write_by_id"), "not_frozen write_by_id");
	CHECK_STR(text,
		  "any process with CAP_SYS_ADMIN can open it by its id 12, to read and to write");
	map.frozen = true;
	CHECK_STR(list(NULL), "read_by_id");
	map.hidden = true;
	CHECK_STR(list("hidden"), "hidden");
	CHECK_STR(text, "the kernel has it, but bpf(2) does not list it");
}

/* Programs may store into a frozen map; into a BPF_F_RDONLY_PROG one bpf(2) may. */
static void programs(void)
{
	begin(BPF_MAP_TYPE_HASH);
	map.n_progs = 1;
	CHECK_STR(list("programs_may_write"), "not_frozen programs_may_write write_by_id");
	CHECK_STR(text, "1 program uses it, and no BPF_F_RDONLY_PROG keeps it from writing");
	map.frozen = true;
	map.n_progs = 3;
	CHECK_STR(list("programs_may_write"), "programs_may_write read_by_id");
	CHECK_STR(text, "3 programs use it, and no BPF_F_RDONLY_PROG keeps them from writing, "
			"although it is frozen");
	map.flags = BPF_F_RDONLY_PROG;
	CHECK_STR(list(NULL), "read_by_id");
	map.frozen = false;
	CHECK_STR(list(NULL), "read_only_not_frozen write_by_id");
}

/* Of a type that programs have no way to write, nothing is said about them. */
static void types(void)
{
	static const struct {
		uint32_t type;
		const char *want;
	} rows[] = {
		{ BPF_MAP_TYPE_PROG_ARRAY, "not_frozen tail_calls write_by_id" },
		{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "not_frozen output_slots write_by_id" },
		{ BPF_MAP_TYPE_RINGBUF, "programs_may_write output_ring write_by_id" },
		{ BPF_MAP_TYPE_ARRAY_OF_MAPS, "not_frozen inner_maps write_by_id" },
		{ BPF_MAP_TYPE_LRU_HASH, "not_frozen programs_may_write evictions write_by_id" },
		{ BPF_MAP_TYPE_DEVMAP, "not_frozen redirects write_by_id" },
		{ BPF_MAP_TYPE_QUEUE, "not_frozen programs_may_write write_by_id" },
		{ BPF_MAP_TYPE_STRUCT_OPS, "not_frozen struct_ops write_by_id" },
		{ 999, "open_by_id" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].type);
		map.n_progs = 1;
		CHECK_STR(list(NULL), rows[i].want);
	}
	begin(BPF_MAP_TYPE_PROG_ARRAY);
	map.frozen = true;
	CHECK_STR(list(NULL), "read_by_id");
}

static void pin_modes(void)
{
	begin(BPF_MAP_TYPE_HASH);
	map.n_pins = 1;
	CHECK_STR(list(NULL), "not_frozen write_by_id");
	pins[0].mode = 0666;
	CHECK_STR(list("pin_world_writable"),
		  "not_frozen pin_world_writable pin_group_writable write_by_id");
	CHECK_STR(text,
		  "the pin /sys/fs/bpf/x has mode 0666, which lets every user open it to write");
	pins[0].search = 01700;
	list("pin_world_writable");
	CHECK_STR(text,
		  "the pin /sys/fs/bpf/x has mode 0666, which lets every user open it to write; "
		  "a directory above keeps others out");
	map.frozen = true;
	CHECK_STR(list(NULL), "pin_world_readable read_by_id");
	map.frozen = false;
	pins[0].mode = 0660;
	pins[0].gid = 33;
	CHECK_STR(list("pin_group_writable"), "not_frozen pin_group_writable write_by_id");
	CHECK_STR(text,
		  "the pin /sys/fs/bpf/x has mode 0660, which lets group 33 open it to write");
}

static void pin_owners(void)
{
	begin(BPF_MAP_TYPE_HASH);
	map.n_pins = 2;
	pins[1].uid = 1000;
	CHECK_STR(list("pin_not_root"), "not_frozen pin_not_root write_by_id");
	CHECK_STR(text, "the pin /sys/fs/bpf/x belongs to uid 1000, not to root");
	pins[1].uid = 0;
	pins[1].dir_mode = 0777;
	CHECK_STR(list("pin_replaceable"), "not_frozen pin_replaceable write_by_id");
	CHECK_STR(text,
		  "the pin /sys/fs/bpf/x is in a directory with mode 0777: every user may remove "
		  "or replace it");
	pins[1].dir_mode = 0755;
	pins[1].dir_uid = 7;
	CHECK_STR(list(NULL), "not_frozen pin_dir_of_other write_by_id");
	/* Its own directory: that is said by whom it belongs to. */
	pins[1].uid = 7;
	CHECK_STR(list(NULL), "not_frozen pin_not_root write_by_id");
}

static void holders(void)
{
	begin(BPF_MAP_TYPE_ARRAY);
	map.n_processes = 1;
	processes[0] = (struct inv_process){ .pid = 901,
					     .uid = 1000,
					     .comm = "e\033vil",
					     .fds = 1,
					     .fd_mode = INV_READ | INV_WRITE };
	/* Without a pin nobody is told to be its owner. */
	CHECK_STR(list(NULL), "not_frozen write_by_id");
	map.n_pins = 1;
	CHECK_STR(list("held_by_other"), "not_frozen held_by_other write_by_id");
	CHECK_STR(text,
		  "e\\x1bvil[901] of uid 1000, who owns none of its pins, has it open to write");
	processes[0].fd_mode = INV_READ;
	list("held_by_other");
	CHECK(strstr(text, "has it open to read"));
	processes[0].uid = UINT32_MAX;
	CHECK_STR(list(NULL), "not_frozen write_by_id");
	processes[0].uid = 0;
	CHECK_STR(list(NULL), "not_frozen write_by_id");
	processes[0].mmaps = 1;
	processes[0].mmap_mode = INV_READ;
	CHECK_STR(list(NULL), "not_frozen write_by_id");
	processes[0].mmap_mode = INV_WRITE;
	map.flags = BPF_F_MMAPABLE;
	CHECK_STR(list(NULL), "not_frozen mapped_writable mmapable write_by_id");
	map.flags |= BPF_F_RDONLY_PROG;
	map.n_processes = 0;
	CHECK_STR(list(NULL), "read_only_not_frozen write_by_id");
}

int main(void)
{
	RUN(plain);
	RUN(programs);
	RUN(types);
	RUN(pin_modes);
	RUN(pin_owners);
	RUN(holders);
	return TEST_STATUS();
}
