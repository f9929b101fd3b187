/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Containers and pods by the paths that the runtimes make. */
#include "who/container.h"

#include "test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"
#define ID2 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define UID_ "1a2b3c4d-0000-4444-8888-0123456789ab"
#define UID_UNDER "1a2b3c4d_0000_4444_8888_0123456789ab"

static const struct {
	const char *cgroup, *id, *runtime, *pod;
} paths[] = {
	{ "/", "", NULL, "" },
	{ "", "", NULL, "" },
	{ "/system.slice/ssh.service", "", NULL, "" },
	{ "/user.slice/user-1000.slice/session-2.scope", "", NULL, "" },
	{ "/system.slice/docker.service", "", NULL, "" },
	{ "/docker/" ID, ID, "docker", "" },
	{ "/docker/" ID "/init.scope", ID, "docker", "" },
	{ "/system.slice/docker-" ID ".scope", ID, "docker", "" },
	{ "/system.slice/docker-" ID ".scope/system.slice/docker-" ID2 ".scope", ID2, "docker",
	  "" },
	{ "/system.slice:docker:" ID, ID, "docker", "" },
	{ "/default/" ID, ID, NULL, "" },
	{ "/system.slice/nerdctl-" ID ".scope", ID, "containerd", "" },
	{ "/kubepods/burstable/pod" UID_ "/" ID, ID, NULL, UID_ },
	{ "/kubepods/pod" UID_, "", NULL, UID_ },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_UNDER
	  ".slice/cri-containerd-" ID ".scope",
	  ID, "containerd", UID_ },
	{ "/kubepods.slice/kubepods-pod" UID_UNDER ".slice/crio-" ID ".scope", ID, "cri-o", UID_ },
	{ "/kubepods.slice/kubepods-pod" UID_UNDER ".slice/crio-conmon-" ID ".scope", "", NULL,
	  UID_ },
	{ "/system.slice/kubepods-besteffort-pod" UID_UNDER ".slice:cri-containerd:" ID, ID,
	  "containerd", UID_ },
	{ "/machine.slice/libpod-" ID ".scope/container", ID, "podman", "" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "", NULL, "" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID,
	  "podman", "" },
	{ "/libpod_parent/" ID, ID, "podman", "" },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "web", "systemd-nspawn", "" },
	{ "/machine.slice/machine-web\\x2d1.scope/supervisor", "web-1", "systemd-nspawn", "" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "", NULL, "" },
	{ "/lxc.payload.box/init.scope", "box", "lxc", "" },
	{ "/lxc.payload.box/system.slice/docker-" ID ".scope", ID, "docker", "" },
	/* Not quite. */
	{ "/docker/" ID "0", "", NULL, "" },
	{ "/system.slice/docker-0123.scope", "", NULL, "" },
	{ "/kubepods/podX" UID_, "", NULL, "" },
	{ "/kubepods/pod1a2b3c4d-0000-4444-8888-0123456789ag", "", NULL, "" },
	{ "/tripod" UID_, "", NULL, "" },
	{ "/machine.slice/machine-.scope", "", NULL, "" },
	{ "/machine.slice/machine-\\x00.scope", "", "systemd-nspawn", "" },
	{ "/machine.slice/machine-\\x2.scope", "\\x2", "systemd-nspawn", "" },
};

static void container_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container c;

		container_parse(paths[i].cgroup, &c);
		if (strcmp(c.id, paths[i].id) || strcmp(c.pod, paths[i].pod) ||
		    strcmp(c.runtime ? c.runtime : "", paths[i].runtime ? paths[i].runtime : ""))
			FAIL("%s: %s %s %s", paths[i].cgroup, c.id, c.runtime, c.pod);
	}
}

static void container_long_name(void)
{
	char name[900], path[1024];
	struct container c;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "/machine.slice/machine-%s.scope", name);
	container_parse(path, &c);
	CHECK_INT(strlen(c.id), CONTAINER_ID_BYTES - 1);
}

int main(void)
{
	RUN(container_paths);
	RUN(container_long_name);
	return TEST_STATUS();
}
