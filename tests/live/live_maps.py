# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon maps: held against bpftool, against /proc and against what the test itself did."""

import contextlib
import ctypes
import json
import mmap
import os
import random
import resource
import shutil
import struct
import subprocess
import tempfile
import threading
import time

import cover
import lib
from lib import Map, bpfmon, check, equal
from live_faults import native, one_line, only_native

BPFFS = lib.bpffs()
TYPED = os.path.join(lib.TOP, "build/actors/typed.bpf.o")
HIDE = os.path.join(lib.TOP, "build/actors/hide")
TYPES = {"t_hash": "hash", "t_array": "array", "t_lru": "lru_hash", "t_cpu_hash": "percpu_hash",
         "t_cpu_array": "percpu_array", "t_cpu_lru": "lru_percpu_hash", "t_lpm": "lpm_trie"}
NAMES = {number: name for name, (_, number) in cover.TYPES.items()}
VALUE_SIZE = 48
PERF_ARRAY, PROG_ARRAY, STACK, ARRAY_OF_MAPS, HASH_OF_MAPS, DEVMAP, RINGBUF = 4, 3, 23, 12, 13, 14, 27
NO_PREALLOC, MMAPABLE, INNER_MAP = 1, 1 << 10, 1 << 12


mmap_call = lib.libc.mmap
mmap_call.restype = ctypes.c_void_p
mmap_call.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]


def maps(*args):
    """The objects of `bpfmon maps -o json`, by id."""
    run = bpfmon("maps", "-o", "json", *args)
    equal((run.returncode, run.stderr), (0, b""), args)
    objects = [json.loads(line) for line in run.stdout.splitlines()]
    equal(len({o["map"]["id"] for o in objects}), len(objects), "each map once")
    return {o["map"]["id"]: o for o in objects}


def bpftool(*args):
    run = subprocess.run(["bpftool", "-j", *args], stdout=subprocess.PIPE, check=True,
                         timeout=lib.PATIENCE)
    return json.loads(run.stdout)


@contextlib.contextmanager
def typed():
    """The maps of typed.bpf.c, pinned: {name: id}."""
    path = f"{BPFFS}/live-typed"
    os.mkdir(path)
    try:
        subprocess.run(["bpftool", "prog", "load", TYPED, path + "/prog", "type", "socket",
                        "pinmaps", path], check=True, stdout=subprocess.DEVNULL)
        ids = {}
        for name in TYPES:
            fd = lib.open_pin(f"{path}/{name}")
            ids[name] = lib.map_id(fd)
            os.close(fd)
        yield ids
    finally:
        shutil.rmtree(path)


def cpus():
    """How many values a per-CPU map has."""
    with open("/sys/devices/system/cpu/possible", encoding="utf-8") as f:
        return int(f.read().strip().rpartition("-")[2]) + 1


def fill(name, map_id, rng):
    """Random elements, of which the random bits are all over the value."""
    holder = Map.__new__(Map)
    holder.fd = lib.open_id(map_id)
    with holder:
        for n in range(30):
            key = struct.pack("<I", n) if "array" in TYPES[name] else struct.pack("<I4B", 32, 10, 0, 0, n)
            size = VALUE_SIZE * cpus() if "percpu" in TYPES[name] else VALUE_SIZE
            equal(holder.elem(lib.UPDATE, key, rng.randbytes(size)), 0, f"update {name}")


