/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks on the end of a map and the beginning of a program, and the iterators that list the maps
 * and programs there are. The iterators open no descriptor, so that nobody sees bpfmon open maps,
 * and read the addresses of programs also under kptr_restrict=2, where bpf(2) hides them.
 */
#include "summary.bpf.h"

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
	struct wire_listed out = {};

	if (!map)
		return 0;
	fill_map(&out.map, map);
	read_inner(&out.inner, map);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	return 0;
}

/* Number `i` of the functions of a program, itself the first. */
static __always_inline void fill_func(struct wire_code *out, struct bpf_prog *func,
				      struct bpf_prog **funcs, u32 i)
{
	if (i)
		bpf_probe_read_kernel(&func, sizeof(func), funcs + i);
	out->func = (u64)BPF_CORE_READ(func, bpf_func);
	out->len = BPF_CORE_READ(func, jited_len);
}

/* The name that bpftool shows: of its first function, which the kernel keeps 15 bytes of. */
static __always_inline void read_full_name(struct wire_code *out, struct bpf_prog *prog)
{
	struct bpf_func_info *funcs = BPF_CORE_READ(prog, aux, func_info);
	struct btf *btf = BPF_CORE_READ(prog, aux, btf);
	struct bpf_func_info func;
	const char *name;

	out->full_name[0] = '\0';
	if (!out->name[sizeof(out->name) - 2] || !funcs || !btf ||
	    bpf_probe_read_kernel(&func, sizeof(func), funcs))
		return;
	name = btf_type_name(btf, func.type_id);
	if (name)
		bpf_probe_read_kernel_str(out->full_name, sizeof(out->full_name), name);
}

/* The code of a program. */
static __always_inline void fill_code(struct wire_code *out, struct bpf_prog *prog, u32 i)
{
	fill_func(out, prog, BPF_CORE_READ(prog, aux, func), i);
	out->target = (u64)BPF_CORE_READ(prog, aux, dst_trampoline, func.addr);
	out->id = BPF_CORE_READ(prog, aux, id);
	out->type = BPF_CORE_READ(prog, type);
	out->pad = 0;
	BPF_CORE_READ_INTO(&out->tag, prog, tag);
	BPF_CORE_READ_INTO(&out->name, prog, aux, name);
	read_full_name(out, prog);
}

/* bpfmon's own are attached by the kernel's BTF, too, and so it is found here. */
static __always_inline void learn_btf(struct bpf_prog *prog)
{
	struct btf *btf;

	if (vmlinux_btf || !bpf_core_field_exists(prog->aux->attach_btf))
		return;
	btf = BPF_CORE_READ(prog, aux, attach_btf);
	if (btf && BPF_CORE_READ(btf, kernel_btf) && !BPF_CORE_READ(btf, base_btf))
		vmlinux_btf = (u64)btf;
}

#define MAX_FUNCS 256u /* BPF_MAX_SUBPROGS of include/linux/bpf_verifier.h */

SEC("iter/bpf_prog")
int list_progs(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog, **funcs;
	struct wire_listed_code out = {};
	const char *function;
	u32 n;

	if (!prog)
		return 0;
	learn_btf(prog);
	n = BPF_CORE_READ(prog, aux, func_cnt);
	funcs = BPF_CORE_READ(prog, aux, func);
	fill_code(&out.code, prog, 0);
	out.attach_type = BPF_CORE_READ(prog, expected_attach_type);
	function = BPF_CORE_READ(prog, aux, attach_func_name);
	if (function)
		bpf_probe_read_kernel_str(out.function, sizeof(out.function), function);
	bpf_seq_write(ctx->meta->seq, &out, sizeof(out));
	out.function[0] = '\0';
	for (u32 i = 1; i < MAX_FUNCS && i < n; i++) {
		fill_func(&out.code, prog, funcs, i);
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
	/* Whatever hides this load from the program beside, no other is taken for it. */
	if (prog->aux->id)
		__sync_fetch_and_add(&summary_generation, 1);
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
	__sync_fetch_and_add(&summary_generation, 1);
	__sync_fetch_and_add(&counts[WIRE_HOOK_PROG_LOAD].taken, 1);
	tell_new_process();
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
