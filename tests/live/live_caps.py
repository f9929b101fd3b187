# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What bpfmon needs of root's capabilities, and what each is for."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

import lib
import live_faults
from lib import Map, Watch, check, equal
from live_names import folder

ALL = ("sys_admin", "sys_ptrace", "dac_read_search", "syslog", "sys_resource")
NOBODY = 65534
DEVMAP, LOOPBACK = 14, bytes((1, 0, 0, 0))
LOCKED = 8 << 10  # KiB of locked memory that services get


def only(*capabilities):
    """The command in front of another that leaves it these."""
    bounding = ",".join(["-all", *("+" + c for c in capabilities)])
    return ["sh", "-c", f'ulimit -l {LOCKED} && exec setpriv --bounding-set "$0" --inh-caps=-all "$@"',
            bounding]


@contextlib.contextmanager
def stranger(m):
    """A process of another user that holds the map; given is what has it write once."""
    writer = "import os, signal, sys; sys.path.insert(0, sys.argv[2]); import lib\n" \
             "m = lib.Map.__new__(lib.Map); m.__dict__.update(fd=int(sys.argv[1]), key_size=4," \
             " value_size=8, kind=lib.HASH, type=lib.HASH)\n" \
             "print(flush=True)\n" \
             "for line in sys.stdin: m.elem(lib.UPDATE, bytes.fromhex(line), bytes(8))"
    with subprocess.Popen([sys.executable, "-c", writer, str(m.fd), os.path.dirname(lib.__file__)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[m.fd],
                          user=NOBODY, group=NOBODY, extra_groups=[]) as process:
        process.stdout.readline()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def told(watch, m, process):
    """The event of a write by that process."""
    key = os.urandom(4)
    process.stdin.write(key.hex().encode() + b"\n")
    process.stdin.flush()
    found = []

    def seen():
        found[:] = [e for e in watch.events(m.id, ("map.update",)) if e["key"]["hex"] == key.hex()]
        return found

    watch.wait_for(seen)
    return found[0]


def warnings(watch):
    return [line for line in watch.stderr().splitlines() if "warning" in line]


NUMBERS = {"dac_override": 1, "dac_read_search": 2, "net_bind_service": 10, "sys_ptrace": 19,
           "sys_admin": 21, "sys_resource": 24, "syslog": 34}
KEPT = [c for c in ALL if c != "sys_resource"]


def threads(pid):
    """Of each thread, the first one first: its capabilities, and whether execve(2) may give more."""
    found = []
    for thread in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        bits = {name: int(status[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")}
        check(bits["CapPrm"] == bits["CapEff"] and not bits["CapInh"] | bits["CapAmb"], status)
        found.append(({name for name, bit in NUMBERS.items() if bits["CapEff"] >> bit & 1},
                      bits["CapEff"] & ~sum(1 << bit for bit in NUMBERS.values()),
                      status["NoNewPrivs"]))
    return found


@live_faults.only_native
def test_capabilities_dropped():
    """Once it watches it has no more than it needs to the end; a thread that writes a file may still
    rotate it in the folder of another user."""
    with tempfile.TemporaryDirectory() as top, Map(lib.ARRAY, 4, 8) as m:
        os.chown(top, NOBODY, NOBODY)
        path = os.path.join(top, "out")
        with Watch("--output", f"file,path={path},max-size=64K,keep=2") as watch:
            first, *others = threads(watch.process.pid)
            equal(first, (set(KEPT), 0, "1"), "the main thread")
            check(others and all(t == ({*KEPT, "dac_override", "net_bind_service"}, 0, "1")
                                 for t in others), others)
            for _ in range(1000):
                m.elem(lib.UPDATE, bytes(4), bytes(8))
            watch.wait_for(lambda: os.path.exists(path + ".1"))
            watch.finish()


@contextlib.contextmanager
def pinned_by_nobody():
    """A map with a pin in a folder that is closed to all but its owner: the map, its pin."""
    with folder() as top, Map(lib.HASH, 4, 8) as m:
        pin = os.path.join(top, "pin")
        equal(m.pin(pin), 0, "pin")
        os.chown(top, NOBODY, NOBODY)
        os.chmod(top, 0o700)
        yield m, pin


@lib.ends
def test_capabilities():
    """With those of the manual all is seen as by root, and it has no more once it watches, also by
    hooks on demand; without CAP_SYS_ADMIN one line says what is needed."""
    with pinned_by_nobody() as (m, pin):
        with stranger(m) as process:
            exe = os.path.realpath(sys.executable)

            def all_seen(watch):
                equal(threads(watch.process.pid)[0], (set(KEPT), 0, "1"), "what it has")
                end = time.monotonic() + lib.PATIENCE
                while True:
                    e = told(watch, m, process)
                    if e["map"].get("pins") == [pin] or time.monotonic() > end:
                        break
                equal((e["map"].get("pins"), e["process"].get("exe")), ([pin], exe), "seen")
                before = watch.stderr()
                with Map(DEVMAP, 4, 4) as devices:
                    def hooked():
                        """The hook tells which device it is, the exit of bpf(2) does not."""
                        equal(devices.elem(lib.UPDATE, bytes(4), LOOPBACK), 0, "update")
                        return any("object" in e["value"] for e in watch.events(devices.id, ("map.update",)))

                    watch.wait_for(hooked)
                equal(watch.stderr(), before, "said of hooks on demand")

            with Watch("-e", "all", under=only(*ALL)) as watch:
                lib.same_hooks(watch.all()[0])
                equal([w for w in warnings(watch) if "warning: hook " not in w], [], "what root has")
                all_seen(watch)
        less = subprocess.run([*only(*ALL[1:]), lib.BPFMON, "watch"], capture_output=True, text=True,
                              timeout=lib.PATIENCE, check=False)
        check(less.returncode == 1 and "CAP_SYS_ADMIN" in less.stderr, less)


@contextlib.contextmanager
def kptr_restrict():
    """Addresses are for those with CAP_SYSLOG."""
    path = "/proc/sys/kernel/kptr_restrict"
    with open(path, encoding="ascii") as f:
        before = f.read()
    try:
        with open(path, "w", encoding="ascii") as f:
            f.write("1")
        yield
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(before)


@lib.one_end("lowest")
def test_capabilities_resource():
    """Where maps are locked memory, the limit that services have does not do without it."""
    few = [c for c in ALL if c != "sys_resource"]
    run = subprocess.run([*only(*few), lib.BPFMON, "watch"], capture_output=True, text=True,
                         timeout=lib.PATIENCE, check=False)
    check(run.returncode == 1 and "CAP_SYS_RESOURCE" in run.stderr, run)


@lib.one_end("lowest")
def test_capabilities_addresses():
    """Without that for addresses, in which context programs write is not told, and all else is."""
    with kptr_restrict():
        for capabilities, want in ((ALL, True), ([c for c in ALL if c != "syslog"], False)):
            with Watch("-m", "addresses", under=only(*capabilities)) as watch:
                lib.same_hooks(watch.all()[0])
                subprocess.run([lib.MAPWRITER, "--map", "addresses", "--from", "socket_filter",
                                "--count", "3", "--interval", "100"], stdout=subprocess.DEVNULL,
                               check=True, timeout=lib.PATIENCE)
                watch.finish()
                events = [e for e in watch.all() if e.get("via") == "program"]
                equal([(e["program"]["name"], "context" in e) for e in events],
                      3 * [("mw_socket", want)], capabilities)


@lib.one_end("lowest")
def test_capabilities_closed_folder():
    """Without that for files, what is in a closed folder is not seen, and nothing else is missing."""
    few = [c for c in ALL if c != "dac_read_search"]
    with pinned_by_nobody() as (m, _), stranger(m) as process, \
            Watch("-e", "all", under=only(*few)) as watch:
        lib.same_hooks(watch.all()[0])
        e = told(watch, m, process)
        equal(("pins" in e["map"], e["process"].get("exe")),
              (False, os.path.realpath(sys.executable)), "closed folder")


@live_faults.only_native
def test_capabilities_degraded():
    """Without the hook that tells of each process, what others run is asked of /proc."""
    with Map(lib.HASH, 4, 8) as m, stranger(m) as process:
        exe = os.path.realpath(sys.executable)
        for capabilities, want in ((ALL, exe), ([c for c in ALL if c != "sys_ptrace"], None)):
            with Watch("-e", "all", under=only(*capabilities)) as watch:
                equal(told(watch, m, process)["process"].get("exe"), want, capabilities)
