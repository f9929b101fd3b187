# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is done to other people's maps: each technique that a hook can see, by its operation.

A stranger (another process, by raw bpf(2), under a name of its own) works on a map of ours that it
opened by id. Techniques that are a route of their own are tested where that route is: descriptors
that change hands, mmap, mounts in live_handles.py, BPF programs that write in live_writers.py.
"""

import errno
import os
import shutil
import struct
import subprocess
import tempfile

import cover
import kern
import lib
import live_blind as blind
import live_handles as handles
import live_names as names
import live_objects as objects
import live_processes as processes
from lib import Shared, check, equal

LPM_ALL = bytes(8)  # 0.0.0.0/0


class Victim:
    """A map of ours of a type, with three elements, as a stranger finds it."""

    def __init__(self, name, entries=None):
        self.t = cover.make(name, entries)
        if not self.t:
            raise lib.Skipped(f"no map type {name}")
        self.w = cover.Writer(self.t)
        self.id = self.t.id

    def fill(self):
        for n in range(3):
            equal(self.w.update(n), 0, "fill")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.t.close()


def stranger(victim, function, flags=0):
    """Runs function with the map's descriptor in another process; its pid."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            with open("/proc/self/comm", "wb") as f:
                f.write(b"stranger")
            victim.t.fd = lib.open_id(victim.id, flags)
            status = 0 if function(victim.w) in (None, 0) else 2
        finally:
            os._exit(status)
    equal(os.waitpid(pid, 0)[1], 0, "stranger")
    return pid


def done_by(watch, victim, pid):
    """What the stranger did, in order, without its opening of the map, which must be there."""
    watch.sync()
    events = [e for e in watch.events(victim.id) if e.get("process", {}).get("pid") == pid]
    check(events and events[0]["type"] == "map.open" and events[0]["how"] == "id", "not opened",
          events[:1])
    check(all(e["process"]["comm"] == "stranger" for e in events), "not by name")
    return events[1:]


def told(events):
    return [(e["type"], e.get("op"), e.get("key", {}).get("hex"), e["result"]) for e in events]


@lib.shared
def test_walk_ids():
    """Opens every map there is, one after the other."""
    maps = [lib.Map(name=b"walked") for _ in range(5)]
    with Shared() as watch, Victim("hash") as v:
        pid = stranger(v, lambda w: [os.close(lib.open_id(m.id)) for m in maps] and None)
        watch.sync()
        for m in maps:
            equal([(e["how"], e["process"]["pid"]) for e in watch.events(m.id, ("map.open",))],
                  [("id", pid)], "opened")
            m.close()


def told_value(value):
    """The bytes of a value, or of its first CPU's; None: none was told."""
    return (value or {}).get("hex") or ((value or {}).get("cpus") or [{}])[0].get("hex")


@lib.shared
def test_flip():
    """Changes an element and puts it back: a sensor's table, an allow-list. What was there before is
    told both times, and that the second puts back what the first changed."""
    for name in ("array", "hash", "percpu_hash", "lpm_trie"):
        with Shared() as watch, Victim(name) as v:
            v.fill()
            key = v.t.keys()[1]
            size = len(v.w.slot(0))

            def flip(w, key=key, size=size):
                return (w.elem(lib.UPDATE, key, bytes(size)) or
                        w.elem(lib.UPDATE, key, w.slot(1)))

            pid = stranger(v, flip)
            events = done_by(watch, v, pid)
            equal(told(events), [("map.update", None, key.hex(), 0)] * 2, name)
            values = [told_value(e["value"]) for e in events]
            equal(set(values[0]), {"0"}, "zeroed")
            equal(values[1], v.t.value(1).hex(), "put back")
            if name == "lpm_trie":  # whose elements are not found in the kernel's memory
                equal(["old" in e or "existed" in e for e in events], [False] * 2, name)
                continue
            equal([told_value(e.get("old")) for e in events], values[::-1], f"{name}: before")
            # an element of an array was zeros before its owner wrote it, a moment ago
            first = next(e for e in watch.events(v.id, ("map.update",)) if e["key"] == events[0]["key"])
            flips = [first["seq"], None] if name == "array" else [None, events[0]["seq"]]
            equal([e.get("flip", {}).get("seq") for e in events], flips, f"{name}: put back")


def known(watch, victim):
    """The object of the owner's last write, once hooks tell what is behind values of that type."""
    objects.warm(watch, {victim.t.name: (victim.t, [(victim.t.value(0), None)] * 2)})
    equal(victim.w.update(0), 0, "update")
    watch.sync()
    return watch.events(victim.id, ("map.update",))[-1]["value"]["object"]


