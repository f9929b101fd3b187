# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rarer ways to a map's descriptor, and combinations: who got it, from whom, how, and that it is
told once."""

import array
import errno
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

import cover
import lib
from lib import Map, Shared, check, equal
from live_handles import MMAPABLE, PIDFD_GETFD, RDONLY, SELF, WRONLY, child, mmap_fd, update, wait

ITERATE = os.path.join(lib.TOP, "build/actors/iterate")
CLONE, CLONE_FILES, SECCOMP = 56, 0x400, 317
ERRORS = {-524: "ENOTSUPP"}  # the kernel's own
NOTIF_RECV, NOTIF_SEND, NOTIF_ADDFD = 0xc0502100, 0xc0182101, 0x40182103


def story(watch, m):
    """What happened to a map, and to whom, without its end and its names."""
    return [(e["type"].removeprefix("map."), e.get("how"), e["process"]["pid"])
            for e in watch.events(m.id) if e["type"] not in ("map.free", "map.unpin")]


def may(fd):
    """What the kernel lets a descriptor do, as a mode; None for nothing."""
    key, value = lib.buf(bytes(4)), lib.buf(bytes(8))
    attr = struct.pack("<IxxxxQQQ", fd, lib.ctypes.addressof(key), lib.ctypes.addressof(value), 0)
    mode = "".join(letter for letter, cmd in (("r", lib.LOOKUP), ("w", lib.UPDATE))
                   if lib.call(cmd, attr, [key, value]) not in (-errno.EPERM, -errno.EBADF))
    return mode or None


@lib.shared
def test_mode_is_true():
    """`mode` against what the kernel lets each descriptor do: by flag of the map, of the open, by
    id and by pin, before and after a freeze."""
    path = lib.bpffs() + "/live-mode"
    with Shared() as watch:
        for map_flags in (0, RDONLY, WRONLY):
            for frozen in (False, True):
                with Map(flags=map_flags, name=b"moded") as m:
                    want = [("create", may(m.fd))]
                    equal(m.pin(path), 0, "pin")
                    if frozen and m.freeze():
                        equal(map_flags, RDONLY, "freeze")  # newer kernels refuse that
                    for flags in (0, RDONLY, WRONLY):
                        for how, fd in (("id", lib.open_id(m.id, flags)),
                                        ("pin", lib.open_pin(path, flags))):
                            if fd >= 0:
                                want.append((how, may(fd)))
                                os.close(fd)
                    os.unlink(path)
                    watch.sync()
                    got = [(e["how"], e.get("mode")) for e in
                           watch.events(m.id, ("map.create", "map.open"))]
                    equal(got, want, f"flags {map_flags} frozen {frozen}")
                    equal(watch.events(m.id, ("map.lookup",)), [], "lookups, not asked for")


@lib.shared
def test_iterators():
    """A link over a map's elements, of each kind: it reads them all, and no lookup is made."""
    with Shared() as watch:
        for name, program in (("hash", "map_elem"), ("array", "map_elem"),
                              ("sockmap", "sockmap"), ("sk_storage", "sk_storage")):
            t = cover.make(name)
            equal(cover.Writer(t).update(0), 0, "update")
            run = subprocess.Popen([ITERATE, program, str(t.id)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            out, err = run.communicate(timeout=lib.PATIENCE)
            equal(run.returncode, 0, f"{name}: {err.decode()}")
            actor = json.loads(out)
            check(actor["elements"] > 0, name, "no element")
            watch.sync()
            got = [(e["how"], e["fd"], e["process"]["comm"]) for e in
                   watch.events(t.id, ("map.open",)) if e["process"]["pid"] == run.pid]
            equal(got, [("id", actor["map_fd"], "iterate"), ("iterator", actor["link"], "iterate")],
                  name)
            t.close()


def give(sock, fds, address=None):
    data = array.array("i", fds)
    message = [b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, data)]
    if address:
        sock.sendmsg(*message, 0, address)
    else:
        sock.sendmsg(*message)


def take(sock, flags=0, room=16):
    return array.array("i", b"".join(
        data[:len(data) // 4 * 4] for level, kind, data in
        sock.recvmsg(16, socket.CMSG_SPACE(4 * room), flags)[1] if kind == socket.SCM_RIGHTS))


def receiver(kind, address, ready, peek):
    """A process that has none of the maps: takes descriptors from a named socket and uses each."""
    def body():
        sock = socket.socket(socket.AF_UNIX, kind)
        sock.bind(address)
        if kind != socket.SOCK_DGRAM:
            sock.listen()
        os.write(ready, b"x")
        if kind != socket.SOCK_DGRAM:
            sock = sock.accept()[0]
        if peek:
            for fd in take(sock, socket.MSG_PEEK):
                os.close(fd)
        fds = [fd for fd in take(sock) if "bpf-map" in os.readlink(f"/proc/self/fd/{fd}")]
        return any(update(fd) for fd in fds) or len(fds) != 3
    return child(body)


@lib.shared
def test_named_sockets():
    """Sent by another user who is gone, over a named socket: maps between other files, one twice;
    looked at before it is taken. The receiver is told once for each descriptor and never again."""
    top = tempfile.mkdtemp()
    os.chmod(top, 0o777)
    with Shared() as watch:
        for kind, peek in ((socket.SOCK_STREAM, False), (socket.SOCK_DGRAM, False),
                           (socket.SOCK_SEQPACKET, True)):
            address = os.path.join(top, f"s{int(kind)}")
            ready, tell = os.pipe()
            taker = receiver(kind, address, tell, peek)
            os.read(ready, 1)
            os.chmod(address, 0o777)
            with Map(name=b"one") as one, Map(name=b"two") as two:
                def sender(kind=kind, address=address, fds=(ready, one.fd, two.fd, tell, one.fd)):
                    with open("/proc/self/comm", "wb") as f:
                        f.write(b"sender")
                    os.setuid(65534)
                    sock = socket.socket(socket.AF_UNIX, kind)
                    sock.connect(address)
                    give(sock, fds)

                pid = child(sender)
                wait(pid)
                wait(taker)
                watch.sync()
                times = 2 if peek else 1
                for m, count in ((one, 2), (two, 1)):
                    events = watch.events(m.id, ("map.open",))
                    equal([(e["how"], e["process"]["pid"], e.get("sender", {}).get("pid"),
                            e.get("sender", {}).get("comm"), e.get("sender", {}).get("uid"))
                           for e in events],
                          [("receive", taker, pid, "sender", 65534)] * count * times, kind)
                    equal(len(watch.events(m.id, ("map.update",))), count, "used")
            os.close(ready)
            os.close(tell)
    shutil.rmtree(top)


@lib.shared
def test_two_senders():
    """One open file sent by two processes before it is taken: each is told to have sent it."""
    with Shared("-e", "open") as watch, Map(name=b"twice") as m:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        pids = [child(lambda: give(theirs, [m.fd])) for _ in range(2)]
        for pid in pids:
            wait(pid)
        for _ in range(2):
            for fd in take(mine):
                os.close(fd)
        watch.sync()
        events = watch.events(m.id)
        equal([e["how"] for e in events], ["receive"] * 2, "how")
        equal(sorted(e["sender"]["pid"] for e in events), sorted(pids), "senders")


@lib.shared
def test_never_taken():
    """Sent and never received: nobody has got it."""
    with Shared("-e", "open") as watch, Map(name=b"untaken") as m:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        wait(child(lambda: give(theirs, [m.fd])))
        mine.recv(16)  # no room for control data
        give(theirs, [m.fd])
        mine.close()
        theirs.close()
        watch.sync()
        equal(watch.events(m.id), [], "opened")


@lib.shared
def test_pidfd_ways():
    """Out of a process of another session and user; out of oneself; refused."""
    with Shared("-e", "open") as watch:
        ready, tell = os.pipe()
        hold, release = os.pipe()

        def owner():
            os.close(release)
            os.setsid()
            with open("/proc/self/comm", "wb") as f:
                f.write(b"owner")
            m = Map(name=b"owned")
            os.setuid(65534)
            os.write(tell, struct.pack("<II", m.fd, m.id))
            os.read(hold, 1)

        pid = child(owner)
        fd, map_id = struct.unpack("<II", os.read(ready, 8))
        pidfd = os.pidfd_open(pid)
        got = lib.libc.syscall(PIDFD_GETFD, pidfd, fd, 0)
        check(got >= 0, "pidfd_getfd")
        self_fd = os.pidfd_open(os.getpid())
        again = lib.libc.syscall(PIDFD_GETFD, self_fd, got, 0)
        check(again >= 0, "from oneself")
        refused = child(lambda: os.setuid(65533) or
                        lib.libc.syscall(PIDFD_GETFD, pidfd, fd, 0) >= 0)
        wait(refused)
        watch.sync()
        events = [e for e in watch.events() if e["map"]["id"] == map_id]
        mine = os.getpid()
        equal([(e["how"], e["fd"], e["mode"], e["process"]["pid"], e["sender"]["pid"])
               for e in events],
              [("pidfd", got, "rw", mine, pid), ("pidfd", again, "rw", mine, mine)], "events")
        sender = events[0]["sender"]
        equal((sender["comm"], sender.get("uid")), ("owner", 65534), "who")
        for end in (release, hold, ready, tell, pidfd, self_fd, got, again):
            os.close(end)
        wait(pid)


def seccomp_target(sock):
    """Lets its getppid(2) be answered by who has the listener; uses the descriptor it then has."""
    code = b"".join(struct.pack("<HBBI", *i) for i in (
        (0x20, 0, 0, 0), (0x15, 0, 1, 110), (6, 0, 0, 0x7fc00000), (6, 0, 0, 0x7fff0000)))
    program = lib.buf(code)
    fprog = lib.buf(struct.pack("<HxxxxxxQ", 4, lib.ctypes.addressof(program)))
    listener = lib.libc.syscall(SECCOMP, 1, 8, fprog)
    check(listener >= 0, "seccomp", lib.ctypes.get_errno())
    give(sock, [listener])
    os.close(listener)
    return update(lib.libc.syscall(110))


@lib.shared
def test_other_way():
    """Put into a process by its seccomp supervisor: `other`, of the process that has it now."""
    with Shared() as watch:
        mine, theirs = socket.socketpair()
        pid = child(lambda: seccomp_target(theirs))
        with Map(name=b"added") as m:
            listener, = take(mine)
            notice = lib.ctypes.create_string_buffer(80)
            equal(lib.libc.ioctl(listener, lib.ctypes.c_ulong(NOTIF_RECV), notice), 0, "notice")
            number, = struct.unpack_from("<Q", notice.raw)
            add = lib.buf(struct.pack("<QIIII", number, 0, m.fd, 0, 0))
            fd = lib.libc.ioctl(listener, lib.ctypes.c_ulong(NOTIF_ADDFD), add)
            check(fd >= 0, "add", lib.ctypes.get_errno())
            answer = lib.buf(struct.pack("<QqiI", number, fd, 0, 0))
            equal(lib.libc.ioctl(listener, lib.ctypes.c_ulong(NOTIF_SEND), answer), 0, "answer")
            wait(pid)
            os.close(listener)
            watch.sync()
            equal(story(watch, m), [("create", "create", os.getpid()), ("open", "other", pid),
                                    ("update", None, pid)], "events")


def clone_files(function):
    """A process that shares our table of descriptors."""
    pid = lib.libc.syscall(CLONE, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0)
    if not pid:
        status = 1
        try:
            status = function() or 0
        finally:
            os._exit(status)
    return pid


@lib.shared
def test_inherit_ways():
    """Kept by a grandchild, by one's own execve(2), in a table that two processes share; used first
    by each command that can be the first."""
    mine = os.getpid()
    with Shared() as watch:
        told = []
        read_end, write_end = os.pipe()
        with Map(name=b"grand") as m:
            def parent(m=m):
                pid = child(lambda: update(m.fd) or update(os.dup(m.fd)))
                os.write(write_end, struct.pack("<I", pid))
                wait(pid)
                return 0

            wait(child(parent))
            grand, = struct.unpack("<I", os.read(read_end, 4))
            told.append((m, [("open", "inherit", grand)] + 2 * [("update", None, grand)]))

        with Map(name=b"exec") as m:
            def execs(m=m):
                fd = lib.open_id(m.id)
                update(fd)
                os.set_inheritable(fd, True)
                os.execv(sys.executable, [sys.executable, SELF, "use", str(fd)])

            pid = child(execs)
            wait(pid)
            told.append((m, [("open", "id", pid), ("update", None, pid), ("open", "inherit", pid),
                             ("update", None, pid)]))

        with Map(name=b"shared") as m:
            def shares(m=m):
                made = Map(name=b"made")
                os.write(write_end, struct.pack("<II", made.fd, made.id))
                return update(m.fd)

            pid = clone_files(shares)
            fd, map_id = struct.unpack("<II", os.read(read_end, 8))
            wait(pid)
            equal(update(fd), 0, "made by the other")
            made = Map.__new__(Map)
            made.id, made.fd = map_id, fd
            told.append((m, [("open", "inherit", pid), ("update", None, pid)]))
            told.append((made, [("create", "create", pid), ("open", "inherit", mine),
                                ("update", None, mine)]))
            made.close()

        for use in (lambda m: m.elem(lib.DELETE, b"none") != -errno.ENOENT,
                    lambda m: m.elem(lib.POP, b"none", bytes(8)) == 0,
                    lambda m: m.batch(lib.UPDATE_BATCH, b"key1key2", bytes(16), 2),
                    lambda m: m.freeze(), lambda m: m.pin(lib.bpffs() + "/live-use")):
            with Map(name=b"first") as m:
                pid = child(lambda use=use, m=m: use(m))
                wait(pid)
                told.append((m, pid))
        os.unlink(lib.bpffs() + "/live-use")
        watch.sync()
        for m, want in told:
            got = story(watch, m)
            if isinstance(want, int):
                equal(got[1:2], [("open", "inherit", want)], got)
                check(len(got) > 2 and all(g[1:] == (None, want) for g in got[2:]), got)
            else:
                equal(got[-len(want):], want, "events")
                equal(len(got), len(want) + (want[0][0] != "create"), got)
        os.close(read_end)
        os.close(write_end)


@lib.shared
def test_mmap_refused():
    """By a descriptor that may not, of a map that can't be mapped, privately, beyond its end."""
    libc, page = lib.libc, 4096
    with Shared() as watch, Map(lib.ARRAY, flags=MMAPABLE, entries=512, name=b"memory") as m, \
            Map(lib.ARRAY, entries=512, name=b"plain") as plain, Map(name=b"hash") as hashed:
        fd = lib.open_id(m.id, RDONLY)
        results = {m: [mmap_fd(fd, page, 3), mmap_fd(fd, page, 1), mmap_fd(m.fd, 64 * page, 3),
                       mmap_fd(m.fd, page, 3, 64 * page)],
                   plain: [mmap_fd(plain.fd, page, 3)], hashed: [mmap_fd(hashed.fd, page, 1)]}
        os.close(fd)
        equal(libc.mmap(None, lib.ctypes.c_size_t(page), 3, 2, m.fd, lib.ctypes.c_long(0)),
              lib.ctypes.c_void_p(-1).value, "private")
        results[m].append(-lib.ctypes.get_errno())
        watch.sync()
        for each, told in results.items():
            events = watch.events(each.id, ("map.mmap",))
            check(all(e.get("length", 1) for e in events), "a length of 0", events)
            got = [e["result"] for e in events]
            equal(got, [ERRORS.get(r) or errno.errorcode.get(-r, 0) for r in told], each.id)
        equal(results[m][0], -errno.EACCES, "kernel")
        check(all(r < 0 for r in results[m][2:] + results[plain] + results[hashed]), results)
