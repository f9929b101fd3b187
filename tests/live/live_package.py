# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As it is deployed: the test that comes with the Debian package, with the programs that were built;
and a container's view of a host, without a container engine."""

import os
import subprocess
import tempfile

import yaml

import lib
from lib import Map, Watch, check, equal
from live_caps import only
from live_faults import native
from live_names import folder


@lib.one_end("lowest")
@native
def test_autopkgtest():
    """It passes."""
    script = os.path.join(lib.TOP, "debian/tests/watch")
    path = os.path.dirname(lib.BPFMON) + ":" + os.environ["PATH"]
    run = subprocess.run([script], env={**os.environ, "PATH": path}, capture_output=True,
                         timeout=lib.PATIENCE * 2, check=False)
    check(run.returncode == 0, run)


# What dist/container/bpfmon.yaml asks for: a root with nothing but the program, the host's /proc as
# its PIDs are shared, /sys that can't be written, the bpf file system.
CONTAINER = r"""
set -e
root=$(mktemp -d)
mount -t tmpfs none "$root"
mkdir "$root/proc" "$root/sys"
cp "$2-static" "$root/bpfmon"
mount --bind /proc "$root/proc"
mount -t sysfs -o ro none "$root/sys"
for dir in $1; do
	mount --bind -o ro "$dir" "$root$dir"
done
shift 2
mount -o remount,ro "$root"
ulimit -l 8192
exec setpriv --bounding-set "$0" --inh-caps=-all --no-new-privs chroot "$root" /bpfmon "$@"
"""


def manifest(kind):
    with open(os.path.join(lib.TOP, "dist/container/bpfmon.yaml"), encoding="utf-8") as file:
        return [part for part in yaml.safe_load_all(file) if part["kind"] == kind][0]


@native
@lib.one_end("lowest")
def test_container_configuration():
    """That of the image and that of the ConfigMap can be read, with the rules of the image."""
    with open(os.path.join(lib.TOP, "dist/container/bpfmon.conf.yaml"), encoding="utf-8") as file:
        texts = [file.read(), manifest("ConfigMap")["data"]["bpfmon.yaml"]]
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "bpfmon.yaml")
        for text in texts:
            check("[/usr/share/bpfmon/rules]" in text, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("/usr/share/bpfmon", os.path.join(lib.TOP, "dist")))
            run = subprocess.run([lib.BPFMON, "check", path], capture_output=True, text=True,
                                 timeout=lib.PATIENCE, check=False)
            check(run.returncode == 0 and ", 0 rules" not in run.stderr, run)


@lib.one_end("lowest")
def test_container():
    """With the manifest's capabilities and mounts the same hooks work as for root on the host, and a
    map has the pin that it has there."""
    want = manifest("DaemonSet")["spec"]["template"]["spec"]["containers"][0]
    add = [c.lower() for c in want["securityContext"]["capabilities"]["add"]]
    mounts = " ".join(m["mountPath"] for m in want["volumeMounts"] if m["name"] != "config")
    # chroot(2) is what the engine does before it takes this away
    bounding = only(*add, "sys_chroot")[-1]
    with folder() as top, Map(lib.HASH, 4, 8) as m:
        pin = os.path.join(top, "pin")
        equal(m.pin(pin), 0, "pin")
        with Watch(under=["unshare", "-m", "sh", "-c", CONTAINER, bounding, mounts]) as watch:
            lib.same_hooks(watch.all()[0])
            tried = []

            def pinned():
                if len(watch.events(m.id, ("map.update",))) == len(tried):
                    tried.append(m.elem(lib.UPDATE, os.urandom(4), bytes(8)))
                return [e for e in watch.events(m.id, ("map.update",))
                        if e["map"].get("pins") == [pin]]

            watch.wait_for(pinned)
            equal(pinned()[0]["process"]["exe"], os.path.realpath("/proc/self/exe"), "exe")
