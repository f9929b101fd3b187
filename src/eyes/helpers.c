/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs of others that call what changes what others see: the memory of processes, or the results
 * of functions. No hook shows that being done, but what a program calls is in its code, which is
 * looked at once. As bpf_insn_prepare_dump() of the kernel gives it, a call of a helper has the
 * distance to it from __bpf_call_base; only to who may see addresses.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eyes/detect.h"

/* Whether those that were found are still there. */
#define EVERY_NS (10 * SECOND_NS)

static const char base[] = "__bpf_call_base";
static const char *const helpers[HELPERS] = { "bpf_probe_write_user", "bpf_override_return" };

/* The types that may call one of them: bpf_tracing_func_proto(), kernel/trace/bpf_trace.c. */
static bool may_call(uint32_t type)
{
	return type == BPF_PROG_TYPE_KPROBE || type == BPF_PROG_TYPE_TRACEPOINT ||
	       type == BPF_PROG_TYPE_PERF_EVENT || type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE || type == BPF_PROG_TYPE_TRACING ||
	       type == BPF_PROG_TYPE_LSM;
}

/* Of lines like `ffffffff81000000 T name`. */
static void find_symbols(const struct eyes_ask *ask, const char *const *names, uint64_t *at,
			 size_t n)
{
	int fd = eyes_open(ask, "/proc/kallsyms");
	FILE *f = fd >= 0 ? fdopen(fd, "re") : NULL;
	size_t left = n;
	char line[256];

	while (f && left && fgets(line, sizeof(line), f)) {
		const char *kind = strchr(line, ' ');

		for (size_t i = 0; kind && strlen(kind) > 3 && i < n; i++) {
			size_t length = strlen(names[i]);

			if (at[i] || strncmp(kind + 3, names[i], length) ||
			    kind[3 + length] != '\n')
				continue;
			at[i] = strtoull(line, NULL, 16);
			left--;
		}
	}
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
}

static void find_helpers(struct eyes *eyes)
{
	const char *names[HELPERS + 1] = { base };
	uint64_t at[HELPERS + 1] = { 0 };
	struct helper_users *h = &eyes->helpers;

	for (size_t i = 0; i < HELPERS; i++)
		names[i + 1] = helpers[i];
	find_symbols(eyes->ask, names, at, HELPERS + 1);
	for (size_t i = 0; i < HELPERS; i++)
		h->distance[i] = at[0] && at[i + 1] ? (int32_t)(at[i + 1] - at[0]) : 0;
	h->found = true;
}

/* A bit for each helper. */
static unsigned int calls_of(const struct helper_users *h, const struct eyes_code *code)
{
	unsigned int calls = 0;

	for (size_t i = 0; i < code->n; i++) {
		const struct bpf_insn *insn = &code->insns[i];

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg)
			continue;
		for (size_t k = 0; k < HELPERS; k++)
			if (h->distance[k] && insn->imm == h->distance[k])
				calls |= 1u << k;
	}
	return calls;
}

static void look_at(struct eyes *eyes, uint32_t id)
{
	struct helper_users *h = &eyes->helpers;
	struct eyes_code code = { 0 };
	unsigned int calls;

	if (eyes->ask->is_own(eyes->ask->context, id) || eyes->ask->code(eyes->ask->obj, id, &code))
		return;
	if (may_call(code.type)) {
		if (!h->found)
			find_helpers(eyes);
		calls = calls_of(h, &code);
		if (calls && h->n < HELPER_USERS) {
			h->list[h->n] = (struct helper_user){ .id = id, .calls = calls };
			memcpy(h->list[h->n++].name, code.name, sizeof(code.name));
		} else if (calls) {
			h->more++;
		}
	}
	free(code.insns);
}

static void each_program(void *to, uint32_t id)
{
	struct eyes *eyes = to;

	for (size_t i = 0; i < eyes->helpers.n; i++)
		if (eyes->helpers.list[i].id == id)
			return;
	look_at(eyes, id);
}

void helpers_loaded(struct helper_users *h, uint32_t id)
{
	if (h->n_news < HELPER_NEWS)
		h->news[h->n_news++] = id;
	else
		h->listed = false;
}

static void drop_gone(struct eyes *eyes)
{
	struct helper_users *h = &eyes->helpers;
	size_t left = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct eyes_code code = { 0 };

		if (eyes->ask->code(eyes->ask->obj, h->list[i].id, &code) != -ENOENT)
			h->list[left++] = h->list[i];
		free(code.insns);
	}
	h->n = left;
}

static void put_user(struct buf *b, const struct helper_user *user)
{
	const char *sep = " (";

	buf_printf(b, "%" PRIu32 " ", user->id);
	buf_safe(b, user->name, strnlen(user->name, sizeof(user->name)));
	for (size_t i = 0; i < HELPERS; i++) {
		if (!(user->calls & 1u << i))
			continue;
		buf_str(b, sep);
		buf_str(b, helpers[i]);
		sep = ", ";
	}
	buf_str(b, ")");
}

void eyes_look_helpers(struct eyes *eyes, unsigned int what, struct finding *f)
{
	struct helper_users *h = &eyes->helpers;

	(void)what;
	f->unasked = h->listed && !h->n_news && (!h->n || eyes->now_ns < h->next_ns);
	if (f->unasked)
		return;
	h->next_ns = eyes->now_ns + EVERY_NS;
	drop_gone(eyes);
	for (size_t i = 0; i < h->n_news; i++)
		each_program(eyes, h->news[i]);
	if (!h->listed)
		eyes->ask->ids(eyes->ask->obj, EYES_PROGRAMS_ASKED, each_program, eyes);
	h->listed = true;
	h->n_news = 0;
	for (size_t i = 0; i < h->n; i++) {
		buf_str(&f->reason,
			f->bad ?
				", " :
				"programs of others that can change what others read, or are answered: ");
		put_user(&f->reason, &h->list[i]);
		f->bad = true;
		f->which += h->list[i].id * 0x9e3779b97f4a7c15ull;
	}
	if (!f->bad)
		buf_str(&f->reason,
			"no program of others can change what others read, or are answered");
	if (h->more)
		buf_str(&f->reason, " and others");
	h->more = 0;
}
