/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that write one map in turn and are unloaded: turns GENERATIONS WRITES
 *
 * In each generation turns.bpf.c and turns_ext.bpf.c are loaded anew, each program writes its own
 * id so often, and all are unloaded: what is loaded next may get the same addresses. Prints
 * {"map":ID}, then {"name":NAME,"id":ID,"writes":N} in the order of the writes.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/turns.skel.h"
#include "actors/turns_ext.skel.h"
#include "mapid.h"

static uint32_t prog_id(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len) ? 0 : info.id;
}

/* Runs `prog`; what then writes is `name`, of this id. */
static int run(const struct bpf_program *prog, const char *name, uint32_t id, int writes)
{
	char packet[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = writes);

	if (!id || bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		return -1;
	printf("{\"name\":\"%s\",\"id\":%u,\"writes\":%d}\n", name, id, writes);
	return 0;
}

static int run_ext(struct turns_bpf *t, int map, int writes)
{
	struct turns_ext_bpf *e = turns_ext_bpf__open();
	struct bpf_link *link = NULL;
	int err = -1;

	if (!e || bpf_map__reuse_fd(e->maps.shared, map) ||
	    bpf_program__set_attach_target(e->progs.ext, bpf_program__fd(t->progs.sub), "deep") ||
	    turns_ext_bpf__load(e))
		goto out;
	e->bss->id_ext = prog_id(e->progs.ext);
	link = bpf_program__attach_freplace(e->progs.ext, 0, NULL);
	if (link)
		err = run(t->progs.sub, "ext", e->bss->id_ext, writes);
out:
	bpf_link__destroy(link);
	turns_ext_bpf__destroy(e);
	return err;
}

static int generation(int map, int writes)
{
	struct turns_bpf *t = turns_bpf__open();
	uint32_t key = 0, value;
	int err = -1;

	if (!t || bpf_map__reuse_fd(t->maps.shared, map) || turns_bpf__load(t))
		goto out;
	t->bss->id_direct = prog_id(t->progs.direct);
	t->bss->id_sub = prog_id(t->progs.sub);
	t->bss->id_tail = prog_id(t->progs.tail);
	value = (uint32_t)bpf_program__fd(t->progs.tail);
	if (!bpf_map_update_elem(bpf_map__fd(t->maps.next), &key, &value, 0) &&
	    !run(t->progs.direct, "direct", t->bss->id_direct, writes) &&
	    !run(t->progs.sub, "sub", t->bss->id_sub, writes) &&
	    !run(t->progs.caller, "tail", t->bss->id_tail, writes))
		err = run_ext(t, map, writes);
out:
	turns_bpf__destroy(t);
	return err;
}

int main(int argc, char **argv)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "shared", 4, 8, 1, NULL);

	if (argc != 3 || map < 0)
		return 1;
	printf("{\"map\":%u}\n", map_id(map));
	for (long n = strtol(argv[1], NULL, 10); n > 0; n--)
		if (generation(map, (int)strtol(argv[2], NULL, 10)))
			return 1;
	return 0;
}
