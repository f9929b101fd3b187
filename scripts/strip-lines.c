/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Takes the line information out of a BPF object, in place: strip-lines OBJECT. It is nine tenths of
 * .BTF.ext, the kernel would check all of it at each load, and only its verifier's log shows it.
 * Made and run by the Makefile.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As libbpf's struct btf_ext_header; offsets are from its end. */
struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t len;
	uint32_t func_off, func_len, line_off, line_len, core_off, core_len;
};

static Elf_Data *section(Elf *elf, const char *name, Elf_Scn **found)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr head;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &head) || strcmp(elf_strptr(elf, names, head.sh_name), name))
			continue;
		*found = scn;
		return elf_getdata(scn, NULL);
	}
	return NULL;
}

/* NULL, or what is wrong. */
static const char *strip(Elf_Data *data)
{
	struct header h;
	uint8_t *bytes = data->d_buf;
	size_t lines, rest;

	if (data->d_size < sizeof(h))
		return "its .BTF.ext is too short";
	memcpy(&h, bytes, sizeof(h));
	if (h.magic != 0xeb9f || h.len < sizeof(h))
		return "its .BTF.ext has another header";
	lines = h.len + (size_t)h.line_off;
	if (lines + h.line_len > data->d_size)
		return "its .BTF.ext ends too early";
	rest = data->d_size - lines - h.line_len;
	memmove(bytes + lines, bytes + lines + h.line_len, rest);
	data->d_size -= h.line_len;
	if (h.core_off > h.line_off)
		h.core_off -= h.line_len;
	if (h.func_off > h.line_off)
		h.func_off -= h.line_len;
	h.line_len = 0;
	memcpy(bytes, &h, sizeof(h));
	return NULL;
}

int main(int argc, char **argv)
{
	const char *why = NULL;
	Elf_Data *data;
	Elf_Scn *scn;
	Elf *elf;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: strip-lines OBJECT\n");
		return 2;
	}
	elf_version(EV_CURRENT);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_RDWR, NULL);
	if (!elf) {
		fprintf(stderr, "strip-lines: %s: %s\n", argv[1],
			fd < 0 ? strerror(errno) : elf_errmsg(-1));
		return 1;
	}
	data = section(elf, ".BTF.ext", &scn);
	why = data ? strip(data) : "it has no .BTF.ext";
	if (!why) {
		elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
		if (elf_update(elf, ELF_C_WRITE) < 0)
			why = elf_errmsg(-1);
	}
	elf_end(elf);
	close(fd);
	if (!why)
		return 0;
	fprintf(stderr, "strip-lines: %s: %s\n", argv[1], why);
	return 1;
}
