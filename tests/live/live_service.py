# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As a service: what the service manager is told, and the unit that is shipped, under systemd."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import lib
from lib import Map, Watch, check, equal
from live_caps import NOBODY
from live_faults import only_native

UNIT = os.path.join(lib.TOP, "dist/bpfmon.service")


@only_native
def test_notify():
    """Ready once it watches, alive as often as was asked, stopping; 3 s of a watchdog of 1 s."""
    with tempfile.TemporaryDirectory() as top, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = os.path.join(top, "notify")
        manager.bind(path)
        manager.settimeout(lib.PATIENCE)
        with Watch(under=["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=1000000"]) as watch:
            equal(manager.recv(100), b"READY=1", "first")
            equal(watch.all()[0]["type"], "monitor.start", "before it was ready")
            end = time.monotonic() + 3
            alive = 0
            while time.monotonic() < end:
                equal(manager.recv(100), b"WATCHDOG=1", "then")
                alive += 1
            check(alive >= 3, alive)
            watch.stop()
        left = [manager.recv(100)]
        while left[-1] == b"WATCHDOG=1":
            left.append(manager.recv(100))
        equal(left[-1], b"STOPPING=1", "last")


@only_native
def test_unit():
    """systemd knows every word of the unit, and finds little that could be closed more."""
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "bpfmon.service")
        with open(UNIT, encoding="utf-8") as old, open(path, "w", encoding="utf-8") as new:
            new.write(old.read().replace("/usr/sbin/bpfmon", lib.BPFMON))
        verify = subprocess.run(["systemd-analyze", "verify", "--man=no", path], check=False,
                                capture_output=True, text=True)
        mine = [line for line in verify.stderr.splitlines() if "bpfmon" in line]
        equal((verify.returncode, mine), (0, []), "verify")
        score = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", path],
                               check=False, capture_output=True, text=True)
        equal(score.returncode, 0, score.stdout.splitlines()[-1:])


# systemd as the first process of a container that has the machine's files; "$0" is a folder with the
# program and the unit, "$1" where events go. Only the unit is started.
SYSTEMD = r"""
set -e
mount -t proc proc /proc
mount -t tmpfs none /run
mount -t tmpfs none /etc/systemd/system
mkdir /run/here
cp -r "$0/bpfmon" "$0/bpfmon.yaml" "$0/rules" /run/here/
cp "$0/bpfmon.service" /etc/systemd/system/
mkdir /etc/systemd/system/bpfmon.service.d
cp "$0/network.conf" /etc/systemd/system/bpfmon.service.d/
systemd-sysusers "$0/bpfmon.sysusers"
exec env -i PATH="$PATH" container=other /lib/systemd/systemd --unit=bpfmon.service \
	--log-target=console --show-status=no
"""


def first_of(systemd):
    """The first process of its container."""
    with open(f"/proc/{systemd.pid}/task/{systemd.pid}/children", encoding="ascii") as f:
        first, = f.read().split()
    return first


def read_by(first, group, m):
    """How `bpfmon top` ends as a process of nobody with that group, while the map is written; and
    what it says."""
    with subprocess.Popen(["nsenter", "-m", "-t", first, "setpriv", f"--reuid={NOBODY}",
                           f"--regid={group}", "--clear-groups", "/run/here/bpfmon", "top"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as top:
        end = time.monotonic() + lib.PATIENCE
        while top.poll() is None and time.monotonic() < end:
            equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
            time.sleep(0.1)
        return top.wait(1), top.stdout.read()


def service_of(first):
    """The status of the program, by its PID namespace."""
    namespace = os.stat(f"/proc/{first}/ns/pid").st_ino
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
            if status["Name"] == "bpfmon" and os.stat(f"/proc/{pid}/ns/pid").st_ino == namespace:
                return status
    raise lib.Failed("no bpfmon there")


def as_deployed(first, m):
    """The service is a user of its own, and gives its events to its group and to nobody else."""
    with open(f"/proc/{first}/root/etc/passwd", encoding="utf-8") as f:
        uid, gid = [line.split(":")[2:4] for line in f if line.startswith("bpfmon:")][0]
    check("0" not in (uid, gid), uid, gid)
    status = service_of(first)
    equal((status["Uid"].split(), status["Gid"].split()), ([uid] * 4, [gid] * 4), "whose it is")
    code, said = read_by(first, gid, m)
    check(code == 0 and "service_map" in said, code, said)
    code, said = read_by(first, str(NOBODY), m)
    check(code != 0 and "no permission" in said, code, said)


@lib.ends
def test_service():
    """As a user of its own and with every restriction of the unit the same hooks work as for root."""
    lib.end_session()
    top = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "none", top], check=True)
    out = os.path.join(top, "events")
    shutil.copy(lib.BPFMON, top)
    for name in ("bpfmon.sysusers", "network.conf"):
        shutil.copy(os.path.join(lib.TOP, "dist", name), top)
    shutil.copytree(os.path.join(lib.TOP, "dist/rules"), os.path.join(top, "rules"))
    with open(os.path.join(lib.TOP, "dist/bpfmon.yaml"), encoding="utf-8") as old, \
            open(os.path.join(top, "bpfmon.yaml"), "w", encoding="utf-8") as new:
        new.write(old.read().replace("/usr/share/bpfmon", "/run/here") + "  - {type: prometheus}\n")
    with open(UNIT, encoding="utf-8") as old, \
            open(os.path.join(top, "bpfmon.service"), "w", encoding="utf-8") as new:
        # without what a whole system would start first
        new.write(old.read().replace("/usr/sbin/bpfmon run",
                                     "/run/here/bpfmon run -c /run/here/bpfmon.yaml")
                  .replace("[Unit]", "[Unit]\nDefaultDependencies=no")
                  .replace("[Service]", f"[Service]\nStandardOutput=append:{out}\nStandardError=append:{out}.err"))
    with open(os.path.join(top, "log"), "w+", encoding="utf-8") as log, subprocess.Popen(
            ["unshare", "-fpmC", "--propagation", "slave", "--kill-child", "sh", "-c", SYSTEMD, top],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log) as systemd, Map(name=b"service_map") as m:
        try:
            told = []
            end = time.monotonic() + 3 * lib.PATIENCE
            while not any(e["type"] == "map.update" and e["map"]["id"] == m.id for e in told):
                equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
                time.sleep(0.2)
                if os.path.exists(out):
                    with open(out, encoding="utf-8") as file:
                        told = [json.loads(line) for line in file if line.endswith("\n")]
                if systemd.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise lib.Failed(f"no event: {log.read()[-2000:]}")
            starts = [e for e in told if e["type"] == "monitor.start"]
            equal(len(starts), 1, "starts")
            lib.same_hooks(starts[0])
            as_deployed(first_of(systemd), m)
            with urllib.request.urlopen("http://127.0.0.1:9936/metrics", timeout=lib.PATIENCE) as got:
                check(b"bpfmon_build_info" in got.read(), "over the network")
        finally:
            first = first_of(systemd)
            systemd.send_signal(signal.SIGKILL)
            systemd.wait(lib.PATIENCE)
            end = time.monotonic() + lib.PATIENCE
            while os.path.exists(f"/proc/{first}"):  # it goes with the last of its container
                check(time.monotonic() < end, "still there:", first)
                time.sleep(0.1)
    subprocess.run(["umount", top], check=True)
    os.rmdir(top)
