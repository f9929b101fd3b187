# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every way to a map's descriptor or memory, and every change of the names it can be reached by."""

import array
import errno
import mmap
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
from lib import Map, Shared, Watch, check, equal

SELF = os.path.abspath(__file__)
RDONLY, WRONLY, MMAPABLE = 8, 16, 1 << 10
PIDFD_GETFD = 438


def opens(watch, m):
    return [(e["how"], e.get("mode")) for e in watch.events(m.id, ("map.open",))]


def child(function):
    """Runs it in a forked process; its pid. What it returns is the exit status."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            status = function() or 0
        finally:
            os._exit(status)
    return pid


def wait(pid):
    equal(os.waitpid(pid, 0)[1], 0, "child")


def update(fd, n=0):
    key, value = lib.buf(struct.pack("<I", n)), lib.buf(bytes(8))
    attr = struct.pack("<IxxxxQQQ", fd, lib.ctypes.addressof(key), lib.ctypes.addressof(value), 0)
    return lib.call(lib.UPDATE, attr, [key, value])


@lib.shared
def test_open_modes():
    """`mode` is what the descriptor allows: by the map's flags, the open's, and a freeze."""
    with Shared("-e", "create,open,freeze") as watch:
        for flags, mode in ((0, "rw"), (RDONLY, "r"), (WRONLY, "w")):
            with Map(flags=flags) as m:
                os.close(lib.open_id(m.id))
                created, = (e for e in watch_wait(watch, m, "map.create"))
                equal((created["how"], created["mode"], created["fd"]), ("create", mode, m.fd),
                      "created")
        with Map(name=b"frozen") as m:
            equal(m.freeze(), 0, "freeze")
            for flags in (0, RDONLY):
                os.close(lib.open_id(m.id, flags))
            watch_wait(watch, m, "map.open", 2)
            equal(opens(watch, m), [("id", "r"), ("id", "r")], "frozen")
        watch.finish()


def watch_wait(watch, m, kind, count=1):
    watch.wait_for(lambda: len(watch.events(m.id, (kind,))) >= count)
    return watch.events(m.id, (kind,))


def send(sock, fds):
    socket.send_fds(sock, [b"x"], fds) if hasattr(socket, "send_fds") else sock.sendmsg(
        [b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def receive(sock):
    return socket.recv_fds(sock, 16, 16)[1]


@lib.shared
def test_receive():
    """SCM_RIGHTS over stream and datagram sockets, several in a message, from a process that is
    gone: `receive`, with the sender."""
    with Shared("-e", "open") as watch:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            mine, theirs = socket.socketpair(socket.AF_UNIX, kind)
            one, two = Map(name=b"one"), Map(flags=RDONLY, name=b"two")

            def sender(sock=theirs, maps=(one, two)):
                with open("/proc/self/comm", "wb") as f:
                    f.write(b"sender")
                send(sock, [m.fd for m in maps])

            pid = child(sender)
            wait(pid)
            fds = receive(mine)
            equal(len(fds), 2, "received")
            for m, mode in ((one, "rw"), (two, "r")):
                event, = watch_wait(watch, m, "map.open")
                equal((event["how"], event["mode"], event["process"]["pid"]),
                      ("receive", mode, os.getpid()), "receiver")
                equal((event["sender"]["pid"], event["sender"]["comm"]), (pid, "sender"), "sender")
                m.close()
            for fd in fds:
                os.close(fd)
        watch.finish()


@lib.shared
def test_inherit():
    """Over fork, over exec, and by a thread: said once for each process that uses the map."""
    with Shared() as watch, Map(name=b"kept") as m:
        equal(update(m.fd), 0, "own")
        forked = child(lambda: update(m.fd) or update(m.fd, 1))
        wait(forked)
        os.set_inheritable(m.fd, True)
        run = subprocess.Popen([sys.executable, SELF, "use", str(m.fd)], close_fds=False)
        equal(run.wait(lib.PATIENCE), 0, "exec")
        thread = lib.threading.Thread(target=update, args=(m.fd, 3))
        thread.start()
        thread.join()
        watch.finish()
        events = watch.events(m.id, ("map.create", "map.open", "map.update"))
        got = [(e["type"], e.get("how"), e["process"]["pid"]) for e in events]
        mine = os.getpid()
        equal(got, [("map.create", "create", mine), ("map.update", None, mine),
                    ("map.open", "inherit", forked), ("map.update", None, forked),
                    ("map.update", None, forked), ("map.open", "inherit", run.pid),
                    ("map.update", None, run.pid), ("map.update", None, mine)], "events")
        equal([(e["fd"], e["mode"]) for e in events if e["type"] == "map.open"],
              [(m.fd, "rw")] * 2, "descriptor")


@lib.ends
def test_held():
    """What is open when bpfmon starts: one event for each process and descriptor; of the process,
    /proc tells."""
    with Map(name=b"held") as m, Map(flags=RDONLY, name=b"other") as other:
        again = os.dup(m.fd)
        release, hold = os.pipe()
        ready, tell = os.pipe()

        def holder():
            os.close(hold)
            os.write(tell, b"x")
            os.read(release, 1)

        pid = child(holder)
        os.read(ready, 1)
        with Watch() as watch:
            watch.wait_for(lambda: len(watch.events(other.id)) >= 2)
            equal(update(m.fd), 0, "update")
            watch.finish()
            held = [(e["process"]["pid"], e["fd"], e["mode"]) for e in watch.events(m.id)
                    if e.get("how") == "held"]
            equal(sorted(held), sorted((p, fd, "rw") for p in (os.getpid(), pid)
                                       for fd in (m.fd, again)), "held")
            equal([e["mode"] for e in watch.events(other.id)], ["r", "r"], "mode")
            mine = next(e["process"] for e in watch.events(m.id)
                        if e.get("how") == "held" and e["process"]["pid"] == os.getpid())
            equal((mine["exe"], mine["ancestors"][0]["pid"]),
                  (os.path.realpath(sys.executable), os.getppid()), "of /proc")
            equal([e["type"] for e in watch.events(m.id)][-1], "map.update", "use")
            check(not [e for e in watch.events()
                       if e.get("process", {}).get("comm") == "bpfmon"], "bpfmon's own")
        for end in (hold, again, release, ready, tell):
            os.close(end)
        wait(pid)


def mmap_fd(fd, length, prot, offset=0):
    """Maps and unmaps; 0 or the error."""
    libc = lib.libc
    libc.mmap.restype = lib.ctypes.c_void_p
    at = libc.mmap(None, lib.ctypes.c_size_t(length), prot, mmap.MAP_SHARED, fd,
                   lib.ctypes.c_long(offset))
    if at == lib.ctypes.c_void_p(-1).value:
        return -lib.ctypes.get_errno()
    libc.munmap(lib.ctypes.c_void_p(at), lib.ctypes.c_size_t(length))
    return 0


@lib.shared
def test_mmap():
    """Arrays, ring buffers, arenas: how they are mapped, and who was refused."""
    page = mmap.PAGESIZE
    with Shared("-e", "mmap") as watch:
        with Map(lib.ARRAY, flags=MMAPABLE, entries=512) as m:
            tries = [(mmap_fd(m.fd, page, prot), mode) for prot, mode in ((1, "r"), (3, "rw"))]
            m.freeze()
            tries.append((mmap_fd(m.fd, page, 3), "rw"))
            events = watch_wait(watch, m, "map.mmap", 3)
            equal([(e["mode"], e["result"], e["offset"], e["length"]) for e in events],
                  [(mode, errno.errorcode[-r] if r else 0, 0, page) for r, mode in tries], "array")
            equal([r for r, _ in tries], [0, 0, -errno.EPERM], "kernel")
        for name in ("ringbuf", "user_ringbuf", "arena"):
            t = cover.make(name)
            if not t:
                continue
            m = Map.__new__(Map)
            m.id = t.id
            # The first page of a user ring is the kernel's to write.
            equal(mmap_fd(t.fd, page, 3, page if name == "user_ringbuf" else 0), 0, name)
            event, = watch_wait(watch, m, "map.mmap")
            equal((event["mode"], event["result"]), ("rw", 0), name)
            t.close()
        watch.finish()


@lib.shared
def test_pins():
    """Pins that come, are renamed over each other, linked, made readable, removed."""
    top = tempfile.mkdtemp(dir=lib.bpffs())
    a, b, c, d = (os.path.join(top, n) for n in ("a", "b", "c", "sub"))
    with Shared("-e", "life") as watch, Map(name=b"pinned") as m, Map(name=b"under") as under:
        equal((m.pin(a), under.pin(b)), (0, 0), "pin")
        os.chmod(a, 0o666)
        os.chown(a, 7, 8)
        os.rename(a, b)
        os.mkdir(d)
        os.rename(b, os.path.join(d, "x"))
        linked = True
        try:
            os.link(os.path.join(d, "x"), c)
        except OSError:
            linked = False
        os.rename(d, d + "2")
        os.chmod(d + "2", 0o700)
        os.unlink(os.path.join(d + "2", "x"))
        if linked:
            os.unlink(c)
        with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
            name = os.path.join(elsewhere, "f")
            open(name, "w", encoding="ascii").close()
            os.chmod(name, 0o600)
            os.rename(name, name + "2")
            os.unlink(name + "2")
        watch.finish()
        got = [(e["type"], e["op"], e.get("path"), e.get("to") or e.get("from"), e["result"])
               for e in watch.events(m.id) if "op" in e]
        x = os.path.join(d, "x")
        want = [("map.pin", "pin", a, None, 0), ("map.chmod", "chmod", a, None, 0),
                ("map.chmod", "chmod", a, None, 0), ("map.unpin", "rename", a, b, 0),
                ("map.pin", "rename", b, a, 0), ("map.unpin", "rename", b, x, 0),
                ("map.pin", "rename", x, b, 0)]
        if linked:
            want.append(("map.pin", "link", c, x, 0))
        want.append(("map.unpin", "unlink", os.path.join(d + "2", "x"), None, 0))
        if linked:
            want.append(("map.unpin", "unlink", c, None, 0))
        equal(got, want, "pins")
        mode, owner = watch.events(m.id, ("map.chmod",))
        equal((mode["mode_bits"], owner["uid"], owner["gid"]), ("0666", 7, 8), "rights")
        equal([(e["op"], e["path"]) for e in watch.events(under.id) if e["type"] == "map.unpin"],
              [("replace", b)], "replaced")
        fs = [(e["op"], e["path"], e.get("to"), e.get("mode_bits")) for e in watch.all()
              if e["type"] == "fs.change"]
        equal(fs, [("rename", d, d + "2", None), ("chmod", d + "2", None, "0700")], "directories")
    shutil.rmtree(top)


@lib.shared
def test_mounts():
    """Mounts of, on and over bpf file systems; others are of no interest."""
    top = tempfile.mkdtemp()
    place, other = os.path.join(top, "bpf"), os.path.join(top, "other")
    os.mkdir(place)
    os.mkdir(other)

    def run(*words):
        subprocess.run(words, check=True)

    with Shared("-e", "fs.change") as watch:
        run("mount", "-t", "bpf", "bpf", place)
        run("mount", "-t", "tmpfs", "tmpfs", other)
        run("umount", other)
        run("mount", "-t", "tmpfs", "tmpfs", place)
        run("umount", place)
        run("umount", place)
        watch.finish()
        fs = [(e["op"], e["path"], e["process"]["comm"]) for e in watch.all()
              if e["type"] == "fs.change"]
        equal(fs, [("mount", place, "mount"), ("mount", place, "mount"), ("umount", place, "umount"),
                   ("umount", place, "umount")], "mounts")
    shutil.rmtree(top)


@lib.ends
def test_lookups():
    """Reads are told when asked for: single, batch, refused, with key and value."""
    with Watch("-e", "read") as watch, Map(name=b"read") as m:
        keys = [bytes([n, 0, 0, 0]) for n in range(3)]
        for key in keys:
            equal(m.elem(lib.UPDATE, key, b"value" + key[:1] + b"12"), 0, "update")
        value = lib.buf(bytes(8))
        for key in (keys[1], b"none"):
            k = lib.buf(key)
            lib.call(lib.LOOKUP, struct.pack("<IxxxxQQQ", m.fd, lib.ctypes.addressof(k),
                                             lib.ctypes.addressof(value), 0), [k, value])
        m.batch(lib.LOOKUP_BATCH, bytes(64), bytes(128), 16)
        watch.finish()
        events = watch.events(m.id)
        equal({e["type"] for e in watch.events()}, {"map.lookup"}, "types")
        equal([(e["via"], e["key"]["hex"], e.get("value", {}).get("hex"), e["result"])
               for e in events[:2]],
              [("syscall", "01000000", (b"value\x01" + b"12").hex(), 0),
               ("syscall", b"none".hex(), None, "ENOENT")], "single")
        equal(sorted((e["via"], e["key"]["hex"]) for e in events[2:]),
              [("batch", k.hex()) for k in keys], "batch")


@lib.ends
@lib.shared
def test_lookups_untold():
    """By default they are not."""
    with Shared() as watch, Map(name=b"read") as m:
        equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
        equal((m.elem(lib.LOOKUP, bytes(4), bytes(8)),
               m.batch(lib.LOOKUP_BATCH, bytes(64), bytes(128), 16)), (0, -lib.errno.ENOENT), "lookups")
        watch.finish()
        equal([e["type"] for e in watch.events(m.id)], ["map.create", "map.update"], "told")


@lib.shared
def test_ia32():
    """bpf(2) through the 32-bit table and its registers: as any other."""
    code = bytes.fromhex("b865010000" "bb02000000")  # mov eax, 357; mov ebx, BPF_MAP_UPDATE_ELEM
    page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40,  # MAP_32BIT
                     mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    start = lib.ctypes.addressof(lib.ctypes.c_char.from_buffer(page))
    with Shared("-e", "write") as watch, Map(name=b"ia32") as m:
        # push rbx; mov...; mov ecx, attr; mov edx, 32; int 0x80; pop rbx; cdqe; ret
        code = (b"\x53" + code + b"\xb9" + struct.pack("<I", start + 256) + b"\xba" +
                struct.pack("<I", 32) + b"\xcd\x80" + b"\x5b\x48\x98\xc3")
        page[0:len(code)] = code
        page[256:288] = struct.pack("<IxxxxQQQ", m.fd, start + 512, start + 520, 0)
        page[512:528] = b"key!" + bytes(4) + b"by ia32."
        function = lib.ctypes.CFUNCTYPE(lib.ctypes.c_long)(start)
        result = function()
        if result == -errno.ENOSYS:
            raise lib.Skipped("the kernel has no 32-bit system calls")
        equal(result, 0, "update")
        watch.finish()
        event, = watch.events(m.id)
        equal((event["type"], event["via"], event["key"]["hex"], event["value"]["hex"],
               event["result"]), ("map.update", "syscall", b"key!".hex(), b"by ia32.".hex(), 0),
              "event")


@lib.parallel
@lib.shared
def test_changing_buffers():
    """Another thread changes key and value during bpf(2): what is told is what the kernel took."""
    with Shared("-e", "write") as watch, Map(entries=64, name=b"racing") as m:
        key, value = lib.buf(bytes(4)), lib.buf(bytes(8))
        attr = struct.pack("<IxxxxQQQ", m.fd, lib.ctypes.addressof(key),
                           lib.ctypes.addressof(value), 0)
        going = True

        def flip():
            n = 0
            while going:
                n += 1
                lib.ctypes.memmove(key, struct.pack("<I", n % 50), 4)
                lib.ctypes.memmove(value, struct.pack("<Q", n), 8)

        thread = lib.threading.Thread(target=flip)
        thread.start()
        results = [lib.call(lib.UPDATE, attr) for _ in range(2000)]
        going = False
        thread.join()
        content = {}
        for n in range(50):
            k, v = lib.buf(struct.pack("<I", n)), lib.buf(bytes(8))
            if lib.call(lib.LOOKUP, struct.pack("<IxxxxQQQ", m.fd, lib.ctypes.addressof(k),
                                                lib.ctypes.addressof(v), 0), [k, v]) == 0:
                content[k.raw.hex()] = v.raw.hex()
        watch.finish()
        events = watch.events(m.id)
        equal(len(events), len(results), "events")
        told = {e["key"]["hex"]: e["value"]["hex"] for e in events if e["result"] == 0}
        check(len(content) > 1, "the key never changed")
        equal(told, content, "last value of each key")


if __name__ == "__main__" and sys.argv[1:2] == ["use"]:
    sys.exit(-update(int(sys.argv[2]), 2))
