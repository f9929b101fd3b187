# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""map.change: stores that no hook sees are found by what is in the map; recorded writes never are."""

import mmap
import os
import random
import socket
import struct
import subprocess
import time

import kern
import lib
from lib import Map, Shared, Skipped, Watch, check, equal
from live_faults import native, only_native
from live_handles import MMAPABLE, child, wait
from live_maps import outer_map
from live_progs import info as of_program

CHANGE = ("map.change",)
HELPER_LOOKUP = 1
PERCPU_ARRAY, LRU_HASH, STACK, RHASH = 6, 9, 23, 35
ARRAY_OF_MAPS, DEVMAP, REUSEPORT, DEVMAP_HASH = 12, 14, 20, 25
NO_PREALLOC = 1


def memory(m, size):
    return mmap.mmap(m.fd, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)


def changes(watch, m, n=1):
    watch.wait_for(lambda: len(watch.events(m.id, CHANGE)) >= n)
    return watch.events(m.id, CHANGE)


def settle(watch):
    """Returns after two rounds: a store is found in the first and told in the second."""
    with Map(lib.ARRAY, flags=MMAPABLE, entries=1, name=b"settle") as m, memory(m, 8) as area:
        area[0] = 1
        changes(watch, m)


def pointer_program(m, key, value):
    """Looks the element up and stores into it: no helper writes, nothing is called."""
    at = -len(key) // 8 * 8
    return kern.load(kern.on_stack(key, at) + kern.map_fd(kern.R1, m.fd) + kern.address(kern.R2, at) +
                     kern.call_helper(HELPER_LOOKUP) + kern.insn(0x15, kern.R0, off=1) +
                     kern.insn(0x7a, kern.R0, imm=value) + kern.mov(kern.R0, 0) + kern.EXIT,
                     kind=kern.SOCKET_FILTER, name=b"stores")


@native
@lib.shared
def test_change_store():
    """A store into a mapped array: which element, what it was, and who has it mapped."""
    with Shared() as watch, Map(lib.ARRAY, flags=MMAPABLE, entries=512, name=b"stored") as m, \
            memory(m, 4096) as area:
        # what is written by bpf(2) is an update, and what is stored there later is not
        m.elem(lib.UPDATE, struct.pack("<I", 1), b"before..")
        m.elem(lib.UPDATE, struct.pack("<I", 2), b"recorded")
        settle(watch)
        area[8:16] = b"after..."
        area[4088:4096] = struct.pack("<Q", 7)
        first, second = changes(watch, m, 2)
        area[16:24] = b"stored.."
        third = changes(watch, m, 3)[2]
        watch.finish()
        equal(len(watch.events(m.id, CHANGE)), 3, "changes")
        for event, key, old, new in ((first, 1, b"before..", b"after..."),
                                     (second, 511, bytes(8), struct.pack("<Q", 7)),
                                     (third, 2, b"recorded", b"stored..")):
            equal(event["key"]["hex"], struct.pack("<I", key).hex(), "key")
            equal((event["old"]["hex"], event["value"]["hex"]), (old.hex(), new.hex()), key)
            equal(event["via"], "mmap", key)
            equal([p["pid"] for p in event["suspects"]["processes"]], [os.getpid()], key)
            check("process" not in event and "programs" not in event["suspects"], event)


@lib.ends
@native
@lib.shared
def test_change_section():
    """A byte in a large value, as of .data, changed by another process: where it is, and who."""
    size = 70000
    with Shared() as watch, \
            Map(lib.ARRAY, flags=MMAPABLE, entries=1, value_size=size, name=b"t.data") as m:
        ready, go = os.pipe()

        def store():
            os.close(go)
            with memory(m, size) as area:
                area[65000] = 0xee
                os.read(ready, 1)

        pid = child(store)
        event, = changes(watch, m)
        os.close(go)
        os.close(ready)
        wait(pid)
        equal(event["differs"], {"offset": 65000, "size": 1, "hex": "ee", "old": "00"}, "differs")
        check(event["value"]["truncated"] and event["value"]["size"] == size, event)
        equal([p["pid"] for p in event["suspects"]["processes"]], [pid], "suspects")
        watch.finish()


