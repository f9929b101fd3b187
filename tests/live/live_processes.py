# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who it was: what is told of processes, also of those that are gone at once."""

import atexit
import datetime
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import lib
from lib import Map, Shared, check, equal

SHORTLIVED = os.path.join(lib.TOP, "build/actors/shortlived")
COUNT = int(os.environ.get("SHORTLIVED", "500"))  # processes in each of three cgroups
CONTAINER = "0123456789abcdef" * 4
POD = "1a2b3c4d-0000-4444-8888-0123456789ab"
SLICE = f"kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice"


def cgroup2():
    """A mount of the cgroup2 hierarchy that goes with this process."""
    path = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", path], check=True)
    atexit.register(lambda: (subprocess.run(["umount", path], check=True), os.rmdir(path)))
    return path


class Cgroups:
    """Groups below a mount of cgroup2, removed at the end."""

    def __init__(self, *names):
        self.top = cgroup2()
        self.made = []
        for name in names:
            path = self.top
            for part in name.split("/"):
                path = os.path.join(path, part)
                if not os.path.isdir(path):
                    os.mkdir(path)
                    self.made.append(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in reversed(self.made):
            os.rmdir(path)


def write_once(fd, i=0):
    return [SHORTLIVED, "write", str(fd), str(i)]


def processes(watch, m):
    return [e["process"] for e in watch.events(m.id, ("map.update",))]


def ancestors_of(pid):
    """By /proc: [(pid, comm)] from the parent up."""
    found = []
    while pid and len(found) < 16:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            head, tail = f.read().rsplit(")", 1)
        found.append((pid, head.split("(", 1)[1]))
        pid = int(tail.split()[1])
    return found


@lib.shared
def test_process_shortlived():
    """Each writes once and exits: file, arguments, cgroup and parent are right of every one."""
    with tempfile.TemporaryDirectory() as directory, \
            Cgroups("a", "b/c", f"{SLICE}/crio-{CONTAINER}.scope") as groups, \
            Map(entries=3 * COUNT) as m, Shared("-e", "update") as watch:
        os.set_inheritable(m.fd, True)
        files = [os.path.join(directory, name) for name in ("one", "two")]
        for file in files:
            shutil.copy(SHORTLIVED, file)
        names = ["/a", "/b/c", f"/{SLICE}/crio-{CONTAINER}.scope"]
        pids = []
        for i, name in enumerate(names):
            run = subprocess.run(["sh", "-c", 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"',
                                  "sh", groups.top + name, SHORTLIVED, str(m.fd), str(i * COUNT),
                                  str(COUNT), ":".join(files)],
                                 stdout=subprocess.PIPE, close_fds=False, check=True)
            pids += [int(line) for line in run.stdout.split()]
        watch.sync()
        events = watch.events(m.id, ("map.update",))
        equal(len(events), 3 * COUNT, "writes")
        for i, (event, pid) in enumerate(zip(events, pids)):
            p, n = event["process"], str(i)
            equal(event["key"]["hex"], struct.pack("<I", i).hex(), "key")
            equal((p["pid"], p["exe"], p["args"], p["cgroup"]),
                  (pid, files[i % 2], [files[i % 2], "write", str(m.fd), n], names[i // COUNT]), n)
            equal((p.get("container"), p.get("container_runtime"), p.get("pod")),
                  (CONTAINER, "cri-o", POD) if i // COUNT == 2 else (None, None, None), n)
            equal([(a["pid"], a["comm"]) for a in p["ancestors"]][1:],
                  ancestors_of(os.getpid()), "ancestors")
            equal(p["ppid"], p["ancestors"][0]["pid"], "parent")


@lib.shared
def test_process_program():
    """A program's write has the process that it ran in, also one that is gone."""
    with Shared("-e", "update") as watch:
        lib.mapwriter("--count", "1")
        watch.sync()
        found = [e["process"] for e in watch.events(types=("map.update",))
                 if e["via"] == "program" and e["map"]["name"] == "mapwriter"]
        equal(len(found), 1, "writes by the program")
        equal(found[0]["exe"], lib.MAPWRITER, "exe")
        check("--count" in found[0]["args"], found[0])


@lib.shared
def test_process_details():
    """Start, login uid, pid in a namespace, tracer, a deleted file, arguments that are too long."""
    with tempfile.TemporaryDirectory() as directory, Map() as m, Shared("-e", "update") as watch:
        os.set_inheritable(m.fd, True)
        run = dict(close_fds=False, check=True)
        m.elem(lib.UPDATE, bytes(4), bytes(8))
        subprocess.run(write_once(m.fd), **run)
        subprocess.run(["unshare", "--pid", "--fork", *write_once(m.fd)], **run)
        tracer = subprocess.Popen(["strace", "-o", "/dev/null", *write_once(m.fd)], close_fds=False)
        equal(tracer.wait(lib.PATIENCE), 0, "strace")
        code = ("import os,sys; sys.path.insert(0, sys.argv[1]); import live_handles;"
                "live_handles.update(int(sys.argv[2])); sys.exit(0)")
        subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__), str(m.fd),
                        "x" * 3000], **run)
        gone = os.path.join(directory, "gone")
        shutil.copy(SHORTLIVED, gone)
        with open(gone, "rb") as file:
            os.unlink(gone)
            subprocess.run(write_once(m.fd), executable=f"/proc/self/fd/{file.fileno()}",
                           pass_fds=(file.fileno(), m.fd), check=True)
        login = None
        if os.path.exists("/proc/self/loginuid"):
            login = 1234
            subprocess.run(["sh", "-c", f"echo {login} > /proc/self/loginuid && exec " +
                            " ".join(write_once(m.fd))], **run)
        watch.sync()
        found = processes(watch, m)
        own, plain, unshared, traced, long, deleted = found[:6]
        with open("/proc/self/stat", encoding="utf-8") as f:
            start = int(f.read().rsplit(")", 1)[1].split()[19])
        equal(own["exe"], os.path.realpath(sys.executable), "exe")
        with open("/proc/self/cmdline", encoding="utf-8") as f:
            equal(own["args"], f.read().split("\0")[:-1], "args")
        boot = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        seconds = datetime.datetime.fromisoformat(own["start"][:26] + "+00:00").timestamp()
        check(abs(seconds - boot - start / 100) < 1, own["start"], boot, start)
        for p in (own, plain):
            check(not {"ns_pid", "traced_by", "exe_deleted", "args_truncated"} & set(p), p)
        equal((unshared["ns_pid"], traced["traced_by"]), (1, tracer.pid), "namespace, tracer")
        check(long["args_truncated"] and long["args"][4] == str(m.fd), long)
        equal((deleted["exe"], deleted["exe_deleted"]), (gone, True), "deleted")
        if login:
            equal(found[6]["loginuid"], login, "login uid")
