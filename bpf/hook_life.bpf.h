/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the end of a map, and the iterators that list the maps and programs there are when
 * bpfmon starts. The iterators open no descriptor, so that nobody sees bpfmon open maps, and read
 * the addresses of programs also under kptr_restrict=2, where bpf(2) hides them.
 */
#include "emit.bpf.h"

#include <bpf/bpf_tracing.h>

/*
 * A kernel worker frees the map. Its id was cleared when the last reference went, in
 * bpf_map_put(), which every kernel inlines elsewhere; the user side knows the id by the address.
 * Maps whose creation failed pass here too, and are told by an address that nobody knows.
 */
SEC("fentry/security_bpf_map_free")
int BPF_PROG(map_free, struct bpf_map *map)
{
	struct wire_cmd *c = state == STATE_OFF ? NULL :
						  cmd_reserve(WIRE_HOOK_MAP_FREE, WIRE_FREE, false);

	if (!c)
		return 0;
	fill_map(&c->map, map);
	bpf_ringbuf_submit(c, 0);
	return 0;
}

SEC("kprobe/security_bpf_map_free")
int map_free_kprobe(struct pt_regs *ctx)
{
	struct wire_cmd *c = state == STATE_OFF ? NULL :
						  cmd_reserve(WIRE_HOOK_MAP_FREE, WIRE_FREE, false);

	if (!c)
		return 0;
	read_map(&c->map, (void *)ctx->di);
	bpf_ringbuf_submit(c, 0);
	return 0;
}

SEC("iter/bpf_map")
int list_maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	struct wire_map out = {};

	if (!map)
		return 0;
	fill_map(&out, map);
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
