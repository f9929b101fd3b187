# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every road into bpf(2), and what a caller can do to it meanwhile: what is told is what the kernel
did, not what the caller's memory says before or after.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import struct
import subprocess
import tempfile
import threading
import time

import cover
import lib
from lib import Map, Shared, Watch, check, equal

RACE = os.path.join(lib.TOP, "build/actors/race")
SYSCALL = b"\xb8%s\xbf%s\xbe%s\xba%s\x0f\x05\xc3"  # eax, edi, esi, edx; syscall; ret
# push rbx; eax, ebx, ecx, edx; int 0x80; pop rbx; cdqe; ret
INT80 = b"\x53\xb8%s\xbb%s\xb9%s\xba%s\xcd\x80\x5b\x48\x98\xc3"
ROADS = {"syscall": (SYSCALL, 321), "x32": (SYSCALL, 321 | 1 << 30), "int80": (INT80, 357)}


def u32(n):
    return struct.pack("<I", n)


class Road:
    """bpf(2) by machine code of its own, from memory that 32-bit registers can point to."""

    def __init__(self, name):
        self.code, self.number = ROADS[name]
        self.page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40,  # MAP_32BIT
                              mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.page))
        self.function = ctypes.CFUNCTYPE(ctypes.c_long)(self.start)

    def __call__(self, cmd, attr, keep=()):
        attr += bytes(128 - len(attr))
        self.page[256:256 + 128] = attr
        code = self.code % (u32(self.number), u32(cmd), u32(self.start + 256), u32(128))
        self.page[:len(code)] = code
        return self.function()


def every_command(road):
    """One command of each sort on a map; what must be told of it, [] where the road is missing."""
    lib.call = road
    key, value = b"road", b"to bpf(2"
    with contextlib.ExitStack() as stack:
        if road(lib.GET_FD_BY_ID, bytes(4)) == -errno.ENOSYS:
            return 0, []
        m = stack.enter_context(Map(name=b"road"))
        equal(m.elem(lib.UPDATE, key, value), 0, "update")
        equal(m.elem(lib.UPDATE, key, value, lib.NOEXIST), -errno.EEXIST, "again")
        equal(m.batch(lib.UPDATE_BATCH, b"key1key2", 2 * value, 2), 0, "batch")
        equal(m.elem(lib.DELETE, key), 0, "delete")
        fd = lib.open_id(m.id)
        check(fd >= 0, "open")
        equal(m.freeze(), 0, "freeze")
        equal(m.elem(lib.UPDATE, key, value, fd=fd), -errno.EPERM, "frozen")
        return m.id, [["map.create", None, None, None],
                      ["map.update", "syscall", key.hex(), 0],
                      ["map.update", "syscall", key.hex(), "EEXIST"],
                      ["map.update", "batch", b"key1".hex(), 0],
                      ["map.update", "batch", b"key2".hex(), 0],
                      ["map.delete", "syscall", key.hex(), 0],
                      ["map.open", None, None, None],
                      ["map.freeze", None, None, 0],
                      ["map.update", "syscall", key.hex(), "EPERM"]]


def in_child(function):
    """Runs it in another process, which may die of it; its pid and what it returned, or None."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.write(write_end, json.dumps(function()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    with open(read_end, encoding="ascii") as f:
        text = f.read()
    os.waitpid(pid, 0)
    return pid, json.loads(text) if text else None


@lib.shared
def test_roads():
    """By the system call instruction alone, by int 0x80, by the x32 table where there is one."""
    with Shared() as watch:
        done = {name: in_child(lambda name=name: every_command(Road(name))) for name in ROADS}
        watch.sync()
        for name, (pid, answer) in done.items():
            check(answer, name, "died")
            map_id, want = answer
            check(want or name == "x32", "no road", name)
            got = [[e["type"], e.get("via"), e.get("key", {}).get("hex"), e.get("result")]
                   for e in watch.events(map_id)
                   if e["type"] != "map.free" and e["process"]["pid"] == pid] if want else []
            equal(got, want, name)


class Cold:
    """Memory that no page table has yet: a program in the kernel can't read it, bpf(2) can."""

    def __init__(self, data):
        self.file = tempfile.TemporaryFile(dir="/dev/shm")
        self.file.write(data + bytes(4096 - len(data)))
        self.file.flush()
        self.page = mmap.mmap(self.file.fileno(), 4096, mmap.MAP_PRIVATE)
        self.at = ctypes.addressof(ctypes.c_char.from_buffer(self.page))


