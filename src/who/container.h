/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which container and which Kubernetes pod a process is in, by the path of its cgroup: the forms
 * that Docker, containerd, CRI-O, podman and systemd-nspawn give it, with the cgroup driver of
 * systemd and with that of files. Of containers in one another it is the innermost.
 */
#ifndef BPFMON_CONTAINER_H
#define BPFMON_CONTAINER_H

#define CONTAINER_ID_BYTES 65	/* 64 hex digits; a machine's name has at most 64, too */
#define CONTAINER_POD_BYTES 37	/* 8-4-4-4-12 hex digits */

struct container {
	char id[CONTAINER_ID_BYTES];	/* empty: in none */
	char pod[CONTAINER_POD_BYTES];	/* the uid of the pod; empty: in none */
	const char *runtime;		/* "docker", ...; NULL: the path does not tell */
};

void container_parse(const char *cgroup, struct container *out);

#endif
