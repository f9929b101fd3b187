# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What blinds bpfmon, in ways after which its accounts need not hold: settings of the kernel, its own
memory written, a link closed. Each is an alert."""

import contextlib
import errno
import functools
import mmap
import os
import re
import socket
import struct
import subprocess
import threading
import time

import lib
from lib import Shared, Watch, check, equal
from live_eyes import PTRACE_SEIZE, alerts, own_maps, put, wait_alert
from live_faults import native

PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_SINGLESTEP, PTRACE_DETACH = 12, 13, 9, 17
PTRACE_INTERRUPT = 0x4207


class Manager:
    """A service manager, which is told that bpfmon is well."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"@bpfmon-live-{os.getpid()}"
        self.socket.bind("\0" + self.name[1:])
        self.told = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            self.told.append(self.socket.recv(100))

    def fed(self):
        """Whether it was since the last time."""
        told, self.told = self.told, []
        return b"WATCHDOG=1" in told


@functools.cache
def manager():
    return Manager()


def blinded():
    """One that others blind, so that its accounts need not hold."""
    return Watch("--heartbeat", "1", under=["env", f"NOTIFY_SOCKET={manager().name}",
                                            "WATCHDOG_USEC=1000000"])


def ptrace(request, pid, data=None):
    check(lib.libc.ptrace(request, pid, None, data) == 0, "ptrace", request,
          lib.ctypes.get_errno())


def call_inside(pid, number, *args):
    """Has a process make a system call, of at most three arguments: x86-64, once it waits in another,
    whose instruction is before where it goes on. What that returned."""
    saved = (lib.ctypes.c_ulonglong * 27)()  # struct user_regs_struct
    rax, orig_rax, rip, places = 10, 15, 16, (14, 13, 12)  # rdi, rsi, rdx
    while True:
        ptrace(PTRACE_SEIZE, pid)
        ptrace(PTRACE_INTERRUPT, pid)
        os.waitpid(pid, 0)
        ptrace(PTRACE_GETREGS, pid, saved)
        if saved[orig_rax] < 2 ** 63:
            break
        ptrace(PTRACE_DETACH, pid)
        time.sleep(0.01)
    regs = type(saved)(*saved)
    regs[rax], regs[orig_rax], regs[rip] = number, 2 ** 64 - 1, saved[rip] - 2
    for place, value in zip(places, args):
        regs[place] = value
    ptrace(PTRACE_SETREGS, pid, regs)
    ptrace(PTRACE_SINGLESTEP, pid)
    os.waitpid(pid, 0)
    ptrace(PTRACE_GETREGS, pid, regs)
    ptrace(PTRACE_SETREGS, pid, saved)
    ptrace(PTRACE_DETACH, pid)
    return lib.ctypes.c_longlong(regs[rax]).value


