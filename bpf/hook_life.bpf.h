/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the end of a map and the beginning of a program, and the iterators that list the maps
 * and programs there are. The iterators open no descriptor, so that nobody sees bpfmon open maps,
 * and read the addresses of programs also under kptr_restrict=2, where bpf(2) hides them.
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

/* The code of a program: number `i` of its functions, itself the first. */
static __always_inline void fill_code(struct wire_code *out, struct bpf_prog *prog, u32 i)
{
	struct bpf_prog **funcs = BPF_CORE_READ(prog, aux, func), *func = prog;

	if (i)
		bpf_probe_read_kernel(&func, sizeof(func), funcs + i);
	out->func = (u64)BPF_CORE_READ(func, bpf_func);
	out->len = BPF_CORE_READ(func, jited_len);
	out->target = (u64)BPF_CORE_READ(prog, aux, dst_trampoline, func.addr);
	out->id = BPF_CORE_READ(prog, aux, id);
	out->type = BPF_CORE_READ(prog, type);
	out->pad = 0;
	BPF_CORE_READ_INTO(&out->tag, prog, tag);
	BPF_CORE_READ_INTO(&out->name, prog, aux, name);
}

#define MAX_FUNCS 256u /* BPF_MAX_SUBPROGS of include/linux/bpf_verifier.h */

SEC("iter/bpf_prog")
int list_progs(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct wire_code out = {};
	u32 n;

	if (!prog)
		return 0;
	n = BPF_CORE_READ(prog, aux, func_cnt);
	fill_code(&out, prog, 0);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	for (u32 i = 1; i < MAX_FUNCS && i < n; i++) {
		fill_code(&out, prog, i);
		bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	}
	return 0;
}

/*
 * A program gets its id, then its symbols, then runs: whose code lies where is known before it
 * writes. Subprograms pass here before it, without an id. As with map operations, a program
 * without helpers counts beside, so that the user side knows when to list all programs anew.
 */
SEC("fentry/bpf_prog_kallsyms_add")
int BPF_PROG(prog_load_count, struct bpf_prog *prog)
{
	if (state == STATE_ON && prog->aux->id)
		__sync_fetch_and_add(&counts[WIRE_HOOK_PROG_LOAD].seen, 1);
	return 0;
}

/* Verified once, called for each function. */
__attribute__((noinline)) int report_code(u64 prog, u32 i)
{
	struct wire_prog *r = bpf_ringbuf_reserve(&events, sizeof(*r), 0);

	if (!r) {
		count_lost(WIRE_HOOK_PROG_LOAD, WIRE_LOSS_RING, 1);
		return 0;
	}
	r->hdr.size = sizeof(*r);
	r->hdr.kind = WIRE_PROG;
	r->hdr.hook = WIRE_HOOK_PROG_LOAD;
	fill_task(&r->hdr, &r->task);
	fill_process(&r->task);
	fill_code(&r->code, (void *)prog, i);
	bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("fentry/bpf_prog_kallsyms_add")
int prog_load(void *ctx)
{
	struct bpf_prog *prog = NULL; /* a number, which a function of its own can be given */
	u32 n;

	bpf_probe_read_kernel(&prog, sizeof(prog), ctx);
	if (state == STATE_OFF || !BPF_CORE_READ(prog, aux, id))
		return 0;
	__sync_fetch_and_add(&counts[WIRE_HOOK_PROG_LOAD].taken, 1);
	n = BPF_CORE_READ(prog, aux, func_cnt);
	report_code((u64)prog, 0);
	for (u32 i = 1; i < MAX_FUNCS && i < n; i++) {
		/* Each is a record of its own in the accounts. */
		__sync_fetch_and_add(&counts[WIRE_HOOK_PROG_LOAD].seen, 1);
		__sync_fetch_and_add(&counts[WIRE_HOOK_PROG_LOAD].taken, 1);
		report_code((u64)prog, i);
	}
	return 0;
}
