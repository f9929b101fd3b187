# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Names of maps where they are not as simple as /sys/fs/bpf/NAME: swapped, seen through other
mounts and namespaces, given relative to a directory; and mounts by every system call for them."""

import contextlib
import os
import shutil
import struct
import subprocess
import tempfile

import lib
from lib import Map, Shared, Watch, check, equal
from live_handles import child, wait

AT_FDCWD = -100
RENAMEAT2, OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 316, 428, 429, 430, 431, 432
NOREPLACE, EXCHANGE = 1, 2
PATH_FD = 1 << 14  # BPF_F_PATH_FD


def rename(a, b, flags):
    result = lib.libc.syscall(RENAMEAT2, AT_FDCWD, a.encode(), AT_FDCWD, b.encode(), flags)
    return -lib.ctypes.get_errno() if result else 0


def names(watch, m):
    return [(e["type"].removeprefix("map."), e.get("op"), e["path"], e.get("to") or e.get("from"),
             e["result"]) for e in watch.events(m.id, ("map.pin", "map.unpin"))]


@contextlib.contextmanager
def folder():
    """A folder of its own on the bpf file system."""
    top = tempfile.mkdtemp(dir=lib.bpffs())
    try:
        yield top
    finally:
        shutil.rmtree(top)


@contextlib.contextmanager
def mounted(*mounts):
    """(path, arguments of mount(8))...; in order, undone in reverse."""
    done = []
    try:
        for path, *words in mounts:
            os.makedirs(path, exist_ok=True)
            subprocess.run(["mount", *words, path], check=True)
            done.insert(0, path)
        yield
    finally:
        for path in done:
            subprocess.run(["umount", "-R", path], check=True)


@lib.parallel
@lib.shared
def test_pins_swapped():
    """Two pins change places; one is not renamed over another; nothing but maps is told."""
    with folder() as top, Shared() as watch, Map(name=b"left") as left, Map(name=b"right") as right:
        a, b, c = (os.path.join(top, n) for n in "abc")
        equal((left.pin(a), right.pin(b)), (0, 0), "pin")
        refused = rename(a, b, NOREPLACE)
        check(refused < 0, "renamed")
        swapped = rename(a, b, EXCHANGE)
        os.symlink(a, c)
        os.unlink(c)
        os.mkdir(c)
        os.rmdir(c)
        os.unlink(a)
        os.unlink(b)
        watch.sync()
        want = {left: [("pin", "pin", a, None, 0)], right: [("pin", "pin", b, None, 0)]}
        if swapped == 0:
            for m, here, there in ((left, a, b), (right, b, a)):
                want[m] += [("unpin", "rename", here, there, 0), ("pin", "rename", there, here, 0),
                            ("unpin", "unlink", there, None, 0)]
        else:
            equal(swapped, -lib.errno.EINVAL, "exchange")
            want[left].append(("unpin", "unlink", a, None, 0))
            want[right].append(("unpin", "unlink", b, None, 0))
        for m in (left, right):
            # a rename that the kernel refused may be told or not, but as refused
            got = [n for n in names(watch, m) if n[4] == 0]
            equal(got, want[m], "left" if m is left else "right")
        odd = [e for e in watch.all() if e["type"] in ("fs.change", "map.pin", "map.unpin")
               and e.get("path", "").startswith(c)]
        equal(odd, [], "what is no map")


@lib.shared
def test_pins_elsewhere():
    """On a bpf file system that is mounted second, through a bind mount of a folder, in a mount
    namespace of its own, and in folders in folders: the path is absolute and leads there."""
    top = tempfile.mkdtemp()
    second, bound = os.path.join(top, "second"), os.path.join(top, "bound")
    deep = os.path.join(second, "one", "two", "three", "four")
    with Shared() as watch, Map(name=b"elsewhere") as m, Map(name=b"hidden") as hidden, \
            mounted((second, "-t", "bpf", "bpf")):
        os.makedirs(deep)
        with mounted((bound, "--bind", os.path.join(second, "one"))):
            equal(m.pin(os.path.join(deep, "pin")), 0, "pin")
            inside = os.path.join(bound, "two/three/four/pin")
            check(os.path.exists(inside), "bind mount")
            os.rename(inside, inside + "2")
            os.unlink(inside + "2")
            watch.sync()
        got = names(watch, m)
        equal([g[:2] + g[4:] for g in got], [("pin", "pin", 0), ("unpin", "rename", 0),
                                             ("pin", "rename", 0), ("unpin", "unlink", 0)], "pins")
        pin = os.path.join(deep, "pin")
        either = {pin: (pin, inside), pin + "2": (pin + "2", inside + "2")}
        for event, path in zip(got, (pin, pin, pin + "2", pin + "2")):
            check(event[2] in either[path], "path", event)

        def apart():
            subprocess.run(["mount", "-t", "bpf", "bpf", top], check=True)
            path = os.path.join(top, "apart")
            status = hidden.pin(path)
            os.unlink(path)
            return status

        unshare = child(lambda: lib.libc.unshare(0x20000) or  # CLONE_NEWNS
                        subprocess.run(["mount", "--make-rprivate", "/"], check=True).returncode
                        or apart())
        wait(unshare)
        watch.sync()
        equal([n[:2] for n in names(watch, hidden)], [("pin", "pin"), ("unpin", "unlink")], "apart")
        check(names(watch, hidden)[1][2].endswith("/apart"), names(watch, hidden))
    shutil.rmtree(top)


@lib.shared
def test_pins_relative():
    """Relative to the working directory and to a descriptor: pinned and opened as the caller said
    it; what is told of the removal is absolute."""
    with folder() as top, Shared() as watch, Map(name=b"relative") as m:
        def pins():
            os.chdir(top)
            return m.pin("here") or (lib.open_pin("here") < 0)

        wait(child(pins))
        directory = os.open(top, os.O_PATH)
        name = lib.buf(b"there\0")
        at = lib.ctypes.addressof(name)
        by_fd = lib.call(lib.OBJ_PIN, struct.pack("<QIIi", at, m.fd, PATH_FD, directory), [name])
        if by_fd == 0:
            fd = lib.call(lib.OBJ_GET, struct.pack("<QIIi", at, 0, PATH_FD, directory), [name])
            check(fd >= 0, "open")
            os.close(fd)
        else:
            equal(by_fd, -lib.errno.EINVAL, "pin by descriptor")
        os.close(directory)
        equal(sorted(os.listdir(top)), ["here"] + (["there"] if by_fd == 0 else []), "pinned")
        for n in os.listdir(top):
            os.unlink(os.path.join(top, n))
        watch.sync()
        want = {"here"} | ({"there"} if by_fd == 0 else set())
        for kind in ("map.pin", "map.open", "map.unpin"):
            paths = [e["path"] for e in watch.events(m.id, (kind,))
                     if "path" in e and e.get("result", 0) == 0]
            equal(len(paths), len(want), f"{kind} {paths}")
            full = {os.path.join(top, n) for n in want}
            check(set(paths) == full or (kind != "map.unpin" and set(paths) == want), kind, paths)


def new_mount(path):
    """A bpf file system by fsopen(2), fsmount(2) and move_mount(2)."""
    fs = lib.libc.syscall(FSOPEN, b"bpf", 0)
    check(fs >= 0, "fsopen", lib.ctypes.get_errno())
    equal(lib.libc.syscall(FSCONFIG, fs, 6, None, None, 0), 0, "fsconfig")  # FSCONFIG_CMD_CREATE
    mount = lib.libc.syscall(FSMOUNT, fs, 0, 0)
    check(mount >= 0, "fsmount", lib.ctypes.get_errno())
    equal(lib.libc.syscall(MOVE_MOUNT, mount, b"", AT_FDCWD, path.encode(), 4), 0, "move_mount")
    os.close(mount)
    os.close(fs)


@lib.one_end("newest")
def test_mounts_apart():
    """From a mount namespace of its own, as a service has, bpfmon tells the paths that others see."""
    top = tempfile.mkdtemp()
    place = os.path.join(top, "bpf")
    with Watch("-e", "fs.change,map.pin,map.unpin",
               under=["unshare", "-m", "--propagation", "slave"]) as watch, \
            Map(name=b"apart") as m, mounted((place, "-t", "bpf", "bpf")):
        pin = os.path.join(place, "pin")
        equal(m.pin(pin), 0, "pin")
        os.unlink(pin)
        subprocess.run(["mount", "-t", "bpf", "bpf", place], check=True)
        subprocess.run(["umount", place], check=True)
        want = [("mount", place), ("pin", pin), ("unlink", pin), ("mount", place), ("umount", place)]
        got = []

        def told():
            got[:] = [(e["op"], e["path"]) for e in watch.all() if "op" in e]
            return len(got) >= len(want)

        watch.wait_for(told)
        equal(got, want, "told")
    shutil.rmtree(top)


@lib.shared
def test_mount_ways():
    """By the new calls, bind, remount, move, over a folder above, lazily; a busy one stays."""
    top = tempfile.mkdtemp()
    place, moved, above = (os.path.join(top, n) for n in ("above/bpf", "moved", "above"))
    for path in (place, moved):
        os.makedirs(path)

    def run(*words, fails=False):
        done = subprocess.run(words, check=False, capture_output=True)
        equal(done.returncode != 0, fails, words)

    with mounted((top, "--bind", top)):
        run("mount", "--make-private", top)
        for path in (place, moved):
            os.makedirs(path, exist_ok=True)
        with Shared("-e", "fs.change") as watch:
            steps = []

            def step(what, path, op, act):
                act()
                watch.sync()
                events = [(e["op"], e["path"], e.get("result", 0)) for e in watch.all()]
                new = events[sum(len(s[2]) for s in steps):]
                steps.append((what, (op, path), new))

            step("new calls", place, "mount", lambda: new_mount(place))
            step("remount", place, "mount", lambda: run("mount", "-o", "remount,ro", place))
            step("bind", moved, "mount", lambda: run("mount", "--bind", place, moved))
            step("unbind", moved, "umount", lambda: run("umount", moved))
            busy = os.open(place, os.O_RDONLY)
            step("busy", place, None, lambda: run("umount", place, fails=True))
            os.close(busy)
            step("move", moved, "mount", lambda: run("mount", "--move", place, moved))
            step("back", place, "mount", lambda: run("mount", "--move", moved, place))
            step("cover above", above, "mount", lambda: run("mount", "-t", "tmpfs", "t", above))
            step("uncover", above, "umount", lambda: run("umount", above))
            step("lazily", place, "umount", lambda: run("umount", "-l", place))
        wrong = []
        for what, (op, path), new in steps:
            done = [n[:2] for n in new if n[2] == 0]
            if done != ([(op, path)] if op else []):
                wrong.append(f"{what}: told {new}, want {op} {path}")
        check(not wrong, "; ".join(wrong))
    shutil.rmtree(top)