def numbers(value):
    """Numbers above 2^53 are strings in bpfmon's JSON, bit-fields in bpftool's."""
    if isinstance(value, dict):
        return {name: numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [numbers(member) for member in value]
    return int(value, 0) if isinstance(value, str) else value


def as_bpftool(entry):
    """An entry of ours in the form of bpftool's."""
    value = entry["value"]
    formatted = {"key": numbers(entry["key"]["btf"])}
    if "cpus" in value:
        formatted["values"] = [{"cpu": c["cpu"], "value": numbers(c["btf"])} for c in value["cpus"]]
    else:
        formatted["value"] = numbers(value["btf"])
    return formatted


@native
def test_maps_dump():
    """Keys and values decoded by BTF, each CPU's too: as bpftool formats them."""
    rng = random.Random(1)
    with typed() as ids:
        for name, map_id in ids.items():
            fill(name, map_id, rng)
            want = [numbers(e["formatted"]) for e in bpftool("map", "dump", "id", str(map_id))]
            got = [as_bpftool(e) for e in maps(str(map_id), "--dump")[map_id]["entries"]]
            equal(len(got), 64 if "array" in TYPES[name] else 30, name)
            order = lambda e: json.dumps(e, sort_keys=True)
            equal(sorted(got, key=order), sorted(want, key=order), name)


FLAGS = ["BPF_F_NO_PREALLOC", "BPF_F_NO_COMMON_LRU", "BPF_F_NUMA_NODE", "BPF_F_RDONLY",
         "BPF_F_WRONLY", "BPF_F_STACK_BUILD_ID", "BPF_F_ZERO_SEED", "BPF_F_RDONLY_PROG",
         "BPF_F_WRONLY_PROG", "BPF_F_CLONE", "BPF_F_MMAPABLE", "BPF_F_PRESERVE_ELEMS",
         "BPF_F_INNER_MAP"]


def as_map_show(o, programs):
    """What `bpftool map show` and `prog show` would say of a map of ours."""
    m = o["map"]
    return {"id": m["id"], "name": m["name"], "type": m["type"], "bytes_key": m["key_size"],
            "bytes_value": m["value_size"], "max_entries": m["max_entries"],
            "flags": sum(1 << FLAGS.index(f) for f in m["flags"]), "frozen": int(m["frozen"]),
            "memlock": m["memory"], "btf_id": m.get("btf_id"), "pins": sorted(m["pins"]),
            "programs": sorted((p["id"], p["name"], p["type"], p["tag"], p["uid"])
                               for p in o["programs"] if p["id"] in programs)}


def show_map(map_id):
    """What bpftool shows of one map; None: it is gone."""
    try:
        return bpftool("-f", "map", "show", "id", str(map_id))
    except subprocess.CalledProcessError:
        return None


@native
def test_maps_list():
    """Every map of the host: id, name, type, sizes, flags, frozen, memory, BTF, pins, programs."""
    lib.end_session()  # for types that are new to it, it loads programs meanwhile
    with typed(), Map(lib.ARRAY, entries=3, flags=MMAPABLE, name=b"mapped") as a, \
            Map(entries=7, flags=NO_PREALLOC, name=b"frozen") as b, Map(STACK, key_size=0, name=b""), \
            Map(RINGBUF, key_size=0, value_size=0, entries=4096, name=b"fifteen_letters"):
        pin = f"{BPFFS}/live-maps"
        equal((a.pin(pin), a.pin(pin + "-2"), b.freeze()), (0, 0, 0), "prepare")
        try:
            listed = {m["id"] for m in bpftool("map", "show")}
            got = maps()
            after = {m["id"] for m in bpftool("map", "show")}
            # one by one: in a list bpftool tells the btf_id of the map before where there is none
            shown = {i: show_map(i) for i in listed}
            programs = {p["id"]: p for p in bpftool("prog", "show")}
        finally:
            os.unlink(pin)
            os.unlink(pin + "-2")
        # others may make and drop maps meanwhile, and the kernel frees late what a test before had
        same = {i for i in shown if shown[i] and i in got}
        check(len(same) >= len(TYPES) + 4, same)
        if lib.KERNEL != "native":
            check(listed & after <= got.keys() <= listed | after, listed, got.keys(), after)
        for map_id in same:
            s = shown[map_id]
            users = [p for p in programs.values() if map_id in p.get("map_ids", [])]
            equal(as_map_show(got[map_id], programs),
                  {"id": map_id, "name": s.get("name", ""),
                   # a number where bpftool is older than the kernel
                   "type": NAMES.get(s["type"], s["type"]),
                   "bytes_key": s["bytes_key"], "bytes_value": s["bytes_value"],
                   "max_entries": s["max_entries"], "flags": s["flags"], "frozen": s["frozen"],
                   "memlock": s["bytes_memlock"], "btf_id": s.get("btf_id"),
                   "pins": sorted(s.get("pinned", [])),
                   "programs": sorted((p["id"], p.get("name", ""), p["type"], p["tag"],
                                       p.get("uid", 0)) for p in users)}, s)


def proc_holders(map_id):
    """{pid: (descriptors, mode)} of a map, from /proc."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
                    lines = dict(line.rstrip().split(":\t", 1) for line in f if ":\t" in line)
                if lines.get("map_id") == str(map_id):
                    count, mode = found.get(int(pid), (0, set()))
                    mode = mode | ({"r"}, {"w"}, {"r", "w"})[int(lines["flags"], 8) & 3]
                    found[int(pid)] = (count + 1, mode)
    return {pid: (n, "".join(sorted(mode))) for pid, (n, mode) in found.items()}


class Child:
    """A process that does something and then waits until it is ended."""

    def __init__(self, function):
        ready_read, ready = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                function()
                os.write(ready, b"!")
                lib.signal.pause()
            finally:
                os._exit(1)
        os.close(ready)
        equal(os.read(ready_read, 1), b"!", "child")
        os.close(ready_read)

    def end(self):
        os.kill(self.pid, lib.signal.SIGKILL)
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def children(*functions):
    started = []
    try:
        for function in functions:
            started.append(Child(function))
        yield [child.pid for child in started]
    finally:
        for child in started:
            child.end()


@native
def test_maps_holders():
    """Who has it open, how often and what for: as /proc tells; threads count once, bpfmon never."""
    with Map(name=b"held") as m:
        def reader():
            lib.open_id(m.id, 8)
            os.close(m.fd)

        def writer():
            lib.open_id(m.id, 16)
            os.close(m.fd)

        def threads():
            os.setuid(65534)
            for _ in range(3):
                threading.Thread(target=lib.signal.pause, daemon=True).start()
            os.dup(m.fd)

        with children(reader, writer, threads, lambda: os.close(m.fd)) as pids:
            got = {p["pid"]: p for p in maps(str(m.id))[m.id]["processes"]}
            want = proc_holders(m.id)
            equal({pid: (p["fds"], p["mode"]) for pid, p in got.items()}, want, "holders")
            equal([got.get(pid, {}).get("mode") for pid in pids], ["r", "w", "rw", None], "modes")
            equal(got.keys(), {os.getpid(), *pids[:3]}, "who")
            equal((got[pids[2]]["fds"], got[pids[2]]["uid"]), (2, 65534), "threads")
            with open("/proc/self/comm", encoding="utf-8") as f:
                equal(got[os.getpid()]["comm"], f.read().strip(), "comm")


def map_memory(fd, prot):
    """By the C library: Python's keeps a descriptor of its own."""
    address = mmap_call(None, 4096, prot, mmap.MAP_SHARED, fd, 0)
    check(address not in (None, ctypes.c_void_p(-1).value), "mmap")


@native
def test_maps_mmaps():
    """Whose memory it is mapped into, also once the descriptor is closed; how, and how often."""
    with Map(lib.ARRAY, entries=512, flags=MMAPABLE, name=b"one") as one, \
            Map(lib.ARRAY, entries=512, flags=MMAPABLE, name=b"two") as two:
        def reader():
            map_memory(one.fd, mmap.PROT_READ)
            os.close(one.fd)
            os.close(two.fd)

        def writer():
            for _ in range(2):
                map_memory(two.fd, mmap.PROT_READ | mmap.PROT_WRITE)
            os.close(one.fd)
            os.close(two.fd)

        with children(reader, writer) as pids:
            got = maps(str(one.id), str(two.id))
            for m, pid, count, mode in ((one, pids[0], 1, "r"), (two, pids[1], 2, "rw")):
                found = {p["pid"]: p for p in got[m.id]["processes"]}
                equal(found.keys(), {os.getpid(), pid}, "who")
                equal((found[pid]["mmaps"], found[pid]["mmap"], found[pid]["fds"]), (count, mode, 0),
                      "mapped")
                check("mode" not in found[pid] and "mmaps" not in found[os.getpid()], found)
                names = {f["finding"] for f in got[m.id]["findings"]}
                equal("mapped_writable" in names, mode == "rw", names)


@native
def test_maps_leaves_nothing():
    """Asking makes no map and no program that stays, and lists none of its own."""
    lib.end_session()  # another bpfmon has some
    with Map(name=b"here"):
        before = {m["id"] for m in bpftool("map", "show")}, {p["id"] for p in bpftool("prog", "show")}
        got = set(maps())
        after = {m["id"] for m in bpftool("map", "show")}, {p["id"] for p in bpftool("prog", "show")}
        if lib.KERNEL != "native":
            equal((got, *after), (before[0], *before), "ids")
        run = bpfmon("maps")
        equal((run.returncode, run.stderr), (0, b""), "text")
        check(b"here" in run.stdout and b"PROCESSES\n" in run.stdout, run.stdout)
        check(b"bpfmon[" not in run.stdout, run.stdout)


@contextlib.contextmanager
def hidden(number, kind="map"):
    """While it lasts bpf(2) does not list the map, or program, of this id."""
    with subprocess.Popen([HIDE, kind, str(number)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        equal(process.stdout.readline(), b"hidden\n", "the actor")
        yield
        process.stdin.close()


def test_maps_hidden():
    """A map that a rootkit takes out of what bpf(2) lists is listed, and said to be hidden."""
    with Map(lib.ARRAY, name=b"secret") as m, hidden(m.id):
        check(m.id not in {s["id"] for s in bpftool("map", "show")}, "bpftool shows it")
        m.elem(lib.UPDATE, bytes(4), b"\1" * 8)
        for args in ((), ("secret",)):
            o = maps("--dump", *args)[m.id]
            equal((o["map"]["name"], o["map"]["type"], o["map"]["hidden"]),
                  ("secret", "array", True), "map")
            equal(o["findings"][0]["finding"], "hidden", "finding")
            equal([p["pid"] for p in o["processes"]], [os.getpid()], "holders")
            equal(o["entries"][0]["value"]["hex"], "01" * 8, "content")
        check(b"hidden" in bpfmon("maps").stdout, "the table")
    with Map(name=b"open") as m:
        check("hidden" not in maps()[m.id]["map"], "said of another")


def raw(entries):
    return {e["key"]["hex"]: e["value"]["hex"] for e in entries}


@native
def test_maps_bounds():
    """--entries and --bytes; what is left out is counted, in batches and key by key."""
    with Map(entries=5000, name=b"many") as m, Map(lib.ARRAY, entries=5000, name=b"array") as a, \
            Map(lib.LPM_TRIE, 8, entries=5000, flags=NO_PREALLOC, name=b"trie") as t:
        want = {}
        for n in range(3000):
            key, value = struct.pack(">I", n), os.urandom(8)
            equal(m.elem(lib.UPDATE, key, value), 0, "update")
            want[key.hex()] = value.hex()
        for n in range(300):
            equal(t.elem(lib.UPDATE, struct.pack("<I", 32) + struct.pack(">I", n), bytes(8)), 0, "trie")
        got = maps(str(m.id), str(a.id), str(t.id), "--dump", "--entries", "9999")
        equal(raw(got[m.id]["entries"]), want, "all of a hash")
        equal([len(got[each.id]["entries"]) for each in (m, a, t)], [3000, 5000, 300], "once each")
        got = maps(str(m.id), str(a.id), str(t.id), "--dump", "--entries", "7", "--bytes", "3")
        for o, count in ((got[m.id], 3000), (got[a.id], 5000), (got[t.id], 300)):
            equal((len(o["entries"]), o["left_out"]), (7, count - 7), "bounds")
            for e in o["entries"]:
                equal((e["value"]["size"], len(e["value"]["hex"]), e["value"]["truncated"]),
                      (8, 6, True), "bytes")
        equal(maps(str(m.id), "--dump", "--entries", "0")[m.id]["left_out"], 3000, "none")
        equal(len(maps(str(m.id), "--dump")[m.id]["entries"]), 1000, "the default")
        run = bpfmon("maps", str(m.id), "--dump", "--entries", "2")
        check(b"2998 more are left out" in run.stdout, run.stdout)


@native
def test_maps_concurrent():
    """Elements that come and go meanwhile: those that stay are told, once."""
    with Map(entries=4096, name=b"busy") as m, Map(lib.LPM_TRIE, 8, entries=4096,
                                                  flags=NO_PREALLOC, name=b"busy_trie") as t:
        stay = {struct.pack("<I", n) for n in range(500)}
        for key in stay:
            m.elem(lib.UPDATE, key, bytes(8))
            t.elem(lib.UPDATE, struct.pack("<I", 32) + key, bytes(8))
        done = threading.Event()

        def churn():
            rng = random.Random(2)
            while not done.is_set():
                key = struct.pack("<I", rng.randrange(1000, 1400))
                for each, name in ((m, key), (t, struct.pack("<I", 32) + key)):
                    each.elem(rng.choice((lib.UPDATE, lib.DELETE)), name, bytes(8))

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(5):
                got = maps(str(m.id), str(t.id), "--dump")
                keys = [bytes.fromhex(e["key"]["hex"]) for e in got[m.id]["entries"]]
                equal(sorted(k for k in keys if k in stay), sorted(stay), "told once")
                check("entries_error" not in got[t.id], got[t.id].get("entries_error"))
        finally:
            done.set()
            thread.join()


def outer_map(kind, key_size, inner):
    """A map-in-map whose maps look like `inner`."""
    fd = lib.call(lib.CREATE, struct.pack("<IIIIII", kind, key_size, 4, 4, 0, inner.fd))
    check(fd >= 0, "outer map", fd)
    outer = Map.__new__(Map)
    outer.fd, outer.id = fd, lib.map_id(fd)
    return outer


@native
def test_maps_objects():
    """Maps in maps, from both sides; programs in a prog_array; what an inner map looks like."""
    with typed() as ids, Map(lib.HASH, 4, 8, 16, NO_PREALLOC, b"inner") as inner, \
            outer_map(ARRAY_OF_MAPS, 4, inner) as array, \
            outer_map(HASH_OF_MAPS, 16, inner) as hashed, \
            Map(PROG_ARRAY, 4, 4, 4, name=b"calls") as calls:
        fd = struct.pack("<I", inner.fd)
        equal((array.elem(lib.UPDATE, struct.pack("<I", 2), fd),
               array.elem(lib.UPDATE, struct.pack("<I", 3), fd),
               hashed.elem(lib.UPDATE, b"k" * 16, fd)), (0, 0, 0), "put in")
        prog = lib.open_pin(f"{BPFFS}/live-typed/prog")
        equal(calls.elem(lib.UPDATE, bytes(4), struct.pack("<I", prog)), 0, "tail call")
        os.close(prog)
        with Map(DEVMAP, 4, 4, 2, name=b"devices") as devices:
            equal(devices.elem(lib.UPDATE, bytes(4), struct.pack("<I", 1)), 0, "loopback")
            entry, = maps(str(devices.id), "--dump")[devices.id]["entries"]
            equal(entry["value"]["object"], {"type": "netdev", "ifindex": 1}, "device")
        got = maps("--dump", "--entries", "64")
        want = {"type": "map", "id": inner.id, "name": "inner", "map_type": "hash"}
        for outer, keys in ((array, ["02000000", "03000000"]), (hashed, ["6b" * 16])):
            o = got[outer.id]
            equal([(e["key"]["hex"], e["value"]["object"]) for e in o["entries"]],
                  [(k, want) for k in keys], "entries")
            equal(o["map"]["inner"], {"type": "hash", "key_size": 4, "value_size": 8,
                                      "max_entries": 16, "flags": ["BPF_F_NO_PREALLOC"]}, "inner")
        equal(got[inner.id]["map"]["parents"], sorted((array.id, hashed.id)), "parents")
        check("parents" not in got[array.id]["map"], "parents of an outer map")
        entry, = got[calls.id]["entries"]
        user, = got[ids["t_hash"]]["programs"]
        equal(entry["value"]["object"], {"type": "program", "id": user["id"], "name": user["name"],
                                         "prog_type": user["type"]}, "program")
        equal(maps(str(inner.id))[inner.id]["map"]["parents"], sorted((array.id, hashed.id)), "alone")


@native
def test_maps_not_listable():
    """Types without elements to list: one line says why."""
    for kind, key, value, entries in ((22, 0, 8, 4), (STACK, 0, 8, 4), (30, 0, 8, 4),
                                      (RINGBUF, 0, 0, 4096), (PERF_ARRAY, 4, 4, 2)):
        try:
            m = Map(kind, key, value, entries)
        except lib.Skipped:
            continue
        with m:
            o = maps(str(m.id), "--dump")[m.id]
            equal(o["entries"], [], kind)
            check(o["no_entries"], o)
            check(b"none: " + o["no_entries"].encode() in
                  bpfmon("maps", str(m.id), "--dump").stdout, o)


@native
def test_maps_pins():
    """Modes and owners of pins and what they let others do; pins in other mount namespaces."""
    path = f"{BPFFS}/live-maps-dir"
    with Map(name=b"pinned") as m:
        os.mkdir(path, 0o755)
        try:
            equal((m.pin(path + "/open"), m.pin(path + "/own")), (0, 0), "pin")
            os.chmod(path + "/open", 0o666)
            os.chown(path + "/own", 1000, 1001)
            with tempfile.TemporaryDirectory() as other, subprocess.Popen(
                    ["unshare", "-m", "sh", "-c", f"mount -t bpf bpf {other} && "
                     f"bpftool map pin id {m.id} {other}/far && echo ready && exec sleep 60"],
                    stdout=subprocess.PIPE) as process:
                equal(process.stdout.readline(), b"ready\n", "unshare")
                o = maps("pinn?d")[m.id]
                process.kill()
            pins = {p["path"]: (p["mode"], p["uid"], p["gid"]) for p in o["pins"]}
            far = [p for p in pins if p.startswith("/proc/")]
            equal([p.endswith(f"/root{other}/far") for p in far], [True], pins)
            equal({p: v for p, v in pins.items() if p not in far},
                  {path + "/open": ("0666", 0, 0), path + "/own": ("0600", 1000, 1001)}, "pins")
            equal(sorted(pins), sorted(o["map"]["pins"]), "paths")
            found = {f["finding"]: f["text"] for f in o["findings"]}
            check(f"{path}/open has mode 0666" in found["pin_world_writable"], found)
            check("uid 1000" in found["pin_not_root"] and "not_frozen" in found, found)
            # the same map by each way to name it
            for word in (str(m.id), path + "/own", "pinned"):
                check(m.id in maps(word), word)
        finally:
            shutil.rmtree(path)


@native
def test_maps_covered():
    """A bpf file system that another mount covers: that its pins are not known is said."""
    script = (f"d=$(mktemp -d) && mount -t bpf bpf $d && mount -t tmpfs none $d && "
              f"{lib.BPFMON} maps -o json")
    run = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True,
                         timeout=lib.PATIENCE, check=False)
    equal(run.returncode, 0, run.stderr)
    check(b"another mount covers it" in run.stderr, run.stderr)


@native
def test_maps_errors():
    """Bad usage, maps that are not there, no rights: one line, and the status."""
    for args, word in ((["--nonsense"], "--nonsense"), (["-o", "yaml"], "text, json"),
                       (["0"], "map id"), (["4294967000"], "4294967000"), (["no_such"], "no_such"),
                       (["/sys/fs/bpf/not-there"], "not-there"), (["--entries", "x"], "--entries"),
                       (["--bytes", "2M"], "--bytes"), (["/etc/passwd"], "/etc/passwd"),
                       (["a_name_that_is_too_long"], "15 bytes")):
        one_line(bpfmon("maps", *args), 2, word)
    one_line(bpfmon("maps", user=65534, group=65534, extra_groups=[]), 1, "root", "CAP_SYS_ADMIN")
    with typed():
        one_line(bpfmon("maps", f"{BPFFS}/live-typed/t_hash", user=65534, group=65534,
                        extra_groups=[]), 1, "root")
        for command in (["maps"], ["watch", "-m"]):
            one_line(bpfmon(*command, f"{BPFFS}/live-typed/prog"), 2, "not a pinned map")


@native
def test_maps_iterators_missing():
    """Where the kernel gives no BTF, holders come from /proc, and what is missing is said."""
    with Map(name=b"held") as m:
        run = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys/kernel/btf && "
                              f"exec {lib.BPFMON} maps -o json {m.id}"],
                             capture_output=True, timeout=lib.PATIENCE, check=False)
        equal(run.returncode, 0, run.stderr)
        check(b"mapped is not known" in run.stderr, run.stderr)
        o = json.loads(run.stdout)
        equal({p["pid"]: (p["fds"], p["mode"]) for p in o["processes"]}, proc_holders(m.id), "holders")
        equal([(p["pid"], p["uid"]) for p in o["processes"]], [(os.getpid(), 0)], "who")