@lib.shared
def test_cut():
    """Deletes slots: a tail-call chain, a perf ring's, a routing of packets. What was in them is
    told."""
    for name in ("prog_array", "perf_event_array", "cgroup_array", "devmap", "xskmap", "sockmap",
                 "array_of_maps", "hash_of_maps", "reuseport_sockarray"):
        with Shared() as watch, Victim(name) as v:
            before = known(watch, v) if name != "xskmap" else None  # its socket is on no device
            pid = stranger(v, lambda w: w.delete(0))
            events = done_by(watch, v, pid)
            equal(told(events), [("map.delete", "delete", v.t.keys()[0].hex(), 0)], name)
            equal(events[0].get("old_object"), before, f"{name}: what was cut")


@lib.shared
def test_redirect():
    """Puts another program, map or ring into a slot: which it was, and which it is."""
    for name, make in (("prog_array", lambda: objects.program(b"theirs")),
                       ("perf_event_array", lambda: objects.perf(3)),
                       ("array_of_maps", lambda: objects.inner(b"theirs")),
                       ("hash_of_maps", lambda: objects.inner(b"theirs"))):
        with Shared() as watch, Victim(name) as v:
            before = known(watch, v)
            fd, theirs = make()
            key = v.t.keys()[0]
            pid = stranger(v, lambda w, key=key, fd=fd: w.elem(lib.UPDATE, key, cover.u32(fd)))
            os.close(fd)
            events = done_by(watch, v, pid)
            want = [("map.update", None, key.hex(), 0)]
            if name == "perf_event_array":  # which goes with the descriptor it was put there by
                want.append(("map.delete", "delete", key.hex(), 0))
            equal(told(events), want, name)
            check(before != theirs, "the same object", before)
            equal((events[0].get("old_object"), events[0]["value"].get("object")), (before, theirs),
                  f"{name}: was and is")


@lib.shared
def test_clear():
    """Empties a table key by key as it finds them, and by batches."""
    for name in ("hash", "lru_hash", "lpm_trie"):
        with Shared() as watch, Victim(name) as v:
            v.fill()

            def clear(w):
                key = lib.buf(bytes(8))
                while True:
                    attr = struct.pack("<IxxxxQQ", w.t.fd, 0, lib.ctypes.addressof(key))
                    if lib.call(lib.NEXT_KEY, attr, [key]):
                        return 0
                    w.elem(lib.DELETE, key.raw[:w.t.key_size])

            pid = stranger(v, clear)
            equal(sorted(told(done_by(watch, v, pid))),
                  sorted(("map.delete", "delete", k.hex(), 0) for k in v.t.keys()), name)
    with Shared() as watch, Victim("hash") as v:
        v.fill()
        pid = stranger(v, lambda w: w.batch(lib.DELETE_BATCH, "delete", [0, 1, 2]))
        events = done_by(watch, v, pid)
        equal(told(events), [("map.delete", "delete", k.hex(), 0) for k in v.t.keys()], "batch")
        equal({e["via"] for e in events}, {"batch"}, "via")


@lib.shared
def test_freeze_out():
    """Freezes a map so that its owner can't write it: the freeze, and the owner's refused try."""
    with Shared() as watch, lib.Map(lib.ARRAY, name=b"config") as m:
        pid = os.fork()
        if not pid:
            fd = lib.open_id(m.id)
            os._exit(-lib.call(lib.FREEZE, struct.pack("<I", fd)))
        equal(os.waitpid(pid, 0)[1], 0, "freeze")
        equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), -errno.EPERM, "owner")
        watch.sync()
        equal([(e["type"], e["process"]["pid"], e.get("result")) for e in watch.events(m.id)][-2:],
              [("map.freeze", pid, 0), ("map.update", os.getpid(), "EPERM")], "events")


@lib.shared
def test_flood():
    """Fills a table until it is full: its owner then can't write to it."""
    for name in ("hash", "queue"):
        with Shared() as watch, Victim(name) as v:
            v.fill()

            def flood(w):
                for n in range(60):
                    w.elem(lib.UPDATE, struct.pack("<I", n) if w.t.key_size else b"", w.slot(0))

            pid = stranger(v, flood)
            equal(v.w.elem(lib.UPDATE, b"new!" if v.t.key_size else b"", v.w.slot(0)), -errno.E2BIG,
                  "owner")
            events = done_by(watch, v, pid)
            equal([e["result"] for e in events], [0] * 5 + ["E2BIG"] * 55, name)
            mine = [e for e in watch.events(v.id, ("map.update",)) if e["process"]["pid"] != pid]
            equal([(e["process"]["pid"], e["result"]) for e in mine],
                  [(os.getpid(), 0)] * 3 + [(os.getpid(), "E2BIG")], f"{name}: owner")


