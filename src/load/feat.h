/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this kernel can do, asked once by trying. No version number is compared anywhere.
 */
#ifndef BPFMON_FEAT_H
#define BPFMON_FEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/hooks.h"

#define FEAT_FUNCTIONS (WIRE_HOOK_COUNT * HOOK_WAYS + 16)

/* A function as the kernel's BTF has it. */
struct feat_function {
	const char *name;
	uint32_t btf_id;	/* 0: there is none */
	int args;	/* -1 then */
};

struct feat {
	struct feat_function functions[FEAT_FUNCTIONS];	/* by name */
	size_t n_functions;
	uint64_t map_types;	/* a bit each */
	int fentry_error;	/* 0, or why a fentry program is refused: a negative errno */
	int kprobe_error;	/* the same of a kprobe program */
	bool wide_preempt_count;	/* see cfg_wide_preempt_count in bpf/state.bpf.h */
	/* Where BTF does not tell: from kallsyms; 0: not known. */
	uint64_t preempt_count;		/* offset in each CPU's area */
	uint64_t per_cpu_offset;	/* address of __per_cpu_offset[] */
	/* What bpf_rdonly_cast() takes for struct task_struct and so on; 0: it is not to be had. */
	uint32_t cast_task, cast_map, cast_file, cast_words;
	uint32_t bucket_size;	/* of struct bucket of hash maps; 0: not known */
};

/* 0, or a negative errno with a sentence in `why` when bpfmon can't run at all. */
int feat_new(struct feat **out, char *why, size_t why_size);
void feat_free(struct feat *feat);

/* The kernel's BTF has the function. It may still refuse a trampoline: attach to find out. */
bool feat_has_function(const struct feat *feat, const char *name);
/* What a program that is to be attached to it names; 0: there is none. */
uint32_t feat_function_id(const struct feat *feat, const char *name);
bool feat_has_map_type(const struct feat *feat, uint32_t type);
/* How many arguments it has, or -1. */
int feat_function_args(const struct feat *feat, const char *name);
/*
 * Which of `n` functions the kernel forbids to trace: a kprobe there would fail as well, and with a
 * line in the kernel's log. All false where tracefs does not tell. NULL names are skipped.
 */
void feat_find_notrace(const char *const *names, size_t n, bool *notrace);

#endif