def load_program(fds):
    """A program that does nothing but use these maps."""
    code = b"".join(struct.pack("<BBhiBBhi", 0x18, 0x11, 0, fd, 0, 0, 0, 0) for fd in fds)
    code += struct.pack("<BBhi", 0xb7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)
    insns, licence = lib.buf(code), lib.buf(b"GPL\0")
    return lib.call(5, struct.pack("<IIQQ", 1, len(code) // 8, ctypes.addressof(insns),
                                   ctypes.addressof(licence)), [insns, licence])


@only_native
def test_maps_many():
    """10,000 maps and 1,000 programs: all are told, within 64 MiB and ten seconds."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, max(limit[1], 20000)))
    fds = []
    try:
        for _ in range(10000):
            fds.append(lib.call(lib.CREATE, struct.pack("<IIIIIII16s", lib.ARRAY, 4, 8, 1, 0, 0, 0,
                                                        b"many")))
        programs = [load_program(fds[n:n + 10]) for n in range(0, 10000, 10)]
        fds += programs
        check(min(fds) >= 0, "prepare", min(fds))
        ids = [lib.map_id(fd) for fd in fds[:10000]]
        begin = time.monotonic()
        with subprocess.Popen([lib.BPFMON, "maps", "-o", "json"], stdout=subprocess.PIPE) as process:
            lines = [process.stdout.readline()]
            # it waits for its reader now, and has gathered everything
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as f:
                peak, = (int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
            lines += process.stdout.readlines()
            equal(process.wait(), 0, "status")
        seconds = time.monotonic() - begin
        got = {o["map"]["id"]: o for o in map(json.loads, lines)}
        print(f"# {seconds:.2f} s, {peak / 1024:.1f} MiB at most")
        for map_id in ids:
            equal((len(got[map_id]["programs"]), [p["fds"] for p in got[map_id]["processes"]]),
                  (1, [1]), map_id)
        check(peak < 64 << 10, "memory", peak)
        check(seconds < 10, "time", seconds)
    finally:
        for fd in fds:
            if fd >= 0:
                os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