@native
@lib.shared
def test_change_program():
    """Stores of a BPF program through the pointer of a lookup: into an array, the values of all CPUs,
    and hashes; the program is suspected."""
    key = struct.pack("<I", 3)
    with Shared() as watch:
        full = watch.start()["mode"] == "full"
        maps = [Map(kind, entries=8, name=b"pointed") for kind in
                (lib.ARRAY, lib.HASH, PERCPU_ARRAY, LRU_HASH)]
        for m in maps:
            m.elem(lib.UPDATE, key, bytes(8 * os.cpu_count()))
        programs = [pointer_program(m, key, 5) for m in maps]
        settle(watch)
        for program in programs:
            kern.run(program)
        for m in maps:
            event, = changes(watch, m)
            equal(event["key"]["hex"], key.hex(), "key")
            values = event["value"].get("cpus", [event["value"]])
            check(struct.pack("<Q", 5).hex() in [v["hex"] for v in values], event)
            equal([(p["name"], p["type"]) for p in event["suspects"]["programs"]],
                  [("stores", "socket_filter")], "suspects")
            equal(event["via"], "pointer" if full else "unknown", "via")
        watch.finish()
    for fd in programs:
        os.close(fd)
    for m in maps:
        m.close()


def network(first, bits):
    """A key of lpm_trie: FIRST.1.2.3/BITS, which is the same element as FIRST.0.0.0/8 for 8 bits."""
    return struct.pack("<I4B", bits, first, 1, 2, 3)


def records(*hooks):
    """Whether these hooks are what they are meant to be, so that writes of programs are recorded."""
    ways = {} if lib.KERNEL == "native" else lib.known_hooks()
    return all(ways.get(hook) in ("fexit", "fentry") for hook in hooks)


def push(m, value):
    """Onto a queue or a stack, which have no keys, by bpf(2)."""
    v = lib.buf(value)
    attr = struct.pack("<IxxxxQQQ", m.fd, 0, lib.ctypes.addressof(v), 0)
    equal(lib.call(lib.UPDATE, attr, [v]), 0, "push")


def helper(number, m, key=None, value=None):
    """A BPF program writes by a helper, once."""
    program = kern.helper_program(number, m.fd, key, value)
    equal(kern.run(program), 0, "helper")
    os.close(program)


def told(events):
    """(key, old, new) of changes; None: it was not there, or is gone."""
    return sorted((e["key"]["hex"] if "key" in e else "", e.get("old", {}).get("hex"),
                   e.get("value", {}).get("hex")) for e in events)


@lib.ends
@native
@lib.shared
def test_change_types():
    """A trie, a hash that grows, a queue and a stack: what is stored by pointer, and what a BPF program
    writes by a helper where the kernel lets no hook see that, is a change; what is recorded is not."""
    one, two, three = (struct.pack("<Q", n) for n in (1, 2, 3))
    with Shared() as watch:
        trie = Map(lib.LPM_TRIE, 8, flags=NO_PREALLOC, name=b"trie")
        queue, stack = Map(lib.QUEUE, 0, name=b"queue"), Map(STACK, 0, name=b"stack")
        quiet = Map(lib.QUEUE, 0, name=b"quiet")
        try:
            grows = Map(RHASH, 16, entries=64, flags=NO_PREALLOC, name=b"grows")
        except Skipped:
            grows = None
        for first in (10, 20, 30, 40):
            trie.elem(lib.UPDATE, network(first, 8), one)
        for m in (queue, stack):
            push(m, one)
            push(m, two)
        if grows:
            for n in range(3):
                grows.elem(lib.UPDATE, bytes([n]) * 16, one)
        # recorded: also by another name of the same prefix
        equal(trie.elem(lib.UPDATE, struct.pack("<I4B", 8, 20, 9, 9, 9), two), 0, "update")
        equal(trie.elem(lib.DELETE, struct.pack("<I4B", 8, 30, 0, 0, 0)), 0, "delete")
        push(quiet, one)
        if grows:
            equal(grows.elem(lib.UPDATE, b"\1" * 16, two), 0, "update")
            for n in range(16, 48):
                equal(grows.elem(lib.UPDATE, bytes([n]) * 16, two), 0, "update")
            equal(grows.elem(lib.DELETE, b"\2" * 16), 0, "delete")
        # else a key that shares its mark with one of these would be explained, too
        settle(watch)
        # by pointer: no kernel shows that
        kern.run(pointer_program(trie, network(10, 8), 5))
        if grows:
            kern.run(pointer_program(grows, bytes(16), 5))
        # by helper
        helper(kern.HELPER_UPDATE, trie, network(50, 8), three)
        helper(kern.HELPER_DELETE, trie, network(40, 8))
        helper(kern.HELPER_PUSH, stack, value=three)
        helper(kern.HELPER_POP, queue, value=bytes(8))
        five = struct.pack("<Q", 5).hex()

        def prefix(first):
            return struct.pack("<I4B", 8, first, 0, 0, 0).hex()

        want = [(prefix(10), one.hex(), five)]
        if not records("trie_update", "trie_delete"):
            want += [(prefix(40), one.hex(), None), (prefix(50), None, three.hex())]
        equal(told(changes(watch, trie, len(want))), sorted(want), "trie")
        if not records("queue_push", "queue_pop", "stack_pop"):
            equal(told(changes(watch, stack)), [("", two.hex(), three.hex())], "stack")
            equal(told(changes(watch, queue)), [("", one.hex(), two.hex())], "queue")
        if grows:
            equal(told(changes(watch, grows)), [((bytes(16)).hex(), one.hex(), five)], "grows")
        settle(watch)
        watch.finish()
        equal(len(watch.events(trie.id, CHANGE)), len(want), "changes of the trie")
        for m in (quiet, *((queue, stack) if records("queue_push", "queue_pop") else ())):
            equal(watch.events(m.id, CHANGE), [], "changes of a queue")
        if grows:
            equal(len(watch.events(grows.id, CHANGE)), 1, "changes of the hash")
    for m in filter(None, (trie, queue, stack, quiet, grows)):
        m.close()