def cold_call(cmd, attr, *_pages):
    """The pages that the attributes point to are kept until it is done."""
    page = Cold(attr)
    result = lib.libc.syscall(lib.SYS_BPF, ctypes.c_long(cmd), ctypes.c_void_p(page.at),
                              ctypes.c_long(len(attr)))
    return result if result >= 0 else -ctypes.get_errno()


@lib.shared
def test_cold_memory():
    """Attributes, key and value in pages that are there only once the kernel reads them."""
    with Shared() as watch:
        done = []
        for name in ("hash", "array", "percpu_array", "lpm_trie", "queue", "prog_array",
                     "hash_of_maps"):
            t = cover.make(name)
            w = cover.Writer(t)
            key, value = t.keys()[1], w.slot(1)
            k, v = Cold(key), Cold(value)
            attr = struct.pack("<IxxxxQQQ", t.fd, k.at if key else 0, v.at, 0)
            equal(cold_call(lib.UPDATE, attr, k, v), 0, name)
            want = [("map.update", key.hex(), t.value(1).hex())]
            if name not in ("array", "percpu_array", "queue"):
                k = Cold(key)
                attr = struct.pack("<IxxxxQQQ", t.fd, k.at, 0, 0)
                equal(cold_call(lib.DELETE, attr, k), 0, name)
                want.append(("map.delete", key.hex(), None))
            done.append((name, t, want))
        path = lib.bpffs() + "/live-cold"
        pinned, p = done[0][1], Cold(path.encode() + b"\0")
        equal(cold_call(lib.OBJ_PIN, struct.pack("<QI", p.at, pinned.fd), p), 0, "pin")
        os.unlink(path)
        watch.sync()
        for name, t, want in done:
            got = [(e["type"], e.get("key", {}).get("hex", ""), first_value(e))
                   for e in watch.events(t.id, ("map.update", "map.delete"))]
            equal(got, want, name)
        event, = watch.events(pinned.id, ("map.pin",))
        equal(event["path"], path, "path")
        for _, t, _ in done:
            t.close()


def first_value(event):
    value = event.get("value", {})
    return value["cpus"][0]["hex"] if "cpus" in value else value.get("hex")


def run_race(*args):
    """The actor's maps and what it did to them, by calls that were interfered with."""
    run = subprocess.run([RACE, *args], capture_output=True, timeout=lib.PATIENCE, check=False)
    equal(run.returncode, 0, f"race {args}: {run.stderr}")
    first, *writes, last = [json.loads(line) for line in run.stdout.splitlines()]
    return (first["maps"], writes) if last["raced"] else None


def race(watch, *args):
    """What the actor did and what was told of it. On a busy machine, where the two threads of the
    actor may seldom run at once, it has to try again, for as long as tests have patience."""
    end, answer = time.monotonic() + lib.PATIENCE, None
    while not answer:
        check(time.monotonic() < end, args, "nothing was changed meanwhile,", os.cpu_count(), "CPUs")
        answer = run_race(*args)
    maps, writes = answer
    watch.sync()
    done = [(w["map"], w["op"], w["key"], w["value"]) for w in writes]
    told = [(e["map"]["id"], e.get("op", "update"), e.get("key", {}).get("hex", ""),
             e.get("value", {}).get("hex", ""))
            for e in watch.events(types=("map.update", "map.delete"))
            if e["map"]["id"] in maps and e["result"] == 0]
    return maps, done, told


# What no hook on an operation sees where this one is missing: its key is told from the caller's memory.
ONLY_AT_EXIT = {("lpm_trie", "delete"): "trie_delete", ("queue", "take"): "queue_pop"}


def compare(what, maps, done, told, missing):
    """A string that says how they differ, or None. A batch's two elements may come in any order,
    and the second may overwrite the first: then the first is told and not found."""
    if ONLY_AT_EXIT.get(what[:2]) in missing:
        first = 1 if what[2] == "table" else 0  # the map is what the descriptor was at the entry
        done, told = [[w[first:2] for w in writes] for writes in (done, told)]
    if what[1] == "batch":
        told = [t for n, t in enumerate(told)
                if not (n + 1 < len(told) and t[1] == "update" and told[n + 1][1] == "update"
                        and t[0] == told[n + 1][0] and t[2] == told[n + 1][2])]
        done, told = sorted(done), sorted(told)
    if done == told:
        return None
    at = next((n for n, pair in enumerate(zip(done, told)) if pair[0] != pair[1]),
              min(len(done), len(told)))
    return (f"{what}, maps {maps}, {len(done)} writes, {len(told)} told, number {at}: "
            f"did {done[at:at + 1]}, told {told[at:at + 1]}")


