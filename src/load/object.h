/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF object's bytes: compressed in the program's file, an eighth of their size there. */
#ifndef BPFMON_OBJECT_H
#define BPFMON_OBJECT_H

#include <stddef.h>

/*
 * The object's ELF file, for the caller to free; NULL without the memory for it (2 MiB). Until
 * the object is loaded libbpf reads in it, after that no more (bpf_object__elf_finish()).
 */
void *object_bytes(size_t *size);

#endif