def dummy(name):
    """The index of a new network device; None where the kernel can't make one (only natively)."""
    subprocess.run(["modprobe", "dummy"], capture_output=True, check=False)
    made = subprocess.run(["ip", "link", "add", name, "type", "dummy"], capture_output=True,
                          check=False)
    check(made.returncode == 0 or lib.KERNEL == "native", made.stderr)
    return None if made.returncode else socket.if_nametoindex(name)


def shared_port():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", 0))
    return s


@lib.ends
@native
@lib.shared
def test_change_slots():
    """Descriptors in slots: what the kernel takes out because a socket closes or a device goes, which
    no hook sees, is a change; what is put there and taken out by bpf(2) is none."""
    u32 = struct.Struct("<I").pack
    with Shared() as watch:
        sockets = Map(REUSEPORT, entries=4, name=b"sockets")
        ports = [shared_port() for _ in range(2)]
        for n, port in enumerate(ports):
            equal(sockets.elem(lib.UPDATE, u32(n), struct.pack("<Q", port.fileno())), 0, "socket")
        device = dummy("slot0")
        devices = [Map(kind, 4, 4, 4, name=b"devices") for kind in (DEVMAP, DEVMAP_HASH)] \
            if device else []
        for m in devices:
            equal(m.elem(lib.UPDATE, u32(1), u32(device)), 0, "device")
            equal(m.elem(lib.UPDATE, u32(2), u32(1)), 0, "loopback")
        inner = Map(lib.ARRAY, entries=1, name=b"inner")
        outer = outer_map(ARRAY_OF_MAPS, 4, inner)
        for n in range(3):
            equal(outer.elem(lib.UPDATE, u32(n), u32(inner.fd)), 0, "map")
        settle(watch)
        equal(outer.elem(lib.DELETE, u32(0)), 0, "delete")
        ports[1].close()
        if device:
            subprocess.run(["ip", "link", "del", "slot0"], check=True)
        (_, old, new), = told(changes(watch, sockets))
        check(old and not new, "socket", old, new)
        equal(changes(watch, sockets)[0]["key"]["number"], 1, "socket")
        for m in devices:
            equal(told(changes(watch, m)), [(u32(1).hex(), u32(device).hex(), None)], "device")
            event, = changes(watch, m)
            check(event["via"] == "unknown" and "suspects" not in event, event)
        settle(watch)
        watch.finish()
        equal(watch.events(outer.id, CHANGE), [], "changes of what was recorded")
        equal(len(watch.events(sockets.id, CHANGE)), 1, "changes")
    for m in (sockets, *devices, outer, inner):
        m.close()
    ports[0].close()


