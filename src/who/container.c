/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Containers by the path of a cgroup; see container.h. */
#include "who/container.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * One part of a path, as the runtimes name the cgroup of a container:
 *
 *  docker-ID.scope, libpod-ID.scope, crio-ID.scope, cri-containerd-ID.scope, nerdctl-ID.scope
 *  kubepods-burstable-podUID.slice:cri-containerd:ID	(systemd's names, the other driver)
 *  ID							(that driver: /docker/ID, /kubepods/podUID/ID)
 *
 * ID has 64 hex digits. "libpod-conmon-ID.scope" and "crio-conmon-ID.scope" hold the monitor of a
 * container, which runs on the host: no ID follows "libpod-" there.
 */
static const struct {
	const char *prefix, *runtime;
} id_prefixes[] = {
	{ "docker-", "docker" },
	{ "docker:", "docker" },
	{ "libpod-", "podman" },
	{ "libpod:", "podman" },
	{ "crio-", "cri-o" },
	{ "crio:", "cri-o" },
	{ "cri-containerd-", "containerd" },
	{ "cri-containerd:", "containerd" },
	{ "nerdctl-", "containerd" },
	{ "nerdctl:", "containerd" },
	{ "", NULL },
};

/* Parts around a name: systemd-nspawn@NAME.service, machine-NAME.scope, lxc.payload.NAME. */
static const struct {
	const char *prefix, *suffix, *runtime;
} name_forms[] = {
	{ "systemd-nspawn@", ".service", "systemd-nspawn" },
	{ "machine-", ".scope", "systemd-nspawn" },
	{ "lxc.payload.", "", "lxc" },
};

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static bool begins(const char *s, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && !memcmp(s, prefix, strlen(prefix));
}

static bool ends(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && !memcmp(s + len - n, suffix, n);
}

/* "PREFIX" ID, and then nothing, or ".scope". */
static bool parse_id(const char *part, size_t len, const char *parent, size_t parent_len,
		     struct container *out)
{
	if (ends(part, len, ".scope"))
		len -= strlen(".scope");
	for (size_t i = 0; i < sizeof(id_prefixes) / sizeof(id_prefixes[0]); i++) {
		const char *prefix = id_prefixes[i].prefix;
		size_t n = strlen(prefix);

		if (len != n + 64 || !begins(part, len, prefix) || !is_hex(part + n, 64))
			continue;
		memcpy(out->id, part + n, 64);
		out->id[64] = '\0';
		out->runtime = id_prefixes[i].runtime;
		/* The directory above tells of two. */
		if (!out->runtime && parent_len == 6 && !memcmp(parent, "docker", 6))
			out->runtime = "docker";
		if (!out->runtime && parent_len == 13 && !memcmp(parent, "libpod_parent", 13))
			out->runtime = "podman";
		return true;
	}
	return false;
}

/* Names have what systemd escapes in them, "\x2d" for "-". False: not a container's. */
static bool parse_name(const char *part, size_t len, struct container *out)
{
	for (size_t i = 0; i < sizeof(name_forms) / sizeof(name_forms[0]); i++) {
		size_t n = strlen(name_forms[i].prefix), at = 0;
		const char *end = part + len - strlen(name_forms[i].suffix);
		char name[CONTAINER_ID_BYTES];

		if (!begins(part, len, name_forms[i].prefix) ||
		    !ends(part, len, name_forms[i].suffix) || end <= part + n)
			continue;
		for (const char *s = part + n; s < end && at < sizeof(name) - 1; s++, at++) {
			name[at] = *s;
			if (end - s < 4 || s[0] != '\\' || s[1] != 'x' || !is_hex(s + 2, 2))
				continue;
			name[at] = (char)(hex_digit(s[2]) << 4 | hex_digit(s[3]));
			s += 3;
		}
		name[at] = '\0';
		/* Other managers register their machines, too: libvirt's are "qemu-1-NAME". */
		if (begins(name, at, "qemu-") || begins(name, at, "lxc-"))
			return false;
		memcpy(out->id, name, sizeof(name));
		out->runtime = name_forms[i].runtime;
		return true;
	}
	return false;
}

/* "podUID" at the end of `part`, before ".slice": '-' in UID is '_' where systemd made the name. */
static void parse_pod(const char *part, size_t len, struct container *out)
{
	char pod[CONTAINER_POD_BYTES] = "";
	const char *uid;

	if (ends(part, len, ".slice"))
		len -= strlen(".slice");
	if (len < 3 + 36)
		return;
	uid = part + len - 36;
	if (memcmp(uid - 3, "pod", 3) != 0 || (uid - 3 > part && uid[-4] != '-'))
		return;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? uid[i] != '-' && uid[i] != '_' : !is_hex(uid + i, 1))
			return;
		pod[i] = dash ? '-' : uid[i];
	}
	memcpy(out->pod, pod, sizeof(pod));
}

void container_parse(const char *cgroup, struct container *out)
{
	const char *parent = "", *part = cgroup;
	size_t parent_len = 0;

	*out = (struct container){ 0 };
	while (*part) {
		size_t len = strcspn(part, "/");
		const char *colon = memchr(part, ':', len);

		/* "SLICE:RUNTIME:ID" is two in one. */
		if (colon && ends(part, (size_t)(colon - part), ".slice")) {
			parse_pod(part, (size_t)(colon - part), out);
			parse_id(colon + 1, len - (size_t)(colon + 1 - part), part, 0, out);
		} else if (!parse_id(part, len, parent, parent_len, out) &&
			   !parse_name(part, len, out)) {
			parse_pod(part, len, out);
		}
		parent = part;
		parent_len = len;
		part += len;
		part += *part == '/';
	}
}
