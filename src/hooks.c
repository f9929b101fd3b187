/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of hooks; see hooks.h. The programs are in bpf/hook_*.bpf.h. */
#include "hooks.h"

#include <stddef.h>

const char *const attach_kind_names[] = {
	[ATTACH_FENTRY] = "fentry",
	[ATTACH_FEXIT] = "fexit",
	[ATTACH_KPROBE] = "kprobe",
	[ATTACH_TRACEPOINT] = "tracepoint",
};

#define KPROBE_LOSS \
	"result of the write; writes by kprobe and perf event programs, and by tracepoint programs on some kernels"
#define RAW_LOSS \
	"what another thread changes in the attributes meanwhile: they are read from user memory"

/* clang-format off */
/* A map operation: two programs by trampoline, one by kprobe. */
#define OP_HOOK(id_, name_, function_, missing_)						\
	[WIRE_HOOK_##id_] = {									\
		#name_, missing_, {								\
			{ ATTACH_FEXIT, #function_, { #name_, #name_ "_count" }, NULL },	\
			{ ATTACH_KPROBE, #function_, { #name_ "_kprobe" }, KPROBE_LOSS },	\
		}										\
	}

/* Only bpf(2) gets there, where kprobes do not run; its exit reports what this hook would. */
#define POP_HOOK(id_, name_, function_)								\
	[WIRE_HOOK_##id_] = {									\
		#name_, NULL, {									\
			{ ATTACH_FEXIT, #function_, { #name_, #name_ "_count" }, NULL },	\
		}										\
	}

const struct hook hooks[WIRE_HOOK_COUNT] = {
	[WIRE_HOOK_SYS_ENTER] = {
		"sys_enter", "which bpf(2) command wrote; refused attempts; create, open, pin, freeze", {
			{ ATTACH_FENTRY, "security_bpf", { "sys_enter" }, NULL },
			{ ATTACH_TRACEPOINT, "sys_enter", { "sys_enter_raw" }, RAW_LOSS },
		}
	},
	[WIRE_HOOK_SYS_EXIT] = {
		"sys_exit", "refused attempts; create, open, pin, freeze", {
			{ ATTACH_FEXIT, "__sys_bpf", { "sys_exit" }, NULL },
			{ ATTACH_FEXIT, "__x64_sys_bpf", { "sys_exit_x64", "sys_exit_ia32" }, NULL },
			{ ATTACH_TRACEPOINT, "sys_exit", { "sys_exit_raw" }, RAW_LOSS },
		}
	},
	[WIRE_HOOK_MAP_OPEN] = {
		"map_open", "opening a map when a security module refuses it", {
			{ ATTACH_FEXIT, "security_bpf_map", { "map_open" }, NULL },
		}
	},
	[WIRE_HOOK_MAP_FREE] = {
		"map_free", "the end of maps", {
			{ ATTACH_FENTRY, "security_bpf_map_free", { "map_free" }, NULL },
			{ ATTACH_KPROBE, "security_bpf_map_free", { "map_free_kprobe" }, NULL },
		}
	},
	OP_HOOK(ARRAY_UPDATE, array_update, array_map_update_elem,
		"writes of BPF programs to array and percpu_array"),
	OP_HOOK(PERCPU_ARRAY_UPDATE, percpu_array_update, bpf_percpu_array_update, NULL),
	OP_HOOK(ARRAY_DELETE, array_delete, array_map_delete_elem,
		"attempts of BPF programs to delete from arrays"),
	OP_HOOK(HASH_UPDATE, hash_update, htab_map_update_elem, "writes of BPF programs to hash"),
	OP_HOOK(HASH_DELETE, hash_delete, htab_map_delete_elem,
		"deletes of BPF programs in hash and percpu_hash"),
	POP_HOOK(HASH_POP, hash_pop, htab_map_lookup_and_delete_elem),
	OP_HOOK(LRU_UPDATE, lru_update, htab_lru_map_update_elem,
		"writes of BPF programs to lru_hash"),
	OP_HOOK(LRU_DELETE, lru_delete, htab_lru_map_delete_elem,
		"deletes of BPF programs in lru_hash and lru_percpu_hash"),
	POP_HOOK(LRU_POP, lru_pop, htab_lru_map_lookup_and_delete_elem),
	OP_HOOK(PERCPU_HASH_SYS, percpu_hash_sys, bpf_percpu_hash_update, NULL),
	OP_HOOK(PERCPU_HASH_UPDATE, percpu_hash_update, htab_percpu_map_update_elem,
		"writes of BPF programs to percpu_hash"),
	POP_HOOK(PERCPU_HASH_POP, percpu_hash_pop, htab_percpu_map_lookup_and_delete_elem),
	OP_HOOK(PERCPU_LRU_UPDATE, percpu_lru_update, htab_lru_percpu_map_update_elem,
		"writes of BPF programs to lru_percpu_hash"),
	POP_HOOK(PERCPU_LRU_POP, percpu_lru_pop, htab_lru_percpu_map_lookup_and_delete_elem),
};
/* clang-format on */

const char *const never_seen[] = {
	"values written through a pointer that a BPF program got from a lookup",
	"values written through mmap of an array, and .data and .bss of programs",
	"writes of BPF programs to map types other than array, hash, their per-CPU and LRU kinds",
	NULL,
};

const char *hook_loss(const struct hook *hook, const struct hook_state *state)
{
	return state->way ? state->way->loss : hook->missing;
}
