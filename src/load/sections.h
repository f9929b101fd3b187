/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What libbpf does for fentry and fexit programs of bpfmon's own: the function to attach to is
 * taken from struct feat. libbpf's own way goes through all of the kernel's BTF for each program.
 */
#ifndef BPFMON_SECTIONS_H
#define BPFMON_SECTIONS_H

struct feat;

struct sections {
	int handlers[2];	/* libbpf's numbers; 0: not registered */
};

/*
 * For all objects that are opened and loaded from here to sections_end(); `feat` is kept. Without
 * memory for it, libbpf does it its own way.
 */
void sections_begin(struct sections *sections, const struct feat *feat);
void sections_end(struct sections *sections);

#endif