@contextlib.contextmanager
def own_memory(pid):
    """The variables of bpfmon's kernel side, mapped to write, and where each of them is."""
    for m in own_maps(pid):
        fd = lib.open_id(m)
        info = lib.ctypes.create_string_buffer(80)
        lib.call(lib.OBJ_INFO, struct.pack("<IIQ", fd, 80, lib.ctypes.addressof(info)), [info])
        kind, _, _, size, _, flags = struct.unpack_from("<6I", info.raw)
        name = info.raw[24:40].rstrip(b"\0")
        if kind == lib.ARRAY and flags & 1 << 10 and name.endswith(b".bss"):
            break
        os.close(fd)
    btf, = struct.unpack_from("<I", info.raw, 64)
    types = subprocess.run(["bpftool", "btf", "dump", "id", str(btf)], check=True, text=True,
                           capture_output=True).stdout
    where = {name: int(at) for at, name in
             re.findall(r"offset=(\d+) size=\d+ \(VAR '(\w+)'\)", types.split("DATASEC '.bss'")[1])}
    with mmap.mmap(fd, (size + 4095) // 4096 * 4096) as memory:
        os.close(fd)
        yield memory, where


@lib.shared_with(blinded)
def test_settings():
    """A setting of the kernel that costs sight: an alert, and one when it is as before. A kernel may
    refuse to switch ftrace off while there are trampolines (FTRACE_OPS_FL_PERMANENT), and some do."""
    kernel, debug = "/proc/sys/kernel/", "/sys/kernel/debug"
    if not os.path.exists(debug + "/kprobes"):
        subprocess.run(["mount", "-t", "debugfs", "debugfs", debug], check=True)
    refused = (errno.EBUSY, errno.EOPNOTSUPP, errno.EIO)
    with Shared() as watch:
        for path, value, rule, severity in (
                (kernel + "ftrace_enabled", "0", "ftrace-off", "critical"),
                (kernel + "kptr_restrict", "2", "addresses-hidden", "low"),
                (debug + "/kprobes/enabled", "0", "kprobes-off", "critical")):
            with open(path, encoding="ascii") as f:
                before = f.read().strip()
            try:
                put(path, value)
            except OSError as error:
                check(rule == "ftrace-off" and error.errno in refused, path, error)
                print(f"# ftrace_enabled: {error}")
                continue
            try:
                alert = wait_alert(watch, rule)
            finally:
                put(path, before)
            equal(alert["severity"], severity, "severity")
            equal(wait_alert(watch, rule, 2)["severity"], "info", "over")
            if rule == "ftrace-off":
                equal(wait_alert(watch, "blind", 2)["severity"], "info", "it sees again")


@lib.ends
@native
@lib.shared_with(blinded)
def test_blind():
    """Hooks that see nothing any more: an alert, nothing for the watchdog, and an alert when they
    see again, with bpfmon's own write as the proof."""
    with Shared() as watch:
        def beats():
            return sum(o["type"] == "monitor.heartbeat" for o in watch.all())

        def after_beats(number):
            first = beats()
            watch.wait_for(lambda: beats() >= first + number)

        fed = manager().fed
        fed()
        after_beats(3)
        equal((alerts(watch, "blind"), fed()), ([], True), "before")
        with own_memory(watch.process.pid) as (memory, where):
            at = where["state"]
            on = memory[at:at + 4]
            memory[at:at + 4] = bytes(4)
            alert = wait_alert(watch, "blind")
            equal(alert["severity"], "critical", "severity")
            check("no event came of it" in alert["reason"], alert)
            after_beats(1)
            fed()
            after_beats(3)
            check(not fed(), "fed while it is blind")
            memory[at:at + 4] = on
        equal(wait_alert(watch, "blind", 2)["severity"], "info", "over")
        after_beats(2)
        check(fed(), "not fed when it sees again")
        equal(len(alerts(watch, "blind")), 2, "alerts")


@lib.ends
@native
@lib.shared_with(blinded)
def test_hooks_off():
    """Somebody maps bpfmon's own memory and has the hooks take another process for bpfmon."""
    with Shared() as watch:
        with own_memory(watch.process.pid) as (memory, where):
            at = where["own_pid"]
            own = memory[at:at + 4]
            memory[at:at + 4] = struct.pack("<I", 1)
            equal(wait_alert(watch, "hooks-off")["severity"], "critical", "severity")
            memory[at:at + 4] = own
            equal(wait_alert(watch, "hooks-off", 2)["severity"], "info", "over")
        check(alerts(watch, "own-map-touched"), "the way to it was not told")


@lib.ends
@native
@lib.shared_with(blinded)
def test_hook_gone():
    """A link of a hook is closed from inside: an alert that names the hook."""
    def link_fd(pid):
        for fd in map(int, os.listdir(f"/proc/{pid}/fd")):
            if os.readlink(f"/proc/{pid}/fd/{fd}") == "anon_inode:bpf_link":
                return fd
        return None

    with Shared() as watch:
        equal(call_inside(watch.process.pid, 3, link_fd(watch.process.pid)), 0, "close")
        alert = wait_alert(watch, "hook-gone")
        equal(alert["severity"], "critical", "severity")
        names = {h["hook"] for h in watch.start()["hooks"]}
        check(names & set(re.findall(r"\w+", alert["reason"].split(":")[1])), alert)
    lib.drop_session()  # no other test can have it