@native
@lib.shared
def test_change_busy():
    """Many writes by bpf(2), also of elements that come and go, in batches, of maps that are new: no
    change is reported; and then one is."""
    rng = random.Random(1)
    with Shared() as watch, Map(lib.ARRAY, flags=MMAPABLE, entries=64, name=b"busy") as a, \
            memory(a, 512) as area, Map(lib.HASH, entries=64, name=b"busy") as h:
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            for _ in range(20):
                key = struct.pack("<I", rng.randrange(64))
                a.elem(lib.UPDATE, key, rng.randbytes(8))
                h.elem(rng.choice((lib.UPDATE, lib.DELETE)), key, rng.randbytes(8))
            keys = b"".join(struct.pack("<I", n) for n in range(64))
            h.batch(lib.UPDATE_BATCH, keys, rng.randbytes(512), 64)
            with Map(lib.HASH, entries=64, name=b"busy") as new:
                new.batch(lib.UPDATE_BATCH, keys, rng.randbytes(512), 64)
            time.sleep(0.05)
        a.elem(lib.UPDATE, bytes(4), b"the last")
        time.sleep(2.5)
        equal([e for e in watch.events(types=CHANGE) if e["map"].get("name") == "busy"], [], "changes")
        area[0:8] = b"a store."
        event, = changes(watch, a)
        equal(event["old"]["hex"], b"the last".hex(), "old")
        watch.finish()


@lib.ends
@native
@lib.shared
def test_change_new():
    """What was in a map that is made while bpfmon watches is known: a store before its first reading
    is found, also if the map is gone soon after."""
    with Shared() as watch:
        m = Map(lib.ARRAY, flags=MMAPABLE, entries=8, name=b"new")
        with memory(m, 64) as area:
            area[0:8] = b"at once."
            event, = changes(watch, m)
            equal((event["old"]["hex"], event["value"]["hex"]), (bytes(8).hex(), b"at once.".hex()),
                  "values")
        m.close()
        watch.finish()


@only_native
def test_change_off():
    """Not asked for, or nothing that could pass the filters: nothing is compared."""
    with Map(lib.ARRAY, flags=MMAPABLE, entries=1, name=b"off") as m, memory(m, 8) as area:
        for args in (("--compare-interval", "0"), ("-e", "open"), ("-x", "map=off", "-m", "off"),
                     ("--compare-limit", "4K", "-m", "large")):
            with Map(lib.ARRAY, entries=4096, name=b"large"), Watch(*args, "--duration", "1") as watch:
                area[0] += 1
                watch.process.wait(lib.PATIENCE)
                stop = watch.finish()
                equal(watch.events(types=CHANGE), [], args)
                compared = stop.get("compared", {"rounds": 0, "too_large": 0})
                if "large" in args:
                    equal(compared["too_large"], 1, args)
                else:
                    equal(compared["rounds"], 0, args)


@lib.one_end("lowest")
@native
def test_change_filters():
    """Where a process is asked for: what it has mapped to write, with what others write by bpf(2) as
    explanation; what another has mapped is left out."""
    with Map(lib.ARRAY, flags=MMAPABLE, entries=8, name=b"mine") as m, \
            Map(lib.ARRAY, flags=MMAPABLE, entries=8, name=b"others") as other:
        ready, go = os.pipe()

        def others():
            os.close(go)
            with memory(other, 64) as mapped:
                os.read(ready, 1)  # until bpfmon watches
                mapped[0:8] = b"another."
                m.elem(lib.UPDATE, struct.pack("<I", 3), b"recorded")
                os.read(ready, 1)

        pid = child(others)
        with memory(m, 64) as area, Watch("-p", str(os.getpid())) as watch:
            os.write(go, b"1")
            area[8:16] = b"a store."
            event, = changes(watch, m)
            equal([p["pid"] for p in event["suspects"]["processes"]], [os.getpid()], "suspects")
            settle(watch)
            os.close(go)
            os.close(ready)
            wait(pid)
            watch.finish()
            equal([(e["type"], e["key"]["number"]) for e in watch.events(m.id)
                   if e["type"] in lib.GROUPS["write"]], [("map.change", 1)], "of mine")
            equal(watch.events(other.id, CHANGE), [], "of others")


def atomic_program(m, add):
    """Adds to the first 8 bytes of an array's value in place, at an address that its code has: neither
    a lookup nor a write is called."""
    at = kern.insn(0x18, kern.R1, 2, imm=m.fd) + kern.insn(0)  # BPF_PSEUDO_MAP_VALUE
    return kern.load(at + kern.mov(kern.R2, add) + kern.insn(0xdb, kern.R1, kern.R2) +
                     kern.mov(kern.R0, 0) + kern.EXIT, kind=kern.SOCKET_FILTER, name=b"adds")


