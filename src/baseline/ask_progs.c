/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs as facts; see ask.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline/ask.h"
#include "baseline/code.h"

const struct ask_prog *ask_prog(const struct ask *a, uint32_t id)
{
	for (size_t i = 0; i < a->n_progs; i++)
		if (a->progs[i].id == id)
			return &a->progs[i];
	return NULL;
}

void ask_put_prog(struct ask *a, struct fact *f, uint32_t id)
{
	const struct ask_prog *p = ask_prog(a, id);
	char text[64];

	if (!id)
		return;
	fact_number(&a->facts, f, ATTR_PROGRAM_ID, id);
	if (!p)
		return;
	snprintf(text, sizeof(text), "%.16s %s", p->name, p->tag);
	fact_string(&a->facts, f, ATTR_PROGRAM, text);
}

void ask_attachment(struct ask *a, uint32_t prog, uint32_t attach_type, const char *target,
		    uint64_t position, const char *detail)
{
	const struct ask_prog *p = ask_prog(a, prog);
	struct fact *f;

	if (!a->all && (!p || !p->wanted))
		return;
	f = facts_add(&a->facts, FACT_ATTACHMENT);
	if (attach_type != UINT32_MAX)
		fact_number(&a->facts, f, ATTR_ATTACH, attach_type);
	fact_string(&a->facts, f, ATTR_TARGET, target);
	fact_number(&a->facts, f, ATTR_POSITION, position);
	if (detail && *detail)
		fact_string(&a->facts, f, ATTR_DETAIL, detail);
	ask_put_prog(a, f, prog);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of its maps, of whatever ids they have now. */
static void put_maps(struct ask *a, struct fact *f, const struct ask_prog *p)
{
	char **names = calloc(p->n_maps + 1, sizeof(*names));
	struct buf b = {};

	for (size_t i = 0; names && i < p->n_maps; i++) {
		struct bpf_map_info info = {};
		uint32_t len = sizeof(info);
		int fd = inventory_open(p->maps[i]);

		if (fd >= 0) {
			bpf_obj_get_info_by_fd(fd, &info, &len);
			close(fd);
		}
		names[i] = strndup(info.name, sizeof(info.name));
		a->err = names[i] ? a->err : -ENOMEM;
	}
	if (!names || a->err) {
		a->err = -ENOMEM;
	} else {
		qsort(names, p->n_maps, sizeof(*names), compare_text);
		for (size_t i = 0; i < p->n_maps; i++) {
			buf_str(&b, i ? "," : "");
			buf_safe(&b, names[i], EVENT_NAME_BYTES);
		}
		fact_text(&a->facts, f, ATTR_MAPS, b.data ?: "", b.len);
	}
	a->err = b.failed ? -ENOMEM : a->err;
	for (size_t i = 0; names && i < p->n_maps; i++)
		free(names[i]);
	free(names);
	buf_fini(&b);
}

/* Its instructions, if the kernel gives them; 0: it does not. */
static bool hash_code(int fd, uint32_t bytes, char out[CODE_HASH_TEXT])
{
	struct bpf_insn *insns = malloc(bytes ?: 1);
	struct bpf_prog_info info = { .xlated_prog_len = bytes,
				      .xlated_prog_insns = (uintptr_t)insns };
	uint32_t len = sizeof(info);
	bool ok = insns && bytes && !bpf_obj_get_info_by_fd(fd, &info, &len) &&
		  info.xlated_prog_insns && info.xlated_prog_len <= bytes;

	if (ok)
		code_hash(insns, info.xlated_prog_len / sizeof(*insns), out);
	free(insns);
	return ok;
}

static int read_maps(int fd, struct bpf_prog_info *info, struct ask_prog *p)
{
	uint32_t len = sizeof(*info), n;

	if (bpf_obj_get_info_by_fd(fd, info, &len))
		return -errno;
	n = info->nr_map_ids;
	p->maps = calloc(n + 1, sizeof(*p->maps));
	if (!p->maps)
		return -ENOMEM;
	if (n) {
		struct bpf_prog_info again = { .nr_map_ids = n, .map_ids = (uintptr_t)p->maps };

		len = sizeof(again);
		if (bpf_obj_get_info_by_fd(fd, &again, &len))
			return -errno;
		p->n_maps = again.nr_map_ids < n ? again.nr_map_ids : n;
	}
	return 0;
}

static void add_prog(struct ask *a, int fd, uint32_t id)
{
	struct ask_prog *progs = inventory_grow(a->progs, a->n_progs, sizeof(*progs)), *p;
	struct bpf_prog_info info = {};
	char code[CODE_HASH_TEXT];
	struct fact *f;
	int err;

	if (!progs) {
		a->err = -ENOMEM;
		return;
	}
	a->progs = progs;
	p = &progs[a->n_progs++];
	p->id = id;
	err = read_maps(fd, &info, p);
	if (err) {
		inventory_gap(a->inv, "program %u cannot be read: %s", id, strerror(-err));
		return;
	}
	memcpy(p->name, info.name, sizeof(p->name));
	for (size_t i = 0; i < EVENT_TAG_BYTES; i++)
		snprintf(p->tag + 2 * i, 3, "%02x", info.tag[i]);
	p->attach_btf_obj = info.attach_btf_obj_id;
	p->attach_btf = info.attach_btf_id;
	p->wanted = a->all;
	for (size_t i = 0; i < p->n_maps; i++)
		p->wanted |= inventory_find(a->inv, p->maps[i]) != NULL;
	if (!p->wanted)
		return;
	f = facts_add(&a->facts, FACT_PROGRAM);
	fact_number(&a->facts, f, ATTR_ID, id);
	fact_text(&a->facts, f, ATTR_NAME, info.name, sizeof(info.name));
	fact_number(&a->facts, f, ATTR_PROG_TYPE, info.type);
	fact_string(&a->facts, f, ATTR_TAG, p->tag);
	fact_number(&a->facts, f, ATTR_LOADED, info.load_time);
	fact_number(&a->facts, f, ATTR_UID, info.created_by_uid);
	if (hash_code(fd, info.xlated_prog_len, code))
		fact_string(&a->facts, f, ATTR_CODE, code);
	put_maps(a, f, p);
}

void ask_progs(struct ask *a)
{
	uint32_t id = 0;

	while (!a->err && !bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0 && errno != ENOENT)
			inventory_gap(a->inv, "program %u cannot be read: %s", id, strerror(errno));
		if (fd < 0)
			continue;
		add_prog(a, fd, id);
		close(fd);
	}
}
