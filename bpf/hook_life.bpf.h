/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the end of a map, and the iterators that list the maps and programs there are when
 * bpfmon starts. The iterators open no descriptor, so that nobody sees bpfmon open maps, and read
 * the addresses of programs also under kptr_restrict=2, where bpf(2) hides them.
 */
#include "emit.bpf.h"

#include <bpf/bpf_tracing.h>

/* The last reference is gone. Later hooks (security_bpf_map_free) come when the id is cleared. */
static __always_inline struct wire_cmd *free_begin(u32 id)
{
	if (state == STATE_OFF || !id || map_skipped(id))
		return NULL;
	return cmd_reserve(WIRE_HOOK_MAP_FREE, WIRE_FREE, false);
}

SEC("fentry/bpf_map_free_id")
int BPF_PROG(map_free, struct bpf_map *map)
{
	struct wire_cmd *c = free_begin(map->id);

	if (!c)
		return 0;
	fill_map(&c->map, map);
	bpf_ringbuf_submit(c, 0);
	return 0;
}

SEC("kprobe/bpf_map_free_id")
int map_free_kprobe(struct pt_regs *ctx)
{
	struct bpf_map *map = (void *)ctx->di;
	struct wire_cmd *c = free_begin(BPF_CORE_READ(map, id));

	if (!c)
		return 0;
	read_map(&c->map, map);
	bpf_ringbuf_submit(c, 0);
	return 0;
}

SEC("iter/bpf_map")
int list_maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct wire_iter_map out = {};

	if (!map)
		return 0;
	fill_map(&out.map, map);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

SEC("iter/bpf_prog")
int list_progs(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct wire_iter_prog out = {};

	if (!prog)
		return 0;
	out.func = (u64)BPF_CORE_READ(prog, bpf_func);
	out.len = BPF_CORE_READ(prog, jited_len);
	out.id = BPF_CORE_READ(prog, aux, id);
	out.target = (u64)BPF_CORE_READ(prog, aux, dst_trampoline, func.addr);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}