@native
@lib.shared
def test_change_atomic():
    """A stranger's program adds to the only value of somebody's .bss: that it uses the map is told when
    it is loaded, then what was there and what is there, with the program as the suspect; who ran it
    is gone."""
    with Shared() as watch, Map(lib.ARRAY, entries=1, value_size=16, name=b"t.bss") as m:
        equal(m.elem(lib.UPDATE, bytes(4), struct.pack("<QQ", 40, 7)), 0, "update")
        settle(watch)
        ready, tell = os.pipe()
        hold, release = os.pipe()

        def adds():
            fd = atomic_program(m, 2)
            os.write(tell, struct.pack("<I", of_program(fd)[1]))
            kern.run(fd)
            os.read(hold, 1)

        pid = child(adds)
        number, = struct.unpack("<I", os.read(ready, 4))
        event, = changes(watch, m)
        os.write(release, b"x")
        wait(pid)
        for end in (ready, tell, hold, release):
            os.close(end)
        equal((event["old"]["hex"], event["value"]["hex"]),
              (struct.pack("<QQ", 40, 7).hex(), struct.pack("<QQ", 42, 7).hex()), "was and is")
        equal([(p["id"], p["name"]) for p in event["suspects"]["programs"]], [(number, "adds")],
              "suspects")
        check(not event["suspects"].get("processes"), "nobody has it mapped", event)
        loaded, = (e for e in watch.events(types=("prog.load",)) if e["process"]["pid"] == pid)
        equal((loaded["program"]["id"], loaded["maps"]), (number, [m.id]), "loaded")
        check(loaded["seq"] < event["seq"], "told after", loaded["seq"])
        watch.finish()


@lib.ends
@native
@lib.shared
def test_change_keeps_nothing():
    """A map goes with its last descriptor, watched or not."""
    with Shared() as watch:
        m = Map(lib.ARRAY, entries=8, name=b"short")
        settle(watch)
        gone = m.id
        m.close()
        end = time.monotonic() + lib.PATIENCE
        while True:
            fd = lib.open_id(gone)
            if fd < 0:
                break
            os.close(fd)
            check(time.monotonic() < end, "it is still there")
            time.sleep(0.05)
        watch.finish()


@only_native
def test_change_cost():
    """Hundreds of maps: no more than a few percent of one core, however short the interval."""
    maps = [Map(lib.HASH, entries=64, name=b"many") for _ in range(300)]
    for m in maps:
        for n in range(16):
            m.elem(lib.UPDATE, struct.pack("<I", n), bytes(8))
    with Watch("-m", "many", "-e", "change", "-v") as watch:
        before = cpu_seconds(watch.process.pid)
        time.sleep(6)
        share = (cpu_seconds(watch.process.pid) - before) / 6
        stop = watch.finish()
        check("is compared every" in watch.stderr(), watch.stderr())
    check(share < 0.03, f"{share:.1%} of a core")
    equal(stop["compared"]["maps"], 300, "maps")
    check(stop["compared"]["interval_ms"] >= 1000, stop)
    for m in maps:
        m.close()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@only_native
def test_change_flood():
    """More at once than is held of one map: as many as that are told, the others counted."""
    with Map(lib.ARRAY, flags=MMAPABLE, entries=512, name=b"flood") as m, memory(m, 4096) as area, \
            Watch("-m", "flood") as watch:
        area[:] = os.urandom(4096)
        changes(watch, m, 256)
        stop = watch.finish()
        lost = [e for e in watch.all() if e["type"] == "monitor.lost"]
        equal([e["where"] for e in lost], ["compare"], "where")
        equal((len(watch.events(m.id, CHANGE)), stop["lost"]), (256, 256), "told and lost")
        check("-x map=MAP" in watch.stderr(), watch.stderr())


@lib.ends
@native
def test_change_dump():
    """bpfmon maps --dump shows arrays as before, read in batches or by index."""
    with Map(lib.ARRAY, entries=5, name=b"batched") as m:
        for n in range(5):
            m.elem(lib.UPDATE, struct.pack("<I", n), struct.pack("<Q", n * n))
        for args, want in (((), [0, 1, 4, 9, 16]), (("--entries", "2"), [0, 1])):
            run = subprocess.run([lib.BPFMON, "maps", "--dump", "-o", "json", *args, str(m.id)],
                                 capture_output=True, timeout=lib.PATIENCE, check=True)
            shown = lib.json.loads(run.stdout)["entries"]
            equal([e["value"]["number"] for e in shown], want, args)