RACES = (("hash", "update"), ("hash", "delete"), ("hash", "take"), ("hash", "batch"),
         ("array", "update"), ("lpm_trie", "update"), ("lpm_trie", "delete"),
         ("queue", "update"), ("queue", "take"))


@lib.parallel
@lib.shared
def test_races():
    """Another thread changes descriptor, key and value, and what the descriptor is."""
    wrong = []
    for kind, op in RACES:
        for how in ("attr", "table"):
            with Shared() as watch:
                missing = {h["hook"] for h in watch.start()["hooks"] if h["attached"] == "missing"}
                rounds = "60" if op in ("delete", "take") else "120"
                wrong.append(compare((kind, op, how), *race(watch, kind, op, how, rounds),
                                     missing))
    wrong = [w for w in wrong if w]
    check(not wrong, f"{len(wrong)} of {2 * len(RACES)}:", "; ".join(wrong))


@lib.parallel
@lib.shared
def test_race_of_paths():
    """Another thread changes the path during a pin: where it was pinned is what is told."""
    paths = [f"{lib.bpffs()}/live-race{n}" for n in range(2)]
    with Shared() as watch, Map(name=b"raced") as m:
        path = lib.buf(paths[0].encode() + b"\0")
        attr = struct.pack("<QI", ctypes.addressof(path), m.fd)
        last = ctypes.addressof(path) + len(paths[0]) - 1
        going, done = True, []

        def flip():
            n = 0
            while going:
                n += 1
                ctypes.memset(last, ord("0") + n % 2, 1)

        thread = lib.threading.Thread(target=flip)
        thread.start()
        try:
            for _ in range(200):
                equal(lib.call(lib.OBJ_PIN, attr, [path]), 0, "pin")
                there, = (p for p in paths if os.path.exists(p))
                done.append(there)
                os.unlink(there)
        finally:
            going = False
            thread.join()
        watch.sync()
        equal(set(done), set(paths), "paths")
        for kind in ("map.unpin", "map.pin"):
            told = [e["path"] for e in watch.events(m.id, (kind,))]
            equal(len(told), len(done), kind)
            differ = [n for n, pair in enumerate(zip(told, done)) if pair[0] != pair[1]]
            equal(differ, [], f"{kind}s that tell the other path")


@lib.parallel
@lib.ends
def test_race_with_unwatched():
    """Another thread puts a watched map where there was one that nobody watches: each write that got
    there is told, as one of bpf(2). Where the watched one was there at the entry only, no hook on the
    operation reports, and the exit takes the write for one that a hook should have: told as well."""
    writes = 3000
    with (Map(name=b"race_on", entries=writes) as on, Map(name=b"race_off", entries=writes) as off,
          Watch("-e", "write", "-m", "race_on") as watch):
        fd, going = os.dup(off.fd), True

        def flip():
            while going:
                os.dup2(on.fd, fd)
                os.dup2(off.fd, fd)

        thread = threading.Thread(target=flip)
        thread.start()
        try:
            for n in range(writes):
                equal(on.elem(lib.UPDATE, u32(n), bytes(8), fd=fd), 0, n)
        finally:
            going = False
            thread.join()
            os.close(fd)
        equal(on.elem(lib.DELETE, u32(writes)), -errno.ENOENT, "refused")
        there = [n for n in range(writes) if on.elem(lib.LOOKUP, u32(n), bytes(8)) == 0]
        check(0 < len(there) < writes, len(there), "of", writes)
        lost = watch.finish()["lost"]
        told = watch.events(on.id, ("map.update",))
        missing = set(there) - {int.from_bytes(bytes.fromhex(e["key"]["hex"]), "little") for e in told}
        check(len(missing) <= lost, len(missing), "are missing,", lost, "told as lost")
        equal({(e["via"], e["process"]["pid"]) for e in told}, {("syscall", os.getpid())}, "who")
        refused, = watch.events(on.id, ("map.delete",))
        equal(refused["result"], "ENOENT", "refused")
        equal(watch.events(off.id), [], "not watched")