@lib.shared
def test_push_out():
    """Pushes what its owner wrote out of an LRU, whose updates all succeed: each of them is told, and of
    what the owner writes again, that it was gone."""
    with Shared() as watch, Victim("lru_hash", 512) as v:
        v.fill()
        for n in range(400):  # what a CPU has just been given is not taken from it
            equal(v.w.elem(lib.UPDATE, struct.pack("<I", n), v.w.slot(0)), 0, "owner")

        def flood(w):
            return any(w.elem(lib.UPDATE, struct.pack("<I", 1000 + n), w.slot(0))
                       for n in range(2000))

        pid = stranger(v, flood)
        gone = []
        for n in range(3):
            gone.append(v.w.elem(lib.LOOKUP, v.t.keys()[n]) == -errno.ENOENT)
            equal(v.w.update(n), 0, "written again")
        check(any(gone), "nothing was pushed out")
        equal([e["result"] for e in done_by(watch, v, pid)], [0] * 2000, "stranger")
        again = [e for e in watch.events(v.id, ("map.update",)) if e["process"]["pid"] != pid][-3:]
        equal([e.get("existed") is False for e in again], gone, "told")


@lib.shared
def test_open_firewall():
    """0.0.0.0/0 in a list of prefixes."""
    with Shared() as watch, Victim("lpm_trie") as v:
        pid = stranger(v, lambda w: w.elem(lib.UPDATE, LPM_ALL, w.slot(0)))
        equal(told(done_by(watch, v, pid)), [("map.update", None, LPM_ALL.hex(), 0)], "events")


@lib.shared
def test_drain():
    """Takes what a queue or stack holds, before its owner does."""
    for name in ("queue", "stack"):
        with Shared() as watch, Victim(name) as v:
            v.fill()
            pid = stranger(v, lambda w: [w.take(0) for _ in range(4)] and None)
            equal(told(done_by(watch, v, pid)), [("map.delete", "pop", None, 0)] * 3 +
                  [("map.delete", "pop", None, "ENOENT")], name)


@lib.shared
def test_squat():
    """Pins a map of its own where the owner will look for it: who made it is told before, and with
    all that the owner then does to it."""
    path = lib.bpffs() + "/live-squat"
    with Shared() as watch:
        read_end, write_end = os.pipe()
        pid = os.fork()
        if not pid:
            m = lib.Map(name=b"config")
            os.write(write_end, struct.pack("<I", m.id))
            os._exit(-m.pin(path))
        equal(os.waitpid(pid, 0)[1], 0, "pin")
        map_id, = struct.unpack("<I", os.read(read_end, 4))
        fd = lib.open_pin(path)
        equal(handles.update(fd), 0, "update")
        os.close(fd)
        os.unlink(path)
        watch.sync()
        mine = os.getpid()
        events = [e for e in watch.events(map_id) if e["type"] != "map.free"]
        equal([(e["type"], e["process"]["pid"], e.get("path")) for e in events],
              [("map.create", pid, None), ("map.pin", pid, path), ("map.open", mine, path),
               ("map.update", mine, None), ("map.unpin", mine, path)], "events")
        equal([e["map"]["creator"]["pid"] for e in events], [pid] * 5, "creator")
        equal([e["map"].get("pins") for e in events[2:4]], [[path]] * 2, "pins")
        os.close(read_end)
        os.close(write_end)


@lib.shared
def test_program_writes():
    """A program that the stranger loads writes the map for it: which it is, who loaded it, and
    before that, that it uses the map."""
    with Shared() as watch, Victim("hash") as v:
        pid = stranger(v, lambda w: w.program("update", kern.HELPER_UPDATE, 2))
        events = done_by(watch, v, pid)
        equal([(e["type"], e["via"], e["context"], e["key"]["hex"]) for e in events],
              [("map.update", "program", "task", v.t.keys()[2].hex())], "events")
        program = events[0]["program"]
        equal((program["name"], program["loader"]["pid"], program["loader"]["comm"]),
              ("live", pid, "stranger"), "program")
        loaded, = (e for e in watch.events(types=("prog.load",)) if e["process"]["pid"] == pid)
        equal((loaded["program"]["id"], loaded["maps"], loaded["result"]),
              (program["id"], [v.id], 0), "loaded")
        check(loaded["seq"] < events[0]["seq"], "told after its write", loaded["seq"])


