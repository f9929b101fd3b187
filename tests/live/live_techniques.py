# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is done to other people's maps: each technique that a hook can see, by its operation.

A stranger (another process, by raw bpf(2), under a name of its own) works on a map of ours that it
opened by id. Techniques that are a route of their own are tested where that route is: descriptors
that change hands, mmap, mounts in live_handles.py, BPF programs that write in live_writers.py.
"""

import errno
import os
import struct

import cover
import kern
import lib
from lib import Shared, check, equal

LPM_ALL = bytes(8)  # 0.0.0.0/0


class Victim:
    """A map of ours of a type, with three elements, as a stranger finds it."""

    def __init__(self, name):
        self.t = cover.make(name)
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


@lib.shared
def test_flip():
    """Changes an element and puts it back: a sensor's table, an allow-list."""
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
            values = [e["value"].get("hex") or e["value"]["cpus"][0]["hex"] for e in events]
            equal(set(values[0]), {"0"}, "zeroed")
            equal(values[1], v.t.value(1).hex(), "put back")


@lib.shared
def test_cut():
    """Deletes slots: a tail-call chain, a perf ring's, a routing of packets."""
    for name in ("prog_array", "perf_event_array", "cgroup_array", "devmap", "xskmap", "sockmap",
                 "array_of_maps", "hash_of_maps", "reuseport_sockarray"):
        with Shared() as watch, Victim(name) as v:
            v.w.update(0)
            pid = stranger(v, lambda w: w.delete(0))
            equal(told(done_by(watch, v, pid)), [("map.delete", "delete", v.t.keys()[0].hex(), 0)],
                  name)


@lib.shared
def test_redirect():
    """Puts another program, map or ring into a slot."""
    for name in ("prog_array", "perf_event_array", "array_of_maps", "hash_of_maps"):
        with Shared() as watch, Victim(name) as v:
            v.w.update(0)
            pid = stranger(v, lambda w: w.update(0))
            key = v.t.keys()[0].hex()
            want = [("map.update", None, key, 0)]
            if name == "perf_event_array":  # which goes with the descriptor it was put there by
                want.append(("map.delete", "delete", key, 0))
            equal(told(done_by(watch, v, pid)), want, name)


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
    """Fills a table until it is full; pushes entries out of an LRU, whose updates all succeed."""
    for name, entries in (("hash", 8), ("lru_hash", 8), ("queue", 8)):
        with Shared() as watch, Victim(name) as v:
            def flood(w):
                for n in range(60):
                    w.elem(lib.UPDATE, struct.pack("<I", n) if w.t.key_size else b"", w.slot(0))

            pid = stranger(v, flood)
            events = done_by(watch, v, pid)
            equal(len(events), 60, name)
            good = sum(e["result"] == 0 for e in events)
            equal(good, 60 if name == "lru_hash" else entries, f"{name} accepted")


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
    """Pins a map of its own where the owner will look for it: who made it is told before."""
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
        os.close(lib.open_pin(path))
        os.unlink(path)
        watch.sync()
        equal([(e["type"], e["process"]["pid"], e.get("path")) for e in watch.events(map_id)
               if e["type"] != "map.free"],
              [("map.create", pid, None), ("map.pin", pid, path), ("map.open", os.getpid(), path),
               ("map.unpin", os.getpid(), path)], "events")
        os.close(read_end)
        os.close(write_end)


@lib.shared
def test_program_writes():
    """A program that the stranger loads writes the map for it."""
    with Shared() as watch, Victim("hash") as v:
        pid = stranger(v, lambda w: w.program("update", kern.HELPER_UPDATE, 2))
        events = done_by(watch, v, pid)
        equal([(e["type"], e["via"], e["context"], e["key"]["hex"]) for e in events],
              [("map.update", "program", "task", v.t.keys()[2].hex())], "events")