@lib.shared
def test_made_to_write():
    """Makes the owner do it: puts another value into its memory by /proc, and has it call bpf(2) under
    ptrace(2). The write is the owner's; that it was traced then, and by whom, is told; not before,
    and not after."""
    with Shared() as watch, lib.Map(name=b"config") as m:
        ready, tell = os.pipe()
        hold, release = os.pipe()

        def owner():
            key, value = lib.buf(bytes(4)), lib.buf(b"as meant")
            attr = lib.buf(struct.pack("<IxxxxQQQ", m.fd, lib.ctypes.addressof(key),
                                       lib.ctypes.addressof(value), 0) + bytes(96))
            for _ in range(2):
                if lib.libc.syscall(lib.SYS_BPF, lib.UPDATE, attr, 128):
                    return 1
                os.write(tell, struct.pack("<QQ", *map(lib.ctypes.addressof, (attr, value))))
                os.read(hold, 1)
            return 0

        def tracer(pid, attr, value):
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                memory.seek(value)
                memory.write(b"attacker")
            return -blind.call_inside(pid, lib.SYS_BPF, lib.UPDATE, attr, 128)

        pid = handles.child(owner)
        where = struct.unpack("<QQ", os.read(ready, 16))
        by = handles.child(lambda: tracer(pid, *where))
        handles.wait(by)
        os.write(release, b"x")
        os.read(ready, 16)
        os.write(release, b"x")
        handles.wait(pid)
        watch.sync()
        events = watch.events(m.id, ("map.update",))
        equal([(e["process"]["pid"], e["process"].get("traced_by"),
                bytes.fromhex(e["value"]["hex"])) for e in events],
              [(pid, None, b"as meant"), (pid, by, b"attacker"), (pid, None, b"attacker")], "writes")
        for end in (ready, tell, hold, release):
            os.close(end)


@lib.shared
def test_disguised():
    """A client without any library, under another name of its file, its command and its arguments: the
    file is told as it is."""
    with Shared() as watch, tempfile.TemporaryDirectory() as top, lib.Map(name=b"config") as m:
        path = os.path.join(top, "kworker")
        shutil.copy(processes.SHORTLIVED, path)
        fd = lib.open_id(m.id)
        os.set_inheritable(fd, True)
        run = subprocess.Popen(["[kworker/0:1-events]", "write", str(fd), "7"], executable=path,
                               close_fds=False)
        equal(run.wait(lib.PATIENCE), 0, "client")
        os.close(fd)
        watch.sync()
        opened, event = [e for e in watch.events(m.id) if e["process"]["pid"] == run.pid]
        equal((opened["type"], opened["how"]), ("map.open", "inherit"), "opened")
        who = event["process"]
        equal((who["comm"], who["exe"], who["args"][0], who["ppid"]),
              ("kworker", path, "[kworker/0:1-events]", os.getpid()), "who")
        equal((event["key"]["number"], event["result"]), (7, 0), "what")


@lib.shared
def test_cover():
    """Mounts another file system over the folder that a map is pinned in: the owner's own path leads
    nowhere. Who mounted, and that the owner did not find it."""
    top = tempfile.mkdtemp()
    with Shared() as watch, names.mounted((top, "-t", "bpf", "bpf")), lib.Map(name=b"config") as m:
        path = os.path.join(top, "pin")
        equal(m.pin(path), 0, "pin")
        pid = handles.child(lambda: lib.libc.mount(b"none", top.encode(), b"tmpfs", 0, None))
        handles.wait(pid)
        equal(lib.open_pin(path), -errno.ENOENT, "the owner's path")
        away = handles.child(lambda: lib.libc.umount2(top.encode(), 0))
        handles.wait(away)
        os.close(lib.open_pin(path))
        os.unlink(path)
        watch.sync()
        covered = [(e["type"], e["op"], e["process"]["pid"], e["path"]) for e in watch.all()
                   if e["type"] == "fs.change" and e["process"]["pid"] in (pid, away)]
        equal(covered, [("fs.change", "mount", pid, top), ("fs.change", "umount", away, top)],
              "covered")
        equal([e["path"] for e in watch.events(m.id, ("map.open",))], [path], "opened")
    os.rmdir(top)
